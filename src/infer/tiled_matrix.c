/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tiled_matrix.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "infer/device_drift.h"
#include "infer/tiled_internal.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_all(size_t n, double **arrays)
{
    for (size_t k = 0; k < n; k++)
        free(arrays[k]);
    free(arrays);
}

static void free_pair(struct tile_pair *p)
{
    for (size_t s = 0; s < 2; s++) {
        lines_forms_free(p->forms[s]);
        tile_bent_free(p->bent[s]);
    }
    tile_cells_free(&p->cells);
}

void tiled_matrix_free(struct tiled_matrix *t)
{
    if (!t)
        return;
    for (size_t k = 0; k < t->n_pairs; k++)
        free_pair(&t->pairs[k]);
    for (size_t k = 0; t->noise && k < t->sides * tiled_lines(t); k++)
        read_noise_free(t->noise[k]);
    for (size_t k = 0; t->top && k < t->sides * tiled_places(t); k++)
        top_values_free(&t->top[k]);
    free_all(tiled_lines(t), t->delivered);
    free_all(tiled_lines(t), t->moments);
    retune_free(t->retune);
    if (t->rng)
        gsl_rng_free(t->rng);
    double *const arrays[] = {t->w[0], t->w[1], t->factor, t->range, t->gain, t->offset, t->codes};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
    for (size_t k = 0; k < sizeof t->work / sizeof t->work[0]; k++)
        free(t->work[k]);
    free(t->top);
    free(t->pairs);
    free(t->noise);
    free(t->use);
    free(t->spent);
    free(t);
}

/* ------------------------------------------------------------------------------------ mapping */

double tiled_matrix_weight(const struct tiled_matrix *t, size_t group, size_t row, size_t column)
{
    const struct matrix_layer *m = t->matrix;
    const size_t at = group * m->columns + column;
    if (row < m->rows)
        return m->weights[at * m->rows + row];
    return t->bias_input > 0 ? m->bias[at] / (t->bias_input * (double)(t->rows - m->rows)) : 0;
}

/* The largest |weight| of those that share it with a column of the pair; 1 where all are 0.  A tile of biases
 * alone shares the layer's. */
static double largest(const struct tiled_matrix *t, const struct tile_pair *p, size_t column)
{
    const struct matrix_layer *m = t->matrix;
    const enum tile_share share = p->row < m->rows ? t->options->scale : SHARE_LAYER;
    const size_t end = p->row + p->rows < m->rows ? p->row + p->rows : m->rows;
    double most = 0;
    if (share == SHARE_LAYER)
        for (size_t k = 0; k < m->groups * m->columns * m->rows; k++)
            most = fmax(most, fabs(m->weights[k]));
    else
        for (size_t j = 0; j < p->columns; j++)
            for (size_t i = p->row; i < end; i++)
                if (share == SHARE_TILE || p->column + j == column)
                    most = fmax(most, fabs(tiled_matrix_weight(t, p->group, i, p->column + j)));
    return most > 0 ? most : 1;
}

/* The input at which the largest bias takes a whole largest weight in each of its rows. */
static void find_bias_input(struct tiled_matrix *t)
{
    const struct matrix_layer *m = t->matrix;
    const double rows = (double)(t->rows - m->rows);
    for (size_t k = 0; k < t->n_pairs && rows > 0; k++) {
        const struct tile_pair *p = &t->pairs[k];
        for (size_t j = 0; j < p->columns && p->row + p->rows > m->rows; j++) {
            const double bias = fabs(m->bias[p->group * m->columns + p->column + j]);
            t->bias_input = fmax(t->bias_input, bias / (rows * largest(t, p, p->column + j)));
        }
    }
}

/* The tiles of a pair as arrays, without their devices. */
static struct lines_array array_of(const struct tiled_matrix *t, const struct tile_pair *p)
{
    const struct tile_options *o = t->options;
    const bool pad = o->form.fill == TILE_PAD;
    return (struct lines_array){.rows = pad ? o->form.rows : p->rows,
                                .columns = pad ? o->form.columns : p->columns,
                                .row_ohm = o->row_ohm,
                                .column_ohm = o->column_ohm,
                                .driver_ohm = o->driver_ohm,
                                .sense_ohm = o->sense_ohm};
}

