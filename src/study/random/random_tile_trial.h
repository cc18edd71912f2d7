/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a tile gives, by all who know: elimination, conjugate gradients, sparse LU factors of its nodes,
 * engines; the variance of its noise; and a layer of a network on tiles of its form, vectors together and
 * one by one. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_TILE_TRIAL_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_TILE_TRIAL_H

#include "study/random/random_tile.h"
#include "study/random/random_trial.h"

/* Relative limits: of methods that are exact but for rounding, of a current against what the voltages'
 * absolute values would drive; of engines; of variances found by differences of 1e-4 of a conductance, whose
 * square is what they leave. */
#define RANDOM_TILE_EXACT 1e-10
#define RANDOM_TILE_ENGINE 1e-6
#define RANDOM_TILE_NOISE 1e-6

/* Engines are asked at this part of the reltol of other kinds: at 1e-6 `event' was seen to leave 3e-5. */
#define RANDOM_TILE_RELTOL 1e-3

/* *trial is to be freed in any case; *text, what was tried, is to be freed. */
void trial_tile(const struct random_tile *tile, const struct random_options *options,
                struct trial *trial, char **text);

#endif
