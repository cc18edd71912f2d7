/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of a drawn deck from a run of ngspice as the deck stands, with meters of its own.
 *
 * Of each card a voltage between nodes and a branch current are taken as linear between points, with
 * Richardson's estimate of the error; what a capacitor stores is C v^2 / 2.  None of the code that books
 * for `silverbar sim' takes part: no sensing source, no rule for the first steps, no account. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_DECK_METER_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_DECK_METER_H

#include "simulate/deck_run.h"
#include "study/random/random_deck.h"

/* Of all cards of a deck. */
struct booked {
    double *energy, *error; /* cards: absorbed or stored [J], and its estimated error */
    double *turnover;       /* cards: integral of |power| [J] */
    double *states;         /* cards: of memristors, at the end */
    double *moved;          /* cards: by how much ngspice's solution moves to finer steps [J] */
};

struct booked booked_new(size_t n_cards);
void booked_free(struct booked *booked);

/* Fill in all but `moved' from time t0 [s] on; `user': the deck in a metered form. */
enum status random_deck_meter(const struct random_deck *deck, const struct user_deck *user,
                              double t0, const struct deck_run_options *options,
                              struct booked *booked, struct error *error);

#endif
