/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/quadrature.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct quadrature *quadrature_new(const struct circuit *c)
{
    struct quadrature *q = NEW(1, struct quadrature);
    const size_t n = c->n_elements;
    q->circuit = c;
    q->energy = NEW(n, double);
    q->error = NEW(n, double);
    q->power = NEW(n, double);
    q->power_before = NEW(n, double);
    q->stored = NEW(n, double);
    q->pair_energy = NEW(n, double);
    q->pair_power = NEW(n, double);
    return q;
}

void quadrature_free(struct quadrature *q)
{
    if (!q)
        return;
    free(q->energy);
    free(q->error);
    free(q->power);
    free(q->power_before);
    free(q->stored);
    free(q->pair_energy);
    free(q->pair_power);
    free(q);
}

void quadrature_restart(struct quadrature *q)
{
    q->in_pair = false;
}

void quadrature_advance(struct quadrature *q, double t, const double *values)
{
    const struct circuit *c = q->circuit;
    const size_t n = c->n_elements;
    double *swap = q->power_before;
    q->power_before = q->power;
    q->power = swap;
    circuit_power(c, values, q->power);
    const double h = q->started ? t - q->t : 0;
    for (size_t k = 0; k < n; k++)
        q->energy[k] = 0.5 * h * (q->power_before[k] + q->power[k]);
    memset(q->error, 0, n * sizeof *q->error);
    if (q->started && q->in_pair) {
        const double h1 = q->t - q->pair_t, h2 = h, both = h1 + h2;
        const double cubes = h1 * h1 * h1 + h2 * h2 * h2;
        const double factor = -cubes / (both * both * both - cubes);
        for (size_t k = 0; k < n; k++) {
            const double coarse = 0.5 * both * (q->pair_power[k] + q->power[k]);
            q->error[k] = factor * (q->pair_energy[k] + q->energy[k] - coarse);
        }
    } else if (q->started) {
        memcpy(q->pair_energy, q->energy, n * sizeof *q->energy);
        memcpy(q->pair_power, q->power_before, n * sizeof *q->power);
        q->pair_t = q->t;
    }
    q->in_pair = q->started && !q->in_pair;
    for (size_t k = 0; k < n; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind != ELEMENT_CAPACITOR)
            continue;
        const double v = values[e->node[0]] - values[e->node[1]];
        const double stored = 0.5 * e->value * v * v;
        q->energy[k] = q->started ? stored - q->stored[k] : 0;
        q->error[k] = 0;
        q->stored[k] = stored;
    }
    q->started = true;
    q->t = t;
}
