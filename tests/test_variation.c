/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws of what varies: moments and correlations against their known standard errors, paired draws,
 * bounds, refusals.  Seeds are fixed; a bound of 4 standard errors fails one seed in 16000. */
#include "base/random.h"
#include "base/spice_number.h"
#include "circuit/mismatch.h"
#include "device/library/library_instance.h"
#include "device/library/library_make.h"
#include "device/temperature.h"
#include "study/variation.h"
#include "testing.h"

#include <gsl/gsl_cdf.h>

#define N 4000 /* devices */
#define ERRORS 4.0

static struct dopant *chromium, *tungsten;
static char *devices;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &chromium, &error), error);
    ASSERT_DONE(dopant_read("W", devices, &tungsten, &error), error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dopant_free(chromium);
    dopant_free(tungsten);
    free(devices);
    return 0;
}

static struct variation_source *open_source(const struct variation_options *o,
                                            const struct dopant *dopant, double kelvin)
{
    const struct variation_circuit circuit = {dopant, devices, kelvin, engine_find("event")};
    struct variation_source *s;
    struct error error = {{0}};
    ASSERT_DONE(variation_open(o, &circuit, &s, &error), error);
    return s;
}

static struct variation draw(const struct variation_source *s, size_t n, uint64_t seed,
                             uint32_t replica)
{
    struct variation v;
    struct error error = {{0}};
    ASSERT_DONE(variation_draw(s, n, 6, (struct random_sample){seed, replica}, &v, &error), error);
    return v;
}

/* What is normal of a drawn parameter. */
static double score(const struct variation *v, size_t device, int i)
{
    static const char *const names[VARIED] = {"ron", "roff", "tau", "von", "voff"};
    const struct variation_device *d = &v->devices[device];
    const double p = d->parameters[library_parameter(d->dopant->model, names[i])];
    return i < VARY_VON ? log(p) : p;
}

/* Means: sigma/sqrt(N).  Variances: (N - 1) s^2/sigma^2 is chi-square with N - 1 degrees of freedom,
 * standard deviation sqrt(2 (N - 1)).  Correlations: Fisher's z = atanh r has the standard error
 * 1/sqrt(N - 3).  Sigmas keep all draws within bounds, so nothing is cut off. */
static void test_moments(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    const double sigma[VARIED] = {0.2, 0.3, 0.5, 0.02, 0.015};
    const double correlation[VARIED_PAIRS] = {0.5, -0.3, 0.2, 0, 0.1, 0, -0.4, 0.6, 0.3, 0.7};
    memcpy(o.sigma, sigma, sizeof sigma);
    memcpy(o.correlation, correlation, sizeof correlation);
    struct variation_source *s = open_source(&o, chromium, TEMPERATURE_NOMINAL);
    struct variation v = draw(s, N, 11, 3);
    assert_int_equal(v.redrawn, 0);
    double mean[VARIED] = {0}, square[VARIED][VARIED] = {{0}};
    for (size_t k = 0; k < N; k++)
        for (int i = 0; i < VARIED; i++)
            mean[i] += score(&v, k, i) / N;
    for (size_t k = 0; k < N; k++)
        for (int i = 0; i < VARIED; i++)
            for (int j = 0; j < VARIED; j++)
                square[i][j] += (score(&v, k, i) - mean[i]) * (score(&v, k, j) - mean[j]);
    const double nominal[VARIED] = {log(300), log(220e3), log(1.585e-4), 0.404, 0.139};
    for (int i = 0, pair = 0; i < VARIED; i++) {
        ASSERT_NEAR(mean[i], nominal[i], ERRORS * sigma[i] / sqrt(N));
        ASSERT_NEAR(square[i][i] / (sigma[i] * sigma[i]), N - 1, ERRORS * sqrt(2.0 * (N - 1)));
        for (int j = i + 1; j < VARIED; j++, pair++)
            ASSERT_NEAR(atanh(square[i][j] / sqrt(square[i][i] * square[j][j])),
                        atanh(correlation[pair]), ERRORS / sqrt(N - 3));
    }
    double means[VARIED];
    variation_means(&v, means);
    ASSERT_NEAR(means[VARY_RON], exp(mean[VARY_RON]), 1e-9 * means[VARY_RON]);
    ASSERT_NEAR(means[VARY_VOFF], mean[VARY_VOFF], 1e-12);
    variation_free(&v);
    variation_close(s);
}

