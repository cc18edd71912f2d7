/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns are slices (lines_elimination.h).  With d = i(u) - g_c u through the devices of column j beside what
 * their conductances carry, what its rows see is a current
 *
 *     q(j) = d - D M d       M = (T + D)^-1 of the column
 *     P(j) = q(j) + A(j+1) P(j+1)      of this column and all behind it
 *
 * and then from the drivers on, ohm being what lies before column j in its rows,
 *
 *     r(j) = A(j) (r(j-1) - ohm P(j))      c(j) = M (D r(j) + d)      u = r - c.
 *
 * All are blocks of `rows` x `vectors` numbers, a column of the array after the other. */
#include "engine/lines/lines_bent.h"

#include "base/matrix/matrix.h"
#include "base/memory.h"
#include "base/wide.h"
#include "engine/lines/lines_elimination.h"
#include "engine/lines/lines_power.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROBES 33         /* voltages at which slopes are looked at */
#define POWER_STEPS 200   /* of the power iteration for kappa, */
#define POWER_CHANGE 1e-4 /* ... until it changes by no more than this, */
#define POWER_MARGIN 1.02 /* ... which is below kappa, by less than this */
#define STEPS_MAX 200

/* Work of n vectors. */
struct batch {
    size_t n, capacity;
    double *u, *d, *seen;             /* blocks of all columns: voltages; d; P */
    double *current, *slope, *before; /* a block each */
    double *volts;                    /* rows x n */
    double *norm, *moved;             /* n: of u, of the last step */
};

struct lines_bent {
    struct lines_array array; /* its g: the next */
    double *g;                /* g_c */
    struct lines_bent_devices devices;
    struct lines_slices slices;
    double factor;
    struct batch batch;
};

static void batch_free(struct batch *b)
{
    double *const arrays[] = {b->u,      b->d,     b->seen, b->current, b->slope,
                              b->before, b->volts, b->norm, b->moved};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
    *b = (struct batch){0};
}

void lines_bent_free(struct lines_bent *b)
{
    if (!b)
        return;
    batch_free(&b->batch);
    lines_slices_free(&b->slices);
    free(b->g);
    free(b);
}

double lines_bent_factor(const struct lines_bent *b)
{
    return b->factor;
}

static void batch_for(struct lines_bent *bent, size_t n)
{
    struct batch *b = &bent->batch;
    const size_t m = bent->array.rows, block = m * n, all = block * bent->array.columns;
    b->n = n;
    if (n <= b->capacity)
        return;
    batch_free(b);
    *b = (struct batch){.n = n,
                        .capacity = n,
                        .u = NEW(all, double),
                        .d = NEW(all, double),
                        .seen = NEW(all, double),
                        .current = NEW(block, double),
                        .slope = NEW(block, double),
                        .before = NEW(block, double),
                        .volts = NEW(block, double),
                        .norm = NEW(n, double),
                        .moved = NEW(n, double)};
}

/* -------------------------------------------------------------------------------- linear solution */

/* y = A(j) x + keep y */
static void step(const struct lines_bent *bent, size_t j, const double *x, double keep, double *y)
{
    const struct lines_slices *w = &bent->slices;
    const size_t m = w->s, n = bent->batch.n;
    const struct matrix_view a = {w->step + j * m * w->stride, w->stride, false},
                             right = {x, n, false};
    const struct matrix_result r = {m, n, m, 1, keep, y, n};
    matrix_multiply(&a, &right, &r);
}

/* All P. */
static void see_currents(struct lines_bent *bent)
{
    const struct lines_slices *w = &bent->slices;
    struct batch *b = &bent->batch;
    const size_t m = w->s, n = b->n, block = m * n;
    for (size_t j = w->l; j-- > 0;) {
        const double *d = b->d + j * block;
        double *seen = b->seen + j * block, *moved = b->current;
        memcpy(moved, d, block * sizeof *d);
        lines_slices_across(w, j, n, n, moved);
        for (size_t i = 0; i < m; i++)
            lines_scaled_sum(n, 1, d + i * n, -w->g[j * w->stride + i], moved + i * n,
                             seen + i * n);
        if (j + 1 < w->l)
            step(bent, j + 1, seen + block, 1, seen);
    }
}

