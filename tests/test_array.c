/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The builder of crossbars with line resistance: what it makes, and what engines make of it. */
#include "array_run.h"
#include "engine/lines/lines.h"

static struct dopant *dopant;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    free(devices);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dopant_free(dopant);
    return 0;
}

/* badcrossbar's own example, 0.5 ohm a segment, and its output currents [A] (D. Joksas,
 * A. Mehonic, SoftwareX 12, 100617, 2020). */
#define ANCHOR_ROWS 3
#define ANCHOR_COLUMNS 5
static const double anchor_ohm[] = {345, 903, 755, 257, 646, 652, 401, 508,
                                    166, 454, 442, 874, 190, 244, 635};
static const double anchor_volt[] = {1.5, 2.3, 1.7};
static const double anchor_ampere[] = {0.011585025421546973, 0.009190641636252413,
                                       0.015115681173257949, 0.025833208221257207,
                                       0.00981179288265744};

/* ngspice: its reltol of 1e-3 ends Newton's iteration late enough for a linear circuit, and gmin of
 * 1e-12 S at each node takes 1e-9 of the mA; 1e-6.  ida solves it directly: 1e-9. */
static void test_anchor(void **state)
{
    (void)state;
    static const struct {
        const char *engine;
        double tolerance;
    } runs[] = {{"ngspice", 1e-6}, {"ida", 1e-9}};
    const struct crossbar_options o = {.rows = ANCHOR_ROWS,
                                       .columns = ANCHOR_COLUMNS,
                                       .ohm = anchor_ohm,
                                       .row_ohm = 0.5,
                                       .column_ohm = 0.5};
    for (size_t k = 0; k < COUNT(runs); k++) {
        struct circuit *c = circuit_new("anchor");
        struct crossbar a;
        struct error error = {{0}};
        ASSERT_DONE(crossbar_build(c, &o, &a, &error), error);
        double volts[ANCHOR_ROWS + ANCHOR_COLUMNS] = {0};
        for (size_t i = 0; i < a.rows; i++)
            volts[a.row_ports[i]] = anchor_volt[i];
        struct array_run r = array_run(runs[k].engine, &engine_defaults, c, 1, volts, 10e-6, 1e-6);
        for (size_t j = 0; j < a.columns; j++)
            ASSERT_NEAR(r.mean[a.column_probes[j]], anchor_ampere[j],
                        runs[k].tolerance * anchor_ampere[j]);
        array_run_free(&r);
        circuit_free(c);
    }
}

static struct circuit *memristors(size_t rows, size_t columns, double row_ohm, double column_ohm,
                                  double driver_ohm, double column_farad, bool openable,
                                  struct crossbar *a)
{
    double *x0 = NEW(rows * columns, double);
    for (size_t k = 0; k < rows * columns; k++)
        x0[k] = 0.05 + 0.4 * (double)(k * 7 % 11) / 10;
    const struct crossbar_options o = {.rows = rows,
                                       .columns = columns,
                                       .dopant = dopant,
                                       .x0 = x0,
                                       .row_ohm = row_ohm,
                                       .column_ohm = column_ohm,
                                       .driver_ohm = driver_ohm,
                                       .column_farad = column_farad,
                                       .openable = openable};
    struct circuit *c = circuit_new("array");
    struct error error = {{0}};
    ASSERT_DONE(crossbar_build(c, &o, a, &error), error);
    free(x0);
    return c;
}

/* 3 x 3 with all that the options have, one row open, and 3 x 9 with lines alone: states and
 * readings after a set and a reset pulse in both engines.  They differ by 3e-4 at steps of 1 us and
 * 4e-5 at 0.1 us, where the 1 us edge is resolved; 1e-4 of the state's range and of the largest
 * current. */
static void test_engines_agree(void **state)
{
    (void)state;
    struct engine_options tight = engine_defaults;
    tight.reltol = 1e-5;
    tight.step_max = 1e-7;
    tight.time_limit = 120;
    for (int k = 0; k < 2; k++) {
        struct crossbar a;
        const size_t columns = k ? 9 : 3;
        struct circuit *c = k ? memristors(3, columns, 2, 1, 0, 0, false, &a)
                              : memristors(3, columns, 2, 1, 50, 1e-12, true, &a);
        double *volts = NEW(2 * c->n_ports, double);
        for (size_t i = 0; i < 3; i++) {
            volts[a.row_ports[i]] = 0.5 + 0.02 * (double)i;
            volts[c->n_ports + (size_t)a.row_ports[i]] = -0.2;
        }
        if (k == 0)
            volts[a.row_ports[1]] = NAN;
        struct array_run r[2];
        for (int e = 0; e < 2; e++)
            r[e] = array_run(e ? "ida" : "ngspice", &tight, c, 2, volts, 50e-6, 1e-6);
        double largest = 0, moved = 0;
        for (size_t p = 0; p < 2 * c->n_probes; p++)
            largest = fmax(largest, fabs(r[0].mean[p]));
        for (size_t p = 0; p < 2 * c->n_probes; p++)
            ASSERT_NEAR(r[0].mean[p], r[1].mean[p], 1e-4 * largest);
        for (size_t d = 0; d < a.rows * a.columns; d++) {
            const struct element *e = &c->elements[a.devices[d]];
            const size_t x = circuit_state_value(c, e->state);
            ASSERT_NEAR(r[0].values[x], r[1].values[x], 1e-4);
            moved += fabs(r[0].values[x] - e->x0);
        }
        assert_true(moved > 0.5 && largest > 1e-3);
        array_run_free(&r[0]);
        array_run_free(&r[1]);
        free(volts);
        circuit_free(c);
    }
}

