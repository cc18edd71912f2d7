/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparse LU factors of matrices with one pattern (KLU: Davis and Palamadai Natarajan, ACM TOMS
 * 37(3):36, 2010).  The pattern is analysed once; pivots are kept while they serve. */
#ifndef SILVERBAR_ENGINE_DAE_SPARSE_LU_H
#define SILVERBAR_ENGINE_DAE_SPARSE_LU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sparse_lu;

/* n x n, compressed columns: columns[n + 1], rows[columns[n]] rising in each column; both must
 * outlive the object.  NULL for a structurally singular pattern. */
struct sparse_lu *sparse_lu_new(int64_t n, int64_t *columns, int64_t *rows);
void sparse_lu_free(struct sparse_lu *lu);

/* Factor entries[columns[n]].  New pivots are chosen where the kept ones let the factors grow.
 * False: singular. */
bool sparse_lu_factor(struct sparse_lu *lu, double *entries);

/* After a factorization that failed: the column in which it found no pivot, or -1. */
int64_t sparse_lu_singular(const struct sparse_lu *lu);

/* Solve in place: x[n] holds the right-hand side. */
bool sparse_lu_solve(struct sparse_lu *lu, double *x);

/* One factorization by KLU itself, with the pivots of the first, and its solution of n_vectors
 * right-hand sides (x: n_vectors x n, in place), four at once; for comparisons of speed. */
bool sparse_lu_klu_many(struct sparse_lu *lu, double *entries, size_t n_vectors, double *x);

#endif
