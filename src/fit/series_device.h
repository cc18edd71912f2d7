/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device behind a resistor, without an engine, for thousands of runs
 *
 *     (s(t) - v)/R = i(v, x)      dx/dt = f(v, x)
 *
 * s(t): source voltage, linear between samples.  Each interval between samples is cut into a fixed
 * number of steps, x += h f phi(h J), phi(z) = (e^z - 1)/z, with v, f and J = df/dx along the
 * resistor's line taken at x and the source voltage half way: exponential midpoint rule, second
 * order, exact for a state linear at constant v.  Fixed steps, so that currents are smooth functions
 * of the parameters.  The state is kept in [0, 1]. */
#ifndef SILVERBAR_FIT_SERIES_DEVICE_H
#define SILVERBAR_FIT_SERIES_DEVICE_H

#include "device/model.h"

struct series_drive {
    size_t n;
    const double *t, *source; /* n: [s], [V] */
    double series;            /* [ohm]; 0: the source is at the device */
    int steps;                /* an interval */
};

/* Currents at the samples [A], from state x0; constants c of the model. */
void series_device_run(const struct model *model, const double *c, const struct series_drive *drive,
                       double x0, double *current);

/* Device voltage at source voltage s in state x. */
double series_device_voltage(const struct model *model, const double *c, double s, double series,
                             double x, double guess);

#endif
