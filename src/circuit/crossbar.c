/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/crossbar.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define GATE "tgate" /* .subckt of the switches' file */

enum status crossbar_switch(struct circuit *c, const struct crossbar_gate *gate,
                            const char *instance, struct error *error)
{
    const int nodes[] = {gate->a, gate->b, gate->on, gate->vdd, 0};
    const struct parameter_value width = {"w", gate->width};
    return subcircuit_add(c,
                          &(struct subcircuit_instance){.file = gate->switches,
                                                        .subcircuit = GATE,
                                                        .name = instance,
                                                        .n_nodes = 5,
                                                        .nodes = nodes,
                                                        .n_parameters = 1,
                                                        .parameters = &width,
                                                        .class = gate->class},
                          error);
}

enum status crossbar_switch_resistance(const struct subcircuit_file *switches, double w,
                                       double v_supply, double v_mid, double *ohm,
                                       struct error *error)
{
    const double dv = 1e-3, vt = BOLTZMANN * TEMPERATURE_NOMINAL / ELECTRON_CHARGE;
    struct circuit *c = circuit_new("switch");
    const struct crossbar_gate gate = {.switches = switches,
                                       .a = circuit_node(c, "a"),
                                       .b = circuit_node(c, "b"),
                                       .on = circuit_node(c, "on"),
                                       .vdd = circuit_node(c, "vdd"),
                                       .width = w,
                                       .class = CLASS_SELECT};
    enum status status = crossbar_switch(c, &gate, "xs", error);
    double current = 0;
    for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind != ELEMENT_MOSFET)
            continue;
        const bool n = e->mos->type > 0;
        const double v[4] = {v_mid + dv, n ? v_supply : 0, v_mid, n ? 0 : v_supply};
        double i[4];
        mos1_currents(e->mos, &e->geometry, vt, 0, v, i);
        current += fabs(i[0]);
    }
    circuit_free(c);
    if (status == STATUS_OK && !(current > 0)) {
        char *title = subcircuit_title(switches, GATE);
        fail(error, STATUS_INPUT, "%s: its transistors do not conduct while it is on", title);
        free(title);
        return STATUS_INPUT;
    }
    *ohm = dv / current;
    return status;
}

struct build {
    const struct crossbar_options *options;
    struct circuit *circuit;
    int *row_nodes, *column_nodes, *devices, *selects; /* rows x columns */
    struct error *error;
};

static enum status check(const struct crossbar_options *o, struct error *error)
{
    const struct {
        const char *name, *unit;
        double value;
    } sizes[] = {{"row_ohm", "ohm", o->row_ohm},
                 {"column_ohm", "ohm", o->column_ohm},
                 {"driver_ohm", "ohm", o->driver_ohm},
                 {"sense_ohm", "ohm", o->sense_ohm ? *o->sense_ohm : 0},
                 {"column_farad", "F", o->column_farad}};
    if (o->rows - 1 >= CROSSBAR_SIDE_MAX || o->columns - 1 >= CROSSBAR_SIDE_MAX)
        return fail(error, STATUS_INPUT, "crossbar of %zu x %zu devices, expected sides of 1 to %d",
                    o->rows, o->columns, CROSSBAR_SIDE_MAX);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        if (!(sizes[k].value >= 0 && isfinite(sizes[k].value)))
            return fail(error, STATUS_INPUT, "crossbar: %s is %g %s, expected 0 or more",
                        sizes[k].name, sizes[k].value, sizes[k].unit);
    if (o->openable && !(o->driver_ohm > 0))
        return fail(error, STATUS_INPUT,
                    "crossbar: driver_ohm is 0, expected more where ports can be opened");
    if (!o->ohm && ((!o->dopant && !o->dopants) || !o->x0))
        return fail(error, STATUS_INPUT, "crossbar: expected resistances or a dopant with states");
    for (size_t k = 0; k < o->rows * o->columns; k++) {
        const size_t i = k / o->columns + 1, j = k % o->columns + 1;
        if (o->ohm && !(o->ohm[k] > 0 && isfinite(o->ohm[k])))
            return fail(error, STATUS_INPUT, "device (%zu, %zu): %g ohm, expected more than 0", i,
                        j, o->ohm[k]);
        if (!o->ohm && !(o->x0[k] >= 0 && o->x0[k] <= 1))
            return fail(error, STATUS_INPUT, "device (%zu, %zu): state %g, expected 0 to 1", i, j,
                        o->x0[k]);
    }
    return STATUS_OK;
}

int crossbar_segment(struct circuit *c, const struct crossbar_place *at, int from, double ohm)
{
    if (!(ohm > 0))
        return from;
    char *suffix = at->number ? memory_format("%d_%zu_%zu", at->number, at->i + 1, at->j + 1)
                              : memory_format("%zu_%zu", at->i + 1, at->j + 1);
    char *name = at->number ? memory_format("r%s%s", at->line, suffix)
                            : memory_format("r%c%s", at->line[0], suffix);
    const int node = circuit_nodef(c, "%s%s", at->line, suffix);
    circuit_resistor(c, name, at->falls ? node : from, at->falls ? from : node, ohm, CLASS_LINE);
    free(name);
    free(suffix);
    return node;
}

/* A driver at the line's own end. */
static int build_driver(struct build *b, char line, size_t number, int node)
{
    const struct crossbar_options *o = b->options;
    char *name = memory_format("%c%zu", line, number + 1);
    const double ohm = line == 'c' && o->sense_ohm ? *o->sense_ohm : o->driver_ohm;
    const int port = circuit_port(
        b->circuit, name, node,
        (struct port_driver){.ohm = ohm, .openable = o->openable, .class = CLASS_DRIVER});
    free(name);
    return port;
}

