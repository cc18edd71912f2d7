/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who computes the samples of a sweep: worker processes of this machine, or ranks of an MPI job that
 * have such processes of their own.  A pool has seats; each gets samples and gives rows. */
#ifndef SILVERBAR_SWEEP_POOL_H
#define SILVERBAR_SWEEP_POOL_H

#include "sweep/workers.h"

struct pool_events {
    void *data;
    void (*row)(void *data, size_t seat, struct sample_row row); /* which it owns */
    void (*gone)(void *data,
                 size_t seat); /* never comes back; its samples are to be given to others */
};

struct pool {
    size_t n_seats;
    void *data;
    enum status (*hand)(void *data, size_t seat, size_t n, const size_t *samples,
                        struct error *error);
    /* Wait until something happens, for at most `seconds`. */
    enum status (*wait)(void *data, double seconds, const struct pool_events *events,
                        struct error *error);
    void (*close)(void *data);
};

/* Processes of this machine. */
struct pool pool_processes(const struct sample_job *job, const struct workers_options *options);

#endif
