/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volatile device behind a resistor, a capacitor across both its terminals or none, at constant
 * voltage: the equations of arXiv:2407.04718 written down once more and integrated by GSL, and what is
 * measured of any such trajectory. */
#ifndef SILVERBAR_TESTS_VOLATILE_REFERENCE_H
#define SILVERBAR_TESTS_VOLATILE_REFERENCE_H

#include "testing.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

struct volatile_set {
    const char *library; /* devices/LIBRARY.lib */
    double va, voff, n, nth, gstep, gpar, kappa_v, tau_v, kappa_i, tau_i, rth, temp;
    double rates, polarity, series; /* the reference has rates, polarity and series 0 */
};

/* The published sets. */
static const struct volatile_set spiking = {.library = "volatile-spiking",
                                            .va = 1,
                                            .voff = -0.8,
                                            .n = 1e6,
                                            .nth = 8e5,
                                            .gstep = 1e-8,
                                            .gpar = 1e-6,
                                            .tau_v = 10,
                                            .kappa_i = 1e7,
                                            .tau_i = 1,
                                            .temp = 300};
static const struct volatile_set titania = {.library = "volatile-titania",
                                            .va = 0.46388,
                                            .voff = 0.05,
                                            .n = 2e4,
                                            .nth = 1e4,
                                            .gstep = 1e-7,
                                            .gpar = 1e-10,
                                            .kappa_v = 500,
                                            .tau_v = 10,
                                            .tau_i = 1,
                                            .temp = 300};

/* Switches above the threshold at the largest of each spike, when they pass it upwards, and the state
 * at the end. */
#define SPIKES_MAX 64
struct course {
    double threshold; /* of the current [A] that makes a spike; it ends below 0.3 of that */
    bool high;
    size_t n_spikes, n_peaks, n_rises;
    double t, above, rise_t[SPIKES_MAX],
        peak[SPIKES_MAX];              /* of each rise: the largest before the next */
    double rho_v, rho_i, volt, energy; /* [V] and [J] */
};

static inline void course_add(struct course *c, double t, double above, double ampere)
{
    if (c->n_peaks == 0)
        c->n_peaks = 1; /* the first peak needs no rise */
    if (c->t < t && c->above < 0 && above >= 0 && c->n_rises < SPIKES_MAX - 1) {
        c->rise_t[c->n_rises++] = c->t + (t - c->t) * c->above / (c->above - above);
        c->n_peaks++;
    }
    c->peak[c->n_peaks - 1] = fmax(c->peak[c->n_peaks - 1], above);
    if (!c->high && ampere > c->threshold)
        c->high = true, c->n_spikes++;
    if (ampere < 0.3 * c->threshold)
        c->high = false;
    c->t = t;
    c->above = above;
}

struct volatile_case {
    const struct volatile_set *set;
    double volt, ohm, farad; /* of the source, behind `ohm'; across the device */
    double x0, duration;
};

enum { ON, RHO_V, RHO_I, VOLT, JOULE, N_UNKNOWNS };

static inline double volatile_siemens(const struct volatile_set *s, double on)
{
    return s->gpar + s->gstep * fmax(on - s->nth, 0);
}

/* Voltage across the device. */
static inline double volatile_volt(const struct volatile_case *c, const double *y)
{
    return c->farad > 0 ? y[VOLT] : c->volt / (1 + c->ohm * volatile_siemens(c->set, y[ON]));
}

static inline int volatile_slopes(double t, const double *y, double *dy, void *data)
{
    (void)t;
    const struct volatile_case *c = data;
    const struct volatile_set *s = c->set;
    const double v = volatile_volt(c, y), g = volatile_siemens(s, y[ON]);
    const double kelvin = s->temp + s->rth * v * v * g;
    const double vt = 1.380649e-23 * kelvin * (1 + y[RHO_V]) * (1 + y[RHO_I]) / 1.602176634e-19;
    const double half = 0.5 * (s->voff + v);
    dy[ON] = (s->n - y[ON]) * exp(-(s->va + half) / vt) - y[ON] * exp(-(s->va - half) / vt);
    dy[RHO_V] = (s->kappa_v * fabs(v) - y[RHO_V]) / s->tau_v;
    dy[RHO_I] = (s->kappa_i * fabs(v) * g - y[RHO_I]) / s->tau_i;
    dy[VOLT] = c->farad > 0 ? ((c->volt - v) / c->ohm - v * g) / c->farad : 0;
    dy[JOULE] = v * v * g;
    return GSL_SUCCESS;
}

/* `parts': points; tolerance 1e-10 relative. */
static inline struct course volatile_reference(const struct volatile_case *c, size_t parts,
                                               double threshold)
{
    struct course r = {.threshold = threshold};
    double y[N_UNKNOWNS] = {c->x0 * c->set->n}, t = 0;
    gsl_odeiv2_system system = {volatile_slopes, NULL, N_UNKNOWNS, (void *)c};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-6, 1e-12, 1e-10);
    for (size_t k = 0; k <= parts; k++) {
        const double end = c->duration * (double)k / (double)parts;
        if (k > 0)
            assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, end, y), GSL_SUCCESS);
        r.volt = volatile_volt(c, y);
        course_add(&r, end, y[ON] - c->set->nth, fabs(r.volt) * volatile_siemens(c->set, y[ON]));
    }
    gsl_odeiv2_driver_free(driver);
    r.rho_v = y[RHO_V];
    r.rho_i = y[RHO_I];
    r.energy = y[JOULE];
    return r;
}

#endif
