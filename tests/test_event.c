/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event engine: closed forms, its own error, the other engines, and its switches. */
#include "array_run.h"
#include "base/random.h"
#include "device/model/two_state.h"
#include "engine/drive_log.h"
#include "learn/training.h"
#include "ledger_sections.h"

#include <gsl/gsl_cdf.h>

static struct dopant *chromium, *yakopcic;
static struct subcircuit_file *neuron, *switches;
static struct neuron_kind kind;
static struct image_pair images;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices"), *neuron_path = source_path("netlists/neuron.sub"),
         *switches_path = source_path("netlists/switches.sub");
    ASSERT_DONE(dopant_read("Cr", devices, &chromium, &error), error);
    ASSERT_DONE(dopant_read("yakopcic-demo", devices, &yakopcic, &error), error);
    ASSERT_DONE(neuron_read(neuron_path, &neuron, &kind, &error), error);
    ASSERT_DONE(subcircuit_read(switches_path, &switches, &error), error);
    ASSERT_DONE(images_read("T/X", &images, &error), error);
    free(devices);
    free(neuron_path);
    free(switches_path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dopant_free(chromium);
    dopant_free(yakopcic);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    images_free(&images);
    return 0;
}

/* One device at a port, behind `ohm`; *x: where its state lies among the values. */
static struct circuit *one_device(const struct dopant *d, double ohm, double x0, size_t *x)
{
    struct circuit *c = circuit_new("device");
    const int p = circuit_node(c, "p"), m = ohm > 0 ? circuit_node(c, "m") : p;
    circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
    if (ohm > 0)
        circuit_resistor(c, "r1", p, m, ohm, CLASS_LINE);
    const int element = circuit_memristor(c, "xm1", m, 0, d, x0);
    *x = circuit_state_value(c, c->elements[element].state);
    return c;
}

/* At constant voltage a step is the law's own jump: over every model that has one, to rounding. */
static void test_closed_form(void **state)
{
    (void)state;
    static const char *const names[] = {"W", "Sn", "Cr", "C", "mms-demo", "gmms-demo"};
    static const double volts[] = {0.3, -0.2, 0.5, 0.01, -1};
    char *devices = source_path("devices");
    double moved = 0;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct dopant *d;
        struct error error;
        size_t at;
        ASSERT_DONE(dopant_read(names[i], devices, &d, &error), error);
        struct circuit *c = one_device(d, 0, 0.2, &at);
        struct array_run r = array_run("event", &engine_defaults, c, COUNT(volts), volts, 1e-4, 0);
        double x = 0.2;
        for (size_t k = 0; k < COUNT(volts); k++) {
            const double before = x;
            x = d->model->jump(d->constants, volts[k], x, 1e-4);
            moved += fabs(x - before);
        }
        ASSERT_NEAR(r.values[at], x, 1e-12);
        array_run_free(&r);
        circuit_free(c);
        dopant_free(d);
    }
    assert_true(moved > 3);
    free(devices);
}

/* Behind a resistor the voltage moves with the state.  Steps of at most 1/64 of the pulse against
 * those that the tolerance allows: the state within ten steps' tolerance, a tenth of reltol each,
 * energies within one step's, as they follow the states to their order; and ten times less at a tenth
 * of reltol. */
static void test_steps(void **state)
{
    (void)state;
    static const double volts[] = {0.5, 0, 0.45, -0.3, 0.1};
    for (int k = 0; k < 4; k++) {
        struct engine_options o = engine_defaults, fine;
        o.reltol = pow(10, -2 - k);
        o.vntol = 1e-9;
        fine = o;
        fine.step_max = 1e-3 / 64;
        fine.reltol = 1e-8;
        size_t at;
        struct circuit *c = one_device(chromium, 500, 0.02, &at);
        struct array_run a = array_run("event", &o, c, COUNT(volts), volts, 1e-3, 1e-6),
                         b = array_run("event", &fine, c, COUNT(volts), volts, 1e-3, 1e-6);
        assert_true(4 * a.n_points < b.n_points);
        ASSERT_NEAR(a.values[at], b.values[at], o.reltol * b.values[at]);
        for (size_t e = 0; e < c->n_elements; e++)
            ASSERT_NEAR(a.energy[e], b.energy[e], 0.1 * o.reltol * fabs(b.energy[e]) + 1e-18);
        array_run_free(&a);
        array_run_free(&b);
        circuit_free(c);
    }
}

