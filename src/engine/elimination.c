/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/elimination.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void elimination_free(struct elimination *e)
{
    if (!e)
        return;
    free(e->pivot);
    free(e->lower);
    free(e->upper);
    free(e->below);
    free(e->right);
    free(e->targets);
    free(e);
}

/* Fill the pattern; returns its number of entries. */
static size_t fill(size_t n, bool *pattern)
{
    size_t count = 0;
    for (size_t k = 0; k < n; k++) {
        pattern[k * n + k] = true;
        for (size_t i = k + 1; i < n; i++)
            if (pattern[i * n + k])
                for (size_t j = k + 1; j < n; j++)
                    pattern[i * n + j] |= pattern[k * n + j];
    }
    for (size_t k = 0; k < n * n; k++)
        count += pattern[k];
    return count;
}

struct elimination *elimination_new(size_t n, bool *pattern)
{
    struct elimination *e = NEW(1, struct elimination);
    e->n = n;
    e->n_entries = fill(n, pattern);
    e->pivot = NEW(n, int);
    e->lower = NEW(n + 1, size_t);
    e->upper = NEW(n + 1, size_t);
    e->below = NEW(e->n_entries, struct elimination_entry);
    e->right = NEW(e->n_entries, struct elimination_entry);
    int *place = NEW(n * n, int), next = 0;
    for (size_t k = 0; k < n * n; k++)
        place[k] = pattern[k] ? next++ : (int)e->n_entries;
    size_t n_targets = 0;
    for (size_t k = 0; k < n; k++) {
        e->pivot[k] = place[k * n + k];
        e->lower[k + 1] = e->lower[k];
        e->upper[k + 1] = e->upper[k];
        for (size_t i = k + 1; i < n; i++) {
            if (pattern[i * n + k])
                e->below[e->lower[k + 1]++] = (struct elimination_entry){place[i * n + k], (int)i};
            if (pattern[k * n + i])
                e->right[e->upper[k + 1]++] = (struct elimination_entry){place[k * n + i], (int)i};
        }
        n_targets += (e->lower[k + 1] - e->lower[k]) * (e->upper[k + 1] - e->upper[k]);
    }
    e->targets = NEW(n_targets, int);
    int *target = e->targets;
    for (size_t k = 0; k < n; k++)
        for (size_t i = e->lower[k]; i < e->lower[k + 1]; i++)
            for (size_t j = e->upper[k]; j < e->upper[k + 1]; j++)
                *target++ = place[(size_t)e->below[i].index * n + (size_t)e->right[j].index];
    free(place);
    return e;
}

int elimination_place(const struct elimination *e, size_t row, size_t column)
{
    if (row == column)
        return e->pivot[row];
    const bool below = row > column;
    const size_t k = below ? column : row, *bounds = below ? e->lower : e->upper;
    const struct elimination_entry *list = below ? e->below : e->right;
    for (size_t i = bounds[k]; i < bounds[k + 1]; i++)
        if ((size_t)list[i].index == (below ? row : column))
            return list[i].place;
    return (int)e->n_entries;
}

bool elimination_factor(const struct elimination *e, double *a)
{
    const int *target = e->targets;
    for (size_t k = 0; k < e->n; k++) {
        const double inverse = 1 / a[e->pivot[k]];
        if (!isfinite(inverse))
            return false;
        a[e->pivot[k]] = inverse;
        for (size_t i = e->lower[k]; i < e->lower[k + 1]; i++) {
            const double factor = a[e->below[i].place] *= inverse;
            for (size_t j = e->upper[k]; j < e->upper[k + 1]; j++)
                a[*target++] -= factor * a[e->right[j].place];
        }
    }
    return true;
}

void elimination_solve(const struct elimination *e, const double *a, double *x)
{
    for (size_t k = 0; k < e->n; k++)
        for (size_t i = e->lower[k]; i < e->lower[k + 1]; i++)
            x[e->below[i].index] -= a[e->below[i].place] * x[k];
    for (size_t k = e->n; k-- > 0;) {
        double sum = x[k];
        for (size_t j = e->upper[k]; j < e->upper[k + 1]; j++)
            sum -= a[e->right[j].place] * x[e->right[j].index];
        x[k] = sum * a[e->pivot[k]];
    }
}
