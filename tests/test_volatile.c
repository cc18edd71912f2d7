/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volatile stochastic device: counts of its exact jumps against single events (first reaction
 * with thinning), closed forms and stated equilibria; disruption and heat; the original scheme's
 * fixed step.  Figures and equations: El-Geresy, Papavassiliou and Gunduz, arXiv:2407.04718.
 *
 * Means of `TRIALS` draws are compared within 4.5 of their standard errors (wrong once in 1e5), and
 * variances v within 4.5 v sqrt(2/TRIALS); the seeds are fixed. */
#include "base/random.h"
#include "device/model/two_state.h"
#include "device/model/volatile.h"

#include "testing.h"

#include <gsl/gsl_randist.h>
#include <math.h>

/* Switches that conduct at equilibrium: as many go on as off. */
static double volatile_equilibrium(const struct volatile_law *l, double v, double phi)
{
    const struct two_state r = volatile_rates(l, v, phi);
    return l->n * r.a / (r.a + r.b);
}

#define TRIALS 2000
#define SIGMAS 4.5

struct moments {
    double mean, variance;
};

/* Five edges of V, and a reading at the end. */
struct drive {
    size_t n;
    double t[8], v[8], end;
};

static struct moments counts(const struct volatile_law *l, const struct drive *drive, double n0,
                             enum volatile_method method, uint64_t seed)
{
    double sum = 0, squares = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        gsl_rng *rng = random_stream(seed, trial, RANDOM_TEST);
        struct volatile_device d = {.law = l, .method = method, .rng = rng, .n = n0};
        for (size_t k = 0; k < drive->n; k++)
            volatile_drive(&d, drive->t[k], drive->v[k]);
        volatile_touch(&d, drive->end);
        assert_true(d.n >= 0 && d.n <= l->n && floor(d.n) == d.n);
        sum += d.n - n0;
        squares += (d.n - n0) * (d.n - n0);
        gsl_rng_free(rng);
    }
    const double mean = sum / TRIALS;
    return (struct moments){mean, (squares - TRIALS * mean * mean) / (TRIALS - 1)};
}

static double mean_count(const struct volatile_law *l, const struct drive *drive, double n0)
{
    struct volatile_device d = {.law = l, .method = VOLATILE_MEAN, .n = n0};
    for (size_t k = 0; k < drive->n; k++)
        volatile_drive(&d, drive->t[k], drive->v[k]);
    volatile_touch(&d, drive->end);
    return d.n - n0;
}

static void agree(const char *what, struct moments a, struct moments b)
{
    const double mean_error = sqrt((a.variance + b.variance) / TRIALS);
    const double variance_error = (a.variance + b.variance) / 2 * sqrt(2 * 2.0 / TRIALS);
    print_message("%s: mean %.4f and %.4f, variance %.4f and %.4f\n", what, a.mean, b.mean,
                  a.variance, b.variance);
    if (fabs(a.mean - b.mean) > SIGMAS * mean_error)
        fail_msg("%s: means %g and %g, %g apart at most expected", what, a.mean, b.mean,
                 SIGMAS * mean_error);
    if (fabs(a.variance - b.variance) > SIGMAS * variance_error)
        fail_msg("%s: variances %g and %g", what, a.variance, b.variance);
}

/* At rest for 1e4 s from 20 kohm: n - Bin(n, p) + Bin(N - n, q), whose mean and variance are known;
 * the source saw -3.84 +- 2.21 by jumps and -3.74 +- 2.35 by single events. */
