/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Static reading of a whole array with line resistance: the solver of engine/lines/lines.h against sparse
 * LU factors of the same equations, both from nothing but the allocated memory and, for LU, the
 * analysed pattern.  The residual of both is computed here, from the assembled matrix. */
#include "compare/bench.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/statistics.h"
#include "engine/dae/sparse_lu.h"
#include "engine/lines/lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_OHM 1.0
#define READ_VOLT 0.1 /* [V] on all rows; the columns are grounded */
#define RESIDUAL 1e-12

/* An array of n x n; its 2 n^2 equations in compressed columns, rows' nodes before columns'. */
struct array_read {
    size_t side, cells;
    double *g, *row_ground, *column_ground, *row_source, *column_source; /* cells each */
    int64_t *columns, *rows; /* 2 cells + 1; 8 cells at most */
    double *entries;
    double *right, *x; /* 2 cells */
};

static void read_new(struct array_read *a, const struct bench_options *o, size_t side)
{
    const struct dopant *d = o->inputs.training.classifier.dopant;
    const size_t n = side * side;
    gsl_rng *rng = random_stream(o->inputs.training.seed, 0, RANDOM_INITIAL_STATE);
    *a = (struct array_read){.side = side,
                             .cells = n,
                             .g = NEW(n, double),
                             .row_ground = NEW(n, double),
                             .column_ground = NEW(n, double),
                             .row_source = NEW(n, double),
                             .column_source = NEW(n, double),
                             .columns = NEW(2 * n + 1, int64_t),
                             .rows = NEW(8 * n, int64_t),
                             .entries = NEW(8 * n, double),
                             .right = NEW(2 * n, double),
                             .x = NEW(2 * n, double)};
    for (size_t k = 0; k < n; k++)
        a->g[k] = d->g_min * pow(d->g_max / d->g_min, gsl_rng_uniform(rng));
    gsl_rng_free(rng);
    for (size_t i = 0; i < side; i++) {
        a->row_ground[i * side] = 1 / SEGMENT_OHM;
        a->row_source[i * side] = READ_VOLT / SEGMENT_OHM;
        a->column_ground[(side - 1) * side + i] = 1 / SEGMENT_OHM;
    }
    memcpy(a->right, a->row_source, n * sizeof *a->right);
}

