/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep: all samples of a job computed by a pool, and their rows in a store.  The store's rows do
 * not depend, but for wall times, on how many compute, nor on what was killed and resumed. */
#ifndef SILVERBAR_SWEEP_SWEEP_H
#define SILVERBAR_SWEEP_SWEEP_H

#include "sweep/pool.h"
#include "sweep/store.h"

#define SWEEP_COMMIT 1.0 /* rows are written after this time at most [s] */
#define SWEEP_EARLY 0.1 /* and of this part of the time so far, that a short sweep shows some too */
#define SWEEP_QUEUE 0.1 /* of work that waits at a seat [s] */

/* Of rows that are written. */
struct sweep_progress {
    size_t total, done, failures;
    double rate;      /* of this run [1/s] */
    double remaining; /* [s]; infinite before the first row */
};

struct sweep_options {
    size_t jobs; /* worker processes; 0: as many as processors */
    const struct pool
        *pool; /* other than processes of this machine; closed by sweep_run(); or NULL */
    struct store_options store;
    volatile int *interrupted; /* or NULL; workers see 0 */
    void (*progress)(void *data, const struct sweep_progress *progress); /* or NULL */
    void *progress_data;
};

/* What this run took. */
struct sweep_report {
    struct sweep_progress end;
    size_t rows;    /* of this run */
    size_t lost;    /* seats that went away */
    double wall;    /* [s] */
    double cpu;     /* processor time of the coordinator [s] */
    double writing; /* in the store [s] */
    size_t commits;
    double samples; /* sum of the wall times of the rows [s] */
};

/* Samples at a seat, by the mean time of one and what is left: one, or short ones for as long as the
 * store may take to write; fewer near the end, that all end together. */
size_t sweep_queue_length(double mean, size_t left, size_t seats);

/* STATUS_INTERRUPTED: rows that were being computed are written, the others can be had by resuming.
 * A failure leaves what was written; *report tells how much in any case. */
enum status sweep_run(const struct sample_job *job, const char *path,
                      const struct sweep_options *options, struct sweep_report *report,
                      struct error *error);

#endif