/* Without capacitors a transient is a static solution at every moment: voltages at the end of ida's
 * run against the static solver at ida's states and the last drive, through the record of the
 * array.  ida holds Newton's iteration to a twentieth of its tolerance of microvolts: 1e-6 V. */
static void test_static(void **state)
{
    (void)state;
    static const char *const dopants[] = {"Cr", "gmms-demo", "Cr-vteam"};
    enum { M = 5, N = 4 };
    const double row_ohm = 3, column_ohm = 2, driver_ohm = 20;
    char *devices = source_path("devices");
    for (size_t d = 0; d < COUNT(dopants); d++) {
        struct dopant *other;
        struct error error = {{0}};
        ASSERT_DONE(dopant_read(dopants[d], devices, &other, &error), error);
        double x[M * N], ground[2][M * N] = {{0}}, source[2][M * N] = {{0}};
        double v[2][M * N] = {{0}}, volts[M + N] = {0};
        for (size_t k = 0; k < M * N; k++)
            x[k] = 0.1 + 0.04 * (double)(k * 3 % (M * N));
        const struct crossbar_options o = {.rows = M,
                                           .columns = N,
                                           .dopant = other,
                                           .x0 = x,
                                           .row_ohm = row_ohm,
                                           .column_ohm = column_ohm,
                                           .driver_ohm = driver_ohm};
        struct circuit *c = circuit_new("static");
        struct crossbar a;
        ASSERT_DONE(crossbar_build(c, &o, &a, &error), error);
        for (size_t i = 0; i < M; i++) {
            volts[a.row_ports[i]] = 0.1 + 0.1 * (double)i;
            ground[0][i * N] = 1 / (driver_ohm + row_ohm);
            source[0][i * N] = volts[a.row_ports[i]] / (driver_ohm + row_ohm);
        }
        for (size_t j = 0; j < N; j++) {
            volts[a.column_ports[j]] = 0.05 * (double)j;
            ground[1][(M - 1) * N + j] = 1 / (driver_ohm + column_ohm);
            source[1][(M - 1) * N + j] = volts[a.column_ports[j]] / (driver_ohm + column_ohm);
        }
        struct engine_options tight = engine_defaults;
        tight.reltol = 1e-6;
        struct array_run r = array_run("ida", &tight, c, 1, volts, 10e-6, 1e-6);
        for (size_t k = 0; k < M * N; k++)
            x[k] = r.values[circuit_state_value(c, c->elements[a.devices[k]].state)];
        struct lines *lines = lines_new(a.rows, a.columns, row_ohm, column_ohm);
        struct lines_model model = {other->model, other->constants, 0, x};
        const struct lines_problem problem = {NULL,      ground[0],       ground[1], source[0],
                                              source[1], lines_model_law, &model};
        const struct lines_voltages found = {v[0], v[1]};
        struct lines_report report;
        ASSERT_DONE(lines_newton(lines, &problem, 1e-12, &found, &report, &error), error);
        for (size_t k = 0; k < M * N; k++) {
            ASSERT_NEAR(r.values[a.row_nodes[k]], v[0][k], 1e-6);
            ASSERT_NEAR(r.values[a.column_nodes[k]], v[1][k], 1e-6);
        }
        lines_free(lines);
        array_run_free(&r);
        circuit_free(c);
        dopant_free(other);
    }
    free(devices);
}

/* Numbers of nodes and elements, the names at the corners, and what the builder says of them. */
static void test_geometry(void **state)
{
    (void)state;
    struct crossbar a;
    struct circuit *c = memristors(4, 6, 2, 1, 0, 0, false, &a);
    assert_int_equal(c->n_nodes, 1 + 4 * (6 + 1) + 6 * (4 + 1));
    assert_int_equal(c->n_elements, 4 + 6 + 3 * 4 * 6);
    assert_int_equal(a.rows, 4);
    assert_int_equal(a.columns, 6);
    size_t segments = 0, devices = 0;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        segments += e->kind == ELEMENT_RESISTOR && e->class == CLASS_LINE;
        if (e->kind != ELEMENT_MEMRISTOR)
            continue;
        assert_int_equal(a.devices[devices], k);
        assert_int_equal(e->node[0], a.row_nodes[devices]);
        assert_int_equal(e->node[1], a.column_nodes[devices++]);
    }
    assert_int_equal(segments, 2 * 4 * 6);
    assert_int_equal(devices, 4 * 6);
    assert_string_equal(c->elements[a.devices[4 * 6 - 1]].name, "xm1_4_6");
    assert_string_equal(c->ports[a.row_ports[3]].name, "r4");
    assert_string_equal(c->probes[a.column_probes[5]].name, "i_c6");
    circuit_free(c);
    c = memristors(4, 6, 0, 0, 0, 0, false, &a); /* ideal lines */
    assert_int_equal(c->n_nodes, 1 + 4 + 6);
    assert_int_equal(c->n_elements, 4 + 6 + 4 * 6);
    circuit_free(c);
    c = memristors(4, 6, 0, 1, 10, 1e-12, true, &a);
    assert_int_equal(c->n_nodes, 1 + 4 * 3 + 6 * (4 + 1 + 2));
    assert_int_equal(c->n_elements, 3 * (4 + 6) + 3 * 4 * 6);
    circuit_free(c);
}

