/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/ledger.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What an element is: its class, and one of these. */
enum role {
    ROLE_BOUNDARY = 1 << 4,
    ROLE_SOURCE = 1 << 5,
    ROLE_ARRAY = 1 << 6,
    ROLE_CLASS = ROLE_BOUNDARY - 1,
};

struct ledger *ledger_new(const struct circuit *c)
{
    struct ledger *l = NEW(1, struct ledger);
    l->circuit = c;
    l->elements = NEW(PHASE_SECTIONS * c->n_elements, double);
    l->roles = NEW(c->n_elements, unsigned char);
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        l->roles[k] = (unsigned char)((int)e->class | (e->boundary ? ROLE_BOUNDARY : 0) |
                                      (element_is_source(e) ? ROLE_SOURCE : 0) |
                                      (element_in_array(e) ? ROLE_ARRAY : 0));
    }
    for (int s = 0; s < PHASE_SECTIONS; s++)
        l->sections[s].t0 = -1;
    return l;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    free(l->elements);
    free(l->roles);
    free(l);
}

static void take(void *data, const struct interval *i)
{
    struct ledger *l = data;
    const size_t n_elements = l->circuit->n_elements, n = i->active ? i->n_active : n_elements;
    struct ledger_total *t = &l->sections[i->phase->section];
    double *elements = l->elements + (size_t)i->phase->section * n_elements;
    double *by_class = t->by_class[i->phase->kind];
    if (i->t1 <= i->t0)
        return;
    if (t->t0 < 0)
        t->t0 = i->t0;
    t->t1 = i->t1;
    for (size_t m = 0; m < n; m++) {
        const size_t k = i->active ? (size_t)i->active[m] : m;
        const unsigned role = l->roles[k], class = role & ROLE_CLASS;
        const double energy = i->energy[k];
        elements[k] += energy;
        if (role & ROLE_BOUNDARY) {
            t->array_in -= energy;
        } else if (role & ROLE_SOURCE) {
            t->delivered -= energy;
            *(class == CLASS_NEURON ? &t->delivered_supply : &t->delivered_drivers) -= energy;
            if (role & ROLE_ARRAY)
                t->array_in -= energy;
        } else {
            by_class[class] += energy;
            l->phase_error[class] += i->energy_error[k];
            if (role & ROLE_ARRAY)
                t->array_absorbed += energy;
        }
    }
    if (!i->ends_phase)
        return;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        t->error_by_class[class] += fabs(l->phase_error[class]);
    memset(l->phase_error, 0, sizeof l->phase_error);
}

struct recorder ledger_recorder(struct ledger *l)
{
    return (struct recorder){take, l};
}

double ledger_class(const struct ledger_total *t, enum energy_class class)
{
    double sum = 0;
    for (int kind = 0; kind < PHASE_KINDS; kind++)
        sum += t->by_class[kind][class];
    return sum;
}

double ledger_kind(const struct ledger_total *t, enum phase_kind kind)
{
    double sum = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        sum += t->by_class[kind][class];
    return sum;
}

double ledger_energy(const struct ledger_total *t)
{
    double sum = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        sum += ledger_class(t, (enum energy_class) class);
    return sum;
}

static double residual(double in, double absorbed)
{
    return in == 0 && absorbed == 0 ? 0 : fabs(in - absorbed) / fabs(in);
}

double ledger_residual_supply(const struct ledger *l)
{
    const struct ledger_total *a = &l->sections[SECTION_TRAINING],
                              *b = &l->sections[SECTION_INFERENCE];
    return fmax(residual(a->delivered, ledger_energy(a)), residual(b->delivered, ledger_energy(b)));
}

double ledger_residual_array(const struct ledger *l)
{
    const struct ledger_total *a = &l->sections[SECTION_TRAINING],
                              *b = &l->sections[SECTION_INFERENCE];
    return fmax(residual(a->array_in, a->array_absorbed), residual(b->array_in, b->array_absorbed));
}
