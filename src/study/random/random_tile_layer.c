/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_tile_layer.h"

#include "base/memory.h"
#include "base/random.h"
#include "infer/tiled_matrix.h"
#include "study/random/random_tile_trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define READS 6
#define READ_VOLT 0.1
#define READ_TIME 1e-7

/* The layer, its inputs (READS x rows), and results and energies of its reads. */
struct layer_trial {
    struct matrix_layer matrix;
    struct layer layer;
    struct tile_options options;
    double *x, *y, *other; /* READS x rows; READS x columns each */
    double energy[READS], other_energy[READS];
};

static double *draw(gsl_rng *rng, size_t n, double low)
{
    double *a = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        a[k] = low + (1 - low) * gsl_rng_uniform(rng);
    return a;
}

static void begin(struct layer_trial *l, const struct random_tile *t, const struct dopant *d)
{
    static char name[] = "drawn", op_type[] = "Gemm";
    const size_t rows = t->matrix_rows, columns = t->matrix_columns;
    gsl_rng *rng = random_stream(t->seed, t->number, RANDOM_WEIGHTS);
    l->matrix = (struct matrix_layer){.groups = 1,
                                      .rows = rows,
                                      .columns = columns,
                                      .weights = draw(rng, rows * columns, -1),
                                      .reads = 1};
    l->layer =
        (struct layer){.type = &layer_matrix, .data = &l->matrix, .name = name, .op_type = op_type};
    l->options = (struct tile_options){.form = {t->rows, t->columns, t->fill, t->subtract},
                                       .mapping = {.g_min = d->g_min, .g_max = d->g_max},
                                       .row_ohm = t->row_ohm,
                                       .column_ohm = t->column_ohm,
                                       .driver_ohm = t->driver_ohm,
                                       .sense_ohm = t->sense_ohm,
                                       .volt = READ_VOLT,
                                       .sign = SIGNED_TWO_PHASES,
                                       .dac_bits = t->adc_bits,
                                       .adc = {.bits = t->adc_bits, .every = 1},
                                       .read_time = READ_TIME};
    l->x = draw(rng, READS * rows, t->signed_inputs ? -1 : 0);
    l->y = NEW(READS * columns, double);
    l->other = NEW(READS * columns, double);
    gsl_rng_free(rng);
}

static void end(struct layer_trial *l)
{
    free(l->matrix.weights);
    free(l->x);
    free(l->y);
    free(l->other);
}

static struct products all_vectors(const struct layer_trial *l)
{
    return (struct products){
        .layer = &l->layer, .n = READS, .by_vector = true, .x = l->x, .y = l->y};
}

/* Inputs and ranges from the same vectors. */
static enum status calibrate(struct layer_trial *l, struct tiled_matrix *tiled, struct error *error)
{
    const struct products p = all_vectors(l);
    enum status status = tiled_matrix_build(tiled, TILES_PROGRAMMED, 0, error);
    if (status != STATUS_OK)
        return status;
    tiled_matrix_see(tiled, &p);
    status = tiled_matrix_end_inputs(tiled, error);
    if (status != STATUS_OK)
        return status;
    tiled_matrix_begin_ranges(tiled, READS);
    tiled_matrix_read(tiled, &p, l->energy);
    tiled_matrix_end_ranges(tiled, READS);
    memset(l->energy, 0, sizeof l->energy);
    return STATUS_OK;
}

static double largest(size_t n, const double *a)
{
    double most = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, fabs(a[k]));
    return most;
}

static void compare(struct trial *t, const char *what, size_t n, const double *a, const double *b)
{
    const double scale = largest(n, a);
    double most = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, fabs(a[k] - b[k]));
    if (!(most <= RANDOM_TILE_EXACT * scale))
        trial_differs(t, "reads of a layer together and otherwise", what, most / scale,
                      RANDOM_TILE_EXACT);
}

static void read_single(struct layer_trial *l, struct tiled_matrix *tiled, struct trial *t)
{
    const size_t rows = l->matrix.rows, columns = l->matrix.columns;
    for (size_t r = 0; r < READS; r++) {
        const struct products p = {.layer = &l->layer,
                                   .image = r,
                                   .n = 1,
                                   .by_vector = true,
                                   .x = l->x + r * rows,
                                   .y = l->other + r * columns};
        tiled_matrix_read(tiled, &p, l->other_energy);
    }
    compare(t, "results one by one", READS * columns, l->y, l->other);
    compare(t, "energies one by one", READS, l->energy, l->other_energy);
}

/* Vectors of one image, which lie across. */
static void read_across(struct layer_trial *l, struct tiled_matrix *tiled, struct trial *t)
{
    const size_t rows = l->matrix.rows, columns = l->matrix.columns;
    double *x = NEW(READS * rows, double), *y = NEW(READS * columns, double), sum = 0, energy = 0;
    const struct products p = {.layer = &l->layer, .n = READS, .x = x, .y = y};
    for (size_t k = 0; k < READS * rows; k++)
        x[k % rows * READS + k / rows] = l->x[k];
    tiled_matrix_read(tiled, &p, &energy);
    for (size_t k = 0; k < READS * columns; k++)
        l->other[k] = y[k % columns * READS + k / columns];
    for (size_t r = 0; r < READS; r++)
        sum += l->energy[r];
    compare(t, "results across", READS * columns, l->y, l->other);
    compare(t, "energies across", 1, &sum, &energy);
    free(x);
    free(y);
}

/* All reads so far, which were three times the same. */
static void compare_classes(const struct layer_trial *l, const struct tiled_matrix *tiled,
                            struct trial *t)
{
    double by_class = 0, delivered = 0, sum = 0;
    for (size_t k = 0; k < tiled->n_pairs; k++) {
        const struct tile_energy e = tiled_matrix_energy(tiled, k);
        for (size_t class = 0; class < LINES_CLASSES; class ++)
            by_class += e.by_class[class];
        delivered += e.delivered;
    }
    for (size_t r = 0; r < READS; r++)
        sum += 3 * l->energy[r];
    compare(t, "energies by class", 1, &delivered, &by_class);
    compare(t, "energies of images", 1, &delivered, &sum);
}

void random_tile_try_layer(const struct random_tile *tile, const struct dopant *dopant,
                           struct trial *t)
{
    struct layer_trial l = {0};
    struct tiled_matrix *tiled = NULL;
    struct error error;
    begin(&l, tile, dopant);
    const struct tiled_source source = {.layer = &l.layer, .sample = {tile->seed, tile->number}};
    enum status status = tiled_matrix_new(&source, &l.options, &tiled, &error);
    if (status == STATUS_OK)
        status = calibrate(&l, tiled, &error);
    if (status == STATUS_OK) {
        const struct products p = all_vectors(&l);
        tiled_matrix_read(tiled, &p, l.energy);
        read_single(&l, tiled, t);
        read_across(&l, tiled, t);
        compare_classes(&l, tiled, t);
    } else if (t->verdict == SAME) {
        t->verdict = FAILED;
        t->error = error;
    }
    tiled_matrix_free(tiled);
    end(&l);
}
