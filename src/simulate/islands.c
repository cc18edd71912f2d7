/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/islands.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A node of an element; all of one name are joined. */
struct terminal {
    const char *node;
    size_t element;
};

static int by_node(const void *a, const void *b)
{
    return strcmp(((const struct terminal *)a)->node, ((const struct terminal *)b)->node);
}

/* Disjoint sets of elements, each named by one of them. */
static size_t root(size_t *parent, size_t k)
{
    while (parent[k] != k)
        k = parent[k] = parent[parent[k]];
    return k;
}

static void join(size_t *parent, size_t a, size_t b)
{
    parent[root(parent, a)] = root(parent, b);
}

static void join_all(const struct user_deck *d, size_t *parent)
{
    size_t n = 0, m = 0, coupled = d->n_elements;
    for (size_t k = 0; k < d->n_elements; k++)
        n += d->elements[k].n_nodes;
    struct terminal *t = NEW(n, struct terminal);
    for (size_t k = 0; k < d->n_elements; k++) {
        const struct user_element *e = &d->elements[k];
        for (size_t i = 0; i < e->n_nodes; i++)
            if (strcmp(e->nodes[i], "0") != 0)
                t[m++] = (struct terminal){e->nodes[i], k};
        if (e->coupled && coupled < d->n_elements)
            join(parent, k, coupled);
        if (e->coupled)
            coupled = k;
    }
    qsort(t, m, sizeof *t, by_node);
    for (size_t i = 1; i < m; i++)
        if (strcmp(t[i].node, t[i - 1].node) == 0)
            join(parent, t[i].element, t[i - 1].element);
    free(t);
}

static bool is_controlled(const struct user_element *e)
{
    return strchr("befgh", e->name[0]) != NULL;
}

struct islands islands_find(const struct user_deck *d)
{
    struct islands s = {.of = NEW(d->n_elements, size_t), .signal = NEW(d->n_elements, bool)};
    size_t *parent = NEW(d->n_elements, size_t);
    bool *driven = NEW(d->n_elements, bool), any = false;
    for (size_t k = 0; k < d->n_elements; k++)
        parent[k] = k;
    join_all(d, parent);
    for (size_t k = 0; k < d->n_elements; k++)
        if (root(parent, k) == k)
            s.of[k] = s.n++;
    for (size_t k = 0; k < d->n_elements; k++) {
        const size_t i = s.of[k] = s.of[root(parent, k)];
        driven[i] = driven[i] || d->elements[k].role == USER_DELIVERS;
        s.signal[i] = s.signal[i] || is_controlled(&d->elements[k]);
        any = any || driven[i];
    }
    for (size_t i = 0; i < s.n; i++)
        s.signal[i] = s.signal[i] && !driven[i] && any;
    free(parent);
    free(driven);
    return s;
}

void islands_free(struct islands *s)
{
    free(s->of);
    free(s->signal);
    *s = (struct islands){0};
}
