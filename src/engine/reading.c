/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/reading.h"

#include "base/memory.h"

#include <stdlib.h>

void probe_points_new(struct probe_points *p, const struct circuit *circuit)
{
    *p = (struct probe_points){.circuit = circuit, .mean = NEW(circuit->n_probes, double)};
}

void probe_points_free(struct probe_points *p)
{
    free(p->points);
    free(p->mean);
}

void probe_points_clear(struct probe_points *p)
{
    p->n = 0;
}

void probe_points_add(struct probe_points *p, double t, const double *values)
{
    const size_t width = 1 + p->circuit->n_probes;
    p->points = memory_grow(p->points, &p->capacity, (p->n + 1) * width, sizeof *p->points);
    double *row = p->points + p->n++ * width;
    row[0] = t;
    for (size_t k = 0; k < p->circuit->n_probes; k++)
        row[1 + k] = values[circuit_probe_value(p->circuit, (int)k)];
}

void probe_points_average(struct probe_points *p, double t0, double t1)
{
    const size_t width = 1 + p->circuit->n_probes;
    const double begin = t1 - READING_PART * (t1 - t0);
    for (size_t k = 0; k < p->circuit->n_probes; k++) {
        double sum = 0;
        for (size_t i = 1; i < p->n; i++) {
            const double *a = p->points + (i - 1) * width, *b = a + width;
            if (b[0] <= begin)
                continue;
            const double from = a[0] > begin ? a[0] : begin;
            const double va = a[1 + k] + (b[1 + k] - a[1 + k]) * (from - a[0]) / (b[0] - a[0]);
            sum += 0.5 * (va + b[1 + k]) * (b[0] - from);
        }
        p->mean[k] = sum / (t1 - begin);
    }
}
