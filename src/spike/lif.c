/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spike/lif.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define SUBCIRCUIT "lif"
#define COMPARATOR_GAIN                                                                            \
    100.0 /* of the behavioural comparator, which is read against signal ground */

static bool has_terminal(const struct subcircuit_file *file, const char *name)
{
    const int n = subcircuit_terminals(file, SUBCIRCUIT);
    for (int k = 0; k < n; k++)
        if (strcmp(subcircuit_terminal(file, SUBCIRCUIT, k), name) == 0)
            return true;
    return false;
}

static bool is_known(const char *terminal)
{
    static const char *const known[] = {"col", "mem", "tr", "cmp",  "int", "fire",
                                        "on",  "vth", "vz", "vmid", "vdd", "vss"};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (strcmp(known[k], terminal) == 0)
            return true;
    return false;
}

enum status lif_check(const struct subcircuit_file *file, struct error *error)
{
    static const char *const needed[] = {"col", "mem", "tr", "cmp", "fire"};
    if (!file)
        return STATUS_OK;
    bool unsupported;
    enum status status = subcircuit_check(file, SUBCIRCUIT, &unsupported, error);
    if (status != STATUS_OK)
        return status;
    char *title = subcircuit_title(file, SUBCIRCUIT);
    for (size_t k = 0; k < sizeof needed / sizeof needed[0] && status == STATUS_OK; k++)
        if (!has_terminal(file, needed[k]))
            status =
                fail(error, STATUS_INPUT,
                     "%s: no terminal '%s', expected col, mem, tr, cmp and fire", title, needed[k]);
    for (int k = 0; k < subcircuit_terminals(file, SUBCIRCUIT) && status == STATUS_OK; k++)
        if (!is_known(subcircuit_terminal(file, SUBCIRCUIT, k)))
            status = fail(error, STATUS_INPUT,
                          "%s: terminal '%s', expected col, mem, tr, cmp, int, fire, on, vth, vz, "
                          "vmid, vdd or vss",
                          title, subcircuit_terminal(file, SUBCIRCUIT, k));
    free(title);
    return status;
}

double lif_logic(const struct subcircuit_file *file)
{
    return file ? LIF_SUPPLY : 1;
}

/* An element of neuron `number`, "<prefix><number>". */
static void add(struct circuit *c, const char *prefix, size_t number, const struct element *element)
{
    char *name = memory_format("%s%zu", prefix, number);
    circuit_add(c, name, element, true);
    free(name);
}

static void behavioural(struct circuit *c, const struct lif_supply *s,
                        const struct lif_terminals *at)
{
    const size_t j = at->number;
    const int tia = circuit_nodef(c, "tia%zu", j);
    const enum energy_class class = CLASS_NEURON;
    add(c, "eamp", j,
        &(struct element){ELEMENT_VCVS, class, .node = {tia, s->ground, s->ground, at->column},
                          .value = LIF_GAIN});
    add(c, "rf", j,
        &(struct element){ELEMENT_RESISTOR, class, .node = {at->column, tia},
                          .value = at->feedback});
    add(c, "gm", j,
        &(struct element){ELEMENT_VCCS, class, .node = {s->ground, at->membrane, s->ground, tia},
                          .value = LIF_TRANSCONDUCTANCE});
    add(c, "cm", j,
        &(struct element){ELEMENT_CAPACITOR, class, .node = {at->membrane, 0},
                          .value = LIF_MEMBRANE_FARAD});
    add(c, "rl", j,
        &(struct element){ELEMENT_RESISTOR, class, .node = {at->membrane, s->ground},
                          .value = LIF_MEMBRANE_OHM});
    add(c, "breset", j,
        &(struct element){ELEMENT_SWITCH, class, .node = {at->membrane, s->ground, at->fire, 0},
                          .value = LIF_SWITCH_OHM});
    add(c, "btrace", j,
        &(struct element){ELEMENT_SWITCH, class, .node = {s->trace, at->trace, at->fire, 0},
                          .value = LIF_SWITCH_OHM});
    add(c, "ct", j,
        &(struct element){ELEMENT_CAPACITOR, class, .node = {at->trace, 0},
                          .value = LIF_TRACE_FARAD});
    add(c, "rt", j,
        &(struct element){ELEMENT_RESISTOR, class, .node = {at->trace, 0}, .value = LIF_TRACE_OHM});
    add(c, "gsupply", j,
        &(struct element){ELEMENT_VCCS, class, .node = {s->vdd, 0, s->on, 0},
                          .value = LIF_SUPPLY_CURRENT});
    add(c, "ecmp", j,
        &(struct element){ELEMENT_VCVS, class,
                          .node = {at->compare, s->ground, at->membrane, s->threshold},
                          .value = COMPARATOR_GAIN});
}

enum status lif_add(struct circuit *c, const struct subcircuit_file *file,
                    const struct lif_supply *s, const struct lif_terminals *at, struct error *error)
{
    if (!file) {
        behavioural(c, s, at);
        return STATUS_OK;
    }
    const struct {
        const char *name;
        int node;
    } known[] = {{"col", at->column},  {"mem", at->membrane}, {"tr", at->trace},
                 {"cmp", at->compare}, {"fire", at->fire},    {"int", s->integrate},
                 {"on", s->on},        {"vth", s->threshold}, {"vz", s->trace},
                 {"vmid", s->ground},  {"vdd", s->vdd},       {"vss", 0}};
    const size_t n = (size_t)subcircuit_terminals(file, SUBCIRCUIT);
    int *nodes = NEW(n, int);
    char *name = memory_format("xn%zu", at->number);
    for (size_t k = 0; k < n; k++) {
        const char *terminal = subcircuit_terminal(file, SUBCIRCUIT, (int)k);
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strcmp(known[i].name, terminal) == 0)
                nodes[k] = known[i].node;
    }
    const struct parameter_value feedback = {"rf", at->feedback};
    const enum status status =
        subcircuit_add(c,
                       &(struct subcircuit_instance){.file = file,
                                                     .subcircuit = SUBCIRCUIT,
                                                     .name = name,
                                                     .n_nodes = n,
                                                     .nodes = nodes,
                                                     .n_parameters = 1,
                                                     .parameters = &feedback,
                                                     .class = CLASS_NEURON},
                       error);
    free(name);
    free(nodes);
    return status;
}
