/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loosest relative tolerance at which an engine still holds a given error, on a grid of half
 * decades 10^(-k/2).  Errors are not monotone in the tolerance and a loose run may be right by
 * luck: a tolerance counts only when the next tighter one holds the error as well. */
#ifndef SILVERBAR_COMPARE_TOLERANCE_SEARCH_H
#define SILVERBAR_COMPARE_TOLERANCE_SEARCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct tolerance_search_options {
    int first, last; /* k of the loosest and of the tightest tolerance */
    double target;   /* the error to hold */
    /* The error at a tolerance; a run that fails numerically is one with an infinite error. */
    enum status (*run)(void *data, double reltol, double *error_found, struct error *error);
    void *data;
};

struct tolerance_found {
    double reltol; /* the loosest that holds; else the one with the least error */
    double found;  /* error there */
    bool holds;
    size_t steps; /* runs */
};

/* 10^(-k/2). */
double tolerance_search_at(int k);

/* STATUS_NUMERICAL, with the error of the last run, if no run could be made; STATUS_INPUT and
 * STATUS_INTERRUPTED at once. */
enum status tolerance_search(const struct tolerance_search_options *options,
                             struct tolerance_found *result, struct error *error);

#endif
