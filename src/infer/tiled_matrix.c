/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tiled_matrix.h"

#include "base/matrix/matrix.h"
#include "base/memory.h"
#include "infer/converter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t rows_of(const struct tiled_matrix *t, size_t row_tile)
{
    const size_t side = t->options->form.rows;
    return least(side, t->matrix->rows - row_tile * side);
}

/* Place of a column in factor[] and, of one side, in range[]. */
static size_t place(const struct tiled_matrix *t, size_t group, size_t row_tile, size_t column)
{
    return (group * t->row_tiles + row_tile) * t->matrix->columns + column;
}

static size_t places(const struct tiled_matrix *t)
{
    return t->matrix->groups * t->row_tiles * t->matrix->columns;
}

void tiled_matrix_free(struct tiled_matrix *t)
{
    if (!t)
        return;
    for (size_t k = 0; k < t->n_pairs; k++)
        for (size_t s = 0; s < 2; s++) {
            lines_forms_free(t->pairs[k].forms[s]);
            tile_programming_free(t->pairs[k].programming[s]);
        }
    for (size_t k = 0; k < t->matrix->groups * t->row_tiles; k++) {
        free(t->delivered[k]);
        free(t->moments[k]);
    }
    for (size_t k = 0; t->top && k < t->sides * places(t); k++)
        top_values_free(&t->top[k]);
    free(t->top);
    free(t->pairs);
    free(t->w[0]);
    free(t->w[1]);
    free(t->factor);
    free(t->range);
    free(t->delivered);
    free(t->moments);
    free(t->v);
    free(t->current);
    free(t->square);
    free(t->product);
    free(t);
}

/* ------------------------------------------------------------------------------------ mapping */

static double weight(const struct tiled_matrix *t, size_t group, size_t row, size_t column)
{
    const struct matrix_layer *m = t->matrix;
    return m->weights[(group * m->columns + column) * m->rows + row];
}

/* The largest |weight| of those that share it with a column of the pair; 1 where all are 0. */
static double largest(const struct tiled_matrix *t, const struct tile_pair *p, size_t column)
{
    const struct matrix_layer *m = t->matrix;
    const enum tile_share share = t->options->scale;
    double most = 0;
    if (share == SHARE_LAYER)
        for (size_t k = 0; k < m->groups * m->columns * m->rows; k++)
            most = fmax(most, fabs(m->weights[k]));
    else
        for (size_t j = 0; j < p->columns; j++)
            for (size_t i = 0; i < p->rows; i++)
                if (share == SHARE_TILE || p->column + j == column)
                    most = fmax(most, fabs(weight(t, p->group, p->row + i, p->column + j)));
    return most > 0 ? most : 1;
}

/* Conductances of both tiles, and factors of their columns. */
static void map_pair(struct tiled_matrix *t, const struct tile_pair *p, const struct lines_array *a,
                     double *const g[2], gsl_rng *rng)
{
    const struct tile_options *o = t->options;
    const double span = o->mapping.g_max - o->mapping.g_min;
    double shared = o->scale == SHARE_COLUMN ? 0 : largest(t, p, 0);
    for (size_t j = 0; j < a->columns; j++) {
        const bool used = j < p->columns;
        const double most =
            o->scale == SHARE_COLUMN && used ? largest(t, p, p->column + j) : shared;
        if (used)
            t->factor[place(t, p->group, p->row / o->form.rows, p->column + j)] =
                most / (o->volt * span);
        for (size_t i = 0; i < a->rows; i++) {
            const double w =
                used && i < p->rows ? weight(t, p->group, p->row + i, p->column + j) / most : 0;
            g[0][i * a->columns + j] = tile_conductance(&o->mapping, fmax(w, 0), rng);
            g[1][i * a->columns + j] = tile_conductance(&o->mapping, fmax(-w, 0), rng);
        }
    }
}

/* What the pair gives goes into the layer's W, what it takes into its row's Y. */
static void take_forms(struct tiled_matrix *t, const struct tile_pair *p)
{
    const struct matrix_layer *m = t->matrix;
    double *y = t->delivered[p->group * t->row_tiles + p->row / t->options->form.rows];
    for (size_t s = 0; s < 2; s++) {
        const struct lines_forms *f = p->forms[s];
        double *w = t->w[t->sides == 2 ? s : 0];
        const double sign = t->sides == 1 && s == 1 ? -1 : 1;
        for (size_t j = 0; j < p->columns; j++)
            for (size_t i = 0; i < p->rows; i++)
                w[(p->group * m->columns + p->column + j) * m->rows + p->row + i] +=
                    sign * t->options->volt * f->w[j * f->rows + i];
        for (size_t i = 0; i < p->rows; i++)
            for (size_t k = 0; k < p->rows; k++)
                y[i * p->rows + k] += f->y[i * f->rows + k];
    }
}