/* w / w_max of all places, 0 at spare ones, and the factors of its columns; to free(). */
static double *share_weights(struct tiled_matrix *t, const struct tile_pair *p)
{
    const struct tile_options *o = t->options;
    const struct lines_array a = array_of(t, p);
    const double span = o->mapping.g_max - o->mapping.g_min;
    double *share = NEW(a.rows * a.columns, double), most = 0;
    for (size_t j = 0; j < p->columns; j++) {
        if (j == 0 || o->scale == SHARE_COLUMN)
            most = largest(t, p, p->column + j);
        t->factor[tiled_place(t, p->group, p->row / o->form.rows, p->column + j)] =
            most / (o->volt * span);
        for (size_t i = 0; i < p->rows; i++)
            share[i * a.columns + j] =
                tiled_matrix_weight(t, p->group, p->row + i, p->column + j) / most;
    }
    return share;
}

static struct tile_streams streams_of(const struct tiled_matrix *t, const struct tile_pair *p)
{
    return (struct tile_streams){t->source.sample, t->source.pair + (size_t)(p - t->pairs)};
}

static enum status program_pair(struct tiled_matrix *t, struct tile_pair *p, struct error *error)
{
    const struct lines_array a = array_of(t, p);
    const struct tile_streams streams = streams_of(t, p);
    double *share = share_weights(t, p);
    p->cells.n = a.rows * a.columns;
    const enum status status =
        tile_cells_program(t->options, &a, &streams, share, &p->cells, error);
    free(share);
    return status;
}

/* Only write and verify takes long. */
static void tell(const struct tiled_matrix *t, size_t done)
{
    const struct inference_watch *w = t->source.watch;
    char text[120];
    if (!w || !w->progress || t->options->mapping.mode != MAP_VERIFY)
        return;
    snprintf(text, sizeof text, "programming '%.60s': %zu of %zu pairs of tiles", t->layer->name,
             done, t->n_pairs);
    w->progress(w->data, done < t->n_pairs ? text : NULL);
}

static void lay_out(struct tiled_matrix *t)
{
    const struct matrix_layer *m = t->matrix;
    const struct tile_form *f = &t->options->form;
    const size_t column_tiles = (m->columns + f->columns - 1) / f->columns;
    t->rows = tile_form_rows(f, m);
    t->row_tiles = (t->rows + f->rows - 1) / f->rows;
    t->sides = f->subtract == TILE_DIGITAL ? 2 : 1;
    t->n_pairs = m->groups * t->row_tiles * column_tiles;
    t->pairs = NEW(t->n_pairs, struct tile_pair);
    t->spent = NEW(t->n_pairs, struct tile_energy);
    t->delivered = NEW(m->groups * t->row_tiles, double *);
    t->moments = NEW(m->groups * t->row_tiles, double *);
    t->factor = NEW(tiled_places(t), double);
    t->codes = NEW(CODE_PARTS, double);
    t->range = NEW(t->sides * tiled_places(t), double);
    for (size_t s = 0; s < t->sides; s++)
        t->w[s] = NEW(m->groups * m->columns * t->rows, double);
    for (size_t k = 0; k < t->n_pairs; k++) {
        const size_t column = k % column_tiles * f->columns, row = k / column_tiles % t->row_tiles,
                     left = m->columns - column;
        t->pairs[k] = (struct tile_pair){.group = k / column_tiles / t->row_tiles,
                                         .row = row * f->rows,
                                         .rows = tiled_rows(t, row),
                                         .column = column,
                                         .columns = left < f->columns ? left : f->columns};
    }
    for (size_t k = 0; k < tiled_lines(t); k++) {
        const size_t rows = tiled_rows(t, k % t->row_tiles);
        t->delivered[k] = NEW(rows * rows, double);
        t->moments[k] = NEW(rows * rows, double);
    }
}

