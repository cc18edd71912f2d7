/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subcircuit that only SPICE understands: power is v i at its terminals, behind 0 V sources. */
#include "element/element.h"

#include <assert.h>

static double power(const struct element *e, const struct element_point *at)
{
    double sum = 0;
    for (size_t k = 0; k < e->n_terminals; k++)
        sum += at->v[e->terminals[k]] * at->branch[at->elements[e->ammeters[k]].branch];
    return sum;
}

/* Its instance has a card of its own. */
static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    (void)e, (void)text, (void)out;
    assert(!"it comes from a subcircuit, which has a card of its own");
}

const struct element_type element_opaque = {
    .name = "subcircuit",
    .law = LAW_NETLIST,
    .carries = {true, true},
    .through = {0, 1},
    .rest = REST_REFUSED,
    .refusal = " is a subcircuit that only SPICE can run",
    .power = power,
    .write = write,
};