/* Row i from its left end `node` on. */
static void build_row(struct build *b, size_t i, int node)
{
    const struct crossbar_options *o = b->options;
    for (size_t j = 0; j < o->columns; j++) {
        const struct crossbar_place at = {"row", o->number, i, j, false};
        node = crossbar_segment(b->circuit, &at, node, o->row_ohm);
        b->row_nodes[i * o->columns + j] = node;
    }
}

/* Column j from its lower end `node` up. */
static void build_column(struct build *b, size_t j, int node)
{
    const struct crossbar_options *o = b->options;
    const bool ideal = !(o->column_ohm > 0);
    for (size_t i = o->rows; i-- > 0;) {
        const struct crossbar_place at = {"col", o->number, i, j, o->number == 0};
        node = crossbar_segment(b->circuit, &at, node, o->column_ohm);
        b->column_nodes[i * o->columns + j] = node;
        if (o->column_farad > 0 && (!ideal || i == 0)) {
            char *name = memory_format("cc%zu_%zu", i + 1, j + 1);
            circuit_capacitor(b->circuit, name, node, 0,
                              o->column_farad / (ideal ? 1 : (double)o->rows), CLASS_LINE);
            free(name);
        }
    }
}

/* Lines that begin at the caller's nodes. */
static void build_lines(struct build *b)
{
    for (size_t i = 0; i < b->options->rows; i++)
        build_row(b, i, b->options->row_nodes[i]);
    for (size_t j = 0; j < b->options->columns; j++)
        build_column(b, j, b->options->column_nodes[j]);
}

/* Lines with a driver at the end of each. */
static void build_driven_lines(struct build *b, struct crossbar *x)
{
    struct circuit *c = b->circuit;
    const size_t m = b->options->rows, n = b->options->columns;
    const bool ideal_rows = !(b->options->row_ohm > 0), ideal = !(b->options->column_ohm > 0);
    int *row_ports = circuit_own(c, NEW(m, int)), *column_ports = circuit_own(c, NEW(n, int)),
        *column_probes = circuit_own(c, NEW(n, int));
    for (size_t i = 0; i < m; i++) {
        const int node = circuit_nodef(c, "row%zu_%d", i + 1, ideal_rows);
        row_ports[i] = build_driver(b, 'r', i, node);
        build_row(b, i, node);
    }
    for (size_t j = 0; j < n; j++) {
        const int node = circuit_nodef(c, "col%zu_%zu", ideal ? 1 : m + 1, j + 1);
        column_ports[j] = build_driver(b, 'c', j, node);
        build_column(b, j, node);
        char *name = memory_format("i_c%zu", j + 1);
        column_probes[j] = circuit_current_probe(c, name, c->ports[column_ports[j]].source);
        free(name);
    }
    x->row_ports = row_ports;
    x->column_ports = column_ports;
    x->column_probes = column_probes;
}

/* Device k between node p and its column: a memristor, or a resistor where `ohm` or `stuck_ohm` say so. */
static int build_device(struct build *b, size_t k, const char *address, int p)
{
    const struct crossbar_options *o = b->options;
    const double ohm = o->ohm ? o->ohm[k] : o->stuck_ohm ? o->stuck_ohm[k] : 0;
    char *name = memory_format("%sm%s", ohm > 0 ? "r" : "x", address);
    const int n = b->column_nodes[k];
    const int device = ohm > 0
                           ? circuit_resistor(b->circuit, name, p, n, ohm, CLASS_MEMRISTOR)
                           : circuit_memristor(b->circuit, name, p, n,
                                               o->dopants ? o->dopants[k] : o->dopant, o->x0[k]);
    free(name);
    return device;
}

/* Device k, behind its select switch if there are any. */
static enum status build_crossing(struct build *b, size_t k)
{
    const struct crossbar_options *o = b->options;
    struct circuit *c = b->circuit;
    enum status status = STATUS_OK;
    int end = b->row_nodes[k];
    char *address = memory_format("%d_%zu_%zu", o->number ? o->number : 1, k / o->columns + 1,
                                  k % o->columns + 1);
    if (o->switches) {
        char *select = memory_format("s%s", address), *gate = memory_format("xs%s", address);
        b->selects[k] = circuit_logic_port(c, select);
        end = circuit_nodef(c, "m%s", address);
        status = crossbar_switch(c,
                                 &(struct crossbar_gate){.switches = o->switches,
                                                         .a = b->row_nodes[k],
                                                         .b = end,
                                                         .on = circuit_node(c, select),
                                                         .vdd = o->vdd,
                                                         .width = o->select_width,
                                                         .class = CLASS_SELECT},
                                 gate, b->error);
        free(select);
        free(gate);
    }
    b->devices[k] = build_device(b, k, address, end);
    free(address);
    return status;
}

enum status crossbar_build(struct circuit *c, const struct crossbar_options *o, struct crossbar *x,
                           struct error *error)
{
    *x = (struct crossbar){.rows = o->rows, .columns = o->columns};
    enum status status = check(o, error);
    if (status != STATUS_OK)
        return status;
    const size_t n = o->rows * o->columns;
    struct build b = {.options = o, .circuit = c, .error = error};
    x->devices = b.devices = circuit_own(c, NEW(n, int));
    x->selects = b.selects = o->switches ? circuit_own(c, NEW(n, int)) : NULL;
    x->row_nodes = b.row_nodes = circuit_own(c, NEW(n, int));
    x->column_nodes = b.column_nodes = circuit_own(c, NEW(n, int));
    if (o->row_nodes)
        build_lines(&b);
    else
        build_driven_lines(&b, x);
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        status = build_crossing(&b, k);
    return status;
}
