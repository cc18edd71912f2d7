/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the output of the circuit takes after an image is applied: until the decision no longer
 * changes, and until the output stays within 1 % of the neuron's swing of its final value. */
#ifndef SILVERBAR_LEARN_LATENCY_H
#define SILVERBAR_LEARN_LATENCY_H

#include "engine/engine.h"

struct latency {
    size_t value;  /* index of the output among the values */
    double ground; /* level that decides [V] */
    size_t n, capacity;
    double *points;            /* n x (t, v) of the image that runs */
    double begin;              /* [s] */
    double decision, settling; /* longest so far [s] */
};

void latency_start(struct latency *latency, size_t value, double ground);
void latency_take(struct latency *latency, const struct interval *interval);
void latency_free(struct latency *latency);

#endif
