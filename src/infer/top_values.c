/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/top_values.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void top_values_init(struct top_values *t, double quantile, size_t total, size_t every)
{
    const size_t count = (total - 1) / every + 1,
                 below = (size_t)floor(quantile * (double)(count - 1));
    *t = (struct top_values){
        .quantile = quantile, .every = every, .total = count, .room = count - below};
    t->heap = NEW(t->room, double);
}

void top_values_free(struct top_values *t)
{
    free(t->heap);
    *t = (struct top_values){0};
}

static void swap(double *a, double *b)
{
    const double kept = *a;
    *a = *b;
    *b = kept;
}

void top_values_add(struct top_values *t, double value)
{
    double *h = t->heap;
    if (t->added++ % t->every != 0)
        return;
    if (t->n < t->room) {
        size_t k = t->n++;
        for (h[k] = value; k > 0 && h[k] < h[(k - 1) / 2]; k = (k - 1) / 2)
            swap(&h[k], &h[(k - 1) / 2]);
        return;
    }
    if (value <= h[0])
        return;
    h[0] = value;
    for (size_t k = 0, child; (child = 2 * k + 1) < t->n; k = child) {
        child += child + 1 < t->n && h[child + 1] < h[child];
        if (h[k] <= h[child])
            return;
        swap(&h[k], &h[child]);
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double top_values_quantile(struct top_values *t)
{
    const double place = t->quantile * (double)(t->total - 1), part = place - floor(place);
    qsort(t->heap, t->n, sizeof *t->heap, by_size);
    return t->n > 1 ? t->heap[0] + part * (t->heap[1] - t->heap[0]) : t->heap[0];
}
