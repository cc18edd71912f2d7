/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads of a layer's tiles, and what they cost. */
#include "base/matrix/matrix.h"
#include "base/memory.h"
#include "infer/converter.h"
#include "infer/tiled_internal.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

static double *work(double **array, size_t *capacity, size_t n)
{
    return *array = memory_grow(*array, capacity, n, sizeof **array);
}

static double *grow(struct tiled_matrix *t, size_t which, size_t n)
{
    double **const arrays[] = {&t->v, &t->current, &t->square, &t->product};
    return work(arrays[which], &t->capacity[which], n);
}

/* What a converter makes of currents before it takes their codes. */
static void distort(struct tiled_matrix *t, size_t at, size_t n, size_t step, double *current)
{
    const struct adc_options *a = &t->options->adc;
    const double width = ldexp(t->range[at], 1 - a->bits);
    for (size_t r = 0; t->gain && r < n; r++)
        current[r * step] = t->gain[at] * current[r * step] + t->offset[at] * width;
    for (size_t r = 0; a->noise > 0 && r < n; r++)
        current[r * step] += gsl_ran_gaussian_ziggurat(t->rng, a->noise * width);
}

/* Of every eighth conversion. */
static void count_codes(struct tiled_matrix *t, double range, size_t n, size_t step,
                        const double *current)
{
    for (size_t r = 0; r < n; r += 8) {
        const double part = floor((current[r * step] / range + 1) / 2 * CODE_PARTS);
        t->codes[part < 0 ? 0 : part < CODE_PARTS ? (size_t)part : CODE_PARTS - 1]++;
    }
}

/* The currents of column c of a row of tiles, n of them `step` apart: converted, or seen for the range. */
static void convert(struct tiled_matrix *t, size_t at, size_t n, size_t step, double *current)
{
    for (size_t r = 0; t->top && r < n; r++)
        top_values_add(&t->top[at], fabs(current[r * step]));
    if (!t->calibrated || t->options->adc.bits == 0)
        return;
    distort(t, at, n, step, current);
    const struct adc adc = {(unsigned)t->options->adc.bits, t->range[at]};
    const size_t columns = t->matrix->columns, width = t->options->form.columns;
    const size_t column_tiles = (columns + width - 1) / width,
                 line = at % tiled_places(t) / columns;
    struct tile_pair *p = &t->pairs[line * column_tiles + at % columns / width];
    p->clipped += (double)adc_convert(&adc, n, step, current);
    p->converted += (double)n;
    count_codes(t, adc.range, n, step, current);
}

static void add_noise(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                      size_t side, size_t column, double *current)
{
    const size_t first = row_tile * t->options->form.rows, rows = t->matrix->rows,
                 line = side * tiled_lines(t) + tiled_line(t, p->group, row_tile);
    const struct read_noise_reads reads =
        p->by_vector ? (struct read_noise_reads){p->n, 1, rows, t->matrix->columns, t->v + first}
                     : (struct read_noise_reads){p->n, p->n, 1, 1, t->v + first * p->n};
    read_noise_draw(t->noise[line], column, &reads, t->rng, current);
}

/* Currents of all columns of a row of tiles of ohmic devices. */
static void multiply_row(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                         size_t side, double *current)
{
    const struct matrix_layer *m = t->matrix;
    const size_t first = row_tile * t->options->form.rows, rows = tiled_rows(t, row_tile);
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
}

/* Those of any devices, `current`, added to the results with that sign. */
static void add_row(struct tiled_matrix *t, const struct products *p, size_t row_tile, size_t side,
                    double sign, double *current)
{
    const struct matrix_layer *m = t->matrix;
    const size_t step = p->by_vector ? m->columns : 1;
    for (size_t c = 0; c < m->columns; c++) {
        const size_t from = p->by_vector ? c : c * p->n, at = tiled_place(t, p->group, row_tile, c);
        const double factor = (side == 1 ? -sign : sign) * t->factor[at] * t->x_max;
        if (t->noise && t->calibrated)
            add_noise(t, p, row_tile, side, c, current + from);
        convert(t, side * tiled_places(t) + at, p->n, step, current + from);
        for (size_t r = 0; r < p->n; r++)
            p->y[from + r * step] += factor * current[from + r * step];
    }
}

/* What the drivers of a row of tiles deliver: v' Y v of each read. */
static void add_energy(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                       double *energy)
{
    const size_t first = row_tile * t->options->form.rows, rows = tiled_rows(t, row_tile);
    const size_t at = tiled_line(t, p->group, row_tile);
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
    const bool both = t->options->sign == SIGNED_BIPOLAR && t->x_min < 0;
    double *v = grow(t, 0, n);
    const double *x = p->x;
    if (t->phases == 2) {
        const double sign = phase == 0 ? 1 : -1;
        for (size_t k = 0; k < n; k++)
            v[k] = sign * p->x[k] > 0 ? sign * p->x[k] : 0;
        x = v;
    }
    const unsigned bits = (unsigned)t->options->dac_bits;
    const size_t clipped =
        both ? dac_convert_signed(bits, t->x_max, n, x, v) : dac_convert(bits, t->x_max, n, x, v);
    t->inputs += t->calibrated ? (double)n : 0;
    t->inputs_clipped += t->calibrated ? (double)clipped : 0;
    const size_t rows = t->matrix->rows;
    for (size_t i = 0; t->use && t->top && i < rows; i++)
        row_use_add(&t->use[p->group * rows + i], p->n, p->by_vector ? rows : 1,
                    p->by_vector ? v + i : v + i * p->n);
}

/* Results as the fitted lines have them. */
static void retune(const struct tiled_matrix *t, const struct products *p)
{
    const size_t columns = t->matrix->columns;
    for (size_t c = 0; t->retune && c < columns; c++)
        retune_apply(t->retune, p->group * columns + c, p->n, p->by_vector ? columns : 1,
                     p->by_vector ? p->y + c : p->y + c * p->n);
}

void tiled_matrix_read(struct tiled_matrix *t, const struct products *p, double *energy)
{
    memset(p->y, 0, p->n * t->matrix->columns * sizeof *p->y);
    for (size_t phase = 0; phase < t->phases; phase++) {
        drive(t, p, phase);
        for (size_t row_tile = 0; row_tile < t->row_tiles; row_tile++) {
            double *current = grow(t, 1, p->n * t->matrix->columns);
            for (size_t side = 0; side < t->sides; side++) {
                if (tile_options_bend(t->options))
                    tiled_bent_read(t, p, row_tile, side, current, energy);
                else
                    multiply_row(t, p, row_tile, side, current);
                add_row(t, p, row_tile, side, phase == 0 ? 1 : -1, current);
            }
            if (t->calibrated && !tile_options_bend(t->options))
                add_energy(t, p, row_tile, energy);
        }
    }
    retune(t, p);
}
