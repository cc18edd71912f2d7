/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Write-verify programming of one conductance: read, compare, SET or RESET pulse, again.
 *
 * SET and RESET each keep an amplitude, a step and a width.  The amplitude rises by its step while
 * a pulse closes less than 30 % of the gap, and on a reversal the direction that overshot goes back
 * two steps and halves its step.  Under the policy `amplitude+width` its width
 * is halved as well, once its step is at the floor.  The programmer knows only what its readings
 * tell it. */
#ifndef SILVERBAR_LEARN_PROGRAM_H
#define SILVERBAR_LEARN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum program_direction { PROGRAM_SET, PROGRAM_RESET };
enum program_policy { POLICY_AMPLITUDE, POLICY_AMPLITUDE_WIDTH };
enum program_gap { GAP_LOG, GAP_LINEAR };

/* Their names, in that order, ended by NULL. */
extern const char *const program_policies[], *const program_gaps[];

struct program_options {
    double tolerance; /* |G/G_target - 1| at which a device is settled */
    enum program_policy policy;
    enum program_gap gap;      /* distance to target: |ln(G/G_target)| or |G/G_target - 1| */
    double width;              /* of a pulse [s] */
    double width_floor;        /* [s] */
    double amplitude_start[2]; /* by direction [V] */
    double amplitude_limit;    /* [V] */
    double step_start;         /* [V] */
    double step_floor;         /* [V] */
    double least_progress;     /* share of the gap that a pulse must close */
    size_t pulse_limit;
};

extern const struct program_options program_defaults;

struct program_pulse {
    enum program_direction direction;
    double amplitude; /* [V], positive */
    double width;     /* [s] */
};

/* One device being programmed. */
struct programmer {
    const struct program_options *options;
    double target; /* [S] */
    double amplitude[2], step[2], width[2];
    double gap; /* before the last pulse */
    enum program_direction last;
    size_t pulses;
    bool settled;
};

void programmer_start(struct programmer *programmer, const struct program_options *options,
                      double target);

/* Take the reading g [S].  True: apply *pulse and read again; false: done, settled or not. */
bool programmer_next(struct programmer *programmer, double g, struct program_pulse *pulse);

#endif
