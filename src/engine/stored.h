/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of elements that store: over any interval they take the change of what they hold at its
 * ends, which their law gives exactly (element_type.stored), whatever the powers between were. */
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
