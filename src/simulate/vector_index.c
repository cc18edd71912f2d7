/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/vector_index.h"

#include "base/memory.h"

#include <stdlib.h>
#include <strings.h>

struct entry {
    const char *name;
    size_t position;
};

struct vector_index {
    size_t n;
    struct entry *entries; /* n, sorted */
};

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

struct vector_index *vector_index_new(size_t n, char *const *names)
{
    struct vector_index *x = NEW(1, struct vector_index);
    x->n = n;
    x->entries = NEW(n, struct entry);
    for (size_t i = 0; i < n; i++)
        x->entries[i] = (struct entry){names[i], i};
    qsort(x->entries, n, sizeof *x->entries, by_name);
    return x;
}

void vector_index_free(struct vector_index *x)
{
    if (!x)
        return;
    free(x->entries);
    free(x);
}

size_t vector_of(const struct vector_index *x, const char *name)
{
    const struct entry key = {name, 0},
                       *found = bsearch(&key, x->entries, x->n, sizeof key, by_name);
    return found ? found->position : x->n;
}

static size_t find_text(const struct vector_index *x, char *name)
{
    const size_t i = vector_of(x, name);
    free(name);
    return i;
}

size_t vector_of_node(const struct vector_index *x, const char *node)
{
    const size_t i = vector_of(x, node);
    return i < x->n ? i : find_text(x, memory_format("V(%s)", node));
}

size_t vector_of_branch(const struct vector_index *x, const char *source)
{
    return find_text(x, memory_format("%s#branch", source));
}
