/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies from sampled powers: the trapezoidal rule on the accepted points, with an estimate of
 * its error from pairs of intervals.
 *
 * For a smooth power p(t) the rule gives h^3 p''/12 too much over a step h.  With F the sum over
 * two steps h1, h2 and C the one trapezoid over both, C - F = ((h1+h2)^3 - h1^3 - h2^3) p''/12, so
 * F is too large by
 * (C - F) (h1^3 + h2^3) / ((h1+h2)^3 - h1^3 - h2^3).  Capacitors are booked exactly
 * by the change of their stored energy. */
#ifndef SILVERBAR_ENGINE_QUADRATURE_H
#define SILVERBAR_ENGINE_QUADRATURE_H

#include "circuit/circuit.h"

struct quadrature {
    const struct circuit *circuit;
    double t; /* [s] of the last point */
    bool started;
    double *energy; /* n_elements: over the last interval [J] */
    double *error;  /* n_elements: estimate that belongs to it [J]; 0 at every other interval */
    double *power, *power_before, *stored; /* n_elements */
    double *pair_energy, *pair_power;      /* n_elements: of the first interval of a pair */
    double pair_t;
    bool in_pair;
};

struct quadrature *quadrature_new(const struct circuit *circuit);
void quadrature_free(struct quadrature *q);

/* Book the interval from the last point to (t, values). */
void quadrature_advance(struct quadrature *q, double t, const double *values);

/* Do not pair intervals across this point (an edge begins: the power has a kink). */
void quadrature_restart(struct quadrature *q);

#endif
