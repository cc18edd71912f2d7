/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laws that any engine's transient runs of small arrays obey, for every dopant of the list; a test
 * program takes them for one more engine with one more line LAWS("engine"). */
#ifndef SILVERBAR_TESTS_LAWS_H
#define SILVERBAR_TESTS_LAWS_H

#include "array_run.h"

#define LAW_ROWS 4
#define LAW_COLUMNS 3
#define LAW_DEVICES 12
#define LAW_PULSES 4
#define LAW_WIDTH 20e-6
#define LAW_EDGE 1e-6
#define LAW_DRIVER 50 /* [ohm] */

static const char *const law_dopants[] = {"Cr", "W", "mms-demo", "gmms-demo", "Cr-vteam"};

/* All laws compare two runs of one circuit in two guises, which differ by the errors of the steps
 * only: some reltol a state.  Readings are trapezoids between an engine's own points, which may
 * differ; energies are promised to 1e-3. */
#define LAW_RELTOL 1e-6
#define LAW_STATE (5 * LAW_RELTOL)    /* of the range of a state */
#define LAW_CURRENT (20 * LAW_RELTOL) /* of the largest current */
#define LAW_ENERGY 1e-3

static inline struct engine_options law_options(void)
{
    struct engine_options o = engine_defaults;
    o.reltol = LAW_RELTOL;
    o.vntol = 1e-9;
    o.abstol = 1e-13;
    o.time_limit = 60;
    return o;
}

static inline struct dopant *law_dopant(size_t k)
{
    struct dopant *dopant;
    struct error error = {{0}};
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read(law_dopants[k], devices, &dopant, &error), error);
    free(devices);
    return dopant;
}

/* The law at another scale of current and of time: parameters by their units.  SPICE's text is not
 * changed, so only for engines with device laws of their own. */
static inline void law_scale(struct dopant *d, double current, double time)
{
    for (size_t k = 0; k < d->model->n_parameters; k++) {
        const char *unit = d->model->parameters[k].unit;
        d->parameters[k] *= strcmp(unit, "ohm") == 0   ? 1 / current
                            : strcmp(unit, "A") == 0   ? current
                            : strcmp(unit, "s") == 0   ? time
                            : strcmp(unit, "1/s") == 0 ? 1 / time
                                                       : 1;
    }
    d->model->prepare(d->parameters, d->constants);
}

/* Pulse p of row i [V]: sets, resets and half-selected ones. */
static inline double law_volt(size_t p, size_t i)
{
    static const double volts[LAW_PULSES][LAW_ROWS] = {{0.55, 0.4, 0, 0.25},
                                                       {-0.3, 0.1, 0.45, -0.15},
                                                       {0.2, -0.35, 0.3, 0.5},
                                                       {0.05, 0.08, -0.1, 0.02}};
    return volts[p][i];
}

struct law_array {
    struct circuit *circuit;
    struct crossbar array;
    double volts[LAW_PULSES * (LAW_ROWS + LAW_COLUMNS)];
};

/* Row i of the array is row order[i] of the original; sign of the voltages, lines [ohm]. */
static inline struct law_array law_array(const struct dopant *dopant, const size_t *order,
                                         double sign, double line_ohm)
{
    struct law_array a = {.circuit = circuit_new("law")};
    double x0[LAW_DEVICES];
    for (size_t k = 0; k < LAW_DEVICES; k++)
        x0[k] = 0.1 + 0.06 * (double)(order[k / LAW_COLUMNS] * LAW_COLUMNS + k % LAW_COLUMNS);
    const struct crossbar_options o = {.rows = LAW_ROWS,
                                       .columns = LAW_COLUMNS,
                                       .dopant = dopant,
                                       .x0 = x0,
                                       .row_ohm = line_ohm,
                                       .column_ohm = line_ohm,
                                       .driver_ohm = LAW_DRIVER};
    struct error error = {{0}};
    ASSERT_DONE(crossbar_build(a.circuit, &o, &a.array, &error), error);
    for (size_t p = 0; p < LAW_PULSES; p++)
        for (size_t i = 0; i < LAW_ROWS; i++)
            a.volts[p * a.circuit->n_ports + (size_t)a.array.row_ports[i]] =
                sign * law_volt(p, order[i]);
    return a;
}

static inline double law_state(const struct law_array *a, const struct array_run *r, size_t device)
{
    const struct element *e = &a->circuit->elements[a->array.devices[device]];
    return r->values[circuit_state_value(a->circuit, e->state)];
}

static const size_t law_same[LAW_ROWS] = {0, 1, 2, 3};

/* Two runs whose device k of b is device map[k] of a, and whose currents are `sign` times as large:
 * states and readings.  The states must have moved. */
