/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Testbench files: reading, refusals, order of points; intervals of points. */
#include "testing.h"

#include "base/random.h"
#include "study/claims/aggregate.h"
#include "study/experiment/testbench.h"
#include "study/yaml_file.h"

#include <gsl/gsl_randist.h>

static struct testbench *read_text(const char *text, struct error *error)
{
    char *folder = folder_make(), *path = file_write(folder, "t.yaml", text, strlen(text));
    struct testbench *t;
    error->text[0] = 0;
    testbench_read(path, NULL, &t, error);
    free(path);
    folder_remove(folder);
    return t;
}

static void test_points(void **state)
{
    (void)state;
    struct error error = {0};
    struct testbench *t = read_text("experiment: training\nreplicas: 3\n"
                                    "sweep:\n"
                                    "  - {key: noise.train, values: [0, 0.1]}\n"
                                    "  - {key: noise.test, from: 0.1, to: 0.4, steps: 3}\n",
                                    &error);
    ASSERT_DONE(t ? STATUS_OK : STATUS_INPUT, error);
    assert_int_equal(t->n_points, 6);
    assert_int_equal(t->n_samples, 18);
    /* the last key moves fastest */
    for (size_t p = 0; p < 6; p++) {
        assert_int_equal(testbench_place(t, p, 0), p / 3);
        assert_int_equal(testbench_place(t, p, 1), p % 3);
    }
    assert_string_equal(t->axes[1].values[0], "0.1");
    assert_string_equal(t->axes[1].values[1], "0.25");
    assert_string_equal(t->axes[1].values[2], "0.4");
    testbench_free(t);
    t = read_text("experiment: training\nsweep_order: zipped\n"
                  "sweep:\n"
                  "  - {key: programming.read_time, from: 1e-4, to: 1e-2, steps: 3, scale: log}\n"
                  "  - {key: device.dopant, values: [W, Cr, C]}\n",
                  &error);
    ASSERT_DONE(t ? STATUS_OK : STATUS_INPUT, error);
    assert_int_equal(t->n_points, 3);
    assert_int_equal(testbench_place(t, 2, 0), 2);
    ASSERT_NEAR(atof(t->axes[0].values[1]), 1e-3, 1e-18);
    testbench_free(t);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "t.yaml:1: empty"},
        {"- a\n", "t.yaml:1: not a mapping"},
        {"experiment: [", "t.yaml:2: not YAML"},
        {"experiment: nothing\n", "t.yaml:1: experiment is 'nothing', expected one of: training"},
        {"title: a\n", "no experiment"},
        {"experiment: training\nseed: 1\nseed: 2\n", "t.yaml:3: seed is given again"},
        {"experiment: training\nnoise: {train: .nan}\n", "t.yaml:2: noise.train is '.nan'"},
        {"experiment: training\nnoise: {train: 0.7}\n", "expected a number from 0 to 0.5"},
        {"experiment: training\nnoise: {train: 1e400}\n", "noise.train is '1e400'"},
        {"experiment: training\nnoise: 3\n", "unknown key 'noise'"},
        {"experiment: training\nnoise.loud: 3\n", "unknown key 'noise.loud'"},
        {"experiment: training\nengine: {name: spice}\n", "expected ngspice, ida or event"},
        {"experiment: training\nreplicas: 1.5\n", "replicas is '1.5', expected a whole number"},
        {"experiment: training\ncircuit: {sizes: 9}\n", "circuit.sizes is '9', expected a list"},
        {"experiment: training\ncircuit: {sizes: [9, -3, 1]}\n", "circuit.sizes is '-3'"},
        {"experiment: training\nsweep:\n  - {values: [1]}\n", "no 'key'"},
        {"experiment: training\nsweep:\n  - {key: noise.train}\n", "has no 'from'"},
        {"experiment: training\nsweep:\n  - {key: noise.train, values: 1}\n", "expected a list"},
        {"experiment: training\nsweep:\n  - {key: noise.train, values: []}\n", "no values"},
        {"experiment: training\nsweep:\n  - {key: noise.train, values: [0, x]}\n", "is 'x'"},
        {"experiment: training\nsweep:\n  - {key: noise.train, value: [0]}\n",
         "unknown key 'sweep.0.value'"},
        {"experiment: training\nsweep:\n  - {key: seed, values: [0]}\n", "sweep of 'seed'"},
        {"experiment: training\nsweep:\n  - {key: noise.train, from: 0, to: 1, steps: 3}\n", "'1'"},
        {"experiment: training\nsweep:\n  - {key: noise.train, from: 0, to: .1, steps: 3, "
         "scale: log}\n",
         "expected positive numbers"},
        {"experiment: training\nsweep_order: zipped\nsweep:\n"
         "  - {key: noise.train, values: [0, 0.1]}\n  - {key: noise.test, values: [0]}\n",
         "has 1 values, expected 2"},
        {"experiment: training\nsweep:\n  - {key: noise.train, values: [0]}\n"
         "  - {key: noise.train, values: [0]}\n",
         "swept again"},
        {"experiment: training\nreplicas: 10000000\nsweep:\n"
         "  - {key: noise.train, from: 0, to: 0.5, steps: 1000}\n",
         "samples, expected at most"},
        {"a: &a {b: {c: {d: {e: {f: 1}}}}}\n", "nested too deep"},
    };
    struct error error;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct testbench *t = read_text(cases[i].text, &error);
        if (t)
            fail_msg("accepted: %s", cases[i].text);
        ASSERT_NAMES(error.text, cases[i].part);
    }
}