/* g: in, what is wanted; out, what programming leaves. */
static enum status program_pair(const struct tiled_matrix *t, struct tile_pair *p,
                                const struct lines_array *a, double *const g[2],
                                struct error *error)
{
    const struct tile_task task = {.array = *a,
                                   .sample = t->source.sample,
                                   .number = t->source.pair + (size_t)(p - t->pairs),
                                   .wanted = {g[0], g[1]}};
    const enum status status =
        tile_pair_program(t->options->mapping.writing, &task, p->programming, error);
    for (size_t s = 0; s < 2 && status == STATUS_OK; s++)
        for (size_t k = 0; k < p->programming[s]->n; k++)
            g[s][k] = p->programming[s]->devices[k].g;
    return status;
}

static enum status make_pair(struct tiled_matrix *t, struct tile_pair *p, struct error *error)
{
    const struct tile_options *o = t->options;
    const bool pad = o->form.fill == TILE_PAD;
    struct lines_array a = {.rows = pad ? o->form.rows : p->rows,
                            .columns = pad ? o->form.columns : p->columns,
                            .row_ohm = o->row_ohm,
                            .column_ohm = o->column_ohm,
                            .driver_ohm = o->driver_ohm,
                            .sense_ohm = o->sense_ohm};
    double *const g[2] = {NEW(a.rows * a.columns, double), NEW(a.rows * a.columns, double)};
    enum status status = STATUS_OK;
    map_pair(t, p, &a, g, t->source.rng);
    if (o->mapping.mode == MAP_VERIFY)
        status = program_pair(t, p, &a, g, error);
    for (size_t s = 0; s < 2 && status == STATUS_OK; s++) {
        a.g = g[s];
        status = lines_forms_new(&a, true, &p->forms[s], error);
    }
    if (status == STATUS_OK)
        take_forms(t, p);
    free(g[0]);
    free(g[1]);
    return status;
}

static void lay_out(struct tiled_matrix *t)
{
    const struct matrix_layer *m = t->matrix;
    const struct tile_form *f = &t->options->form;
    const size_t column_tiles = (m->columns + f->columns - 1) / f->columns;
    t->row_tiles = (m->rows + f->rows - 1) / f->rows;
    t->sides = f->subtract == TILE_DIGITAL ? 2 : 1;
    t->n_pairs = m->groups * t->row_tiles * column_tiles;
    t->pairs = NEW(t->n_pairs, struct tile_pair);
    t->delivered = NEW(m->groups * t->row_tiles, double *);
    t->moments = NEW(m->groups * t->row_tiles, double *);
    t->factor = NEW(places(t), double);
    t->range = NEW(t->sides * places(t), double);
    for (size_t s = 0; s < t->sides; s++)
        t->w[s] = NEW(m->groups * m->columns * m->rows, double);
    for (size_t k = 0; k < t->n_pairs; k++) {
        const size_t column = k % column_tiles * f->columns, row = k / column_tiles % t->row_tiles;
        t->pairs[k] = (struct tile_pair){.group = k / column_tiles / t->row_tiles,
                                         .row = row * f->rows,
                                         .rows = rows_of(t, row),
                                         .column = column,
                                         .columns = least(f->columns, m->columns - column)};
    }
    for (size_t k = 0; k < m->groups * t->row_tiles; k++) {
        const size_t rows = rows_of(t, k % t->row_tiles);
        t->delivered[k] = NEW(rows * rows, double);
        t->moments[k] = NEW(rows * rows, double);
    }
}

enum status tiled_matrix_new(const struct tiled_source *source, const struct tile_options *options,
                             struct tiled_matrix **tiled, struct error *error)
{
    struct tiled_matrix *t = NEW(1, struct tiled_matrix);
    t->source = *source;
    t->layer = source->layer;
    t->matrix = matrix_layer_of(source->layer);
    t->options = options;
    lay_out(t);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < t->n_pairs && status == STATUS_OK; k++)
        status = make_pair(t, &t->pairs[k], error);
    *tiled = status == STATUS_OK ? t : NULL;
    if (status != STATUS_OK)
        tiled_matrix_free(t);
    return status;
}

/* -------------------------------------------------------------------------------- calibration */

void tiled_matrix_see(struct tiled_matrix *t, const struct products *p)
{
    for (size_t k = 0; k < p->n * t->matrix->rows; k++) {
        t->x_max = p->x[k] > t->x_max ? p->x[k] : t->x_max;
        t->x_min = p->x[k] < t->x_min ? p->x[k] : t->x_min;
    }
}

