/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters of a model from measured traces: least squares of the current, driven by the measured
 * source voltage through the series resistor (series_device.h), each trace relative to its own
 * root-mean-square current.
 *
 * Variables are logarithms (or values, where a bound is 0 or signs differ) mapped onto their bounds
 * by a logistic; the state at the first sample of each trace is one of them.  Each start draws
 * candidates at random around the starting set, and takes the best through GSL's
 * Levenberg-Marquardt.  Of a model with ron and roff, ron stays below roff.  The 95 % intervals are profiles of the sum of squares (fit_judge.c), with the
 * residual's variance: too small where the residual is the model's error and not noise. */
#ifndef SILVERBAR_FIT_FIT_H
#define SILVERBAR_FIT_FIT_H

#include "base/error.h"
#include "device/model.h"
#include "fit/trace.h"

#include <stdbool.h>
#include <stdint.h>

#define FIT_TRACES_MAX 16
#define FIT_VARIABLES_MAX 64
#define FIT_STARTS_MAX 100
#define FIT_WARNINGS_MAX 24
#define FIT_REACHED 1.05 /* nrmse of a start over the best one's that counts as the same optimum */
#define FIT_STATE MODEL_PARAMETERS_MAX /* in place of a parameter's number: x at the first sample */

struct fit_options {
    const struct model *model;
    const char *start_name;             /* the dopant that they come from */
    double start[MODEL_PARAMETERS_MAX]; /* fixed values, and the middle of the random starts */
    bool free[MODEL_PARAMETERS_MAX], shared[MODEL_PARAMETERS_MAX]; /* shared: by all traces */
    size_t n_traces;
    const struct trace *traces;    /* n_traces, with t, source, current */
    double series[FIT_TRACES_MAX]; /* [ohm] */
    size_t starts, candidates;     /* random starts (0: the starting set only), draws a start */
    int steps;                     /* of integration between samples */
    uint64_t seed;
    volatile const int *interrupted;                             /* may be NULL */
    void (*progress)(size_t start, size_t starts, double nrmse); /* may be NULL */
};

extern const struct fit_options fit_defaults;

struct fit_variable {
    size_t parameter;        /* number in the model, or FIT_STATE */
    int trace;               /* or -1: of all */
    double value, low, high; /* with its 95 % interval */
    bool identified, on_bound;
};

struct fit_result {
    size_t n;
    struct fit_variable variables[FIT_VARIABLES_MAX]; /* n */
    double *correlation;                              /* n x n */
    double nrmse, trace_nrmse[FIT_TRACES_MAX]; /* rms of the current's error over its own rms */
    double refined_nrmse;                      /* with twice the steps of integration */
    size_t n_starts;
    double start_nrmse[FIT_STARTS_MAX]; /* reached from each start */
    double *current[FIT_TRACES_MAX];    /* of the model at the samples [A] */
    size_t n_warnings;
    char *warnings[FIT_WARNINGS_MAX];
};

enum status fit_run(const struct fit_options *options, struct fit_result *result,
                    struct error *error);
/* nrmse of the starting set itself. */
enum status fit_start_error(const struct fit_options *options, double *nrmse, struct error *error);

void fit_free(struct fit_result *result);

/* Does the conductance fall at positive device voltages and rise at negative ones?  Models set at
 * positive voltage. */
bool fit_runs_backwards(const struct fit_options *options);

/* All parameters as fitted for a trace: p[n_parameters], *x0. */
void fit_parameters(const struct fit_options *options, const struct fit_result *result, int trace,
                    double *p, double *x0);

#endif
