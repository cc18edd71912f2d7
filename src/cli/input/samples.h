/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All samples of a job in worker processes, for commands that want their table. */
#ifndef SILVERBAR_CLI_INPUT_SAMPLES_H
#define SILVERBAR_CLI_INPUT_SAMPLES_H

#include "sweep/sweep.h"

#include <stdint.h>

#define SAMPLES_JOBS_MAX 1024

struct samples_options {
    uint64_t jobs;     /* worker processes; 0: as many as processors */
    bool resume;       /* the store is there already */
    const char *store; /* file that keeps the rows until samples_done(); NULL: a temporary one */
};

/* On failure *samples is NULL; rows that were complete are in the store if it has a name. */
enum status samples_compute(const struct sample_job *job, const struct samples_options *options,
                            struct table **samples, struct error *error);

/* The table is where it shall be: remove the store. */
void samples_done(const struct samples_options *options);

#endif
