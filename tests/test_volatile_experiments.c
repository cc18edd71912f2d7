/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiments with the volatile stochastic device, as the table of experiments runs them, with
 * the defaults of arXiv:2407.04718: what that work states of each, in the mean form where a law is
 * compared and by jumps where chance belongs to it. */
#include "study/experiment/experiments.h"

#include "testing.h"

#include <math.h>

static double outputs[32];
static struct experiment_detail detail;

/* Run with "key value" pairs; the outputs go to outputs[], the details to `detail`. */
static void run(const struct experiment *e, uint64_t seed, uint32_t replica,
                const char *const *settings)
{
    void *literals = memory_new(1, e->options_size), *options = memory_new(1, e->options_size);
    struct cell cells[32] = {0};
    struct error error = {0};
    void *shared = NULL;
    for (size_t k = 0; k < detail.n; k++)
        table_free(detail.tables[k]);
    detail = (struct experiment_detail){0};
    e->defaults(literals);
    keys_copy(e->keys, e->n_keys, literals, options, e->options_size);
    for (; settings && *settings; settings += 2) {
        const struct key *key = key_find(e->keys, e->n_keys, settings[0]);
        const struct key_value value = {
            .file = "test", .line = 1, .n = 1, .items = &settings[1], .list = false};
        assert_non_null(key);
        ASSERT_DONE(key_set(key, &value, options, &error), error);
    }
    ASSERT_DONE(e->open(options, NULL, &shared, &error), error);
    ASSERT_DONE(
        e->run(shared, options, (struct random_sample){seed, replica}, cells, &detail, &error),
        error);
    e->close(shared);
    assert_true(e->n_outputs <= COUNT(outputs));
    for (size_t k = 0; k < e->n_outputs; k++)
        outputs[k] = cells[k].kind == CELL_NUMBER ? cells[k].number : NAN;
    keys_free(e->keys, e->n_keys, options);
    free(options);
    free(literals);
}

static double out(const struct experiment *e, const char *name)
{
    for (size_t k = 0; k < e->n_outputs; k++)
        if (strcmp(e->outputs[k].name, name) == 0)
            return outputs[k];
    fail_msg("no output %s", name);
    return NAN;
}

static double reading(size_t row, const char *column)
{
    const struct table *t = detail.tables[0];
    return t->cells[row * t->n_columns + table_column(t, column)].number;
}

/* Pinched: no current at 0 V.  A positive voltage raises the resistance and a negative one lowers
 * it, and what the loop encloses is work done by the source: both lobes. */
static void test_hysteresis(void **state)
{
    (void)state;
    const struct experiment *e = &experiment_hysteresis;
    static const char *const mean[] = {"device.method", "mean", NULL};
    run(e, 1, 0, mean);
    size_t lowest = 0, n = detail.tables[0]->n_rows;
    assert_int_equal(n, 1001);
    for (size_t k = 1; k < n; k++) {
        const double i = reading(k, "current_A"), v = reading(k, "voltage_V");
        ASSERT_NEAR(i, v / reading(k, "resistance_ohm"), 1e-12);
        lowest = fabs(v) < fabs(reading(lowest, "voltage_V")) || lowest == 0 ? k : lowest;
    }
    assert_true(fabs(reading(lowest, "current_A")) < 1e-6);
    assert_true(reading(490, "resistance_ohm") > 1.1 * 5e3);
    assert_true(reading(980, "resistance_ohm") < 0.9 * reading(490, "resistance_ohm"));
    assert_true(out(e, "loop_area_VA") > 1e-6);
    /* without volatility nothing moves: the loop is a line */
    static const char *const rigid[] = {
        "device.method", "mean", "device.kappa_v", "0", "device.rth", "0", NULL};
    run(e, 1, 0, rigid);
    assert_true(out(e, "r_max_ohm") / out(e, "r_min_ohm") < 1.05);
}

