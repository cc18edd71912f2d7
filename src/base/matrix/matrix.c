/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/matrix/matrix.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>

/* More threads would split sums by the number of processors, and outlive fork(). */
static void one_thread(void)
{
    static bool done;
    if (!done)
        openblas_set_num_threads(1);
    done = true;
}

void matrix_multiply(const struct matrix_view *x, const struct matrix_view *y,
                     const struct matrix_result *r)
{
    assert(r->m <= INT_MAX && r->n <= INT_MAX && r->k <= INT_MAX);
    assert(x->stride <= INT_MAX && y->stride <= INT_MAX && r->stride <= INT_MAX);
    if (r->m == 0 || r->n == 0)
        return;
    one_thread();
    cblas_dgemm(CblasRowMajor, x->transposed ? CblasTrans : CblasNoTrans,
                y->transposed ? CblasTrans : CblasNoTrans, (int)r->m, (int)r->n, (int)r->k,
                r->factor, x->a, (int)x->stride, y->a, (int)y->stride, r->keep, r->c,
                (int)r->stride);
}

void matrix_add_square(const struct matrix_view *x, const struct matrix_square *q)
{
    assert(q->k <= INT_MAX && q->n <= INT_MAX && q->stride <= INT_MAX && x->stride <= INT_MAX);
    one_thread();
    cblas_dsyrk(CblasRowMajor, CblasUpper, x->transposed ? CblasNoTrans : CblasTrans, (int)q->n,
                (int)q->k, q->factor, x->a, (int)x->stride, 1, q->c, (int)q->stride);
}

void matrix_mirror(size_t n, size_t stride, double *c)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            c[i * stride + j] = c[j * stride + i];
}
