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
#include "infer/layer/layers.h"
#include "infer/read_noise.h"
#include "infer/retune.h"
#include "infer/row_use.h"
#include "infer/tile_cells.h"
#include "infer/top_values.h"
#include "infer/watch.h"

/* A pair of tiles: rows and columns of the matrix from `row`, `column` on. */
struct tile_pair {
    size_t group, row, rows, column, columns;
    struct tile_cells cells;
    struct lines_forms *forms[2]; /* of G+ and G-; of devices that are not ohmic, of I/V at V */
    struct tile_bent *bent[2];    /* the same, of devices that are not ohmic; else NULL */
    double clipped, converted;    /* conversions */
};

/* Energies of a pair's two tiles [J], by class and delivered. */
struct tile_energy {
    double by_class[LINES_CLASSES], delivered;
};

/* Parts of a converter's range, from -R to R, that its codes are counted in. */
#define CODE_PARTS 64

/* Which of its conductances a device has. */
enum tile_stage { TILES_WANTED, TILES_PROGRAMMED, TILES_AGED };

/* Whose weights, and the names of its random streams: the sample's, the first of its pairs among those of
 * the network, its number among the layers. */
struct tiled_source {
    const struct layer *layer;
    struct random_sample sample;
    size_t pair, number;
    const struct inference_watch *watch; /* while devices are programmed; or NULL */
};

struct tiled_matrix {
    const struct layer *layer;
    const struct matrix_layer *matrix;
    const struct tile_options *options;
    struct tiled_source source;
    size_t rows;             /* those of the matrix, then those of biases */
    size_t row_tiles, sides; /* sides: converters of a pair */
    double bias_input;       /* input that drives the rows of biases; 0: there are none */
    size_t phases;           /* of a vector: 2 where inputs are below 0 and drivers unsigned */
    size_t n_pairs;
    struct tile_pair *pairs;   /* n_pairs: group, row of tiles, column of tiles */
    double *w[2];              /* a side: groups x columns x rows: V W [A] */
    double *factor;            /* groups x row_tiles x columns: w_max / (V (g_max - g_min)) [1/A] */
    double *range;             /* sides x groups x row_tiles x columns [A] */
    double *gain, *offset;     /* as range: of the converters, relative and in steps; or NULL */
    double x_max, x_min;       /* of the inputs of training images; then X, and the smallest */
    struct top_values *top;    /* as range, while ranges are found; else NULL */
    struct retune *retune;     /* of the results, or NULL: none */
    struct row_use *use;       /* groups x rows: voltages of training images; or NULL */
    struct read_noise **noise; /* sides x groups x row_tiles, or NULL: none */
    gsl_rng *rng;              /* of reads */
    bool calibrated;           /* only then currents are converted, and reads counted */
    double inputs, inputs_clipped;
    double *codes; /* CODE_PARTS: of every eighth conversion, by its current's part of the range */
    double **
        delivered; /* groups x row_tiles: sum of Y of a row of tiles, its rows squared, symmetric */
    double **
        moments; /* the same: sum of v v' over all reads since the last renewal, 0 below the diagonal */
    struct tile_energy *spent; /* n_pairs: before that */
    size_t capacity[6];
    double *work[6];     /* of a read */
    double bend_factor;  /* of devices that are not ohmic: the largest factor */
    size_t bend_steps;   /* ... and number of steps (lines_bent.h) */
    enum status failure; /* of the first read that has failed; STATUS_OK: none */
    struct error failure_text;
};

/* Draws and programs all devices; `options` and the layer must outlive them.  Then build. */
enum status tiled_matrix_new(const struct tiled_source *source, const struct tile_options *options,
                             struct tiled_matrix **tiled, struct error *error);
void tiled_matrix_free(struct tiled_matrix *tiled);

/* A weight, or what stands for the bias in one of its rows. */
double tiled_matrix_weight(const struct tiled_matrix *tiled, size_t group, size_t row,
                           size_t column);

/* Eliminate all tiles; aged: after the retention's time, and the reads of `images` images. */
enum status tiled_matrix_build(struct tiled_matrix *tiled, enum tile_stage stage, double images,
                               struct error *error);

/* The largest relative change of a conductance that the reads of so many images more would make. */
double tiled_matrix_disturbance(const struct tiled_matrix *tiled, double before, double images);

/* Calibration: the inputs' extremes, and X and phases from them (STATUS_INPUT: inputs below 0 are refused);
 * then reads without converters for `reads` vectors a group, and the ranges from them. */
void tiled_matrix_see(struct tiled_matrix *tiled, const struct products *products);
enum status tiled_matrix_end_inputs(struct tiled_matrix *tiled, struct error *error);
void tiled_matrix_begin_ranges(struct tiled_matrix *tiled, size_t reads);
void tiled_matrix_end_ranges(struct tiled_matrix *tiled, double images);
/* Begin anew, with the tiles as they are; the lines of results are found from reads in between. */
void tiled_matrix_forget(struct tiled_matrix *tiled);
void tiled_matrix_begin_lines(struct tiled_matrix *tiled);
void tiled_matrix_compare(struct tiled_matrix *tiled, const struct products *read,
                          const double *wanted);
void tiled_matrix_end_lines(struct tiled_matrix *tiled);

/* Read; energy[image]: to which what the drivers deliver is added [J]. */
void tiled_matrix_read(struct tiled_matrix *tiled, const struct products *products, double *energy);

/* Of a pair over all reads. */
struct tile_energy tiled_matrix_energy(const struct tiled_matrix *tiled, size_t pair);

#endif