/* Each pulse of growing negative voltage lowers the resistance further. */
static void test_staircase(void **state)
{
    (void)state;
    const struct experiment *e = &experiment_staircase;
    static const char *const mean[] = {"device.method", "mean", NULL};
    run(e, 1, 0, mean);
    assert_int_equal(detail.tables[0]->n_rows, 4 * 20 + 1);
    for (size_t k = 5; k < 20; k++) {
        ASSERT_NEAR(reading(4 * k + 1, "voltage_V"), -0.01 * (double)(k + 1), 1e-12);
        assert_true(reading(4 * k + 2, "resistance_ohm") < reading(4 * k + 1, "resistance_ohm"));
    }
    assert_true(out(e, "r_end_ohm") < 0.5 * out(e, "r_start_ohm"));
}

/* The response to five pulses grows with their frequency, with volatility; without it, it does not:
 * what is left is the drift at rest, which has less time at a higher frequency. */
static void test_frequency(void **state)
{
    (void)state;
    const struct experiment *e = &experiment_pulse_frequency;
    static const char *const frequencies[] = {"0.10", "0.13", "0.16", "0.19"};
    double on[4], off[4], jumps[4];
    for (size_t k = 0; k < 4; k++) {
        const char *const volatile_[] = {"device.method", "mean", "drive.frequency", frequencies[k],
                                         NULL};
        const char *const rigid[] = {"device.method",
                                     "mean",
                                     "drive.frequency",
                                     frequencies[k],
                                     "device.kappa_v",
                                     "0",
                                     NULL};
        const char *const stochastic[] = {"drive.frequency", frequencies[k], NULL};
        run(e, 1, 0, volatile_);
        on[k] = out(e, "change");
        run(e, 1, 0, rigid);
        off[k] = out(e, "change");
        jumps[k] = 0;
        for (uint32_t replica = 0; replica < 100; replica++) {
            run(e, 1, replica, stochastic);
            jumps[k] += out(e, "change") / 100;
        }
        print_message("%s Hz: change %.4f on, %.4f in 100 trials, %.6f off\n", frequencies[k],
                      on[k], jumps[k], off[k]);
    }
    for (size_t k = 1; k < 4; k++) {
        assert_true(on[k] > 1.2 * on[k - 1] && jumps[k] > jumps[k - 1]);
        assert_true(off[k] <= off[k - 1] && off[k] < 1e-3);
    }
}

/* While the disruption decays the way back is fast, many times the drift at rest, and then it is the
 * drift: 3.6 switches in 1e4 s from 20 kohm.  Without disruption there is no fast part. */
static void test_relaxation(void **state)
{
    (void)state;
    const struct experiment *e = &experiment_relaxation;
    static const char *const mean[] = {"device.method", "mean", NULL};
    static const char *const rigid[] = {
        "device.method", "mean", "device.kappa_v", "0", "device.rth", "0", NULL};
    run(e, 1, 0, mean);
    const double fast = out(e, "switches_fast"), slow = out(e, "switches_slow");
    print_message("switches lost: %.3f in 50 s, %.3f until 1e4 s\n", fast, slow);
    assert_true(out(e, "r_pulse_ohm") < out(e, "r_start_ohm"));
    assert_true(out(e, "r_end_ohm") > out(e, "r_fast_ohm"));
    assert_true(out(e, "r_fast_ohm") > out(e, "r_pulse_ohm"));
    ASSERT_NEAR(slow, 3.87, 0.15); /* the drift's rate times 1e4 s */
    assert_true(fast / 50 > 100 * slow / 1e4);
    run(e, 1, 0, rigid);
    assert_true(out(e, "switches_fast") < 0.03);
}

/* Exact jumps leave no bias against single events and the same spread; fixed steps have a bias that
 * falls with h; the rounded Normal's does not fall below some step, and its spread is too small,
 * since fewer than half a flip are rounded away. */
