/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what the experiment `inference` found. */
#ifndef SILVERBAR_STUDY_INFERENCE_INFERENCE_TABLES_H
#define SILVERBAR_STUDY_INFERENCE_INFERENCE_TABLES_H

#include "base/table.h"
#include "study/inference/inference_testbench.h"

/* Columns of the first table, which are the experiment's outputs: C(ID, name). */
/* clang-format off */
#define INFERENCE_COLUMNS(C) \
    C(IMAGES, "images"), \
    C(ACCURACY, "accuracy"), \
    C(ACCURACY_LOW, "accuracy_low"), \
    C(ACCURACY_HIGH, "accuracy_high"), \
    C(ACCURACY_FLOAT, "accuracy_float"), \
    C(AGREEMENT, "agreement"), \
    C(TILES, "tiles"), \
    C(DEVICES, "devices"), \
    C(STUCK, "stuck"), \
    C(INPUTS_CLIPPED, "inputs_clipped"), \
    C(CONVERSIONS_CLIPPED, "conversions_clipped"), \
    C(ENERGY_ARRAY, "energy_array_J"), \
    C(ENERGY_CONVERTERS, "energy_converters_J"), \
    C(RESIDUAL, "residual"), \
    C(TIME_SEQUENCE, "time_sequence_s"), \
    C(TIME_PIPELINED, "time_pipelined_s")
/* clang-format on */
#define INFERENCE_COLUMN_ID(id, name) INFERENCE_##id
enum { INFERENCE_COLUMNS(INFERENCE_COLUMN_ID), INFERENCE_N_OUTPUTS };
#undef INFERENCE_COLUMN_ID
void inference_outputs(const struct inference_outcome *outcome, double values[INFERENCE_N_OUTPUTS]);

/* The account of energy: |delivered - sum of all classes| / delivered, over all reads of all tiles. */
double inference_residual(const struct inference_outcome *outcome);

struct table *inference_total(const struct inference_outcome *outcome);     /* one row */
struct table *inference_layers(const struct inference_outcome *outcome);    /* with weights */
struct table *inference_tiles(const struct inference_outcome *outcome);     /* a row a pair */
struct table *inference_energy(const struct inference_outcome *outcome);    /* by class, an image */
struct table *inference_confusion(const struct inference_outcome *outcome); /* label by decision */
struct table *inference_images_table(const struct inference_outcome *outcome);
/* Shares of conversions by the current's part of the range, a row a part and layer; and weights of the pair
 * of tiles whose lines and devices leave the largest root of the mean square error, in parts of the
 * largest. */
struct table *inference_codes(const struct inference_outcome *outcome);
struct table *inference_worst(const struct inference_outcome *outcome);
struct table *inference_devices(const struct inference_outcome *outcome); /* as programmed */
/* The waterfall; NULL: it was not asked for. */
struct table *inference_effects(const struct inference_outcome *outcome);

/* A table of one row as lines of a name and a value, for people. */
struct table *inference_upright(const struct table *table);

#endif