/* 3 x 9, states and energies of every element against ida at reltol 1e-7. */
static void check_array(double line_ohm, double driver_ohm, bool openable)
{
    double x0[27];
    for (size_t k = 0; k < 27; k++)
        x0[k] = 0.05 + 0.4 * (double)(k * 7 % 11) / 10;
    const struct crossbar_options o = {.rows = 3,
                                       .columns = 9,
                                       .dopant = chromium,
                                       .x0 = x0,
                                       .row_ohm = 2 * line_ohm,
                                       .column_ohm = line_ohm,
                                       .driver_ohm = driver_ohm,
                                       .openable = openable};
    struct circuit *c = circuit_new("array");
    struct crossbar a;
    struct error error = {{0}};
    ASSERT_DONE(crossbar_build(c, &o, &a, &error), error);
    double *volts = NEW(4 * c->n_ports, double);
    for (size_t i = 0; i < 3; i++) {
        volts[a.row_ports[i]] = 0.5 + 0.02 * (double)i;
        volts[c->n_ports + (size_t)a.row_ports[i]] = -0.2;
        volts[2 * c->n_ports + (size_t)a.row_ports[i]] = i == 1 ? 0.6 : 0.3;
    }
    struct engine_options tight = engine_defaults;
    tight.reltol = 1e-7;
    tight.vntol = 1e-9;
    tight.step_max = 1e-5;
    struct array_run r = array_run("event", &engine_defaults, c, 4, volts, 200e-6, 1e-6),
                     t = array_run("ida", &tight, c, 4, volts, 200e-6, 1e-6);
    double moved = 0;
    for (size_t k = 0; k < 27; k++) {
        const size_t x = circuit_state_value(c, c->elements[a.devices[k]].state);
        ASSERT_NEAR(r.values[x], t.values[x], 1e-4 * t.values[x]);
        moved += fabs(r.values[x] - x0[k]);
    }
    assert_true(moved > 2);
    for (size_t e = 0; e < c->n_elements; e++)
        ASSERT_NEAR(r.energy[e], t.energy[e], 1e-3 * fabs(t.energy[e]) + 1e-15);
    array_run_free(&r);
    array_run_free(&t);
    free(volts);
    circuit_free(c);
}

/* With lines' resistance, with switches at the ports, and without any: every device by itself. */
static void test_array(void **state)
{
    (void)state;
    check_array(1, 50, false);
    check_array(1, 50, true);
    check_array(0, 50, false);
    check_array(0, 0, false);
}

/* Transistors by themselves: a gate that is on, or off, and the bulk diodes of both, which take other powers at
 * other voltages. */
static void check_gate(double on_volt)
{
    struct circuit *c = circuit_new("gate");
    const int vdd = circuit_node(c, "vdd"), p = circuit_node(c, "p"), m = circuit_node(c, "m");
    circuit_voltage(c, "vvdd", vdd, 0, 3.3, CLASS_NEURON);
    const int port = circuit_port(c, "p", p, (struct port_driver){100, false, 0, CLASS_DRIVER}),
              on = circuit_logic_port(c, "on");
    const struct crossbar_gate gate = {switches, p,     m,           circuit_node(c, "on"),
                                       vdd,      30e-6, CLASS_SELECT};
    struct error error = {{0}};
    ASSERT_DONE(crossbar_switch(c, &gate, "x1", &error), error);
    circuit_resistor(c, "r1", m, 0, 1e6, CLASS_MEMRISTOR);
    enum { PULSES = 4 };
    static const double at[PULSES] = {0, 1, 2.5, 0};
    double volts[PULSES * 2];
    for (size_t i = 0; i < PULSES; i++) {
        volts[2 * i + (size_t)port] = at[i];
        volts[2 * i + (size_t)on] = on_volt;
    }
    struct engine_options tight = engine_defaults;
    tight.reltol = 1e-6;
    struct array_run r = array_run("event", &engine_defaults, c, PULSES, volts, 1e-3, 1e-4),
                     t = array_run("ida", &tight, c, PULSES, volts, 1e-3, 1e-4);
    double energy = 0, expected = 0;
    for (size_t e = 0; e < c->n_elements; e++)
        if (c->elements[e].kind == ELEMENT_MOSFET) {
            energy += r.energy[e];
            expected += t.energy[e];
        }
    assert_true(expected > 1e-16);
    ASSERT_NEAR(energy, expected, 3 * engine_defaults.reltol * expected);
    array_run_free(&r);
    array_run_free(&t);
    circuit_free(c);
}
static void test_gate(void **state)
{
    (void)state;
    check_gate(3.3);
    check_gate(0);
}

