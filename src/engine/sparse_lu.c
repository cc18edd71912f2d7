/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows KLU. */
#include "engine/sparse_lu.h"

#include "base/memory.h"

#include <klu.h>
#include <stdlib.h>

/* Reciprocal pivot growth below which kept pivots are given up; fresh partial pivoting stays well
 * above it. */
#define GROWTH_LEAST 1e-4

struct sparse_lu {
    int64_t n;
    int64_t *columns, *rows;
    klu_l_symbolic *symbolic;
    klu_l_numeric *numeric;
    klu_l_common common;
};

struct sparse_lu *sparse_lu_new(int64_t n, int64_t *columns, int64_t *rows)
{
    struct sparse_lu *lu = NEW(1, struct sparse_lu);
    lu->n = n;
    lu->columns = columns;
    lu->rows = rows;
    klu_l_defaults(&lu->common);
    lu->symbolic = klu_l_analyze(n, columns, rows, &lu->common);
    if (lu->symbolic && lu->common.structural_rank == n)
        return lu;
    sparse_lu_free(lu);
    return NULL;
}

void sparse_lu_free(struct sparse_lu *lu)
{
    if (!lu)
        return;
    klu_l_free_numeric(&lu->numeric, &lu->common);
    klu_l_free_symbolic(&lu->symbolic, &lu->common);
    free(lu);
}

bool sparse_lu_factor(struct sparse_lu *lu, double *entries)
{
    if (lu->numeric &&
        klu_l_refactor(lu->columns, lu->rows, entries, lu->symbolic, lu->numeric, &lu->common) &&
        lu->common.status == KLU_OK &&
        klu_l_rgrowth(lu->columns, lu->rows, entries, lu->symbolic, lu->numeric, &lu->common) &&
        lu->common.rgrowth > GROWTH_LEAST)
        return true;
    klu_l_free_numeric(&lu->numeric, &lu->common);
    lu->numeric = klu_l_factor(lu->columns, lu->rows, entries, lu->symbolic, &lu->common);
    return lu->numeric && lu->common.status == KLU_OK;
}

bool sparse_lu_solve(struct sparse_lu *lu, double *x)
{
    return klu_l_solve(lu->symbolic, lu->numeric, lu->n, 1, x, &lu->common) != 0;
}
