/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranks of an MPI job as a pool.  Rank 0 hands out samples and has the
 * store; the others compute, in processes of their own (workers.h), and tell every second that they are
 * there.  A rank that has been silent for too long is given up, and its samples go to others; that
 * happens where the job survives the death of a rank (mpirun --enable-recovery).
 *
 * pool_mpi.c is the only file that knows MPI; pool_no_mpi.c stands in its place in a build without. */
#ifndef SILVERBAR_SWEEP_POOL_MPI_H
#define SILVERBAR_SWEEP_POOL_MPI_H

#include "sweep/pool.h"

#define RANK_SILENCE 10.0 /* [s] */

struct ranks {
    int rank, n; /* 0 of 1 outside of an MPI job */
    bool lost;   /* some did not come to the end */
};

/* Was this process started as one of several ranks? */
bool ranks_wanted(void);

/* Enter the MPI job if this process was started in one of several ranks. */
enum status ranks_begin(struct ranks *ranks, struct error *error);

/* Is all well with every rank, and have all the same identity?  Else each fails; *first tells
 * whether it is this rank that shall say why.  A rank that is dead is waited for AGREE_WAIT. */
#define AGREE_WAIT 120.0 /* [s]; each rank has measured the neurons before, some at a slower pace */
enum status ranks_agree(struct ranks *ranks, enum status status, const char *identity, bool *first,
                        struct error *error);

/* Of rank 0: the others as a pool, each with `jobs` seats. */
struct pool ranks_pool(struct ranks *ranks, const struct sample_job *job, size_t jobs,
                       double silence);

/* Of the others: compute until rank 0 ends it.  Fails if rank 0 is silent for `silence` and as
 * long as its store may keep it waiting, STORE_LOCK_WAIT. */
enum status ranks_serve(struct ranks *ranks, const struct sample_job *job, size_t jobs,
                        double silence, struct error *error);

/* Leave it.  Without this call mpirun takes the end of the process for a failure. */
void ranks_end(const struct ranks *ranks);

#endif
