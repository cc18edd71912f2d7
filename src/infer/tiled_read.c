/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads of a layer's tiles, and what they cost. */
#include "base/matrix/matrix.h"
#include "base/memory.h"
#include "base/wide.h"
#include "infer/converter.h"
#include "infer/tiled_internal.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static double *work(struct tiled_matrix *t, size_t which, size_t n)
{
    return t->work[which] = memory_grow(t->work[which], &t->capacity[which], n, sizeof(double));
}

static bool bipolar(const struct tiled_matrix *t)
{
    return t->options->sign == SIGNED_BIPOLAR && t->x_min < 0;
}

/* A row of tiles on one side that is read: its place, that of its first column in factor[] and range[], and
 * the sign of its currents times X. */
struct tiled_row {
    size_t tile, side, factor, range;
    double scale;
    uint32_t (*count)[CODE_PARTS]; /* 2 x CODE_PARTS: codes */
};

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

/* Vectors below which codes in single precision gain nothing. */
#define CODES_LEAST 64

/* One of eight conversions, `step` numbers apart.  Runs of equal codes would wait for one counter, so that
 * there are two in turn. */
#define COUNTED 8

static void count_codes(double range, size_t n, size_t step, const double *current,
                        uint32_t (*count)[CODE_PARTS])
{
    for (size_t r = 0; r < n; r++) {
        const double part = floor((current[r * step] / range + 1) / 2 * CODE_PARTS),
                     raised = part < 0 ? 0 : part;
        count[r % 2][(size_t)(raised < CODE_PARTS ? raised : CODE_PARTS - 1)]++;
    }
}

static void add_noise(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                      size_t side, size_t column, double *current)
{
    const size_t first = row_tile * t->options->form.rows, rows = t->rows,
                 line = side * tiled_lines(t) + tiled_line(t, p->group, row_tile);
    const double *v = t->work[VOLTS];
    const struct read_noise_reads reads =
        p->by_vector ? (struct read_noise_reads){p->n, 1, rows, t->matrix->columns, v + first}
                     : (struct read_noise_reads){p->n, p->n, 1, 1, v + first * p->n};
    read_noise_draw(t->noise[line], column, &reads, t->rng, current);
}

/* Currents of all columns of a row of tiles: columns x n, or with p->by_vector n x columns. */
static void multiply(struct tiled_matrix *t, const struct products *p, const struct tiled_row *row)
{
    const struct matrix_layer *m = t->matrix;
    const size_t first = row->tile * t->options->form.rows, rows = tiled_rows(t, row->tile);
    double *current = work(t, CURRENT, p->n * m->columns);
    const struct matrix_view w = {t->w[row->side] + p->group * m->columns * t->rows + first,
                                  t->rows, p->by_vector};
    if (p->by_vector) {
        const struct matrix_view v = {t->work[VOLTS] + first, t->rows, false};
        const struct matrix_result r = {p->n, m->columns, rows, 1, 0, current, m->columns};
        matrix_multiply(&v, &w, &r);
    } else {
        const struct matrix_view v = {t->work[VOLTS] + first * p->n, p->n, false};
        const struct matrix_result r = {m->columns, p->n, rows, 1, 0, current, p->n};
        matrix_multiply(&w, &v, &r);
    }
}

/* Before codes are taken: noise, and what the converters make of it; or the currents are seen for the ranges. */
static void disturb(struct tiled_matrix *t, const struct products *p, const struct tiled_row *row)
{
    const struct adc_options *a = &t->options->adc;
    const size_t columns = t->matrix->columns, step = p->by_vector ? columns : 1;
    const bool converts = t->calibrated && a->bits > 0;
    if (!t->top && !(t->noise && t->calibrated) && !(converts && (t->gain || a->noise > 0)))
        return;
    for (size_t c = 0; c < columns; c++) {
        double *current = t->work[CURRENT] + (p->by_vector ? c : c * p->n);
        if (t->noise && t->calibrated)
            add_noise(t, p, row->tile, row->side, c, current);
        for (size_t r = 0; t->top && r < p->n; r++)
            top_values_add(&t->top[row->range + c], fabs(current[r * step]));
        if (converts)
            distort(t, row->range + c, p->n, step, current);
    }
}

