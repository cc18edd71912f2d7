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

void neuron_supply(struct circuit *c)
{
    const int vdd = circuit_node(c, "vdd"), vmid = circuit_node(c, "vmid");
    circuit_voltage(c, "vdd", vdd, 0, NEURON_SUPPLY, CLASS_NEURON);
    circuit_resistor(c, "rmid1", vdd, vmid, DIVIDER_OHM, CLASS_NEURON);
    circuit_resistor(c, "rmid2", vmid, 0, DIVIDER_OHM, CLASS_NEURON);
    circuit_capacitor(c, "cmid", vmid, 0, DIVIDER_FARAD, CLASS_NEURON);
}

/* v(out) - v(base) = table(v(p) - v(n)), scaled: x by x_scale, y to y_offset + y_scale y. */
static void table_source(struct circuit *c, const char *name, int out, int base, int p, int n,
                         const struct transfer_table *table, double x_scale, double y_offset,
                         double y_scale)
{
    struct element e = {ELEMENT_TRANSFER, .class = CLASS_NEURON, .node = {out, base, p, n}};
    e.table.n = table->n;
    e.table.x = NEW(table->n, double);
    e.table.y = NEW(table->n, double);
    for (size_t i = 0; i < table->n; i++) {
        e.table.x[i] = x_scale * table->x[i];
        e.table.y[i] = y_offset + y_scale * table->y[i];
    }
    circuit_add(c, name, &e, true);
}

/* v(out) = v_mid + gain (v_mid - v(column)), rf from out to column. */
static void transimpedance(struct circuit *c, const struct neuron_curve *curve, const char *name,
                           int column, int out, double rf)
{
    double x[2] = {-1, 1}, y[2] = {-curve->gain, curve->gain};
    const struct transfer_table line = {2, x, y};
    char *text = memory_format("b%s_t", name);
    table_source(c, text, out, 0, circuit_node(c, "vmid"), column, &line, 1, NEURON_GROUND, 1);
    free(text);
    text = memory_format("rf%s", name);
    circuit_resistor(c, text, column, out, rf, CLASS_NEURON);
    free(text);
}

/* The supply's current as a table of v(p) - v(n): a source makes it, 1 V for 1 A, at a node of its
 * own, and drives it from vdd to ground. */
static void supply_current(struct circuit *c, const char *name, int p, int n,
                           const struct transfer_table *table, double x_scale)
{
    const int node = circuit_nodef(c, "%s_i", name);
    char *text = memory_format("b%s_i", name);
    table_source(c, text, node, 0, p, n, table, x_scale, 0, 1);
    free(text);
    const struct element e = {ELEMENT_VCCS, .class = CLASS_NEURON,
                              .node = {circuit_node(c, "vdd"), 0, node, 0}, .value = 1};
    text = memory_format("g%s_i", name);
    circuit_add(c, text, &e, true);
    free(text);
}

static void behavioural(struct circuit *c, const struct neuron_curve *curve, const char *name,
                        int column, int reference, int out, double rf)
{
    const int tia = circuit_nodef(c, "%s_tia", name), vmid = circuit_node(c, "vmid");
    transimpedance(c, curve, name, column, tia, rf);
    char *text = memory_format("b%s", name);
    /* the output stage is class A: what the load takes comes from vdd */
    table_source(c, text, out, circuit_node(c, "vdd"), reference, tia, &curve->transfer,
                 NEURON_INPUT_SWING, NEURON_GROUND - 0.5 * NEURON_OUTPUT_SWING - NEURON_SUPPLY,
                 NEURON_OUTPUT_SWING);
    free(text);
    text = memory_format("%s_a", name);
    supply_current(c, text, tia, vmid, &curve->amplifier, 1);
    free(text);
    text = memory_format("%s_s", name);
    supply_current(c, text, reference, tia, &curve->sigmoid, NEURON_INPUT_SWING);
    free(text);
}

static void behavioural_reference(struct circuit *c, const struct neuron_curve *curve,
                                  const char *name, int column, int out, double rf)
{
    transimpedance(c, curve, name, column, out, rf);
    char *text = memory_format("%s_a", name);
    supply_current(c, text, out, circuit_node(c, "vmid"), &curve->reference, 1);
    free(text);
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

double neuron_supply_current(void)
{
    return NEURON_SUPPLY / (2 * DIVIDER_OHM);
}

enum status neuron_add(struct circuit *c, const struct neuron_kind *kind, const char *name,
                       int column, int reference, int output, double rf, struct error *error)
{
    const int nodes[] = {column, reference, output, circuit_node(c, "vmid"), circuit_node(c, "vdd"),
                         0};
    const struct parameter_value feedback = {"rf", rf};
    char *instance = memory_format("xn%s", name);
    enum status status = STATUS_OK;
    if (kind->file)
        status = subcircuit_add(c, kind->file, "neuron", instance, nodes, 6, &feedback, 1,
                                CLASS_NEURON, kind->opaque, error);
    else
        behavioural(c, kind->curve, instance + 1, column, reference, output, rf);
    free(instance);
    return status;
}

enum status neuron_add_reference(struct circuit *c, const struct neuron_kind *kind,
                                 const char *name, int column, int output, double rf,
                                 struct error *error)
{
    const int nodes[] = {column, output, circuit_node(c, "vmid"), circuit_node(c, "vdd"), 0};
    const struct parameter_value feedback = {"rf", rf};
    char *instance = memory_format("xa%s", name);
    enum status status = STATUS_OK;
    if (kind->file)
        status = subcircuit_add(c, kind->file, "refamp", instance, nodes, 5, &feedback, 1,
                                CLASS_NEURON, kind->opaque, error);
    else
        behavioural_reference(c, kind->curve, instance + 1, column, output, rf);
    free(instance);
    return status;
}
