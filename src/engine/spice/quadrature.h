/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies from an engine's accepted points, with an estimate of their error from pairs of
 * intervals.
 *
 * Over a step h voltage and current are taken as linear, so that
 *
 *     E = h (p0 + p1)/2 - h (v1 - v0)(i1 - i0)/6,
 *
 * which is exact on the ramp of a resistive network, where ngspice needs no points between the ends.
 * An element whose power is no product of one voltage and one current gets the trapezoidal rule alone.
 * For smooth v and i the error is of order h^3.  With F the sum over two steps h1, h2 and C the one step
 * over both, F is too large by (C - F) (h1^3 + h2^3) / ((h1+h2)^3 - h1^3 - h2^3).  Elements that store
 * are booked exactly, by the change of their stored energy (stored.h). */
#ifndef SILVERBAR_ENGINE_SPICE_QUADRATURE_H
#define SILVERBAR_ENGINE_SPICE_QUADRATURE_H

#include "engine/stored.h"

/* An element at one point: pairs of voltage and current whose products add up to its power.  An element
 * with currents into four nodes has one pair a node, against ground; any other has one pair, which is 0
 * where its power is no product. */
struct quadrature_point {
    double power, volt[ELEMENT_NODES], ampere[ELEMENT_NODES]; /* [W, V, A] */
};

struct quadrature {
    const struct circuit *circuit;
    double t; /* [s] of the last point */
    bool started;
    double *energy; /* n_elements: over the last interval [J] */
    double *error;  /* n_elements: estimated error of the last pair [J]; 0 at the first of a pair */
    unsigned char *classes;             /* n_elements: energy_classes() */
    double class_error[ENERGY_CLASSES]; /* sums of the errors by these */
    double *power;                      /* n_elements */
    struct stored stored;
    struct quadrature_point *now, *before, *pair; /* n_elements; pair: at the start of a pair */
    double *pair_energy;                          /* n_elements: of the first interval of a pair */
    double pair_t;
    bool in_pair;
};

struct quadrature *quadrature_new(const struct circuit *circuit);
void quadrature_free(struct quadrature *q);

/* Book the interval from the last point to (t, values). */
void quadrature_advance(struct quadrature *q, double t, const double *values);

/* Begin a new pair at this point, where an edge begins: the estimate needs smooth powers, and here they
 * have a kink. */
void quadrature_restart(struct quadrature *q);

#endif
