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
        if (status == STATUS_OK || !unsupported)
            continue;
        kind->opaque = true;
        status = STATUS_OK;
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

/* v(out) - v(base) = table(v(p) - v(n)), scaled. */
static void table_source(struct circuit *c, const char *name, int out, int base, int p, int n,
                         const struct transfer_table *table, struct scaling s)
{
    struct element e = {ELEMENT_TRANSFER, .class = CLASS_NEURON, .node = {out, base, p, n}};
    e.table.n = table->n;
    e.table.x = NEW(table->n, double);
    e.table.y = NEW(table->n, double);
    for (size_t i = 0; i < table->n; i++) {
        e.table.x[i] = s.x_offset + s.x_scale * table->x[i];
        e.table.y[i] = s.y_offset + s.y_scale * table->y[i];
    }
    circuit_add(c, name, &e, true);
}

/* v(out) = v_mid + gain (v_mid + offset - v(column)), rf from out to column. */
static void transimpedance(struct circuit *c, double gain, double ground, double offset,
                           const char *name, int column, int out, double rf)
{
    double x[2] = {-1, 1}, y[2] = {-gain, gain};
    const struct transfer_table line = {2, x, y};
    char *text = memory_format("b%s_t", name);
    table_source(c, text, out, 0, circuit_node(c, "vmid"), column, &line,
                 (struct scaling){0, 1, ground + gain * offset, 1});
    free(text);
    text = memory_format("rf%s", name);
    circuit_resistor(c, text, column, out, rf, CLASS_NEURON);
    free(text);
}

/* The supply's current as a table of v(p) - v(n): a source makes it, 1 V for 1 A, at a node of its
 * own, and drives it from vdd to ground. */
static void supply_current(struct circuit *c, const char *name, int p, int n,
                           const struct transfer_table *table, double x_offset, double x_scale)
{
    const int node = circuit_nodef(c, "%s_i", name);
    char *text = memory_format("b%s_i", name);
    table_source(c, text, node, 0, p, n, table, (struct scaling){x_offset, x_scale, 0, 1});
    free(text);
    const struct element e = {ELEMENT_VCCS, .class = CLASS_NEURON,
                              .node = {circuit_node(c, "vdd"), 0, node, 0}, .value = 1};
    text = memory_format("g%s_i", name);
    circuit_add(c, text, &e, true);
    free(text);
}

/* Offsets shift both amplifiers' outputs, at equal currents by as much as their columns. */
static void behavioural(struct circuit *c, const struct neuron_kind *kind, const char *name,
                        int column, int reference, int out, double rf)
{
    const struct neuron_curve *curve = kind->curve;
    const double supply = supply_of(kind), ground = neuron_ground(supply);
    const double offset = kind->offset + curve->offset,
                 shift = kind->reference_offset + curve->reference_offset - offset;
    const int tia = circuit_nodef(c, "%s_tia", name), vmid = circuit_node(c, "vmid");
    transimpedance(c, curve->gain, ground, offset, name, column, tia, rf);
    char *text = memory_format("b%s", name);
    /* the output stage is class A: what the load takes comes from vdd */
    table_source(c, text, out, circuit_node(c, "vdd"), reference, tia, &curve->transfer,
                 (struct scaling){shift, NEURON_INPUT_SWING,
                                  ground - 0.5 * NEURON_OUTPUT_SWING - supply,
                                  NEURON_OUTPUT_SWING});
    free(text);
    text = memory_format("%s_a", name);
    supply_current(c, text, tia, vmid, &curve->amplifier, offset, 1);
    free(text);
    text = memory_format("%s_s", name);
    supply_current(c, text, reference, tia, &curve->sigmoid, shift, NEURON_INPUT_SWING);
    free(text);
}

static void behavioural_reference(struct circuit *c, const struct neuron_kind *kind,
                                  const char *name, int column, int out, double rf)
{
    const struct neuron_curve *curve = kind->curve;
    const double offset = kind->reference_offset + curve->reference_offset;
    transimpedance(c, curve->reference_gain > 0 ? curve->reference_gain : curve->gain,
                   neuron_ground(supply_of(kind)), offset, name, column, out, rf);
    char *text = memory_format("%s_a", name);
    supply_current(c, text, out, circuit_node(c, "vmid"), &curve->reference, offset, 1);
    free(text);
}

/* A source in series with the amplifier's column, which holds its outside `offset` above v_mid;
 * returns the inside. */
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

/* The netlist's subcircuit; its transistors may differ from their models. */
static enum status transistors(struct circuit *c, const struct neuron_kind *kind,
                               const char *subcircuit, const char *instance, const int *nodes,
                               size_t n_nodes, double rf, const struct mismatch *mismatch,
                               struct error *error)
{
    const struct parameter_value feedback = {"rf", rf};
    if (!mismatch)
        return subcircuit_add(c, kind->file, subcircuit, instance, nodes, n_nodes, &feedback, 1,
                              CLASS_NEURON, kind->opaque, error);
    if (kind->opaque)
        return fail(error, STATUS_INPUT,
                    "%s: mismatch cannot be given to transistors of a netlist that only SPICE "
                    "understands",
                    instance);
    return subcircuit_add_mismatched(c, kind->file, subcircuit, instance, nodes, n_nodes, &feedback,
                                     1, CLASS_NEURON, mismatch, error);
}

enum status neuron_add(struct circuit *c, const struct neuron_kind *kind, const char *name,
                       int column, int reference, int output, double rf, struct error *error)
{
    char *instance = memory_format("xn%s", name);
    enum status status = STATUS_OK;
    if (kind->file) {
        const int nodes[] = {offset_source(c, instance + 1, column, kind->offset),
                             reference,
                             output,
                             circuit_node(c, "vmid"),
                             circuit_node(c, "vdd"),
                             0};
        status = transistors(c, kind, "neuron", instance, nodes, 6, rf, kind->mismatch, error);
    } else {
        behavioural(c, kind, instance + 1, column, reference, output, rf);
    }
    free(instance);
    return status;
}

enum status neuron_add_reference(struct circuit *c, const struct neuron_kind *kind,
                                 const char *name, int column, int output, double rf,
                                 struct error *error)
{
    char *instance = memory_format("xa%s", name);
    enum status status = STATUS_OK;
    if (kind->file) {
        const int nodes[] = {offset_source(c, instance + 1, column, kind->reference_offset), output,
                             circuit_node(c, "vmid"), circuit_node(c, "vdd"), 0};
        status =
            transistors(c, kind, "refamp", instance, nodes, 5, rf, kind->reference_mismatch, error);
    } else {
        behavioural_reference(c, kind, instance + 1, column, output, rf);
    }
    free(instance);
    return status;
}
