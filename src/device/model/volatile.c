/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/model/volatile.h"

#include "device/model/volatile_internal.h"

#include <assert.h>
#include <gsl/gsl_randist.h>
#include <math.h>

/* Largest change of an exponent in a sub-step: two Gauss points leave (change)^4/4320 of the rates'
 * integral; of it what comes from n, which is taken half way: (change)^2/24. */
#define CHANGE 0.5
#define CHANGE_BY_N 0.1
/* Where a switch jumps often in a sub-step, it is where a/(a + b) has come at the end, which goes on straight
 * from the Gauss points: (change)^2/12 of it is missed.  The allowed change is divided by the jumps of a
 * switch, up to so many: 1e-4 of a/(a + b). */
#define JUMPS_MOST 16
/* Between two draws n follows its mean.  What a fluctuation could change in its own drift until the
 * next draw; the variance is then wrong by 1 to 2 % at most. */
#define OWN_EFFECT 0.005
#define SHRINK_MIN 0.1
#define GAUSS 0.28867513459481287 /* sqrt(3)/6: the points lie at 1/2 -+ it */

const char *const volatile_rates_names[] = {"arrhenius", "fermi", "metastable", NULL};
const char *const volatile_polarity_names[] = {"resets", "sets", NULL};
const char *const volatile_method_names[] = {"jump", "single", "mean", NULL};

const struct volatile_law volatile_titania = {
    .rates = VOLATILE_ARRHENIUS,
    .polarity = VOLATILE_RESETS,
    .va = 0.46388,
    .voff = 0.05,
    .von = 0.27,
    .tau = 1,
    .temp = 300,
    .n = 2e4,
    .nth = 1e4,
    .gstep = 1e-7,
    .gpar = 1e-10,
    .tau_v = 10,
    .tau_i = 1,
};

double volatile_count(const struct volatile_law *l, double resistance)
{
    const double n = round(l->nth + (1 / resistance - l->gpar) / l->gstep);
    return fmax(0, fmin(l->n, n));
}

double volatile_conductance(const struct volatile_law *l, double n)
{
    return l->gstep * fmax(n - l->nth, 0) + l->gpar;
}

static double thermal_voltage(const struct volatile_law *l)
{
    return BOLTZMANN * l->temp / ELECTRON_CHARGE;
}

static double raising(const struct volatile_law *l, double v)
{
    return l->polarity == VOLATILE_RESETS ? v : -v;
}

static struct two_state arrhenius(const struct volatile_law *l, double u, double vt)
{
    const double half = 0.5 * (l->voff + u);
    return (struct two_state){.a = exp(-(l->va + half) / vt), .b = exp(-(l->va - half) / vt)};
}

static struct two_state fermi(const struct volatile_law *l, double u, double vt)
{
    const double half = 0.5 * (l->voff + u);
    return (struct two_state){.a = logistic(-(l->va + half) / vt),
                              .b = logistic(-(l->va - half) / vt)};
}

static struct two_state metastable(const struct volatile_law *l, double u, double vt)
{
    return metastable_switch(-u, l->von, l->voff, 1 / vt, 1 / l->tau);
}

static struct two_state (*const rates_of[])(const struct volatile_law *, double, double) = {
    [VOLATILE_ARRHENIUS] = arrhenius, [VOLATILE_FERMI] = fermi, [VOLATILE_METASTABLE] = metastable};

struct two_state volatile_rates(const struct volatile_law *l, double v, double phi)
{
    return rates_of[l->rates](l, raising(l, v), thermal_voltage(l) * phi);
}

/* kT Phi/q times it is an exponent's largest change when 1/Phi changes by 1. */
static double exponent_scale(const struct volatile_law *l, double v)
{
    const double u = raising(l, v);
    const double volt = l->rates == VOLATILE_METASTABLE ? fmax(fabs(u + l->von), fabs(l->voff - u))
                                                        : fabs(l->va) + 0.5 * fabs(l->voff + u);
    return volt / thermal_voltage(l);
}

static double relax(double rho, double target, double t, double tau)
{
    return target + (rho - target) * exp(-t / tau);
}

