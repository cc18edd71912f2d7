/* SPDX-License-Identifier: GPL-3.0-or-later */
/* V: v(0,1) = value [V], or what the outside world sets; a boundary of 0 V measures what crosses from
 * the array side, node 0, to the supply side, node 1. */
#include "base/spice_number.h"
#include "element/element.h"

/* A boundary absorbs nothing: what is wanted is what crosses it. */
static double power(const struct element *e, const struct element_point *at)
{
    return (e->boundary ? at->v[e->node[0]] : element_volt(e, at)) * at->branch[e->branch];
}

static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    char value[32];
    element_write_nodes(text, 2, out);
    fputc(' ', out);
    if (e->external)
        text->source(text->data, text->number, out);
    else
        fprintf(out, "dc %s", number_text(e->value, value));
    fputc('\n', out);
}

static void replay_save(const struct element *e, const struct element_text *text, FILE *out)
{
    if (text->carries)
        fprintf(out, ".save i(%s)\n", e->name);
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    if (e->boundary) { /* what crosses it is what the supply side dissipates */
        fputs("let p_neuron = p_neuron + ", out);
        element_write_volt(text, e->node[0], out);
    } else if (text->carries) {
        fputs("let p_neuron = p_neuron - ", out);
        element_write_across(text, out);
    } else {
        return;
    }
    fprintf(out, "*i(%s)\n", e->name);
}

const struct element_type element_voltage = {
    .name = "voltage source",
    .card = {.letter = 'v', .n_nodes = 2, .expected = "2 nodes and one value", .dc = true},
    .law = LAW_VOLTAGE,
    .carries = {true, true},
    .source = true,
    .shows_current = true,
    .through = {0, 1},
    .rest = REST_TIES,
    .power = power,
    .write = write,
    .replay_save = replay_save,
    .replay_power = replay_power,
};
