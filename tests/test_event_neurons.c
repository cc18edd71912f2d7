/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Integrate-and-fire neurons in the event engine, whose membranes and traces are capacitors that keep their charge
 * from phase to phase, against `ida'. */
#include "device/library/library_make.h"
#include "engine/engine.h"
#include "testing.h"

/* Integrate-and-fire neurons: rows of memristors, each column through a switch into a transimpedance stage,
 * whose output drives a transconductor into the membrane; the reset switch empties the membrane and charges
 * the trace.  tau of the membrane 1.5 ms, of the trace 433 us. */
#define NEURONS 2
#define ROWS 4
struct lif {
    struct circuit *circuit;
    int rows[ROWS], columns[NEURONS], fire[NEURONS], connect;
    int membrane[NEURONS], trace[NEURONS]; /* nodes */
};

static int add(struct circuit *c, const char *name, struct element e)
{
    e.class = CLASS_NEURON;
    return circuit_add(c, name, &e, true);
}

static void add_neuron(struct lif *l, int j)
{
    struct circuit *c = l->circuit;
    const int column = circuit_nodef(c, "col%d", j), in = circuit_nodef(c, "in%d", j),
              out = circuit_nodef(c, "tia%d", j), fire = circuit_nodef(c, "fire%d", j),
              connect = circuit_node(c, "connect"), vz = circuit_node(c, "vz");
    char name[32];
#define NAME(text) (snprintf(name, sizeof name, text "%d", j), name)
    l->columns[j] =
        circuit_port(c, NAME("c"), column, (struct port_driver){10, true, 0, CLASS_DRIVER});
    l->fire[j] = circuit_logic_port(c, NAME("fire"));
    l->membrane[j] = circuit_nodef(c, "mem%d", j);
    l->trace[j] = circuit_nodef(c, "trace%d", j);
    add(c, NAME("bc"),
        (struct element){ELEMENT_SWITCH, .node = {column, in, connect}, .value = 10});
    add(c, NAME("ea"), (struct element){ELEMENT_VCVS, .node = {out, 0, 0, in}, .value = 1000});
    circuit_resistor(c, NAME("rf"), in, out, 2e3, CLASS_SELECT);
    add(c, NAME("gm"),
        (struct element){ELEMENT_VCCS, .node = {0, l->membrane[j], 0, out}, .value = 197.5e-6});
    circuit_capacitor(c, NAME("cm"), l->membrane[j], 0, 100e-12, CLASS_NEURON);
    circuit_resistor(c, NAME("rl"), l->membrane[j], 0, 15e6, CLASS_LINE);
    add(c, NAME("br"),
        (struct element){ELEMENT_SWITCH, .node = {l->membrane[j], 0, fire}, .value = 1e3});
    add(c, NAME("bt"),
        (struct element){ELEMENT_SWITCH, .node = {vz, l->trace[j], fire}, .value = 1e3});
    circuit_capacitor(c, NAME("ct"), l->trace[j], 0, 100e-12, CLASS_NEURON);
    circuit_resistor(c, NAME("rt"), l->trace[j], 0, 4.333e6, CLASS_REFERENCE);
#undef NAME
}

static struct lif lif_new(const struct dopant *d)
{
    struct lif l = {.circuit = circuit_new("lif")};
    struct circuit *c = l.circuit;
    l.connect = circuit_logic_port(c, "connect");
    circuit_voltage(c, "vz", circuit_node(c, "vz"), 0, 1, CLASS_NEURON);
    for (int i = 0; i < ROWS; i++) {
        const int row = circuit_nodef(c, "row%d", i);
        char name[32];
        snprintf(name, sizeof name, "r%d", i);
        l.rows[i] = circuit_port(c, name, row, (struct port_driver){5, false, 0, CLASS_DRIVER});
    }
    for (int j = 0; j < NEURONS; j++)
        add_neuron(&l, j);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < NEURONS; j++) {
            char name[32];
            snprintf(name, sizeof name, "xm%d_%d", i, j);
            circuit_memristor(c, name, circuit_nodef(c, "row%d", i), circuit_nodef(c, "col%d", j),
                              d, 0.02 + 0.015 * i + 0.03 * j);
        }
    return l;
}

/* Time steps of 100 us: integrate, sense, fire where it is due, set, rest. */
struct lif_run {
    const struct lif *lif;
    size_t n, next;
    double volt[1000][2 * NEURONS]; /* at the ends of phases */
    double *energy;
    double class_error[ENERGY_CLASSES];
};

static bool lif_step(void *data, const struct reading *reading, struct phase *next)
{
    struct lif_run *r = data;
    const struct lif *l = r->lif;
    enum { INTEGRATE, SENSE, FIRE, SET, REST, KINDS };
    static const double durations[KINDS] = {10e-6, 2e-6, 2e-6, 4.2e-6, 80e-6},
                        edges[KINDS] = {0.2e-6, 0.2e-6, 0.1e-6, 0.2e-6, 0.01e-6};
    for (int j = 0; reading && j < NEURONS; j++) {
        r->volt[r->next - 1][j] = reading->values[l->membrane[j]];
        r->volt[r->next - 1][NEURONS + j] = reading->values[l->trace[j]];
    }
    if (r->next == r->n)
        return false;
    const int kind = (int)(r->next % KINDS), step = (int)(r->next / KINDS);
    r->next++;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = durations[kind];
    next->edge = edges[kind];
    for (size_t p = 0; p < l->circuit->n_ports; p++)
        next->drive[p] = (struct drive){0, false};
    next->drive[l->connect].volt = kind == INTEGRATE;
    for (int i = 0; i < ROWS; i++) {
        const bool spikes = (step * 7 + i * 3) % 5 < 3;
        next->drive[l->rows[i]].volt = !spikes             ? 0
                                       : kind == INTEGRATE ? (i % 2 ? -0.036 : 0.036)
                                       : kind == SET       ? 0.125
                                                           : 0;
    }
    for (int j = 0; j < NEURONS; j++) {
        next->drive[l->columns[j]].open = kind == INTEGRATE;
        if (kind == SET && step % 3 == j)
            next->drive[l->columns[j]].volt = -0.125;
        next->drive[l->fire[j]].volt = kind == FIRE && (step + 2 * j) % 4 == 0;
    }
    return true;
}

static void lif_watch(void *data, const struct interval *i)
{
    struct lif_run *r = data;
    for (size_t k = 0; k < r->lif->circuit->n_elements; k++)
        r->energy[k] += interval_energy(i, k);
    for (int class = 0; i->class_error && class < ENERGY_CLASSES; class ++)
        r->class_error[class] += i->class_error[class];
}

static struct lif_run *lif_play(const char *engine, const struct lif *l, size_t n, double reltol)
{
    struct lif_run *r = NEW(1, struct lif_run);
    *r = (struct lif_run){.lif = l, .n = n, .energy = NEW(l->circuit->n_elements, double)};
    const struct recorder recorder = {lif_watch, r};
    struct engine_options o = engine_defaults;
    o.reltol = reltol;
    o.vntol = 1e-2 * reltol;
    o.abstol = 1e-6 * reltol;
    o.recorders = &recorder;
    o.n_recorders = 1;
    struct engine_report report;
    struct error error = {{0}};
    ASSERT_DONE(engine_run(engine_find(engine), l->circuit, &(struct controller){lif_step, r, NULL},
                           &o, &report, &error),
                error);
    return r;
}

static void lif_run_free(struct lif_run *r)
{
    free(r->energy);
    free(r);
}

/* 40 time steps against `ida' at 1e-8: voltages of membranes and traces at the ends of all phases to 3 reltol
 * of the largest, as the steps of a reset each take part of it, and to 1e-6 at 1e-7; energies of elements
 * and classes to 3 reltol of the class, or its estimate. */
