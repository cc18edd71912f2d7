/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what programming the tiles took, where map.mode is verify. */
#ifndef SILVERBAR_STUDY_INFERENCE_INFERENCE_PROGRAMMING_H
#define SILVERBAR_STUDY_INFERENCE_INFERENCE_PROGRAMMING_H

#include "base/table.h"
#include "study/inference/inference_testbench.h"

/* Both NULL where devices were not written. */
struct table *
inference_programming(const struct inference_outcome *outcome); /* by layer, then all */
struct table *
inference_programming_tiles(const struct inference_outcome *outcome); /* a row a tile */

/* The first one with its columns as rows, for people; of NULL: NULL. */
struct table *inference_programming_across(const struct table *table);

#endif
