/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a training run says of itself: the energy of each pulse against the intervals that the engine
 * gave, the verdict on its account, what its progress line counts, and the states from which its
 * stages start. */
#include "learn/control.h"
#include "ledger_sections.h"
#include "report/phases.h"
#include "report/summary.h"
#include "rule_find.h"
#include "testing.h"

static struct dopant *dopant;
static struct subcircuit_file *neuron, *switches;
static struct neuron_kind kind;
static struct image_pair images;
static struct transfer measured[CLASSIFIER_LAYERS_MAX];

/* Chromium in the event engine, with neurons that were measured once. */
static struct training_options options(void)
{
    struct training_options o = training_defaults();
    o.classifier.dopant = dopant;
    o.classifier.neuron = kind;
    o.classifier.switches = switches;
    o.rule = rule_find("target");
    o.images = &images;
    o.engine = engine_find("event");
    o.measured = measured;
    return o;
}

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices"), *neuron_path = source_path("netlists/neuron.sub"),
         *switches_path = source_path("netlists/switches.sub");
    ASSERT_DONE(neuron_read(neuron_path, &neuron, &kind, &error), error);
    ASSERT_DONE(subcircuit_read(switches_path, &switches, &error), error);
    ASSERT_DONE(images_read("T/X", &images, &error), error);
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    struct training_options o = options();
    o.measured = NULL;
    struct training t;
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    memcpy(measured, t.transfer, sizeof t.transfer);
    t.options.measured = measured; /* ours now */
    training_free(&t);
    free(devices);
    free(neuron_path);
    free(switches_path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t l = 0; l < CLASSIFIER_LAYERS_MAX; l++)
        transfer_free(&measured[l]);
    dopant_free(dopant);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    images_free(&images);
    return 0;
}

/* What the addressed memristor absorbs in each phase that is a pulse, by the intervals. */
struct meter {
    const struct training *training;
    size_t n, capacity;
    double *energy; /* n [J] */
    double now;
};

static void meter_take(void *data, const struct interval *i)
{
    struct meter *m = data;
    const struct phase *p = i->phase;
    const bool pulse = p->kind == PHASE_ERASE || p->kind == PHASE_SET || p->kind == PHASE_RESET;
    if (p->device < 0 || !pulse)
        return;
    m->now += interval_energy(i, classifier_device(&m->training->classifier, (size_t)p->device));
    if (!i->ends_phase)
        return;
    m->energy = memory_grow(m->energy, &m->capacity, m->n + 1, sizeof *m->energy);
    m->energy[m->n++] = m->now;
    m->now = 0;
}

/* The energy of a pulse is what the addressed memristor absorbed from that pulse's beginning to its
 * end, erase phases too.  Sums of the same numbers: to rounding, 1e-14 of each. */
static void test_pulses(void **state)
{
    (void)state;
    struct training_options o = options();
    o.erase = 1e-3;
    struct training t;
    struct error error = {{0}};
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    struct meter m = {.training = &t};
    const struct recorder recorder = {meter_take, &m};
    ASSERT_DONE(training_run(&t, &recorder, 1, &error), error);
    assert_int_equal(m.n, t.n_pulses);
    assert_int_equal(t.n_erases, t.n_devices);
    double sum = 0;
    for (size_t k = 0; k < m.n; k++) {
        assert_true(m.energy[k] > 0);
        ASSERT_NEAR(t.pulses[k].energy, m.energy[k], 1e-14 * m.energy[k]);
        sum += t.pulses[k].energy;
    }
    /* the pulses are part of what all memristors absorbed in training, and the reads are little */
    const double all = ledger_section_class(t.ledger, SECTION_TRAINING, CLASS_MEMRISTOR);
    assert_true(sum < all && sum > 0.5 * all);
    free(m.energy);
    training_free(&t);
}

/* Voltages known to reltol give powers known to twice that: at reltol = 1e-2 no energy is known to the
 * 1 % that counts as trustworthy, at 1e-4 all are. */
static void test_untrusted(void **state)
{
    (void)state;
    for (int loose = 0; loose < 2; loose++) {
        struct training_options o = options();
        o.solver.reltol = loose ? 1e-2 : 1e-4;
        struct training t;
        struct error error = {{0}};
        ASSERT_DONE(training_prepare(&o, &t, &error), error);
        ASSERT_DONE(training_run(&t, NULL, 0, &error), error);
        assert_int_equal(training_trustworthy(&t, &error), !loose);
        if (loose)
            ASSERT_NAMES(error.text, "a smaller --reltol helps");
        training_free(&t);
    }
}

