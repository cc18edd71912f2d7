/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drawn deck as a circuit and drive of the engines: cards but sources and memristors by the reader of
 * netlists, sources as ports whose phases go straight from corner to corner of any of them. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_DECK_NATIVE_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_DECK_NATIVE_H

#include "circuit/subcircuit.h"
#include "compare/cases.h"
#include "study/random/random_deck.h"

struct random_native {
    size_t n;
    struct dopant **dopants; /* n: of the deck's cards, or NULL */
    struct subcircuit_file *file;
    int *probes; /* of all nodes */
    struct study_case k;
};

/* `cell': path of the file of random_deck_cell().  To be freed in any case. */
enum status random_native_build(const struct random_deck *deck, const char *cell,
                                const char *devices, struct random_native *native,
                                struct error *error);
void random_native_free(struct random_native *native);

/* Under which class a card of that letter is booked. */
enum energy_class random_card_class(char letter);

#endif
