/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/todo.h"

#include "base/memory.h"

#include <stdlib.h>

void todo_begin(struct todo *t, size_t n)
{
    *t = (struct todo){.n = n, .done = memory_new(n / 8 + 1, 1)};
}

void todo_free(struct todo *t)
{
    free(t->done);
    free(t->back);
}

bool todo_is_done(const struct todo *t, size_t sample)
{
    return t->done[sample / 8] >> sample % 8 & 1;
}

bool todo_done(struct todo *t, size_t sample)
{
    if (todo_is_done(t, sample))
        return false;
    t->done[sample / 8] |= (unsigned char)(1u << sample % 8);
    t->n_done++;
    return true;
}

bool todo_take(struct todo *t, size_t *sample)
{
    while (t->n_back > 0) {
        *sample = t->back[--t->n_back];
        if (!todo_is_done(t, *sample))
            return true;
    }
    while (t->next < t->n && todo_is_done(t, t->next))
        t->next++;
    if (t->next == t->n)
        return false;
    *sample = t->next++;
    return true;
}

void todo_return(struct todo *t, size_t sample)
{
    t->back = memory_grow(t->back, &t->capacity, t->n_back + 1, sizeof *t->back);
    t->back[t->n_back++] = sample;
}
