/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/control.h"

#include <math.h>

/* Chosen: the published rules leave these to the device.  Weights are -1 to 1. */
const struct learning_options learning_defaults = {
    .epochs = 60,
    .stop_accuracy = 0.001, /* accuracies are quoted to a percent */
    .stop_loss = -1,        /* never */
    .start_range = 0.3,     /* of the weights: both signs, room to grow */
    /* relative; write-verify from below stops low by it: with 0.2 all weights start at -0.2, deep
     * networks at a saddle */
    .start_tolerance = 0.1,
    .rate = 2,                 /* change of a weight over gradient */
    .margin = 0.1,             /* of the neuron's range */
    .step = 0.05,              /* of a weight, 1/40 of its range */
    .decay = 0.95,             /* an epoch: 1/22 of the step is left after 60 */
    .clip = 0.2,               /* of a weight, 1/10 of its range */
    .amplitude = {0.12, 0.06}, /* [V], as write-verify starts (program.c) */
    .width = {10e-3, 10e-3},   /* [s], as write-verify's */
    .track = true,             /* W and C lose most of a weight in one fixed pulse, or nothing */
    /* [V], a third of the RESET logistic's width: corrections fall short rather than overshoot */
    .track_volt = 0.005,
    .width_least = 4e-6, /* [s], 1/2500 of the longest; beyond, the amplitude moves */
    .least_slope = 0.1,  /* of the steepest */
};

static double manhattan_full(const struct learning_options *o)
{
    return o->step;
}

static double delta_full(const struct learning_options *o)
{
    return o->clip;
}

static double manhattan(const struct learning_options *o, size_t epoch, double gradient,
                        double largest)
{
    if (fabs(gradient) <= o->least * largest)
        return 0;
    return -copysign(pow(o->decay, (double)epoch), gradient);
}

static double delta(const struct learning_options *o, size_t epoch, double gradient, double largest)
{
    (void)epoch, (void)largest;
    const double change = fmax(-1, fmin(1, -o->rate * gradient / o->clip));
    return fabs(change) < o->least ? 0 : change;
}

static const struct rule rule_target = {
    .name = "target",
    .title = "write-verify to weights found offline",
    .begin = control_program_begin,
    .next = control_program_next,
};

static const struct rule rule_manhattan = {
    .name = "manhattan",
    .title = "in place: a full pulse by the sign of an epoch's gradient",
    .in_place = true,
    .begin = in_place_begin,
    .next = in_place_next,
    .full = manhattan_full,
    .change = manhattan,
};

static const struct rule rule_manhattan_image = {
    .name = "manhattan-image",
    .title = "in place: a full pulse by the sign of the gradient, after every image",
    .in_place = true,
    .images = 40,
    .each = true,
    .begin = in_place_begin,
    .next = in_place_next,
    .full = manhattan_full,
    .change = manhattan,
};

static const struct rule rule_delta = {
    .name = "delta",
    .title = "in place: backpropagation, width of a pulse proportional to the gradient",
    .in_place = true,
    .begin = in_place_begin,
    .next = in_place_next,
    .full = delta_full,
    .change = delta,
};

const struct rule *const rule_table[] = {&rule_target, &rule_manhattan, &rule_manhattan_image,
                                         &rule_delta, NULL};
