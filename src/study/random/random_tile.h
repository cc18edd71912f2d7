/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random tiles: sizes, resistances (also 0), devices of a part of a dopant's window, inputs, and the layer of
 * a network that stands on pairs of them.  The devices and inputs follow from the figures and the number. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_TILE_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_TILE_H

#include "infer/tile_options.h"
#include "study/random/random_testbench.h"

#define RANDOM_TILE_VECTORS 3

struct random_tile {
    const struct random_kind *kind;
    uint64_t seed;
    uint32_t number;
    const char *dopant;
    size_t rows, columns;               /* of a tile */
    size_t matrix_rows, matrix_columns; /* of the layer's matrix */
    double row_ohm, column_ohm, driver_ohm, sense_ohm;
    double low, high;   /* shares of the window that devices are in, the ends of one range */
    double sparse;      /* share of inputs that are 0 */
    double noise;       /* sigma of a read's conductances */
    bool signed_inputs; /* of the layer */
    enum tile_fill fill;
    enum tile_subtract subtract;
    int adc_bits;
    bool ngspice; /* is asked too, where the tile is small enough */
};

struct random_tile random_tile_draw(const struct random_kind *kind, uint64_t seed, uint32_t number);

/* Its devices and inputs. */
struct random_tile_numbers {
    double *share; /* rows x columns: 0 to 1 of the window */
    double *volts; /* RANDOM_TILE_VECTORS x rows: 0 to 1 */
};
struct random_tile_numbers random_tile_numbers(const struct random_tile *tile);
void random_tile_numbers_free(struct random_tile_numbers *numbers);

/* Make it simpler in the way `k'; false: it is as simple already.  random_tile_ways() of them. */
bool random_tile_simplify(struct random_tile *tile, size_t k);
size_t random_tile_ways(void);

/* As `silverbar read' and `netlist tile' take it, with their options in a comment; to free(). */
char *random_tile_text(const struct random_tile *tile, const double *g, const double *volts);

#endif
