/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crossbars with all their numbers for the static solver, and Kirchhoff's law at their nodes. */
#ifndef SILVERBAR_TESTS_LINES_ARRAY_H
#define SILVERBAR_TESTS_LINES_ARRAY_H

#include "base/random.h"
#include "engine/lines/lines_internal.h"
#include "testing.h"

#include <float.h>

#define TOLERANCE 1e-12

static gsl_rng *rng; /* the test program's */

static inline int set_up(void **state)
{
    (void)state;
    rng = random_stream(7, 0, RANDOM_TEST);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

enum method { CHOSEN, GRADIENTS, ELIMINATION, METHODS };

/* An array with all its numbers; m x n each. */
struct array {
    size_t m, n;
    double row_ohm, column_ohm;
    double *g, *row_ground, *column_ground, *row_source, *column_source, *vr, *vc;
    struct lines *lines;
    struct lines_report report;
};

static inline struct array array_new(size_t m, size_t n, double row_ohm, double column_ohm)
{
    struct array a = {.m = m, .n = n, .row_ohm = row_ohm, .column_ohm = column_ohm};
    double **const all[] = {
        &a.g, &a.row_ground, &a.column_ground, &a.vr, &a.row_source, &a.column_source, &a.vc};
    for (size_t k = 0; k < COUNT(all); k++)
        *all[k] = NEW(m * n, double);
    a.lines = lines_new(m, n, row_ohm, column_ohm);
    return a;
}

static inline void array_free(struct array *a)
{
    double *const all[] = {
        a->g, a->row_ground, a->column_ground, a->vr, a->row_source, a->column_source, a->vc};
    for (size_t k = 0; k < COUNT(all); k++)
        free(all[k]);
    lines_free(a->lines);
}

static inline struct lines_problem problem(const struct array *a)
{
    return (struct lines_problem){.g = a->g,
                                  .row_ground = a->row_ground,
                                  .column_ground = a->column_ground,
                                  .row_source = a->row_source,
                                  .column_source = a->column_source};
}

/* Drive the left end of row i to `volt` behind `ohm`, the bottom of column j to 0 V. */
static inline void drive_row(struct array *a, size_t i, double volt, double ohm)
{
    a->row_ground[i * a->n] = 1 / ohm;
    a->row_source[i * a->n] = volt / ohm;
}

static inline void ground_columns(struct array *a, double ohm)
{
    for (size_t j = 0; j < a->n; j++)
        a->column_ground[(a->m - 1) * a->n + j] = 1 / ohm;
}

/* 1 kohm to 100 kohm, evenly in the logarithm; rows at 0.2 to 1 V; all behind 3 ohm. */
static inline void randomize(struct array *a)
{
    for (size_t k = 0; k < a->m * a->n; k++)
        a->g[k] = 1e-5 * pow(100, gsl_rng_uniform(rng));
    for (size_t i = 0; i < a->m; i++)
        drive_row(a, i, 0.2 + 0.8 * gsl_rng_uniform(rng), 3);
    ground_columns(a, 3);
}

static inline enum status try(struct array *a, enum method method, struct error *error)
{
    const struct lines_problem p = problem(a);
    const struct lines_voltages v = {a->vr, a->vc};
    const bool direct = a->lines->direct;
    enum status status = STATUS_OK;
    if (method == GRADIENTS)
        a->lines->direct = false;
    if (method != ELIMINATION || !direct)
        status = lines_solve(a->lines, &p, TOLERANCE, &v, &a->report, error);
    a->lines->direct = direct;
    for (int k = 0; method == ELIMINATION && direct && k < 2; k++) {
        lines_residual(a->lines, &p, NULL, &v);
        assert_true(lines_direct_factor(a->lines, &p));
        lines_direct_correct(a->lines, a->g, a->vr, a->vc);
    }
    return status;
}

static inline void solve(struct array *a, enum method method)
{
    struct error error = {{0}};
    ASSERT_DONE(try(a, method, &error), error);
}

/* Residual of Kirchhoff's law at node (i, j) of a row or a column, and the size of its terms. */
static inline double leaving(const struct array *a, bool row, size_t i, size_t j, double *size)
{
    const size_t k = i * a->n + j, step = row ? 1 : a->n;
    const double *v = row ? a->vr : a->vc, *other = row ? a->vc : a->vr;
    const double c = 1 / (row ? a->row_ohm : a->column_ohm);
    const bool first = row ? j == 0 : i == 0, last = row ? j + 1 == a->n : i + 1 == a->m;
    double terms[5] = {(row ? a->row_ground : a->column_ground)[k] * v[k],
                       -(row ? a->row_source : a->column_source)[k], a->g[k] * (v[k] - other[k])};
    if (!first)
        terms[3] = c * (v[k] - v[k - step]);
    if (!last)
        terms[4] = c * (v[k] - v[k + step]);
    double sum = 0;
    *size = c * fabs(v[k]);
    for (int t = 0; t < 5; t++) {
        sum += terms[t];
        *size = fmax(*size, fabs(terms[t]));
    }
    return sum;
}

/* At every node to 1e-12 of the sources' norm, and of the largest current that meets there with
 * what the rounding of a voltage makes in a segment. */
static inline void assert_kirchhoff(const struct array *a)
{
    double sources = 0;
    for (size_t k = 0; k < a->m * a->n; k++)
        sources += pow(a->row_source[k], 2) + pow(a->column_source[k], 2);
    sources = sqrt(sources);
    for (size_t k = 0; k < 2 * a->m * a->n; k++) {
        double size;
        const double f = leaving(a, k % 2, k / 2 / a->n, k / 2 % a->n, &size);
        ASSERT_NEAR(f, 0, TOLERANCE * sources + 4 * DBL_EPSILON * size);
    }
}

#endif
