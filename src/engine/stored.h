/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of capacitors and inductors.  Over an interval an element that stores absorbs the change of its
 * stored energy, which its law gives exactly from the values at both ends (element_type.stored); the
 * powers between need no integration. */
#ifndef SILVERBAR_ENGINE_STORED_H
#define SILVERBAR_ENGINE_STORED_H

#include "circuit/circuit.h"

struct stored {
    const struct circuit *circuit;
    size_t n;
    int *elements; /* n: those that store */
    double *last;  /* n ELEMENT_SHARES: stored energy of each share at the last point [J] */
};

void stored_new(struct stored *stored, const struct circuit *circuit);
void stored_free(struct stored *stored);

/* Set energy[n_elements] [J] and error[n_elements] [J] of the elements that store, for the interval from
 * the last point to that of `values`.  Before the first point they hold 0 J. */
void stored_book(struct stored *stored, const double *values, double *energy, double *error);

#endif
