/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Static solution of one m x n crossbar with line resistance.  Unknowns: the voltages vr and vc of
 * the two ends of every device, on its row and on its column.  Kirchhoff's current law at both,
 *
 *     sum over row neighbours    (vr - vr') / row_ohm    + row_ground vr    + g (vr - vc) = row_source
 *     sum over column neighbours (vc - vc') / column_ohm + column_ground vc - g (vr - vc) = column_source
 *
 * A node that a resistance R ties to a known potential V has ground 1/R and source V/R: a driver
 * behind its first segment is one.  Lines of 0 ohm are one node each: one equation, the sum of
 * these, and equal voltages.  Element (i, j) of an array m x n is [i * columns + j].
 *
 * Two methods; lines_solve() takes the one that its estimate of the cost names:
 *   - lines_gradients.c: rows eliminated exactly, conjugate gradients on the columns with the
 *     exact solution of every column as preconditioner;
 *   - lines_direct.c: elimination along the longer side, for narrow arrays. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_H
#define SILVERBAR_ENGINE_LINES_LINES_H

#include "base/error.h"
#include "device/model.h"

#include <stdbool.h>
#include <stddef.h>

struct lines;

/* Allocate the workspace of a solution.  row_ohm, column_ohm: a segment between neighbours, 0 or
 * more; rows, columns: at least 1. */
struct lines *lines_new(size_t rows, size_t columns, double row_ohm, double column_ohm);
void lines_free(struct lines *lines);

/* Currents [A] of n devices at voltages v [V], and their slopes [S]. */
typedef void lines_law(void *data, size_t n, const double *v, double *current, double *slope);

/* m x n each; NULL: zeros (not g). */
struct lines_problem {
    const double *g;                          /* of the devices [S], 0 or more */
    const double *row_ground, *column_ground; /* [S], 0 or more */
    const double *row_source, *column_source; /* [A] */
    lines_law *law;                           /* of lines_newton(), in place of g */
    void *data;
};

struct lines_voltages {
    double *row, *column; /* m x n [V] */
};

struct lines_report {
    size_t iterations; /* of conjugate gradients; Newton's method: all of them together */
    size_t steps;      /* of Newton's method */
    double residual;   /* of Kirchhoff's law at all nodes, 2-norm over the 2-norm of the sources */
    /* Upper bound of the error of any current into a ground [A]: the 1-norm of the residual.  A
     * current put into one node leaves through all grounds together, so no ground takes more. */
    double bound;
    bool direct; /* by elimination */
};

/* Solve until report->bound <= tolerance x the smallest current other than 0 into a column's ground.
 * Currents in the lines may be so much larger than this one that their rounding exceeds it: then the
 * residual stops at that rounding, which is at most 1e-8 of the sources.  v: in, a guess, of which
 * only `column` is used; out, the solution.  STATUS_INPUT names the crossing of a number that is not
 * allowed, or a line without a path to ground; STATUS_NUMERICAL names the node with the largest
 * residual.  Allocates nothing. */
enum status lines_solve(struct lines *lines, const struct lines_problem *problem, double tolerance,
                        const struct lines_voltages *v, struct lines_report *report,
                        struct error *error);

/* Solve for devices with a rising law i(vr - vc), problem->law, by Newton's method; a step is halved
 * until the residual falls.  problem->g is not used.  STATUS_NUMERICAL names the crossing where the
 * law falls or is not finite. */
enum status lines_newton(struct lines *lines, const struct lines_problem *problem, double tolerance,
                         const struct lines_voltages *v, struct lines_report *report,
                         struct error *error);

/* lines_model_law() with this as `data` is the law of devices of one model in states x. */
struct lines_model {
    const struct model *model;
    const double *constants; /* of device k: constants + k * stride; stride 0: common to all */
    size_t stride;
    const double *x; /* m x n */
};
void lines_model_law(void *data, size_t n, const double *v, double *current, double *slope);

#endif
