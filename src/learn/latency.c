/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/latency.h"

#include "base/memory.h"
#include "circuit/neuron.h"

#include <math.h>
#include <stdlib.h>

#define SETTLED (0.01 * NEURON_OUTPUT_SWING) /* [V] */

void latency_start(struct latency *l, size_t value)
{
    *l = (struct latency){.value = value};
}

void latency_free(struct latency *l)
{
    free(l->points);
}

void latency_take(struct latency *l, const struct interval *i)
{
    if (l->n == 0)
        l->begin = i->t0;
    l->points = memory_grow(l->points, &l->capacity, 2 * (l->n + 1), sizeof *l->points);
    l->points[2 * l->n] = i->t1;
    l->points[2 * l->n + 1] = i->values[l->value];
    l->n++;
    if (!i->ends_phase)
        return;
    const double final = l->points[2 * l->n - 1];
    double decision = 0, settling = 0;
    for (size_t k = 0; k < l->n; k++) {
        const double v = l->points[2 * k + 1], after = l->points[2 * k] - l->begin;
        if ((v > NEURON_GROUND) != (final > NEURON_GROUND))
            decision = after;
        if (fabs(v - final) > SETTLED)
            settling = after;
    }
    l->decision = fmax(l->decision, decision);
    l->settling = fmax(l->settling, settling);
    l->n = 0;
}
