/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trained network whose weight matrices stand on tiles, and images through it.
 *
 *     open        all devices drawn and programmed
 *     calibrate   training images: largest inputs of one layer after another, each behind the tiles of
 *                 those before, then ranges of the converters, all by reads without these; then devices
 *                 age, and where it is asked for, inputs, ranges and lines are found once more
 *     run         images: decisions on tiles and in double precision, energies of every read
 *
 * Images go through in batches whose size depends on the network alone. */
#ifndef SILVERBAR_INFER_INFERENCE_H
#define SILVERBAR_INFER_INFERENCE_H

#include "infer/tiled_matrix.h"
#include "learn/data/data_set.h"

struct inference {
    const struct graph *graph;
    struct tile_options options;
    struct tiled_matrix **layers; /* graph->n_layers; NULL: digital */
    size_t batch;
    double *energy; /* of the batch's images [J] */
    size_t seen;    /* while inputs are calibrated: the layer that looks at them */
    size_t room;    /* of `wanted` */
    double *wanted; /* results of that layer in double precision, while lines are found */
};

enum status inference_open(const struct graph *graph, const struct tile_options *options,
                           struct random_sample sample, const struct inference_watch *watch,
                           struct inference **inference, struct error *error);
void inference_close(struct inference *inference);

/* The first `count` images of the set, scaled. */
struct inference_images {
    const struct data_set *set;
    struct data_scaling scaling;
    size_t count;
};

/* STATUS_INPUT names a layer whose inputs are below 0, where these are refused. */
enum status inference_calibrate(struct inference *inference, const struct inference_images *images,
                                const struct inference_watch *watch, struct error *error);

/* Decisions in double precision: decision[images->count]. */
enum status inference_by_float(const struct graph *graph, const struct inference_images *images,
                               const struct inference_watch *watch, uint32_t *decision,
                               struct error *error);

struct inference_result {
    size_t n, classes;
    uint32_t *decision, *by_float; /* n: class on tiles, in double precision */
    double *energy;                /* n: what drivers of arrays delivered [J] */
};

/* by_float: the decisions in double precision. */
enum status inference_run(struct inference *inference, const struct inference_images *images,
                          const uint32_t *by_float, const struct inference_watch *watch,
                          struct inference_result *result, struct error *error);
void inference_result_free(struct inference_result *result);

#endif
