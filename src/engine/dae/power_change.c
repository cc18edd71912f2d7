/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/power_change.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* [1/V] part of its current by which a transistor's goes up with its gate, at an overdrive of 0.2 V */
#define GATE_STEEPNESS 10
/* [V] added to the voltage across an element: u and power are 0 together, but for a transistor's bulk */
#define LEAST 1e-150
#define LEAST_OF_CHANNEL 1e-6
#define LEAST_PART                                                                                 \
    1e-14 /* of all powers of the last call: a smaller one has no part in any class */
#define ROUNDING (2 * DBL_EPSILON) /* of voltages, which no change improves */

static struct power_change_element element(const struct dae *d, size_t number, int a, int b)
{
    const bool transistor = element_type(&d->circuit->elements[number])->law == LAW_TRANSISTOR;
    struct power_change_element e = {
        (int)number, {a, b}, {0}, transistor ? LEAST_OF_CHANNEL : LEAST};
    for (int i = 0; i < 2; i++) {
        const int unknown = d->unknown[e.node[i]];
        e.unknown[i] = unknown < 0 ? (int)d->n : unknown;
    }
    return e;
}

void power_change_new(struct power_change *p, const struct dae *d)
{
    const struct circuit *c = d->circuit;
    unsigned char *classes = energy_classes(c);
    size_t n = 0, n_gates = 0;
    *p = (struct power_change){.dae = d,
                               .elements = NEW(c->n_elements, struct power_change_element),
                               .gates = NEW(c->n_elements, struct power_change_element),
                               .moves = NEW(d->n + 1, double)};
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        for (size_t k = 0; k < c->n_elements; k++) {
            const struct element *e = &c->elements[k];
            const struct element_type *type = element_type(e);
            if (classes[k] != class || !type->power || type->across[0] == type->across[1])
                continue;
            p->elements[n++] = element(d, k, e->node[type->across[0]], e->node[type->across[1]]);
            if (type->law == LAW_TRANSISTOR)
                p->gates[n_gates++] = element(d, k, e->node[1], e->node[2]);
        }
        p->end[class] = n;
        p->gates_end[class] = n_gates;
    }
    free(classes);
}

void power_change_free(struct power_change *p)
{
    free(p->elements);
    free(p->gates);
    free(p->moves);
}

void power_change_classes(struct power_change *p, const double *power, const double *change,
                          double *of_classes, double *moved)
{
    const struct dae *d = p->dae;
    const double *restrict v = d->values, *restrict moves = p->moves;
    memcpy(p->moves, change, d->n * sizeof *change);
    const double least = LEAST_PART * p->all;
    size_t k = 0, g = 0;
    p->all = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        double sum = 0, sum_moved = 0, sum_gates = 0;
        for (; k < p->end[class]; k++) {
            const struct power_change_element *restrict e = &p->elements[k];
            const double watt = fabs(power[e->number]);
            sum += watt;
            if (watt < least)
                continue;
            const double from = v[e->node[0]], to = v[e->node[1]];
            const double move = fabs(moves[e->unknown[0]] - moves[e->unknown[1]]) -
                                ROUNDING * (fabs(from) + fabs(to));
            const double part = (move > 0 ? move : 0) / (fabs(from - to) + e->least);
            sum_moved += watt * (part * (2 + part));
        }
        for (; g < p->gates_end[class]; g++) {
            const struct power_change_element *restrict e = &p->gates[g];
            sum_gates += fabs(power[e->number] * (moves[e->unknown[0]] - moves[e->unknown[1]]));
        }
        p->all += sum;
        of_classes[class] = sum;
        moved[class] = sum_moved + GATE_STEEPNESS * sum_gates;
    }
}
