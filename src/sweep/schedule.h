/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep on more workers than there are here, replayed with measured times: events in the order of
 * time, one coordinator that takes `row` seconds for each row (its message, its place in the store,
 * the samples handed out for it) and stops for `commit` seconds every SWEEP_COMMIT.  Samples are handed
 * out as by sweep.c.  Messages take no time beyond that: what comes out is the most that the
 * coordinator lets through. */
#ifndef SILVERBAR_SWEEP_SCHEDULE_H
#define SILVERBAR_SWEEP_SCHEDULE_H

#include <stddef.h>

struct schedule_costs {
    double row, commit; /* [s] */
};

struct schedule {
    double wall;        /* [s] */
    double efficiency;  /* time in samples over wall times workers */
    double coordinator; /* share of the wall time in which it works */
};

/* n samples, of which sample i takes times[i % n_times] seconds. */
struct schedule schedule_replay(size_t workers, size_t n, size_t n_times, const double *times,
                                const struct schedule_costs *costs);

#endif
