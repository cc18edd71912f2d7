/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of all elements over an integrator's steps, from their powers at the ends and at two
 * points within: Lobatto's rule, exact for powers of degree 5.  What stores is booked by
 * that (stored.h). */
#ifndef SILVERBAR_ENGINE_DAE_STEP_ENERGY_H
#define SILVERBAR_ENGINE_DAE_STEP_ENERGY_H

#include "engine/stored.h"

/* The two points, as parts of the step: (1 -+ 1/sqrt 5)/2. */
#define STEP_ENERGY_FIRST 0.27639320225002103
#define STEP_ENERGY_SECOND 0.72360679774997897

struct step_energy {
    const struct circuit *circuit;
    bool simpson;                         /* instead: `first` is half way, and there is no second */
    double *energy, *estimate;            /* n_elements: of the last step [J] */
    unsigned char *classes;               /* n_elements: energy_classes() */
    double class_error[ENERGY_CLASSES];   /* sums of the estimates by these */
    double *begin, *first, *second, *end; /* n_elements: powers, put here by the caller [W] */
    struct stored stored;
};

void step_energy_new(struct step_energy *s, const struct circuit *circuit);
void step_energy_free(struct step_energy *s);

/* The first point. */
void step_energy_start(struct step_energy *s, const double *values);

/* A step of h seconds to `values`; s->end then becomes s->begin.  Estimates come
 * from the difference d of the rule from one of lower degree: the parabola through begin, first and end,
 * or Simpson's from the trapezoid; step_energy.c says how much of d. */
void step_energy_step(struct step_energy *s, double h, const double *values);

/* The same of a step whose energies [J] another rule has given: n_elements.  The estimate is the
 * difference to that of step_energy_step(), which shares the solution alone. */
void step_energy_given(struct step_energy *s, double h, const double *given, const double *values);

#endif