/* ||u||^2 and ||change of u||^2 of each vector from the new u of device (i, j). */
WIDE static void take(size_t n, double g, const double *fresh, double *u, double *norm,
                      double *moved)
{
    for (size_t r = 0; r < n; r++) {
        const double change = fresh[r] - u[r];
        u[r] = fresh[r];
        norm[r] += g * fresh[r] * fresh[r];
        moved[r] += g * change * change;
    }
}

/* u of b->volts and d, and both norms. */
static void solve(struct lines_bent *bent)
{
    const struct lines_slices *w = &bent->slices;
    struct batch *b = &bent->batch;
    const size_t m = w->s, n = b->n, block = m * n;
    double *r = b->slope, *x = b->current;
    memset(b->norm, 0, n * sizeof *b->norm);
    memset(b->moved, 0, n * sizeof *b->moved);
    see_currents(bent);
    memcpy(b->before, b->volts, block * sizeof *r);
    for (size_t j = 0; j < w->l; j++) {
        lines_scaled_sum(block, 1, b->before, -(j > 0 ? w->along_ohm : w->near_ohm),
                         b->seen + j * block, x);
        step(bent, j, x, 0, r);
        memcpy(b->before, r, block * sizeof *r);
        memcpy(x, r, block * sizeof *x);
        for (size_t i = 0; i < m; i++)
            lines_scaled_sum(n, 1, b->d + j * block + i * n, w->g[j * w->stride + i], x + i * n,
                             x + i * n);
        lines_slices_across(w, j, n, n, x);
        lines_scaled_sum(block, 1, r, -1, x, x);
        for (size_t i = 0; i < m; i++)
            take(n, w->g[j * w->stride + i], x + i * n, b->u + j * block + i * n, b->norm,
                 b->moved);
    }
}

/* ------------------------------------------------------------------------------------- contraction */

/* g_c of all devices, and e. */
static enum status centre(const struct lines_bent *bent, double *bend, struct error *error)
{
    const struct lines_array *a = &bent->array;
    const struct lines_bent_devices *d = &bent->devices;
    const double most = fmax(d->high, 0) - fmin(d->low, 0);
    double v[PROBES], current[PROBES], slope[PROBES];
    for (size_t k = 0; k < PROBES; k++)
        v[k] = most * ((double)k * 2 / (PROBES - 1) - 1);
    *bend = 0;
    for (size_t k = 0; k < a->rows * a->columns; k++) {
        double low = INFINITY, high = 0;
        const struct lines_bent_at at = {k, BENT_NO_VECTOR, PROBES};
        d->law(d->data, &at, v, current, slope);
        for (size_t i = 0; i < PROBES; i++) {
            if (!(slope[i] >= 0 && slope[i] <= DBL_MAX) || !isfinite(current[i]))
                return fail(error, STATUS_NUMERICAL,
                            "device (%zu, %zu) at %g V: current %g A, slope %g S, expected rising "
                            "and finite",
                            k / a->columns + 1, k % a->columns + 1, v[i], current[i], slope[i]);
            low = fmin(low, slope[i]);
            high = fmax(high, slope[i]);
        }
        low *= 1 - d->spread;
        high *= 1 + d->spread;
        bent->g[k] = (low + high) / 2;
        *bend = fmax(*bend, high > 0 ? (high - low) / (high + low) : 0);
    }
    return STATUS_OK;
}

/* kappa, from voltages that are positive everywhere; b->n = 1 and b->volts = 0. */
static double largest_eigenvalue(struct lines_bent *bent)
{
    const struct lines_slices *w = &bent->slices;
    struct batch *b = &bent->batch;
    const size_t m = w->s;
    double kappa = 0;
    for (size_t k = 0; k < w->l * m; k++)
        b->u[k] = 1;
    for (size_t steps = 0; steps < POWER_STEPS; steps++) {
        double size = 0;
        for (size_t k = 0; k < w->l * m; k++)
            size += w->g[k / m * w->stride + k % m] * b->u[k] * b->u[k];
        if (!(size > 0))
            break;
        for (size_t k = 0; k < w->l * m; k++)
            b->d[k] = w->g[k / m * w->stride + k % m] * b->u[k] / sqrt(size);
        solve(bent);
        const double before = kappa;
        kappa = sqrt(b->norm[0]);
        if (fabs(kappa - before) <= POWER_CHANGE * kappa)
            break;
    }
    return fmin(kappa * POWER_MARGIN, 1);
}

