/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time averages of the probes over the last tenth of a phase, by trapezoids between the engine's
 * points. */
#ifndef SILVERBAR_ENGINE_READING_H
#define SILVERBAR_ENGINE_READING_H

#include "circuit/circuit.h"

/* The part of a phase over which a reading is averaged. */
#define READING_PART 0.1

struct probe_points {
    const struct circuit *circuit;
    size_t n, capacity;
    double *points; /* n x (1 + n_probes): time, probes */
    double *mean;   /* n_probes */
};

void probe_points_new(struct probe_points *p, const struct circuit *circuit);
void probe_points_free(struct probe_points *p);

/* Forget the points of the last phase. */
void probe_points_clear(struct probe_points *p);
void probe_points_add(struct probe_points *p, double t, const double *values);

/* Average from t1 - READING_PART (t1 - t0) to t1 into p->mean. */
void probe_points_average(struct probe_points *p, double t0, double t1);

#endif
