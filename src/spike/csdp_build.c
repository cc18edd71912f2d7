/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows drive plus and minus devices of each line, columns end at neurons behind a switch, or at a driver
 * while pulses are applied:
 *
 *     r(2i-1) +V --driver-- row(2i-1) --G+(i,j)--+
 *     r(2i)   -V --driver-- row(2i)   --G-(i,j)--+-- col j --connect-- neuron j
 *                                                 +-- driver -- c(j), open but for pulses
 */
#include "base/memory.h"
#include "spike/csdp.h"
#include "spike/lif.h"

#include <stdlib.h>

struct lines {
    int *rows, *columns; /* nodes at their drivers' ends */
};

static int driven_port(struct circuit *c, char letter, size_t number, int node, double ohm,
                       bool openable)
{
    char *name = memory_format("%c%zu", letter, number);
    const struct port_driver driver = {
        .ohm = ohm, .openable = openable, .idle = LIF_GROUND, .class = CLASS_DRIVER};
    const int port = circuit_port(c, name, node, driver);
    free(name);
    return port;
}

static void build_drivers(struct csdp *s, struct lines *l)
{
    struct circuit *c = s->circuit;
    const size_t n = s->options.hidden;
    int *rows = circuit_own(c, NEW(s->n_rows, int)), *columns = circuit_own(c, NEW(n, int));
    l->rows = circuit_own(c, NEW(s->n_rows, int));
    l->columns = circuit_own(c, NEW(n, int));
    for (size_t i = 0; i < s->n_rows; i++) {
        l->rows[i] = circuit_nodef(c, "row%zu", i + 1);
        rows[i] = driven_port(c, 'r', i + 1, l->rows[i], s->options.row_ohm, false);
    }
    for (size_t j = 0; j < n; j++) {
        l->columns[j] = circuit_nodef(c, "col%zu", j + 1);
        columns[j] = driven_port(c, 'c', j + 1, l->columns[j], s->options.column_ohm, true);
    }
    s->row_ports = rows;
    s->column_ports = columns;
}

static enum status build_array(struct csdp *s, const struct lines *l, const double *x0,
                               struct error *error)
{
    const struct csdp_options *o = &s->options;
    struct crossbar array;
    const enum status status =
        crossbar_build(s->circuit,
                       &(struct crossbar_options){.rows = s->n_rows,
                                                  .columns = o->hidden,
                                                  .row_nodes = l->rows,
                                                  .column_nodes = l->columns,
                                                  .dopant = o->dopant,
                                                  .dopants = o->dopants,
                                                  .stuck_ohm = o->stuck_ohm,
                                                  .x0 = x0,
                                                  .row_ohm = o->line_row_ohm,
                                                  .column_ohm = o->line_column_ohm},
                       &array, error);
    s->devices = array.devices;
    return status;
}

static struct lif_supply build_supply(struct csdp *s)
{
    struct circuit *c = s->circuit;
    struct lif_supply supply = {.vdd = circuit_node(c, "vdd"),
                                .ground = circuit_node(c, "vmid"),
                                .threshold = circuit_node(c, "vth"),
                                .trace = circuit_node(c, "vz")};
    circuit_voltage(c, "vdd", supply.vdd, 0, LIF_SUPPLY, CLASS_NEURON);
    circuit_voltage(c, "vmid", supply.ground, 0, LIF_GROUND, CLASS_NEURON);
    circuit_voltage(c, "vth", supply.threshold, 0, LIF_GROUND + LIF_THRESHOLD, CLASS_NEURON);
    s->trace_source = circuit_port(c, "trace", supply.trace,
                                   (struct port_driver){.idle = LIF_TRACE, .class = CLASS_NEURON});
    s->connect = circuit_logic_port(c, "connect");
    s->integrate = circuit_logic_port(c, "int");
    s->on = circuit_logic_port(c, "on");
    supply.integrate = circuit_node(c, "int");
    supply.on = circuit_node(c, "on");
    return supply;
}

/* Column switch, boundary and neuron j. */
static enum status build_neuron(struct csdp *s, const struct lif_supply *supply, size_t j,
                                int column, struct error *error)
{
    struct circuit *c = s->circuit;
    const int array = circuit_nodef(c, "in%zu_a", j + 1), connect = circuit_node(c, "connect");
    struct lif_terminals at = {.number = j + 1,
                               .column = circuit_nodef(c, "in%zu", j + 1),
                               .membrane = circuit_nodef(c, "mem%zu", j + 1),
                               .trace = circuit_nodef(c, "tr%zu", j + 1),
                               .compare = circuit_nodef(c, "cmp%zu", j + 1),
                               .feedback = s->timing.feedback};
    char *name = memory_format("bconnect%zu", j + 1);
    circuit_add(c, name,
                &(struct element){ELEMENT_SWITCH, .class = CLASS_SELECT,
                                  .node = {column, array, connect, 0},
                                  .value = s->options.switch_ohm},
                true);
    free(name);
    name = memory_format("vin%zu", j + 1);
    circuit_boundary(c, name, array, at.column);
    free(name);
    name = memory_format("fire%zu", j + 1);
    s->fire[j] = circuit_logic_port(c, name);
    at.fire = circuit_node(c, name);
    free(name);
    const enum status status = lif_add(c, s->options.neuron, supply, &at, error);
    name = memory_format("cmp%zu", j + 1);
    s->compare_probes[j] = circuit_voltage_probe(c, name, at.compare);
    free(name);
    name = memory_format("tr%zu", j + 1);
    s->trace_probes[j] = circuit_voltage_probe(c, name, at.trace);
    free(name);
    return status;
}

enum status csdp_build(struct csdp *s, const double *x0, struct error *error)
{
    const size_t n = s->options.hidden;
    enum status status = lif_check(s->options.neuron, error);
    if (status != STATUS_OK)
        return status;
    struct circuit *c = s->circuit = circuit_new("silverbar csdp");
    c->temperature = s->options.kelvin;
    s->n_rows = 2 * spike_lines(&s->options.table);
    s->logic = lif_logic(s->options.neuron);
    struct lines lines;
    const struct lif_supply supply = build_supply(s);
    build_drivers(s, &lines);
    status = build_array(s, &lines, x0, error);
    s->fire = circuit_own(c, NEW(n, int));
    s->compare_probes = circuit_own(c, NEW(n, int));
    s->trace_probes = circuit_own(c, NEW(n, int));
    for (size_t j = 0; j < n && status == STATUS_OK; j++)
        status = build_neuron(s, &supply, j, lines.columns[j], error);
    return status;
}