/* The same name of a stream gives the same bytes, another replica others; twice the sigma gives
 * twice the deviation (to the rounding of exp and log), whatever else varies: points of a sweep share
 * their draws. */
static void test_streams(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults, twice;
    o.sigma[VARY_RON] = 0.1;
    twice = o;
    twice.sigma[VARY_RON] = 0.2;
    twice.stuck_on = 0.5;
    twice.cycle_von = 0.01;
    struct variation_source *s = open_source(&o, chromium, TEMPERATURE_NOMINAL),
                            *t = open_source(&twice, chromium, TEMPERATURE_NOMINAL);
    struct variation a = draw(s, 30, 1, 7), b = draw(s, 30, 1, 7), c = draw(s, 30, 1, 8),
                     d = draw(t, 30, 1, 7), few = draw(s, 5, 1, 7);
    for (size_t k = 0; k < 30; k++) {
        const size_t size = sizeof a.devices[k].parameters;
        assert_memory_equal(a.devices[k].parameters, b.devices[k].parameters, size);
        assert_memory_not_equal(a.devices[k].parameters, c.devices[k].parameters, size);
        ASSERT_NEAR(score(&d, k, VARY_RON) - log(300), 2 * (score(&a, k, VARY_RON) - log(300)),
                    1e-12);
        if (k < 5) /* the number of devices does not matter either */
            assert_memory_equal(a.devices[k].parameters, few.devices[k].parameters, size);
    }
    struct variation *const all[] = {&a, &b, &c, &d, &few};
    for (size_t i = 0; i < COUNT(all); i++)
        variation_free(all[i]);
    variation_close(s);
    variation_close(t);
}

/* Without any variation no device is made, so that nothing of a run changes. */
static void test_none(void **state)
{
    (void)state;
    struct variation_source *s = open_source(&variation_defaults, chromium, TEMPERATURE_NOMINAL);
    struct variation v = draw(s, 30, 1, 0);
    struct training_options o = {0};
    variation_apply(&v, &o);
    assert_null(o.classifier.dopants);
    assert_null(o.classifier.stuck_ohm);
    assert_null(o.classifier.offsets);
    assert_null(o.classifier.mismatch);
    assert_null(o.before_pulse);
    variation_free(&v);
    variation_close(s);
}

/* One in four draws of voff is below the model's least value: drawn anew, counted (binomial), none of
 * them set to the bound. */
static void test_bounds(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    o.sigma[VARY_VOFF] = 0.049 / 0.674489750196082; /* quartile of the normal: 1 in 4 is below */
    struct variation_source *s = open_source(&o, tungsten, TEMPERATURE_NOMINAL);
    struct variation v = draw(s, N, 5, 0);
    const double draws = N + (double)v.redrawn;
    ASSERT_NEAR((double)v.redrawn / draws, 0.25, ERRORS * sqrt(0.25 * 0.75 / draws));
    for (size_t k = 0; k < N; k++)
        assert_true(score(&v, k, VARY_VOFF) > 1e-3);
    variation_free(&v);
    variation_close(s);
    /* ron never reaches roff, however wide the spread */
    o = variation_defaults;
    o.sigma[VARY_RON] = 3;
    s = open_source(&o, tungsten, TEMPERATURE_NOMINAL);
    v = draw(s, N, 5, 0);
    assert_true(v.redrawn > 0);
    for (size_t k = 0; k < N; k++)
        assert_true(score(&v, k, VARY_RON) < score(&v, k, VARY_ROFF));
    variation_free(&v);
    variation_close(s);
}

/* Each of W's three measured devices is drawn as often as the others: chi-square with 2 degrees of
 * freedom below its 99.99 % point; and comes with all of its parameters. */