static void read_free(struct array_read *a)
{
    void *const all[] = {
        a->g,       a->row_ground, a->column_ground, a->row_source, a->column_source,
        a->columns, a->rows,       a->entries,       a->right,      a->x};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* Column of unknown u: the neighbours along its line at -`step` and +`step`, its device, itself. */
static int64_t assemble_column(struct array_read *a, size_t u, int64_t at)
{
    const size_t n = a->cells, k = u % n;
    const bool row = u < n;
    const size_t step = row ? 1 : a->side, along = row ? k % a->side : k / a->side;
    const double line = 1 / SEGMENT_OHM;
    double own = a->g[k] + (row ? a->row_ground : a->column_ground)[k];
    if (!row) {
        a->rows[at] = (int64_t)k;
        a->entries[at++] = -a->g[k];
    }
    if (along > 0) {
        a->rows[at] = (int64_t)(u - step);
        a->entries[at++] = -line;
        own += line;
    }
    const int64_t diagonal = at++;
    if (along + 1 < a->side) {
        a->rows[at] = (int64_t)(u + step);
        a->entries[at++] = -line;
        own += line;
    }
    if (row) {
        a->rows[at] = (int64_t)(u + n);
        a->entries[at++] = -a->g[k];
    }
    a->rows[diagonal] = (int64_t)u;
    a->entries[diagonal] = own;
    return at;
}

static void assemble(struct array_read *a)
{
    int64_t at = 0;
    for (size_t u = 0; u < 2 * a->cells; u++) {
        a->columns[u] = at;
        at = assemble_column(a, u, at);
    }
    a->columns[2 * a->cells] = at;
}

/* |right - matrix x| / |right|. */
static double residual(const struct array_read *a)
{
    const size_t n = 2 * a->cells;
    double *r = NEW(n, double), rr = 0, bb = 0;
    memcpy(r, a->right, n * sizeof *r);
    for (size_t u = 0; u < n; u++)
        for (int64_t k = a->columns[u]; k < a->columns[u + 1]; k++)
            r[a->rows[k]] -= a->entries[k] * a->x[u];
    for (size_t u = 0; u < n; u++) {
        rr += r[u] * r[u];
        bb += a->right[u] * a->right[u];
    }
    free(r);
    return sqrt(rr / bb);
}

static enum status solve_lu(struct array_read *a, void *solver, double *wall, struct error *error)
{
    const double begin = clock_now();
    memcpy(a->x, a->right, 2 * a->cells * sizeof *a->x);
    const bool done = sparse_lu_factor(solver, a->entries) && sparse_lu_solve(solver, a->x);
    *wall = clock_now() - begin;
    return done ? STATUS_OK : fail(error, STATUS_NUMERICAL, "static read: singular matrix");
}

static enum status solve_lines(struct array_read *a, void *solver, double *wall,
                               struct error *error)
{
    const struct lines_problem problem = {a->g, a->row_ground, a->column_ground, a->row_source,
                                          a->column_source};
    struct lines_report report;
    const double begin = clock_now();
    memset(a->x, 0, 2 * a->cells * sizeof *a->x);
    const enum status status =
        lines_solve(solver, &problem, RESIDUAL, a->x, a->x + a->cells, &report, error);
    *wall = clock_now() - begin;
    return status;
}

static enum status read_array(const struct bench_options *o, size_t side, struct table *rows,
                              struct error *error)
{
    struct array_read a;
    read_new(&a, o, side);
    assemble(&a);
    struct lines *lines = lines_new(side, side, SEGMENT_OHM, SEGMENT_OHM);
    struct sparse_lu *lu = sparse_lu_new((int64_t)(2 * a.cells), a.columns, a.rows);
    struct {
        const char *name;
        enum status (*solve)(struct array_read *, void *, double *, struct error *);
        void *solver;
        struct bench_timing timing;
        double residual;
    } methods[] = {{.name = "klu", .solve = solve_lu, .solver = lu},
                   {.name = "lines", .solve = solve_lines, .solver = lines}};
    enum status status =
        lu ? STATUS_OK : fail(error, STATUS_NUMERICAL, "static read: singular pattern");
    char *name = memory_format("read-%zux%zu", side, side);
    for (size_t round = 0; round < BENCH_TIMINGS; round++)
        for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
            double wall;
            if (!bench_more_timings(&methods[i].timing))
                continue;
            bench_tell(o, "%s: timing %s, %zu", name, methods[i].name, round + 1);
            status = methods[i].solve(&a, methods[i].solver, &wall, error);
            bench_add_timing(&methods[i].timing, wall);
            methods[i].residual = residual(&a);
            if (o->inputs.interrupted && *o->inputs.interrupted)
                status = fail(error, STATUS_INTERRUPTED, "interrupted in %s", name);
        }
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++)
        bench_add_row(rows, &(struct bench_row){.circuit = name,
                                                .engine = methods[i].name,
                                                .baseline = "KLU factor + solve",
                                                .error = methods[i].residual,
                                                .error_of = "residual",
                                                .timing = &methods[i].timing,
                                                .baseline_timing = &methods[0].timing,
                                                .target = RESIDUAL,
                                                .model_error = NAN});
    free(name);
    lines_free(lines);
    sparse_lu_free(lu);
    read_free(&a);
    return status;
}

enum status bench_read(const struct bench_options *o, struct table *rows, struct error *error)
{
    const enum status status = read_array(o, 128, rows, error);
    return status == STATUS_OK && !o->quick ? read_array(o, 512, rows, error) : status;
}
