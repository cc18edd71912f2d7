/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/control.h"

#include <math.h>
#include <string.h>

const struct learning_options learning_defaults = {
    .epochs = 60,
    .stop_accuracy = 0.001,
    .stop_loss = -1,
    .start_range = 0.3,
    .start_tolerance = 0.1,
    .rate = 2,
    .margin = 0.1,
    .step = 0.05,
    .decay = 0.95,
    .clip = 0.2,
    .amplitude = {0.12, 0.06},
    .width = {10e-3, 10e-3},
    .track = true,
    .track_volt = 0.005,
    .width_least = 4e-6,
    .least_slope = 0.1,
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

const struct rule *rule_find(const char *name)
{
    for (const struct rule *const *r = rule_table; *r; r++)
        if (strcmp((*r)->name, name) == 0)
            return *r;
    return NULL;
}
