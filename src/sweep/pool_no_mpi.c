/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A build without MPI has one rank, which is all of the sweep. */
#include "sweep/pool_mpi.h"

#include <assert.h>

enum status ranks_begin(struct ranks *ranks, struct error *error)
{
    *ranks = (struct ranks){.n = 1};
    if (ranks_wanted())
        return fail(
            error, STATUS_INPUT,
            "started by mpirun as one of several ranks, but this build has no MPI; expected "
            "one made after configure --with-mpi");
    return STATUS_OK;
}

enum status ranks_agree(struct ranks *ranks, enum status status, const char *identity, bool *first,
                        struct error *error)
{
    (void)identity;
    (void)error;
    assert(ranks->n == 1);
    *first = true;
    return status;
}

struct pool ranks_pool(struct ranks *ranks, const struct sample_job *job, size_t jobs,
                       double silence)
{
    (void)silence;
    assert(ranks->n == 1);
    return pool_processes(job, &(struct workers_options){.seats = jobs});
}

enum status ranks_serve(struct ranks *ranks, const struct sample_job *job, size_t jobs,
                        double silence, struct error *error)
{
    (void)job;
    (void)jobs;
    (void)silence;
    return fail(error, STATUS_INPUT, "rank %d of a build without MPI", ranks->rank);
}

void ranks_end(const struct ranks *ranks)
{
    (void)ranks;
}
