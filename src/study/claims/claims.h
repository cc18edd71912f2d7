/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published claims against this simulator: for each a figure with its 95 % interval, a verdict by a
 * rule that stands beside the published number before anything is run, and how far the figure moves
 * with what the publication does not say.
 *
 *     claims:
 *     - claim: 4 reset time          published: considerable saving
 *       testbench: reset.yaml        a file beside this one, without a sweep
 *       output: training_time_s      of every replica
 *       at: {programming.erase_time: 0.2}
 *       against: {programming.erase_time: 0}
 *       as: ratio                    mean, difference or ratio, replica by replica
 *       low: 1.5                     the region in which the claim holds; either end may be left out
 *       sensitivity: ["programming.read_time=1e-3"]    what the publication does not say
 *       less: accuracy               subtracted from the output in each sample: an effect of what was
 *                                    done between the two
 *       limit: accuracy_limit        the most that the output can be
 *       spread: ["variation.ron=0.4 variation.roff=0.8", ...]    with limit: from little to much
 *
 * saturated: more than 90 % of the replicas (of a difference or ratio, on both sides) sit at the limit,
 * so that the claim could not have failed; a second row then has the least spread at which fewer do.
 * consistent: the 95 % interval lies inside of the region and so does the figure under every setting
 * that is not published; depends on X: these settings take it out; contradicted: the interval lies
 * outside.  All of these with a p-value, adjusted for the number of claims by Holm's method, of at most
 * 5 %.  not testable: what is left, and `compare_only: true`.  `control: true` is to be contradicted. */
#ifndef SILVERBAR_STUDY_CLAIMS_CLAIMS_H
#define SILVERBAR_STUDY_CLAIMS_CLAIMS_H

#include "study/experiment/testbench.h"
#include "sweep/sweep.h"

struct claims;

/* Read the file and the testbenches that it names.  Messages name file and line.  On failure *claims
 * is NULL. */
enum status claims_read(const char *path, struct claims **claims, struct error *error);
void claims_free(struct claims *claims);

/* All replicas of all points as one job; points that several claims share are computed once.  The
 * job belongs to the claims. */
enum status claims_job(struct claims *claims, const struct experiment_context *context,
                       const struct sample_job **job, struct error *error);

/* From the table of all samples: a row a claim, and a row for every variation behind a
 * sensitivity. */
enum status claims_evaluate(const struct claims *claims, const struct table *samples,
                            struct table **verdicts, struct table **variations,
                            struct error *error);

struct claims_spot {
    const struct experiment_context *context;
    const struct table *samples; /* of all */
    size_t replicas;             /* the first ones of a point */
    struct table *checks;        /* gets a row each */
};

/* The replicas of the points of the claims that ask for it (`spot_check: true`), again by another
 * engine, where that is not the testbench's own: a row each with the difference. */
enum status claims_spot_check(const struct claims *claims, const struct claims_spot *spot,
                              const char *engine, struct error *error);
struct table *claims_spot_check_table(void);

#endif