/* Gains and offsets of the converters. */
static void draw_converters(struct tiled_matrix *t)
{
    const struct adc_options *a = &t->options->adc;
    const struct random_sample s = t->source.sample;
    const size_t n = t->sides * tiled_places(t);
    gsl_rng *rng = random_stream(s.seed, s.replica,
                                 (enum random_purpose)(RANDOM_CONVERTER + t->source.number));
    t->gain = NEW(n, double);
    t->offset = NEW(n, double);
    for (size_t k = 0; k < n; k++) {
        t->gain[k] = 1 + a->gain * gsl_ran_ugaussian(rng);
        t->offset[k] = a->offset * gsl_ran_ugaussian(rng);
    }
    gsl_rng_free(rng);
}

enum status tiled_matrix_new(const struct tiled_source *source, const struct tile_options *options,
                             struct tiled_matrix **tiled, struct error *error)
{
    struct tiled_matrix *t = NEW(1, struct tiled_matrix);
    const struct random_sample s = source->sample;
    t->source = *source;
    t->layer = source->layer;
    t->matrix = matrix_layer_of(source->layer);
    t->options = options;
    lay_out(t);
    find_bias_input(t);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < t->n_pairs && status == STATUS_OK; k++) {
        status = program_pair(t, &t->pairs[k], error);
        tell(t, k + 1);
    }
    if (options->adc.gain > 0 || options->adc.offset > 0)
        draw_converters(t);
    if (options->read_noise > 0 || options->thermal || options->adc.noise > 0)
        t->rng = random_stream(s.seed, s.replica,
                               (enum random_purpose)(RANDOM_TILE_NOISE + source->number));
    if (options->retune != RETUNE_NONE)
        t->retune =
            retune_new(t->matrix->groups * t->matrix->columns, options->retune == RETUNE_LAYER);
    *tiled = status == STATUS_OK ? t : NULL;
    if (status != STATUS_OK)
        tiled_matrix_free(t);
    return status;
}

/* -------------------------------------------------------------------------------- elimination */

/* What the pair gives goes into the layer's W, what it takes into its row's Y. */
static void take_forms(struct tiled_matrix *t, const struct tile_pair *p)
{
    const struct matrix_layer *m = t->matrix;
    double *y = t->delivered[tiled_line(t, p->group, p->row / t->options->form.rows)];
    for (size_t s = 0; s < 2; s++) {
        const struct lines_forms *f = p->forms[s];
        double *w = t->w[t->sides == 2 ? s : 0];
        const double sign = t->sides == 1 && s == 1 ? -1 : 1;
        for (size_t j = 0; j < p->columns; j++)
            for (size_t i = 0; i < p->rows; i++)
                w[(p->group * m->columns + p->column + j) * t->rows + p->row + i] +=
                    sign * t->options->volt * f->w[j * f->rows + i];
        for (size_t i = 0; i < p->rows; i++) /* Y is symmetric but for rounding */
            for (size_t k = 0; k < p->rows; k++)
                y[i * p->rows + k] += (f->y[i * f->rows + k] + f->y[k * f->rows + i]) / 2;
    }
}

/* That columns get from their devices' noise; devices that are not ohmic have it each by itself. */
static double column_noise(const struct tiled_matrix *t)
{
    return tile_options_bend(t->options) ? 0 : t->options->read_noise;
}

static enum status add_noise(struct tiled_matrix *t, const struct tile_pair *p, size_t side,
                             const struct lines_array *a, struct error *error)
{
    const struct tile_options *o = t->options;
    const size_t line = tiled_line(t, p->group, p->row / o->form.rows);
    const struct read_noise_tile tile = {
        a,       p->column,       p->columns,
        o->volt, column_noise(t), o->thermal ? 4 * BOLTZMANN * o->kelvin / (2 * o->read_time) : 0};
    return read_noise_add(t->noise[(t->sides == 2 ? side : 0) * tiled_lines(t) + line], &tile,
                          error);
}