/* An alias bomb of 10^9 items in a few lines ends early. */
static void test_bomb(void **state)
{
    (void)state;
    struct error error;
    const char *text = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b {a: *a, b: *a, c: *a, d: *a}\n"
                       "c: &c {a: *b, b: *b, c: *b, d: *b}\n"
                       "d: &d {a: *c, b: *c, c: *c, d: *c}\ne: {a: *d, b: *d, c: *d, d: *d}\n";
    assert_null(read_text(text, &error));
    assert_true(error.text[0] != 0);
}

/* Any single byte changed or cut: a message or a testbench, no crash. */
static void test_mutations(void **state)
{
    (void)state;
    const char *text = "experiment: training\nnoise: {train: 0.1, test: \"0.2\"}\n"
                       "sweep:\n  - {key: noise.train, values: [0, 0.1]}\n";
    struct error error;
    const size_t n = strlen(text);
    char *copy = memory_string(text);
    for (size_t i = 0; i < n; i++) {
        static const char bytes[] = "\0\xff:[]{}&*-\n\t\"'!%@a0";
        for (size_t b = 0; b < sizeof bytes; b++) {
            copy[i] = bytes[b];
            char *folder = folder_make(), *path = file_write(folder, "t.yaml", copy, n);
            struct testbench *t;
            if (testbench_read(path, NULL, &t, &error) == STATUS_OK)
                testbench_free(t);
            else
                assert_true(error.text[0] != 0);
            free(path);
            folder_remove(folder);
        }
        copy[i] = text[i];
    }
    free(copy);
}

/* Identity is a testbench that has the same identity. */
static void test_identity(void **state)
{
    (void)state;
    struct error error;
    struct testbench *t =
        read_text("experiment: training\ntitle: \"a \\\"b\\\" </script> \\\\ c\"\n"
                  "sweep:\n  - {key: device.dopant, values: [W, \"C\"]}\n",
                  &error);
    ASSERT_DONE(t ? STATUS_OK : STATUS_INPUT, error);
    char *text = testbench_identity(t);
    struct testbench *again = read_text(text, &error);
    ASSERT_DONE(again ? STATUS_OK : STATUS_INPUT, error);
    char *second = testbench_identity(again);
    assert_string_equal(text, second);
    free(text);
    free(second);
    testbench_free(t);
    testbench_free(again);
}

/* Of several values of a key the last one counts, and ends a sweep of it; another experiment than the
 * one that is taken is refused, with the line that names it, before any setting is looked at. */
static void test_given(void **state)
{
    (void)state;
    static const char *const settings[] = {"noise.train=0.3", "circuit.sizes=9,2,1", "seed=7",
                                           "noise.train=0.2", "variation.set=W1"};
    const struct testbench_given given = {experiment_find("training"), COUNT(settings), settings,
                                          NULL};
    struct testbench *t;
    struct error error = {{0}};
    ASSERT_DONE(testbench_read_text("t.yaml",
                                    "experiment: training\nvariation: {ron: 0.1}\n"
                                    "sweep:\n  - {key: noise.train, values: [0, 0.1]}\n",
                                    &given, &t, &error),
                error);
    assert_int_equal(t->n_samples, 1);
    struct table *rows = testbench_settings(t, 0);
    static const char *const wanted[] = {"seed", "circuit.sizes", "noise.train", "variation.set",
                                         "variation.ron"};
    assert_int_equal(rows->n_rows, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++)
        assert_string_equal(rows->cells[2 * i].text, wanted[i]);
    ASSERT_NEAR(rows->cells[1].number, 7, 0);
    assert_string_equal(rows->cells[3].text, "[9, 2, 1]");
    ASSERT_NEAR(rows->cells[5].number, 0.2, 0);
    table_free(rows);
    testbench_free(t);
    assert_int_equal(
        testbench_read_text("t.yaml", "title: a\nexperiment: crossbar\n", &given, &t, &error),
        STATUS_INPUT);
    assert_null(t);
    ASSERT_NAMES(error.text, "t.yaml:2: experiment is 'crossbar', expected training");
}

