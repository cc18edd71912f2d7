/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/pending.h"

#include "base/memory.h"

#include <stdlib.h>

void pending_begin(struct pending *t, size_t n)
{
    *t = (struct pending){.n = n, .done = memory_new(n / 8 + 1, 1)};
}

void pending_free(struct pending *t)
{
    free(t->done);
    free(t->back);
}

bool pending_is_done(const struct pending *t, size_t sample)
{
    return t->done[sample / 8] >> sample % 8 & 1;
}

bool pending_done(struct pending *t, size_t sample)
{
    if (pending_is_done(t, sample))
        return false;
    t->done[sample / 8] |= (unsigned char)(1u << sample % 8);
    t->n_done++;
    return true;
}

bool pending_take(struct pending *t, size_t *sample)
{
    while (t->n_back > 0) {
        *sample = t->back[--t->n_back];
        if (!pending_is_done(t, *sample))
            return true;
    }
    while (t->next < t->n && pending_is_done(t, t->next))
        t->next++;
    if (t->next == t->n)
        return false;
    *sample = t->next++;
    return true;
}

void pending_return(struct pending *t, size_t sample)
{
    t->back = memory_grow(t->back, &t->capacity, t->n_back + 1, sizeof *t->back);
    t->back[t->n_back++] = sample;
}
