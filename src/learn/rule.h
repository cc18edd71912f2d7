/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning rules, behind one table.
 *
 * `target` programs each device to a weight found offline.  The others learn in place.  They first
 * program every device to a random weight, loosely.  Then an epoch is: images through the circuit,
 * outputs of all neurons read; gradient of the error by the weights from those readings and the
 * conductances as last read (gradient.h); pulses to single devices, each followed by a reading of
 * that device.  The controller knows its readings, the layers' measured transfer, the images it
 * shows and their classes, the window of conductances and, to know when to stop, the noise of its
 * images; nothing else.
 *
 *     manhattan        w changes by +-step decay^epoch against the sign of the epoch's gradient
 *     manhattan-image  the same after every image whose output misses its class by more than margin
 *     delta            by -rate x gradient: a pulse's width is proportional to it, clipped at the
 *                      width of a full step
 *
 * Manhattan rule as in Prezioso et al., Nature 521:61, 2015: one fixed pulse by the sign.
 * A full pulse should change a weight by `step` (Manhattan) or `clip` (delta).  With `track` the
 * width of a full pulse is found for each device and direction: before the first epoch by pulses that
 * start at `width_least` and grow fourfold until the weight moves, later from every reading as
 * width x wanted/moved, within a factor of 4.  Where that leaves `width_least` to `width` the
 * amplitude moves instead.  Without it all devices get the same fixed pulses. */
#ifndef SILVERBAR_LEARN_RULE_H
#define SILVERBAR_LEARN_RULE_H

#include "engine/engine.h"
#include "learn/program.h"

#include <stdbool.h>

struct run;

struct learning_options {
    size_t epochs; /* limit */
    size_t images; /* drawn for each epoch; 0: the whole training set, or the rule's number */
    double stop_accuracy; /* stop when accuracy on the training images is within this of the best
                             possible; negative: never */
    double stop_loss;     /* stop when the loss is at most this; negative: never */
    double start_range;   /* weights start uniformly in [-range, range] */
    double start_tolerance;
    double rate;         /* of delta */
    double momentum;     /* of the gradient, over epochs */
    double step;         /* Manhattan: change of a weight by a full pulse */
    double decay;        /* Manhattan: of its pulses, from epoch to epoch */
    double clip;         /* delta: likewise, the largest change in an epoch */
    double least;        /* Manhattan: gradients below this share of the largest give no pulse;
                        delta: changes below this share of a full one give none */
    double margin;       /* of manhattan-image: images with |y - class| up to this teach nothing */
    double least_slope;  /* of a neuron, as a share of its steepest slope (gradient.h) */
    double amplitude[2]; /* by direction [V]: fixed, or where tracking starts */
    double width[2];     /* of a full pulse, by direction [s]; tracking: the longest */
    bool track;
    double width_least; /* [s] */
    double track_volt;  /* amplitude for a factor e in rate [V] */
};

extern const struct learning_options learning_defaults;

struct rule {
    const char *name, *title;
    bool in_place;
    size_t images; /* shown before each update when the options say 0; 0: the whole set */
    bool each;     /* update after each image */
    /* First phase of the training; the one after a reading, or false: the training is done. */
    void (*begin)(struct run *run, const struct reading *reading, struct phase *next);
    bool (*next)(struct run *run, const struct reading *reading, struct phase *next);
    /* In place: change of a weight by a full pulse; and the change that a gradient asks for, in
     * units of it, -1 to 1; largest: of all gradients. */
    double (*full)(const struct learning_options *options);
    double (*change)(const struct learning_options *options, size_t epoch, double gradient,
                     double largest);
};

/* All rules, ended by NULL. */
extern const struct rule *const rule_table[];

#endif
