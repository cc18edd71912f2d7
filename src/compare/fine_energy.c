/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/fine_energy.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define TERMINALS ELEMENT_NODES

struct fine_energy *fine_energy_new(const struct circuit *c)
{
    struct fine_energy *f = NEW(1, struct fine_energy);
    f->circuit = c;
    f->elements = NEW(PHASE_SECTIONS_MAX * c->n_elements, double);
    f->gmin = NEW(PHASE_SECTIONS_MAX * c->n_elements, double);
    f->power = NEW(c->n_elements, double);
    f->volts = NEW(TERMINALS * c->n_elements, double);
    f->amperes = NEW(TERMINALS * c->n_elements, double);
    return f;
}

void fine_energy_free(struct fine_energy *f)
{
    if (!f)
        return;
    free(f->elements);
    free(f->gmin);
    free(f->power);
    free(f->volts);
    free(f->amperes);
    free(f);
}

/* Voltages and currents whose products add up to the element's power: of the terminals of a
 * transistor, of the two ends of another element. */
static void terminals(const struct circuit *c, size_t k, const double *values, double power,
                      double *v, double *i)
{
    const struct element *e = &c->elements[k];
    const struct element_type *type = element_type(e);
    memset(v, 0, TERMINALS * sizeof *v);
    memset(i, 0, TERMINALS * sizeof *i);
    if (type->currents) {
        const struct element_point at = circuit_point(c, values);
        for (int t = 0; t < TERMINALS; t++)
            v[t] = values[e->node[t]];
        type->currents(e, &at, i);
    } else if (type->law == LAW_NETLIST) {
        v[0] = 1;
        i[0] = power;
    } else {
        v[0] = values[e->node[0]] - values[e->node[1]];
        i[0] = v[0] != 0 ? power / v[0] : 0; /* all that dissipate have no current at 0 V */
    }
}

/* Of an element that leaks, with nodes at v. */
static double gmin_power(const double *v)
{
    const double drain = v[0] - v[3], source = v[2] - v[3];
    return CIRCUIT_GMIN * (drain * drain + source * source);
}

static void take(void *data, const struct interval *interval)
{
    struct fine_energy *f = data;
    const struct circuit *c = f->circuit;
    double *sums = f->elements + (size_t)interval->phase->section * c->n_elements;
    double *gmin = f->gmin + (size_t)interval->phase->section * c->n_elements;
    const double h = interval->t1 - interval->t0;
    circuit_power(c, interval->values, f->power);
    for (size_t k = 0; k < c->n_elements; k++) {
        double v[TERMINALS], i[TERMINALS];
        double *v0 = f->volts + TERMINALS * k, *i0 = f->amperes + TERMINALS * k;
        terminals(c, k, interval->values, f->power[k], v, i);
        for (int t = 0; t < TERMINALS && f->begun; t++)
            sums[k] += h / 6 * (2 * v0[t] * i0[t] + 2 * v[t] * i[t] + v0[t] * i[t] + v[t] * i0[t]);
        if (element_type(&c->elements[k])->leaks && f->begun)
            gmin[k] += 0.5 * h * (gmin_power(v0) + gmin_power(v));
        memcpy(v0, v, sizeof v);
        memcpy(i0, i, sizeof i);
    }
    f->begun = true;
}

struct recorder fine_energy_recorder(struct fine_energy *f)
{
    return (struct recorder){take, f};
}
