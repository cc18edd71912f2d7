/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run a sweep from the command line: on this machine, or as one of the ranks of an MPI job; with a
 * bar of progress on a terminal and a line on what it took. */
#ifndef SILVERBAR_CLI_INPUT_SWEEP_JOB_H
#define SILVERBAR_CLI_INPUT_SWEEP_JOB_H

#include "sweep/pool_mpi.h"
#include "sweep/sweep.h"

struct sweep_command {
    const char *name, *output; /* "silverbar sweep", file of results */
    size_t jobs;               /* 0: as many as processors, or one a rank */
    bool resume;
    double silence; /* of a rank [s] */
};

/* `made`: how making the job went on this rank.  Prints what goes wrong, once for all ranks; leaves
 * the MPI job; returns the exit status. */
int sweep_job_run(const struct sweep_command *command, struct ranks *ranks, enum status made,
                  const struct sample_job *job, struct error *error);

#endif
