/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/device_drift.h"

#include "learn/conductance_error.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <math.h>

#define RELATIVE 1e-9 /* of an integrated state */
#define STEPS_MAX 100000

struct motion {
    const struct dopant *dopant;
    const struct device_use *use;
};

/* Change of the state over all of the use, if it stayed what it is. */
static double change(const struct motion *m, double x)
{
    const struct model *law = m->dopant->model;
    const double kept = fmin(fmax(x, 0), 1);
    double sum = 0;
    for (size_t k = 0; k < m->use->n; k++)
        sum += m->use->time[k] * law->rate(m->dopant->constants, m->use->volt[k], kept).f;
    return sum;
}

static int derivative(double t, const double x[], double dx[], void *data)
{
    (void)t;
    dx[0] = change(data, x[0]);
    return isfinite(dx[0]) ? GSL_SUCCESS : GSL_EBADFUNC;
}

bool device_use_moves(const struct dopant *d, const struct device_use *use)
{
    const struct motion m = {d, use};
    return change(&m, 0.5) != 0 || change(&m, 0.01) != 0 || change(&m, 0.99) != 0;
}

static double integrated(const struct motion *m, double x)
{
    struct motion own = *m;
    gsl_odeiv2_system system = {derivative, NULL, 1, &own};
    gsl_odeiv2_driver *d =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-3, 1e-12, RELATIVE);
    double t = 0;
    gsl_odeiv2_driver_set_nmax(d, STEPS_MAX);
    const int result = gsl_odeiv2_driver_apply(d, &t, 1, &x);
    gsl_odeiv2_driver_free(d);
    return result == GSL_SUCCESS ? fmin(fmax(x, 0), 1) : NAN;
}

double device_use_state(const struct dopant *d, const struct device_use *use, double x)
{
    const struct motion m = {d, use};
    double a = 0, b = 0;
    if (!d->model->switching)
        return change(&m, x) == 0 ? x : integrated(&m, x);
    for (size_t k = 0; k < use->n; k++) {
        const struct two_state s = d->model->switching(d->constants, use->volt[k]);
        a += use->time[k] * s.a;
        b += use->time[k] * s.b;
    }
    return a + b > 0 ? x + (a / (a + b) - x) * -expm1(-(a + b)) : x;
}

double device_use_conductance(const struct dopant *d, const struct device_use *use, double volt,
                              double g)
{
    bool beyond;
    const double x = state_of_conductance(d, volt, g, &beyond), after = device_use_state(d, use, x);
    if (after == x)
        return g;
    return g * d->model->current(d->constants, volt, after).f /
           d->model->current(d->constants, volt, x).f;
}
