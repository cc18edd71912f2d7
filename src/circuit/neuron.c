/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/neuron.h"

#include "base/memory.h"

#include <stdlib.h>

/* Divider that makes signal ground, on which only gates hang, and its decoupling. */
#define DIVIDER_OHM 100e3
#define DIVIDER_FARAD 1e-12

enum status neuron_read(const char *path, struct subcircuit_file **file, struct neuron_kind *kind,
                        struct error *error)
{
    static const char *const needed[] = {"neuron", "refamp"};
    enum status status = subcircuit_read(path, file, error);
    *kind = (struct neuron_kind){.file = *file};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && status == STATUS_OK; i++) {
        bool unsupported;
        status = subcircuit_check(*file, needed[i], &unsupported, error);
        if (status != STATUS_OK && unsupported) {
            kind->opaque = true;
            status = STATUS_OK;
        }
    }
    if (status != STATUS_OK) {
        subcircuit_free(*file);
        *file = NULL;
    }
    return status;
}

static double supply_of(const struct neuron_kind *kind)
{
    return kind->supply > 0 ? kind->supply : NEURON_SUPPLY;
}

void neuron_supply(struct circuit *c, double supply)
{
    const int vdd = circuit_node(c, "vdd"), vmid = circuit_node(c, "vmid");
    circuit_voltage(c, "vdd", vdd, 0, supply, CLASS_NEURON);
    circuit_resistor(c, "rmid1", vdd, vmid, DIVIDER_OHM, CLASS_NEURON);
    circuit_resistor(c, "rmid2", vmid, 0, DIVIDER_OHM, CLASS_NEURON);
    circuit_capacitor(c, "cmid", vmid, 0, DIVIDER_FARAD, CLASS_NEURON);
}

/* Scaling of a table: x to x_offset + x_scale x, y to y_offset + y_scale y. */
struct scaling {
    double x_offset, x_scale, y_offset, y_scale;
};

/* v(node 0) - v(node 1) = table(v(node 2) - v(node 3)), scaled. */
static void table_source(struct circuit *c, const char *name, const int node[4],
                         const struct transfer_table *table, struct scaling s)
{
    struct element e = {ELEMENT_TRANSFER, .class = CLASS_NEURON,
                        .node = {node[0], node[1], node[2], node[3]}};
    e.table.n = table->n;
    e.table.x = NEW(table->n, double);
    e.table.y = NEW(table->n, double);
    for (size_t i = 0; i < table->n; i++) {
        e.table.x[i] = s.x_offset + s.x_scale * table->x[i];
        e.table.y[i] = s.y_offset + s.y_scale * table->y[i];
    }
    circuit_add(c, name, &e, true);
}

struct amplifier {
    double gain, ground, offset; /* ground, offset: [V] */
    double rf;                   /* [ohm] */
};

/* v(out) = v_mid + gain (v_mid + offset - v(column)), rf from out to column. */
static void transimpedance(struct circuit *c, const struct amplifier *a, const char *name,
                           int column, int out)
{
    double x[2] = {-1, 1}, y[2] = {-a->gain, a->gain};
    const struct transfer_table line = {2, x, y};
    const int node[4] = {out, 0, circuit_node(c, "vmid"), column};
    char *text = memory_format("b%s_t", name);
    table_source(c, text, node, &line, (struct scaling){0, 1, a->ground + a->gain * a->offset, 1});
    free(text);
    text = memory_format("rf%s", name);
    circuit_resistor(c, text, column, out, a->rf, CLASS_NEURON);
    free(text);
}

/* The supply's current as a table of v(p) - v(n): a source makes it, 1 V for 1 A, at a node of its
 * own, and drives it from vdd to ground.  control: p, n. */
static void supply_current(struct circuit *c, const char *name, const int control[2],
                           const struct transfer_table *table, double x_offset, double x_scale)
{
    const int node = circuit_nodef(c, "%s_i", name);
    char *text = memory_format("b%s_i", name);
    table_source(c, text, (const int[4]){node, 0, control[0], control[1]}, table,
                 (struct scaling){x_offset, x_scale, 0, 1});
    free(text);
    const struct element e = {ELEMENT_VCCS, .class = CLASS_NEURON,
                              .node = {circuit_node(c, "vdd"), 0, node, 0}, .value = 1};
    text = memory_format("g%s_i", name);
    circuit_add(c, text, &e, true);
    free(text);
}

/* An offset shifts an amplifier's output and, at equal current, its column by the same voltage.  name: of
 * the instance, without its x. */
