/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows KLU.
 *
 * KLU orders the unknowns and chooses the pivots.  While they serve, the factors of small systems
 * are computed anew from a list of all operations, made once for a choice of pivots: for each k,
 *
 *     l(i,k) = a(i,k)/a(k,k)        a(i,j) -= l(i,k) a(k,j)      for l(i,k), u(k,j) not zero,
 *
 * with L and U by rows, as the solution runs through them (Gustavson, in: Sparse Matrices and their
 * Applications, Plenum 1972, p. 41).  It takes a fifth of the time of KLU's own refactorization. */
#include "engine/dae/sparse_lu.h"

#include "base/memory.h"

#include <float.h>
#include <klu.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reciprocal pivot growth below which kept pivots are given up; fresh partial pivoting stays well
 * above it. */
#define GROWTH_LEAST 1e-4
#define GROWTH (1 / GROWTH_LEAST)
#define GROWTH_KEPT 10         /* times that of fresh pivots */
#define OPERATIONS_MAX 2000000 /* longer lists do not stay in cache */
#define LONG_ROW 6             /* entries */

/* Index of the first entry of row k of L, and of U without its diagonal, among the factors (all
 * of L comes first), and of column k of L in a list of such entries; each ends where that of the
 * next pivot begins. */
struct pivot {
    int32_t l, u, column;
};

struct sparse_lu {
    int64_t n;
    int64_t *columns, *rows;
    klu_l_symbolic *symbolic;
    klu_l_numeric *numeric;
    klu_l_common common;
    bool listed;                     /* the list below belongs to the present pivots */
    struct pivot *pivots;            /* n + 1 */
    int32_t *index;                  /* of each entry: its column, in the order of pivots */
    int32_t *below;                  /* the lists of L's columns */
    int32_t n_dependent, *dependent; /* rows of L with entries */
    int32_t *targets;                /* of the operations, in their order */
    int32_t *place;    /* columns[n]: of each matrix entry; n + entries of the factors */
    double *scale;     /* columns[n]: of each matrix entry's row */
    double *factors;   /* n reciprocal diagonals, then the entries */
    double *row_scale; /* n: by which the right-hand side is multiplied, in order of pivots */
    int32_t *row_order, *column_order; /* n */
    int32_t *pivot_of_column;          /* n */
    double *work, *least; /* n; n: reciprocals of the matrix columns' largest entries */
    double growth_most;   /* with which the pivots serve */
    size_t n_factors;
    bool current; /* the factors are those of the list, not KLU's */
};

struct sparse_lu *sparse_lu_new(int64_t n, int64_t *columns, int64_t *rows)
{
    struct sparse_lu *lu = NEW(1, struct sparse_lu);
    lu->n = n;
    lu->columns = columns;
    lu->rows = rows;
    klu_l_defaults(&lu->common);
    /* blocks tell a structurally singular pattern; one block serves the list */
    lu->symbolic = klu_l_analyze(n, columns, rows, &lu->common);
    const bool regular = lu->symbolic && lu->common.structural_rank == n;
    klu_l_free_symbolic(&lu->symbolic, &lu->common);
    lu->common.btf = 0;
    if (regular)
        lu->symbolic = klu_l_analyze(n, columns, rows, &lu->common);
    if (!lu->symbolic) {
        sparse_lu_free(lu);
        return NULL;
    }
    lu->pivots = NEW((size_t)n + 1, struct pivot);
    lu->row_scale = NEW((size_t)n, double);
    lu->work = NEW((size_t)n, double);
    lu->least = NEW((size_t)n, double);
    lu->pivot_of_column = NEW((size_t)n, int32_t);
    lu->row_order = NEW((size_t)n, int32_t);
    lu->dependent = NEW((size_t)n, int32_t);
    lu->column_order = NEW((size_t)n, int32_t);
    lu->place = NEW((size_t)columns[n], int32_t);
    lu->scale = NEW((size_t)columns[n], double);
    return lu;
}

static void forget_list(struct sparse_lu *lu)
{
    free(lu->index);
    free(lu->below);
    free(lu->targets);
    free(lu->factors);
    lu->index = lu->below = lu->targets = NULL;
    lu->factors = NULL;
    lu->listed = false;
}

void sparse_lu_free(struct sparse_lu *lu)
{
    if (!lu)
        return;
    klu_l_free_numeric(&lu->numeric, &lu->common);
    klu_l_free_symbolic(&lu->symbolic, &lu->common);
    forget_list(lu);
    free(lu->pivots);
    free(lu->row_scale);
    free(lu->work);
    free(lu->least);
    free(lu->pivot_of_column);
    free(lu->row_order);
    free(lu->dependent);
    free(lu->column_order);
    free(lu->place);
    free(lu->scale);
    free(lu);
}

