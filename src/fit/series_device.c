/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fit/series_device.h"

#include <math.h>

#define ITERATIONS_MAX 100
#define VOLT_TOLERANCE 1e-13 /* relative, and of a millivolt */

/* Newton's method within a bracket: a passive device's voltage lies between 0 and s, and
 * i(v) + (v - s)/R rises with v. */
double series_device_voltage(const struct model *m, const double *c, double s, double series,
                             double x, double guess)
{
    if (!(series > 0))
        return s;
    if (m->ohmic) { /* unless its read-out is not */
        const double v = s / (1 + series * m->current(c, 1, x).f);
        if (fabs(m->current(c, v, x).f * series + v - s) <= VOLT_TOLERANCE * fabs(s))
            return v;
    }
    double low = fmin(0, s), high = fmax(0, s), v = fmax(low, fmin(high, guess));
    for (int k = 0; k < ITERATIONS_MAX; k++) {
        const struct model_value i = m->current(c, v, x);
        const double excess = i.f * series + v - s;
        *(excess > 0 ? &high : &low) = v;
        double next = v - excess / (i.df_dv * series + 1);
        if (!(next >= low && next <= high))
            next = 0.5 * (low + high);
        if (fabs(next - v) <= VOLT_TOLERANCE * (fabs(next) + 1e-3))
            return next;
        v = next;
    }
    return v;
}

void series_device_run(const struct model *m, const double *c, const struct series_drive *d,
                       double x0, double *current)
{
    double x = x0, v = 0;
    v = series_device_voltage(m, c, d->source[0], d->series, x, v);
    current[0] = m->current(c, v, x).f;
    for (size_t k = 1; k < d->n; k++) {
        const double h = (d->t[k] - d->t[k - 1]) / d->steps;
        for (int j = 0; j < d->steps; j++) {
            const double part = (j + 0.5) / d->steps;
            const double s = d->source[k - 1] + part * (d->source[k] - d->source[k - 1]);
            v = series_device_voltage(m, c, s, d->series, x, v);
            const struct model_value f = m->rate(c, v, x);
            double slope = f.df_dx;
            if (d->series > 0) {
                const struct model_value i = m->current(c, v, x);
                slope -= f.df_dv * i.df_dx / (i.df_dv + 1 / d->series);
            }
            const double z = fmin(h * slope, 50);
            x += h * f.f * (fabs(z) > 1e-12 ? expm1(z) / z : 1);
            x = fmax(0, fmin(1, x));
        }
        v = series_device_voltage(m, c, d->source[k], d->series, x, v);
        current[k] = m->current(c, v, x).f;
    }
}