static void behavioural(struct circuit *c, const struct neuron_kind *kind, const char *name,
                        const struct neuron_terminals *at)
{
    const struct neuron_curve *curve = kind->curve;
    const double supply = supply_of(kind), ground = neuron_ground(supply);
    const double offset = kind->offset + curve->offset,
                 shift = kind->reference_offset + curve->reference_offset - offset;
    const int tia = circuit_nodef(c, "%s_tia", name), vmid = circuit_node(c, "vmid");
    const int follows[2] = {tia, vmid}, compares[2] = {at->reference, tia};
    transimpedance(c, &(struct amplifier){curve->gain, ground, offset, at->rf}, name, at->column,
                   tia);
    char *text = memory_format("b%s", name);
    /* the output stage is class A: what the load takes comes from vdd */
    table_source(
        c, text, (const int[4]){at->output, circuit_node(c, "vdd"), compares[0], compares[1]},
        &curve->transfer,
        (struct scaling){shift, NEURON_INPUT_SWING, ground - 0.5 * NEURON_OUTPUT_SWING - supply,
                         NEURON_OUTPUT_SWING});
    free(text);
    text = memory_format("%s_a", name);
    supply_current(c, text, follows, &curve->amplifier, offset, 1);
    free(text);
    text = memory_format("%s_s", name);
    supply_current(c, text, compares, &curve->sigmoid, shift, NEURON_INPUT_SWING);
    free(text);
}

static void behavioural_reference(struct circuit *c, const struct neuron_kind *kind,
                                  const char *name, const struct neuron_terminals *at)
{
    const struct neuron_curve *curve = kind->curve;
    const double offset = kind->reference_offset + curve->reference_offset;
    const struct amplifier amplifier = {.gain = curve->reference_gain > 0 ? curve->reference_gain
                                                                          : curve->gain,
                                        .ground = neuron_ground(supply_of(kind)),
                                        .offset = offset,
                                        .rf = at->rf};
    transimpedance(c, &amplifier, name, at->column, at->output);
    char *text = memory_format("%s_a", name);
    supply_current(c, text, (const int[2]){at->output, circuit_node(c, "vmid")}, &curve->reference,
                   offset, 1);
    free(text);
}

/* A source in series with the amplifier's column, so that the column is held `offset` above v_mid; returns
 * the amplifier's side. */
static int offset_source(struct circuit *c, const char *name, int column, double offset)
{
    if (!(offset < 0 || offset > 0))
        return column;
    const int inside = circuit_nodef(c, "%s_o", name);
    char *text = memory_format("vo%s", name);
    circuit_voltage(c, text, column, inside, offset, CLASS_NEURON);
    free(text);
    return inside;
}

void neuron_curve_free(struct neuron_curve *curve)
{
    struct transfer_table *const tables[] = {&curve->transfer, &curve->reference, &curve->amplifier,
                                             &curve->sigmoid};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        free(tables[i]->x);
        free(tables[i]->y);
    }
    *curve = (struct neuron_curve){0};
}

double neuron_supply_current(double supply)
{
    return supply / (2 * DIVIDER_OHM);
}

static enum status refuse_mismatch(const struct subcircuit_file *file,
                                   const struct subcircuit_instance *x, struct error *error)
{
    char *title = subcircuit_title(file, x->subcircuit);
    fail(error, STATUS_INPUT,
         "%s (%s): mismatch cannot be given to transistors of a netlist that only SPICE "
         "understands",
         title, x->name);
    free(title);
    return STATUS_INPUT;
}

/* The netlist's subcircuit; its transistors may differ from their models. */
static enum status transistors(struct circuit *c, const struct neuron_kind *kind,
                               struct subcircuit_instance instance, double rf, struct error *error)
{
    const struct parameter_value feedback = {"rf", rf};
    if (instance.mismatch && kind->opaque)
        return refuse_mismatch(kind->file, &instance, error);
    instance.file = kind->file;
    instance.n_parameters = 1;
    instance.parameters = &feedback;
    instance.class = CLASS_NEURON;
    instance.opaque = kind->opaque;
    return subcircuit_add(c, &instance, error);
}

enum status neuron_add(struct circuit *c, const struct neuron_kind *kind,
                       const struct neuron_terminals *at, struct error *error)
{
    const char *name = circuit_own(c, memory_format("xn%s", at->name));
    if (!kind->file) {
        behavioural(c, kind, name + 1, at);
        return STATUS_OK;
    }
    const int nodes[] = {offset_source(c, name + 1, at->column, kind->offset),
                         at->reference,
                         at->output,
                         circuit_node(c, "vmid"),
                         circuit_node(c, "vdd"),
                         0};
    const struct subcircuit_instance instance = {.subcircuit = "neuron",
                                                 .name = name,
                                                 .n_nodes = 6,
                                                 .nodes = nodes,
                                                 .mismatch = kind->mismatch};
    return transistors(c, kind, instance, at->rf, error);
}

enum status neuron_add_reference(struct circuit *c, const struct neuron_kind *kind,
                                 const struct neuron_terminals *at, struct error *error)
{
    const char *name = circuit_own(c, memory_format("xa%s", at->name));
    if (!kind->file) {
        behavioural_reference(c, kind, name + 1, at);
        return STATUS_OK;
    }
    const int nodes[] = {offset_source(c, name + 1, at->column, kind->reference_offset), at->output,
                         circuit_node(c, "vmid"), circuit_node(c, "vdd"), 0};
    const struct subcircuit_instance instance = {.subcircuit = "refamp",
                                                 .name = name,
                                                 .n_nodes = 5,
                                                 .nodes = nodes,
                                                 .mismatch = kind->reference_mismatch};
    return transistors(c, kind, instance, at->rf, error);
}