/* The account of a run whose energies are what is booked here, not an engine's. */
static struct training booked(struct circuit *c, double select, double memristor, double error,
                              double lost)
{
    struct training t = {.ledger = ledger_new(c, NULL)};
    const double energy[] = {-select - memristor, select, memristor, -1, 1 - lost};
    double class_error[ENERGY_CLASSES] = {[CLASS_MEMRISTOR] = error};
    const struct phase phase = {.kind = PHASE_SET, .section = SECTION_TRAINING};
    const struct recorder r = ledger_recorder(t.ledger);
    r.take(r.data, &(struct interval){.t1 = 1,
                                      .energy = energy,
                                      .class_error = class_error,
                                      .phase = &phase,
                                      .ends_phase = true});
    return t;
}

/* Errors are compared with TRAINING_ERROR_LIMIT of the memristors' energy and of the whole: of two
 * memristors beside a hundred times their energy in switches, an error of 2 % of the memristors is too
 * much, one of 0.5 % is not.  Either residual may be too large. */
static void test_verdict(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("verdict");
    const int p = circuit_node(c, "p");
    circuit_voltage(c, "v", p, 0, 1, CLASS_DRIVER);
    circuit_resistor(c, "rs", p, 0, 1, CLASS_SELECT);
    circuit_resistor(c, "rm", p, 0, 1, CLASS_MEMRISTOR);
    circuit_voltage(c, "vs", circuit_node(c, "s"), 0, 1, CLASS_NEURON);
    circuit_resistor(c, "rn", circuit_node(c, "s"), 0, 1, CLASS_NEURON);
    static const struct {
        double select, memristor, error;
        bool trusted;
        double lost; /* on the supply's side alone */
    } cases[] = {
        {100, 1, 0.02, false, 0}, {100, 1, 0.005, true, 0},
        {1, 100, 1.5, false, 0},                         /* of all 102 */
        {1, 100, 0.5, true, 0},   {1, 1, 0, true, 2e-3}, /* of 3 delivered */
        {1, 1, 0, false, 4e-3},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct error error = {{0}};
        struct training t =
            booked(c, cases[k].select, cases[k].memristor, cases[k].error, cases[k].lost);
        ASSERT_NEAR(training_error(&t, CLASS_MEMRISTOR), cases[k].error, 0);
        assert_int_equal(training_trustworthy(&t, &error), cases[k].trusted);
        ledger_free(t.ledger);
    }
    circuit_free(c);
}

/* What is written of a run is what its account and its records say: a phase's row holds its energies by
 * class, so that rows sum up to the account (thousands of sums: 1e-12) and a pulse's row holds its pulse;
 * the summary counts pulses without erase phases, and neurons' power is their energy by the time in
 * which it was taken. */
static void test_written(void **state)
{
    (void)state;
    struct training_options o = options();
    o.erase = 1e-3;
    struct training t;
    struct error error = {{0}};
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    struct phases *phases = phases_new(t.classifier.circuit);
    const struct recorder recorder = phases_recorder(phases);
    ASSERT_DONE(training_run(&t, &recorder, 1, &error), error);
    double sums[ENERGY_CLASSES] = {0}, begin = INFINITY, end = 0;
    size_t pulses = 0;
    for (size_t k = 0; k < phases->n; k++) {
        const struct phase_record *r = &phases->records[k];
        assert_true(r->t1 > r->t0 && (k == 0 || r->t0 == r[-1].t1));
        if (r->section != SECTION_TRAINING)
            continue;
        begin = fmin(begin, r->t0);
        end = fmax(end, r->t1);
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            sums[class] += r->by_class[class];
        if (r->kind == PHASE_READ)
            continue;
        const struct training_pulse *p = &t.pulses[pulses++];
        assert_int_equal(p->device, r->device);
        ASSERT_NEAR(p->t, r->t0, 0);
        ASSERT_NEAR(p->width, r->t1 - r->t0, 1e-12);
        assert_true(r->by_class[CLASS_MEMRISTOR] >= p->energy);
    }
    assert_int_equal(pulses, t.n_pulses);
    struct summary s;
    summary_fill(&s, &t, NULL);
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        ASSERT_NEAR(sums[class], s.by_class[class], 1e-12 * fabs(s.by_class[class]));
        ASSERT_NEAR(s.error[class], training_error(&t, (enum energy_class) class), 0);
    }
    ASSERT_NEAR(s.pulses_total, (double)(pulses - t.n_devices), 0);
    ASSERT_NEAR(s.training_time_s, end - begin, 1e-12);
    ASSERT_NEAR(s.neuron_power_W, sums[CLASS_NEURON] / (end - begin), 1e-12);
    ASSERT_NEAR(s.energy_infer_per_image_J * IMAGE_COUNT, s.energy_infer_J, 1e-18);
    ASSERT_NEAR(s.delivered_supply_J + s.delivered_drivers_J, s.energy_J, 1e-12 * s.energy_J);
    ASSERT_NEAR((double)t.stages[STAGE_TRAINED].pulses, s.pulses_total, 0);
    phases_free(phases);
    training_free(&t);
}