enum status tiled_matrix_end_inputs(struct tiled_matrix *t, struct error *error)
{
    if (t->x_min < 0 && t->options->sign == SIGNED_REFUSE)
        return fail(error, STATUS_INPUT,
                    "layer '%.80s' (%.40s): inputs down to %g, expected 0 or more: drivers are "
                    "unsigned; two phases take both signs",
                    t->layer->name, t->layer->op_type, t->x_min);
    t->phases = t->x_min < 0 ? 2 : 1;
    t->x_max = fmax(t->x_max, -t->x_min);
    if (!(t->x_max > 0)) /* no input ever */
        t->x_max = 1;
    return STATUS_OK;
}

void tiled_matrix_begin_ranges(struct tiled_matrix *t, size_t reads)
{
    t->top = NEW(t->sides * places(t), struct top_values);
    for (size_t k = 0; k < t->sides * places(t); k++)
        top_values_init(&t->top[k], t->options->adc_quantile, reads * t->phases,
                        t->options->adc_every);
}

/* Do columns a and b share a range? */
static bool together(const struct tiled_matrix *t, size_t a, size_t b)
{
    const size_t columns = t->matrix->columns, width = t->options->form.columns;
    switch (t->options->adc_per) {
    case SHARE_LAYER:
        return true;
    case SHARE_COLUMN:
        return a == b;
    case SHARE_TILE:
        break;
    }
    return a / columns == b / columns && a % columns / width == b % columns / width;
}

/* A range that no current has reached is that of one device. */
void tiled_matrix_end_ranges(struct tiled_matrix *t)
{
    const size_t n = t->sides * places(t), columns = t->matrix->columns;
    const struct tile_options *o = t->options;
    double *own = NEW(n, double), all = 0;
    for (size_t k = 0; k < n; k++) {
        own[k] = top_values_quantile(&t->top[k]);
        all = fmax(all, own[k]);
        top_values_free(&t->top[k]);
    }
    free(t->top);
    t->top = NULL;
    for (size_t k = 0; k < n; k++) {
        const size_t first = k / columns * columns; /* a tile's columns lie side by side */
        t->range[k] = o->adc_per == SHARE_LAYER ? all : own[k];
        for (size_t i = first; o->adc_per == SHARE_TILE && i < first + columns; i++)
            if (together(t, k, i))
                t->range[k] = fmax(t->range[k], own[i]);
        if (!(t->range[k] > 0))
            t->range[k] = o->volt * (o->mapping.g_max - o->mapping.g_min);
    }
    free(own);
    t->calibrated = true;
}

/* -------------------------------------------------------------------------------------- reads */

static double *work(double **array, size_t *capacity, size_t n)
{
    return *array = memory_grow(*array, capacity, n, sizeof **array);
}

static double *grow(struct tiled_matrix *t, size_t which, size_t n)
{
    double **const arrays[] = {&t->v, &t->current, &t->square, &t->product};
    return work(arrays[which], &t->capacity[which], n);
}

/* The currents of column c of a row of tiles, n of them `step` apart: converted, or seen for the range. */
static void convert(struct tiled_matrix *t, size_t at, size_t n, size_t step, double *current)
{
    for (size_t r = 0; t->top && r < n; r++)
        top_values_add(&t->top[at], fabs(current[r * step]));
    if (!t->calibrated || t->options->adc_bits == 0)
        return;
    const struct adc adc = {t->options->adc_bits, t->range[at]};
    const size_t columns = t->matrix->columns, width = t->options->form.columns;
    const size_t column_tiles = (columns + width - 1) / width, line = at % places(t) / columns;
    struct tile_pair *p = &t->pairs[line * column_tiles + at % columns / width];
    p->clipped += (double)adc_convert(&adc, n, step, current);
    p->converted += (double)n;
}

/* Currents of all columns of a row of tiles, added to the results with that sign. */
static void read_row(struct tiled_matrix *t, const struct products *p, size_t row_tile, size_t side,
                     double sign)
{
    const struct matrix_layer *m = t->matrix;
    const size_t first = row_tile * t->options->form.rows, rows = rows_of(t, row_tile);
    double *current = grow(t, 1, p->n * m->columns);
    const struct matrix_view w = {t->w[side] + p->group * m->columns * m->rows + first, m->rows,
                                  p->by_vector};
    if (p->by_vector) {
        const struct matrix_view v = {t->v + first, m->rows, false};
        const struct matrix_result r = {p->n, m->columns, rows, 1, 0, current, m->columns};
        matrix_multiply(&v, &w, &r);
    } else {
        const struct matrix_view v = {t->v + first * p->n, p->n, false};
        const struct matrix_result r = {m->columns, p->n, rows, 1, 0, current, p->n};
        matrix_multiply(&w, &v, &r);
    }
    const size_t step = p->by_vector ? m->columns : 1;
    for (size_t c = 0; c < m->columns; c++) {
        const size_t from = p->by_vector ? c : c * p->n, at = place(t, p->group, row_tile, c);
        const double factor = (side == 1 ? -sign : sign) * t->factor[at] * t->x_max;
        convert(t, side * places(t) + at, p->n, step, current + from);
        for (size_t r = 0; r < p->n; r++)
            p->y[from + r * step] += factor * current[from + r * step];
    }
}

