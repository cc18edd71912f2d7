/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what `silverbar infer` found. */
#ifndef SILVERBAR_CLI_INFER_INFER_TABLES_H
#define SILVERBAR_CLI_INFER_INFER_TABLES_H

#include "base/table.h"
#include "infer/inference.h"

struct infer_outcome {
    const struct inference *inference;
    const struct inference_result *result;
    const struct data_set *set; /* with labels */
    double adc_energy;          /* of a conversion [J] */
};

/* The account of energy: |delivered - sum of all classes| / delivered, over all reads of all tiles. */
double infer_residual(const struct infer_outcome *outcome);

struct table *infer_total(const struct infer_outcome *outcome);     /* one row */
struct table *infer_layers(const struct infer_outcome *outcome);    /* with weights */
struct table *infer_tiles(const struct infer_outcome *outcome);     /* a row a pair */
struct table *infer_energy(const struct infer_outcome *outcome);    /* by class, an image */
struct table *infer_confusion(const struct infer_outcome *outcome); /* label by decision */
struct table *infer_images(const struct infer_outcome *outcome);

/* A table of one row as lines of a name and a value, for people. */
struct table *infer_upright(const struct table *table);

#endif
