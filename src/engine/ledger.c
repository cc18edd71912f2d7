/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/ledger.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ledger *ledger_new(const struct circuit *c, const struct phase_names *names)
{
    struct ledger *l = NEW(1, struct ledger);
    l->circuit = c;
    l->names = names ? names : &phase_names_standard;
    l->elements = NEW(l->names->n_sections * l->names->n_kinds * c->n_elements, double);
    for (int s = 0; s < PHASE_SECTIONS_MAX; s++)
        l->t0[s] = -1;
    return l;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    free(l->elements);
    free(l);
}

static double *elements_of(const struct ledger *l, int section, int kind)
{
    return l->elements +
           ((size_t)section * l->names->n_kinds + (size_t)kind) * l->circuit->n_elements;
}

static void take(void *data, const struct interval *i)
{
    struct ledger *l = data;
    const int section = i->phase->section;
    const size_t n = l->circuit->n_elements;
    l->begun |= i->t1 > i->t0;
    if (!l->begun) /* the initial point */
        return;
    if (l->t0[section] < 0)
        l->t0[section] = i->t0;
    if (i->energy) {
        double *restrict sums = elements_of(l, section, i->phase->kind);
        const double *restrict energy = i->energy;
        for (size_t k = 0; k < n; k++)
            sums[k] += energy[k];
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            l->phase_error[class] += i->class_error[class];
        l->t1[section] = i->t1;
    }
    if (!i->ends_phase)
        return;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        l->error[section][class] += fabs(l->phase_error[class]);
    memset(l->phase_error, 0, sizeof l->phase_error);
}

struct recorder ledger_recorder(struct ledger *l)
{
    return (struct recorder){take, l};
}

/* One element's energy enters the section's total. */
static void enter(struct ledger_total *t, const struct element *e, int kind, double energy)
{
    if (e->boundary) {
        t->array_in -= energy;
    } else if (element_is_source(e)) {
        t->delivered -= energy;
        *(e->class == CLASS_NEURON ? &t->delivered_supply : &t->delivered_drivers) -= energy;
        if (element_in_array(e))
            t->array_in -= energy;
    } else {
        t->by_class[kind][e->class] += energy;
        if (element_in_array(e))
            t->array_absorbed += energy;
    }
}

struct ledger_total ledger_section(const struct ledger *l, int section)
{
    struct ledger_total t = {.t0 = l->t0[section], .t1 = l->t1[section]};
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        t.error_by_class[class] = l->error[section][class];
    for (int kind = 0; kind < (int)l->names->n_kinds; kind++)
        for (size_t k = 0; k < l->circuit->n_elements; k++)
            enter(&t, &l->circuit->elements[k], kind, elements_of(l, section, kind)[k]);
    return t;
}

double ledger_element(const struct ledger *l, int section, size_t element)
{
    double sum = 0;
    for (int kind = 0; kind < (int)l->names->n_kinds; kind++)
        sum += elements_of(l, section, kind)[element];
    return sum;
}

double ledger_class(const struct ledger_total *t, enum energy_class class)
{
    double sum = 0;
    for (int kind = 0; kind < PHASE_KINDS_MAX; kind++)
        sum += t->by_class[kind][class];
    return sum;
}

double ledger_kind(const struct ledger_total *t, int kind)
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
    const struct ledger_total a = ledger_section(l, SECTION_TRAINING),
                              b = ledger_section(l, SECTION_INFERENCE);
    return fmax(residual(a.delivered, ledger_energy(&a)), residual(b.delivered, ledger_energy(&b)));
}

double ledger_residual_array(const struct ledger *l)
{
    const struct ledger_total a = ledger_section(l, SECTION_TRAINING),
                              b = ledger_section(l, SECTION_INFERENCE);
    return fmax(residual(a.array_in, a.array_absorbed), residual(b.array_in, b.array_absorbed));
}
