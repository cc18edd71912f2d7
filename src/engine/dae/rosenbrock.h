/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of a linearly implicit Runge-Kutta method for dae.h's system M y' = g(t, y): no history
 * is needed, so that a kink of the drive costs nothing.
 *
 * RODAS (Hairer and Wanner, Solving Ordinary Differential Equations II, 2nd ed., section VI.4): six
 * stages, order 4 with an estimate of order 3, stiffly accurate, L-stable, for index 1; one
 * factorization a step, and a continuous solution of order 3. */
#ifndef SILVERBAR_ENGINE_DAE_ROSENBROCK_H
#define SILVERBAR_ENGINE_DAE_ROSENBROCK_H

#include "engine/dae/dae.h"
#include "engine/dae/sparse_lu.h"

#define ROSENBROCK_STAGES 6
#define ROSENBROCK_ORDER 4

struct rosenbrock {
    struct dae *dae;
    struct sparse_lu *lu;
    double h, gamma;                   /* of the last step [s]; M/(gamma h) is in its matrix */
    bool matrix;                       /* its matrix has its factors */
    double alone;                      /* what one node's defect at its end counts */
    double factored;                   /* step whose matrix the factors are of; 0: another's [s] */
    double *y0, *y1;                   /* n: at its beginning and end */
    double *slope1;                    /* n: y' at its end, in the range of M */
    double *error;                     /* n: estimate of that of y1 */
    double *defect;                    /* n: by how much y1 misses the equations */
    double *begin;                     /* n: -g at the beginning */
    double *drive;                     /* n: of it, what comes from the drive's slope */
    size_t worst;                      /* root that moved most in the last stage */
    int64_t singular;                  /* unknown at which the last factors failed, -1: none did */
    bool known;                        /* it is that of the next step already, until y moves */
    double *entries;                   /* n_entries + 1 */
    double *stages[ROSENBROCK_STAGES]; /* n each */
    double *residual, *drift, *point, *mass; /* n */
    double *curve2, *curve3;                 /* n: of the continuous solution */
};

/* False: the pattern is structurally singular. */
bool rosenbrock_new(struct rosenbrock *r, struct dae *dae);
void rosenbrock_free(struct rosenbrock *r);

/* Size of x in units of the tolerances 1/weight: the largest of the root mean square of the nodes,
 * `alone` times that of any one, and `memory` times that of any state or inductive current; other
 * currents do not count.
 * dae_largest() tells which.  INFINITY where x is not finite.  x, weight: n. */
double rosenbrock_norm(const struct rosenbrock *r, const double *x, const double *weight,
                       double alone, double memory);

/* The factors of r->entries.  False: singular. */
bool rosenbrock_factor(struct rosenbrock *r);

/* Residual that rounding y to double numbers makes, as a change of the solution by the last
 * factors, which have to be those of r->entries. It matters where a line of small resistors with
 * an open driver moves as a whole on the last digits of its currents. noise: n, magnitudes. */
void rosenbrock_noise(struct rosenbrock *r, const double *y, double *noise);

/* From y at t to t + h within one smooth piece of the drive.  False: the matrix is singular, or a
 * stage leaves all bounds. */
bool rosenbrock_step(struct rosenbrock *r, double t, double h, const double *y);

/* Values and powers of the circuit at the step's end, as dae_values() has them. The stages solve
 * linear equations; the residual of the nonlinear ones is removed by Newton's method with the
 * matrix of the step, down to a hundredth of the tolerances 1/weight. Otherwise the next step
 * would begin with a residual that its error estimate takes for a local error, and be rejected.
 * False: this does not converge. */
bool rosenbrock_values(struct rosenbrock *r, double t1, const double *weight, double *power);

/* The change of Newton's method, with that matrix, in place of F; r->defect is that of y1.  False: there is
 * none.  And to make it: y and slope, n each, belong to the step. */
bool rosenbrock_solve(const struct rosenbrock *r, double *residual);
void rosenbrock_move(const struct rosenbrock *r, const double *change, double *y, double *slope);

/* Replaces rosenbrock_step() and rosenbrock_values() where y does not solve the equations
 * without a derivative, as after a transistor has turned: one implicit Euler step of h seconds
 * by Newton's method with limited changes. False: this does not converge. */
bool rosenbrock_settle(struct rosenbrock *r, double t, double h, const double *y,
                       const double *weight, double *power);

/* The last step is accepted and the next one begins there, without a kink; or the drive has one
 * there. */
void rosenbrock_accept(struct rosenbrock *r);
void rosenbrock_kink(struct rosenbrock *r);

/* The continuous solution of the last step and its slope at its beginning + part * h. */
void rosenbrock_between(const struct rosenbrock *r, double part, double *y, double *slope);

/* Solve the equations again at time t within the step, from its interpolant, by Newton's method
 * with the matrix of the step: the interpolant carries a transient at the beginning of the step
 * all the way to its end. False: this does not converge, and y and slope are of no use. */
bool rosenbrock_correct(struct rosenbrock *r, double t, const double *weight, double *y,
                        double *slope);

#endif