static struct training_options options_of(const char *engine)
{
    struct training_options o = training_defaults();
    o.classifier.dopant = chromium;
    o.classifier.neuron = kind;
    o.classifier.switches = switches;
    o.images = &images;
    o.engine = engine_find(engine);
    return o;
}

struct last_values {
    const struct circuit *circuit;
    double *values;
};

static void keep(void *data, const struct interval *i)
{
    struct last_values *l = data;
    memcpy(l->values, i->values, circuit_n_values(l->circuit) * sizeof *l->values);
}

/* The drive of a whole run in ngspice with CMOS neurons, played on behavioural ones: states within
 * 1e-3.  Energy of training, class by class, within 1e-3.  In inference the CMOS amplifier's finite
 * gain lets columns rise by 0.4 mV of 100 mV, and it settles for half of an image's 5 us, neither of
 * which the behavioural one has: array within 2 %, the neurons' supply within 2e-3. */
static void test_training_replay(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct training_options o = options_of("ngspice");
    struct training t, b;
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    o = options_of("event");
    ASSERT_DONE(training_prepare(&o, &b, &error), error);
    const struct circuit *c = t.classifier.circuit, *d = b.classifier.circuit;
    assert_int_equal(c->n_ports, d->n_ports);
    assert_int_equal(c->n_states, d->n_states);
    struct drive_log log;
    drive_log_new(&log, c);
    struct last_values last = {c, NEW(circuit_n_values(c), double)},
                       played = {d, NEW(circuit_n_values(d), double)};
    const struct recorder recorders[] = {drive_log_recorder(&log), {keep, &last}};
    ASSERT_DONE(training_run(&t, recorders, 2, &error), error);
    struct engine_options options = engine_defaults;
    struct ledger *ledger = ledger_new(d, NULL);
    const struct recorder replayed[] = {ledger_recorder(ledger), {keep, &played}};
    options.recorders = replayed;
    options.n_recorders = 2;
    struct engine_report report;
    const struct controller controller = drive_log_controller(&log);
    ASSERT_DONE(engine_run(engine_find("event"), d, &controller, &options, &report, &error), error);
    for (size_t s = 0; s < c->n_states; s++) {
        const double x = last.values[circuit_state_value(c, (int)s)];
        ASSERT_NEAR(played.values[circuit_state_value(d, (int)s)], x, 1e-3 * x);
    }
    static const struct {
        enum phase_section section;
        enum energy_class class;
        double part;
    } bounds[] = {
        {SECTION_TRAINING, CLASS_MEMRISTOR, 1e-3},  {SECTION_TRAINING, CLASS_SELECT, 1e-3},
        {SECTION_TRAINING, CLASS_DRIVER, 1e-3},     {SECTION_TRAINING, CLASS_NEURON, 1e-3},
        {SECTION_INFERENCE, CLASS_MEMRISTOR, 2e-2}, {SECTION_INFERENCE, CLASS_REFERENCE, 2e-2},
        {SECTION_INFERENCE, CLASS_NEURON, 2e-3},
    };
    for (size_t k = 0; k < COUNT(bounds); k++) {
        const double e = ledger_section_class(t.ledger, bounds[k].section, bounds[k].class);
        ASSERT_NEAR(ledger_section_class(ledger, bounds[k].section, bounds[k].class), e,
                    bounds[k].part * e);
    }
    assert_true(ledger_residual_supply(ledger) < 1e-5);
    assert_true(ledger_residual_array(ledger) < 1e-5);
    ledger_free(ledger);
    free(last.values);
    free(played.values);
    drive_log_free(&log);
    training_free(&t);
    training_free(&b);
}

