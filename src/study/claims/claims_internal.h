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

/* A claim, or one with a variation: its points, numbers in claims->points. */
struct claim_pair {
    char *variation; /* "" for the claim itself */
    size_t at, against;
};

/* What the keys of an item describe. */
struct claim_text {
    char *claim, *what, *published, *testbench, *output;
    int as;
    double low, high;
    bool compare_only, spot_check;
};

struct claim {
    struct claim_text text;
    int line;
    size_t output;  /* index into the experiment's */
    size_t n_pairs; /* 1 + variations */
    struct claim_pair *pairs;
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
