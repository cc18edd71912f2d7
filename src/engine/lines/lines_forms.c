/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows run along, columns across (lines_elimination.h), whatever the shape: with 1 V on each row in turn
 * the voltages of column j's row nodes are the m x m matrix
 *
 *     R(j) = A(j) R(j-1),    R(-1) = 1
 *
 * and with C(j) those of its column nodes, U = R - C is across the devices and F = D U flows through them.
 * Sums of F down the column are currents of its segments, sums of F from the last column on those of the
 * rows' segments. */
#include "engine/lines/lines_forms.h"

#include "base/matrix/matrix.h"
#include "base/memory.h"
#include "base/wide.h"
#include "engine/lines/lines_elimination.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the pass works on; blocks are m x stride. */
struct pass {
    const struct lines_array *array;
    struct lines_forms *forms;
    struct lines_slices slices;
    double *power[LINES_CLASSES]; /* blocks: the forms, above the diagonal */
    double *r, *before, *c, *work;
    double *u; /* the caller's, or NULL: voltages across devices */
};

static void pass_free(struct pass *p)
{
    lines_slices_free(&p->slices);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        free(p->power[k]);
    free(p->r);
    free(p->before);
    free(p->c);
    free(p->work);
}

void lines_forms_free(struct lines_forms *f)
{
    if (!f)
        return;
    free(f->w);
    free(f->y);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        free(f->power[k]);
    free(f);
}

/* c = (T + D)^-1 D r: the column's nodes. */
static void column_nodes(const struct lines_slices *w, size_t j, const double *r, double *c)
{
    const size_t n = w->stride;
    for (size_t k = 0; k < w->s; k++)
        lines_scaled_sum(n, w->g[j * n + k], r + k * n, 0, NULL, c + k * n);
    lines_slices_across(w, j, n, n, c);
}

/* Squares of `rows` rows of currents [A] through `ohm`, or of anything by a factor, to a class's form. */
static void add_squares(struct pass *p, enum lines_class class, size_t rows, double ohm,
                        const double *current)
{
    const struct matrix_view x = {current, p->slices.stride, false};
    const struct matrix_square square = {rows, p->slices.s, ohm, p->power[class], p->slices.stride};
    if (ohm > 0)
        matrix_add_square(&x, &square);
}

/* p->work: roots of the powers at column j's crossings; those of devices, and of their switches. */
static void crossing_powers(struct pass *p, size_t j)
{
    const size_t s = p->slices.s, n = p->slices.stride, columns = p->array->columns;
    const double *part = p->array->part;
    for (size_t k = 0; part && k < s; k++)
        lines_scaled_sum(n, sqrt(1 - part[k * columns + j]), p->work + k * n, 0, NULL,
                         p->c + k * n);
    if (part)
        add_squares(p, LINES_SELECTS, s, 1, p->c);
    for (size_t k = 0; part && k < s; k++)
        lines_scaled_sum(n, sqrt(part[k * columns + j]), p->work + k * n, 0, NULL, p->work + k * n);
    add_squares(p, LINES_DEVICES, s, 1, p->work);
}

/* Powers of column j's devices and segments; the devices' currents F take the place of A(j). */
static void column_powers(struct pass *p, size_t j)
{
    const struct lines_slices *w = &p->slices;
    const size_t s = w->s, n = w->stride;
    const double *g = w->g + j * n;
    double *f = w->step + j * s * n;
    column_nodes(w, j, p->r, p->c);
    for (size_t k = 0; p->u && k < s; k++)
        lines_scaled_sum(s, 1, p->r + k * n, -1, p->c + k * n, p->u + (j * s + k) * s);
    for (size_t k = 0; k < s; k++) {
        lines_scaled_sum(n, sqrt(g[k]), p->r + k * n, -1, p->c + k * n, p->work + k * n);
        lines_scaled_sum(n, sqrt(g[k]), p->work + k * n, 0, NULL, f + k * n);
    }
    crossing_powers(p, j);
    for (size_t k = 0; k < s; k++) /* down the column, the last into the sense */
        lines_scaled_sum(n, 1, f + k * n, 1, k > 0 ? p->work + (k - 1) * n : NULL, p->work + k * n);
    add_squares(p, LINES_COLUMN_SEGMENTS, s, p->array->column_ohm, p->work);
    add_squares(p, LINES_SENSES, 1, p->array->sense_ohm, p->work + (s - 1) * n);
}