static inline void law_compare(const char *engine, const struct law_array *a,
                               const struct law_array *b, const size_t *map, double sign,
                               double time)
{
    const struct engine_options o = law_options();
    struct array_run r =
        array_run(engine, &o, a->circuit, LAW_PULSES, a->volts, LAW_WIDTH, LAW_EDGE);
    struct array_run s =
        array_run(engine, &o, b->circuit, LAW_PULSES, b->volts, time * LAW_WIDTH, time * LAW_EDGE);
    double moved = 0, largest = 0;
    for (size_t k = 0; k < LAW_DEVICES; k++) {
        const double x = law_state(a, &r, map[k]);
        ASSERT_NEAR(law_state(b, &s, k), x, LAW_STATE);
        moved += fabs(x - a->circuit->elements[a->array.devices[map[k]]].x0);
    }
    for (size_t k = 0; k < LAW_PULSES * LAW_COLUMNS; k++)
        largest = fmax(largest, fabs(r.mean[k]));
    for (size_t k = 0; k < LAW_PULSES * LAW_COLUMNS; k++)
        ASSERT_NEAR(s.mean[k], sign * r.mean[k], LAW_CURRENT * largest);
    assert_true(moved > 0.1 && largest > 1e-5);
    array_run_free(&r);
    array_run_free(&s);
    circuit_free(a->circuit);
    circuit_free(b->circuit);
}

/* At 0 V no current flows and no energy is spent, whatever the states do meanwhile; 1e-15 A is
 * rounding of volts of rest in 50 ohm. */
static inline void law_zero(void **state)
{
    for (size_t d = 0; d < COUNT(law_dopants); d++) {
        struct dopant *dopant = law_dopant(d);
        struct law_array a = law_array(dopant, law_same, 0, 1);
        const struct engine_options o = law_options();
        struct array_run r =
            array_run(*state, &o, a.circuit, LAW_PULSES, a.volts, LAW_WIDTH, LAW_EDGE);
        for (size_t k = 0; k < LAW_PULSES * LAW_COLUMNS; k++)
            ASSERT_NEAR(r.mean[k], 0, 1e-15);
        for (size_t k = 0; k < a.circuit->n_elements; k++)
            ASSERT_NEAR(r.energy[k], 0, 1e-25);
        assert_true(r.n_points > LAW_PULSES);
        array_run_free(&r);
        circuit_free(a.circuit);
        dopant_free(dopant);
    }
}

/* Ideal lines: rows in another order have their states in that order, and the columns' currents
 * are the same. */
static inline void law_permuted_rows(void **state)
{
    static const size_t order[LAW_ROWS] = {2, 0, 3, 1};
    size_t map[LAW_DEVICES];
    for (size_t k = 0; k < LAW_DEVICES; k++)
        map[k] = order[k / LAW_COLUMNS] * LAW_COLUMNS + k % LAW_COLUMNS;
    for (size_t d = 0; d < COUNT(law_dopants); d++) {
        struct dopant *dopant = law_dopant(d);
        const struct law_array a = law_array(dopant, law_same, 1, 0),
                               b = law_array(dopant, order, 1, 0);
        law_compare(*state, &a, &b, map, 1, 1);
        dopant_free(dopant);
    }
}

/* Every device turned round and every voltage of the other sign: the same states, and currents of
 * the other sign. */
static inline void law_swapped(void **state)
{
    size_t map[LAW_DEVICES];
    for (size_t d = 0; d < COUNT(law_dopants); d++) {
        struct dopant *dopant = law_dopant(d);
        const struct law_array a = law_array(dopant, law_same, 1, 2),
                               b = law_array(dopant, law_same, -1, 2);
        for (size_t k = 0; k < LAW_DEVICES; k++) {
            int *node = b.circuit->elements[b.array.devices[k]].node;
            const int p = node[0];
            node[0] = node[1];
            node[1] = p;
            map[k] = k;
        }
        law_compare(*state, &a, &b, map, -1, 1);
        dopant_free(dopant);
    }
}

/* A device seven times as slow under pulses seven times as long; no capacitors. */
static inline void law_time(void **state)
{
    size_t map[LAW_DEVICES];
    for (size_t k = 0; k < LAW_DEVICES; k++)
        map[k] = k;
    for (size_t d = 0; d < COUNT(law_dopants); d++) {
        struct dopant *dopant = law_dopant(d), *slow = law_dopant(d);
        law_scale(slow, 1, 7);
        const struct law_array a = law_array(dopant, law_same, 1, 2),
                               b = law_array(slow, law_same, 1, 2);
        law_compare(*state, &a, &b, map, 1, 7);
        dopant_free(dopant);
        dopant_free(slow);
    }
}

/* n devices side by side between two resistors. */
static inline struct circuit *law_side_by_side(const struct dopant *dopant, size_t n)
{
    struct circuit *c = circuit_new("parallel");
    const int a = circuit_node(c, "a"), b = circuit_node(c, "b");
    const int port =
        circuit_port(c, "p", a, (struct port_driver){.ohm = LAW_DRIVER, .class = CLASS_DRIVER});
    for (size_t k = 0; k < n; k++)
        circuit_memristor(c, k == 0 ? "xm1" : k == 1 ? "xm2" : "xm3", a, b, dopant, 0.3);
    circuit_resistor(c, "r1", b, 0, 2 * LAW_DRIVER, CLASS_LINE);
    circuit_current_probe(c, "i", c->ports[port].source);
    return c;
}

