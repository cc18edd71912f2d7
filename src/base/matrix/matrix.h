/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of dense matrices in double precision by a BLAS, on one thread: the same calls give the
 * same bytes on one machine.  Matrices are stored row after row; `stride` is the distance between
 * rows.  Sides are below 2^31. */
#ifndef SILVERBAR_BASE_MATRIX_MATRIX_H
#define SILVERBAR_BASE_MATRIX_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

struct matrix_view {
    const double *a;
    size_t stride;
    bool transposed; /* what is multiplied is the transpose of what is stored */
};

/* c = factor x y + keep c, with x m x k, y k x n and c m x n. */
struct matrix_result {
    size_t m, n, k;
    double factor, keep;
    double *c;
    size_t stride;
};

void matrix_multiply(const struct matrix_view *x, const struct matrix_view *y,
                     const struct matrix_result *result);

/* c = c + factor x' x, above and on the diagonal of c alone: x is k x n, c n x n with rows `stride` apart. */
struct matrix_square {
    size_t k, n;
    double factor;
    double *c;
    size_t stride;
};

void matrix_add_square(const struct matrix_view *x, const struct matrix_square *square);

/* The same of codes: x are whole multiples of 1 / last, from -1 to 1.  Sums of products of codes are whole
 * numbers, and exact in single precision below 2^24: so they are added up in parts of as many vectors
 * as matrix_exact_codes() says, twice as fast.  room[(n + vectors of a part) n] */
size_t matrix_exact_codes(double last);
void matrix_add_square_of_codes(const struct matrix_view *x, double last,
                                const struct matrix_square *square, float *room);

/* Below the diagonal of the n x n matrix, what is above it. */
void matrix_mirror(size_t n, size_t stride, double *c);

#endif
