/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of any devices for lines_read.h.  If neither rows nor columns are held by 0 ohm at the
 * potentials of their ends, lines.h solves them.  Held rows leave each column a line of its own, held
 * columns each row: along it, with u the voltages, E that of its end and i the devices' currents,
 *
 *     F(k) = i into node k + (u(k-1) - u(k)) / ohm + (u(k+1) - u(k)) / ohm + [at its end] (E - u(k)) / end
 *
 * is brought to 0 by Newton's method with the tridiagonal matrix of the slopes, all lines at once. */
#include "engine/lines/lines_read.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 200
#define HALVINGS_MAX 40
#define START_TOLERANCE 1e-2 /* of currents: the law is bent by more */
#define ROUNDINGS 8          /* of the terms that meet at a node */

/* Lines of `nodes` nodes each; node k of line l is at l * line + k * step of the array. */
struct held {
    const struct lines_array *array;
    const struct lines_devices *devices;
    const double *volts;
    bool rows; /* held: the lines are columns */
    size_t lines, nodes, line, step, end;
    double ohm, end_ohm;
    double *u, *trial, *move;        /* m x n */
    double *v, *current, *slope, *f; /* m x n: devices; residuals [A] */
    double *pivot;                   /* nodes */
    double rounding;                 /* of all f together [A] */
};

static double at_end(const struct held *h, size_t line)
{
    return h->rows ? 0 : h->volts[line];
}

/* Currents at u, and the 1-norm of F. */
static double evaluate(struct held *h, const double *u)
{
    const size_t m = h->array->rows, n = h->array->columns;
    double norm = 0;
    h->rounding = 0;
    for (size_t k = 0; k < m * n; k++)
        h->v[k] = h->rows ? h->volts[k / n] - u[k] : u[k];
    h->devices->law(h->devices->data, m * n, h->v, h->current, h->slope);
    for (size_t l = 0; l < h->lines; l++) {
        double sum = 0; /* of an ideal line */
        for (size_t k = 0; k < h->nodes; k++) {
            const size_t at = l * h->line + k * h->step;
            const double own = u[at];
            double f = h->rows ? h->current[at] : -h->current[at],
                   size = fabs(f) + h->slope[at] * fabs(h->v[at]);
            if (k == h->end) {
                f += (at_end(h, l) - own) / h->end_ohm;
                size += (fabs(own) + fabs(at_end(h, l))) / h->end_ohm;
            }
            if (h->ohm > 0) {
                f += k > 0 ? (u[at - h->step] - own) / h->ohm : 0;
                f += k + 1 < h->nodes ? (u[at + h->step] - own) / h->ohm : 0;
                size += 4 * fabs(own) / h->ohm;
                norm += fabs(f);
            }
            sum += f;
            h->f[at] = f;
            h->rounding += ROUNDINGS * DBL_EPSILON * size;
        }
        if (!(h->ohm > 0)) {
            norm += fabs(sum);
            h->f[l * h->line] = sum; /* of the whole line, at its first node */
        }
    }
    return norm;
}

static enum status check_slopes(const struct held *h, struct error *error)
{
    const size_t n = h->array->columns;
    for (size_t k = 0; k < h->array->rows * n; k++)
        if (!(h->slope[k] >= 0 && h->slope[k] <= DBL_MAX) || !isfinite(h->current[k]))
            return fail(error, STATUS_NUMERICAL,
                        "device (%zu, %zu) at %g V: current %g A, slope %g S, expected rising "
                        "and finite",
                        k / n + 1, k % n + 1, h->v[k], h->current[k], h->slope[k]);
    return STATUS_OK;
}

/* The Newton step of one line, into h->move. */
static void step_of(struct held *h, size_t l)
{
    const size_t first = l * h->line;
    if (!(h->ohm > 0)) {
        double sum = 1 / h->end_ohm;
        for (size_t k = 0; k < h->nodes; k++)
            sum += h->slope[first + k * h->step];
        for (size_t k = 0; k < h->nodes; k++)
            h->move[first + k * h->step] = h->f[first] / sum;
        return;
    }
    const double c = 1 / h->ohm;
    double series = 0, before = 0;
    for (size_t k = 0; k < h->nodes; k++) {
        const size_t at = first + k * h->step;
        const double own = h->slope[at] + series + (k == h->end ? 1 / h->end_ohm : 0);
        h->pivot[k] = 1 / (k + 1 < h->nodes ? own + c : own);
        series = c * own * h->pivot[k];
        h->move[at] = before = h->pivot[k] * (h->f[at] + c * before);
    }
    for (size_t k = h->nodes - 1; k-- > 0;)
        h->move[first + k * h->step] += c * h->pivot[k] * h->move[first + (k + 1) * h->step];
}

/* Currents of the columns and their common bound; the smallest that is not 0. */
static double currents(const struct held *h, double norm, struct lines_answer *answer)
{
    const size_t m = h->array->rows, n = h->array->columns;
    double smallest = INFINITY;
    for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t i = 0; i < m && !h->rows; i++)
            sum += h->current[i * n + j];
        answer->current[j] = h->rows ? h->u[(m - 1) * n + j] / h->end_ohm : sum;
        answer->bound[j] = norm + h->rounding;
        if (answer->current[j] != 0)
            smallest = fmin(smallest, fabs(answer->current[j]));
    }
    return smallest;
}

