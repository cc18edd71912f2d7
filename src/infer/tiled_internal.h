/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of tiled_matrix.h share: where things stand in its arrays. */
#ifndef SILVERBAR_INFER_TILED_INTERNAL_H
#define SILVERBAR_INFER_TILED_INTERNAL_H

#include "infer/tiled_matrix.h"

/* Which of a tiled matrix's arrays for its work: fractions of V, ... currents of a row of tiles. */
enum { VOLTS, CODED, CURRENT, SQUARE, PRODUCT, CODES };

static inline size_t tiled_rows(const struct tiled_matrix *t, size_t row_tile)
{
    const size_t side = t->options->form.rows, left = t->rows - row_tile * side;
    return side < left ? side : left;
}

/* Reads of a vector. */
static inline size_t tiled_passes(const struct tiled_matrix *t)
{
    return t->phases * tile_options_planes(t->options);
}

/* Place of a column in factor[] and, of one side, in range[]. */
static inline size_t tiled_place(const struct tiled_matrix *t, size_t group, size_t row_tile,
                                 size_t column)
{
    return (group * t->row_tiles + row_tile) * t->matrix->columns + column;
}

static inline size_t tiled_places(const struct tiled_matrix *t)
{
    return t->matrix->groups * t->row_tiles * t->matrix->columns;
}

/* Place of a row of tiles in delivered[], moments[] and, of one side, in noise[]. */
static inline size_t tiled_line(const struct tiled_matrix *t, size_t group, size_t row_tile)
{
    return group * t->row_tiles + row_tile;
}

static inline size_t tiled_lines(const struct tiled_matrix *t)
{
    return t->matrix->groups * t->row_tiles;
}

/* Tiles of devices that are not ohmic (tiled_bent.c): one tile of a pair with the conductances array->g at V;
 * the currents of all columns of a row of tiles, as the layer's products have them, and their energies. */
void tile_bent_free(struct tile_bent *bent);
enum status tiled_bent_build(struct tiled_matrix *tiled, struct tile_pair *pair, size_t side,
                             const struct lines_array *array, struct error *error);
void tiled_bent_read(struct tiled_matrix *tiled, const struct products *products, size_t row_tile,
                     size_t side, double *current, double *energy);

#endif