static void test_set(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    o.set = (char *)"W1, W2,W3";
    struct variation_source *s = open_source(&o, tungsten, TEMPERATURE_NOMINAL);
    struct variation v = draw(s, N, 2, 0);
    static const double ron[3] = {1583, 1406, 3114}, tau[3] = {6.7e-5, 1.27e-5, 7.7e-5};
    double count[3] = {0}, chi = 0;
    for (size_t k = 0; k < N; k++) {
        int i = 0;
        while (i < 3 && fabs(exp(score(&v, k, VARY_RON)) / ron[i] - 1) > 1e-9)
            i++;
        assert_true(i < 3);
        ASSERT_NEAR(exp(score(&v, k, VARY_TAU)), tau[i], 1e-9 * tau[i]);
        count[i]++;
    }
    for (int i = 0; i < 3; i++)
        chi += (count[i] - N / 3.0) * (count[i] - N / 3.0) / (N / 3.0);
    assert_true(chi < gsl_cdf_chisq_Pinv(0.9999, 2));
    variation_free(&v);
    variation_close(s);
}

/* Counts are binomial; a stuck device has the resistance of its own ON or OFF state. */
static void test_stuck(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    o.stuck_on = 0.03;
    o.stuck_off = 0.1;
    o.sigma[VARY_RON] = 0.2;
    struct variation_source *s = open_source(&o, chromium, TEMPERATURE_NOMINAL);
    struct variation v = draw(s, N, 4, 0);
    ASSERT_NEAR((double)v.n_stuck_on / N, 0.03, ERRORS * sqrt(0.03 * 0.97 / N));
    ASSERT_NEAR((double)v.n_stuck_off / N, 0.1, ERRORS * sqrt(0.1 * 0.9 / N));
    size_t on = 0, off = 0;
    for (size_t k = 0; k < N; k++) {
        if (!(v.stuck_ohm[k] > 0))
            continue;
        const double ron = exp(score(&v, k, VARY_RON));
        if (fabs(v.stuck_ohm[k] / ron - 1) < 1e-9)
            on++;
        else if (fabs(v.stuck_ohm[k] / 220e3 - 1) < 1e-9)
            off++;
        assert_false(variation_cycle(&v, k));
    }
    assert_int_equal(on, v.n_stuck_on);
    assert_int_equal(off, v.n_stuck_off);
    variation_free(&v);
    variation_close(s);
}

/* Thresholds of one device over N pulses, of `parameter`. */
static double *pulses(const struct variation_options *o, const char *parameter, size_t *redrawn)
{
    struct variation_source *s = open_source(o, chromium, TEMPERATURE_NOMINAL);
    struct variation v = draw(s, 1, 9, 0);
    const struct dopant *d = v.devices[0].dopant;
    const size_t place = library_parameter(d->model, parameter);
    double *values = NEW(N, double), constants[MODEL_CONSTANTS_MAX] = {0};
    for (size_t k = 0; k < N; k++) {
        assert_true(variation_cycle(&v, 0));
        values[k] = d->parameters[place];
        d->model->prepare(d->parameters, constants);
        assert_memory_equal(constants, d->constants, sizeof constants);
    }
    assert_int_equal(v.cycle_pulses, N);
    *redrawn = v.cycle_redrawn;
    variation_free(&v);
    variation_close(s);
    return values;
}

