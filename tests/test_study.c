/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What check and bench stand on: statistics, the search for the loosest tolerance, the comparison of
 * results, and the cases themselves. */
#include "base/statistics.h"
#include "compare/check.h"
#include "compare/fine_energy.h"
#include "compare/tolerance_search.h"
#include "testing.h"

static struct dopant *dopant;
static struct case_inputs inputs;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    free(devices);
    inputs.training = training_defaults();
    inputs.training.classifier.dopant = dopant;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dopant_free(dopant);
    return 0;
}

static void test_statistics(void **state)
{
    (void)state;
    const double odd[] = {5, 1, 3}, even[] = {4, 1, 2, 8};
    ASSERT_NEAR(statistics_median(odd, 3), 3, 0);
    ASSERT_NEAR(statistics_median(even, 4), 3, 0);
    ASSERT_NEAR(statistics_median(odd, 1), 5, 0);
    ASSERT_NEAR(statistics_spread(odd, 3), 4.0 / 3, 1e-15);
    ASSERT_NEAR(statistics_spread(odd, 1), 0, 0);
    assert_true(odd[0] == 5); /* the values are left as they are */
}

/* y = 3 x^1.7 gives 1.7; with factors that are orthogonal to ln x it stays 1.7. */
static void test_exponent(void **state)
{
    (void)state;
    double x[4], y[4], noisy[4];
    static const double sign[] = {1, -1, -1, 1};
    for (int i = 0; i < 4; i++) {
        x[i] = pow(10, i);
        y[i] = 3 * pow(x[i], 1.7);
        noisy[i] = y[i] * exp(0.3 * sign[i]);
    }
    ASSERT_NEAR(statistics_exponent(x, y, 4), 1.7, 1e-12);
    ASSERT_NEAR(statistics_exponent(x, noisy, 4), 1.7, 1e-12);
    assert_true(isnan(statistics_exponent(x, y, 1)));
    x[1] = x[0];
    assert_true(isnan(statistics_exponent(x, y, 2)));
}

/* Made-up errors by half decade; a negative one is a status. */
struct script {
    double errors[20];
    int asked[20], n;
};

static enum status play(void *data, double reltol, double *found, struct error *error)
{
    struct script *s = data;
    const int k = (int)lround(-2 * log10(reltol));
    s->asked[s->n++] = k;
    if (s->errors[k] < 0) {
        snprintf(error->text, sizeof error->text, "no run at %g", reltol);
        return (enum status)(-s->errors[k]);
    }
    *found = s->errors[k];
    return STATUS_OK;
}

static enum status search(struct script *s, int last, struct tolerance_found *r,
                          struct error *error)
{
    const struct tolerance_search_options o = {2, last, 1e-3, play, s};
    return tolerance_search(&o, r, error);
}

static void test_search_tolerance(void **state)
{
    (void)state;
    for (int k = 0; k < 18; k++)
        ASSERT_NEAR(tolerance_search_at(k) / pow(10, -0.5 * k), 1, 1e-14);
    ASSERT_NEAR(tolerance_search_at(4), 1e-2, 1e-17);
}

static void test_search_finds(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct tolerance_found r;
    /* half decades 2, 3, ... : the loosest two in a row that hold are 5 and 6 */
    struct script s = {
        .errors = {[2] = 0.1, [3] = 0.02, [4] = 2e-3, [5] = 9e-4, [6] = 8e-4, [7] = 1e-9}};
    ASSERT_DONE(search(&s, 14, &r, &error), error);
    assert_true(r.holds);
    ASSERT_NEAR(r.reltol, tolerance_search_at(5), 0);
    ASSERT_NEAR(r.found, 9e-4, 0);
    assert_int_equal(r.steps, 5); /* and nothing tighter was run */
    assert_int_equal(s.asked[s.n - 1], 6);
}

/* A loose run that is right by luck does not count; a failed run is no run that holds. */
static void test_search_luck(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct tolerance_found r;
    struct script s = {
        .errors = {[2] = 5e-4, [3] = 0.02, [4] = -STATUS_NUMERICAL, [5] = 5e-4, [6] = 5e-4}};
    ASSERT_DONE(search(&s, 14, &r, &error), error);
    assert_true(r.holds);
    ASSERT_NEAR(r.reltol, tolerance_search_at(5), 0);
    assert_int_equal(error.text[0], 0);
}

