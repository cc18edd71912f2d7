/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error and run time of the ways to simulate the volatile stochastic device over one drive of
 * pulses: exact jumps from edge to edge (`event`), the original scheme with steps h, its flips binomial
 * or a rounded Normal, and steps h of the exact passage between two states (`passage`).  The reference is
 * the exact simulation event by event.
 *
 * Of the resistances R at the edges of the drive, over the trials of each way:
 *
 *   mse    mean of (R - reference's mean)^2, what one trial is off by, spread included
 *   bias2  mean of (mean of R - reference's mean)^2, less `floor`, what it has by chance:
 *          (variance + reference's variance)/trials
 *   spread standard deviation over that of the reference, mean of the readings where that one is not 0
 *   cpu    processor time of one trial [s] */
#ifndef SILVERBAR_STUDY_EXPERIMENT_EVENT_ACCURACY_H
#define SILVERBAR_STUDY_EXPERIMENT_EVENT_ACCURACY_H

#include "study/experiment/volatile_testbench.h"

#define ACCURACY_STEPS_MAX 10
#define ACCURACY_WAYS_MAX (2 + 3 * ACCURACY_STEPS_MAX)

enum accuracy_kind {
    ACCURACY_REFERENCE,
    ACCURACY_EVENT,
    ACCURACY_BINOMIAL,
    ACCURACY_NORMAL,
    ACCURACY_PASSAGE
};
extern const char *const accuracy_kinds[];

struct accuracy_way {
    enum accuracy_kind kind;
    double h;                 /* of fixed steps [s] */
    double *mean, *variance;  /* n_readings: [ohm], [ohm^2] */
    double cpu, draws;        /* of a trial: [s], 1 */
    double mse, bias2, floor; /* [ohm^2] */
    double spread;            /* 1 */
};

struct accuracy {
    size_t n_readings, trials;
    double *t; /* n_readings [s] */
    size_t n;  /* the first is the reference, the second `event` */
    struct accuracy_way ways[ACCURACY_WAYS_MAX];
};

struct accuracy_options {
    const struct volatile_testbench *testbench;
    const struct volatile_pulses *pulses;
    size_t trials, n_steps;
    const double *steps; /* n_steps [s] */
    struct random_sample sample;
};

void accuracy_run(const struct accuracy_options *options, struct accuracy *accuracy);
void accuracy_free(struct accuracy *accuracy);

/* Processor time that fixed steps of a kind need for the squared bias `error`, over that of `event`:
 * of the longest step that reaches it, or of a longer one by the order of the scheme from the next step
 * that does not.  NAN: none reaches it. */
double accuracy_speedup(const struct accuracy *accuracy, enum accuracy_kind kind, double error);

#endif
