/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/classifier.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <stdlib.h>

const struct classifier_options classifier_defaults = {
    .n_layers = 2,
    .sizes = {9, 3, 1},
    .row_ohm = 50,
    .column_ohm = 10,
    .select_width = 30e-6,
    .row_width = 80e-6,
    .column_width = 400e-6,
    .column_farad = 1e-12,
    .supply = NEURON_SUPPLY,
    .temperature = TEMPERATURE_NOMINAL,
};

/* Voltage above signal ground on a row of layer l when its signal is 1. */
static double row_swing(size_t layer)
{
    return layer == 0 ? CLASSIFIER_INPUT_VOLT : NEURON_OUTPUT_SWING;
}

double classifier_feedback(const struct dopant *d, size_t layer)
{
    return NEURON_INPUT_SWING / (row_swing(layer) * 0.5 * (d->g_max - d->g_min));
}

size_t classifier_amplifier(const struct classifier_options *o, size_t layer, size_t j)
{
    size_t number = j;
    for (size_t l = 0; l < layer; l++)
        number += o->sizes[l + 1] + 1;
    return number;
}

size_t classifier_amplifiers(const struct classifier_options *o)
{
    return classifier_amplifier(o, o->n_layers, 0);
}

struct neuron_kind classifier_neuron(const struct classifier_options *o, size_t layer, size_t j)
{
    const size_t number = classifier_amplifier(o, layer, j),
                 reference = classifier_amplifier(o, layer, o->sizes[layer + 1]);
    /* the first neuron's curve tells of the reference amplifier, too */
    const size_t curve = !o->own_curves       ? layer
                         : number < reference ? number - layer
                                              : classifier_amplifier(o, layer, 0) - layer;
    struct neuron_kind kind = o->neuron;
    if (o->curves)
        kind = (struct neuron_kind){.curve = &o->curves[curve]};
    kind.supply = o->supply;
    if (o->offsets) {
        kind.offset = o->offsets[number];
        kind.reference_offset = o->offsets[reference];
    }
    if (o->mismatch && !o->curves) {
        kind.mismatch = &o->mismatch[number];
        kind.reference_mismatch = &o->mismatch[reference];
    }
    return kind;
}

struct build {
    const struct classifier_options *options;
    struct classifier *classifier;
    struct circuit *circuit;
    int vdda, infer;
    double switch_ohm; /* of a select switch */
    struct error *error;
};

/* A switch from a to b that is on in inference. */
static enum status connect(struct build *b, const char *name, int from, int to, double width,
                           enum energy_class class)
{
    const struct crossbar_gate gate = {.switches = b->options->switches,
                                       .a = from,
                                       .b = to,
                                       .on = b->infer,
                                       .vdd = b->vdda,
                                       .width = width,
                                       .class = class};
    return crossbar_switch(b->circuit, &gate, name, b->error);
}

/* Rows of a layer: their nodes, drivers, and in layers above the first the hidden neurons. */
static enum status build_rows(struct build *b, size_t l, int *rows)
{
    const struct classifier_options *o = b->options;
    struct classifier_layer *layer = &b->classifier->layers[l];
    enum status status = STATUS_OK;
    for (size_t i = 0; i < o->sizes[l] && status == STATUS_OK; i++) {
        char *name = memory_format("r%zu_%zu", l + 1, i + 1);
        rows[i] = circuit_nodef(b->circuit, "row%zu_%zu", l + 1, i + 1);
        layer->row_ports[i] = circuit_port(b->circuit, name, rows[i],
                                           (struct port_driver){.ohm = o->row_ohm,
                                                                .openable = l > 0,
                                                                .idle = b->classifier->ground,
                                                                .class = CLASS_DRIVER});
        free(name);
        if (l == 0)
            continue;
        const int hidden = circuit_nodef(b->circuit, "h%zu_%zu", l, i + 1);
        const int array = circuit_nodef(b->circuit, "h%zu_%zu_a", l, i + 1);
        name = memory_format("vh%zu_%zu", l, i + 1);
        circuit_boundary(b->circuit, name, array, hidden);
        free(name);
        name = memory_format("xr%zu_%zu", l + 1, i + 1);
        status = connect(b, name, array, rows[i], o->row_width, CLASS_SELECT);
        free(name);
    }
    return status;
}