static enum status open_slices(struct lines_bent *bent, struct error *error)
{
    const struct lines_array *a = &bent->array;
    double bend;
    enum status status = centre(bent, &bend, error);
    if (status != STATUS_OK)
        return status;
    lines_slices_of_columns(a, true, &bent->slices);
    for (size_t j = 0; j < a->columns; j++)
        for (size_t i = 0; i < a->rows; i++)
            bent->slices.g[j * bent->slices.stride + i] = bent->g[i * a->columns + j];
    if (!lines_eliminate(&bent->slices))
        return fail(error, STATUS_NUMERICAL, "elimination of %zu x %zu devices overflows", a->rows,
                    a->columns);
    batch_for(bent, 1);
    bent->factor = bend > 0 ? bend * largest_eigenvalue(bent) : 0;
    return STATUS_OK;
}

enum status lines_bent_new(const struct lines_array *array,
                           const struct lines_bent_devices *devices, struct lines_bent **out,
                           struct error *error)
{
    const size_t n = array->rows * array->columns;
    *out = NULL;
    if (array->columns > FORMS_NUMBERS_MAX / array->rows / (array->rows + 3))
        return fail(error, STATUS_INPUT,
                    "%zu x %zu devices that are not ohmic: so large an array would take %zu GB of "
                    "memory",
                    array->rows, array->columns, (array->rows * n) >> 27);
    struct lines_bent *bent = NEW(1, struct lines_bent);
    bent->array = *array;
    bent->array.g = bent->g = NEW(n, double);
    bent->devices = *devices;
    enum status status = lines_array_check(&bent->array, error); /* g: zeros */
    if (status == STATUS_OK)
        status = open_slices(bent, error);
    if (status == STATUS_OK)
        *out = bent;
    else
        lines_bent_free(bent);
    return status;
}

/* -------------------------------------------------------------------------------------------- read */

/* d of the voltages u; to 0 if there is none yet. */
static void bend(struct lines_bent *bent)
{
    const struct lines_slices *w = &bent->slices;
    struct batch *b = &bent->batch;
    const size_t m = w->s, n = b->n, columns = bent->array.columns;
    for (size_t j = 0; j < w->l; j++)
        for (size_t i = 0; i < m; i++) {
            const double *u = b->u + (j * m + i) * n;
            double *d = b->d + (j * m + i) * n;
            const struct lines_bent_at at = {i * columns + j, 0, n};
            bent->devices.law(bent->devices.data, &at, u, d, b->slope);
            lines_scaled_sum(n, 1, d, -w->g[j * w->stride + i], u, d);
        }
}

/* Is every vector within the tolerance? */
static bool near(const struct lines_bent *bent, double tolerance)
{
    const struct batch *b = &bent->batch;
    const double q = bent->factor / (1 - bent->factor);
    for (size_t r = 0; r < b->n; r++)
        if (!(q * sqrt(b->moved[r]) <= tolerance * sqrt(b->norm[r])))
            return false;
    return true;
}

static enum status iterate(struct lines_bent *bent, double tolerance, size_t *steps,
                           struct error *error)
{
    struct batch *b = &bent->batch;
    const size_t all = b->n * bent->array.rows * bent->array.columns;
    memset(b->u, 0, all * sizeof *b->u);
    memset(b->d, 0, all * sizeof *b->d);
    solve(bent);
    for (*steps = 0; *steps < STEPS_MAX;) {
        bend(bent);
        solve(bent);
        ++*steps;
        if (near(bent, tolerance))
            return STATUS_OK;
    }
    return fail(
        error, STATUS_NUMERICAL,
        "%zu x %zu devices that are not ohmic: no solution within %g after %d steps of a factor "
        "of %.3g",
        bent->array.rows, bent->array.columns, tolerance, STEPS_MAX, bent->factor);
}

/* Row-major numbers of one vector. */
struct one {
    struct lines_bent *bent;
    size_t vector;
    double *u, *i, *zeros, *slope, *bound;
};

static struct one one_new(struct lines_bent *bent)
{
    const size_t n = bent->array.rows * bent->array.columns;
    return (struct one){.bent = bent,
                        .u = NEW(n, double),
                        .i = NEW(n, double),
                        .zeros = NEW(n, double),
                        .slope = NEW(n, double),
                        .bound = NEW(bent->array.columns, double)};
}

