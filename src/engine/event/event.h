/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event engine: from input edge to input edge (event_step.h, network.h); capacitors as in event_charges.h. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_H
#define SILVERBAR_ENGINE_EVENT_EVENT_H

#include "engine/engine.h"

extern const struct engine engine_event;

#endif