/* A key by itself takes what it takes in a testbench; its default is one of these values. */
static void test_key_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *key, *good, *bad;
    } cases[] = {
        {"programming.tolerance", "0.9", "0.91"},
        {"programming.tolerance", "1e-4", "0.99e-4"},
        {"engine.switches", "1e5", "1.5"},
        {"seed", "9007199254740992", "9007199254740993"},
        {"seed", "0", "-1"},
        {"rule.track", "true", "yes"},
        {"rule.name", "delta", "Delta"},
        {"circuit.neuron", "behavioural", "neuron.cir"},
        {"circuit.neuron", "./a.sub", ".sub"},
        {"noise.test", "0", "nan"},
    };
    const struct experiment *e = experiment_find("training");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct key *key = testbench_key(e, cases[i].key);
        assert_non_null(key);
        if (!key_accepts(key, cases[i].good) || key_accepts(key, cases[i].bad))
            fail_msg("%s: %s, %s", cases[i].key, cases[i].good, cases[i].bad);
    }
    for (size_t i = 0; i < e->n_keys; i++) {
        char *fallback = testbench_key_default(e, &e->keys[i]);
        if (e->keys[i].kind != KEY_SIZES && !key_accepts(&e->keys[i], fallback))
            fail_msg("%s does not take its default %s", e->keys[i].name, fallback);
        free(fallback);
    }
    assert_null(testbench_key(e, "nothing"));
}

/* The bootstrap's 95 % interval of 40 normal numbers covers their mean in 95 % of trials, less a
 * little, as the percentile bootstrap is narrow by sqrt((n-1)/n) and takes normal quantiles for
 * Student's: 94 % expected, 1.5 % the standard deviation of a share of 250; 5 of them allowed. */
static void test_bootstrap(void **state)
{
    (void)state;
    gsl_rng *rng = random_stream(1, 0, RANDOM_TEST);
    int covered = 0;
    for (int trial = 0; trial < 250; trial++) {
        double values[40];
        for (int k = 0; k < 40; k++)
            values[k] = 3 + gsl_ran_gaussian(rng, 2);
        const struct interval95 i = aggregate_mean(values, 40, 5, (uint32_t)trial);
        covered += i.low <= 3 && i.high >= 3;
    }
    gsl_rng_free(rng);
    ASSERT_NEAR(covered / 250.0, 0.94, 0.075);
}

/* Means of 400 draws out of evenly spaced numbers are normal to 2e-4 of their spread s (no skew,
 * kurtosis -1.2/400): their 2.5 % and 97.5 % quantiles lie 1.960 s from the middle, where the 5 %
 * quantile would be at 1.645.  A quantile of 2000 resamples scatters by 0.060 s, the mean of 40 of them by
 * 0.0095 s; 4 of those are allowed. */
static void test_quantiles(void **state)
{
    (void)state;
    enum { N = 400, DRAWS = 40 };
    double values[N], low = 0, high = 0;
    for (int k = 0; k < N; k++)
        values[k] = 7 + k;
    const double middle = 7 + (N - 1) / 2., spread = sqrt((N * N - 1.) / 12 / N);
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        const struct interval95 i = aggregate_mean(values, N, 3, draw);
        ASSERT_NEAR(i.mean, middle, 1e-10);
        low += (middle - i.low) / spread / DRAWS;
        high += (i.high - middle) / spread / DRAWS;
    }
    ASSERT_NEAR(low, 1.959964, 4 * 0.0095);
    ASSERT_NEAR(high, 1.959964, 4 * 0.0095);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bomb),        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_identity),    cmocka_unit_test(test_given),
        cmocka_unit_test(test_key_accepts), cmocka_unit_test(test_bootstrap),
        cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