static void one_free(struct one *o)
{
    free(o->u);
    free(o->i);
    free(o->zeros);
    free(o->slope);
    free(o->bound);
}

static void law_of_one(void *data, size_t n, const double *v, double *current, double *slope)
{
    const struct one *o = data;
    const struct lines_bent_devices *d = &o->bent->devices;
    for (size_t k = 0; k < n; k++) {
        const struct lines_bent_at at = {k, o->vector, 1};
        d->law(d->data, &at, v + k, current + k, slope + k);
    }
}

/* The voltages and currents of a vector's devices to its currents and powers. */
static void book(const struct one *o, const double *volts, struct lines_bent_answer *answer)
{
    const struct lines_bent *bent = o->bent;
    const size_t m = bent->array.rows, n = bent->array.columns;
    struct lines_power p;
    double squares = 0;
    lines_power(&bent->array, volts, o->u, o->zeros, o->i, &p);
    for (size_t k = 0; k < m * n; k++)
        squares += o->i[k] * o->i[k];
    const double selects = bent->devices.select_ohm * squares;
    const double by_class[LINES_CLASSES] = {p.devices - selects, p.row_lines, p.drivers,
                                            p.column_lines,      p.senses,    selects};
    answer->delivered[o->vector] = p.delivered;
    for (size_t k = 0; k < LINES_CLASSES; k++)
        answer->power[k] += by_class[k];
    for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t k = 0; k < m; k++)
            sum += o->i[k * n + j];
        answer->current[o->vector * n + j] = sum;
    }
}

/* By fixed-point iteration. */
static enum status read_together(struct lines_bent *bent, const double *volts, double tolerance,
                                 struct lines_bent_answer *answer, struct error *error)
{
    struct batch *b = &bent->batch;
    const size_t m = bent->array.rows, n = bent->array.columns;
    for (size_t r = 0; r < b->n; r++)
        for (size_t i = 0; i < m; i++)
            b->volts[i * b->n + r] = volts[r * m + i];
    const enum status status = iterate(bent, tolerance, &answer->steps, error);
    if (status != STATUS_OK)
        return status;
    struct one o = one_new(bent);
    for (o.vector = 0; o.vector < b->n; o.vector++) {
        for (size_t k = 0; k < m * n; k++)
            o.u[k] = b->u[(k % n * m + k / n) * b->n + o.vector];
        law_of_one(&o, m * n, o.u, o.i, o.slope);
        book(&o, volts + o.vector * m, answer);
    }
    one_free(&o);
    return STATUS_OK;
}

/* Each by Newton's method. */
static enum status read_each(struct lines_bent *bent, const double *volts, double tolerance,
                             struct lines_bent_answer *answer, struct error *error)
{
    const size_t m = bent->array.rows, n = bent->array.columns;
    struct one o = one_new(bent);
    double *row = NEW(m * n, double), *column = NEW(m * n, double), *current = NEW(n, double);
    struct lines_answer found = {current, o.bound, row, column, 0};
    const struct lines_devices devices = {law_of_one, &o};
    enum status status = STATUS_OK;
    for (o.vector = 0; o.vector < bent->batch.n && status == STATUS_OK; o.vector++) {
        const double *v = volts + o.vector * m;
        status = lines_solve_law(&bent->array, &devices, v, tolerance, &found, error);
        for (size_t k = 0; k < m * n; k++)
            o.u[k] = row[k] - column[k];
        if (status == STATUS_OK) {
            law_of_one(&o, m * n, o.u, o.i, o.slope);
            book(&o, v, answer);
        }
    }
    one_free(&o);
    free(row);
    free(column);
    free(current);
    return status;
}

enum status lines_bent_read(struct lines_bent *bent, size_t n, const double *volts,
                            double tolerance, struct lines_bent_answer *answer, struct error *error)
{
    answer->steps = 0;
    memset(answer->power, 0, sizeof answer->power);
    batch_for(bent, n);
    return bent->factor <= BENT_FACTOR_MOST ? read_together(bent, volts, tolerance, answer, error)
                                            : read_each(bent, volts, tolerance, answer, error);
}
