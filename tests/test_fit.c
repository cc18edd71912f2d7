/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fits to made-up data with known parameters, the integrator behind them, the reader of measured
 * data, and the drift of a resistance. */
#include "base/random.h"
#include "device/library/library.h"
#include "fit/drift.h"
#include "fit/fit.h"
#include "fit/series_device.h"
#include "testing.h"

#include <gsl/gsl_randist.h>

#define TWO_PI 6.283185307179586
#define SAMPLES 200

static struct dopant *dopant(const char *name)
{
    struct dopant *d;
    struct error error;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read(name, devices, &d, &error), error);
    free(devices);
    return d;
}

/* A period of a sine, as a trace without currents. */
static struct trace sine(double amplitude, double frequency, size_t n)
{
    struct trace t = {.path = memory_string("made.csv"), .n = n};
    for (int k = 0; k < TRACE_QUANTITIES; k++)
        t.column[k] = NEW(n, double);
    for (size_t k = 0; k < n; k++) {
        t.column[TRACE_T][k] = (double)k / ((double)n * frequency);
        t.column[TRACE_SOURCE][k] = amplitude * sin(TWO_PI * (double)k / (double)n);
    }
    return t;
}

static void run(const struct model *m, const double *p, struct trace *t, double series, double x0,
                int steps)
{
    double c[MODEL_CONSTANTS_MAX];
    const struct series_drive drive = {t->n, t->column[TRACE_T], t->column[TRACE_SOURCE], series,
                                       steps};
    m->prepare(p, c);
    series_device_run(m, c, &drive, x0, t->column[TRACE_CURRENT]);
}

/* Add noise of a part of the rms current. */
static void add_noise(struct trace *t, double part, gsl_rng *rng)
{
    double *i = t->column[TRACE_CURRENT], sum = 0;
    for (size_t k = 0; k < t->n; k++)
        sum += i[k] * i[k];
    for (size_t k = 0; k < t->n; k++)
        i[k] += gsl_ran_gaussian(rng, part * sqrt(sum / (double)t->n));
}

/* At constant voltage and without a resistor the integrator is the closed form, whatever the steps:
 * rounding, 1e-12 of the current.  Behind a resistor it converges with the square of the step. */
static void test_integrator(void **state)
{
    (void)state;
    struct dopant *d = dopant("mms-demo");
    struct trace t = sine(0, 500, 100);
    for (size_t k = 0; k < t.n; k++)
        t.column[TRACE_SOURCE][k] = 0.3;
    run(d->model, d->parameters, &t, 0, 0.1, 1);
    for (size_t k = 0; k < t.n; k++) {
        const double x = d->model->jump(d->constants, 0.3, 0.1, t.column[TRACE_T][k]);
        const double i = d->model->current(d->constants, 0.3, x).f;
        ASSERT_NEAR(t.column[TRACE_CURRENT][k], i, 1e-12 * i);
    }
    trace_free(&t);
    dopant_free(d);

    d = dopant("W");
    double error[3] = {0};
    struct trace exact = sine(0.8, 10, SAMPLES);
    run(d->model, d->parameters, &exact, 5e3, 0.01, 2048);
    for (int k = 0; k < 3; k++) {
        struct trace rough = sine(0.8, 10, SAMPLES);
        double sum = 0, size = 0;
        run(d->model, d->parameters, &rough, 5e3, 0.01, 16 << (2 * k));
        for (size_t j = 0; j < SAMPLES; j++) {
            const double i = exact.column[TRACE_CURRENT][j];
            sum += pow(rough.column[TRACE_CURRENT][j] - i, 2);
            size += i * i;
        }
        error[k] = sqrt(sum / size);
        trace_free(&rough);
    }
    assert_true(error[0] < 2e-3);
    assert_true(error[1] < error[0] / 8 && error[2] < error[1] / 8); /* 16 but for the dead zone */
    trace_free(&exact);
    dopant_free(d);
}

static struct fit_options options_of(const struct dopant *d, const char *const *free_names)
{
    struct fit_options o = fit_defaults;
    o.model = d->model;
    memcpy(o.start, d->parameters, sizeof o.start);
    for (size_t k = 0; k < o.model->n_parameters; k++)
        for (const char *const *name = free_names; *name; name++)
            if (strcmp(o.model->parameters[k].name, *name) == 0)
                o.free[k] = o.shared[k] = true;
    return o;
}

