/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The weight matrices of a layer on tiles: what a read of them gives and takes.
 *
 * Inputs x from 0 to X drive rows at V x / X.  Each row of tiles gives currents I = I+ - I-, which are
 * converted and added:
 *
 *     y = X w_max / (V (g_max - g_min)) sum over rows of tiles of I
 *
 * Lines, drivers and senses are in I+ and I- exactly (engine/lines/lines_forms.h), for each tile by
 * itself.  X and the converters' ranges are those of training images: calibrate first. */
#ifndef SILVERBAR_INFER_TILED_MATRIX_H
#define SILVERBAR_INFER_TILED_MATRIX_H

#include "engine/lines/lines_forms.h"
#include "infer/tile_map.h"
#include "infer/tile_plan.h"
#include "infer/top_values.h"

/* Inputs below 0, where drivers are unsigned: REFUSE them, or read in TWO_PHASES, y = W x+ - W x-. */
enum tile_signed { SIGNED_REFUSE, SIGNED_TWO_PHASES };

/* What shares one largest weight, or one range of converters. */
enum tile_share { SHARE_LAYER, SHARE_COLUMN, SHARE_TILE };

struct tile_options {
    struct tile_form form;
    struct tile_mapping mapping;
    enum tile_share scale;
    double row_ohm, column_ohm, driver_ohm, sense_ohm; /* [ohm] */
    double volt;                                       /* V */
    enum tile_signed sign;
    unsigned dac_bits, adc_bits; /* 0: none */
    enum tile_share adc_per;
    double adc_quantile; /* range: of |I| of the column that has the largest, 1: its maximum */
    size_t adc_every;    /* ... over the first of so many reads; 1: all */
    double read_time;    /* [s] */
};

/* A pair of tiles: rows and columns of the matrix from `row`, `column` on. */
struct tile_pair {
    size_t group, row, rows, column, columns;
    struct lines_forms *forms[2];            /* of G+ and G- */
    struct tile_programming *programming[2]; /* the same, of MAP_VERIFY; else NULL */
    double clipped, converted;               /* conversions */
};

/* Whose weights, and of which random numbers: of MAP_ERROR, and the names of the streams of MAP_VERIFY. */
struct tiled_source {
    const struct layer *layer;
    gsl_rng *rng;
    struct random_sample sample;
    size_t pair; /* number of its first one among those of the network */
};

struct tiled_matrix {
    const struct layer *layer;
    const struct matrix_layer *matrix;
    const struct tile_options *options;
    struct tiled_source source;
    size_t row_tiles, sides; /* converters of a pair */
    size_t phases;           /* reads of a vector: 2 where inputs are below 0 */
    size_t n_pairs;
    struct tile_pair *pairs; /* n_pairs: group, row of tiles, column of tiles */
    double *w[2];            /* a side: groups x columns x rows: V W [A] */
    double *factor;          /* groups x row_tiles x columns: w_max / (V (g_max - g_min)) [1/A] */
    double *range;           /* sides x groups x row_tiles x columns [A] */
    double x_max, x_min;     /* of the inputs of training images; then X, and the smallest */
    struct top_values *top;  /* as range, while ranges are found; else NULL */
    bool calibrated;         /* only then currents are converted, and reads counted */
    double inputs, inputs_clipped;
    double **delivered; /* groups x row_tiles: sum of Y of a row of tiles, its rows squared */
    double **moments;   /* the same: sum of v v' over all reads */
    size_t capacity[4];
    double *v, *current, *square, *product; /* work */
};

/* Maps and eliminates all tiles; the layer and `options` must outlive them. */
enum status tiled_matrix_new(const struct tiled_source *source, const struct tile_options *options,
                             struct tiled_matrix **tiled, struct error *error);
void tiled_matrix_free(struct tiled_matrix *tiled);

/* Calibration: the inputs' extremes, and X and phases from them (STATUS_INPUT: inputs below 0 are refused);
 * then reads without converters for `reads` vectors a group, and the ranges from them. */
void tiled_matrix_see(struct tiled_matrix *tiled, const struct products *products);
enum status tiled_matrix_end_inputs(struct tiled_matrix *tiled, struct error *error);
void tiled_matrix_begin_ranges(struct tiled_matrix *tiled, size_t reads);
void tiled_matrix_end_ranges(struct tiled_matrix *tiled);

/* Read; energy[image]: to which what the drivers deliver is added [J]. */
void tiled_matrix_read(struct tiled_matrix *tiled, const struct products *products, double *energy);

/* Energies of a pair's two tiles over all reads [J], by class and delivered. */
struct tile_energy {
    double by_class[LINES_CLASSES], delivered;
};
struct tile_energy tiled_matrix_energy(const struct tiled_matrix *tiled, size_t pair);

#endif
