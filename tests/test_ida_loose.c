/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine `ida` at loose tolerances, where it steps by another method (dirk.h): the drive of a
 * whole training run on CMOS neurons against the run itself at reltol 1e-4. */
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "learn/training.h"
#include "ledger_sections.h"
#include "testing.h"

struct last_values {
    const struct circuit *circuit;
    double *values;
};

static void keep(void *data, const struct interval *i)
{
    struct last_values *l = data;
    memcpy(l->values, i->values, circuit_n_values(l->circuit) * sizeof *l->values);
}

/* A state is held to reltol of itself a step and the errors of steps decay with the state's own
 * relaxation: reltol of a state remains.  Energies of every class within a tenth of reltol, as
 * powers follow settled voltages for most of the time.  In less than half as many steps. */
static void test_loose_replay(void **state)
{
    (void)state;
    struct dopant *dopant;
    struct subcircuit_file *neuron, *switches;
    struct image_pair images;
    struct error error = {{0}};
    struct training_options o = training_defaults();
    char *devices = source_path("devices"), *neuron_path = source_path("netlists/neuron.sub"),
         *switches_path = source_path("netlists/switches.sub");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    ASSERT_DONE(neuron_read(neuron_path, &neuron, &o.classifier.neuron, &error), error);
    ASSERT_DONE(subcircuit_read(switches_path, &switches, &error), error);
    ASSERT_DONE(images_read("T/X", &images, &error), error);
    o.classifier.dopant = dopant;
    o.classifier.switches = switches;
    o.images = &images;
    o.engine = engine_find("ida");
    struct training t;
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    const struct circuit *c = t.classifier.circuit;
    struct drive_log log;
    drive_log_new(&log, c);
    struct last_values last = {c, NEW(circuit_n_values(c), double)},
                       played = {c, NEW(circuit_n_values(c), double)};
    const struct recorder recorders[] = {drive_log_recorder(&log), {keep, &last}};
    ASSERT_DONE(training_run(&t, recorders, 2, &error), error);

    struct engine_options loose = engine_defaults;
    struct ledger *ledger = ledger_new(c, NULL);
    const struct recorder replayed[] = {ledger_recorder(ledger), {keep, &played}};
    loose.reltol = 1e-2;
    loose.abstol = 1e-8;
    loose.vntol = 1e-4;
    loose.recorders = replayed;
    loose.n_recorders = 2;
    struct engine_report report;
    const struct controller controller = drive_log_controller(&log);
    ASSERT_DONE(engine_run(o.engine, c, &controller, &loose, &report, &error), error);
    assert_true(2 * report.points < t.report.points);
    for (size_t s = 0; s < c->n_states; s++) {
        const double x = last.values[circuit_state_value(c, (int)s)];
        ASSERT_NEAR(played.values[circuit_state_value(c, (int)s)], x, loose.reltol * x);
    }
    static const struct {
        enum phase_section section;
        enum energy_class class;
    } parts[] = {{SECTION_TRAINING, CLASS_MEMRISTOR},  {SECTION_TRAINING, CLASS_SELECT},
                 {SECTION_TRAINING, CLASS_DRIVER},     {SECTION_TRAINING, CLASS_NEURON},
                 {SECTION_INFERENCE, CLASS_MEMRISTOR}, {SECTION_INFERENCE, CLASS_REFERENCE},
                 {SECTION_INFERENCE, CLASS_DRIVER},    {SECTION_INFERENCE, CLASS_NEURON}};
    for (size_t k = 0; k < COUNT(parts); k++) {
        const double e = ledger_section_class(t.ledger, parts[k].section, parts[k].class);
        assert_true(e > 0);
        ASSERT_NEAR(ledger_section_class(ledger, parts[k].section, parts[k].class), e,
                    0.1 * loose.reltol * e);
    }
    ledger_free(ledger);
    free(last.values);
    free(played.values);
    drive_log_free(&log);
    training_free(&t);
    dopant_free(dopant);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    images_free(&images);
    free(devices);
    free(neuron_path);
    free(switches_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loose_replay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