static void test_at_rest(void **state)
{
    (void)state;
    const struct volatile_law l = volatile_titania;
    const struct drive rest = {.end = 1e4};
    const double n0 = volatile_count(&l, 20e3);
    const struct two_state r = volatile_rates(&l, 0, 1);
    const double s = r.a + r.b, e = -expm1(-s * 1e4), p = e * r.b / s, q = e * r.a / s;
    const struct moments exact = {-n0 * p + (l.n - n0) * q,
                                  n0 * p * (1 - p) + (l.n - n0) * q * (1 - q)};
    ASSERT_NEAR(exact.mean, -3.87, 0.005);
    ASSERT_NEAR(sqrt(exact.variance), 2.24, 0.005);
    agree("jump, closed form", counts(&l, &rest, n0, VOLATILE_JUMP, 1), exact);
    agree("single, closed form", counts(&l, &rest, n0, VOLATILE_SINGLE, 2), exact);
    ASSERT_NEAR(mean_count(&l, &rest, n0), exact.mean, 1e-9); /* rounding of 1e4 switches */
    /* E[n'] = n_eq + (n - n_eq) e^(-s t) with n_eq = N/(1 + exp(q Voff/kT)) */
    const double n_eq = l.n / (1 + exp(ELECTRON_CHARGE * 0.05 / (BOLTZMANN * 300)));
    ASSERT_NEAR(volatile_equilibrium(&l, 0, 1), n_eq, 1e-9 * n_eq);
    ASSERT_NEAR(n_eq + (n0 - n_eq) * exp(-s * 1e4) - n0, exact.mean, 1e-9 * n_eq);
}

/* Jumps against single events while Phi moves: every kind of volatility alone, and all together,
 * with the rates of each law.  About a hundred events in each run. */
static void test_moving_phi(void **state)
{
    (void)state;
    const struct drive pulses = {
        .n = 5, .t = {0, 2, 5, 8, 12}, .v = {-0.25, 0, -0.25, 0.2, 0}, .end = 15};
    const struct volatile_law small = {.rates = VOLATILE_ARRHENIUS,
                                       .va = 0.34,
                                       .voff = 0.05,
                                       .temp = 300,
                                       .n = 1000,
                                       .nth = 200,
                                       .gstep = 1e-6,
                                       .gpar = 1e-6,
                                       .tau_v = 10,
                                       .tau_i = 1};
    struct volatile_law laws[6];
    for (size_t k = 0; k < COUNT(laws); k++)
        laws[k] = small;
    laws[0].kappa_v = 10;
    laws[1].kappa_i = 3e4, laws[1].series = 1e3;
    laws[2].rth = 1e7; /* 250 K: far above the published 4e4, so that the device hears of its n */
    laws[3].rth = 3e6, laws[3].kappa_v = 5, laws[3].kappa_i = 1e4, laws[3].series = 1e3;
    laws[4].rates = VOLATILE_FERMI, laws[4].kappa_v = 10, laws[4].polarity = VOLATILE_SETS;
    laws[5].rates = VOLATILE_METASTABLE, laws[5].von = 0.3, laws[5].voff = 0.2, laws[5].tau = 20,
    laws[5].kappa_v = 2;
    static const char *const names[] = {"rho of v", "rho of i", "heat",
                                        "all",      "fermi",    "metastable"};
    for (size_t k = 0; k < COUNT(laws); k++) {
        const struct moments jump = counts(&laws[k], &pulses, 600, VOLATILE_JUMP, 10 + k);
        const struct moments single = counts(&laws[k], &pulses, 600, VOLATILE_SINGLE, 20 + k);
        agree(names[k], jump, single);
        assert_true(single.variance > 20); /* something happens */
        const double mean = mean_count(&laws[k], &pulses, 600);
        print_message("%s: mean form %.4f\n", names[k], mean);
        ASSERT_NEAR(mean, single.mean, SIGMAS * sqrt(single.variance / TRIALS));
    }
}

/* Without feedback the draws do not depend on how an interval is read: the mean is the solution of
 * dn/dt = (N - n) a - n b with a moving Phi, here by Runge-Kutta's method in 20000 steps.
 * 2e-5 of the change: the Gauss points leave (1/2)^4/4320 of it at most. */