/* Devices of the pair's row `row` after the reads of so many images. */
static void disturb_row(const struct tiled_matrix *t, const struct tile_pair *p, size_t row,
                        double images, double *const g[2])
{
    const struct tile_options *o = t->options;
    const size_t columns = p->cells.n / array_of(t, p).rows;
    double volt[2 * ROW_USE_PARTS + 1], seconds[2 * ROW_USE_PARTS + 1];
    const size_t n = row_use_times(&t->use[p->group * t->rows + p->row + row], o->volt,
                                   o->read_time * images, volt, seconds);
    const struct device_use use = device_use_of(o->dopant, n, volt, seconds);
    if (!device_use_moves(&use))
        return;
    for (size_t j = 0; j < columns; j++)
        for (size_t s = 0; s < 2; s++)
            if (!p->cells.stuck[s][row * columns + j] && !p->cells.open[s][row])
                g[s][row * columns + j] =
                    device_use_conductance(&use, o->volt, g[s][row * columns + j]);
}

/* The conductances of a stage. */
static void find_conductances(struct tiled_matrix *t, const struct tile_pair *p,
                              enum tile_stage stage, double images, double *const g[2])
{
    if (stage == TILES_WANTED) {
        double *share = share_weights(t, p);
        tile_cells_want(&t->options->mapping, p->cells.n, share, g);
        free(share);
        return;
    }
    for (size_t s = 0; s < 2 && stage == TILES_PROGRAMMED; s++)
        memcpy(g[s], p->cells.programmed[s], p->cells.n * sizeof *g[s]);
    if (stage != TILES_AGED)
        return;
    const struct tile_streams streams = streams_of(t, p);
    tile_cells_age(t->options, &streams, &p->cells, g);
    for (size_t i = 0; t->options->disturb && images > 0 && i < p->rows; i++)
        disturb_row(t, p, i, images, g);
}

/* Lines that are open, of one tile of a pair. */
static void open_lines(const struct tiled_matrix *t, const struct tile_pair *p, size_t side,
                       struct lines_array *a)
{
    const bool *open = p->cells.open[side];
    a->row_open = t->options->open_rows > 0 ? open : NULL;
    a->column_open = t->options->open_columns > 0 ? open + a->rows : NULL;
}

/* Devices of g and their switches; g: of both. */
static void add_switches(const struct tiled_matrix *t, const struct tile_pair *p, double *g,
                         double *part, struct lines_array *a)
{
    const struct tile_options *o = t->options;
    a->g = g;
    a->part = o->select_ohm > 0 ? part : NULL;
    for (size_t k = 0; k < p->cells.n && a->part; k++) {
        part[k] = 1 / (1 + g[k] * o->select_ohm);
        g[k] *= part[k];
    }
}

static enum status build_pair(struct tiled_matrix *t, struct tile_pair *p, enum tile_stage stage,
                              double *const g[2], struct error *error)
{
    struct lines_array a = array_of(t, p);
    double *part = NEW(p->cells.n, double);
    enum status status = STATUS_OK;
    for (size_t s = 0; s < 2 && status == STATUS_OK; s++) {
        lines_forms_free(p->forms[s]);
        add_switches(t, p, g[s], part, &a);
        if (stage != TILES_WANTED)
            open_lines(t, p, s, &a);
        status = lines_forms_new(&a, true, &p->forms[s], error);
        if (status == STATUS_OK && t->noise)
            status = add_noise(t, p, s, &a, error);
        if (status == STATUS_OK && tile_options_bend(t->options))
            status = tiled_bent_build(t, p, s, &a, error);
    }
    free(part);
    if (status == STATUS_OK)
        take_forms(t, p);
    return status;
}

static void clear_noise(struct tiled_matrix *t)
{
    const struct tile_options *o = t->options;
    const bool square = o->row_ohm == 0 && o->column_ohm == 0 && o->driver_ohm == 0 &&
                        o->sense_ohm == 0 && o->open_rows == 0 && o->open_columns == 0;
    if (!(column_noise(t) > 0 || o->thermal))
        return;
    if (!t->noise)
        t->noise = NEW(t->sides * tiled_lines(t), struct read_noise *);
    for (size_t k = 0; k < t->sides * tiled_lines(t); k++) {
        read_noise_free(t->noise[k]);
        t->noise[k] = read_noise_new(tiled_rows(t, k % t->row_tiles), t->matrix->columns, square,
                                     column_noise(t) > 0);
    }
}