static int compare(const void *a, const void *b)
{
    const double *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

/* Of (voff - 0.139 V)/0.013 V between the model's bound and the cut. */
static const struct {
    double p, x;
} stable_quantiles[] = {
    {0.05, -2.6347}, {0.25, -1.3043}, {0.50, -0.3949}, {0.75, 0.6729}, {0.95, 3.2038},
};

/* Normal: mean and variance about the device's own threshold.  Stable: with alpha = 2 it is normal
 * of sigma sqrt(2) c, whatever beta; with alpha = 1.535 and beta = -0.609, as published for the signed
 * threshold -voff, the quantiles of voff's deviation, from a
 * numerical inversion (Gil-Pelaez) of the characteristic function exp(-|ct|^alpha (1 - i beta sgn t
 * tan(pi alpha/2))), beta = 0.609, 0.7 % of it cut off: a share p of N draws lies below the quantile
 * within ERRORS sqrt(p (1 - p)/N). */
static void test_cycle(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    size_t redrawn;
    o.cycle_von = 0.035;
    double *von = pulses(&o, "von", &redrawn), mean = 0, square = 0;
    assert_int_equal(redrawn, 0);
    for (size_t k = 0; k < N; k++)
        mean += von[k] / N;
    for (size_t k = 0; k < N; k++)
        square += (von[k] - mean) * (von[k] - mean);
    ASSERT_NEAR(mean, 0.404, ERRORS * 0.035 / sqrt(N));
    ASSERT_NEAR(square / (0.035 * 0.035), N - 1, ERRORS * sqrt(2.0 * (N - 1)));
    free(von);

    o = variation_defaults;
    o.cycle_law = CYCLE_STABLE;
    o.cycle_voff = 0.013;
    o.cycle_alpha = 2;
    double *voff = pulses(&o, "voff", &redrawn);
    mean = square = 0;
    for (size_t k = 0; k < N; k++)
        mean += voff[k] / N;
    for (size_t k = 0; k < N; k++)
        square += (voff[k] - mean) * (voff[k] - mean);
    ASSERT_NEAR(mean, 0.139, ERRORS * sqrt(2) * 0.013 / sqrt(N));
    ASSERT_NEAR(square / (2 * 0.013 * 0.013), N - 1, ERRORS * sqrt(2.0 * (N - 1)));
    free(voff);

    o.cycle_alpha = variation_defaults.cycle_alpha;
    voff = pulses(&o, "voff", &redrawn);
    assert_true(redrawn > 0); /* tails beyond the cut or below 0 */
    qsort(voff, N, sizeof *voff, compare);
    for (size_t i = 0; i < COUNT(stable_quantiles); i++) {
        size_t below = 0;
        while (below < N && (voff[below] - 0.139) / 0.013 < stable_quantiles[i].x)
            below++;
        const double p = stable_quantiles[i].p;
        ASSERT_NEAR((double)below / N, p, ERRORS * sqrt(p * (1 - p) / N));
    }
    for (size_t k = 0; k < N; k++)
        assert_true(voff[k] > 1e-3 && fabs(voff[k] - 0.139) <= 0.2);
    free(voff);
}

/* kT/q at the circuit's temperature is the width of the logistics: the logarithm of the rate rises by
 * 1/(kT/q) a volt where the logistic is an exponential.  A law without temperature is refused. */
static void test_temperature(void **state)
{
    (void)state;
    const double kelvin = 350, vt = BOLTZMANN * kelvin / ELECTRON_CHARGE;
    struct variation_source *s = open_source(&variation_defaults, chromium, kelvin);
    struct variation v = draw(s, 2, 1, 0);
    const struct dopant *d = v.dopants[0];
    assert_non_null(d);
    ASSERT_NEAR(d->parameters[library_parameter(d->model, "vton")], vt, 1e-12);
    ASSERT_NEAR(d->parameters[library_parameter(d->model, "vtoff")], 0.0162 * kelvin / 300.15,
                1e-12);
    /* far above the dead zone and far below von: rate = e^((v - von)/vt)/tau, a slope of 1/vt */
    const double v1 = 0.2, v2 = 0.201;
    const double slope =
        log(d->model->rate(d->constants, v2, 0).f / d->model->rate(d->constants, v1, 0).f) /
        (v2 - v1);
    ASSERT_NEAR(slope * vt, 1, 0.03); /* the dead zone's share is e^-((v1 - vdz)/vt) = 5e-3 */
    variation_free(&v);
    variation_close(s);

    struct dopant *other;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("vteam-demo", devices, &other, &error), error);
    const struct variation_circuit hot = {other, devices, kelvin, NULL};
    assert_int_equal(variation_open(&variation_defaults, &hot, &s, &error), STATUS_INPUT);
    assert_null(s);
    ASSERT_NAMES(error.text, "circuit.temperature");
    ASSERT_NAMES(error.text, "vteam");
    dopant_free(other);
}

static void refused(const struct variation_options *o, const char *dopant, const char *engine,
                    const char *part, const char *part2)
{
    struct dopant *d;
    struct variation_source *s;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read(dopant, devices, &d, &error), error);
    const struct variation_circuit circuit = {d, devices, TEMPERATURE_NOMINAL, engine_find(engine)};
    assert_int_equal(variation_open(o, &circuit, &s, &error), STATUS_INPUT);
    assert_null(s);
    ASSERT_NAMES(error.text, part);
    ASSERT_NAMES(error.text, part2);
    dopant_free(d);
}