static void test_neurons(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("Cr", devices, &d, &error), error);
    struct lif l = lif_new(d);
    enum { PHASES = 200 };
    struct lif_run *reference = lif_play("ida", &l, PHASES, 1e-8);
    unsigned char *classes = energy_classes(l.circuit);
    double all[ENERGY_CLASSES + 1] = {0}, highest = 0;
    for (size_t e = 0; e < l.circuit->n_elements; e++)
        all[classes[e]] += fabs(reference->energy[e]);
    for (int p = 0; p < PHASES; p++)
        for (int j = 0; j < 2 * NEURONS; j++)
            highest = fmax(highest, fabs(reference->volt[p][j]));
    assert_true(highest > 0.9 && highest < 3); /* traces are charged, membranes integrate */
    static const double reltols[] = {1e-3, 1e-4, 1e-7};
    for (size_t k = 0; k < COUNT(reltols); k++) {
        const double part = 3 * fmax(reltols[k], 3e-7);
        struct lif_run *r = lif_play("event", &l, PHASES, reltols[k]);
        for (int p = 0; p < PHASES; p++)
            for (int j = 0; j < 2 * NEURONS; j++)
                ASSERT_NEAR(r->volt[p][j], reference->volt[p][j], part * highest);
        double wrong[ENERGY_CLASSES + 1] = {0};
        for (size_t e = 0; e < l.circuit->n_elements; e++) {
            ASSERT_NEAR(r->energy[e], reference->energy[e], part * all[classes[e]]);
            wrong[classes[e]] += r->energy[e] - reference->energy[e];
        }
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            assert_true(r->class_error[class] > 0);
            assert_true(fabs(wrong[class]) <=
                        r->class_error[class] + fmax(reltols[k], 1e-7) * all[class]);
        }
        lif_run_free(r);
    }
    lif_run_free(reference);
    free(classes);
    circuit_free(l.circuit);
    dopant_free(d);
    free(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_neurons)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
