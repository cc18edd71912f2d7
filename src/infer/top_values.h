/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A high quantile of a stream of values whose number is known, exactly, from its largest values alone. */
#ifndef SILVERBAR_INFER_TOP_VALUES_H
#define SILVERBAR_INFER_TOP_VALUES_H

#include <stddef.h>

struct top_values {
    double quantile; /* above 0, to 1: the largest */
    size_t every;    /* of the values added, only the first of so many counts */
    size_t total;    /* values that count, in all */
    size_t added;
    size_t n, room; /* kept */
    double *heap;   /* n, the smallest first */
};

/* `total` values will be added. */
void top_values_init(struct top_values *t, double quantile, size_t total, size_t every);
void top_values_free(struct top_values *t);
void top_values_add(struct top_values *t, double value);

/* When all have been added: linear between the two values beside place quantile (total - 1), as
 * numpy.quantile. */
double top_values_quantile(struct top_values *t);

#endif
