/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conductances of the devices of a pair of tiles: what the weights want, what programming leaves, what is
 * left when they are read.  Devices that are stuck are found before the others are programmed. */
#ifndef SILVERBAR_INFER_TILE_CELLS_H
#define SILVERBAR_INFER_TILE_CELLS_H

#include "base/random.h"
#include "infer/tile_options.h"

/* Names of a pair's random streams: the sample's, and its number among the pairs of the network. */
struct tile_streams {
    struct random_sample sample;
    size_t number;
};

/* A pair of tiles of n devices each. */
struct tile_cells {
    size_t n;
    double *programmed[2];                   /* n [S]: of G+, of G- */
    bool *stuck[2];                          /* n */
    bool *open[2];                           /* rows, then columns: lines without driver or sense */
    struct tile_programming *programming[2]; /* of MAP_VERIFY; else NULL */
};

/* share[n]: w / w_max of each place, -1 to 1.  wanted[2], n each: may be NULL. */
void tile_cells_want(const struct tile_mapping *mapping, size_t n, const double *share,
                     double *const wanted[2]);
/* On tiles as `array` has them but for its devices; cells->n is given.  *cells is to be freed in any case. */
enum status tile_cells_program(const struct tile_options *options, const struct lines_array *array,
                               const struct tile_streams *streams, const double *share,
                               struct tile_cells *cells, struct error *error);
void tile_cells_free(struct tile_cells *cells);

/* g[2], n each: after the retention's time. */
void tile_cells_age(const struct tile_options *options, const struct tile_streams *streams,
                    const struct tile_cells *cells, double *const g[2]);

#endif
