/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gaussian elimination on a fixed pattern with the pivots on the diagonal, as a list of operations.
 * For matrices of some tens of unknowns that hardly fill, where a sparse solver's own bookkeeping
 * costs more than the arithmetic.  (Preparing one takes n^2 bits.) */
#ifndef SILVERBAR_ENGINE_EVENT_NETWORK_ELIMINATION_H
#define SILVERBAR_ENGINE_EVENT_NETWORK_ELIMINATION_H

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

/* Where a matrix may not be zero.  The diagonal always counts; an entry may be there twice. */
struct elimination_pattern {
    size_t n; /* rows and columns */
    size_t n_entries, capacity;
    struct elimination_position {
        int row, column;
    } * entries; /* n_entries */
};

/* Order of elimination by least degree (W. F. Tinney and J. W. Walker, Proc. IEEE 55:1801, 1967) of
 * the pattern and its transpose: order[k] is the k-th row to go. */
void elimination_order(const struct elimination_pattern *pattern, int *order);

/* The order of elimination is that of the rows; structurally symmetric or not. */
struct elimination *elimination_new(const struct elimination_pattern *pattern);
void elimination_free(struct elimination *e);

/* Place of entry (row, column) of the pattern; n_entries where there is none. */
int elimination_place(const struct elimination *e, size_t row, size_t column);

/* Factor entries[n_entries] in place; false: a pivot is zero or not finite. */
bool elimination_factor(const struct elimination *e, double *entries);

/* Solve in place with the factors: x[n] holds the right-hand side. */
void elimination_solve(const struct elimination *e, const double *entries, double *x);

#endif
