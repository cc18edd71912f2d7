/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of claims.h share. */
#ifndef SILVERBAR_STUDY_CLAIMS_CLAIMS_INTERNAL_H
#define SILVERBAR_STUDY_CLAIMS_CLAIMS_INTERNAL_H

#include "study/claims/claims.h"
#include "study/keys.h"

enum claim_figure { CLAIM_MEAN, CLAIM_DIFFERENCE, CLAIM_RATIO };

/* A testbench with settings: what is computed. */
struct claim_point {
    char *identity;
    char *label; /* "FILE key=value ..." */
    struct testbench *testbench;
    struct sample_job job;
    size_t replicas; /* that are computed */
    size_t first;    /* sample */
};

/* A claim, with a setting that is not published, or at another spread: its points, numbers in
 * claims->points. */
struct claim_pair {
    char *variation; /* "" for the claim itself; of a spread its settings, with blanks between */
    size_t at, against;
};

/* What the keys of an item describe. */
struct claim_text {
    char *claim, *what, *published, *testbench, *output;
    char *less;  /* column that is subtracted from the output, sample by sample; or "" */
    char *limit; /* column of the most that the output can be; or "" */
    int as;
    double low, high;
    bool compare_only, spot_check, control;
};

struct claim {
    struct claim_text text;
    int line;
    size_t output;  /* index into the experiment's */
    size_t n_pairs; /* 1 + variations + spreads */
    size_t n_variations, n_spreads;
    struct claim_pair *pairs; /* the claim, its variations, its spreads with the least first */
};

struct claims {
    char *path;
    uint64_t variation_replicas;
    const struct experiment *experiment; /* the same for all */
    void *shared;                        /* of all its samples */
    size_t n, n_points, capacity;
    struct claim *claims;       /* n */
    struct claim_point *points; /* n_points */
    char *identity;
    struct sample_column *columns;
    struct sample_job job;
};

extern const char *const claim_figures[];

#endif
