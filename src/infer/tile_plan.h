/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many tiles of memristors the weight matrices of a network take.  A weight is the difference of two
 * devices, which stand at the same place of two tiles; a matrix longer or wider than a tile is cut, and
 * the results of its rows of tiles are added behind the converters. */
#ifndef SILVERBAR_INFER_TILE_PLAN_H
#define SILVERBAR_INFER_TILE_PLAN_H

#include "infer/layer/layers.h"

#define TILE_SIDE_MAX 1024

/* CUT: the last tile of a row or column of tiles is smaller; PAD: it is full, with spare devices. */
enum tile_fill { TILE_CUT, TILE_PAD };
/* Where the two currents of a weight are subtracted: ANALOG, before one converter; DIGITAL, behind two. */
enum tile_subtract { TILE_ANALOG, TILE_DIGITAL };

struct tile_form {
    size_t rows, columns; /* 1 to TILE_SIDE_MAX */
    enum tile_fill fill;
    enum tile_subtract subtract;
    size_t
        bias_rows; /* of a layer with biases, after those of its inputs; 0: biases are added digitally */
};

/* Rows of a layer's matrices: of inputs and of biases. */
size_t tile_form_rows(const struct tile_form *form, const struct matrix_layer *matrix);

/* All groups of a layer. */
struct tile_plan {
    size_t row_tiles, column_tiles; /* of each group's matrix */
    double tiles, devices;          /* both of each pair */
    double reads;                   /* an image: vectors applied to each group */
    double conversions;             /* an image */
};

struct tile_plan tile_plan_make(const struct tile_form *form, const struct matrix_layer *matrix);

#endif