static void test_mean_of_moving_phi(void **state)
{
    (void)state;
    struct volatile_law l = volatile_titania;
    l.kappa_v = 10;
    const double v = -0.3, n0 = 10500, end = 5, h = end / 20000;
    double n = n0;
    for (int k = 0; k < 20000; k++) {
        double slope[4], at = n;
        for (int j = 0; j < 4; j++) {
            const double t = k * h + (j == 0 ? 0 : j == 3 ? h : 0.5 * h);
            const struct two_state r =
                volatile_rates(&l, v, 1 - l.kappa_v * v * -expm1(-t / l.tau_v));
            slope[j] = (l.n - at) * r.a - at * r.b;
            at = n + (j == 2 ? h : 0.5 * h) * slope[j];
        }
        n += h / 6 * (slope[0] + 2 * slope[1] + 2 * slope[2] + slope[3]);
    }
    const struct drive drive = {.n = 1, .t = {0}, .v = {v}, .end = end};
    const double got = mean_count(&l, &drive, n0);
    assert_true(fabs(got) > 20);
    ASSERT_NEAR(got, n - n0, 2e-5 * fabs(got));
    const struct drive cut = {.n = 4, .t = {0, 1, 2.5, 4}, .v = {v, v, v, v}, .end = end};
    ASSERT_NEAR(mean_count(&l, &cut, n0), got, 2e-5 * fabs(got));
}

/* rho' = kappa |V| + (rho - kappa |V|) e^(-t/tau), exact however often the device is touched; it
 * goes back to 0 at rest.  Heat: Ti = T + Rth V^2/R at once. */
static void test_disruption(void **state)
{
    (void)state;
    struct volatile_law l = volatile_titania;
    l.kappa_v = 500;
    struct volatile_device d = {.law = &l, .method = VOLATILE_MEAN, .n = 10500, .v = 0.1};
    volatile_touch(&d, 0.15);
    const double rho = 50 * -expm1(-0.015);
    ASSERT_NEAR(d.rho_v, rho, 1e-12 * rho);
    volatile_drive(&d, 0.15, 0);
    for (int k = 1; k <= 100; k++)
        volatile_touch(&d, 0.15 + 0.1 * k);
    ASSERT_NEAR(d.rho_v, rho * exp(-1), 1e-12 * rho);
    ASSERT_NEAR(volatile_phi(&d), 1 + d.rho_v, 1e-12);
    l.kappa_v = 0;
    l.rth = 4e4;
    d = (struct volatile_device){.law = &l, .n = 10500, .v = 0.5};
    ASSERT_NEAR(volatile_phi(&d), 1 + 4e4 * 0.25 * (500 * 1e-7 + 1e-10) / 300, 1e-12);
    l.rth = 0;
    l.kappa_i = 1e7, l.series = 1e3;
    d.method = VOLATILE_MEAN;
    d.v = 1e-3; /* no switch jumps: i = 1 mV/(R + 1 kohm) stays */
    l.va = 2;
    volatile_touch(&d, 0.5);
    const double i = 1e-3 / (1 / volatile_conductance(&l, 10500) + 1e3);
    ASSERT_NEAR(d.rho_i, 1e7 * i * -expm1(-0.5), 1e-9 * d.rho_i);
}

/* v > 0 resets as published, and sets with the other polarity; counts of resistances go there and
 * back. */
static void test_polarity(void **state)
{
    (void)state;
    struct volatile_law l = volatile_titania;
    const struct two_state plus = volatile_rates(&l, 0.2, 1), minus = volatile_rates(&l, -0.2, 1);
    assert_true(plus.b > plus.a && minus.a > minus.b);
    l.polarity = VOLATILE_SETS;
    const struct two_state turned = volatile_rates(&l, 0.2, 1);
    ASSERT_NEAR(turned.a, minus.a, 0);
    ASSERT_NEAR(turned.b, minus.b, 0);
    for (double r = 2e3; r < 1e5; r *= 1.5)
        ASSERT_NEAR(volatile_conductance(&l, volatile_count(&l, r)), 1 / r, 0.5e-7);
    assert_true(volatile_count(&l, 1e12) <= l.nth && volatile_count(&l, 1) <= l.n);
    /* the mean model of the table is the same law */
    const struct model *m = model_find("metaswitch");
    const double p[] = {0.46388, 0.05, 2e4, 1e4, 1e-7, 1e-10, 300, 0.7, 0};
    double c[MODEL_CONSTANTS_MAX];
    m->prepare(p, c);
    const struct two_state model = m->switching(c, 0.2), law = volatile_rates(&l, 0.2, 1.7);
    ASSERT_NEAR(model.a, law.a, 1e-12 * law.a);
    ASSERT_NEAR(model.b, law.b, 1e-12 * law.b);
    ASSERT_NEAR(m->current(c, 0.1, 0.525).f, 0.1 * volatile_conductance(&l, 10500), 1e-15);
}

