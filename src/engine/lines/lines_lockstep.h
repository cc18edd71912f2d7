/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conjugate gradients for lines_read.h on several vectors at a time, and the bound of their errors.
 * With R, C the tridiagonal matrices of the rows and of the columns, G = diag(g), f the sources,
 *
 *     S vc = G R^-1 f,    S = C - G R^-1 G = C (1 - M),    M = C^-1 G R^-1 G
 *
 * is solved with the preconditioner C, whose residual z = C^-1 (G R^-1 f - S vc) is what one more
 * sweep vr = R^-1 (f + G vc), vc' = C^-1 G vr would change.  R and C are M-matrices, so M has no
 * negative entry; the weights w > 0 are the solution for the inputs' absolute values.  From
 * (1 - M) w >= mu w and |z| <= zeta w follow, for the error e of vc and M e of vc',
 *
 *     |e| <= zeta / mu w          |M e| <= zeta (1 - mu) / mu w
 *
 * in every component: a bound of each output current relative to itself, not to the largest. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_LOCKSTEP_H
#define SILVERBAR_ENGINE_LINES_LINES_LOCKSTEP_H

#include "engine/lines/lines_read.h"

/* The equations of a line are multiplied by the resistance of its segment; of an ideal line, by 1 ohm. */
struct lines_lockstep {
    size_t m, n;
    bool ideal_rows, ideal_columns;       /* one node a line */
    bool fixed_rows, fixed_columns;       /* ... at the potential of its end */
    double row_unit, column_unit;         /* [ohm] */
    double driver, sense;                 /* 1 / (R + segment) [S]; of fixed lines not used */
    const double *g;                      /* m x n */
    double *row_factor, *column_factor;   /* m x n */
    double *row_inverse, *column_inverse; /* m, n: of ideal lines [1] */
    double *weight;                       /* m x n: w [V] */
    double *first, *first_inverse;        /* m x n: its first sweep [V], and 1 / that [1/V] or 0 */
    double *reach;                        /* n: currents of w at the outputs [A] */
    double mu;
    size_t work_lanes; /* 0: no work yet */
    double *work;      /* (4 m n + m + 4 n) x work_lanes */
};

void lines_lockstep_init(struct lines_lockstep *l, const struct lines_array *array);
void lines_lockstep_clear(struct lines_lockstep *l);

/* lines_solve_many() without its checks of the arguments. */
enum status lines_lockstep_solve(struct lines_lockstep *l, size_t n, const double *volts,
                                 double tolerance, struct lines_answer *answer,
                                 struct error *error);

#endif
