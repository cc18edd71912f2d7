/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arrays of a network's values, for many evaluations of up to so many images.
 *
 * Values of convolutions are large.  Layers before the first that takes one vector an image therefore
 * work on a few images at a time, whose values stay in the cache; the others on all at once, which makes
 * their products of matrices larger.  An array whose value has been taken for the last time is given to the
 * next value. */
#ifndef SILVERBAR_INFER_LAYER_GRAPH_ROOM_H
#define SILVERBAR_INFER_LAYER_GRAPH_ROOM_H

#include "infer/layer/graph.h"

/* The graph must outlive it. */
struct graph_room *graph_room_new(const struct graph *graph, size_t images);
void graph_room_free(struct graph_room *room);

/* graph_evaluate() of at most as many images. */
void graph_room_evaluate(struct graph_room *room, size_t images, const double *input,
                         double *output, const struct multiplier *multiplier);

#endif
