/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_tile.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/spice_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SIDE_MAX 64
#define OHM_LEAST 0.01
#define OHM_MOST 1000
#define DRAW_FIGURES 1 /* parts of a number's stream, as samples of its seed */
#define DRAW_NUMBERS 2

static gsl_rng *stream(const struct random_kind *kind, uint64_t seed, uint32_t number,
                       unsigned part)
{
    return random_stream(seed, 2 * number + part,
                         (enum random_purpose)(RANDOM_TESTBENCH + (int)(kind - random_kinds)));
}

static double log_uniform(gsl_rng *rng, double low, double high)
{
    return low * pow(high / low, gsl_rng_uniform(rng));
}

static size_t draw_side(gsl_rng *rng, size_t most)
{
    return (size_t)log_uniform(rng, 1, (double)most + 1 - 1e-9);
}

/* 0 in a fourth of all. */
static double draw_ohm(gsl_rng *rng)
{
    const double u = gsl_rng_uniform(rng), ohm = log_uniform(rng, OHM_LEAST, OHM_MOST);
    return u < 0.25 ? 0 : ohm;
}

struct random_tile random_tile_draw(const struct random_kind *kind, uint64_t seed, uint32_t number)
{
    static const char *const dopants[] = {"W", "Sn", "Cr", "C"};
    gsl_rng *rng = stream(kind, seed, number, DRAW_FIGURES);
    struct random_tile t = {.kind = kind, .seed = seed, .number = number};
    t.dopant = dopants[gsl_rng_uniform_int(rng, 4)];
    t.rows = draw_side(rng, SIDE_MAX);
    t.columns = draw_side(rng, SIDE_MAX);
    t.matrix_rows = draw_side(rng, 2 * t.rows);
    t.matrix_columns = draw_side(rng, 2 * t.columns);
    t.row_ohm = draw_ohm(rng);
    t.column_ohm = draw_ohm(rng);
    t.driver_ohm = draw_ohm(rng);
    t.sense_ohm = draw_ohm(rng);
    const double a = gsl_rng_uniform(rng), b = gsl_rng_uniform(rng);
    t.low = fmin(a, b);
    t.high = fmax(a, b);
    t.sparse = gsl_rng_uniform(rng);
    t.noise = log_uniform(rng, 1e-3, 0.3);
    t.signed_inputs = gsl_rng_uniform_int(rng, 2) == 0;
    t.fill = gsl_rng_uniform_int(rng, 2) == 0 ? TILE_CUT : TILE_PAD;
    t.subtract = gsl_rng_uniform_int(rng, 2) == 0 ? TILE_ANALOG : TILE_DIGITAL;
    t.adc_bits = (int)gsl_rng_uniform_int(rng, 3) * 4;
    t.ngspice = gsl_rng_uniform_int(rng, 4) == 0;
    gsl_rng_free(rng);
    return t;
}

struct random_tile_numbers random_tile_numbers(const struct random_tile *t)
{
    const size_t n = t->rows * t->columns, inputs = RANDOM_TILE_VECTORS * t->rows;
    struct random_tile_numbers a = {NEW(n, double), NEW(inputs, double)};
    gsl_rng *rng = stream(t->kind, t->seed, t->number, DRAW_NUMBERS);
    for (size_t k = 0; k < n; k++)
        a.share[k] = t->low + (t->high - t->low) * gsl_rng_uniform(rng);
    for (size_t k = 0; k < inputs; k++) {
        const bool none = gsl_rng_uniform(rng) < t->sparse;
        const double v = gsl_rng_uniform(rng);
        a.volts[k] = none ? 0 : v;
    }
    gsl_rng_free(rng);
    return a;
}

void random_tile_numbers_free(struct random_tile_numbers *a)
{
    free(a->share);
    free(a->volts);
}

/* ------------------------------------------------------------------------------------- simpler */

static bool halve(size_t *n)
{
    const bool can = *n > 1;
    *n = (*n + 1) / 2;
    return can;
}

static bool zero(double *ohm)
{
    const bool can = *ohm > 0;
    *ohm = 0;
    return can;
}

static bool halve_rows(struct random_tile *t)
{
    return halve(&t->rows);
}
static bool halve_columns(struct random_tile *t)
{
    return halve(&t->columns);
}
static bool halve_matrix(struct random_tile *t)
{
    const bool rows = halve(&t->matrix_rows), columns = halve(&t->matrix_columns);
    return rows || columns;
}
static bool no_rows(struct random_tile *t)
{
    return zero(&t->row_ohm);
}
static bool no_columns(struct random_tile *t)
{
    return zero(&t->column_ohm);
}
static bool no_drivers(struct random_tile *t)
{
    return zero(&t->driver_ohm);
}
static bool no_senses(struct random_tile *t)
{
    return zero(&t->sense_ohm);
}
static bool dense(struct random_tile *t)
{
    return zero(&t->sparse);
}
static bool no_converters(struct random_tile *t)
{
    const bool can = t->adc_bits > 0;
    t->adc_bits = 0;
    return can;
}

static bool (*const ways[])(struct random_tile *) = {halve_rows, halve_columns, halve_matrix,
                                                     no_rows,    no_columns,    no_drivers,
                                                     no_senses,  dense,         no_converters};

size_t random_tile_ways(void)
{
    return sizeof ways / sizeof ways[0];
}

bool random_tile_simplify(struct random_tile *t, size_t k)
{
    return ways[k](t);
}

/* ---------------------------------------------------------------------------------------- text */

char *random_tile_text(const struct random_tile *t, const double *g, const double *volts)
{
    char *text = NULL, number[32];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "# options: --row-ohm %s", number_text(t->row_ohm, number));
    fprintf(out, " --column-ohm %s", number_text(t->column_ohm, number));
    fprintf(out, " --driver-ohm %s", number_text(t->driver_ohm, number));
    fprintf(out, " --sense-ohm %s --volt ", number_text(t->sense_ohm, number));
    for (size_t i = 0; i < t->rows; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", number_text(volts[i], number));
    fprintf(out,
            "\n# dopant %s, a layer of %zu x %zu weights, %d bits, %s, %s, inputs %s, noise %s\n",
            t->dopant, t->matrix_rows, t->matrix_columns, t->adc_bits,
            t->fill == TILE_PAD ? "padded" : "cut",
            t->subtract == TILE_DIGITAL ? "two converters a pair" : "one converter a pair",
            t->signed_inputs ? "of both signs" : "above 0", number_text(t->noise, number));
    for (size_t k = 0; k < t->rows * t->columns; k++)
        fprintf(out, "%s%s", number_text(g[k], number), (k + 1) % t->columns == 0 ? "\n" : ",");
    fclose(out);
    return text;
}
