/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/pool_mpi.h"

#include <stdlib.h>

/* mpirun of Open MPI tells it so. */
bool ranks_wanted(void)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    return size && atol(size) > 1;
}

static enum status hand(void *data, size_t seat, size_t n, const size_t *samples,
                        struct error *error)
{
    return workers_hand(data, seat, n, samples, error);
}

static enum status wait_for_rows(void *data, double seconds, const struct pool_events *events,
                                 struct error *error)
{
    return workers_wait(data, seconds, events->row, events->data, error);
}

static void close_crew(void *data)
{
    workers_free(data);
}

struct pool pool_processes(const struct sample_job *job, const struct workers_options *options)
{
    return (struct pool){.n_seats = options->seats,
                         .data = workers_new(job, options),
                         .hand = hand,
                         .wait = wait_for_rows,
                         .close = close_crew};
}
