/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The models, one a file; model.c lists them. */
#ifndef SILVERBAR_DEVICE_MODEL_MODELS_H
#define SILVERBAR_DEVICE_MODEL_MODELS_H

#include "device/model.h"

extern const struct model model_mmsdz;
extern const struct model model_mms;
extern const struct model model_gmms;
extern const struct model model_vteam2;
extern const struct model model_mmsx;
extern const struct model model_vteam;
extern const struct model model_team;
extern const struct model model_yakopcic;
extern const struct model model_iondrift;
extern const struct model model_metaswitch;
extern const struct model model_volatile;

#endif
