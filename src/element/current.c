/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I: i = value [A] from node 0 through the element to node 1. */
#include "base/spice_number.h"
#include "element/element.h"

static double power(const struct element *e, const struct element_point *at)
{
    return element_volt(e, at) * e->value;
}

static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    char value[32];
    element_write_nodes(text, 2, out);
    fprintf(out, " dc %s\n", number_text(e->value, value));
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    fputs("let p_neuron = p_neuron - ", out);
    element_write_across(text, out);
    fprintf(out, "*%g\n", e->value);
}

const struct element_type element_current = {
    .name = "current source",
    .card = {.letter = 'i', .n_nodes = 2, .expected = "2 nodes and one value", .dc = true},
    .law = LAW_SOURCE,
    .carries = {true, true},
    .source = true,
    .through = {0, 1},
    .rest = REST_CONDUCTS,
    .power = power,
    .write = write,
    .replay_power = replay_power,
};
