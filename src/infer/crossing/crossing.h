/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One crossing through phases of its own: V and the switch's control line ramp linearly during an edge and then
 * hold, as an engine's ports do (engine.h).
 *
 * The state follows x' = F(t, x), F by crossing_circuit.h, in steps of the exponential Rosenbrock method exprb43
 * (M. Hochbruck, A. Ostermann and J. Schweitzer, SIAM J. Numer. Anal. 47:786, 2009): order 4, error
 * estimated by its order 3, exact where F is linear in x.  A pulse that saturates a device, whose rate is
 * thousands of times its width, costs no more steps than another.  Energies are integrals of powers by
 *
 *     h/30 (7 P(0) + 16 P(h/2) + 7 P(h)) + h^2/60 (P'(0) - P'(h))
 *
 * of order 6, where x(h/2) is the method's own; their error is estimated by Simpson's rule against the
 * trapezoid with end corrections, two rules of order 4 whose errors are as -1 : 4.
 *
 * Classes of energy are those of the ledger: select holds the switch's channel, line the segments, driver
 * the resistances at both ends.  Leaks of an array's switches: crossing_switch.h. */
#ifndef SILVERBAR_INFER_CROSSING_CROSSING_H
#define SILVERBAR_INFER_CROSSING_CROSSING_H

#include "infer/crossing/crossing_circuit.h"

/* Integrals since the crossing was started. */
struct crossing_account {
    double energy[ENERGY_CLASSES]; /* dissipated [J] */
    double delivered;              /* by V [J] */
    double volt_square;            /* of V by the time [V^2 s] */
    double volt_seconds;           /* |v| of the device by the time [V s] */
};

struct crossing {
    struct crossing_circuit circuit;
    double reltol;
    struct crossing_point at; /* now */
    struct crossing_account account;
    size_t steps; /* accepted so far */
};

/* At rest: V and the control line are at 0. */
void crossing_start(struct crossing *crossing, double x);

struct crossing_phase {
    double volt, on;       /* V and the control line behind the edge [V] */
    double edge, duration; /* [s], edge included */
    bool reads;            /* the mean current over its last tenth is wanted */
};

/* *mean [A].  STATUS_NUMERICAL: no solution, or steps that collapse; STATUS_INPUT: an edge longer than the
 * phase. */
enum status crossing_phase(struct crossing *crossing, const struct crossing_phase *phase,
                           double *mean, struct error *error);

#endif
