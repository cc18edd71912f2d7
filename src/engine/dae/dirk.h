/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of a diagonally implicit Runge-Kutta method for dae.h's system M y' = -g(t, y), for
 * loose tolerances.  rosenbrock.h's method has twice its order, but takes its one Jacobian at a
 * step's beginning for the whole of it: where a transistor turns within, it must come back with a
 * step before the turn.  Here each stage is solved by Newton's method, which passes turns.
 * Its factors serve on while it converges and the step is of about the same length; the states'
 * changes follow exactly from the nodes'.  It has converged when its change is small as errors are
 * measured (rosenbrock_norm()), a single node and the states being held to more.
 *
 *     Y1 = y0 + G h k1                        at t0 + G h
 *     y1 = y0 + (1-G) h k1 + G h k2           at t0 + h       F(t, Y, k) = 0
 *
 * with G = 1 - 1/sqrt 2: two stages, order 2, stiffly accurate, L-stable (R. Alexander, SIAM J.
 * Numer. Anal. 14(6):1006, 1977).  A combination of the slopes at 0, G and 1 that is of order 3 for
 * linear systems gives the error, damped by the method's own matrix as in M. E. Hosea, L. F.
 * Shampine, Appl. Numer. Math. 20:21, 1996. */
#ifndef SILVERBAR_ENGINE_DAE_DIRK_H
#define SILVERBAR_ENGINE_DAE_DIRK_H

#include "engine/dae/rosenbrock.h"

#define DIRK_ORDER 3 /* of the error estimate */

/* Does the work of rosenbrock_step(), in its vectors. slope: y' at y, or NULL after a kink;
 * weight: reciprocals of the tolerances. False: the matrix is singular, or Newton's method does
 * not converge. */
bool dirk_step(struct rosenbrock *r, double t, double h, const double *y, const double *slope,
               const double *weight);

#endif