/* y += factor current, in the columns from `from` to `to`, as they are or converted; returns how many clip. */
static size_t take_across(struct tiled_matrix *t, const struct products *p,
                          const struct tiled_row *row, size_t from, size_t to)
{
    const unsigned bits = t->calibrated ? (unsigned)t->options->adc.bits : 0;
    size_t clipped = 0;
    for (size_t c = from; c < to; c++) {
        const double factor = row->scale * t->factor[row->factor + c];
        const struct adc adc = {bits, t->range[row->range + c]};
        double *current = t->work[CURRENT] + c * p->n, *y = p->y + c * p->n;
        for (size_t r = 0; bits == 0 && r < p->n; r++)
            y[r] += factor * current[r];
        if (bits == 0)
            continue;
        clipped += adc_convert(&adc, p->n, factor, current, y);
        count_codes(adc.range, (p->n + COUNTED - 1) / COUNTED, COUNTED, current, row->count);
    }
    return clipped;
}

static size_t take_vectors(struct tiled_matrix *t, const struct products *p,
                           const struct tiled_row *row, size_t from, size_t to)
{
    const size_t columns = t->matrix->columns;
    const double *factor = t->factor + row->factor, *range = t->range + row->range;
    const struct adc_row converters = {t->calibrated ? (unsigned)t->options->adc.bits : 0,
                                       row->scale, range + from, factor + from};
    size_t clipped = 0;
    for (size_t r = 0; r < p->n; r++) {
        double *current = t->work[CURRENT] + r * columns, *y = p->y + r * columns;
        for (size_t c = from; converters.bits == 0 && c < to; c++)
            y[c] += row->scale * factor[c] * current[c];
        if (converters.bits == 0)
            continue;
        clipped += adc_convert_row(&converters, to - from, current + from, y + from);
        for (size_t c = from; r % COUNTED == 0 && c < to; c++)
            count_codes(range[c], 1, 1, current + c, row->count);
    }
    return clipped;
}

/* Currents of a row of tiles, added to the results with that sign. */
static void read_row(struct tiled_matrix *t, const struct products *p, size_t row_tile, size_t side,
                     double sign, double *energy)
{
    const size_t columns = t->matrix->columns, width = t->options->form.columns,
                 place = tiled_place(t, p->group, row_tile, 0);
    uint32_t count[2][CODE_PARTS] = {{0}};
    const struct tiled_row row = {.tile = row_tile,
                                  .side = side,
                                  .factor = place,
                                  .range = side * tiled_places(t) + place,
                                  .scale = (side == 1 ? -sign : sign) * t->x_max,
                                  .count = count};
    struct tile_pair *pair = t->pairs + place / columns * ((columns + width - 1) / width);
    if (tile_options_bend(t->options))
        tiled_bent_read(t, p, row_tile, side, work(t, CURRENT, p->n * columns), energy);
    else
        multiply(t, p, &row);
    disturb(t, p, &row);
    for (size_t c = 0; c < columns; c += width, pair++) {
        const size_t to = c + width < columns ? c + width : columns;
        pair->clipped += (double)(p->by_vector ? take_vectors : take_across)(t, p, &row, c, to);
        pair->converted +=
            t->calibrated && t->options->adc.bits > 0 ? (double)(p->n * (to - c)) : 0;
    }
    for (size_t k = 0; k < CODE_PARTS; k++)
        t->codes[k] += (double)count[0][k] + (double)count[1][k];
}

/* sum of y(i, k) c(i, k), both n x n and symmetric, c above and on its diagonal alone; c is added to `all`. */
WIDE static double take_square(size_t n, const double *y, const double *restrict c,
                               double *restrict all)
{
    double sum[4] = {0}, rest = 0, diagonal = 0;
    size_t k = 0;
    for (; k + 4 <= n * n; k += 4)
        for (size_t i = 0; i < 4; i++) {
            sum[i] += y[k + i] * c[k + i];
            all[k + i] += c[k + i];
        }
    for (; k < n * n; k++) {
        rest += y[k] * c[k];
        all[k] += c[k];
    }
    for (size_t i = 0; i < n; i++)
        diagonal += y[i * n + i] * c[i * n + i];
    return 2 * (sum[0] + sum[1] + sum[2] + sum[3] + rest) - diagonal;
}

