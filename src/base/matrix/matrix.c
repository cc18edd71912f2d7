/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/matrix/matrix.h"

#include "base/wide.h"

#include <assert.h>
#include <f77blas.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* The Fortran names, dgemm_, dsyrk_ and ssyrk_: those of CBLAS are also in libgslcblas, which GSL
 * brings, and which the linker may find first; it is thirty times slower.  Fortran stores columns, so that
 * our rows are its columns, and each matrix its transpose: c' = y' x'. */

/* More threads would split sums by the number of processors, and outlive fork(). */
static void one_thread(void)
{
    static bool done;
    int one = 1;
    if (!done)
        openblas_set_num_threads_(&one);
    done = true;
}

static int side(size_t n)
{
    assert(n <= INT_MAX);
    return (int)n;
}

void matrix_multiply(const struct matrix_view *x, const struct matrix_view *y,
                     const struct matrix_result *r)
{
    int m = side(r->m), n = side(r->n), k = side(r->k), x_stride = side(x->stride),
        y_stride = side(y->stride), stride = side(r->stride);
    double factor = r->factor, keep = r->keep;
    char x_form[] = {x->transposed ? 'T' : 'N', 0}, y_form[] = {y->transposed ? 'T' : 'N', 0};
    if (m == 0 || n == 0)
        return;
    one_thread();
    dgemm_(y_form, x_form, &n, &m, &k, &factor, (double *)(uintptr_t)y->a, &y_stride,
           (double *)(uintptr_t)x->a, &x_stride, &keep, r->c, &stride);
}

void matrix_add_square(const struct matrix_view *x, const struct matrix_square *q)
{
    int n = side(q->n), k = side(q->k), x_stride = side(x->stride), stride = side(q->stride);
    double factor = q->factor, keep = 1;
    char above[] = "L", form[] = {x->transposed ? 'T' : 'N', 0};
    one_thread();
    dsyrk_(above, form, &n, &k, &factor, (double *)(uintptr_t)x->a, &x_stride, &keep, q->c,
           &stride);
}

size_t matrix_exact_codes(double last)
{
    return (size_t)((0x1p24 - 1) / (last * last));
}

/* Multiples of 1 / last are off by rounding, which float drops. */
WIDE static void to_codes(size_t n, const double *restrict x, double last, float *restrict codes)
{
    for (size_t k = 0; k < n; k++)
        codes[k] = (float)(x[k] * last);
}

/* c += scale sums; the sums below the diagonal are 0. */
WIDE static void add_sums(size_t n, size_t stride, double scale, const float *restrict sums,
                          double *restrict c)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            c[i * stride + k] += scale * (double)sums[i * n + k];
}

void matrix_add_square_of_codes(const struct matrix_view *x, double last,
                                const struct matrix_square *q, float *room)
{
    const size_t exact = matrix_exact_codes(last);
    float *sums = room, *codes = room + q->n * q->n, one_part = 1, anew = 0;
    int n = side(q->n);
    char above[] = "L", form[] = {x->transposed ? 'T' : 'N', 0};
    one_thread();
    memset(sums, 0, q->n * q->n * sizeof *sums);
    for (size_t from = 0; from < q->k; from += exact) {
        const size_t left = q->k - from, part = left < exact ? left : exact,
                     lines = x->transposed ? q->n : part, length = x->transposed ? part : q->n;
        const double *a = x->a + (x->transposed ? from : from * x->stride);
        int k = side(part), stride = side(length);
        const size_t joined = x->stride == length ? lines : 1; /* lines that follow one another */
        for (size_t i = 0; i < lines; i += joined)
            to_codes(joined * length, a + i * x->stride, last, codes + i * length);
        ssyrk_(above, form, &n, &k, &one_part, codes, &stride, &anew, sums, &n);
        add_sums(q->n, q->stride, q->factor / (last * last), sums, q->c);
    }
}

void matrix_mirror(size_t n, size_t stride, double *c)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            c[i * stride + j] = c[j * stride + i];
}