/* Truth inside the 95 % intervals in at least 90 of 100 trials with 1 % noise, for each parameter:
 * of 100 trials with probability 0.95 fewer than 90 hit once in 100 times; the seed is fixed.
 * At 1 kHz the device comes near von; at 10 Hz von and tau would trade off. */
static void test_coverage(void **state)
{
    (void)state;
    static const char *const names[] = {"ron", "roff", "von", "voff", "tau", NULL};
    struct dopant *d = dopant("W");
    struct fit_options o = options_of(d, names);
    struct error error;
    int inside[8] = {0};
    const uint32_t trials = is_short() ? 5 : 100;
    o.starts = 0;
    o.n_traces = 1;
    o.series[0] = 5e3;
    for (uint32_t trial = 0; trial < trials; trial++) {
        struct trace t = sine(0.8, 1000, SAMPLES);
        struct fit_result r;
        gsl_rng *rng = random_stream(1, trial, RANDOM_TEST);
        run(d->model, d->parameters, &t, 5e3, 0.3, o.steps);
        add_noise(&t, 0.01, rng);
        gsl_rng_free(rng);
        o.traces = &t;
        ASSERT_DONE(fit_run(&o, &r, &error), error);
        assert_int_equal(r.n, 6);
        ASSERT_NEAR(r.nrmse, 0.01, 0.003); /* 200 samples: 0.0005 of spread */
        for (size_t k = 0; k < r.n; k++) {
            const struct fit_variable *v = &r.variables[k];
            const double truth = v->parameter == FIT_STATE ? 0.3 : d->parameters[v->parameter];
            inside[k] += truth >= v->low && truth <= v->high;
            if (!v->identified || v->on_bound)
                fail_msg("trial %u, parameter %zu: %g from %g to %g", trial, v->parameter, v->value,
                         v->low, v->high);
        }
        fit_free(&r);
        trace_free(&t);
    }
    for (size_t k = 0; k < 6; k++) {
        if (!is_short() && inside[k] < 90)
            fail_msg("variable %zu: %d of 100 inside", k, inside[k]);
        print_message("%s: %d of %u inside\n", k < 5 ? names[k] : "x0", inside[k], trials);
    }
    dopant_free(d);
}

/* Random starts find the truth from a start that is far away; the same seed gives the same bytes. */
static void test_starts(void **state)
{
    (void)state;
    static const char *const names[] = {"ron", "roff", "von", "voff", "tau", NULL};
    struct dopant *d = dopant("W");
    struct fit_options o = options_of(d, names);
    struct trace t = sine(0.8, 10, SAMPLES);
    struct fit_result a, b;
    struct error error;
    run(d->model, d->parameters, &t, 5e3, 0.3, o.steps);
    o.start[0] *= 3, o.start[1] *= 2, o.start[2] *= 1.5, o.start[3] *= 2, o.start[4] *= 8;
    o.starts = 4;
    o.candidates = 100;
    o.n_traces = 1;
    o.series[0] = 5e3;
    o.traces = &t;
    ASSERT_DONE(fit_run(&o, &a, &error), error);
    ASSERT_DONE(fit_run(&o, &b, &error), error);
    assert_true(a.nrmse < 1e-6);
    for (size_t k = 0; k < a.n; k++) {
        if (a.variables[k].parameter != FIT_STATE)
            ASSERT_NEAR(a.variables[k].value / d->parameters[a.variables[k].parameter], 1, 1e-3);
        assert_memory_equal(&a.variables[k].value, &b.variables[k].value, sizeof(double));
    }
    fit_free(&a);
    fit_free(&b);
    trace_free(&t);
    dopant_free(d);
}

