/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/ledger.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ledger *ledger_new(const struct circuit *c)
{
    struct ledger *l = NEW(1, struct ledger);
    l->circuit = c;
    l->elements = NEW(PHASE_SECTIONS * c->n_elements, double);
    for (int s = 0; s < PHASE_SECTIONS; s++)
        l->sections[s].t0 = -1;
    return l;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    free(l->elements);
    free(l);
}

static void take(void *data, const struct interval *i)
{
    struct ledger *l = data;
    const struct circuit *c = l->circuit;
    struct ledger_total *t = &l->sections[i->phase->section];
    double *elements = l->elements + (size_t)i->phase->section * c->n_elements;
    if (i->t1 <= i->t0)
        return;
    if (t->t0 < 0)
        t->t0 = i->t0;
    t->t1 = i->t1;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        elements[k] += i->energy[k];
        if (e->boundary) {
            t->array_in -= i->energy[k];
        } else if (element_is_source(e)) {
            t->delivered -= i->energy[k];
            *(e->class == CLASS_NEURON ? &t->delivered_supply : &t->delivered_drivers) -=
                i->energy[k];
            if (element_in_array(e))
                t->array_in -= i->energy[k];
        } else {
            t->by_class[i->phase->kind][e->class] += i->energy[k];
            l->phase_error[e->class] += i->energy_error[k];
            if (element_in_array(e))
                t->array_absorbed += i->energy[k];
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