/* Index of (i, j), in the order of pivots, among lu->factors; -1: no entry. */
static int32_t find(const struct sparse_lu *lu, int64_t i, int64_t j)
{
    if (i == j)
        return (int32_t)i;
    const struct pivot *p = &lu->pivots[i];
    const int32_t end = j < i ? p[1].l : p[1].u;
    int32_t low = j < i ? p->l : p->u, high = end;
    while (low < high) { /* columns rise */
        const int32_t middle = low + (high - low) / 2;
        if (lu->index[middle] < (int32_t)j)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && lu->index[low] == (int32_t)j ? (int32_t)lu->n + low : -1;
}

/* Structure of the factors from KLU's. */
static bool extract(struct sparse_lu *lu, double *row_scale)
{
    const size_t n = (size_t)lu->n, nl = (size_t)lu->numeric->lnz, nu = (size_t)lu->numeric->unz;
    int64_t *lp = NEW(n + 1, int64_t), *li = NEW(nl, int64_t), *up = NEW(n + 1, int64_t),
            *ui = NEW(nu, int64_t);
    int64_t *rows = NEW(n, int64_t), *columns = NEW(n, int64_t);
    int32_t *l = NEW(n, int32_t), *u = NEW(n, int32_t);
    double *lx = NEW(nl, double), *ux = NEW(nu, double);
    const bool done = klu_l_extract(lu->numeric, lu->symbolic, lp, li, lx, up, ui, ux, NULL, NULL,
                                    NULL, rows, columns, row_scale, NULL, &lu->common) != 0;
    if (done) {
        for (size_t j = 0; j < n; j++) {
            lu->row_order[j] = (int32_t)rows[j];
            lu->column_order[j] = (int32_t)columns[j];
            for (int64_t k = lp[j]; k < lp[j + 1]; k++)
                l[li[k]] += (size_t)li[k] != j;
            for (int64_t k = up[j]; k < up[j + 1]; k++)
                u[ui[k]] += (size_t)ui[k] != j;
        }
        struct pivot *p = lu->pivots;
        int32_t at = 0, n_below = 0;
        for (size_t k = 0; k < n; k++) {
            p[k].l = at;
            at += l[k];
            l[k] = p[k].l;
        }
        p[n].l = at;
        lu->n_dependent = 0;
        for (size_t k = 0; k < n; k++)
            if (p[k + 1].l > p[k].l)
                lu->dependent[lu->n_dependent++] = (int32_t)k;
        for (size_t k = 0; k < n; k++) {
            p[k].u = at;
            at += u[k];
            u[k] = p[k].u;
        }
        p[n].u = at;
        lu->index = NEW((size_t)at, int32_t);
        lu->below = NEW(nl, int32_t);
        for (size_t j = 0; j < n; j++) {
            p[j].column = n_below;
            for (int64_t k = lp[j]; k < lp[j + 1]; k++)
                if ((size_t)li[k] != j) {
                    lu->below[n_below++] = l[li[k]];
                    lu->index[l[li[k]]++] = (int32_t)j;
                }
            for (int64_t k = up[j]; k < up[j + 1]; k++)
                if ((size_t)ui[k] != j)
                    lu->index[u[ui[k]]++] = (int32_t)j;
        }
        p[n].column = n_below;
        lu->n_factors = n + (size_t)at;
        lu->factors = NEW(lu->n_factors, double);
    }
    free(lp);
    free(li);
    free(up);
    free(ui);
    free(rows);
    free(columns);
    free(l);
    free(u);
    free(lx);
    free(ux);
    return done;
}

/* List all operations for the pivots that KLU has just chosen. */
static void make_list(struct sparse_lu *lu)
{
    forget_list(lu);
    const size_t n = (size_t)lu->n;
    double *row_scale = NEW(n, double);
    int32_t *pivot_of_row = NEW(n, int32_t);
    int32_t *row_of = NULL; /* of each entry of L */
    bool complete = extract(lu, row_scale);
    size_t n_operations = 0;
    for (size_t k = 0; k < n && complete; k++) {
        const struct pivot *p = &lu->pivots[k];
        n_operations += (size_t)(p[1].u - p->u) * (size_t)(p[1].column - p->column);
    }
    complete = complete && n_operations <= OPERATIONS_MAX;
    if (complete) {
        lu->targets = NEW(n_operations, int32_t);
        row_of = NEW(lu->n_factors, int32_t);
        for (size_t k = 0; k < n; k++)
            for (int32_t e = lu->pivots[k].l; e < lu->pivots[k + 1].l; e++)
                row_of[e] = (int32_t)k;
        size_t at = 0;
        for (size_t k = 0; k < n && complete; k++) {
            const struct pivot *p = &lu->pivots[k];
            for (int32_t i = p->column; i < p[1].column; i++) {
                const int32_t row = row_of[lu->below[i]];
                const struct pivot *q = &lu->pivots[row];
                int32_t e = lu->below[i] + 1, end = q[1].l; /* columns rise in both rows */
                for (int32_t j = p->u; j < p[1].u; j++) {
                    const int32_t column = lu->index[j];
                    if (column > row && end == q[1].l) {
                        e = q->u;
                        end = q[1].u;
                    }
                    while (e < end && lu->index[e] < column)
                        e++;
                    const bool there = column == row || (e < end && lu->index[e] == column);
                    complete = complete && there;
                    lu->targets[at++] = column == row ? row : (int32_t)n + e;
                }
            }
        }
        for (size_t k = 0; k < n; k++) {
            lu->row_scale[k] = 1 / row_scale[lu->row_order[k]];
            pivot_of_row[lu->row_order[k]] = (int32_t)k;
            lu->pivot_of_column[lu->column_order[k]] = (int32_t)k;
        }
        for (size_t j = 0; j < n && complete; j++)
            for (int64_t e = lu->columns[lu->column_order[j]];
                 e < lu->columns[lu->column_order[j] + 1]; e++) {
                const int32_t i = pivot_of_row[lu->rows[e]];
                lu->place[e] = find(lu, i, (int64_t)j);
                lu->scale[e] = lu->row_scale[i];
                complete = complete && lu->place[e] >= 0;
            }
    }
    free(row_scale);
    free(pivot_of_row);
    free(row_of);
    lu->listed = complete;
}

static inline double largest_of(double a, double b)
{
    return a > b ? a : b;
}

/* The entries to their places, and the reciprocals of the largest ones of the columns. */
static void place_entries(struct sparse_lu *lu, const double *restrict entries)
{
    double *restrict x = lu->factors, *restrict least = lu->least;
    const double *restrict scale = lu->scale;
    const int32_t *restrict place = lu->place;
    const int64_t *restrict columns = lu->columns;
    memset(x, 0, lu->n_factors * sizeof *x);
    int64_t e = 0;
    for (int64_t j = 0; j < lu->n; j++) {
        double largest = 0;
        for (; e < columns[j + 1]; e++) {
            const double a = entries[e] * scale[e];
            x[place[e]] = a;
            largest = largest_of(fabs(a), largest);
        }
        least[lu->pivot_of_column[j]] = 1 / largest;
    }
}

/* Returns the growth: the largest entry of a column of U over that of the matrix; INFINITY for a
 * pivot of zero. */
static double factor_listed(struct sparse_lu *lu, const double *entries)
{
    place_entries(lu, entries);
    double *restrict x = lu->factors;
    const double *restrict least = lu->least;
    const int32_t n = (int32_t)lu->n, *restrict target = lu->targets, *restrict below = lu->below,
                  *restrict index = lu->index;
    const struct pivot *restrict p = lu->pivots;
    double growth = 0;
    for (int32_t k = 0; k < n; k++) {
        const double diagonal = x[k], reciprocal = 1 / diagonal;
        if (!(fabs(reciprocal) < INFINITY)) /* NAN too */
            return INFINITY;
        growth = largest_of(fabs(diagonal) * least[k], growth);
        x[k] = reciprocal;
        const int32_t width = p[k + 1].u - p[k].u;
        const double *u = x + n + p[k].u;
        if (width == 2) { /* most rows are so short */
            const double u0 = u[0], u1 = u[1];
            for (int32_t i = p[k].column; i < p[k + 1].column; i++, target += 2) {
                const double l = x[n + below[i]] *= reciprocal;
                x[target[0]] -= l * u0;
                x[target[1]] -= l * u1;
            }
            continue;
        }
        for (int32_t i = p[k].column; i < p[k + 1].column; i++, target += width) {
            const double l = x[n + below[i]] *= reciprocal;
#pragma GCC unroll 4
            for (int32_t j = 0; j < width; j++)
                x[target[j]] -= l * u[j];
        }
    }
#pragma GCC unroll 4
    for (int32_t e = p[0].u; e < p[n].u; e++)
        growth = largest_of(fabs(x[n + e]) * least[index[e]], growth);
    return growth;
}

static bool refactor(struct sparse_lu *lu, double *entries)
{
    if (!lu->numeric)
        return false;
    lu->current = lu->listed;
    if (lu->listed)
        return factor_listed(lu, entries) <= lu->growth_most;
    return klu_l_refactor(lu->columns, lu->rows, entries, lu->symbolic, lu->numeric, &lu->common) &&
           lu->common.status == KLU_OK &&
           klu_l_rgrowth(lu->columns, lu->rows, entries, lu->symbolic, lu->numeric, &lu->common) &&
           lu->common.rgrowth > GROWTH_LEAST;
}

bool sparse_lu_factor(struct sparse_lu *lu, double *entries)
{
    if (refactor(lu, entries))
        return true;
    klu_l_free_numeric(&lu->numeric, &lu->common);
    lu->current = false;
    lu->numeric = klu_l_factor(lu->columns, lu->rows, entries, lu->symbolic, &lu->common);
    if (!lu->numeric || lu->common.status != KLU_OK) {
        klu_l_free_numeric(&lu->numeric, &lu->common);
        return false;
    }
    make_list(lu);
    if (lu->listed)
        lu->growth_most = fmin(DBL_MAX, fmax(GROWTH, GROWTH_KEPT * factor_listed(lu, entries)));
    return true;
}

int64_t sparse_lu_singular(const struct sparse_lu *lu)
{
    const int64_t column = lu->common.singular_col;
    return lu->common.status == KLU_SINGULAR && column >= 0 && column < lu->n ? column : -1;
}

/* y - sum of x[j] y[index[j]] from j to end; two sums of a long row do not wait for each other. */
static inline double rest(double own, const double *restrict x, const int32_t *restrict index,
                          const double *restrict y, int32_t j, int32_t end)
{
    if (end - j >= LONG_ROW) {
        double even = 0, odd = 0;
        for (; j + 1 < end; j += 2) {
            even += x[j] * y[index[j]];
            odd += x[j + 1] * y[index[j + 1]];
        }
        own -= even + odd;
    }
#pragma GCC unroll 1
    for (; j < end; j++)
        own -= x[j] * y[index[j]];
    return own;
}

bool sparse_lu_solve(struct sparse_lu *lu, double *restrict b)
{
    if (!lu->current)
        return klu_l_solve(lu->symbolic, lu->numeric, lu->n, 1, b, &lu->common) != 0;
    const int32_t n = (int32_t)lu->n, *restrict index = lu->index,
                  *restrict row_order = lu->row_order, *restrict column_order = lu->column_order,
                  *restrict dependent = lu->dependent;
    const double *restrict diagonal = lu->factors, *restrict x = lu->factors + n,
                           *restrict row_scale = lu->row_scale;
    const struct pivot *restrict p = lu->pivots;
    double *restrict y = lu->work;
    for (int32_t k = 0; k < n; k++)
        y[k] = b[row_order[k]] * row_scale[k];
    for (int32_t i = 0; i < lu->n_dependent; i++) {
        const int32_t k = dependent[i], j = p[k].l, end = p[k + 1].l;
        y[k] = end - j == 1 ? y[k] - x[j] * y[index[j]] : rest(y[k], x, index, y, j, end);
    }
    for (int32_t k = n, end = p[n].u; k-- > 0;) {
        const int32_t j = p[k].u;
        const double left = end - j == 2 ? (y[k] - x[j] * y[index[j]]) - x[j + 1] * y[index[j + 1]]
                                         : rest(y[k], x, index, y, j, end);
        b[column_order[k]] = y[k] = left * diagonal[k];
        end = j;
    }
    return true;
}

bool sparse_lu_klu_many(struct sparse_lu *lu, double *entries, size_t n_vectors, double *x)
{
    const bool first = !lu->numeric;
    if (first)
        lu->numeric = klu_l_factor(lu->columns, lu->rows, entries, lu->symbolic, &lu->common);
    bool done = lu->numeric && (first || klu_l_refactor(lu->columns, lu->rows, entries,
                                                        lu->symbolic, lu->numeric, &lu->common));
    for (size_t v = 0; v < n_vectors && done; v += 4) {
        const int64_t count = n_vectors - v < 4 ? (int64_t)(n_vectors - v) : 4;
        done = klu_l_solve(lu->symbolic, lu->numeric, lu->n, count, x + v * (size_t)lu->n,
                           &lu->common) != 0;
    }
    lu->current = lu->listed = false; /* the factors are KLU's */
    return done;
}
