/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drift of a resistance at rest, from pairs R(t), R(t + DT) of measured traces
 *
 *     linear conductance:     n = nth + (1/R - gpar)/gstep goes to n - a
 *     linear resistance:      R goes to R + b
 *     stretched exponential:  R goes to R exp[((t + DT)/tau)^beta - (t/tau)^beta]
 *
 * each by least squares of R(t + DT).  a switches in DT near n = nth, where n_off - n_on is
 * DT nth 2 e^(-q Va/kT) sinh(q Voff/2kT), give the barrier
 *
 *     Va = -(kT/q) ln{a/[DT nth 2 sinh(q Voff/(2kT))]}
 *
 * Source: El-Geresy, Papavassiliou and Gunduz, arXiv:2407.04718. */
#ifndef SILVERBAR_FIT_DRIFT_H
#define SILVERBAR_FIT_DRIFT_H

#include "fit/trace.h"

struct drift_options {
    double nth, gstep, gpar; /* 1, [S], [S] */
    double temperature;      /* [K] */
};

/* The main set of the source. */
#define DRIFT_NTH 1e4
#define DRIFT_GSTEP 1e-7        /* [S] */
#define DRIFT_GPAR 1e-10        /* [S] */
#define DRIFT_TEMPERATURE 300.0 /* [K] */

struct drift {
    size_t pairs;
    double a, a_error;                                     /* with half its 95 % interval */
    double b;                                              /* [ohm] */
    double tau, beta;                                      /* [s], 1 */
    double mae_conductance, mae_resistance, mae_stretched; /* mean absolute errors [ohm] */
};

/* Traces with t and resistance; interval DT [s]. */
enum status drift_fit(const struct drift_options *options, size_t n, const struct trace *traces,
                      double interval, struct drift *drift, struct error *error);

double drift_barrier(const struct drift_options *options, double a, double interval, double voff);

#endif