struct volatile_rho volatile_rho_after(const struct volatile_device *d, double n, double t)
{
    const struct volatile_law *l = d->law;
    struct volatile_rho rho = {0, 0};
    if (l->kappa_v > 0 || d->rho_v > 0)
        rho.v = relax(d->rho_v, l->kappa_v * fabs(d->v), t, l->tau_v);
    if (l->kappa_i > 0 || d->rho_i > 0) {
        const double current = fabs(d->v) / (1 / volatile_conductance(l, n) + l->series);
        rho.i = relax(d->rho_i, l->kappa_i * current, t, l->tau_i);
    }
    return rho;
}

double volatile_phi_of(const struct volatile_device *d, struct volatile_rho rho, double n)
{
    const struct volatile_law *l = d->law;
    const double heat = l->rth * d->v * d->v * volatile_conductance(l, n) / l->temp;
    return (1 + rho.v) * (1 + rho.i) * (1 + heat);
}

double volatile_phi(const struct volatile_device *d)
{
    return volatile_phi_of(d, (struct volatile_rho){d->rho_v, d->rho_i}, d->n);
}

static bool feedback(const struct volatile_device *d)
{
    const struct volatile_law *l = d->law;
    return fabs(d->v) > 0 && (l->rth > 0 || l->kappa_i > 0);
}

/* Probabilities of one switch over some time: to be on at its end, if it was on, and if it was
 * off. */
struct passage {
    double stay, turn;
};

static struct passage passage(double a, double b)
{
    const double sum = a + b, gone = sum > 0 ? -expm1(-sum) / sum : 1;
    return (struct passage){1 - b * gone, a * gone};
}

static struct passage then(struct passage p, struct passage q)
{
    return (struct passage){p.stay * q.stay + (1 - p.stay) * q.turn,
                            p.turn * q.stay + (1 - p.turn) * q.turn};
}

/* The same where rates go from those at one Gauss point to those at the other: in units of the jumps, time
 * integral of a + b, the share a/(a + b) goes straight, by 1/(2 GAUSS) of its way between these points. */
static struct passage moving_passage(struct two_state p, struct two_state q, double h)
{
    const double before = p.a + p.b, after = q.a + q.b, jumps = 0.5 * h * (before + after);
    if (!(before > 0 && after > 0))
        return passage(0.5 * h * (p.a + q.a), 0.5 * h * (p.b + q.b));
    const double kept = exp(-jumps), gone = -expm1(-jumps);
    const double way = (q.a / after - p.a / before) / (2 * GAUSS);
    const double turn =
        (p.a + q.a) / (before + after) * gone + way * (0.5 * (1 + kept) - gone / jumps);
    return (struct passage){fmin(1, kept + turn), fmax(0, turn)};
}

static struct two_state rates_after(const struct volatile_device *d, double n, double t)
{
    const double phi = volatile_phi_of(d, volatile_rho_after(d, n, t), n);
    return volatile_rates(d->law, d->v, phi);
}

/* Over the next h seconds, with n_mid switches on half way. */
static struct passage step_passage(const struct volatile_device *d, double h, double n_mid)
{
    return moving_passage(rates_after(d, n_mid, (0.5 - GAUSS) * h),
                          rates_after(d, n_mid, (0.5 + GAUSS) * h), h);
}

static double mean_after(const struct volatile_device *d, struct two_state r, double h)
{
    const struct passage p = passage(h * r.a, h * r.b);
    return d->n * p.stay + (d->law->n - d->n) * p.turn;
}

/* How fast a fluctuation of n that is h seconds old changes its own drift through Phi [1/s]. */
static double own_effect(const struct volatile_device *d, double h)
{
    double drift[2];
    for (int k = 0; k < 2; k++) {
        const double phi = volatile_phi_of(d, volatile_rho_after(d, d->n + k, h), d->n + k);
        const struct two_state r = volatile_rates(d->law, d->v, phi);
        drift[k] = (d->law->n - d->n) * r.a - d->n * r.b;
    }
    return fabs(drift[1] - drift[0]);
}

/* By how much the allowed change of an exponent is divided. */
static double sharper(struct two_state begin, struct two_state end, double h)
{
    return fmin(JUMPS_MOST, 1 + h * fmax(begin.a + begin.b, end.a + end.b));
}

