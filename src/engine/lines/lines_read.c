/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/lines/lines_read.h"

#include "base/memory.h"
#include "base/wide.h"
#include "engine/lines/lines_elimination.h"
#include "engine/lines/lines_lockstep.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Elimination costs s^2 operations a crossing, conjugate gradients some iterations for each vector.
 * Measured on one x86-64 core near 3 GHz, their times are equal at s^2 = GRADIENTS_COST x vectors. */
#define GRADIENTS_COST 130.0
#define SIDE_MAX 512         /* longer shorter sides: elimination would need gigabytes */
#define STEPS_MAX (1u << 26) /* most numbers in lines_slices.step, from which voltages are found */

typedef double four __attribute__((vector_size(32), aligned(8), may_alias));

struct lines_reader {
    struct lines_array array;
    double *g;
    bool eliminates, tall;
    bool voltages, may_eliminate; /* may_eliminate: where gradients miss the tolerance */
    struct lines_slices slices;
    size_t stride; /* columns, rounded up to a multiple of 8 */
    double *w;     /* rows x stride: W transposed [S] */
    struct lines_lockstep lockstep;
};

double lines_rounding_part(size_t rows, size_t columns)
{
    return 4 * (double)(rows + columns) * (DBL_EPSILON / 2);
}

enum status lines_array_check(const struct lines_array *a, struct error *error)
{
    const struct {
        const char *name;
        double ohm;
    } ohms[] = {{"row", a->row_ohm},
                {"column", a->column_ohm},
                {"driver", a->driver_ohm},
                {"sense", a->sense_ohm}};
    for (size_t k = 0; k < 4; k++)
        if (!(ohms[k].ohm >= 0 && ohms[k].ohm <= LINES_OHM_MAX))
            return fail(error, STATUS_INPUT, "%s resistance is %g ohm, expected 0 to %g",
                        ohms[k].name, ohms[k].ohm, LINES_OHM_MAX);
    for (size_t k = 0; k < a->rows * a->columns; k++)
        if (!(a->g[k] >= 0 && a->g[k] <= LINES_SIEMENS_MAX))
            return fail(error, STATUS_INPUT,
                        "row %zu, column %zu: conductance is %g S, expected 0 to %g",
                        k / a->columns + 1, k % a->columns + 1, a->g[k], LINES_SIEMENS_MAX);
    return STATUS_OK;
}

/* Position of crossing (i, j): slice and node in it. */
static void locate(const struct lines_reader *r, size_t i, size_t j, size_t *slice, size_t *node)
{
    *slice = r->tall ? r->array.rows - 1 - i : j;
    *node = r->tall ? r->array.columns - 1 - j : i;
}

static void slices_init(struct lines_reader *r, bool voltages)
{
    const struct lines_array *a = &r->array;
    const double driver = a->driver_ohm + a->row_ohm, sense = a->sense_ohm + a->column_ohm;
    struct lines_slices *w = &r->slices;
    *w = (struct lines_slices){
        .l = r->tall ? a->rows : a->columns,
        .s = r->tall ? a->columns : a->rows,
        .near_ohm = r->tall ? sense : driver,
        .along_ohm = r->tall ? a->column_ohm : a->row_ohm,
        .across_ohm = r->tall ? a->row_ohm : a->column_ohm,
        .end_ohm = r->tall ? driver : sense,
    };
    w->stride = (w->s + 3) / 4 * 4;
    const size_t n = w->l * w->stride;
    w->g = NEW(n, double);
    w->transfer = NEW(n, double);
    w->pivot = NEW(n, double);
    w->near = NEW(n, double);
    w->step = voltages ? NEW(n * w->s, double) : NULL;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            size_t t, k;
            locate(r, i, j, &t, &k);
            w->g[t * w->stride + k] = a->g[i * a->columns + j];
        }
}

/* Lay out the array in slices and eliminate; sets r->eliminates. */
static enum status eliminate(struct lines_reader *r, bool voltages, struct error *error)
{
    r->eliminates = true;
    slices_init(r, voltages);
    if (!lines_eliminate(&r->slices))
        return fail(error, STATUS_NUMERICAL, "static read: elimination overflows");
    const size_t m = r->array.rows, n = r->array.columns;
    r->stride = (n + 7) / 8 * 8;
    r->w = NEW(m * r->stride, double);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            size_t t, k;
            locate(r, i, j, &t, &k);
            r->w[i * r->stride + j] = r->slices.transfer[t * r->slices.stride + k];
        }
    return STATUS_OK;
}

enum status lines_reader_new(const struct lines_array *array, enum lines_method method,
                             size_t n_vectors, bool voltages, struct lines_reader **reader,
                             struct error *error)
{
    const size_t m = array->rows, n = array->columns, s = m < n ? m : n, l = m < n ? n : m;
    *reader = NULL;
    enum status status = lines_array_check(array, error);
    if (status != STATUS_OK)
        return status;
    struct lines_reader *r = NEW(1, struct lines_reader);
    r->array = *array;
    r->g = NEW(m * n, double);
    memcpy(r->g, array->g, m * n * sizeof *r->g);
    r->array.g = r->g;
    r->tall = n < m;
    const bool room = s <= SIDE_MAX && (!voltages || l * s * s <= STEPS_MAX);
    r->voltages = voltages;
    r->may_eliminate = method == LINES_CHEAPER && room;
    if (method == LINES_ELIMINATION ||
        (r->may_eliminate &&
         (double)(s * s) <= GRADIENTS_COST * (double)(n_vectors > 0 ? n_vectors : 1)))
        status = eliminate(r, voltages, error);
    else
        lines_lockstep_init(&r->lockstep, &r->array);
    if (status == STATUS_OK)
        *reader = r;
    else
        lines_reader_free(r);
    return status;
}