/* Switch and 0 V boundary from a column to its amplifier's input, which is returned. */
static enum status connect_column(struct build *b, const char *name, int column, int *input)
{
    const int array = circuit_nodef(b->circuit, "%s_a", name);
    *input = circuit_nodef(b->circuit, "%s_n", name);
    char *text = memory_format("c%s", name);
    circuit_capacitor(b->circuit, text, column, 0, b->options->column_farad, CLASS_LINE);
    free(text);
    text = memory_format("xc%s", name);
    enum status status = connect(b, text, column, array, b->options->column_width, CLASS_SELECT);
    free(text);
    text = memory_format("v%s", name);
    circuit_boundary(b->circuit, text, array, *input);
    free(text);
    return status;
}

/* Reference column: one resistor a row, so that the branch has the conductance G_ref. */
static enum status build_reference(struct build *b, size_t l, const int *rows, int *reference)
{
    const struct classifier_options *o = b->options;
    const double ohm = 1 / b->classifier->g_ref - b->classifier->series_ohm;
    const int column = circuit_nodef(b->circuit, "ref%zu", l + 1);
    enum status status = STATUS_OK;
    if (!(ohm > 0))
        return fail(b->error, STATUS_INPUT,
                    "%s: the window of %s needs a reference of %g ohm in layer %zu, below the %g "
                    "ohm in series",
                    o->dopant->path, o->dopant->name, 1 / b->classifier->g_ref, l + 1,
                    b->classifier->series_ohm);
    int *ends = NEW(o->sizes[l], int); /* of the branches at the column */
    for (size_t i = o->sizes[l]; i-- > 0;) {
        const struct crossbar_place at = {.line = "cref", .number = (int)l + 1, .i = i};
        ends[i] = crossbar_segment(b->circuit, &at, i + 1 < o->sizes[l] ? ends[i + 1] : column,
                                   o->line_column_ohm);
    }
    for (size_t i = 0; i < o->sizes[l] && status == STATUS_OK; i++) {
        const int inner = circuit_nodef(b->circuit, "ref%zu_%zu", l + 1, i + 1);
        char *name = memory_format("xf%zu_%zu", l + 1, i + 1);
        status = connect(b, name, rows[i], inner, o->select_width, CLASS_REFERENCE);
        free(name);
        name = memory_format("rref%zu_%zu", l + 1, i + 1);
        circuit_resistor(b->circuit, name, inner, ends[i], ohm, CLASS_REFERENCE);
        free(name);
    }
    free(ends);
    char *name = memory_format("ref%zu", l + 1);
    int input;
    if (status == STATUS_OK)
        status = connect_column(b, name, column, &input);
    free(name);
    *reference = circuit_nodef(b->circuit, "vref%zu", l + 1);
    name = memory_format("%zu", l + 1);
    const struct neuron_kind kind = classifier_neuron(o, l, o->sizes[l + 1]);
    if (status == STATUS_OK)
        status = neuron_add_reference(
            b->circuit, &kind,
            &(struct neuron_terminals){.name = name,
                                       .column = input,
                                       .output = *reference,
                                       .rf = classifier_feedback(o->dopant, l)},
            b->error);
    free(name);
    return status;
}

/* A column's driver, switch, neuron and probes. */
static enum status build_column(struct build *b, size_t l, size_t j, int column, int reference)
{
    struct circuit *c = b->circuit;
    struct classifier_layer *layer = &b->classifier->layers[l];
    char *name = memory_format("c%zu_%zu", l + 1, j + 1);
    const int port = circuit_port(c, name, column,
                                  (struct port_driver){.ohm = b->options->column_ohm,
                                                       .openable = true,
                                                       .idle = b->classifier->ground,
                                                       .class = CLASS_DRIVER});
    layer->column_ports[j] = port;
    char *probe = memory_format("i_%s", name);
    layer->column_probes[j] = circuit_current_probe(c, probe, c->ports[port].source);
    free(probe);
    free(name);
    int input;
    name = memory_format("col%zu_%zu", l + 1, j + 1);
    enum status status = connect_column(b, name, column, &input);
    free(name);
    const int out = circuit_nodef(c, "h%zu_%zu", l + 1, j + 1);
    name = memory_format("%zu_%zu", l + 1, j + 1);
    const struct neuron_kind kind = classifier_neuron(b->options, l, j);
    if (status == STATUS_OK)
        status =
            neuron_add(c, &kind,
                       &(struct neuron_terminals){.name = name,
                                                  .column = input,
                                                  .reference = reference,
                                                  .output = out,
                                                  .rf = classifier_feedback(b->options->dopant, l)},
                       b->error);
    free(name);
    probe = memory_format("h%zu_%zu", l + 1, j + 1);
    layer->output_probes[j] = circuit_voltage_probe(c, probe, out);
    free(probe);
    return status;
}

