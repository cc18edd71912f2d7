/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the solver of a fit (fit.c) and the intervals of its variables (fit_judge.c) share. */
#ifndef SILVERBAR_FIT_FIT_INTERNAL_H
#define SILVERBAR_FIT_FIT_INTERNAL_H

#include "fit/fit.h"

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>

/* How a variable is seen by the solver: theta = value, ln value or ln -value; low, high: of theta.
 * u is the logistic's argument that maps onto theta's range. */
struct fit_scale {
    int sign; /* 0: linear; else the sign of the value, and theta is the logarithm */
    double low, high;
};

#define FIT_NONE ((size_t)-1)

struct fit_problem {
    const struct fit_options *options;
    struct fit_result *result;
    struct fit_scale scales[FIT_VARIABLES_MAX];
    size_t n_residuals;
    double rms[FIT_TRACES_MAX]; /* of the measured current [A] */
    double *model;              /* n_residuals: currents */
    int steps;
    size_t held; /* variable that keeps its value and has no u; or FIT_NONE */
    int iterations;
    double tolerance; /* of a step, relative */
    double work;      /* steps of integration so far */
};

double fit_from_theta(struct fit_scale s, double theta);
double fit_theta_of(struct fit_scale s, double u);

/* Values of the result's variables from u, all but the one that is held. */
void fit_take_values(struct fit_problem *p, const gsl_vector *u);

/* Levenberg-Marquardt from u; the solution goes to u, with the Jacobian's covariance if wanted.
 * Returns the root-mean-square residual. */
double fit_descend(struct fit_problem *p, gsl_vector *u, gsl_matrix *covariance);

bool fit_interrupted(const struct fit_problem *p);
void fit_warn(struct fit_result *r, char *text);

/* Intervals, correlations and what is not known, at the solution u with its residual and covariance.
 * False: a better solution has been met on the way, and is in u; not if this is final. */
bool fit_judge(struct fit_problem *p, gsl_vector *u, double rms, const gsl_matrix *covariance,
               bool final);

#endif
