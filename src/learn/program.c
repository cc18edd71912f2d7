/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/program.h"

#include <math.h>

const char *const program_policies[] = {
    [POLICY_AMPLITUDE] = "amplitude", [POLICY_AMPLITUDE_WIDTH] = "amplitude+width", NULL};
const char *const program_gaps[] = {[GAP_LOG] = "log", [GAP_LINEAR] = "linear", NULL};

/* Eslami et al. (arXiv:2408.14680) give neither pulses nor tolerance: all of these are chosen.
 * results/train.csv varies tolerance, policy and gap, testbenches/claims.yaml the width too. */
const struct program_options program_defaults = {
    .tolerance = 0.05,                /* of the target */
    .policy = POLICY_AMPLITUDE_WIDTH, /* settles all devices at 2 %, `amplitude` does not */
    .gap = GAP_LOG,                   /* judges progress alike at both ends of the window */
    .width = 10e-3,                   /* [s] */
    .width_floor = 10e-6,             /* [s], ten halvings */
    /* [V], SET: below von of all dopants, 0.38 to 0.45; RESET: near the least voff, 0.05, and above
     * the 0.04 within which a device holds its state */
    .amplitude_start = {0.12, 0.06},
    .amplitude_limit = 1.0, /* [V], far above all thresholds */
    .step_start = 0.02,     /* [V], below kT/q, the width of the SET logistic */
    .step_floor = 0.001,    /* [V], 1/15 of the width of the RESET logistic */
    .least_progress = 0.3,  /* of the gap */
    .pulse_limit = 200, /* nearly five times the most of a default run, 42 (C in ida and event) */
};

void programmer_start(struct programmer *p, const struct program_options *o, double target)
{
    *p = (struct programmer){.options = o, .target = target};
    for (int d = 0; d < 2; d++) {
        p->amplitude[d] = o->amplitude_start[d];
        p->step[d] = o->step_start;
        p->width[d] = o->width;
    }
}

static double distance(const struct programmer *p, double g)
{
    if (p->options->gap == GAP_LINEAR)
        return fabs(g / p->target - 1);
    return g > 0 ? fabs(log(g / p->target)) : INFINITY;
}

/* The direction that overshot goes back. */
static void reverse(struct programmer *p, enum program_direction d)
{
    const struct program_options *o = p->options;
    if (p->step[d] <= o->step_floor && o->policy == POLICY_AMPLITUDE_WIDTH)
        p->width[d] = fmax(0.5 * p->width[d], o->width_floor);
    p->amplitude[d] = fmax(p->amplitude[d] - 2 * p->step[d], o->step_floor);
    p->step[d] = fmax(0.5 * p->step[d], o->step_floor);
}

bool programmer_next(struct programmer *p, double g, struct program_pulse *pulse)
{
    const struct program_options *o = p->options;
    p->settled = fabs(g / p->target - 1) <= o->tolerance;
    if (p->settled || p->pulses >= o->pulse_limit)
        return false;
    const enum program_direction d = g < p->target ? PROGRAM_SET : PROGRAM_RESET;
    const double gap = distance(p, g);
    if (p->pulses > 0 && d != p->last)
        reverse(p, p->last);
    else if (p->pulses > 0 && !(p->gap - gap >= o->least_progress * p->gap))
        p->amplitude[d] = fmin(p->amplitude[d] + p->step[d], o->amplitude_limit);
    p->gap = gap;
    p->last = d;
    p->pulses++;
    *pulse = (struct program_pulse){d, p->amplitude[d], p->width[d]};
    return true;
}