struct progress_line {
    const struct training *training;
    size_t calls;
    struct training_progress last;
};

static void progress_take(void *data, const struct training_progress *p)
{
    struct progress_line *l = data;
    const struct training *t = l->training;
    const struct training_progress *last = &l->last;
    assert_int_equal(p->n_devices, t->n_devices);
    assert_true(p->device >= last->device && p->device <= last->device + 1);
    assert_true(p->t >= last->t && p->energy >= last->energy);
    assert_int_equal(p->pulses, t->n_pulses - t->n_erases);
    if (p->images == 0) /* each call while programming follows a read: at most one pulse since */
        assert_true(p->pulses <= last->pulses + 1);
    else
        assert_int_equal(p->images, last->images + 64);
    l->calls++;
    l->last = *p;
}

/* A call each read while devices are programmed - as many as there are pulses, and one more a device -
 * and one each 64 of the 512 images; pulses do not count erase phases. */
static void test_progress(void **state)
{
    (void)state;
    struct training_options o = options();
    struct progress_line line = {0};
    o.erase = 1e-3;
    o.progress = progress_take;
    o.progress_data = &line;
    struct training t;
    struct error error = {{0}};
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    line.training = &t;
    ASSERT_DONE(training_run(&t, NULL, 0, &error), error);
    assert_int_equal(line.last.images, IMAGE_COUNT);
    assert_int_equal(line.last.device, t.n_devices);
    assert_int_equal(line.last.pulses, t.n_pulses - t.n_erases);
    assert_int_equal(line.calls, line.last.pulses + t.n_devices + IMAGE_COUNT / 64);
    ASSERT_NEAR(line.last.energy, training_energy(&t), 0);
    training_free(&t);
}

/* States in which the stage starts. */
static void starts_within(void *data, const struct training_progress *p)
{
    struct training *t = data;
    const struct circuit *c = t->classifier.circuit;
    (void)p;
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct element *e = &c->elements[classifier_device(&t->classifier, k)];
        ASSERT_NEAR(e->x0, k % 3 == 0 ? 0 : k % 3 == 1 ? 1 : 0.5, 0);
    }
    t->options.progress_data = NULL;
}

/* A state is known to the tolerance, so may end beyond 0 or 1 by that; the next stage starts at 0 or 1
 * then, and elsewhere where the last has ended.  Afterwards devices have the states that they had. */
static void test_between_stages(void **state)
{
    (void)state;
    struct training_options o = options();
    o.stages.retrain = true;
    struct training t;
    struct error error = {{0}};
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    for (size_t k = 0; k < t.n_devices; k++)
        t.end_states[k] = k % 3 == 0 ? -1e-3 : k % 3 == 1 ? 1 + 1e-3 : 0.5;
    t.options.progress = starts_within;
    t.options.progress_data = &t;
    ASSERT_DONE(stages_run(&t, &error), error);
    assert_true(t.stages[STAGE_RETRAINED].pulses > 0);
    for (size_t k = 0; k < t.n_devices; k++)
        ASSERT_NEAR(t.classifier.circuit->elements[classifier_device(&t.classifier, k)].x0, t.x0[k],
                    0);
    training_free(&t);
}

/* The supply's current is that of the reference amplifier, of the neuron's amplifier and of the rest, each
 * as a function of its own voltage alone: the rest, found at 5 lit rows, is what is found at none, within
 * 2 % of the neuron's current, by which amplifiers at other currents differ. */
static void test_supply(void **state)
{
    (void)state;
    const struct training_options o = options();
    struct transfer t[2];
    struct error error = {{0}};
    for (int k = 0; k < 2; k++) {
        const struct transfer_testbench testbench = {.options = &o.classifier,
                                                     .lit_rows = k == 0 ? 0 : TRANSFER_COMMON_ROWS,
                                                     .engine = engine_find("ida"),
                                                     .solver = &o.solver};
        ASSERT_DONE(transfer_measure(&testbench, &t[k], &error), error);
        ASSERT_DONE(transfer_measure_supply(&testbench, &t[k], &error), error);
    }
    const struct transfer_table *a = &t[0].curve.sigmoid, *b = &t[1].curve.sigmoid,
                                *amplifier = &t[0].curve.amplifier;
    double unused;
    const double size = transfer_table_value(amplifier, 0, &unused);
    assert_true(size > 1e-6);
    for (size_t i = 0; i < a->n; i++)
        ASSERT_NEAR(a->y[i], b->y[i], 0.02 * size);
    transfer_free(&t[0]);
    transfer_free(&t[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pulses),         cmocka_unit_test(test_untrusted),
        cmocka_unit_test(test_verdict),        cmocka_unit_test(test_written),
        cmocka_unit_test(test_progress),       cmocka_unit_test(test_supply),
        cmocka_unit_test(test_between_stages),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
