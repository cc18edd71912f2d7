/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Temperature of a device law: the widths of its logistics, vt, vton and vtoff, are multiples of
 * kT/q and given for TEMPERATURE_NOMINAL; a model with a parameter `temp` [K] takes it as it is. */
#ifndef SILVERBAR_DEVICE_TEMPERATURE_H
#define SILVERBAR_DEVICE_TEMPERATURE_H

#include "base/error.h"
#include "device/model.h"

/* Parameters p[n_parameters] at that temperature [K].  STATUS_INPUT names the model where its law
 * knows no temperature, unless it is the nominal one. */
enum status temperature_apply(const struct model *model, double kelvin, double *p,
                              struct error *error);

#endif
