/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/latency.h"

#include "base/memory.h"
#include "circuit/neuron.h"

#include <math.h>
#include <stdlib.h>

#define SETTLED (0.01 * NEURON_OUTPUT_SWING) /* [V] */

void latency_start(struct latency *l, size_t value, double ground)
{
    *l = (struct latency){.value = value, .ground = ground};
}

void latency_free(struct latency *l)
{
    free(l->points);
}

/* When the line from point a to point b passes `level`, or b's time if it does not. */
static double crossing(const double *a, const double *b, double level)
{
    if ((a[1] > level) == (b[1] > level))
        return b[0];
    return a[0] + (b[0] - a[0]) * (level - a[1]) / (b[1] - a[1]);
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
    for (size_t k = 0; k + 1 < l->n; k++) {
        const double *a = l->points + 2 * k, *b = a + 2;
        if ((a[1] > l->ground) != (final > l->ground))
            decision = crossing(a, b, l->ground) - l->begin;
        if (fabs(a[1] - final) > SETTLED)
            settling = crossing(a, b, a[1] > final ? final + SETTLED : final - SETTLED) - l->begin;
    }
    l->decision = fmax(l->decision, decision);
    l->settling = fmax(l->settling, settling);
    l->n = 0;
}
