/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/power_change.h"

#include "base/memory.h"
#include "base/wide.h"

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

static void elements_new(struct power_change_elements *e, size_t n)
{
    int **const numbers[] = {&e->number, &e->node[0], &e->node[1], &e->unknown[0], &e->unknown[1]};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        *numbers[k] = NEW(n, int);
    e->least = NEW(n, double);
}

static void elements_free(struct power_change_elements *e)
{
    int *const numbers[] = {e->number, e->node[0], e->node[1], e->unknown[0], e->unknown[1]};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        free(numbers[k]);
    free(e->least);
}

static void set_element(struct power_change_elements *e, size_t k, const struct dae *d,
                        size_t number, const int node[2])
{
    const bool transistor = element_type(&d->circuit->elements[number])->law == LAW_TRANSISTOR;
    e->number[k] = (int)number;
    e->least[k] = transistor ? LEAST_OF_CHANNEL : LEAST;
    for (int i = 0; i < 2; i++) {
        const int unknown = d->unknown[node[i]];
        e->node[i][k] = node[i];
        e->unknown[i][k] = unknown < 0 ? (int)d->n : unknown;
    }
}

void power_change_new(struct power_change *p, const struct dae *d)
{
    const struct circuit *c = d->circuit;
    unsigned char *classes = energy_classes(c);
    size_t n = 0, n_gates = 0;
    *p = (struct power_change){.dae = d,
                               .moves = NEW(d->n + 1, double),
                               .watt = NEW(c->n_elements, double),
                               .moved = NEW(c->n_elements, double)};
    elements_new(&p->all, c->n_elements);
    elements_new(&p->gates, c->n_elements);
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        for (size_t k = 0; k < c->n_elements; k++) {
            const struct element *e = &c->elements[k];
            const struct element_type *type = element_type(e);
            if (classes[k] != class || !type->power || type->across[0] == type->across[1])
                continue;
            const int across[2] = {e->node[type->across[0]], e->node[type->across[1]]},
                      gate[2] = {e->node[1], e->node[2]};
            set_element(&p->all, n++, d, k, across);
            if (type->law == LAW_TRANSISTOR)
                set_element(&p->gates, n_gates++, d, k, gate);
        }
        p->all.end[class] = n;
        p->gates.end[class] = n_gates;
    }
    free(classes);
}

void power_change_free(struct power_change *p)
{
    elements_free(&p->all);
    elements_free(&p->gates);
    free(p->moves);
    free(p->watt);
    free(p->moved);
}

/* watt[], moved[]: of each element its power and by how much that moves. */
WIDE static void find_all(const struct power_change *p, const double *power, double *restrict watt,
                          double *restrict moved)
{
    const struct power_change_elements *e = &p->all;
    const size_t n = e->end[ENERGY_CLASSES - 1];
    const int *number = e->number, *a = e->node[0], *b = e->node[1], *x = e->unknown[0],
              *y = e->unknown[1];
    const double *least = e->least, *v = p->dae->values, *moves = p->moves,
                 small = LEAST_PART * p->sum;
    for (size_t k = 0; k < n; k++) {
        const double size = fabs(power[number[k]]), from = v[a[k]], to = v[b[k]];
        const double move = fabs(moves[x[k]] - moves[y[k]]) - ROUNDING * (fabs(from) + fabs(to));
        watt[k] = size;
        moved[k] = move / (fabs(from - to) + least[k]);
    }
    for (size_t k = 0; k < n; k++) {
        const double part = watt[k] < small || !(moved[k] > 0) ? 0 : moved[k];
        moved[k] = watt[k] * (part * (2 + part));
    }
}

/* moved[] of the gates. */
WIDE static void find_gates(const struct power_change *p, const double *power,
                            double *restrict moved)
{
    const struct power_change_elements *e = &p->gates;
    const size_t n = e->end[ENERGY_CLASSES - 1];
    const int *number = e->number, *x = e->unknown[0], *y = e->unknown[1];
    const double *moves = p->moves;
    for (size_t k = 0; k < n; k++)
        moved[k] = fabs(power[number[k]] * (moves[x[k]] - moves[y[k]]));
}

/* x[first] to x[end - 1], by sums that do not wait for each other. */
static double sum(const double *x, size_t first, size_t end)
{
    double sums[4] = {0};
    size_t k = first;
    for (; k + 4 <= end; k += 4)
        for (size_t i = 0; i < 4; i++)
            sums[i] += x[k + i];
    for (; k < end; k++)
        sums[0] += x[k];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void power_change_classes(struct power_change *p, const double *power, const double *change,
                          double *of_classes, double *moved)
{
    memcpy(p->moves, change, p->dae->n * sizeof *change);
    find_all(p, power, p->watt, p->moved);
    p->sum = 0;
    for (size_t class = 0, k = 0; class < ENERGY_CLASSES; k = p->all.end[class ++]) {
        of_classes[class] = sum(p->watt, k, p->all.end[class]);
        moved[class] = sum(p->moved, k, p->all.end[class]);
        p->sum += of_classes[class];
    }
    find_gates(p, power, p->moved);
    for (size_t class = 0, k = 0; class < ENERGY_CLASSES; k = p->gates.end[class ++])
        moved[class] += GATE_STEEPNESS * sum(p->moved, k, p->gates.end[class]);
}