/* A parameter that the data say nothing of is told: a drive that never resets. */
static void test_unidentified(void **state)
{
    (void)state;
    static const char *const names[] = {"ron", "von", "tau", "vtoff", NULL};
    struct dopant *d = dopant("W");
    struct fit_options o = options_of(d, names);
    struct trace t = sine(0.8, 1000, SAMPLES);
    struct fit_result r;
    struct error error;
    for (size_t k = 0; k < t.n; k++)
        t.column[TRACE_SOURCE][k] = fabs(t.column[TRACE_SOURCE][k]);
    run(d->model, d->parameters, &t, 5e3, 0.1, o.steps);
    gsl_rng *rng = random_stream(2, 0, RANDOM_TEST);
    add_noise(&t, 0.01, rng);
    gsl_rng_free(rng);
    o.starts = 0;
    o.n_traces = 1;
    o.series[0] = 5e3;
    o.traces = &t;
    ASSERT_DONE(fit_run(&o, &r, &error), error);
    bool told = false;
    for (size_t k = 0; k < r.n_warnings; k++)
        told = told || strstr(r.warnings[k], "vtoff is");
    assert_true(told);
    for (size_t k = 0; k < r.n; k++)
        if (r.variables[k].identified != (r.variables[k].parameter != 6))
            fail_msg("parameter %zu: %g from %g to %g", r.variables[k].parameter,
                     r.variables[k].value, r.variables[k].low, r.variables[k].high);
    fit_free(&r);
    trace_free(&t);
    dopant_free(d);
}

/* Two devices that differ in ron alone: shared parameters get one value, ron one a trace. */
static void test_shared(void **state)
{
    (void)state;
    static const char *const names[] = {"ron", "roff", "von", "voff", "tau", NULL};
    struct dopant *d = dopant("W");
    struct fit_options o = options_of(d, names);
    struct trace t[2] = {sine(0.8, 10, SAMPLES), sine(0.8, 100, SAMPLES)};
    struct fit_result r;
    struct error error;
    double p[MODEL_PARAMETERS_MAX], x0;
    memcpy(p, d->parameters, sizeof p);
    run(d->model, p, &t[0], 5e3, 0.3, o.steps);
    p[0] *= 1.3;
    run(d->model, p, &t[1], 47e3, 0.4, o.steps);
    o.shared[0] = false;
    o.starts = 0;
    o.n_traces = 2;
    o.series[0] = 5e3;
    o.series[1] = 47e3;
    o.traces = t;
    ASSERT_DONE(fit_run(&o, &r, &error), error);
    assert_int_equal(r.n, 2 + 4 + 2);
    assert_true(r.nrmse < 1e-6);
    fit_parameters(&o, &r, 1, p, &x0);
    ASSERT_NEAR(p[0] / (1.3 * d->parameters[0]), 1, 1e-4);
    ASSERT_NEAR(p[1] / d->parameters[1], 1, 1e-3);
    ASSERT_NEAR(x0, 0.4, 1e-4);
    fit_free(&r);
    trace_free(&t[0]);
    trace_free(&t[1]);
    dopant_free(d);
}

#define ROWS                                                                                       \
    "1,1,1\n2,1,1\n3,1,1\n4,1,1\n5,1,1\n6,1,1\n7,1,1\n8,1,1\n9,1,1\n10,1,1\n11,1,1\n12,1,1\n"      \
    "13,1,1\n14,1,1\n15,1,1\n16,1,1\n17,1,1\n18,1,1\n19,1,1\n"
#define HEADER "t_ms,source_mV,current_uA\n"

