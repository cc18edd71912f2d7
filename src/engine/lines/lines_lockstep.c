/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/lines/lines_lockstep.h"

#include "base/memory.h"
#include "base/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 20000
#define ABREAST 4     /* rows */
#define PASSES_MAX 12 /* restarts of the iteration, each from the change of a sweep */
#define PART 0.3 /* of the tolerance: the recursive residual drifts from the change of a sweep */
#define WEIGHT_TARGET 1e-3 /* of the weights: any w > 0 above its next sweep gives a bound */
#define TIGHTER 1e-2       /* a lane whose bound is too large gets this part of its target */
#define TARGET_LEAST 1e-15 /* lower limit of targets: rounding of a sweep is larger */
#define FALLS 0.5 /* a change that does not fall to this part from pass to pass is rounding */
#define MU_ROUNDING 1e-6 /* mu is a ratio of positive sums: its rounding error is far smaller */
#define REACH 1.01       /* the weights' own error at the outputs is below WEIGHT_TARGET */
#define FLOOR 1e-3       /* of the largest |voltage|: no row at rest, so all weights are positive */

/* Vectors of one pass. */
struct block {
    size_t count;
    bool weigh;             /* lane 0 computes the weights, which are not yet known */
    const double *envelope; /* m: voltages of the weights [V] */
    const double *volts;    /* count x m */
    double tolerance;
    double *current, *bound;        /* count x n */
    double *row_volt, *column_volt; /* count x m x n, or NULL */
};

#define LANES 2
#define NAME(x) x##_2
#include "engine/lines/lines_lanes.h"
#undef LANES
#undef NAME
#define LANES 4
#define NAME(x) x##_4
#include "engine/lines/lines_lanes.h"
#undef LANES
#undef NAME

struct line {
    size_t n, step, at; /* at: the end node */
    double unit, end;
};

/* Factors of a line of n nodes, `step` apart: conductance g to ground each; of its end node another
 * one, `end`; all times the unit.  e(j) = 1/(h + 1), where h(j) = own(j) + h(j-1)/(1 + h(j-1)); 1/h at its end. */
static void factor(const struct line *line, const double *g, double *e)
{
    const size_t n = line->n, step = line->step;
    double series = 0;
    for (size_t j = 0; j < n; j++) {
        const double h = (g[j * step] + (j == line->at ? line->end : 0)) * line->unit + series;
        e[j * step] = 1 / (j + 1 < n ? h + 1 : h);
        series = h * e[j * step];
    }
}

static double sum_of(const double *g, size_t n, size_t step)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += g[j * step];
    return sum;
}

void lines_lockstep_init(struct lines_lockstep *l, const struct lines_array *a)
{
    const size_t m = a->rows, n = a->columns, mn = m * n;
    const double driver_ohm = a->driver_ohm + a->row_ohm, sense_ohm = a->sense_ohm + a->column_ohm;
    *l = (struct lines_lockstep){
        .m = m,
        .n = n,
        .ideal_rows = !(a->row_ohm > 0),
        .ideal_columns = !(a->column_ohm > 0),
        .fixed_rows = !(driver_ohm > 0),
        .fixed_columns = !(sense_ohm > 0),
        .row_unit = a->row_ohm > 0 ? a->row_ohm : 1,
        .column_unit = a->column_ohm > 0 ? a->column_ohm : 1,
        .driver = driver_ohm > 0 ? 1 / driver_ohm : 0,
        .sense = sense_ohm > 0 ? 1 / sense_ohm : 0,
        .g = a->g,
        .row_factor = NEW(mn, double),
        .column_factor = NEW(mn, double),
        .row_inverse = NEW(m, double),
        .column_inverse = NEW(n, double),
        .weight = NEW(mn, double),
        .first = NEW(mn, double),
        .first_inverse = NEW(mn, double),
        .reach = NEW(n, double),
    };
    for (size_t i = 0; i < m && !l->fixed_rows; i++) {
        factor(&(struct line){n, 1, 0, l->row_unit, l->driver}, a->g + i * n,
               l->row_factor + i * n);
        l->row_inverse[i] = 1 / (sum_of(a->g + i * n, n, 1) + l->driver);
    }
    for (size_t j = 0; j < n && !l->fixed_columns; j++) {
        factor(&(struct line){m, n, m - 1, l->column_unit, l->sense}, a->g + j,
               l->column_factor + j);
        l->column_inverse[j] = 1 / (sum_of(a->g + j, m, n) + l->sense);
    }
}

void lines_lockstep_clear(struct lines_lockstep *l)
{
    double *const all[] = {l->work,        l->row_factor,     l->column_factor,
                           l->row_inverse, l->column_inverse, l->weight,
                           l->first,       l->first_inverse,  l->reach};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        free(all[k]);
}

/* Largest |voltage| of each row in all vectors, but not below FLOOR of the largest of all. */
static double envelope(size_t n, size_t m, const double *volts, double *to)
{
    double largest = 0;
    for (size_t v = 0; v < n; v++)
        for (size_t i = 0; i < m; i++)
            to[i] = fmax(to[i], fabs(volts[v * m + i]));
    for (size_t i = 0; i < m; i++)
        largest = fmax(largest, to[i]);
    for (size_t i = 0; i < m; i++)
        to[i] = fmax(to[i], FLOOR * largest);
    return largest;
}

enum status lines_lockstep_solve(struct lines_lockstep *l, size_t n, const double *volts,
                                 double tolerance, struct lines_answer *answer, struct error *error)
{
    const size_t m = l->m, mn = l->m * l->n;
    const size_t lanes = n > 1 ? 4 : 2;
    double *most = NEW(m, double);
    if (l->work_lanes < lanes) {
        free(l->work);
        l->work = NEW(lanes * (4 * mn + m + ABREAST * l->n), double);
        l->work_lanes = lanes;
    }
    const bool rest = !(envelope(n, m, volts, most) > 0);
    enum status status = STATUS_OK;
    for (size_t v = 0; v < n && status == STATUS_OK;) {
        const size_t room = lanes - (v == 0);
        const struct block b = {
            .count = n - v < room ? n - v : room,
            .weigh = v == 0,
            .envelope = most,
            .volts = volts + v * m,
            .tolerance = tolerance,
            .current = answer->current + v * l->n,
            .bound = answer->bound + v * l->n,
            .row_volt = answer->row_volt ? answer->row_volt + v * mn : NULL,
            .column_volt = answer->column_volt ? answer->column_volt + v * mn : NULL,
        };
        size_t iterations = 0;
        if (!rest)
            status = (lanes == 4 ? solve_4 : solve_2)(l, &b, &iterations, error);
        answer->iterations = iterations > answer->iterations ? iterations : answer->iterations;
        v += b.count;
    }
    if (rest && status == STATUS_OK) { /* no source, no current */
        memset(answer->current, 0, n * l->n * sizeof *answer->current);
        memset(answer->bound, 0, n * l->n * sizeof *answer->bound);
        for (size_t k = 0; k < n * mn; k++) {
            if (answer->row_volt)
                answer->row_volt[k] = 0;
            if (answer->column_volt)
                answer->column_volt[k] = 0;
        }
    }
    free(most);
    return status;
}
