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
    int *elements; /* n: that store */
    double *last;  /* n ELEMENT_SHARES: what each share was at the last point [J] */
};

void stored_new(struct stored *stored, const struct circuit *circuit);
void stored_free(struct stored *stored);

/* From the last point, 0 J before the first, to that of `values`: energy [J] and error [J], NULL: none,
 * of all that store are set; n_elements. */
void stored_book(struct stored *stored, const double *values, double *energy, double *error);

#endif