/* The drivers' codes are from 0, or from -last, to `last`; 0: they have none. */
static double last_code(const struct tiled_matrix *t)
{
    if (t->options->encoding == ENCODING_BITS)
        return 1;
    const int bits = t->options->dac_bits - (bipolar(t) ? 1 : 0);
    return t->options->dac_bits == 0 ? 0 : bits > 0 ? ldexp(1, bits) - 1 : 1;
}

/* c += v' v; by codes where enough of them are summed at once. */
static void add_square(struct tiled_matrix *t, const struct matrix_view *v,
                       const struct matrix_square *square)
{
    const double last = last_code(t);
    const size_t exact = last > 0 ? matrix_exact_codes(last) : 0,
                 part = square->k < exact ? square->k : exact;
    if (part < CODES_LEAST) {
        matrix_add_square(v, square);
        return;
    }
    float *room = (float *)work(t, CODES, (square->n + part) * square->n);
    matrix_add_square_of_codes(v, last, square, room);
}

/* all(i, k) += what rows i and k are at V together, in parts of a read, of one read's fractions w[i step];
 * returns the sum of y(i, k) times these.  y is symmetric, `all` above and on its diagonal alone. */
static double take_overlaps(size_t n, size_t step, const double *w, const double *y, double *all)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double own = w[i * step];
        for (size_t k = i; k < n && own != 0; k++) {
            const double other = w[k * step],
                         both = copysign(fmin(fabs(own), fabs(other)), own * other);
            sum += (k == i ? 1 : 2) * y[i * n + k] * both;
            all[i * n + k] += both;
        }
    }
    return sum;
}

/* The same for drivers at V for a part of the time: V' Y V of the rows that are still driven, over the time. */
static void add_widths(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                       double *energy)
{
    const size_t first = row_tile * t->options->form.rows, rows = tiled_rows(t, row_tile),
                 at = tiled_line(t, p->group, row_tile), step = p->by_vector ? 1 : p->n;
    const double scale = t->options->volt * t->options->volt * t->options->read_time;
    for (size_t r = 0; r < p->n; r++) {
        const double *w = t->work[VOLTS] + (p->by_vector ? r * t->rows + first : first * p->n + r);
        energy[p->image + (p->by_vector ? r / t->matrix->reads : 0)] +=
            scale * take_overlaps(rows, step, w, t->delivered[at], t->moments[at]);
    }
}

/* What the drivers of a row of tiles deliver: v' Y v of each read. */
static void add_energy(struct tiled_matrix *t, const struct products *p, size_t row_tile,
                       double *energy)
{
    const size_t first = row_tile * t->options->form.rows, rows = tiled_rows(t, row_tile);
    const size_t at = tiled_line(t, p->group, row_tile);
    const double scale = t->options->volt * t->options->volt * t->options->read_time;
    const double *volts = t->work[VOLTS];
    const struct matrix_view v = p->by_vector
                                     ? (struct matrix_view){volts + first, t->rows, false}
                                     : (struct matrix_view){volts + first * p->n, p->n, true};
    if (!p->by_vector) { /* all reads of one image */
        double *c = work(t, SQUARE, rows * rows);
        memset(c, 0, rows * rows * sizeof *c);
        const struct matrix_square square = {p->n, rows, 1, c, rows};
        add_square(t, &v, &square);
        energy[p->image] += scale * take_square(rows, t->delivered[at], c, t->moments[at]);
        return;
    }
    double *product = work(t, PRODUCT, p->n * rows);
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
    add_square(t, &v, &square);
}

/* A read of a vector: of the inputs above 0, or, in the second phase, of those below; of one bit. */
struct pass {
    size_t phase, plane;
};

/* v[n], fractions of V, to 0 or 1 by a bit of their codes. */
static void take_bit(const struct tiled_matrix *t, size_t plane, size_t n, double *v)
{
    const double last = ldexp(1, t->options->dac_bits) - 1;
    for (size_t k = 0; k < n; k++)
        v[k] = (double)((unsigned)(v[k] * last + 0.5) >> plane & 1);
}