static void test_search_ends(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct tolerance_found r;
    /* at the tightest there is none tighter to ask */
    struct script last = {.errors = {[2] = 0.1, [3] = 0.1, [4] = 1e-4}};
    ASSERT_DONE(search(&last, 4, &r, &error), error);
    assert_true(r.holds);
    ASSERT_NEAR(r.reltol, tolerance_search_at(4), 0);
    /* none holds: the least error is given, and that it does not hold */
    struct script none = {.errors = {[2] = 0.1, [3] = 5e-3, [4] = 6e-3}};
    ASSERT_DONE(search(&none, 4, &r, &error), error);
    assert_false(r.holds);
    ASSERT_NEAR(r.reltol, tolerance_search_at(3), 0);
    ASSERT_NEAR(r.found, 5e-3, 0);
    /* only the loosest holds, by luck: it is the least error, but does not count */
    struct script luck = {.errors = {[2] = 1e-4, [3] = 5e-3, [4] = 6e-3}};
    ASSERT_DONE(search(&luck, 4, &r, &error), error);
    assert_false(r.holds);
    /* no run at all */
    struct script dead = {.errors = {[2] = -STATUS_NUMERICAL, [3] = -STATUS_NUMERICAL}};
    assert_int_equal(search(&dead, 3, &r, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "no run at");
    /* the user and bad input end it at once */
    struct script stopped = {.errors = {[2] = 0.1, [3] = -STATUS_INTERRUPTED, [4] = 1e-9}};
    assert_int_equal(search(&stopped, 14, &r, &error), STATUS_INTERRUPTED);
    assert_int_equal(stopped.n, 2);
    struct script refused = {.errors = {[2] = -STATUS_INPUT}};
    assert_int_equal(search(&refused, 14, &r, &error), STATUS_INPUT);
}

static struct study_case build(const char *name)
{
    struct error error = {{0}};
    struct case_recording none = {0};
    struct study_case k;
    ASSERT_DONE(case_build(case_find(name), &inputs, &none, &k, &error), error);
    return k;
}

/* An engine against itself: no difference at all; and each figure sees its own change. */
static void test_compare(void **state)
{
    (void)state;
    struct study_case k = build("device");
    struct case_result a, b;
    struct error error = {{0}};
    const struct engine *engine = engine_find("event");
    const struct engine_options o = case_tolerances(1e-6);
    ASSERT_DONE(case_run(&k,
                         &(struct case_run_options){.engine = engine, .solver = &o, .keep = true},
                         &a, &error),
                error);
    ASSERT_DONE(case_run(&k,
                         &(struct case_run_options){
                             .engine = engine, .solver = &o, .keep = true, .reference = &a},
                         &b, &error),
                error);
    assert_int_equal(a.n_phases, k.drive.n);
    struct difference d = case_compare(&b, &a);
    ASSERT_NEAR(d.state, 0, 0);
    ASSERT_NEAR(d.reading, 0, 0);
    ASSERT_NEAR(d.energy, 0, 0);
    ASSERT_NEAR(d.waveform, 0, 1e-12);
    assert_true(a.states[0] > 0.01 && a.states[0] < 0.99); /* not at an end, where all agree */

    b.states[0] = a.states[0] * 1.01;
    ASSERT_NEAR(case_compare(&b, &a).state, 0.01, 1e-12);
    b.energy[SECTION_TRAINING][CLASS_LINE] = a.energy[SECTION_TRAINING][CLASS_LINE] * 0.98;
    d = case_compare(&b, &a);
    ASSERT_NEAR(d.energy, 0.02, 1e-12);
    assert_int_equal(d.class, CLASS_LINE);
    assert_int_equal(d.section, SECTION_TRAINING);
    b.readings[5 * k.n_probes + 1] += 1e-5;
    d = case_compare(&b, &a);
    assert_int_equal(d.reading_phase, 5);
    assert_int_equal(d.reading_probe, 1);
    b.states[0] = NAN;
    assert_true(isinf(case_compare(&b, &a).state));
    case_result_free(&a);
    case_result_free(&b);
    case_free(&k);
}

/* An image counts as decided otherwise only beyond 1e-3 of the 60 mV between the classes. */
static void test_compare_decisions(void **state)
{
    (void)state;
    static const struct case_result reference = {.n_images = 4,
                                                 .output = {2e-3, 59e-6, -61e-6, -2e-3}},
                                    same = {.n_images = 4, .output = {1e-3, -1e-6, -1e-6, -3e-3}},
                                    other = {.n_images = 4, .output = {-1e-3, -1e-6, 1e-6, -3e-3}},
                                    fewer = {.n_images = 1, .output = {2e-3}};
    assert_int_equal(case_compare(&same, &reference).decisions, 0);
    assert_int_equal(case_compare(&other, &reference).decisions, 2);
    assert_int_equal(case_compare(&fewer, &reference).decisions, 3);
}

/* The waveform's figure: a reference that is 1 % of the swing too high all the time. */
static void test_compare_waveform(void **state)
{
    (void)state;
    struct study_case k = build("device");
    struct case_result a, b;
    struct error error = {{0}};
    const struct engine_options o = case_tolerances(1e-6);
    ASSERT_DONE(case_run(&k,
                         &(struct case_run_options){
                             .engine = engine_find("ida"), .solver = &o, .keep = true},
                         &a, &error),
                error);
    double low = INFINITY, high = -INFINITY;
    for (size_t n = a.waveform.begins[1]; n < a.waveform.n; n++) {
        low = fmin(low, a.waveform.points[3 * n + 1]);
        high = fmax(high, a.waveform.points[3 * n + 1]);
    }
    for (size_t n = 0; n < a.waveform.n; n++) {
        a.waveform.points[3 * n] += 0.25; /* another clock */
        a.waveform.points[3 * n + 1] += 0.01 * (high - low);
    }
    ASSERT_DONE(case_run(&k,
                         &(struct case_run_options){
                             .engine = engine_find("ida"), .solver = &o, .reference = &a},
                         &b, &error),
                error);
    ASSERT_NEAR(case_compare(&b, &a).waveform, 0.01, 1e-6);
    case_result_free(&a);
    case_result_free(&b);
    case_free(&k);
}

/* Arrays of any size have the devices and pulses that were asked for, and every device can be
 * pulsed by halves: the row at half the voltage, the column at minus that. */
static void test_array_drive(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct case_recording none = {0};
    struct study_case k;
    const struct case_kind kind = case_array(3, 5, 12);
    ASSERT_DONE(case_build(&kind, &inputs, &none, &k, &error), error);
    const struct circuit *c = k.circuits[CASE_FULL];
    assert_int_equal(c->n_states, 15);
    assert_int_equal(k.n_pulses, 12);
    size_t pulses = 0;
    for (size_t p = 0; p < k.drive.n; p++) {
        double most = 0, sum = 0;
        for (size_t i = 0; i < c->n_ports; i++) {
            most = fmax(most, fabs(k.drive.phases[p].drive[i].volt));
            sum += k.drive.phases[p].drive[i].volt;
        }
        if (k.drive.phases[p].section == SECTION_TRAINING && most > 0) {
            pulses++;
            ASSERT_NEAR(sum, 0, 1e-15);
        }
    }
    assert_int_equal(pulses, 12);
    case_free(&k);
}

/* 2 ohm under a ramp from 0 to 1 V in one step: v^2/(3 R) = 1/6 J, and 1/6 again for the same down
 * to 0. */
static void test_fine_energy(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("fine");
    const int a = circuit_node(c, "a");
    circuit_resistor(c, "r1", a, 0, 2, CLASS_LINE);
    struct fine_energy *f = fine_energy_new(c);
    const struct recorder r = fine_energy_recorder(f);
    const struct phase phase = {.section = SECTION_TRAINING};
    static const double volts[] = {0, 1, 0};
    for (int n = 0; n < 3; n++) {
        const double values[2] = {0, volts[n]};
        const struct interval i = {
            .t0 = n > 0 ? n - 1 : 0, .t1 = n, .values = values, .phase = &phase};
        r.take(r.data, &i);
        ASSERT_NEAR(f->elements[SECTION_TRAINING], n / 6.0, 1e-15);
    }
    ASSERT_NEAR(f->gmin[SECTION_TRAINING], 0, 0);
    fine_energy_free(f);
    circuit_free(c);
}

/* Keys and options choose an engine by its place: the names are those of the table, in its order. */
static void test_engines(void **state)
{
    (void)state;
    size_t n = 0;
    for (; engine_table[n]; n++) {
        assert_string_equal(engine_names[n], engine_table[n]->name);
        assert_ptr_equal(engine_find(engine_names[n]), engine_table[n]);
        assert_int_equal(engine_index(engine_names[n]), n);
    }
    assert_null(engine_names[n]);
    assert_null(engine_find("spice"));
    /* ngspice's deck is written before the first pulse; only event draws switches, and it alone has
     * no latencies; a foundry's netlist is SPICE's */
    static const struct {
        enum engine_ability ability;
        const char *able;
    } expected[] = {{ENGINE_SWITCHES, "event"},
                    {ENGINE_CHANGES_DEVICES, "ida or event"},
                    {ENGINE_STARTS_FROM_ZERO, "ngspice"},
                    {ENGINE_TRANSISTORS, "ngspice or ida"},
                    {ENGINE_SUBCIRCUITS, "ngspice"}};
    for (size_t i = 0; i < COUNT(expected); i++) {
        char *able = engines_able(expected[i].ability);
        assert_string_equal(able, expected[i].able);
        free(able);
    }
    struct error error;
    assert_int_equal(fail_unable(&error, ENGINE_TRANSISTORS, "%s is not %d", "m1", 2),
                     STATUS_INPUT);
    assert_string_equal(error.text, "m1 is not 2; use --engine ngspice or ida");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics),       cmocka_unit_test(test_exponent),
        cmocka_unit_test(test_search_tolerance), cmocka_unit_test(test_search_finds),
        cmocka_unit_test(test_search_luck),      cmocka_unit_test(test_search_ends),
        cmocka_unit_test(test_compare),          cmocka_unit_test(test_compare_decisions),
        cmocka_unit_test(test_compare_waveform), cmocka_unit_test(test_array_drive),
        cmocka_unit_test(test_fine_energy),      cmocka_unit_test(test_engines),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