/* Capacitors at a column's crossings add up to column_farad; an ideal column has one.  Sums of four
 * quarters are exact. */
static void test_column_capacitance(void **state)
{
    (void)state;
    for (int ideal = 0; ideal < 2; ideal++) {
        struct crossbar a;
        struct circuit *c = memristors(4, 6, 2, ideal ? 0 : 1, 0, 1e-12, false, &a);
        double sums[6] = {0};
        size_t capacitors = 0;
        for (size_t k = 0; k < c->n_elements; k++) {
            const struct element *e = &c->elements[k];
            if (e->kind != ELEMENT_CAPACITOR)
                continue;
            size_t at = 0;
            while (at < 4 * 6 && a.column_nodes[at] != e->node[0])
                at++;
            assert_in_range(at, 0, 4 * 6 - 1);
            assert_int_equal(e->node[1], 0);
            sums[at % 6] += e->value;
            capacitors++;
        }
        assert_int_equal(capacitors, ideal ? 6 : 4 * 6);
        for (size_t j = 0; j < 6; j++)
            ASSERT_NEAR(sums[j], 1e-12, 0);
        circuit_free(c);
    }
}

/* The names of 64 x 64 nodes are found again, in any case. */
static void test_names(void **state)
{
    (void)state;
    struct crossbar a;
    struct circuit *c = memristors(64, 64, 1, 1, 0, 0, false, &a);
    const size_t n = c->n_nodes;
    assert_int_equal(n, 1 + 2 * 64 * 65);
    for (size_t i = 0; i < 64; i++)
        for (size_t j = 0; j < 64; j++) {
            assert_int_equal(circuit_nodef(c, "row%zu_%zu", i + 1, j + 1), a.row_nodes[i * 64 + j]);
            assert_int_equal(circuit_nodef(c, "COL%zu_%zu", i + 1, j + 1),
                             a.column_nodes[i * 64 + j]);
        }
    assert_int_equal(circuit_node(c, "GND"), 0);
    assert_int_equal(circuit_node(c, "0"), 0);
    assert_int_equal(c->n_nodes, n);
    assert_int_equal(circuit_node(c, "new"), n);
    circuit_free(c);
}

static void test_refused(void **state)
{
    (void)state;
    static const double ohm[] = {1, 2, 3, 4}, zero[] = {1, 2, 0, 4}, x0[] = {0, 1, 0.5, 1.5};
    const struct {
        struct crossbar_options options;
        const char *part;
    } bad[] = {
        {{.rows = 0, .columns = 2, .ohm = ohm}, "0 x 2"},
        {{.rows = 2, .columns = SIZE_MAX, .ohm = ohm}, "1 to 4096"},
        {{.rows = 2, .columns = 2}, "dopant"},
        {{.rows = 2, .columns = 2, .ohm = ohm, .row_ohm = -1}, "row_ohm is -1"},
        {{.rows = 2, .columns = 2, .ohm = ohm, .column_ohm = NAN}, "column_ohm is nan"},
        {{.rows = 2, .columns = 2, .ohm = ohm, .driver_ohm = INFINITY}, "driver_ohm is inf"},
        {{.rows = 2, .columns = 2, .ohm = ohm, .column_farad = -1e-12}, "column_farad"},
        {{.rows = 2, .columns = 2, .ohm = ohm, .openable = true}, "can be opened"},
        {{.rows = 2, .columns = 2, .ohm = zero}, "device (2, 1): 0 ohm"},
        {{.rows = 2, .columns = 2, .dopant = dopant, .x0 = x0}, "device (2, 2): state 1.5"},
    };
    for (size_t k = 0; k < COUNT(bad); k++) {
        struct circuit *c = circuit_new("bad");
        struct crossbar a;
        struct error error = {{0}};
        assert_int_equal(crossbar_build(c, &bad[k].options, &a, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, bad[k].part);
        assert_int_equal(c->n_elements, 0);
        circuit_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor),
        cmocka_unit_test(test_engines_agree),
        cmocka_unit_test(test_static),
        cmocka_unit_test(test_geometry),
        cmocka_unit_test(test_column_capacitance),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