/* What cannot be is refused, and says which key and which model. */
static void test_refused(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    o.sigma[VARY_TAU] = 0.1;
    refused(&o, "Cr-vteam", "event", "variation.tau", "vteam2");
    o = variation_defaults;
    o.cycle_voff = 0.1;
    refused(&o, "team-demo", "event", "variation.cycle_voff", "team");
    refused(&o, "Cr", "ngspice", "variation.cycle_voff", "ngspice");
    o = variation_defaults;
    o.correlation[0] = o.correlation[1] = 0.9;
    o.correlation[4] = -0.9; /* roff and tau both like ron, yet unlike each other */
    refused(&o, "Cr", "event", "variation.corr_", "positive definite");
    o = variation_defaults;
    o.stuck_on = o.stuck_off = 0.6;
    refused(&o, "Cr", "event", "variation.stuck_on", "0.6");
    o = variation_defaults;
    o.set = (char *)"W1,W9";
    refused(&o, "W", "event", "variation.set", "W9");
}

/* Pelgrom: the deviation of one transistor has sigma A/sqrt(2 W L m); four times the area halves it,
 * and so the difference of two, which is what A describes. */
static void test_mismatch(void **state)
{
    (void)state;
    static const struct mos1_geometry gates[] = {{2e-6, 1e-6, 1}, {4e-6, 2e-6, 1}, {2e-6, 1e-6, 4}};
    static const double share[] = {1, 0.5, 0.5};
    const struct mismatch m = {.a_vt = 8e-9, .a_beta = 1e-8, .seed = 3, .sample = 1};
    for (size_t i = 0; i < COUNT(gates); i++) {
        struct mismatch_draw *draws = mismatch_begin(&m);
        double vt = 0, beta = 0, difference = 0, last = 0;
        for (int k = 0; k < N; k++) {
            struct mos1_model model = {.type = 1, .vto = 0.5, .kp = 170e-6};
            assert_true(mismatch_next(draws, &gates[i], &model));
            vt += (model.vto - 0.5) * (model.vto - 0.5);
            beta += (model.kp / 170e-6 - 1) * (model.kp / 170e-6 - 1);
            if (k % 2)
                difference += (model.vto - last) * (model.vto - last);
            last = model.vto;
        }
        mismatch_end(draws);
        const double sigma = share[i] * 8e-9 / sqrt(2 * 2e-12);
        ASSERT_NEAR(vt / (sigma * sigma), N, ERRORS * sqrt(2.0 * N));
        ASSERT_NEAR(beta / (sigma * sigma) * (8e-9 * 8e-9) / (1e-8 * 1e-8), N,
                    ERRORS * sqrt(2.0 * N));
        ASSERT_NEAR(difference / (2 * sigma * sigma), N / 2., ERRORS * sqrt((double)N));
    }
    /* a gate so small that beta would turn negative is an answer, not a limit */
    const struct mismatch coarse = {.a_beta = 1e-5, .seed = 3};
    struct mismatch_draw *draws = mismatch_begin(&coarse);
    bool all = true;
    for (int k = 0; k < 20; k++) {
        struct mos1_model model = {.type = 1, .vto = 0.5, .kp = 170e-6};
        all &= mismatch_next(draws, &gates[0], &model);
    }
    assert_false(all);
    mismatch_end(draws);
}

/* dopant_make() sets the parameter that is named and no other. */
static void test_settings(void **state)
{
    (void)state;
    char *directory = source_path("devices");
    struct dopant *base, *d;
    struct error error;
    ASSERT_DONE(dopant_read("Cr", directory, &base, &error), error);
    const struct model *m = base->model;
    for (size_t k = 0; k < m->n_parameters; k++) {
        const struct dopant_setting setting = {
            m->parameters[k].name, fmin(m->parameters[k].max, base->parameters[k] * 1.01)};
        ASSERT_DONE(dopant_make("Cr", directory, 1, &setting, &d, &error), error);
        for (size_t j = 0; j < m->n_parameters; j++)
            ASSERT_NEAR(d->parameters[j], j == k ? setting.value : base->parameters[j], 0);
        dopant_free(d);
    }
    dopant_free(base);
    free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),    cmocka_unit_test(test_moments),
        cmocka_unit_test(test_streams),     cmocka_unit_test(test_none),
        cmocka_unit_test(test_bounds),      cmocka_unit_test(test_set),
        cmocka_unit_test(test_stuck),       cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_temperature), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mismatch),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