/* What the drivers of a row of tiles deliver: v' Y v of each read. */
static void add_energy(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                       double *energy)
{
    const size_t first = row_tile * t->options->form.rows, rows = rows_of(t, row_tile);
    const size_t at = p->group * t->row_tiles + row_tile;
    const double scale = t->options->volt * t->options->volt * t->options->read_time;
    const struct matrix_view v = p->by_vector
                                     ? (struct matrix_view){t->v + first, t->matrix->rows, false}
                                     : (struct matrix_view){t->v + first * p->n, p->n, true};
    if (!p->by_vector) { /* all reads of one image */
        double *c = grow(t, 2, rows * rows);
        memset(c, 0, rows * rows * sizeof *c);
        const struct matrix_square square = {p->n, rows, 1, c, rows};
        matrix_add_square(&v, &square);
        matrix_mirror(rows, rows, c);
        energy[p->image] += scale * lines_forms_sum(rows, t->delivered[at], c);
        for (size_t k = 0; k < rows * rows; k++)
            t->moments[at][k] += c[k];
        return;
    }
    double *product = grow(t, 3, p->n * rows);
    const struct matrix_view y = {t->delivered[at], rows, false};
    const struct matrix_result r = {p->n, rows, rows, 1, 0, product, rows};
    matrix_multiply(&v, &y, &r);
    for (size_t k = 0; k < p->n; k++) {
        double sum = 0;
        for (size_t i = 0; i < rows; i++)
            sum += product[k * rows + i] * v.a[k * v.stride + i];
        energy[p->image + k / t->matrix->reads] += scale * sum;
    }
    const struct matrix_square square = {p->n, rows, 1, t->moments[at], rows};
    matrix_add_square(&v, &square);
    matrix_mirror(rows, rows, t->moments[at]);
}

/* Fractions of V on the rows; with two phases, of the inputs above 0, then of those below. */
static void drive(struct tiled_matrix *t, const struct products *p, size_t phase)
{
    const size_t n = p->n * t->matrix->rows;
    double *v = grow(t, 0, n);
    const double *x = p->x;
    if (t->phases == 2) {
        const double sign = phase == 0 ? 1 : -1;
        for (size_t k = 0; k < n; k++)
            v[k] = sign * p->x[k] > 0 ? sign * p->x[k] : 0;
        x = v;
    }
    const size_t clipped = dac_convert(t->options->dac_bits, t->x_max, n, x, v);
    t->inputs += t->calibrated ? (double)n : 0;
    t->inputs_clipped += t->calibrated ? (double)clipped : 0;
}

void tiled_matrix_read(struct tiled_matrix *t, const struct products *p, double *energy)
{
    memset(p->y, 0, p->n * t->matrix->columns * sizeof *p->y);
    for (size_t phase = 0; phase < t->phases; phase++) {
        drive(t, p, phase);
        for (size_t row_tile = 0; row_tile < t->row_tiles; row_tile++) {
            for (size_t side = 0; side < t->sides; side++)
                read_row(t, p, row_tile, side, phase == 0 ? 1 : -1);
            if (t->calibrated)
                add_energy(t, p, row_tile, energy);
        }
    }
}

/* ------------------------------------------------------------------------------------ energies */

/* sum of form(i, k) c(i, k) over the rows that are used. */
static double used_sum(size_t rows, size_t stride, const double *form, const double *c)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < rows; k++)
            sum += form[i * stride + k] * c[i * rows + k];
    return sum;
}

struct tile_energy tiled_matrix_energy(const struct tiled_matrix *t, size_t pair)
{
    const struct tile_pair *p = &t->pairs[pair];
    const double *c = t->moments[p->group * t->row_tiles + p->row / t->options->form.rows];
    const double scale = t->options->volt * t->options->volt * t->options->read_time;
    struct tile_energy e = {0};
    for (size_t s = 0; s < 2; s++) {
        const struct lines_forms *f = p->forms[s];
        for (size_t k = 0; k < LINES_CLASSES; k++)
            e.by_class[k] += scale * used_sum(p->rows, f->rows, f->power[k], c);
        e.delivered += scale * used_sum(p->rows, f->rows, f->y, c);
    }
    return e;
}