static void test_reader(void **state)
{
    (void)state;
    static const struct {
        const char *text, *parts[2];
    } bad[] = {
        {"", {"bad.csv:0", "0 samples"}},
        {HEADER ROWS, {"bad.csv:20", "19 samples, expected at least 20"}},
        {HEADER ROWS "20,nan,1\n", {"bad.csv:21", "'nan' as source_mV"}},
        {HEADER ROWS "20,,1\n", {"bad.csv:21", "'' as source_mV"}},
        {HEADER ROWS "20,1e999,1\n", {"bad.csv:21", "finite number"}},
        {HEADER ROWS "19,1,1\n", {"bad.csv:21", "rising times"}},
        {HEADER ROWS "20,1\n", {"bad.csv:21", "2 fields, expected 3"}},
        {HEADER ROWS "20,1,1,1\n", {"bad.csv:21", "more than 3 fields"}},
        {HEADER ROWS "20;1;1\n", {"bad.csv:21", "expected a finite number"}},
        {"t_ms,source_kV,current_uA\n" ROWS, {"bad.csv:1", "'source_kV', expected some of t_s"}},
        {"t_ms,resistance_ohm\n" ROWS, {"bad.csv:1", "'resistance_ohm'"}},
        {"t_ms,t_s,current_uA\n" ROWS, {"bad.csv:1", "stood before"}},
        {"source_V,device_V\n" ROWS, {"bad.csv:1", "no column t_s, current_A"}},
        {"1,2,3\n" ROWS, {"bad.csv:1", "beside '1', '2', '3'"}},
    };
    const unsigned needed = 1U << TRACE_T | 1U << TRACE_CURRENT;
    const unsigned allowed = needed | 1U << TRACE_SOURCE | 1U << TRACE_DEVICE;
    char *folder = folder_make();
    struct trace t;
    struct error error;
    for (size_t k = 0; k < COUNT(bad); k++) {
        char *path = file_write(folder, "bad.csv", bad[k].text, strlen(bad[k].text));
        assert_int_equal(trace_read(path, allowed, needed, &t, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, bad[k].parts[0]);
        ASSERT_NAMES(error.text, bad[k].parts[1]);
        assert_null(t.path);
        free(path);
    }
    static const char good[] = "# made by hand\r\n\r\n t_ms , source_mV,current_uA\r\n" ROWS
                               "# in between\n20, -2.5e1 ,3\n";
    char *path = file_write(folder, "good.csv", good, strlen(good));
    ASSERT_DONE(trace_read(path, allowed, needed, &t, &error), error);
    assert_int_equal(t.n, 20);
    ASSERT_NEAR(t.column[TRACE_T][19], 20e-3, 1e-17);
    ASSERT_NEAR(t.column[TRACE_SOURCE][19], -25e-3, 1e-17);
    ASSERT_NEAR(t.column[TRACE_CURRENT][19], 3e-6, 1e-20);
    assert_null(t.column[TRACE_DEVICE]);
    trace_free(&t);
    for (size_t n = 0; n < strlen(good); n++) { /* cut anywhere: read or refused */
        char *cut = file_write(folder, "bad.csv", good, n);
        if (trace_read(cut, allowed, needed, &t, &error) == STATUS_OK)
            trace_free(&t);
        free(cut);
    }
    free(path);
    folder_remove(folder);
}

/* Barriers of arXiv:2407.04718 for its a = 3.624 in 1e4 s, and traces with a known loss of switches
 * and 0.1 % noise: a within 2 %.  The linear conductance is the better law on its own data. */
static void test_drift(void **state)
{
    (void)state;
    const struct drift_options o = {DRIFT_NTH, DRIFT_GSTEP, DRIFT_GPAR, DRIFT_TEMPERATURE};
    static const double voff[] = {0.5, 0.05, 0.01, 0.005},
                        va[] = {0.692925, 0.463889, 0.418532, 0.400492};
    for (size_t k = 0; k < COUNT(va); k++)
        ASSERT_NEAR(drift_barrier(&o, 3.624, 1e4, voff[k]), va[k], 6e-7);
    struct trace t[20];
    struct error error;
    struct drift d;
    gsl_rng *rng = random_stream(3, 0, RANDOM_TEST);
    for (size_t k = 0; k < COUNT(t); k++) {
        t[k] = sine(0, 1 / 15e3, 151);
        const double r0 = 4.2e3 * pow(78.6 / 4.2, (double)k / 19);
        for (size_t j = 0; j < t[k].n; j++)
            t[k].column[TRACE_RESISTANCE][j] =
                (1 + gsl_ran_gaussian(rng, 1e-3)) /
                (1 / r0 - 3.624e-4 * t[k].column[TRACE_T][j] * DRIFT_GSTEP);
    }
    gsl_rng_free(rng);
    ASSERT_DONE(drift_fit(&o, COUNT(t), t, 1e4, &d, &error), error);
    ASSERT_NEAR(d.a, 3.624, 0.02 * 3.624);
    assert_true(d.mae_conductance < d.mae_resistance && d.mae_conductance < d.mae_stretched);
    assert_int_equal(drift_fit(&o, COUNT(t), t, 1e6, &d, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "0 pairs");
    t[3].column[TRACE_RESISTANCE][7] = -1;
    assert_int_equal(drift_fit(&o, COUNT(t), t, 1e4, &d, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "expected above 0");
    for (size_t k = 0; k < COUNT(t); k++)
        trace_free(&t[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integrator), cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_starts),     cmocka_unit_test(test_unidentified),
        cmocka_unit_test(test_shared),     cmocka_unit_test(test_reader),
        cmocka_unit_test(test_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
