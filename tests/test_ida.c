/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The differential-algebraic system behind the engine `ida`, and that engine against ngspice on the
 * whole classifier: the same drive must give the same states and energies. */
#include "base/random.h"
#include "engine/dae.h"
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "learn/training.h"
#include "testing.h"

static struct dopant *dopant;
static struct subcircuit_file *neuron, *switches;
static struct image_pair images;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices"), *neuron_path = source_path("netlists/neuron.sub"),
         *switches_path = source_path("netlists/switches.sub");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    ASSERT_DONE(subcircuit_read(neuron_path, &neuron, &error), error);
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
    dopant_free(dopant);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    images_free(&images);
    return 0;
}

static struct classifier_options classifier_options(void)
{
    static const double x0[30] = {0.01, 0.2, 0.03, 0.4, 0.05, 0.9};
    struct classifier_options o = classifier_defaults;
    o.dopant = dopant;
    o.neuron.file = neuron;
    o.switches = switches;
    o.x0 = x0;
    return o;
}

/* The Jacobian against central differences of the residual, at random voltages within the supply
 * and random states, over all elements of the classifier.  A step of 1e-6 V: the second difference
 * of the square law is zero; rounding of mA in 1e-6 V leaves 1e-7 S; the exponential of a diode
 * that the random voltages turn on is steeper, so 1e-5 of the entry is added; a state's rate of
 * 1e5/s has a last place of 1e-11/s, which is 1e-9 of it in 2 h. */
static void test_jacobian(void **state)
{
    (void)state;
    const struct classifier_options o = classifier_options();
    struct classifier k;
    struct error error = {{0}};
    ASSERT_DONE(classifier_build(&o, &k, &error), error);
    struct dae *d = dae_new(k.circuit, &error);
    assert_non_null(d);
    const size_t n = d->n;
    double *y = NEW(n, double), *slope = NEW(n, double), *plus = NEW(n, double),
           *minus = NEW(n, double), *entries = NEW(d->n_entries + 1, double);
    gsl_rng *rng = random_stream(1, 0, RANDOM_TEST);
    const double h = 1e-6, c = 1e7;
    for (int trial = 0; trial < 3; trial++) {
        for (size_t i = 0; i < n; i++) {
            y[i] = i < d->n_roots ? 0.6 + 2.1 * gsl_rng_uniform(rng) : gsl_rng_uniform(rng);
            slope[i] = 0;
        }
        dae_jacobian(d, 0, c, y, entries);
        for (size_t j = 0; j < n; j++) {
            const double before = y[j];
            y[j] = before + h, slope[j] = c * h;
            dae_residual(d, 0, y, slope, plus);
            y[j] = before - h, slope[j] = -c * h;
            dae_residual(d, 0, y, slope, minus);
            y[j] = before, slope[j] = 0;
            int64_t at = d->columns[j];
            for (size_t i = 0; i < n; i++) {
                const double numeric = (plus[i] - minus[i]) / (2 * h);
                double exact = 0;
                if (at < d->columns[j + 1] && (size_t)d->rows[at] == i)
                    exact = entries[at++];
                ASSERT_NEAR(exact, numeric, 2e-7 + 1e-5 * fabs(exact) + 1e-9 * fabs(plus[i]));
            }
        }
    }
    gsl_rng_free(rng);
    free(y);
    free(slope);
    free(plus);
    free(minus);
    free(entries);
    dae_free(d);
    classifier_free(&k);
}