/* The original scheme tends to the exact jump as h falls: its mean is (1 - (a + b) h)^k of the way,
 * known in closed form.  Once h exceeds the time constant, all flip at once. */
static void test_fixed_step(void **state)
{
    (void)state;
    const struct volatile_law l = {.rates = VOLATILE_METASTABLE,
                                   .polarity = VOLATILE_SETS,
                                   .von = 0.27,
                                   .voff = 0.27,
                                   .tau = 1e-4,
                                   .temp = 300,
                                   .n = 1000,
                                   .gstep = 1e-6,
                                   .gpar = 1e-6,
                                   .tau_v = 1,
                                   .tau_i = 1};
    const struct two_state r = volatile_rates(&l, 0.3, 1);
    for (int normal = 0; normal < 2; normal++) {
        double sum = 0, squares = 0;
        for (uint32_t trial = 0; trial < TRIALS; trial++) {
            gsl_rng *rng = random_stream(30, trial, RANDOM_TEST);
            struct volatile_device d = {.law = &l, .rng = rng, .n = 100, .v = 0.3};
            for (int k = 0; k < 10; k++)
                volatile_fixed_step(&d, 2e-5, normal);
            ASSERT_NEAR(d.t, 2e-4, 1e-12);
            sum += d.n;
            squares += d.n * d.n;
            gsl_rng_free(rng);
        }
        const double mean = sum / TRIALS, variance = squares / TRIALS - mean * mean;
        const double n_eq = volatile_equilibrium(&l, 0.3, 1);
        const double exact = n_eq + (100 - n_eq) * pow(1 - (r.a + r.b) * 2e-5, 10);
        ASSERT_NEAR(mean, exact, SIGMAS * sqrt(variance / TRIALS));
        /* and not the true one, 3 switches of bias at this step */
        const double truth = n_eq + (100 - n_eq) * exp(-(r.a + r.b) * 2e-4);
        assert_true(fabs(mean - truth) > 2 * SIGMAS * sqrt(variance / TRIALS));
    }
    gsl_rng *rng = random_stream(31, 0, RANDOM_TEST);
    struct volatile_device d = {.law = &l, .rng = rng, .n = 100, .v = 3};
    volatile_fixed_step(&d, 1, false);
    assert_true(d.n > 999.5);
    gsl_rng_free(rng);
}

/* The same seed gives the same counts; the work of jumps does not grow with the events. */
static void test_work(void **state)
{
    (void)state;
    struct volatile_law l = volatile_titania;
    l.kappa_v = 10;
    double n[2];
    uint64_t draws[3];
    for (int k = 0; k < 3; k++) {
        gsl_rng *rng = random_stream(40, 0, RANDOM_TEST);
        struct volatile_device d = {.law = &l,
                                    .method = k < 2 ? VOLATILE_JUMP : VOLATILE_SINGLE,
                                    .rng = rng,
                                    .n = 10333,
                                    .v = -0.3};
        volatile_touch(&d, 8);
        draws[k] = d.draws;
        if (k < 2)
            n[k] = d.n;
        gsl_rng_free(rng);
    }
    ASSERT_NEAR(n[0], n[1], 0);
    assert_true(draws[0] == 1 && draws[2] > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_rest),
        cmocka_unit_test(test_moving_phi),
        cmocka_unit_test(test_mean_of_moving_phi),
        cmocka_unit_test(test_disruption),
        cmocka_unit_test(test_polarity),
        cmocka_unit_test(test_fixed_step),
        cmocka_unit_test(test_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