/* What has been read until now is booked with the forms that it was read with. */
static void book(struct tiled_matrix *t)
{
    for (size_t k = 0; k < t->n_pairs && t->pairs[k].forms[1]; k++)
        t->spent[k] = tiled_matrix_energy(t, k);
    for (size_t k = 0; k < tiled_lines(t); k++) {
        const size_t rows = tiled_rows(t, k % t->row_tiles);
        memset(t->delivered[k], 0, rows * rows * sizeof(double));
        memset(t->moments[k], 0, rows * rows * sizeof(double));
    }
}

enum status tiled_matrix_build(struct tiled_matrix *t, enum tile_stage stage, double images,
                               struct error *error)
{
    const struct matrix_layer *m = t->matrix;
    enum status status = STATUS_OK;
    book(t);
    clear_noise(t);
    t->bend_factor = 0;
    for (size_t s = 0; s < t->sides; s++)
        memset(t->w[s], 0, m->groups * m->columns * t->rows * sizeof(double));
    for (size_t k = 0; k < t->n_pairs && status == STATUS_OK; k++) {
        struct tile_pair *p = &t->pairs[k];
        double *const g[2] = {NEW(p->cells.n, double), NEW(p->cells.n, double)};
        find_conductances(t, p, stage, images, g);
        status = build_pair(t, p, stage, g, error);
        free(g[0]);
        free(g[1]);
    }
    return status;
}

/* Of a row's devices; `tried`: what they may have, after programming. */
static double row_disturbance(const struct tiled_matrix *t, size_t row, double before,
                              double images, const double tried[3])
{
    const struct tile_options *o = t->options;
    double most = 0, volt[2 * ROW_USE_PARTS + 1], past[2 * ROW_USE_PARTS + 1],
           coming[2 * ROW_USE_PARTS + 1];
    const size_t n = row_use_times(&t->use[row], o->volt, o->read_time * before, volt, past);
    row_use_times(&t->use[row], o->volt, o->read_time * images, volt, coming);
    const struct device_use until = device_use_of(o->dopant, n, volt, past),
                            then = device_use_of(o->dopant, n, volt, coming);
    for (size_t i = 0; i < 3 && device_use_moves(&then); i++) {
        const double g = device_use_conductance(&until, o->volt, tried[i]);
        most = fmax(most, fabs(device_use_conductance(&then, o->volt, g) / g - 1));
    }
    return most;
}

double tiled_matrix_disturbance(const struct tiled_matrix *t, double before, double images)
{
    const struct tile_mapping *m = &t->options->mapping;
    const double tried[] = {m->g_min, sqrt(m->g_min * m->g_max), m->g_max};
    double most = 0;
    for (size_t k = 0; t->options->disturb && k < t->matrix->groups * t->rows; k++)
        most = fmax(most, row_disturbance(t, k, before, images, tried));
    return most;
}

/* ------------------------------------------------------------------------------------ energies */

/* sum of form(i, k) c(i, k) over the rows that are used; c is given above and on its diagonal. */
static double used_sum(size_t rows, size_t stride, const double *form, const double *c)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++) {
        sum += form[i * stride + i] * c[i * rows + i];
        for (size_t k = i + 1; k < rows; k++)
            sum += (form[i * stride + k] + form[k * stride + i]) * c[i * rows + k];
    }
    return sum;
}

struct tile_energy tiled_matrix_energy(const struct tiled_matrix *t, size_t pair)
{
    const struct tile_pair *p = &t->pairs[pair];
    const double *c = t->moments[p->group * t->row_tiles + p->row / t->options->form.rows];
    const double scale = t->options->volt * t->options->volt * t->options->read_time;
    struct tile_energy e = t->spent[pair];
    for (size_t s = 0; s < 2; s++) {
        const struct lines_forms *f = p->forms[s];
        for (size_t k = 0; k < LINES_CLASSES; k++)
            e.by_class[k] += scale * used_sum(p->rows, f->rows, f->power[k], c);
        e.delivered += scale * used_sum(p->rows, f->rows, f->y, c);
    }
    return e;
}
