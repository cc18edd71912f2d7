/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A deck in `silverbar sim`, against a metered run of its own and, where they take it, all engines.
 *
 * The metered runs (random_deck_meter.h) are one at the deck's own steps and tolerances and one at finer
 * ones. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_DECK_TRIAL_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_DECK_TRIAL_H

#include "study/random/random_deck.h"
#include "study/random/random_trial.h"

/* Most by which an energy may differ beyond what is known of errors, as a share of what changed hands: a
 * tenth of what `sim' promises.  Known are the estimates, times two, and by how much ngspice's own solution
 * moves from the deck's steps to the fine ones: `sim' books what ngspice gives it. */
#define RANDOM_DECK_ENERGY 1e-4

/* *trial is to be freed in any case. */
void trial_deck(const struct random_deck *deck, const struct random_options *options,
                struct trial *trial);

#endif
