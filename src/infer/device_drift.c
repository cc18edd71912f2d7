/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/device_drift.h"

#include "learn/conductance_error.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <math.h>

#define RELATIVE 1e-9 /* of an integrated state */
#define STEPS_MAX 100000

struct device_use device_use_of(const struct dopant *d, size_t n, const double *volt,
                                const double *time)
{
    struct device_use use = {.dopant = d, .n = n, .volt = volt, .time = time};
    for (size_t k = 0; d->model->switching && k < n; k++) {
        const struct two_state s = d->model->switching(d->constants, volt[k]);
        use.a += time[k] * s.a;
        use.b += time[k] * s.b;
    }
    return use;
}

/* Change of the state over all of the use, if it stayed what it is. */
static double change(const struct device_use *use, double x)
{
    const struct model *law = use->dopant->model;
    const double kept = fmin(fmax(x, 0), 1);
    double sum = 0;
    for (size_t k = 0; k < use->n; k++)
        sum += use->time[k] * law->rate(use->dopant->constants, use->volt[k], kept).f;
    return sum;
}

static int derivative(double t, const double x[], double dx[], void *data)
{
    (void)t;
    dx[0] = change(data, x[0]);
    return isfinite(dx[0]) ? GSL_SUCCESS : GSL_EBADFUNC;
}

bool device_use_moves(const struct device_use *use)
{
    if (use->dopant->model->switching)
        return use->a + use->b > 0;
    return change(use, 0.5) != 0 || change(use, 0.01) != 0 || change(use, 0.99) != 0;
}

static double integrated(const struct device_use *use, double x)
{
    struct device_use own = *use;
    gsl_odeiv2_system system = {derivative, NULL, 1, &own};
    gsl_odeiv2_driver *d =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-3, 1e-12, RELATIVE);
    double t = 0;
    gsl_odeiv2_driver_set_nmax(d, STEPS_MAX);
    const int result = gsl_odeiv2_driver_apply(d, &t, 1, &x);
    gsl_odeiv2_driver_free(d);
    return result == GSL_SUCCESS ? fmin(fmax(x, 0), 1) : NAN;
}

double device_use_state(const struct device_use *use, double x)
{
    const double sum = use->a + use->b;
    if (!use->dopant->model->switching)
        return change(use, x) == 0 ? x : integrated(use, x);
    return sum > 0 ? x + (use->a / sum - x) * -expm1(-sum) : x;
}

double device_use_conductance(const struct device_use *use, double volt, double g)
{
    const struct dopant *d = use->dopant;
    bool beyond;
    const double x = state_of_conductance(d, volt, g, &beyond), after = device_use_state(use, x);
    if (after == x)
        return g;
    return g * d->model->current(d->constants, volt, after).f /
           d->model->current(d->constants, volt, x).f;
}
