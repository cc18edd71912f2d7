/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by lines.c, lines_newton.c and the two linear methods. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_INTERNAL_H
#define SILVERBAR_ENGINE_LINES_LINES_INTERNAL_H

#include "engine/lines/lines.h"

#include <stdint.h>

#define LANES 8            /* rows that are eliminated side by side */
#define DIRECT_SIDE_MAX 32 /* shorter side up to which elimination has room */

/* Two doubles in a register of every 64-bit processor. */
typedef double pair __attribute__((vector_size(16), may_alias));
typedef int64_t pair_mask __attribute__((vector_size(16)));

struct lines {
    size_t m, n;                        /* rows, columns */
    double row_siemens, column_siemens; /* a segment; 0 where the lines are ideal */

    /* Conjugate gradients, in units of `unit` [S]: one row segment, or one column segment.
     * "padded": m_padded x stride, zero beyond m x n. */
    double unit, kappa; /* kappa: column segment */
    size_t stride, m_padded;
    double *g, *ground;    /* padded: devices, column_ground */
    double *row_factor;    /* m_padded / LANES panels of [stride][LANES]: see rows_factor() */
    double *column_factor; /* padded */
    double *row_inverse, *column_inverse; /* m_padded, stride: of ideal lines: 1 / their sum */
    double *x, *r, *p, *q;                /* padded: solution, residual, direction and its image */
    double *panel;                        /* [stride][LANES] */
    double *carry;                        /* stride: along the columns */

    /* Elimination; longer side l, shorter side s, s_padded: s rounded up to a multiple of 4. */
    bool direct;     /* the four arrays below are allocated */
    double *inverse; /* l x s x s_padded: of the pivot blocks */
    double *forward; /* l x s_padded */
    double *across;  /* l x s: inverse pivots of the lines across */
    double *slice;   /* 4 x s_padded */

    double *zeros;   /* m x n */
    double *fr, *fc; /* m x n: residuals [A] */
    bool *grounded;  /* m + n lines */

    /* Newton's method; m x n each */
    double *v, *current, *slope, *dr, *dc, *trial_r, *trial_c;
};

/* Residual of Kirchhoff's law at all nodes: l->fr, l->fc = sources - leaving currents [A].
 * current[m x n]: of the devices; NULL: g (vr - vc).  An ideal line has one equation, whose residual
 * is stored at its first node.  Returns the 2-norm. */
double lines_residual(struct lines *l, const struct lines_problem *problem, const double *current,
                      const struct lines_voltages *v);

/* True if *bound, the 1-norm of l->fr and l->fc [A], is at most tolerance x *smallest, the smallest
 * current other than 0 into a column's ground [A].  False where no current flows (*smallest infinite). */
bool lines_bounded(const struct lines *l, const struct lines_problem *problem, double tolerance,
                   const double *vc, double *bound, double *smallest);

/* Residual that rounding of voltages and sums alone can leave [A]: half the machine's epsilon times the
 * 2-norm of the terms, with problem->g for the devices' slopes; at most 1e-8 of `sources`. */
double lines_rounding(const struct lines *l, const struct lines_problem *problem, double sources,
                      const struct lines_voltages *v);

/* A copy of the problem with l->zeros for every NULL: the functions below take no NULL. */
struct lines_problem lines_filled(const struct lines *l, const struct lines_problem *problem);

/* Checks of lines_solve() that lines_newton() makes too: numbers in range; every line has a path to
 * ground through devices g[m x n]. */
enum status lines_check(struct lines *l, const struct lines_problem *problem, double tolerance,
                        const struct lines_voltages *v, struct error *error);
enum status lines_grounded(struct lines *l, const struct lines_problem *problem, const double *g,
                           struct error *error);

/* Give ideal lines one voltage: that of their first nodes. */
void lines_level(const struct lines *l, const struct lines_voltages *v);

/* 2-norm of the sources [A], summed over ideal lines; overwrites l->fr, l->fc. */
double lines_sources(struct lines *l, const struct lines_problem *problem);

/* Solve to a residual of `tolerance` of the sources, without checks; adds to report->iterations. */
enum status lines_correct(struct lines *l, const struct lines_problem *problem, double tolerance,
                          const struct lines_voltages *v, struct lines_report *report,
                          struct error *error);

/* STATUS_NUMERICAL with `what` and the node where |l->fr|, |l->fc| are largest. */
enum status lines_unsolved(const struct lines *l, const char *what, double residual,
                           struct error *error);

/* Factor the lines of the problem. */
void lines_gradients_factor(struct lines *l, const struct lines_problem *problem);

/* Add to vr, vc the correction for the residuals l->fr, l->fc, iterated until the recursive residual
 * is at most `wanted` [A]; adds to *iterations.  False: no convergence. */
bool lines_gradients_correct(struct lines *l, double wanted, double *vr, double *vc,
                             size_t *iterations);

/* Factor the system; false: a pivot is not positive.  lines_direct_correct() then adds to vr, vc the
 * correction for l->fr, l->fc. */
bool lines_direct_factor(struct lines *l, const struct lines_problem *problem);
void lines_direct_correct(struct lines *l, const double *g, double *vr, double *vc);

#endif
