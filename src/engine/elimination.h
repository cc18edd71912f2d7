/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gaussian elimination on a fixed pattern with the pivots on the diagonal, as a list of operations.
 * For matrices of some tens of unknowns that hardly fill, where a sparse solver's own bookkeeping
 * costs more than the arithmetic. */
#ifndef SILVERBAR_ENGINE_ELIMINATION_H
#define SILVERBAR_ENGINE_ELIMINATION_H

#include <stdbool.h>
#include <stddef.h>

struct elimination {
    size_t n, n_entries; /* entries: fill included; one more is scratch */
    int *pivot;          /* n: place of each diagonal entry */
    size_t *lower;       /* n + 1: entries below a pivot, among below[] */
    size_t *upper;       /* n + 1: entries right of a pivot, among right[] */
    struct elimination_entry {
        int place, index;
    } * below, *right;
    int *targets; /* for each pivot, entry below and entry right of it: what is changed */
};

/* pattern: n x n flags, row-major, structurally symmetric or not; it is overwritten by the filled
 * one.  The order of elimination is that of the rows. */
struct elimination *elimination_new(size_t n, bool *pattern);
void elimination_free(struct elimination *e);

/* Place of entry (row, column) of the pattern; n_entries where there is none. */
int elimination_place(const struct elimination *e, size_t row, size_t column);

/* Factor entries[n_entries] in place; false: a pivot is zero or not finite. */
bool elimination_factor(const struct elimination *e, double *entries);

/* Solve in place with the factors: x[n] holds the right-hand side. */
void elimination_solve(const struct elimination *e, const double *entries, double *x);

#endif
