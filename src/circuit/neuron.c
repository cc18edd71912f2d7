/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/neuron.h"

#include "base/memory.h"

#include <stdlib.h>

/* Divider that makes signal ground, on which only gates hang, and its decoupling. */
#define DIVIDER_OHM 100e3
#define DIVIDER_FARAD 1e-12
/* Open-loop gain of the behavioural amplifier: 16 uV of offset at 1.65 V. */
#define BEHAVIOURAL_GAIN 1e5

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

/* v(out) = gain (v_mid - v(column)), rf from out to column. */
static void transimpedance(struct circuit *c, const char *name, int column, int out, double rf)
{
    struct element e = {ELEMENT_VCVS, .class = CLASS_NEURON,
                        .node = {out, 0, circuit_node(c, "vmid"), column},
                        .value = BEHAVIOURAL_GAIN};
    char *text = memory_format("e%s", name);
    circuit_add(c, text, &e, true);
    free(text);
    text = memory_format("rf%s", name);
    circuit_resistor(c, text, column, out, rf, CLASS_NEURON);
    free(text);
}

static void behavioural(struct circuit *c, const struct transfer_table *table, const char *name,
                        int column, int reference, int out, double rf)
{
    const int tia = circuit_nodef(c, "%s_tia", name);
    transimpedance(c, name, column, tia, rf);
    struct element e = {ELEMENT_TRANSFER, .class = CLASS_NEURON, .node = {out, 0, reference, tia}};
    e.table.n = table->n;
    e.table.x = NEW(table->n, double);
    e.table.y = NEW(table->n, double);
    for (size_t i = 0; i < table->n; i++) {
        e.table.x[i] = NEURON_INPUT_SWING * table->x[i];
        e.table.y[i] = NEURON_GROUND + NEURON_OUTPUT_SWING * (table->y[i] - 0.5);
    }
    char *text = memory_format("b%s", name);
    circuit_add(c, text, &e, true);
    free(text);
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
        behavioural(c, kind->table, instance + 1, column, reference, output, rf);
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
        transimpedance(c, instance + 1, column, output, rf);
    free(instance);
    return status;
}
