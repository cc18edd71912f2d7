/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SPICE deck of a circuit. */
#ifndef SILVERBAR_CIRCUIT_DECK_H
#define SILVERBAR_CIRCUIT_DECK_H

#include "circuit/circuit.h"

/* Writes what follows the nodes of external source `element` on its card: "external",
 * "dc 1.65", "pwl(...)". */
typedef void deck_source(void *data, int element, FILE *out);

/* Writes "external", for ngspice's shared library; data is not used. */
deck_source deck_external;

/* Title, subcircuits, and all cards, self-contained (nothing is included).  The caller adds
 * options, analysis and .end. */
void deck_write(const struct circuit *circuit, deck_source *source, void *data, FILE *out);

#endif