static enum status build_layer(struct build *b, size_t l)
{
    const struct classifier_options *o = b->options;
    struct circuit *c = b->circuit;
    struct classifier_layer *layer = &b->classifier->layers[l];
    const size_t m = o->sizes[l], n = o->sizes[l + 1];
    int *rows = circuit_own(c, NEW(m, int)), *columns = circuit_own(c, NEW(n, int));
    layer->row_ports = circuit_own(c, NEW(m, int));
    layer->column_ports = circuit_own(c, NEW(n, int));
    layer->column_probes = circuit_own(c, NEW(n, int));
    layer->output_probes = circuit_own(c, NEW(n, int));
    layer->first_device = b->classifier->n_devices;
    circuit_card(c, "\n* layer %zu: %zu rows, %zu columns", l + 1, m, n);
    enum status status = build_rows(b, l, rows);
    for (size_t j = 0; j < n; j++)
        columns[j] = circuit_nodef(c, "col%zu_%zu", l + 1, j + 1);
    int reference = 0;
    if (status == STATUS_OK)
        status = build_reference(b, l, rows, &reference);
    for (size_t j = 0; j < n && status == STATUS_OK; j++)
        status = build_column(b, l, j, columns[j], reference);
    const struct crossbar_options crossbar = {
        .number = (int)l + 1,
        .rows = m,
        .columns = n,
        .row_nodes = rows,
        .column_nodes = columns,
        .dopant = o->dopant,
        .dopants = o->dopants ? o->dopants + b->classifier->n_devices : NULL,
        .stuck_ohm = o->stuck_ohm ? o->stuck_ohm + b->classifier->n_devices : NULL,
        .x0 = o->x0 + b->classifier->n_devices,
        .row_ohm = o->line_row_ohm,
        .column_ohm = o->line_column_ohm,
        .switches = o->switches,
        .select_width = o->select_width,
        .vdd = b->vdda,
    };
    if (status == STATUS_OK)
        status = crossbar_build(c, &crossbar, &layer->crossbar, b->error);
    b->classifier->n_devices += m * n;
    return status;
}

enum status classifier_build(const struct classifier_options *o, struct classifier *k,
                             struct error *error)
{
    const struct dopant *d = o->dopant;
    *k = (struct classifier){.n_layers = o->n_layers, .g_min = d->g_min, .g_max = d->g_max};
    if (!(d->g_min > 0 && d->g_max > d->g_min))
        return fail(error, STATUS_INPUT,
                    "%s: dopant %s gives no conductance window, expected lines '*@ gmin' and "
                    "'*@ gmax'",
                    d->path, d->name);
    k->supply = o->supply;
    k->ground = neuron_ground(o->supply);
    k->g_ref = 0.5 * (d->g_max + d->g_min);
    k->g_span = 0.5 * (d->g_max - d->g_min);
    struct build b = {.options = o, .classifier = k, .error = error};
    enum status status = crossbar_switch_resistance(o->switches, o->select_width, k->supply,
                                                    k->ground, &b.switch_ohm, error);
    if (status != STATUS_OK)
        return status;
    k->series_ohm = o->row_ohm + b.switch_ohm + o->column_ohm;
    struct circuit *c = k->circuit = b.circuit = circuit_new("silverbar classifier");
    c->temperature = o->temperature;
    neuron_supply(c, k->supply);
    /* the switches belong to the array, so their supply current crosses a boundary */
    b.vdda = circuit_node(c, "vdda");
    circuit_boundary(c, "vdda", b.vdda, circuit_node(c, "vdd"));
    k->infer_port = circuit_logic_port(c, "infer");
    b.infer = circuit_node(c, "infer");
    for (size_t l = 0; l < o->n_layers && status == STATUS_OK; l++)
        status = build_layer(&b, l);
    if (status != STATUS_OK)
        classifier_free(k);
    return status;
}

void classifier_free(struct classifier *k)
{
    circuit_free(k->circuit);
    k->circuit = NULL;
}

struct classifier_address classifier_address(const struct classifier *k, size_t device)
{
    size_t l = k->n_layers - 1;
    while (l > 0 && k->layers[l].first_device > device)
        l--;
    const size_t local = device - k->layers[l].first_device;
    return (struct classifier_address){l, local / k->layers[l].crossbar.columns,
                                       local % k->layers[l].crossbar.columns};
}

int classifier_device(const struct classifier *k, size_t device)
{
    const struct classifier_address a = classifier_address(k, device);
    const struct crossbar *x = &k->layers[a.layer].crossbar;
    return x->devices[a.row * x->columns + a.column];
}
