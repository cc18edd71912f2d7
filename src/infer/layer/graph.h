/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trained network as a list of layers between values.  A value is an array of numbers for each image,
 * in the order of its dimensions; several images follow one another.  Layers stand in an order in which
 * each comes after those whose outputs it takes. */
#ifndef SILVERBAR_INFER_LAYER_GRAPH_H
#define SILVERBAR_INFER_LAYER_GRAPH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SHAPE_MAX 8
#define GRAPH_NUMBERS_MAX ((size_t)1 << 28) /* of a value, of one image */

/* Of one image; n 0: a single number. */
struct shape {
    size_t n, d[SHAPE_MAX];
};

size_t shape_size(const struct shape *shape);
/* "1x28x28"; to free() */
char *shape_text(const struct shape *shape);

/* One matrix with many vectors: y = W x for each, W columns x rows.  With `by_vector`, vectors are n x rows
 * and y n x columns; else vectors are rows x n and y columns x n.  x is the vectors; where `room` is not
 * NULL, it is the group's channels of the image, and products_vectors() lays their windows out there. */
struct products {
    const struct layer *layer;
    size_t image, group; /* of the first vector: index of its image among those evaluated */
    size_t n;
    bool by_vector;
    const double *x;
    double *y, *room; /* room: rows x n, or NULL */
};

/* Who multiplies: NULL in place of it, double precision (infer/layer/matrix_layer.c). */
struct multiplier {
    void (*multiply)(void *data, const struct products *products);
    void *data;
};

struct evaluation {
    size_t images;
    const double *const *inputs; /* one array a layer's input */
    double *output;
    const struct multiplier *multiplier;
    size_t first; /* index of the first image among those of graph_evaluate() */
    double *room; /* as many numbers as the kind asks for; or NULL: it has to find them */
};

/* A kind of layers; each has a file that ends in its entry. */
struct layer;
struct layer_type {
    const char *name;
    void (*evaluate)(const struct layer *layer, const struct evaluation *evaluation);
    void (*free)(void *data);
    bool in_place;                    /* output may be the first input */
    size_t (*room)(const void *data); /* numbers for its work; NULL: none */
};

struct layer {
    const struct layer_type *type;
    void *data;               /* the kind's own */
    char *name, *op_type;     /* of the node that it comes from, as "Conv" */
    size_t n_inputs, *inputs; /* n_inputs: values */
    size_t output;            /* a value */
};

struct value {
    struct shape shape;
    size_t size;
    size_t producer; /* a layer, or NO_LAYER: the network's input */
    size_t last_use; /* the last layer that takes it, or NO_LAYER */
};
#define NO_LAYER ((size_t)-1)

struct graph {
    size_t n_values, n_layers, values_capacity, layers_capacity;
    struct value *values; /* n_values */
    struct layer *layers; /* n_layers */
    size_t input, output; /* values */
};

void graph_free(struct graph *graph);

/* A value without producer. */
size_t graph_value(struct graph *graph, const struct shape *shape);

/* What a new layer is: `data` and the texts become the network's. */
struct layer_plan {
    const struct layer_type *type;
    void *data;
    char *name, *op_type;
    size_t n_inputs;
    const size_t *inputs;
    struct shape shape; /* of its output */
};

/* Append a layer; returns its output. */
size_t graph_layer(struct graph *graph, const struct layer_plan *plan);

/* Evaluate `images` images: input and output are those of the network, images x size. */
void graph_evaluate(const struct graph *graph, size_t images, const double *input, double *output,
                    const struct multiplier *multiplier);

#endif