/* A sub-step of at most h whose exponents change little, and little while a switch jumps often if it is to
 * be one passage; n_mid: mean number of switches half way. */
static double bounded_step(const struct volatile_device *d, double h, bool follows, bool passes,
                           double *n_mid)
{
    const double scale = exponent_scale(d->law, d->v), phi = volatile_phi(d);
    const struct two_state r = volatile_rates(d->law, d->v, phi);
    for (;;) {
        const double n_end = follows ? mean_after(d, r, h) : d->n;
        *n_mid = follows ? mean_after(d, r, 0.5 * h) : d->n;
        const struct volatile_rho end = volatile_rho_after(d, *n_mid, h);
        const double phi_mid = volatile_phi_of(d, volatile_rho_after(d, d->n, 0.5 * h), *n_mid);
        const double phi_end = volatile_phi_of(d, end, n_end);
        const double change =
            scale * fmax(fabs(1 / phi_mid - 1 / phi), fabs(1 / phi_end - 1 / phi));
        double excess = change / CHANGE;
        if (passes)
            excess *= sharper(r, volatile_rates(d->law, d->v, phi_end), h);
        if (follows) {
            const double still = volatile_phi_of(d, volatile_rho_after(d, d->n, h), d->n);
            excess = fmax(excess, scale * fabs(1 / phi_end - 1 / still) / CHANGE_BY_N);
            excess = fmax(excess, h * own_effect(d, h) / OWN_EFFECT);
        }
        if (excess <= 1)
            return h;
        h *= fmax(SHRINK_MIN, 0.9 / excess);
    }
}

double volatile_window(const struct volatile_device *d, double h)
{
    double n_mid;
    return bounded_step(d, h, false, false, &n_mid);
}

void volatile_advance(struct volatile_device *d, double n_mid, double h)
{
    const struct volatile_rho rho = volatile_rho_after(d, n_mid, h);
    d->rho_v = rho.v;
    d->rho_i = rho.i;
    d->t += h;
}

/* Where each of `begin` switches has come, which were on at the last draw. */
static double mean_of(const struct volatile_device *d, double begin, struct passage p)
{
    return begin * p.stay + (d->law->n - begin) * p.turn;
}

static double draw(struct volatile_device *d, double begin, struct passage p)
{
    if (d->method == VOLATILE_MEAN)
        return mean_of(d, begin, p);
    const unsigned on = (unsigned)begin, off = (unsigned)(d->law->n - begin);
    d->draws++;
    return (double)(on - gsl_ran_binomial(d->rng, fmax(0, 1 - p.stay), on) +
                    gsl_ran_binomial(d->rng, fmin(1, p.turn), off));
}

static void jump(struct volatile_device *d, double t)
{
    const bool follows = feedback(d);
    struct passage all = {1, 0};
    double begin = d->n, drawn = d->t, heard = 0; /* at the last draw, and since */
    while (d->t < t) {
        double n_mid;
        const double left = t - d->t, h = bounded_step(d, left, follows, true, &n_mid);
        if (follows)
            heard += h * own_effect(d, d->t + h - drawn);
        all = then(all, step_passage(d, h, n_mid));
        volatile_advance(d, n_mid, h);
        if (!(h < left))
            d->t = t;
        if (d->t < t && heard < OWN_EFFECT) {
            d->n = mean_of(d, begin, all);
            continue;
        }
        begin = d->n = draw(d, begin, all);
        all = (struct passage){1, 0};
        drawn = d->t;
        heard = 0;
    }
}

void volatile_passage_step(struct volatile_device *d, double h)
{
    const double n = d->n;
    d->n = draw(d, n, step_passage(d, h, n));
    volatile_advance(d, n, h);
}

static void (*const methods[])(struct volatile_device *, double) = {
    [VOLATILE_JUMP] = jump, [VOLATILE_SINGLE] = volatile_single_events, [VOLATILE_MEAN] = jump};

void volatile_touch(struct volatile_device *d, double t)
{
    assert(t >= d->t);
    if (t > d->t)
        methods[d->method](d, t);
}

void volatile_drive(struct volatile_device *d, double t, double v)
{
    volatile_touch(d, t);
    d->v = v;
}
