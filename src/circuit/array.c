/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/array.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

struct build {
    const struct array_options *options;
    struct circuit *circuit;
    int *row_nodes, *column_nodes, *devices; /* rows x columns */
};

static enum status check(const struct array_options *o, struct error *error)
{
    const struct {
        const char *name, *unit;
        double value;
    } sizes[] = {{"row_ohm", "ohm", o->row_ohm},
                 {"column_ohm", "ohm", o->column_ohm},
                 {"driver_ohm", "ohm", o->driver_ohm},
                 {"column_farad", "F", o->column_farad}};
    if (o->rows - 1 >= ARRAY_SIDE_MAX || o->columns - 1 >= ARRAY_SIDE_MAX)
        return fail(error, STATUS_INPUT, "array of %zu x %zu devices, expected sides of 1 to %d",
                    o->rows, o->columns, ARRAY_SIDE_MAX);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        if (!(sizes[k].value >= 0 && isfinite(sizes[k].value)))
            return fail(error, STATUS_INPUT, "array: %s is %g %s, expected 0 or more",
                        sizes[k].name, sizes[k].value, sizes[k].unit);
    if (o->openable && !(o->driver_ohm > 0))
        return fail(error, STATUS_INPUT,
                    "array: driver_ohm is 0, expected more where ports can be opened");
    if (!o->ohm && ((!o->dopant && !o->dopants) || !o->x0))
        return fail(error, STATUS_INPUT, "array: expected resistances or a dopant with states");
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

static void segment(struct circuit *c, const char *line, size_t i, size_t j, int p, int n,
                    double ohm)
{
    char *name = memory_format("r%s%zu_%zu", line, i + 1, j + 1);
    circuit_resistor(c, name, p, n, ohm, CLASS_LINE);
    free(name);
}

/* Row i from its driver to the right; returns its port. */
static int build_row(struct build *b, size_t i)
{
    const struct array_options *o = b->options;
    struct circuit *c = b->circuit;
    const bool ideal = o->row_ohm == 0;
    int node = circuit_nodef(c, "row%zu_%d", i + 1, ideal);
    char *name = memory_format("r%zu", i + 1);
    const int port = circuit_port(c, name, node, o->driver_ohm, o->openable, 0, CLASS_DRIVER);
    free(name);
    for (size_t j = 0; j < o->columns; j++) {
        const int left = node;
        if (!ideal) {
            node = circuit_nodef(c, "row%zu_%zu", i + 1, j + 1);
            segment(c, "r", i, j, left, node, o->row_ohm);
        }
        b->row_nodes[i * o->columns + j] = node;
    }
    return port;
}

/* Column j from the bottom driver up; returns its port. */
static int build_column(struct build *b, size_t j)
{
    const struct array_options *o = b->options;
    struct circuit *c = b->circuit;
    const bool ideal = o->column_ohm == 0;
    int node = circuit_nodef(c, "col%zu_%zu", ideal ? 1 : o->rows + 1, j + 1);
    char *name = memory_format("c%zu", j + 1);
    const int port = circuit_port(c, name, node, o->driver_ohm, o->openable, 0, CLASS_DRIVER);
    free(name);
    for (size_t i = o->rows; i-- > 0;) {
        const int below = node;
        if (!ideal) {
            node = circuit_nodef(c, "col%zu_%zu", i + 1, j + 1);
            segment(c, "c", i, j, node, below, o->column_ohm);
        }
        b->column_nodes[i * o->columns + j] = node;
        if (o->column_farad > 0 && (!ideal || i == 0)) {
            name = memory_format("cc%zu_%zu", i + 1, j + 1);
            circuit_capacitor(c, name, node, 0, o->column_farad / (ideal ? 1 : (double)o->rows),
                              CLASS_LINE);
            free(name);
        }
    }
    return port;
}

static int build_device(struct build *b, size_t k)
{
    const struct array_options *o = b->options;
    const double ohm = o->ohm ? o->ohm[k] : o->stuck_ohm ? o->stuck_ohm[k] : 0;
    char *name =
        memory_format("%sm1_%zu_%zu", ohm > 0 ? "r" : "x", k / o->columns + 1, k % o->columns + 1);
    const int p = b->row_nodes[k], n = b->column_nodes[k];
    const int device = ohm > 0
                           ? circuit_resistor(b->circuit, name, p, n, ohm, CLASS_MEMRISTOR)
                           : circuit_memristor(b->circuit, name, p, n,
                                               o->dopants ? o->dopants[k] : o->dopant, o->x0[k]);
    free(name);
    return device;
}

enum status array_build(struct circuit *c, const struct array_options *o, struct array *a,
                        struct error *error)
{
    *a = (struct array){0};
    enum status status = check(o, error);
    if (status != STATUS_OK)
        return status;
    const size_t m = o->rows, n = o->columns;
    struct build b = {o, c, circuit_own(c, NEW(m * n, int)), circuit_own(c, NEW(m * n, int)),
                      circuit_own(c, NEW(m * n, int))};
    int *row_ports = circuit_own(c, NEW(m, int)), *column_ports = circuit_own(c, NEW(n, int)),
        *column_probes = circuit_own(c, NEW(n, int));
    for (size_t i = 0; i < m; i++)
        row_ports[i] = build_row(&b, i);
    for (size_t j = 0; j < n; j++) {
        column_ports[j] = build_column(&b, j);
        char *name = memory_format("i_c%zu", j + 1);
        column_probes[j] = circuit_current_probe(c, name, c->ports[column_ports[j]].source);
        free(name);
    }
    for (size_t k = 0; k < m * n; k++)
        b.devices[k] = build_device(&b, k);
    *a = (struct array){m,         n,           row_ports,     column_ports, column_probes,
                        b.devices, b.row_nodes, b.column_nodes};
    circuit_array(c, &(struct circuit_array){m, n, b.row_nodes, b.column_nodes, b.devices,
                                             o->row_ohm, o->column_ohm});
    return STATUS_OK;
}