void lines_reader_free(struct lines_reader *r)
{
    if (!r)
        return;
    free(r->slices.g);
    free(r->slices.transfer);
    free(r->slices.step);
    free(r->slices.pivot);
    free(r->slices.near);
    free(r->w);
    free(r->g);
    lines_lockstep_clear(&r->lockstep);
    free(r);
}

/* sum = W v, and bound = W |v|, of eight columns from w. */
WIDE static void eight(const double *w, size_t stride, const double *v, size_t m, double *sum,
                       double *bound)
{
    four low = {0}, high = {0}, low_bound = {0}, high_bound = {0};
    for (size_t i = 0; i < m; i++, w += stride) {
        const double a = fabs(v[i]);
        const four vs = {v[i], v[i], v[i], v[i]}, as = {a, a, a, a};
        low += vs * *(const four *)w;
        high += vs * *(const four *)(w + 4);
        low_bound += as * *(const four *)w;
        high_bound += as * *(const four *)(w + 4);
    }
    *(four *)sum = low;
    *(four *)(sum + 4) = high;
    *(four *)bound = low_bound;
    *(four *)(bound + 4) = high_bound;
}

static void currents(const struct lines_reader *r, size_t n_vectors, const double *volts,
                     struct lines_answer *answer)
{
    const size_t m = r->array.rows, n = r->array.columns;
    const double part = lines_rounding_part(m, n);
    for (size_t j = 0; j < n; j += 8)
        for (size_t v = 0; v < n_vectors; v++) {
            double sum[8], bound[8];
            eight(r->w + j, r->stride, volts + v * m, m, sum, bound);
            for (size_t k = 0; k < 8 && j + k < n; k++) {
                answer->current[v * n + j + k] = sum[k];
                answer->bound[v * n + j + k] = part * bound[k];
            }
        }
}

/* LOCKSTEP vectors from `first` on: through the slices, and back to rows and columns. */
static void voltages(const struct lines_reader *r, size_t first, size_t count, const double *volts,
                     struct lines_answer *answer)
{
    const size_t m = r->array.rows, n = r->array.columns;
    const struct lines_slices *w = &r->slices;
    double *port = NEW(w->s * LOCKSTEP, double), *end = NEW(w->l * LOCKSTEP, double),
           *along = NEW(m * n * LOCKSTEP, double), *across = NEW(m * n * LOCKSTEP, double),
           *work = NEW((w->l + 3) * w->stride * LOCKSTEP, double);
    for (size_t i = 0; i < m; i++)
        for (size_t v = 0; v < count; v++)
            *(r->tall ? end + (m - 1 - i) * LOCKSTEP + v : port + i * LOCKSTEP + v) =
                volts[(first + v) * m + i];
    lines_slices_voltages(w, port, end, along, across, work);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            size_t t, k;
            locate(r, i, j, &t, &k);
            for (size_t v = 0; v < count; v++) {
                const size_t from = (t * w->s + k) * LOCKSTEP + v,
                             to = ((first + v) * m + i) * n + j;
                if (answer->row_volt)
                    answer->row_volt[to] = (r->tall ? across : along)[from];
                if (answer->column_volt)
                    answer->column_volt[to] = (r->tall ? along : across)[from];
            }
        }
    free(port);
    free(end);
    free(along);
    free(across);
    free(work);
}

static bool within(const struct lines_reader *r, size_t n, double tolerance,
                   const struct lines_answer *answer)
{
    for (size_t k = 0; k < n * r->array.columns; k++)
        if (!(answer->bound[k] <= tolerance * fabs(answer->current[k])))
            return false;
    return true;
}

enum status lines_solve_many(struct lines_reader *r, size_t n, const double *volts,
                             double tolerance, struct lines_answer *answer, struct error *error)
{
    const size_t m = r->array.rows;
    if (!(tolerance > 0 && tolerance < 1))
        return fail(error, STATUS_INPUT, "tolerance is %g, expected more than 0 and less than 1",
                    tolerance);
    for (size_t k = 0; k < n * m; k++)
        if (!(fabs(volts[k]) <= LINES_VOLT_MAX))
            return fail(error, STATUS_INPUT,
                        "vector %zu, row %zu: voltage is %g V, expected -%g to %g", k / m + 1,
                        k % m + 1, volts[k], LINES_VOLT_MAX, LINES_VOLT_MAX);
    answer->iterations = 0;
    if (!r->eliminates) {
        const enum status status =
            lines_lockstep_solve(&r->lockstep, n, volts, tolerance, answer, error);
        if (!r->may_eliminate || (status == STATUS_OK && within(r, n, tolerance, answer)))
            return status;
        const enum status direct = eliminate(r, r->voltages, error);
        if (direct != STATUS_OK)
            return direct;
    }
    currents(r, n, volts, answer);
    for (size_t v = 0; v < n && (answer->row_volt || answer->column_volt); v += LOCKSTEP)
        voltages(r, v, n - v < LOCKSTEP ? n - v : LOCKSTEP, volts, answer);
    return STATUS_OK;
}
