/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A layer of random weights on pairs of a tile's form: vectors that are read together give what they give one
 * by one, whichever way they lie in memory, and so do their energies; classes add up to what is delivered. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_TILE_LAYER_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_TILE_LAYER_H

#include "study/random/random_tile.h"
#include "study/random/random_trial.h"

void random_tile_try_layer(const struct random_tile *tile, const struct dopant *dopant,
                           struct trial *trial);

#endif
