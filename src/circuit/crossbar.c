/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/crossbar.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum status crossbar_switch(struct circuit *c, const struct subcircuit_file *switches,
                            const char *instance, int a, int b, int on, int vdd, double w,
                            enum energy_class class, struct error *error)
{
    const int nodes[] = {a, b, on, vdd, 0};
    const struct parameter_value width = {"w", w};
    return subcircuit_add(c, switches, "tgate", instance, nodes, 5, &width, 1, class, false, error);
}

enum status crossbar_switch_resistance(const struct subcircuit_file *switches, double w,
                                       double v_supply, double v_mid, double *ohm,
                                       struct error *error)
{
    const double dv = 1e-3, vt = BOLTZMANN * TEMPERATURE_NOMINAL / ELECTRON_CHARGE;
    struct circuit *c = circuit_new("switch");
    const int a = circuit_node(c, "a"), b = circuit_node(c, "b"), on = circuit_node(c, "on"),
              vdd = circuit_node(c, "vdd");
    enum status status = crossbar_switch(c, switches, "xs", a, b, on, vdd, w, CLASS_SELECT, error);
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
    if (status == STATUS_OK && !(current > 0))
        return fail(error, STATUS_INPUT,
                    "the transmission gate of the switch file does not conduct");
    *ohm = dv / current;
    return status;
}

/* The ends of all devices: the rows' and columns' own nodes, or one of each crossing. */
static void build_lines(struct circuit *c, const struct crossbar_options *o, int *row, int *column)
{
    const size_t m = o->rows, n = o->columns;
    for (size_t i = 0; i < m; i++) {
        int node = o->row_nodes[i];
        for (size_t j = 0; j < n; j++)
            row[i * n + j] = node =
                crossbar_segment(c, "row", o->number, i, j, node, o->line_row_ohm);
    }
    for (size_t j = 0; j < n; j++) {
        int node = o->column_nodes[j];
        for (size_t i = m; i-- > 0;)
            column[i * n + j] = node =
                crossbar_segment(c, "col", o->number, i, j, node, o->line_column_ohm);
    }
}

int crossbar_segment(struct circuit *c, const char *line, int number, size_t i, size_t j, int from,
                     double ohm)
{
    if (!(ohm > 0))
        return from;
    const int node = circuit_nodef(c, "%s%d_%zu_%zu", line, number, i + 1, j + 1);
    char *name = memory_format("r%s%d_%zu_%zu", line, number, i + 1, j + 1);
    circuit_resistor(c, name, from, node, ohm, CLASS_LINE);
    free(name);
    return node;
}

/* Device k between `inner` and its column: a memristor, or the resistor that is left of it. */
static int build_device(struct circuit *c, const struct crossbar_options *o, size_t k,
                        const char *address, int inner, int column)
{
    const bool stuck = o->stuck_ohm && o->stuck_ohm[k] > 0;
    char *name = memory_format("%sm%s", stuck ? "r" : "x", address);
    const int device =
        stuck ? circuit_resistor(c, name, inner, column, o->stuck_ohm[k], CLASS_MEMRISTOR)
              : circuit_memristor(c, name, inner, column, o->dopants ? o->dopants[k] : o->dopant,
                                  o->x0[k]);
    free(name);
    return device;
}

enum status crossbar_build(struct circuit *c, const struct crossbar_options *o, struct crossbar *x,
                           struct error *error)
{
    const size_t n = o->rows * o->columns;
    x->rows = o->rows;
    x->columns = o->columns;
    x->devices = circuit_own(c, NEW(n, int));
    x->selects = circuit_own(c, NEW(n, int));
    int *row = NEW(n, int), *column = NEW(n, int);
    build_lines(c, o, row, column);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n && status == STATUS_OK; k++) {
        const size_t i = k / o->columns, j = k % o->columns;
        char *address = memory_format("%d_%zu_%zu", o->number, i + 1, j + 1);
        char *select = memory_format("s%s", address), *gate = memory_format("xs%s", address);
        x->selects[k] = circuit_logic_port(c, select);
        const int inner = circuit_nodef(c, "m%s", address);
        status = crossbar_switch(c, o->switches, gate, row[k], inner, circuit_node(c, select),
                                 o->vdd, o->select_width, CLASS_SELECT, error);
        x->devices[k] = build_device(c, o, k, address, inner, column[k]);
        free(address);
        free(select);
        free(gate);
    }
    free(row);
    free(column);
    return status;
}
