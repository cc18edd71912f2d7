/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/spice/quadrature.h"

#include "base/memory.h"
#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct quadrature *quadrature_new(const struct circuit *c)
{
    struct quadrature *q = NEW(1, struct quadrature);
    const size_t n = c->n_elements;
    q->circuit = c;
    q->classes = energy_classes(c);
    q->energy = NEW(n, double);
    q->error = NEW(n, double);
    q->power = NEW(n, double);
    stored_new(&q->stored, c);
    q->now = NEW(n, struct quadrature_point);
    q->before = NEW(n, struct quadrature_point);
    q->pair = NEW(n, struct quadrature_point);
    q->pair_energy = NEW(n, double);
    return q;
}

void quadrature_free(struct quadrature *q)
{
    if (!q)
        return;
    free(q->classes);
    free(q->energy);
    free(q->error);
    free(q->power);
    stored_free(&q->stored);
    free(q->now);
    free(q->before);
    free(q->pair);
    free(q->pair_energy);
    free(q);
}

void quadrature_restart(struct quadrature *q)
{
    q->in_pair = false;
}

/* The pairs of voltage and current whose products are the element's power.  A source's current is taken
 * from the values, since at 0 V it does not follow from the power; the power across a boundary is its
 * current times its voltage to ground.  All pairs obey Kirchhoff's laws at both ends of a step, so the
 * energies absorbed still add up to those delivered. */
static struct quadrature_point point(const struct element *e, const struct element_point *at,
                                     double power)
{
    struct quadrature_point p = {.power = power};
    const struct element_type *type = element_type(e);
    if (type->currents) {
        for (int t = 0; t < ELEMENT_NODES; t++)
            p.volt[t] = at->v[e->node[t]];
        type->currents(e, at, p.ampere);
        return p;
    }
    const int *ends = type->across[0] != type->across[1] ? type->across : (const int[]){0, 1};
    const double volt = at->v[e->node[ends[0]]] - (e->boundary ? 0 : at->v[e->node[ends[1]]]);
    if (type->law == LAW_NETLIST)
        return p;
    p.volt[0] = volt;
    if (element_has_branch(e->kind))
        p.ampere[0] = at->branch[e->branch];
    else if (type->law == LAW_SOURCE)
        p.ampere[0] = e->value;
    else if (type->law == LAW_TRANSCONDUCTANCE)
        p.ampere[0] = e->value * element_control(e, at);
    else if (fabs(volt) > 0)
        p.ampere[0] = power / volt;
    return p;
}

static double step_energy(const struct quadrature_point *a, const struct quadrature_point *b,
                          const struct element *e, double h)
{
    double sum = 0.5 * h * (a->power + b->power);
    for (int t = 0; t < (element_type(e)->currents ? ELEMENT_NODES : 1); t++)
        sum -= h / 6 * (b->volt[t] - a->volt[t]) * (b->ampere[t] - a->ampere[t]);
    return sum;
}

void quadrature_advance(struct quadrature *q, double t, const double *values)
{
    const struct circuit *c = q->circuit;
    const size_t n = c->n_elements;
    struct quadrature_point *swap = q->before;
    q->before = q->now;
    q->now = swap;
    const struct element_point at = circuit_point(c, values);
    circuit_power(c, values, q->power);
    const double h = q->started ? t - q->t : 0;
    for (size_t k = 0; k < n; k++) {
        q->now[k] = point(&c->elements[k], &at, q->power[k]);
        q->energy[k] = step_energy(&q->before[k], &q->now[k], &c->elements[k], h);
    }
    memset(q->error, 0, n * sizeof *q->error);
    if (q->started && q->in_pair) {
        const double h1 = q->t - q->pair_t, h2 = h, both = h1 + h2;
        const double cubes = h1 * h1 * h1 + h2 * h2 * h2;
        const double factor = -cubes / (both * both * both - cubes);
        for (size_t k = 0; k < n; k++) {
            const double coarse = step_energy(&q->pair[k], &q->now[k], &c->elements[k], both);
            q->error[k] = factor * (q->pair_energy[k] + q->energy[k] - coarse);
        }
    } else if (q->started) {
        memcpy(q->pair_energy, q->energy, n * sizeof *q->energy);
        memcpy(q->pair, q->before, n * sizeof *q->pair);
        q->pair_t = q->t;
    }
    q->in_pair = q->started && !q->in_pair;
    stored_book(&q->stored, values, q->energy, q->error);
    if (!q->started)
        memset(q->energy, 0, n * sizeof *q->energy);
    energy_sum_classes(n, q->classes, q->error, q->class_error);
    q->started = true;
    q->t = t;
}
