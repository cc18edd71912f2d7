/* SPDX-License-Identifier: GPL-3.0-or-later */
/* K: couples two inductors by M = value sqrt(L1 L2), value between -1 and 1: v1 = L1 di1/dt + M di2/dt,
 * v2 = M di1/dt + L2 di2/dt.  It carries no current and has no nodes; what it stores, M i1 i2, is booked
 * half in either inductor, under its class. */
#include "base/spice_number.h"
#include "element/element.h"

static double mutual(const struct element *e, const struct element *elements)
{
    return e->value * sqrt(elements[e->partner[0]].value) * sqrt(elements[e->partner[1]].value);
}

static size_t fluxes(int number, const struct element *elements,
                     struct element_flux flux[ELEMENT_FLUXES])
{
    const struct element *e = &elements[number];
    const int a = e->partner[0], b = e->partner[1];
    const double m = mutual(e, elements);
    flux[0] = (struct element_flux){a, b, m};
    flux[1] = (struct element_flux){b, a, m};
    return 2;
}

static size_t stored(int number, const struct element_point *at,
                     struct element_share share[ELEMENT_SHARES])
{
    const struct element *e = &at->elements[number];
    const int a = e->partner[0], b = e->partner[1];
    const double half = 0.5 * mutual(e, at->elements) * at->branch[at->elements[a].branch] *
                        at->branch[at->elements[b].branch];
    share[0] = (struct element_share){a, half};
    share[1] = (struct element_share){b, half};
    return 2;
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const struct element *a = &text->elements[e->partner[0]], *b = &text->elements[e->partner[1]];
    const struct element *const both[] = {a, b};
    char half[32];
    number_text(0.5 * mutual(e, text->elements), half);
    for (int i = 0; i < 2; i++) {
        const char *class = energy_class_name(both[i]->class);
        if (both[i]->class != CLASS_NEURON) /* that is booked by what its sources deliver */
            fprintf(out, "let w_%s = w_%s + %s*i(%s)*i(%s)\n", class, class, half, a->name,
                    b->name);
    }
}

const struct element_type element_coupling = {
    .name = "coupling",
    .card = {.letter = 'k',
             .n_partners = 2,
             .partner = ELEMENT_INDUCTOR,
             .expected = "two inductors and one value",
             .range = "one between -1 and 1",
             .least = -1,
             .most = 1},
    .law = LAW_NONE,
    .rest = REST_REFUSED,
    .refusal = " couples inductors, whose currents build up in time: this engine knows no time "
               "between states at rest",
    .fluxes = fluxes,
    .stored = stored,
    .replay_power = replay_power,
};
