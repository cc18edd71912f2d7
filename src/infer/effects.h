/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each imperfection costs: the network in double precision, then on tiles with one kind of imperfection
 * after the other, each on top of those before, over the same images and the same draws. */
#ifndef SILVERBAR_INFER_EFFECTS_H
#define SILVERBAR_INFER_EFFECTS_H

#include "infer/inference.h"

enum effect {
    EFFECT_FLOAT,       /* double precision */
    EFFECT_MAPPED,      /* weights as conductances of the window, with its number of states */
    EFFECT_PROGRAMMING, /* errors of programming, stuck devices */
    EFFECT_LINES,       /* lines, drivers, senses */
    EFFECT_CONVERTERS,  /* of inputs and currents */
    EFFECT_NOISE,       /* of devices and resistances */
    EFFECT_DRIFT,       /* retention, disturbance by reads */
    EFFECT_RETUNE,      /* inputs, ranges and lines of results found once more */
    EFFECTS
};
extern const char *const effect_names[EFFECTS];

/* The options with the effects up to this one. */
struct tile_options effect_options(const struct tile_options *all, enum effect effect);

struct effects {
    size_t n;                    /* images */
    uint32_t *decision[EFFECTS]; /* n */
};

/* `options`, `training` and `images` as inference_open(), _calibrate() and _run() have them. */
struct effects_job {
    const struct graph *graph;
    const struct tile_options *options;
    struct random_sample sample;
    const struct inference_images *training, *images;
    const uint32_t *by_float; /* decisions of the images in double precision */
    const struct inference_watch *watch;
};
enum status effects_find(const struct effects_job *job, struct effects *effects,
                         struct error *error);
void effects_free(struct effects *effects);

/* Of right answers: n images of which k are right, the 95 % interval of E. B. Wilson, J. Am. Stat. Assoc.
 * 22:209, 1927. */
void wilson_interval(double right, double n, double *low, double *high);

/* P value of McNemar's test, exact and two-sided.  Of the images that only one of two networks decides
 * rightly, `only_first` and `only_second` are the counts; if both were equally good, each such image would be
 * either's with probability 1/2, and a split as unequal as this or more so has the probability returned
 * (Q. McNemar, Psychometrika 12:153, 1947; binomial with 1/2). */
double mcnemar_p(size_t only_first, size_t only_second);

#endif