static void test_accuracy(void **state)
{
    (void)state;
    const struct experiment *e = &experiment_event_accuracy;
    static const char *const fewer[] = {"trials", "200", "fixed.steps", "0.02 0.2 1", NULL};
    run(e, 1, 0, fewer);
    print_message("event: bias2 %.0f, floor %.0f, spread %.3f\n", out(e, "event_bias2_ohm2"),
                  out(e, "event_floor_ohm2"), out(e, "event_spread"));
    /* the floor is bias2's own size by chance: readings are correlated, so up to 3 of it */
    assert_true(fabs(out(e, "event_bias2_ohm2")) < 3 * out(e, "event_floor_ohm2"));
    ASSERT_NEAR(out(e, "event_spread"), 1, 0.2); /* 200 trials: 0.05, correlated readings */
    const struct table *w = detail.tables[0];
    const size_t bias2 = table_column(w, "bias2_ohm2"), floor_ = table_column(w, "floor_ohm2"),
                 spread = table_column(w, "spread"), draws = table_column(w, "draws");
    assert_int_equal(w->n_rows, 2 + 9);
    /* Work, in draws of a pair of binomials or of an event: fixed steps take one in each of 150 s / h
     * steps; jumps one at each of 30 readings and some more where the switches' own effect is heard;
     * single events at least one for every switch that flips, some thousands. */
    static const double fixed[] = {0.02, 0.2, 1};
    for (size_t k = 0; k < 3; k++)
        ASSERT_NEAR(w->cells[(2 + k) * w->n_columns + draws].number, 150 / fixed[k], 1e-6);
    const double jumps = w->cells[w->n_columns + draws].number;
    assert_true(jumps >= 30 && jumps < 45);
    assert_true(w->cells[draws].number > 100 * jumps);
    ASSERT_NEAR(w->cells[draws].number, out(e, "single_draws"), 0);
    const struct cell *binomial = &w->cells[2 * w->n_columns],
                      *normal = &w->cells[5 * w->n_columns];
    assert_true(binomial[2 * w->n_columns + bias2].number >
                10 * binomial[w->n_columns + bias2].number);
    assert_true(fabs(binomial[bias2].number) < 3 * binomial[floor_].number);
    assert_true(normal[bias2].number > 10 * normal[floor_].number);
    assert_true(normal[spread].number < 0.7);
    /* passages of 1 s have no bias, where binomial steps of 1 s have one of a hundred times the chance */
    const struct cell *passage = &w->cells[(8 + 2) * w->n_columns];
    assert_true(binomial[2 * w->n_columns + bias2].number > 100 * passage[floor_].number);
    assert_true(fabs(passage[bias2].number) < 3 * passage[floor_].number);
    ASSERT_NEAR(passage[spread].number, 1, 0.2);
    assert_true(out(e, "speedup_passage") < out(e, "speedup_binomial"));
    /* chance and counts repeat; times do not */
    const double before = out(e, "event_mse_ohm2");
    run(e, 1, 0, fewer);
    ASSERT_NEAR(out(e, "event_mse_ohm2"), before, 0);
}

static void refused(const struct experiment *e, const char *key, const char *text, const char *part)
{
    void *options = memory_new(1, e->options_size), *literals = memory_new(1, e->options_size);
    struct error error = {0};
    void *shared = NULL;
    e->defaults(literals);
    keys_copy(e->keys, e->n_keys, literals, options, e->options_size);
    const struct key_value value = {.file = "t.yaml", .line = 7, .n = 1, .items = &text};
    enum status status = key_set(key_find(e->keys, e->n_keys, key), &value, options, &error);
    if (status == STATUS_OK)
        status = e->open(options, NULL, &shared, &error);
    assert_int_equal(status, STATUS_INPUT);
    ASSERT_NAMES(error.text, part);
    keys_free(e->keys, e->n_keys, options);
    free(options);
    free(literals);
}

static void test_bad_input(void **state)
{
    (void)state;
    refused(&experiment_hysteresis, "device.n", "1.5", "whole number");
    refused(&experiment_hysteresis, "device.nth", "3e4", "at most device.n");
    refused(&experiment_pulse_frequency, "drive.width", "11", "longer than the period");
    refused(&experiment_event_accuracy, "fixed.steps", "0.1 x", "found 'x'");
    refused(&experiment_event_accuracy, "fixed.steps", "1 2 3 4 5 6 7 8 9 10 11", "more than 10");
    refused(&experiment_event_accuracy, "fixed.steps", "0", "from 1e-9");
    refused(&experiment_event_accuracy, "switches", "0.5", "whole number");
    refused(&experiment_relaxation, "device.va", "-1", "device.va");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hysteresis), cmocka_unit_test(test_staircase),
        cmocka_unit_test(test_frequency),  cmocka_unit_test(test_relaxation),
        cmocka_unit_test(test_accuracy),   cmocka_unit_test(test_bad_input),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t k = 0; k < detail.n; k++)
        table_free(detail.tables[k]);
    return failed;
}
