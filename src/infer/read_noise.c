/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/read_noise.h"

#include "base/matrix/matrix.h"
#include "base/memory.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct read_noise *read_noise_new(size_t rows, size_t columns, bool square, bool devices)
{
    struct read_noise *noise = NEW(1, struct read_noise);
    *noise = (struct read_noise){.rows = rows, .columns = columns, .square = square};
    noise->form = devices ? NEW(columns * rows * (square ? 1 : rows), double) : NULL;
    noise->thermal = NEW(columns, double);
    return noise;
}

void read_noise_free(struct read_noise *noise)
{
    if (!noise)
        return;
    free(noise->form);
    free(noise->thermal);
    free(noise->work);
    free(noise);
}

/* The array seen from its senses: column j becomes row n-1-j, row i column m-1-i, so that the near ends of its
 * rows are the senses and the far ends of its columns the drivers. */
static void turn(const struct lines_array *a, double *g, bool *open, struct lines_array *turned)
{
    const size_t m = a->rows, n = a->columns;
    for (size_t j = 0; a->column_open && j < n; j++)
        open[n - 1 - j] = a->column_open[j];
    for (size_t i = 0; a->row_open && i < m; i++)
        open[n + m - 1 - i] = a->row_open[i];
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            g[(n - 1 - j) * m + (m - 1 - i)] = a->g[i * n + j];
    *turned = (struct lines_array){.rows = n,
                                   .columns = m,
                                   .g = g,
                                   .row_ohm = a->column_ohm,
                                   .column_ohm = a->row_ohm,
                                   .driver_ohm = a->sense_ohm,
                                   .sense_ohm = a->driver_ohm,
                                   .row_open = a->column_open ? open : NULL,
                                   .column_open = a->row_open ? open + n : NULL};
}

/* Voltages per volt across the devices of an array, from both of its sides. */
struct voltages {
    double *u; /* (j m + i) m + k: device (i, j) for row k */
    double *z; /* (i' n + j') n + l': the same of the turned array */
};

/* Of the conductance of a crossing [S]: g' = 1/(1/g + R) moves by (g'/g)^2 dg. */
static double device_sigma(const struct read_noise_tile *t, size_t k)
{
    return t->sigma * t->array->g[k] * (t->array->part ? t->array->part[k] : 1);
}

/* Q_j of one column, from all devices of the tile, to the upper triangle. */
static void add_form(const struct read_noise_tile *t, const struct voltages *x, size_t j,
                     double *scaled, double *sum)
{
    const struct lines_array *a = t->array;
    const size_t m = a->rows, n = a->columns, l = n - 1 - j;
    for (size_t c = 0; c < n; c++)
        for (size_t i = 0; i < m; i++) {
            const double z = x->z[((m - 1 - i) * n + (n - 1 - c)) * n + l],
                         weight = t->volt * device_sigma(t, i * n + c) * z;
            const double *u = x->u + (c * m + i) * m;
            for (size_t k = 0; k < m; k++)
                scaled[(c * m + i) * m + k] = weight * u[k];
        }
    const struct matrix_view rows = {scaled, m, false};
    const struct matrix_square square = {m * n, m, 1, sum, m};
    matrix_add_square(&rows, &square);
}

static void add_devices(struct read_noise *noise, const struct read_noise_tile *t,
                        const struct voltages *x)
{
    const size_t m = t->array->rows, n = t->array->columns, rows = noise->rows;
    double *scaled = NEW(m * n * m, double), *sum = NEW(m * m, double);
    for (size_t j = 0; j < t->columns; j++) {
        double *form = noise->form + (t->column + j) * rows * rows;
        memset(sum, 0, m * m * sizeof *sum);
        add_form(t, x, j, scaled, sum);
        matrix_mirror(m, m, sum);
        for (size_t i = 0; i < rows; i++)
            for (size_t k = 0; k < rows; k++)
                form[i * rows + k] += sum[i * m + k];
    }
    free(scaled);
    free(sum);
}

/* Without lines, drivers and senses only the column's own devices count, each by its row alone. */
static void add_squares(struct read_noise *noise, const struct read_noise_tile *t)
{
    const struct lines_array *a = t->array;
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < noise->rows; i++) {
            const double part = t->volt * device_sigma(t, i * a->columns + j);
            noise->form[(t->column + j) * noise->rows + i] += part * part;
        }
}

enum status read_noise_add(struct read_noise *noise, const struct read_noise_tile *t,
                           struct error *error)
{
    const struct lines_array *a = t->array;
    const size_t m = a->rows, n = a->columns;
    const bool full = noise->form && !noise->square;
    struct voltages x = {full ? NEW(n * m * m, double) : NULL, NEW(m * n * n, double)};
    double *g = NEW(m * n, double);
    bool *open = NEW(m + n, bool);
    struct lines_array turned;
    struct lines_forms *forms = NULL, *seen = NULL;
    turn(a, g, open, &turned);
    enum status status = lines_forms_voltages(&turned, x.z, &seen, error);
    if (status == STATUS_OK && full)
        status = lines_forms_voltages(a, x.u, &forms, error);
    if (status == STATUS_OK) {
        for (size_t j = 0; j < t->columns; j++)
            noise->thermal[t->column + j] += t->thermal * seen->y[(n - 1 - j) * n + (n - 1 - j)];
        if (full)
            add_devices(noise, t, &x);
        else if (noise->form)
            add_squares(noise, t);
    }
    lines_forms_free(forms);
    lines_forms_free(seen);
    free(x.u);
    free(x.z);
    free(g);
    free(open);
    return status;
}

/* variance[r] = v' Q v of each read. */
static void quadratic(const double *form, size_t rows, const struct read_noise_reads *p,
                      double *product, double *variance)
{
    const struct matrix_view v = {p->v, p->along == 1 ? p->between : p->along, p->along != 1},
                             q = {form, rows, false};
    const struct matrix_result r = {p->n, rows, rows, 1, 0, product, rows};
    matrix_multiply(&v, &q, &r);
    for (size_t k = 0; k < p->n; k++) {
        variance[k] = 0;
        for (size_t i = 0; i < rows; i++)
            variance[k] += product[k * rows + i] * p->v[i * p->along + k * p->between];
    }
}

static void squares(const double *form, size_t rows, const struct read_noise_reads *p,
                    double *variance)
{
    memset(variance, 0, p->n * sizeof *variance);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < p->n; k++) {
            const double v = p->v[i * p->along + k * p->between];
            variance[k] += form[i] * v * v;
        }
}

void read_noise_draw(struct read_noise *noise, size_t column, const struct read_noise_reads *p,
                     gsl_rng *rng, double *current)
{
    const size_t rows = noise->rows;
    noise->work = memory_grow(noise->work, &noise->capacity, p->n * (rows + 1), sizeof(double));
    double *variance = noise->work, *product = noise->work + p->n;
    if (!noise->form)
        memset(variance, 0, p->n * sizeof *variance);
    else if (noise->square)
        squares(noise->form + column * rows, rows, p, variance);
    else
        quadratic(noise->form + column * rows * rows, rows, p, product, variance);
    for (size_t k = 0; k < p->n; k++)
        current[k * p->step] +=
            sqrt(fmax(variance[k], 0) + noise->thermal[column]) * gsl_ran_gaussian_ziggurat(rng, 1);
}
