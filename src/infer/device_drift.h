/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading and waiting make of a device, by its own law: voltages that come in a mixture, so that the
 * state's rate is their mean. */
#ifndef SILVERBAR_INFER_DEVICE_DRIFT_H
#define SILVERBAR_INFER_DEVICE_DRIFT_H

#include "device/library/library.h"

/* In all, time[k] seconds at volt[k], by devices of one dopant. */
struct device_use {
    const struct dopant *dopant;
    size_t n;
    const double *volt, *time; /* n [V], [s] */
    double a, b;               /* of a two-state law: sums of rates times time */
};

/* `volt` and `time` must outlive it. */
struct device_use device_use_of(const struct dopant *dopant, size_t n, const double *volt,
                                const double *time);

/* Does the state move at any of these voltages, when it is neither 0 nor 1? */
bool device_use_moves(const struct device_use *use);

/* The state after it: exact where the law has rates a and b of a two-state switch, dx/dt = (1 - x) a - x b;
 * else integrated.  NAN: it could not be. */
double device_use_state(const struct device_use *use, double x);

/* The conductance [S] at `volt` after it of a device that has g there, scaled as the law's own is. */
double device_use_conductance(const struct device_use *use, double volt, double g);

#endif
