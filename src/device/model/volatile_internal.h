/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ways of going forward of a volatile device share. */
#ifndef SILVERBAR_DEVICE_MODEL_VOLATILE_INTERNAL_H
#define SILVERBAR_DEVICE_MODEL_VOLATILE_INTERNAL_H

#include "device/model/two_state.h"
#include "device/model/volatile.h"

struct volatile_rho {
    double v, i;
};

/* Disruption t seconds on, with the current of n switches; exact for constant n. */
struct volatile_rho volatile_rho_after(const struct volatile_device *device, double n, double t);
double volatile_phi_of(const struct volatile_device *device, struct volatile_rho rho, double n);

/* The longest time up to h in which the exponents change little while no switch jumps. */
double volatile_window(const struct volatile_device *device, double h);

/* Disruption and time go on by h with the current of n switches. */
void volatile_advance(struct volatile_device *device, double n, double h);

/* Up to t, event by event. */
void volatile_single_events(struct volatile_device *device, double t);

#endif