static enum status solve_held(struct held *h, double tolerance, struct lines_answer *answer,
                              struct error *error)
{
    const size_t mn = h->array->rows * h->array->columns;
    double norm = evaluate(h, h->u);
    for (size_t step = 0; step < STEPS_MAX; step++) {
        enum status status = check_slopes(h, error);
        const double smallest = currents(h, norm, answer);
        if (status != STATUS_OK || norm <= h->rounding ||
            (smallest < INFINITY && norm <= tolerance * smallest))
            return status;
        for (size_t l = 0; l < h->lines; l++)
            step_of(h, l);
        const double before = norm;
        double part = 1;
        for (int k = 0; k < HALVINGS_MAX; k++, part *= 0.5) {
            for (size_t i = 0; i < mn; i++)
                h->trial[i] = h->u[i] + part * h->move[i];
            norm = evaluate(h, h->trial);
            if (norm < before || norm <= h->rounding)
                break;
        }
        if (!(norm < before || norm <= h->rounding))
            break;
        memcpy(h->u, h->trial, mn * sizeof *h->u);
    }
    return fail(error, STATUS_NUMERICAL,
                "static read: Newton's steps no longer reduce the residual of %g A", norm);
}

/* Rows or columns, or both, at the potentials of their ends. */
static enum status held_lines(const struct lines_array *a, const struct lines_devices *devices,
                              const double *volts, double tolerance, struct lines_answer *answer,
                              struct error *error)
{
    const size_t m = a->rows, n = a->columns, mn = m * n;
    const bool rows = !(a->driver_ohm + a->row_ohm > 0);
    struct held h = {
        .array = a,
        .devices = devices,
        .volts = volts,
        .rows = rows,
        .lines = rows ? n : m,
        .nodes = rows ? m : n,
        .line = rows ? 1 : n,
        .step = rows ? n : 1,
        .end = rows ? m - 1 : 0,
        .ohm = rows ? a->column_ohm : a->row_ohm,
        .end_ohm = rows ? a->sense_ohm + a->column_ohm : a->driver_ohm + a->row_ohm,
        .u = rows ? answer->column_volt : answer->row_volt,
        .trial = NEW(mn, double),
        .move = NEW(mn, double),
        .v = NEW(mn, double),
        .current = NEW(mn, double),
        .slope = NEW(mn, double),
        .f = NEW(mn, double),
        .pivot = NEW(rows ? m : n, double),
    };
    enum status status = STATUS_OK;
    for (size_t k = 0; k < mn; k++) {
        answer->row_volt[k] = volts[k / n];
        answer->column_volt[k] = 0;
    }
    if (h.end_ohm > 0)
        status = solve_held(&h, tolerance, answer, error);
    else { /* nothing to solve */
        h.rows = false;
        h.end_ohm = h.ohm = 1;
        evaluate(&h, h.u = answer->row_volt);
        status = check_slopes(&h, error);
        currents(&h, 0, answer);
        for (size_t j = 0; j < n; j++)
            answer->bound[j] = (double)m * DBL_EPSILON * fabs(answer->current[j]);
    }
    double *const all[] = {h.trial, h.move, h.v, h.current, h.slope, h.f, h.pivot};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        free(all[k]);
    return status;
}

/* A start for Newton's method: ohmic devices of the slopes at the drivers' voltages v->row, if these
 * make sense; else v stays as it is. */
static void begin_at(struct lines *lines, const struct lines_problem *problem,
                     const struct lines_devices *devices, size_t n, const struct lines_voltages *v)
{
    double *current = NEW(n, double), *slope = NEW(n, double), *row = NEW(n, double);
    struct lines_problem ohmic = *problem;
    struct lines_report report;
    memcpy(row, v->row, n * sizeof *row);
    devices->law(devices->data, n, v->row, current, slope);
    ohmic.g = slope;
    if (lines_solve(lines, &ohmic, START_TOLERANCE, v, &report, NULL) != STATUS_OK) {
        memcpy(v->row, row, n * sizeof *row);
        memset(v->column, 0, n * sizeof *v->column);
    }
    free(current);
    free(slope);
    free(row);
}

enum status lines_solve_law(const struct lines_array *a, const struct lines_devices *devices,
                            const double *volts, double tolerance, struct lines_answer *answer,
                            struct error *error)
{
    const size_t m = a->rows, n = a->columns, mn = m * n;
    const double driver = a->driver_ohm + a->row_ohm, sense = a->sense_ohm + a->column_ohm;
    if (!(driver > 0) || !(sense > 0))
        return held_lines(a, devices, volts, tolerance, answer, error);
    double *row_ground = NEW(mn, double), *column_ground = NEW(mn, double),
           *row_source = NEW(mn, double);
    struct lines *lines = lines_new(m, n, a->row_ohm, a->column_ohm);
    const struct lines_problem problem = {.row_ground = row_ground,
                                          .column_ground = column_ground,
                                          .row_source = row_source,
                                          .law = devices->law,
                                          .data = devices->data};
    const struct lines_voltages v = {answer->row_volt, answer->column_volt};
    struct lines_report report = {0};
    for (size_t i = 0; i < m; i++) {
        row_ground[i * n] = 1 / driver;
        row_source[i * n] = volts[i] / driver;
    }
    for (size_t j = 0; j < n; j++)
        column_ground[(m - 1) * n + j] = 1 / sense;
    for (size_t k = 0; k < mn; k++) {
        v.row[k] = volts[k / n];
        v.column[k] = 0;
    }
    begin_at(lines, &problem, devices, mn, &v);
    const enum status status = lines_newton(lines, &problem, tolerance, &v, &report, error);
    for (size_t j = 0; j < n; j++) {
        answer->current[j] = v.column[(m - 1) * n + j] / sense;
        answer->bound[j] = report.bound;
    }
    answer->iterations = report.iterations;
    lines_free(lines);
    free(row_ground);
    free(column_ground);
    free(row_source);
    return status;
}