/* What it cannot run is named: a transistor of an amplifier, a law without switches. */
static void test_refused(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct training_options o = options_of("ida");
    static const double x0[30] = {0};
    struct classifier k;
    struct engine_report report;
    const struct controller nothing = {.step = NULL, .data = NULL};
    o.classifier.x0 = x0;
    ASSERT_DONE(classifier_build(&o.classifier, &k, &error), error);
    assert_int_equal(
        engine_run(engine_find("event"), k.circuit, &nothing, &o.solver, &report, &error),
        STATUS_INPUT);
    ASSERT_NAMES(error.text, "transistor");
    ASSERT_NAMES(error.text, "m.x");
    classifier_free(&k);
    size_t at;
    struct circuit *c = one_device(yakopcic, 0, 0.2, &at);
    o.solver.switches = 100;
    assert_int_equal(engine_run(engine_find("event"), c, &nothing, &o.solver, &report, &error),
                     STATUS_INPUT);
    ASSERT_NAMES(error.text, "xm1");
    ASSERT_NAMES(error.text, "yakopcic");
    circuit_free(c);
}

static struct model_value broken_rate(const double *c, double v, double x)
{
    (void)c;
    return (struct model_value){v > 0.5 ? NAN : v < 0 ? 5e6 : 0, 0, x < 0 ? 1 : 0};
}

static bool one_pulse(void *data, const struct reading *reading, struct phase *next)
{
    next->duration = 1e-6;
    next->drive[0].volt = *(const double *)data;
    return !reading;
}

/* A law that gives NaN, and one that drives its state out of [0, 1]: a message with place and time,
 * and no endless loop. */
static void test_broken_law(void **state)
{
    (void)state;
    struct model broken = *chromium->model;
    broken.rate = broken_rate;
    struct dopant d = *chromium;
    d.model = &broken;
    size_t at;
    struct circuit *c = one_device(&d, 100, 0.2, &at);
    struct error error = {{0}};
    struct engine_report report;
    static double volts[] = {0.8, -0.8};
    static const char *const parts[] = {"law of xm1 gives nan at", "state of xm1"};
    for (int k = 0; k < 2; k++) {
        const struct controller controller = {.step = one_pulse, .data = &volts[k]};
        assert_int_equal(
            engine_run(engine_find("event"), c, &controller, &engine_defaults, &report, &error),
            STATUS_NUMERICAL);
        ASSERT_NAMES(error.text, parts[k]);
        ASSERT_NAMES(error.text, "t = ");
        ASSERT_NAMES(error.text, "--reltol");
    }
    circuit_free(c);
}

/* A law that is given between 0 and 1 only, and slow at first: steps that its slope at the beginning
 * lets be too long end where it is NaN.  They are shortened, and the state goes to where it rests. */
static struct model_value bounded_rate(const double *c, double v, double x)
{
    (void)c, (void)v;
    const double s = sqrt(1 - x), k = 1e6; /* [1/s] */
    return (struct model_value){k * x * x * (0.3 - x) * s, 0,
                                k * ((0.6 - 3 * x) * x * s - x * x * (0.3 - x) / (2 * s))};
}

static void test_bounded_law(void **state)
{
    (void)state;
    struct model bounded = *chromium->model;
    bounded.rate = bounded_rate;
    struct dopant d = *chromium;
    d.model = &bounded;
    size_t at;
    struct circuit *c = one_device(&d, 100, 0.05, &at);
    static const double volt = 0.1;
    struct array_run r = array_run("event", &engine_defaults, c, 1, &volt, 1e-2, 0);
    ASSERT_NEAR(r.values[at], 0.3, engine_defaults.reltol * 0.3);
    array_run_free(&r);
    circuit_free(c);
}

/* 1e3/s, but 51 times as fast about x = 0.3: a step over all of it looks like any other. */
static struct model_value hurried_rate(const double *c, double v, double x)
{
    (void)c, (void)v;
    const double z = (x - 0.3) / 0.01, e = 50 * exp(-z * z);
    return (struct model_value){1e3 * (1 + e), 0, -2e3 * e * z / 0.01};
}

struct until {
    struct phase_stop stop;
    double volt;
};

static bool stop_once(void *data, const struct reading *reading, struct phase *next)
{
    const struct until *u = data;
    next->duration = 2e-4;
    next->drive[0].volt = u->volt;
    next->stops = &u->stop;
    next->n_stops = 1;
    return !reading;
}

/* The stop lies where it is fast.  Steps that are tried in the search for it see that; what is accepted
 * has an error within the tolerance all the same, so that the stop comes when it comes in steps of 1 us:
 * within the time in which the state moves by reltol where it is slow. */
