/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/retune.h"

#include "base/memory.h"

#include <stdlib.h>

struct retune *retune_new(size_t n, bool together)
{
    struct retune *t = NEW(1, struct retune);
    *t = (struct retune){.n = n,
                         .together = together,
                         .sums = NEW(n, struct retune_sums),
                         .gain = NEW(n, double),
                         .offset = NEW(n, double)};
    retune_begin(t);
    return t;
}

void retune_begin(struct retune *t)
{
    t->fitted = false;
    for (size_t k = 0; k < t->n; k++) {
        t->sums[k] = (struct retune_sums){0};
        t->gain[k] = 1;
        t->offset[k] = 0;
    }
}

void retune_free(struct retune *t)
{
    if (!t)
        return;
    free(t->sums);
    free(t->gain);
    free(t->offset);
    free(t);
}

void retune_see(struct retune *t, size_t column, size_t n, size_t step, const double *read,
                const double *wanted)
{
    struct retune_sums *s = &t->sums[t->together ? 0 : column];
    for (size_t k = 0; k < n; k++) {
        const double r = read[k * step], y = wanted[k * step];
        s->n++;
        s->r += r;
        s->y += y;
        s->rr += r * r;
        s->ry += r * y;
    }
}

/* A column that always gave the same has only an offset. */
void retune_fit(struct retune *t)
{
    for (size_t k = 0; k < t->n; k++) {
        const struct retune_sums *s = &t->sums[t->together ? 0 : k];
        const double spread = s->rr - s->r * s->r / s->n, joint = s->ry - s->r * s->y / s->n;
        t->gain[k] = spread > 1e-12 * s->rr ? joint / spread : 1;
        t->offset[k] = s->n > 0 ? (s->y - t->gain[k] * s->r) / s->n : 0;
    }
    t->fitted = true;
}

void retune_apply(const struct retune *t, size_t column, size_t n, size_t step, double *read)
{
    for (size_t k = 0; t->fitted && k < n; k++)
        read[k * step] = t->gain[column] * read[k * step] + t->offset[column];
}
