/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/conductance_error.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#define HALVINGS 60 /* of [0, 1]: to rounding */

static double conductance(const struct dopant *d, double v, double x)
{
    return d->model->current(d->constants, v, x).f / v;
}

double state_of_conductance(const struct dopant *d, double v, double g, bool *beyond)
{
    double low = 0, high = 1;
    *beyond = !(g >= conductance(d, v, 0) && g <= conductance(d, v, 1));
    if (*beyond)
        return g > conductance(d, v, 1);
    for (int i = 0; i < HALVINGS; i++) {
        const double x = 0.5 * (low + high);
        *(conductance(d, v, x) < g ? &low : &high) = x;
    }
    return 0.5 * (low + high);
}

double conductance_error(const struct dopant *d, double v, double x, double sigma, gsl_rng *rng,
                         bool *beyond)
{
    const double g = conductance(d, v, x) * (1 + gsl_ran_gaussian_ziggurat(rng, sigma));
    return state_of_conductance(d, v, g, beyond);
}
