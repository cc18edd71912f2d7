/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volatile device event by event, and by the fixed steps of the original scheme.
 *
 * Single events: n b + (N - n) a is the rate of the next jump.  Between two jumps n stands still and
 * Phi moves, so waiting times are drawn at a rate that is never below the true one in a window, and
 * a candidate is a jump with the probability true/bound.  Rates are monotone in Phi, and each factor
 * of Phi is monotone in time: the bound is the larger rate at the products of the smallest and of
 * the largest factors. */
#include "device/model/volatile_internal.h"

#include <gsl/gsl_randist.h>
#include <math.h>

static double total(const struct volatile_device *d, struct two_state r)
{
    return d->n * r.b + (d->law->n - d->n) * r.a;
}

static double bound(const struct volatile_device *d, double window)
{
    const struct volatile_rho begin = {d->rho_v, d->rho_i},
                              end = volatile_rho_after(d, d->n, window);
    const struct volatile_rho low = {fmin(begin.v, end.v), fmin(begin.i, end.i)},
                              high = {fmax(begin.v, end.v), fmax(begin.i, end.i)};
    const struct two_state cold = volatile_rates(d->law, d->v, volatile_phi_of(d, low, d->n)),
                           hot = volatile_rates(d->law, d->v, volatile_phi_of(d, high, d->n));
    return total(d, (struct two_state){.a = fmax(cold.a, hot.a), .b = fmax(cold.b, hot.b)});
}

void volatile_single_events(struct volatile_device *d, double t)
{
    while (d->t < t) {
        const double left = t - d->t, window = volatile_window(d, left), most = bound(d, window);
        const double wait = most > 0 ? gsl_ran_exponential(d->rng, 1 / most) : INFINITY;
        d->draws++;
        if (!(wait < window)) {
            volatile_advance(d, d->n, window);
            if (!(window < left))
                d->t = t;
            continue;
        }
        volatile_advance(d, d->n, wait);
        const struct two_state r = volatile_rates(d->law, d->v, volatile_phi(d));
        const double off = d->n * r.b, u = most * gsl_rng_uniform(d->rng);
        if (u < off)
            d->n--;
        else if (u < total(d, r))
            d->n++;
    }
}

static double flips(gsl_rng *rng, double count, double p, bool normal)
{
    p = fmin(1, p); /* the scheme's step can be longer than 1/rate */
    if (!normal)
        return (double)gsl_ran_binomial(rng, p, (unsigned)count);
    const double draw = count * p + gsl_ran_gaussian(rng, sqrt(count * p * (1 - p)));
    return fmax(0, fmin(count, round(draw)));
}

void volatile_fixed_step(struct volatile_device *d, double h, bool normal)
{
    const struct two_state r = volatile_rates(d->law, d->v, volatile_phi(d));
    const double n = d->n;
    d->n += flips(d->rng, d->law->n - n, h * r.a, normal) - flips(d->rng, n, h * r.b, normal);
    d->draws++;
    volatile_advance(d, n, h);
}
