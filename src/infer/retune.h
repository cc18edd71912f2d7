/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that take what tiles give to what was wanted, y = gain r + offset, by least squares over reads: one
 * line a column, or one for all. */
#ifndef SILVERBAR_INFER_RETUNE_H
#define SILVERBAR_INFER_RETUNE_H

#include <stdbool.h>
#include <stddef.h>

struct retune_sums {
    double n, r, y, rr, ry;
};

struct retune {
    size_t n; /* columns */
    bool together;
    bool fitted;
    struct retune_sums *sums; /* n */
    double *gain, *offset;    /* n; 1 and 0 until they are fitted */
};

struct retune *retune_new(size_t n, bool together);
void retune_free(struct retune *retune);

/* Forget what was seen and fitted. */
void retune_begin(struct retune *retune);

/* n reads of a column, `step` apart: what it gave, and what was wanted. */
void retune_see(struct retune *retune, size_t column, size_t n, size_t step, const double *read,
                const double *wanted);
void retune_fit(struct retune *retune);
void retune_apply(const struct retune *retune, size_t column, size_t n, size_t step, double *read);

#endif
