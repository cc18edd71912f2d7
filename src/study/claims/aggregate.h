/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples of a sweep reduced to points: mean and 95 % interval of every numeric output over the
 * replicas.
 *
 * A mean has the interval of the bootstrap: the 2.5 % and 97.5 % quantiles of the means of
 * AGGREGATE_RESAMPLES draws with replacement (B. Efron, Ann. Stat. 7:1, 1979). */
#ifndef SILVERBAR_STUDY_CLAIMS_AGGREGATE_H
#define SILVERBAR_STUDY_CLAIMS_AGGREGATE_H

#include "base/table.h"

#include <stddef.h>
#include <stdint.h>

#define AGGREGATE_RESAMPLES 2000

struct interval95 {
    double mean, low, high;
    size_t n; /* values that are numbers */
};

/* A region, and how many of the resamples' means were in it. */
struct region_count {
    double low, high;
    size_t inside;
};

/* NAN where n = 0.  Draws of the bootstrap come from stream (seed, draw). */
struct interval95 aggregate_mean(const double *values, size_t n, uint64_t seed, uint32_t draw);

/* The same, and counts how many of the AGGREGATE_RESAMPLES means are in the region. */
struct interval95 aggregate_mean_in(const double *values, size_t n, uint64_t seed, uint32_t draw,
                                    struct region_count *region);

/* samples: columns "sample", n_inputs inputs of which the first is the replica, outputs, "status",
 * "failure".  The table has the inputs but the replica, "samples", "failures", and for each numeric
 * output OUTPUT, OUTPUT_low and OUTPUT_high, over the samples that did not fail. */
struct table *aggregate_points(const struct table *samples, size_t n_inputs, uint64_t seed);

#endif
