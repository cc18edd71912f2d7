/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of all elements over the steps of an integrator that has quadratures of its own, with an
 * estimate of their error from the powers at the steps' ends.  Capacitors are booked by what they
 * store. */
#ifndef SILVERBAR_ENGINE_STEP_ENERGY_H
#define SILVERBAR_ENGINE_STEP_ENERGY_H

#include "circuit/circuit.h"

struct step_energy {
    const struct circuit *circuit;
    double *energy, *estimate; /* n_elements: of the last step [J] */
    double *power;            /* n_elements: where the caller puts the powers at a step's end [W] */
    double *before, *before2; /* n_elements: powers at its beginning, and one step earlier [W] */
    double *stored;           /* n_elements: in capacitors [J] */
    double t_before;          /* beginning of the last step [s] */
    bool smooth;              /* no kink since then */
};

void step_energy_new(struct step_energy *s, const struct circuit *circuit);
void step_energy_free(struct step_energy *s);

/* The first point: s->power and values there. */
void step_energy_start(struct step_energy *s, const double *values);

/* A short step from a kink at t0 to t, by the trapezoidal rule. */
void step_energy_kink(struct step_energy *s, double t0, double t, const double *values);

/* A step from t0 to t with the integrator's increments [J]: n_elements. */
void step_energy_step(struct step_energy *s, double t0, double t, const double *values,
                      const double *increment);

#endif
