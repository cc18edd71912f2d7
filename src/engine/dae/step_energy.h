/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of all elements over an integrator's steps, from their powers at the ends and at two
 * points within: Lobatto's rule, exact for powers of degree 5. Elements that store are booked by
 * the change of their stored energy (stored.h). */
#ifndef SILVERBAR_ENGINE_DAE_STEP_ENERGY_H
#define SILVERBAR_ENGINE_DAE_STEP_ENERGY_H

#include "engine/stored.h"

/* The two points, as parts of the step: (1 -+ 1/sqrt 5)/2. */
#define STEP_ENERGY_FIRST 0.27639320225002103
#define STEP_ENERGY_SECOND 0.72360679774997897

struct step_energy {
    const struct circuit *circuit;
    bool simpson;                         /* instead: `first` is half way, and there is no second */
    double *energy, *estimate, *likely;   /* n_elements: of the last step [J] */
    int *order;                           /* elements of energy_classes(), by these, */
    size_t order_end[ENERGY_CLASSES];     /* and where those of each end */
    double class_error[ENERGY_CLASSES];   /* sums of the estimates by these */
    double *begin, *first, *second, *end; /* n_elements: powers, put here by the caller [W] */
    double class_likely[ENERGY_CLASSES];  /* sums of likely errors, which choose steps [J] */
    double of_step[ENERGY_CLASSES]; /* magnitudes of the classes' energies in the last step [J] */
    double total[ENERGY_CLASSES];   /* in all steps that were booked [J] */
    size_t steps;                   /* these */
    struct stored stored;
};

void step_energy_new(struct step_energy *s, const struct circuit *circuit);
void step_energy_free(struct step_energy *s);

/* The first point. */
void step_energy_start(struct step_energy *s, const double *values);

/* Energies and estimates of a step of h seconds.  Estimates come
 * from the difference d of the rule from one of lower degree: the parabola through begin, first and end,
 * or Simpson's from the trapezoid; step_energy.c says how much of d. */
void step_energy_step(struct step_energy *s, double h);

/* The same for a step whose energies [J] another rule has given: n_elements. The estimate is the
 * difference from step_energy_step(), which has the solution in common with that rule and
 * nothing else. */
void step_energy_given(struct step_energy *s, double h, const double *given);

/* The largest error of a class, in units of the allowed one: reltol times the energy of the
 * class in the step, or a share of its energy so far. error, of_step: ENERGY_CLASSES, over h
 * seconds [J], or [W] and h; not finite: INFINITY. */
double step_energy_excess(const struct step_energy *s, const double *error, const double *of_step,
                          double h, double reltol);

/* To be called when the step ends at `values`: books elements that store, and s->end becomes
 * s->begin of the next step. */
void step_energy_book(struct step_energy *s, const double *values);

#endif