/* A run without a unique solution, or with something that only SPICE knows, is refused by name. */
static void test_refused(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct circuit *c = circuit_new("loop");
    const int a = circuit_node(c, "a");
    circuit_voltage(c, "v1", a, 0, 1, CLASS_DRIVER);
    circuit_voltage(c, "v2", a, 0, 2, CLASS_DRIVER);
    assert_null(dae_new(c, &error));
    ASSERT_NAMES(error.text, "v2");
    ASSERT_NAMES(error.text, "loop of voltage sources");
    circuit_free(c);

    c = circuit_new("opaque");
    const struct element opaque = {.kind = ELEMENT_OPAQUE};
    circuit_add(c, "xn1", &opaque, false);
    assert_null(dae_new(c, &error));
    ASSERT_NAMES(error.text, "xn1");
    circuit_free(c);
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

struct replay_result {
    struct ledger *ledger;
    double *values;
};

static struct replay_result run_log(const char *engine, struct engine_options options,
                                    const struct circuit *c, struct drive_log *log)
{
    struct error error = {{0}};
    struct engine_report report;
    struct replay_result r = {ledger_new(c), NEW(circuit_n_values(c), double)};
    struct last_values last = {c, r.values};
    const struct recorder recorders[] = {ledger_recorder(r.ledger), {keep, &last}};
    const struct controller controller = drive_log_controller(log);
    options.recorders = recorders;
    options.n_recorders = 2;
    ASSERT_DONE(engine_find(engine)->run(c, &controller, &options, &report, &error), error);
    return r;
}

/* A whole training run in ngspice, then its drive in ida, both at their default tolerances.  States
 * within 1e-3 and energies of every class that the array dissipates within 3e-3: three times what
 * ngspice itself changes at reltol 1e-6 (1.4e-4) plus what ida changes (2e-4), for the memristors'
 * energy 1.5e-3.  Lines only store: what is left on 1 pF depends on how the run starts. */
static void test_training_replay(void **state)
{
    (void)state;
    struct training_options o = training_defaults;
    o.classifier = classifier_options();
    o.program = program_defaults;
    o.images = &images;
    o.engine = engine_find("ngspice");
    o.solver = engine_defaults;
    struct training t;
    struct error error = {{0}};
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    const struct circuit *c = t.classifier.circuit;
    struct drive_log log;
    struct last_values last = {c, NEW(circuit_n_values(c), double)};
    drive_log_new(&log, c);
    const struct recorder recorders[] = {drive_log_recorder(&log), {keep, &last}};
    ASSERT_DONE(training_run(&t, recorders, 2, &error), error);
    assert_int_equal(t.n_settled, 30);
    assert_true(log.n > 1000);
    struct replay_result r = run_log("ida", engine_defaults, c, &log);
    for (size_t s = 0; s < c->n_states; s++) {
        const double x = last.values[circuit_state_value(c, (int)s)];
        ASSERT_NEAR(r.values[circuit_state_value(c, (int)s)], x, 1e-3 * x);
    }
    static const int sections[] = {SECTION_TRAINING, SECTION_INFERENCE};
    static const enum energy_class classes[] = {CLASS_MEMRISTOR, CLASS_SELECT, CLASS_DRIVER,
                                                CLASS_NEURON};
    for (size_t i = 0; i < COUNT(sections); i++)
        for (size_t k = 0; k < COUNT(classes); k++) {
            const double e = ledger_class(&t.ledger->sections[sections[i]], classes[k]);
            ASSERT_NEAR(ledger_class(&r.ledger->sections[sections[i]], classes[k]), e, 3e-3 * e);
        }
    /* an account of its own: nothing here comes from ngspice */
    assert_true(ledger_residual_supply(r.ledger) < 1e-6);
    assert_true(ledger_residual_array(r.ledger) < 1e-4);
    ledger_free(r.ledger);
    free(r.values);
    free(last.values);
    drive_log_free(&log);
    training_free(&t);
}

/* Node voltages of the idle classifier after 100 us, where everything has settled, against ngspice
 * at reltol 1e-6: 10 uV.  Nodes that only GMIN and a switched-off transistor hold are left out. */
static void test_operating_point(void **state)
{
    (void)state;
    const struct classifier_options o = classifier_options();
    struct classifier k;
    struct error error = {{0}};
    ASSERT_DONE(classifier_build(&o, &k, &error), error);
    const struct circuit *c = k.circuit;
    struct drive *drive = NEW(c->n_ports, struct drive);
    for (size_t p = 0; p < c->n_ports; p++)
        drive[p].volt = c->ports[p].logic ? NEURON_SUPPLY : c->ports[p].idle;
    for (size_t l = 0; l < k.n_layers; l++)
        for (size_t j = 0; j < k.layers[l].crossbar.columns; j++)
            drive[k.layers[l].column_ports[j]].open = true;
    for (size_t i = 0; i < k.layers[1].crossbar.rows; i++)
        drive[k.layers[1].row_ports[i]].open = true;
    struct phase phase = {.kind = PHASE_INFER,
                          .section = SECTION_INFERENCE,
                          .duration = 100e-6,
                          .edge = 1e-6,
                          .device = -1,
                          .drive = drive};
    struct drive_log log = {.n_ports = c->n_ports, .n = 1, .phases = &phase};
    struct engine_options tight = engine_defaults;
    tight.reltol = 1e-6;
    tight.vntol = 1e-8;
    tight.abstol = 1e-12;
    struct replay_result a = run_log("ngspice", tight, c, &log), b = run_log("ida", tight, c, &log);
    size_t compared = 0;
    for (size_t i = 1; i < c->n_nodes; i++, compared++)
        if (fabs(a.values[i] - b.values[i]) > 10e-6)
            fail_msg("v(%s): ngspice %.9g V, ida %.9g V", c->node_names[i], a.values[i],
                     b.values[i]);
    assert_true(compared > 200);
    ledger_free(a.ledger);
    ledger_free(b.ledger);
    free(a.values);
    free(b.values);
    free(drive);
    classifier_free(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jacobian),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_operating_point),
        cmocka_unit_test(test_training_replay),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