/* v[n], which may be x: fractions of V for x[n]; returns how many clip. */
static size_t find_fractions(const struct tiled_matrix *t, const struct pass *pass, size_t n,
                             const double *x, double *v)
{
    const unsigned bits = (unsigned)t->options->dac_bits;
    const size_t phase = pass->phase;
    if (t->phases == 2) {
        const double sign = phase == 0 ? 1 : -1;
        for (size_t k = 0; k < n; k++)
            v[k] = sign * x[k] > 0 ? sign * x[k] : 0;
        x = v;
    }
    const size_t clipped = bipolar(t) ? dac_convert_signed(bits, t->x_max, n, x, v)
                                      : dac_convert(bits, t->x_max, n, x, v);
    if (t->options->encoding == ENCODING_BITS)
        take_bit(t, pass->plane, n, v);
    return clipped;
}

/* Fractions of the inputs; returns how many clip.  Windows overlap: inputs are converted before they are laid
 * out, unless some of them clip, which are counted in each window, or 0, beyond the edges, is not 0 V. */
static size_t drive_inputs(struct tiled_matrix *t, const struct products *p,
                           const struct pass *pass, double *v)
{
    const struct matrix_layer *m = t->matrix;
    if (p->room && !(bipolar(t) && t->options->dac_bits == 1)) {
        const struct window *w = &m->window;
        const size_t inputs = w->channels / m->groups * w->axis[0].in * w->axis[1].in;
        double *coded = work(t, CODED, inputs);
        if (find_fractions(t, pass, inputs, p->x, coded) == 0) {
            matrix_layer_windows(m, coded, v);
            return 0;
        }
    }
    return find_fractions(t, pass, p->n * m->rows, products_vectors(p), v);
}

/* Rows of biases are inputs of bias_input, among those above 0.  By vector, they make room between vectors. */
static void drive_biases(struct tiled_matrix *t, const struct products *p, const struct pass *pass,
                         double *v)
{
    const size_t rows = t->matrix->rows, all = t->rows;
    double fraction = 0;
    if (pass->phase == 0)
        find_fractions(t, pass, 1, &t->bias_input, &fraction);
    for (size_t k = rows * p->n; !p->by_vector && k < all * p->n; k++)
        v[k] = fraction;
    for (size_t r = p->n; p->by_vector && r-- > 0;) {
        memmove(v + r * all, v + r * rows, rows * sizeof *v);
        for (size_t i = rows; i < all; i++)
            v[r * all + i] = fraction;
    }
}

static void drive(struct tiled_matrix *t, const struct products *p, const struct pass *pass)
{
    const size_t rows = t->rows, n = p->n * t->matrix->rows;
    double *v = work(t, VOLTS, p->n * rows);
    const size_t clipped = drive_inputs(t, p, pass, v);
    if (rows > t->matrix->rows)
        drive_biases(t, p, pass, v);
    t->inputs += t->calibrated && pass->plane == 0 ? (double)n : 0;
    t->inputs_clipped += t->calibrated && pass->plane == 0 ? (double)clipped : 0;
    for (size_t i = 0; t->use && t->top && i < rows; i++)
        (t->options->encoding == ENCODING_WIDTH ? row_use_add_widths : row_use_add)(
            &t->use[p->group * rows + i], p->n, p->by_vector ? rows : 1,
            p->by_vector ? v + i : v + i * p->n);
}

/* The layer adds its biases to what has come through their rows. */
static void take_biases_back(const struct tiled_matrix *t, const struct products *p)
{
    const struct matrix_layer *m = t->matrix;
    for (size_t c = 0; t->rows > m->rows && c < m->columns; c++)
        for (size_t r = 0; r < p->n; r++)
            p->y[p->by_vector ? r * m->columns + c : c * p->n + r] -=
                m->bias[p->group * m->columns + c];
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
    const size_t planes = tile_options_planes(t->options);
    for (size_t k = 0; k < t->phases * planes; k++) {
        const struct pass pass = {k / planes, k % planes};
        const double weight =
            planes > 1 ? ldexp(1, (int)pass.plane) / (ldexp(1, (int)planes) - 1) : 1;
        drive(t, p, &pass);
        for (size_t row_tile = 0; row_tile < t->row_tiles; row_tile++) {
            for (size_t side = 0; side < t->sides; side++)
                read_row(t, p, row_tile, side, pass.phase == 0 ? weight : -weight, energy);
            if (t->calibrated && !tile_options_bend(t->options))
                (t->options->encoding == ENCODING_WIDTH ? add_widths : add_energy)(t, p, row_tile,
                                                                                   energy);
        }
    }
    take_biases_back(t, p);
    retune(t, p);
}
