/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/step_energy.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void step_energy_new(struct step_energy *s, const struct circuit *c)
{
    *s = (struct step_energy){.circuit = c};
    double **const arrays[] = {&s->energy, &s->estimate, &s->power,
                               &s->before, &s->before2,  &s->stored};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        *arrays[k] = NEW(c->n_elements, double);
}

void step_energy_free(struct step_energy *s)
{
    double *const arrays[] = {s->energy, s->estimate, s->power, s->before, s->before2, s->stored};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
}

static void book_capacitors(struct step_energy *s, const double *values)
{
    for (size_t k = 0; k < s->circuit->n_elements; k++) {
        const struct element *e = &s->circuit->elements[k];
        if (e->kind != ELEMENT_CAPACITOR)
            continue;
        const double v = values[e->node[0]] - values[e->node[1]];
        const double stored = 0.5 * e->value * v * v;
        s->energy[k] = stored - s->stored[k];
        s->estimate[k] = 0;
        s->stored[k] = stored;
    }
}

/* The powers at the end of this step are those at the beginning of the next. */
static void shift(struct step_energy *s, double t0, bool smooth)
{
    double *oldest = s->before2;
    s->before2 = s->before;
    s->before = s->power;
    s->power = oldest;
    s->t_before = t0;
    s->smooth = smooth;
}

void step_energy_start(struct step_energy *s, const double *values)
{
    book_capacitors(s, values);
    shift(s, 0, false);
    memset(s->energy, 0, s->circuit->n_elements * sizeof *s->energy);
}

void step_energy_kink(struct step_energy *s, double t0, double t, const double *values)
{
    for (size_t k = 0; k < s->circuit->n_elements; k++) {
        s->energy[k] = 0.5 * (t - t0) * (s->before[k] + s->power[k]);
        s->estimate[k] = 0;
    }
    book_capacitors(s, values);
    shift(s, t0, false);
}

/* The estimate is what the parabola through the three powers gives differently; in the first step
 * after a kink, the chord.  Trapezoid minus parabola is h^3/12 times the second derivative. */
void step_energy_step(struct step_energy *s, double t0, double t, const double *values,
                      const double *increment)
{
    const double h = t - t0, h0 = t0 - s->t_before;
    for (size_t k = 0; k < s->circuit->n_elements; k++) {
        const double p0 = s->before2[k], p1 = s->before[k], p2 = s->power[k];
        double integral = 0.5 * h * (p1 + p2);
        if (s->smooth)
            integral -= h * h * h / 6 * ((p2 - p1) / h - (p1 - p0) / h0) / (h + h0);
        s->energy[k] = increment[k];
        s->estimate[k] = increment[k] - integral;
    }
    book_capacitors(s, values);
    shift(s, t0, true);
}
