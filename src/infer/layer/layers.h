/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of layers and what each needs to know; all sizes are of one image. */
#ifndef SILVERBAR_INFER_LAYER_LAYERS_H
#define SILVERBAR_INFER_LAYER_LAYERS_H

#include "infer/layer/graph.h"
#include "infer/layer/window.h"

#include <stdint.h>

/* Weight matrices, one a group of channels: what stands on tiles. */
struct matrix_layer {
    size_t groups, rows, columns; /* of each matrix: inputs, outputs */
    double *weights;              /* groups x columns x rows */
    double *bias;                 /* groups x columns, or NULL */
    size_t reads;                 /* vectors an image and group */
    bool convolution;             /* a vector is a window's content, channel by channel */
    struct window window;         /* of a convolution, over all channels */
};
extern const struct layer_type layer_matrix;
/* Its data, or NULL: another kind. */
struct matrix_layer *matrix_layer_of(const struct layer *layer);
/* Of a convolution: vectors[rows x reads], the windows of channels of one image and group. */
void matrix_layer_windows(const struct matrix_layer *matrix, const double *channels,
                          double *vectors);
const double *products_vectors(const struct products *products);
/* The products in double precision. */
void matrix_layer_multiply(const struct products *products);

/* A function of each number. */
enum curve { CURVE_RELU, CURVE_LEAKY, CURVE_CLIP, CURVE_SIGMOID, CURVE_TANH };
struct curve_layer {
    enum curve curve;
    size_t size;
    double low, high; /* LEAKY: slope below 0 in `low`; CLIP: its limits */
};
extern const struct layer_type layer_curve;

/* Largest or mean of each channel in a window; of a mean, what lies beyond the edges may count as 0. */
struct pool_layer {
    struct window window;
    bool mean, count_beyond;
};
extern const struct layer_type layer_pool;

/* scale x + shift, by channel: `channels` of `inner` numbers each. */
struct affine_layer {
    size_t channels, inner;
    double *scale, *shift; /* channels */
};
extern const struct layer_type layer_affine;

/* Two operands, of which one may be a constant; an operand of stride 0 along a dimension is the same all
 * along it. */
enum arithmetic { ARITHMETIC_ADD, ARITHMETIC_SUBTRACT, ARITHMETIC_MULTIPLY, ARITHMETIC_DIVIDE };
struct arithmetic_layer {
    enum arithmetic operation;
    struct shape shape;          /* of the result */
    size_t stride[2][SHAPE_MAX]; /* of each operand */
    size_t size[2];              /* of each operand, an image */
    double *constant[2];         /* in place of a value, or NULL */
};
extern const struct layer_type layer_arithmetic;

/* Each number is one of the input, or `fill`: transpositions and padding. */
struct gather_layer {
    size_t in, out;
    int64_t *from; /* out: index in the input, or -1 */
    double fill;
};
extern const struct layer_type layer_gather;

/* Inputs side by side along one dimension. */
struct concat_layer {
    size_t outer;  /* product of the dimensions before it */
    size_t *inner; /* an input: product of the others */
};
extern const struct layer_type layer_concat;

/* exp(x) / sum exp(x) over `n` numbers `inner` apart. */
struct softmax_layer {
    size_t outer, n, inner;
};
extern const struct layer_type layer_softmax;

/* The same numbers in another shape. */
struct reshape_layer {
    size_t size;
};
extern const struct layer_type layer_reshape;

#endif