/* Three equal devices in parallel are one of three times the conductance, in state, current and
 * energy. */
static inline void law_parallel(void **state)
{
    static const double volts[] = {0.6, -0.3, 0.45, 0.1};
    const struct engine_options o = law_options();
    for (size_t d = 0; d < COUNT(law_dopants); d++) {
        struct dopant *dopant = law_dopant(d), *triple = law_dopant(d);
        law_scale(triple, 3, 1);
        struct circuit *c[2] = {law_side_by_side(dopant, 3), law_side_by_side(triple, 1)};
        struct array_run r[2];
        double energy[2] = {0};
        for (int k = 0; k < 2; k++) {
            r[k] = array_run(*state, &o, c[k], COUNT(volts), volts, LAW_WIDTH, LAW_EDGE);
            for (size_t e = 0; e < c[k]->n_elements; e++)
                if (c[k]->elements[e].kind == ELEMENT_MEMRISTOR)
                    energy[k] += r[k].energy[e];
        }
        const double x = r[1].values[circuit_state_value(c[1], 0)];
        for (int k = 0; k < 3; k++)
            ASSERT_NEAR(r[0].values[circuit_state_value(c[0], k)], x, LAW_STATE);
        double largest = 0;
        for (size_t p = 0; p < COUNT(volts); p++)
            largest = fmax(largest, fabs(r[1].mean[p]));
        for (size_t p = 0; p < COUNT(volts); p++)
            ASSERT_NEAR(r[0].mean[p], r[1].mean[p], LAW_CURRENT * largest);
        ASSERT_NEAR(energy[0], energy[1], LAW_ENERGY * energy[1]);
        assert_true(largest > 1e-5 && energy[1] > 1e-12);
        for (int k = 0; k < 2; k++) {
            array_run_free(&r[k]);
            circuit_free(c[k]);
        }
        dopant_free(dopant);
        dopant_free(triple);
    }
}

/* Fixed resistors and line resistance.  Readings of a sum of drives are the sum of readings; the
 * current into column j for a volt on row i is that into row i for a volt on column j.  Linear
 * equations, solved to rounding: 1e-9 of the currents. */
static inline void law_linear(void **state)
{
    double ohm[LAW_DEVICES];
    for (size_t k = 0; k < LAW_DEVICES; k++)
        ohm[k] = 500 + 700 * (double)(k * 5 % 7);
    const struct crossbar_options build = {.rows = LAW_ROWS,
                                           .columns = LAW_COLUMNS,
                                           .ohm = ohm,
                                           .row_ohm = 3,
                                           .column_ohm = 2,
                                           .driver_ohm = LAW_DRIVER};
    struct circuit *c = circuit_new("linear");
    struct crossbar a;
    struct error error = {{0}};
    ASSERT_DONE(crossbar_build(c, &build, &a, &error), error);
    enum { PORTS = LAW_ROWS + LAW_COLUMNS };
    double volts[(PORTS + 1) * PORTS] = {0}; /* a volt on each port alone, then 0.1 V ... on all */
    for (size_t p = 0; p < PORTS; p++) {
        volts[p * PORTS + p] = 1;
        volts[PORTS * PORTS + p] = 0.1 * (double)(1 + p);
    }
    int row_probes[LAW_ROWS];
    for (size_t i = 0; i < LAW_ROWS; i++)
        row_probes[i] = circuit_current_probe(c, "i_r", c->ports[a.row_ports[i]].source);
    const struct engine_options o = law_options();
    struct array_run r = array_run(*state, &o, c, PORTS + 1, volts, LAW_WIDTH, LAW_EDGE);
    for (size_t probe = 0; probe < PORTS; probe++) {
        double sum = 0;
        for (size_t p = 0; p < PORTS; p++)
            sum += 0.1 * (double)(1 + p) * r.mean[p * PORTS + probe];
        ASSERT_NEAR(r.mean[PORTS * PORTS + probe], sum, 1e-9 * 1e-3);
    }
    for (size_t i = 0; i < LAW_ROWS; i++)
        for (size_t j = 0; j < LAW_COLUMNS; j++) {
            const double forth =
                r.mean[(size_t)a.row_ports[i] * PORTS + (size_t)a.column_probes[j]];
            const double back = r.mean[(size_t)a.column_ports[j] * PORTS + (size_t)row_probes[i]];
            ASSERT_NEAR(forth, back, 1e-9 * forth);
            assert_true(forth > 1e-5);
        }
    array_run_free(&r);
    circuit_free(c);
}

#define LAW(name, function, engine)                                                                \
    {                                                                                              \
        name " (" engine ")", function, NULL, NULL, (void *)engine                                 \
    }
#define LAWS(engine)                                                                               \
    LAW("zero voltage", law_zero, engine), LAW("permuted rows", law_permuted_rows, engine),        \
        LAW("swapped electrodes", law_swapped, engine), LAW("scaled time", law_time, engine),      \
        LAW("parallel devices", law_parallel, engine), LAW("linear", law_linear, engine)

#endif
