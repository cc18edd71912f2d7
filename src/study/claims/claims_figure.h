/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures of claims from their samples, and what they say. */
#ifndef SILVERBAR_STUDY_CLAIMS_CLAIMS_FIGURE_H
#define SILVERBAR_STUDY_CLAIMS_CLAIMS_FIGURE_H

#include "study/claims/aggregate.h"
#include "study/claims/claims_internal.h"

/* A claim is saturated where more than this part of its replicas sits at the limit: it could not have
 * failed. */
#define CLAIM_SATURATED 0.9

/* Two-sided level of all tests together (Holm). */
#define CLAIM_LEVEL 0.05

/* Of a claim, or of it with other settings. */
struct figure {
    struct interval95 interval;
    size_t replicas, failures;
    double at, against; /* means of the output */
    double at_limit;    /* part of the replicas, or NAN where no limit is known */
    double
        p; /* that resamples say the other of inside and outside, two-sided; of the claim itself */
    struct interval95 shift; /* of a variation: against the claim on the same replicas */
};

/* The output in a sample, less what is subtracted; NAN if it failed. */
double claim_output(const struct claim *claim, const struct table *samples,
                    const struct claim_point *point, size_t replica);

/* Pair k of the claim.  draw: of the bootstrap. */
struct figure claim_figure(const struct claims *claims, const struct claim *claim, size_t k,
                           const struct table *samples, uint32_t draw);

/* Adjust n p-values for being so many: S. Holm, Scand. J. Stat. 6:65, 1979. */
void claim_holm(size_t n, double *p);

/* Is the figure in the claim's region? */
bool claim_holds(const struct claim *claim, double figure);

/* "saturated", "consistent", "contradicted", "depends on X, Y", "not testable"; to free().  figures: of
 * all pairs; p: adjusted. */
char *claim_verdict(const struct claim *claim, const struct figure *figures, double p);

/* The least spread at which fewer than CLAIM_SATURATED sit at the limit, among the pairs; 0: none. */
size_t claim_spread(const struct claim *claim, const struct figure *figures);

#endif