static void forward(struct pass *p)
{
    const struct lines_slices *w = &p->slices;
    const size_t s = w->s, n = w->stride;
    for (size_t k = 0; k < s; k++)
        p->before[k * n + k] = 1;
    for (size_t j = 0; j < w->l; j++) {
        const struct matrix_view a = {w->step + j * s * n, n, false}, x = {p->before, n, false};
        const struct matrix_result r = {s, s, s, 1, 0, p->r, n};
        matrix_multiply(&a, &x, &r);
        column_powers(p, j);
        double *swap = p->before;
        p->before = p->r;
        p->r = swap;
    }
}

/* Sums of the devices' currents from the last column on are those of the rows; the first is Y. */
static void backward(struct pass *p)
{
    const struct lines_slices *w = &p->slices;
    const size_t s = w->s, n = w->stride;
    double *sum = p->work;
    memset(sum, 0, s * n * sizeof *sum);
    for (size_t j = w->l; j-- > 0;) {
        lines_scaled_sum(s * n, 1, sum, 1, w->step + j * s * n, sum);
        add_squares(p, LINES_ROW_SEGMENTS, s, p->array->row_ohm, sum);
    }
    add_squares(p, LINES_DRIVERS, s, p->array->driver_ohm, sum);
    for (size_t i = 0; i < s; i++)
        for (size_t k = 0; k < s; k++)
            p->forms->y[i * s + k] = (sum[i * n + k] + sum[k * n + i]) / 2;
}

static void powers_of(struct pass *p)
{
    const size_t s = p->slices.s, n = p->slices.stride, block = s * n;
    p->r = NEW(block, double);
    p->before = NEW(block, double);
    p->c = NEW(block, double);
    p->work = NEW(block, double);
    p->forms->y = NEW(s * s, double);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        p->power[k] = NEW(block, double);
    forward(p);
    backward(p);
    for (size_t k = 0; k < LINES_CLASSES; k++) {
        matrix_mirror(s, n, p->power[k]);
        p->forms->power[k] = NEW(s * s, double);
        for (size_t i = 0; i < s; i++)
            memcpy(p->forms->power[k] + i * s, p->power[k] + i * n, s * sizeof(double));
    }
}

static enum status make(const struct lines_array *a, bool powers, double *u,
                        struct lines_forms **forms, struct error *error)
{
    const size_t m = a->rows, n = a->columns;
    *forms = NULL;
    const enum status status = lines_array_check(a, error);
    if (status != STATUS_OK)
        return status;
    if (powers && n > FORMS_NUMBERS_MAX / m / (m + 3))
        return fail(error, STATUS_INPUT,
                    "%zu x %zu devices: powers of so large an array would take %zu GB of memory", m,
                    n, (m * m * n) >> 27);
    struct lines_forms *f = NEW(1, struct lines_forms);
    struct pass p = {.array = a, .forms = f, .u = u};
    f->rows = m;
    f->columns = n;
    lines_slices_of_columns(a, powers, &p.slices);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < m; i++)
            p.slices.g[j * p.slices.stride + i] = a->g[i * n + j];
    const bool done = lines_eliminate(&p.slices);
    if (done) {
        f->w = NEW(n * m, double);
        for (size_t j = 0; j < n; j++)
            memcpy(f->w + j * m, p.slices.transfer + j * p.slices.stride, m * sizeof *f->w);
        if (powers)
            powers_of(&p);
        *forms = f;
    } else
        lines_forms_free(f);
    pass_free(&p);
    return done ? STATUS_OK
                : fail(error, STATUS_NUMERICAL, "elimination of %zu x %zu devices overflows", m, n);
}

enum status lines_forms_new(const struct lines_array *a, bool powers, struct lines_forms **forms,
                            struct error *error)
{
    return make(a, powers, NULL, forms, error);
}

enum status lines_forms_voltages(const struct lines_array *a, double *u, struct lines_forms **forms,
                                 struct error *error)
{
    return make(a, true, u, forms, error);
}

/* Four sums in turn: one would wait for each addition. */
WIDE double lines_forms_sum(size_t n, const double *form, const double *c)
{
    double sum[4] = {0}, rest = 0;
    size_t k = 0;
    for (; k + 4 <= n * n; k += 4)
        for (size_t i = 0; i < 4; i++)
            sum[i] += form[k + i] * c[k + i];
    for (; k < n * n; k++)
        rest += form[k] * c[k];
    return sum[0] + sum[1] + sum[2] + sum[3] + rest;
}

double lines_forms_at(size_t n, const double *form, const double *v)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            sum += v[i] * form[i * n + k] * v[k];
    return sum;
}
