/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker processes of this machine.  Each computes one sample after the other; what happens to a
 * process becomes the row of the sample that it computed:
 *
 *   longer than the job's time limit     the process is ended: ROW_LATE
 *   crashed, or ended by itself          the sample is given to a new process; ROW_CRASHED when
 *                                        CREW_TRIES have ended, or CREW_TRIES_KILLED by SIGKILL
 *
 * so that a worker killed from outside costs nothing but time, and a sample that always crashes gives
 * the same row in every sweep.  Workers end with this process, whatever ends it, and leave SIGINT,
 * SIGTERM and SIGHUP to it. */
#ifndef SILVERBAR_SWEEP_WORKERS_H
#define SILVERBAR_SWEEP_WORKERS_H

#include "sweep/row.h"

#define CREW_SEATS_MAX 1024
#define CREW_QUEUE_MAX 64 /* samples at a seat */
#define CREW_TRIES 2
#define CREW_TRIES_KILLED 5

struct workers;

struct workers_options {
    size_t seats;
    void (*forked)(void *data); /* called in each child, or NULL */
    void *forked_data;
};

/* Processors of this machine, at least 1. */
size_t workers_processors(void);

/* Processes are made when they are needed. */
struct workers *workers_new(const struct sample_job *job, const struct workers_options *options);

/* End all processes at once.  Takes NULL. */
void workers_free(struct workers *workers);

/* Append n samples to the queue of a seat; with those there CREW_QUEUE_MAX at most. */
enum status workers_hand(struct workers *workers, size_t seat, size_t n, const size_t *samples,
                         struct error *error);

/* Wait until something happens, for at most `seconds`.  Rows are given to row(), which owns them. */
enum status workers_wait(struct workers *workers, double seconds,
                         void (*row)(void *data, size_t seat, struct sample_row row), void *data,
                         struct error *error);

#endif