static void test_stop(void **state)
{
    (void)state;
    struct model hurried = *chromium->model;
    hurried.rate = hurried_rate;
    struct dopant d = *chromium;
    d.model = &hurried;
    size_t at;
    struct circuit *c = one_device(&d, 10, 0.2, &at);
    const double volt = 0.3,
                 g = d.model->current(d.constants, 1, 0.305).f; /* where it stops: x = 0.305 */
    const int m = c->elements[1].node[1];
    struct until u = {{(size_t)m, volt / (1 + 10 * g), false}, volt};
    const struct controller controller = {.step = stop_once, .data = &u};
    struct engine_options loose = engine_defaults, fine = engine_defaults;
    loose.reltol = 1e-2;
    loose.vntol = 1e-6;
    fine.reltol = 1e-7;
    fine.vntol = 1e-10;
    fine.step_max = 1e-6;
    struct engine_report report, reference;
    struct error error = {{0}};
    const struct engine *event = engine_find("event");
    ASSERT_DONE(engine_run(event, c, &controller, &loose, &report, &error), error);
    ASSERT_DONE(engine_run(event, c, &controller, &fine, &reference, &error), error);
    assert_true(reference.time > 5e-5 && reference.time < 1e-4);
    ASSERT_NEAR(report.time, reference.time, loose.reltol * 0.3 / 1e3);
    circuit_free(c);
}

/* After 20 us at 0.4 V from x0 = 0.25, n of N = 200 switches are ON: those that stay and those that
 * come are binomial, so that mean and variance are known.  2000 seeds: the mean's deviation in units
 * of its own is below 4 (6e-5 by chance), the variance passes chi-square at 1e-4 to either side. */
static void test_switches(void **state)
{
    (void)state;
    enum { N = 200, RUNS = 2000 };
    const double volt = 0.4, width = 20e-6, x0 = 0.25;
    size_t at;
    struct circuit *c = one_device(chromium, 0, x0, &at);
    struct engine_options o = engine_defaults;
    o.switches = N;
    double sum = 0, squares = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        o.seed = seed;
        struct array_run r = array_run("event", &o, c, 1, &volt, width, 0);
        const double n = N * r.values[at];
        ASSERT_NEAR(n, nearbyint(n), 1e-9);
        sum += n;
        squares += n * n;
        array_run_free(&r);
    }
    const double stays = chromium->model->jump(chromium->constants, volt, 1, width),
                 comes = chromium->model->jump(chromium->constants, volt, 0, width);
    const double mean = N * (x0 * stays + (1 - x0) * comes),
                 variance = N * (x0 * stays * (1 - stays) + (1 - x0) * comes * (1 - comes));
    assert_true(variance > 1);
    assert_true(fabs(sum / RUNS - mean) < 4 * sqrt(variance / RUNS));
    const double chi2 = (squares - 2 * mean * sum + RUNS * mean * mean) / variance;
    assert_true(gsl_cdf_chisq_P(chi2, RUNS) > 1e-4 && gsl_cdf_chisq_Q(chi2, RUNS) > 1e-4);

    /* the same seed gives the same run; with very many switches the mean remains */
    static const double volts[] = {0.5, -0.3, 0.1};
    struct circuit *series = one_device(chromium, 500, 0.02, &at);
    o.seed = 7;
    struct array_run a = array_run("event", &o, series, 3, volts, 1e-3, 1e-6),
                     b = array_run("event", &o, series, 3, volts, 1e-3, 1e-6);
    assert_memory_equal(a.energy, b.energy, series->n_elements * sizeof *a.energy);
    ASSERT_NEAR(a.values[at], b.values[at], 0);
    array_run_free(&b);
    o.switches = 0;
    b = array_run("event", &o, series, 3, volts, 1e-3, 1e-6);
    assert_true(fabs(a.values[at] - b.values[at]) > 1e-6);
    array_run_free(&a);
    o.switches = 1e9;
    a = array_run("event", &o, series, 3, volts, 1e-3, 1e-6);
    ASSERT_NEAR(a.values[at], b.values[at], 10 / sqrt(1e9)); /* ten deviations of 1e9 switches */
    array_run_free(&a);
    array_run_free(&b);
    circuit_free(series);
    circuit_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_form), cmocka_unit_test(test_steps),
        cmocka_unit_test(test_array),       cmocka_unit_test(test_gate),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_broken_law),
        cmocka_unit_test(test_bounded_law), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_switches),    cmocka_unit_test(test_training_replay),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
