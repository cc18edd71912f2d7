/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Static reading of arrays with line resistance (engine/lines/lines_read.h) against KLU on the same
 * equations.  Both begin with nothing but the conductances and, for KLU, the analysed pattern and
 * the pivots of a factorization before; both end with the currents of all columns for all vectors.
 * Their errors are found here: against KLU's solution refined with residuals in long double. */
#include "compare/bench.h"
#include "compare/bench_klu.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/statistics.h"
#include "engine/dae/sparse_lu.h"
#include "engine/lines/lines_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define READ_VOLT 0.1   /* [V] on all rows if there is one vector; else up to it, at random */
#define TOLERANCE 1e-12 /* of each current */
#define REFINEMENTS 3

static const struct read_kind {
    size_t rows, columns, vectors;
    double ohm; /* of a segment */
    bool klu;   /* it fits into memory and minutes */
    bool quick;
} kinds[] = {
    {256, 16, 64, 10, true, true},    {32, 32, 64, 1, true, true},    {64, 64, 64, 1, true, true},
    {128, 128, 1, 1, true, true},     {128, 128, 64, 1, true, false}, {512, 512, 1, 1, true, false},
    {1024, 1024, 1, 1, false, false},
};

/* The array and its 2 m n equations in compressed columns, rows' nodes before columns'. */
struct array_read {
    const struct read_kind *kind;
    size_t cells;
    double *g, *volts;       /* cells; vectors x rows */
    int64_t *columns, *rows; /* 2 cells + 1; 8 cells at most */
    double *entries;
    double *right, *x; /* vectors x 2 cells, of KLU */
    double *exact;     /* vectors x columns: currents [A], refined */
    struct sparse_lu *lu;
    double *current, *bound; /* vectors x columns [A] */
};

/* Column of unknown u: the neighbours along its line at -`step` and +`step`, its device, itself. */
static int64_t assemble_column(struct array_read *a, size_t u, int64_t at)
{
    const size_t n = a->cells, k = u % n, m = a->kind->rows, c = a->kind->columns;
    const bool row = u < n;
    const size_t step = row ? 1 : c, along = row ? k % c : k / c, length = row ? c : m;
    const double line = 1 / a->kind->ohm;
    const bool end = row ? along == 0 : along + 1 == length; /* to the driver, to the sense */
    double own = a->g[k] + (end ? line : 0);
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
    if (along + 1 < length) {
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
    const size_t n = 2 * a->cells, m = a->kind->rows;
    int64_t at = 0;
    a->columns = NEW(n + 1, int64_t);
    a->rows = NEW(4 * n, int64_t);
    a->entries = NEW(4 * n, double);
    a->right = NEW(a->kind->vectors * n, double);
    a->x = NEW(a->kind->vectors * n, double);
    a->exact = NEW(a->kind->vectors * a->kind->columns, double);
    for (size_t u = 0; u < n; u++) {
        a->columns[u] = at;
        at = assemble_column(a, u, at);
    }
    a->columns[n] = at;
    for (size_t v = 0; v < a->kind->vectors; v++)
        for (size_t i = 0; i < m; i++)
            a->right[v * n + i * a->kind->columns] = a->volts[v * m + i] / a->kind->ohm;
}

static void read_new(struct array_read *a, const struct bench_options *o,
                     const struct read_kind *kind)
{
    const struct dopant *d = o->inputs.training.classifier.dopant;
    gsl_rng *rng = random_stream(o->inputs.training.seed, 0, RANDOM_INITIAL_STATE);
    *a = (struct array_read){.kind = kind, .cells = kind->rows * kind->columns};
    a->g = NEW(a->cells, double);
    a->volts = NEW(kind->vectors * kind->rows, double);
    a->current = NEW(kind->vectors * kind->columns, double);
    a->bound = NEW(kind->vectors * kind->columns, double);
    for (size_t k = 0; k < a->cells; k++)
        a->g[k] = d->g_min * pow(d->g_max / d->g_min, gsl_rng_uniform(rng));
    for (size_t k = 0; k < kind->vectors * kind->rows; k++)
        a->volts[k] = READ_VOLT * (kind->vectors > 1 ? gsl_rng_uniform(rng) : 1);
    gsl_rng_free(rng);
    if (kind->klu)
        assemble(a);
}

static void read_free(struct array_read *a)
{
    void *const all[] = {a->g,     a->volts, a->columns, a->rows,    a->entries,
                         a->right, a->x,     a->exact,   a->current, a->bound};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    sparse_lu_free(a->lu);
}

/* Of column j in vector v, from KLU's voltages x. */
static long double klu_current(const struct array_read *a, const long double *x, size_t j)
{
    return x[2 * a->cells - a->kind->columns + j] / (long double)a->kind->ohm;
}

/* left = right - matrix x, from the resistors: the assembled diagonal is rounded. */
static void residual(const struct array_read *a, const double *volts, const long double *x,
                     long double *left)
{
    const size_t m = a->kind->rows, n = a->kind->columns, cells = a->cells;
    const long double ohm = a->kind->ohm;
    for (size_t k = 0; k < cells; k++) {
        const size_t i = k / n, j = k % n;
        const long double r = x[k], c = x[cells + k], device = a->g[k] * (r - c);
        const long double before = j > 0 ? x[k - 1] : volts[i], after = j + 1 < n ? x[k + 1] : r;
        const long double above = i > 0 ? x[cells + k - n] : c,
                          below = i + 1 < m ? x[cells + k + n] : 0;
        left[k] = (before - r) / ohm + (after - r) / ohm - device;
        left[cells + k] = (above - c) / ohm + (below - c) / ohm + device;
    }
}

/* a->exact by KLU's factors and residuals in long double. */
static bool refine(struct array_read *a)
{
    const size_t n = 2 * a->cells;
    long double *x = NEW(n, long double), *left = NEW(n, long double);
    double *step = NEW(n, double);
    bool done = true;
    for (size_t v = 0; v < a->kind->vectors && done; v++) {
        memset(x, 0, n * sizeof *x);
        for (size_t pass = 0; pass < REFINEMENTS && done; pass++) {
            residual(a, a->volts + v * a->kind->rows, x, left);
            for (size_t u = 0; u < n; u++)
                step[u] = (double)left[u];
            done = sparse_lu_solve(a->lu, step);
            for (size_t u = 0; u < n; u++)
                x[u] += step[u];
        }
        for (size_t j = 0; j < a->kind->columns; j++)
            a->exact[v * a->kind->columns + j] = (double)klu_current(a, x, j);
    }
    free(x);
    free(left);
    free(step);
    return done;
}

static enum status solve_klu(struct array_read *a, double *wall, struct error *error)
{
    const size_t n = 2 * a->cells, columns = a->kind->columns;
    const double begin = clock_now();
    memcpy(a->x, a->right, a->kind->vectors * n * sizeof *a->x);
    const bool done = sparse_lu_klu_many(a->lu, a->entries, a->kind->vectors, a->x);
    for (size_t v = 0; v < a->kind->vectors; v++)
        for (size_t j = 0; j < columns; j++)
            a->current[v * columns + j] = a->x[v * n + n - columns + j] / a->kind->ohm;
    *wall = clock_now() - begin;
    return done ? STATUS_OK : fail(error, STATUS_NUMERICAL, "static read: singular matrix");
}

static enum status solve_lines(struct array_read *a, double *wall, struct error *error)
{
    const struct lines_array array = {.rows = a->kind->rows,
                                      .columns = a->kind->columns,
                                      .g = a->g,
                                      .row_ohm = a->kind->ohm,
                                      .column_ohm = a->kind->ohm};
    struct lines_answer answer = {.current = a->current, .bound = a->bound};
    struct lines_reader *reader;
    const double begin = clock_now();
    enum status status =
        lines_reader_new(&array, LINES_CHEAPER, a->kind->vectors, false, &reader, error);
    if (status == STATUS_OK)
        status = lines_solve_many(reader, a->kind->vectors, a->volts, TOLERANCE, &answer, error);
    lines_reader_free(reader);
    *wall = clock_now() - begin;
    return status;
}

/* Of the currents, the largest relative to itself; without KLU the bound. */
static double worst(const struct array_read *a)
{
    double most = 0;
    for (size_t k = 0; k < a->kind->vectors * a->kind->columns; k++) {
        const double off = a->kind->klu ? fabs(a->current[k] - a->exact[k]) : a->bound[k];
        most = fmax(most, off / fabs(a->current[k]));
    }
    return most;
}

static const struct read_method {
    const char *name;
    enum status (*solve)(struct array_read *, double *, struct error *);
} methods[] = {{"lines", solve_lines}, {"klu", solve_klu}};

static enum status measure(const struct bench_options *o, struct array_read *a, const char *name,
                           struct table *rows, struct error *error)
{
    struct bench_timing timing[2] = {{0}};
    double off[2] = {0};
    const size_t n = a->kind->klu ? 2 : 1;
    enum status status = STATUS_OK;
    for (size_t round = 0; round < BENCH_TIMINGS; round++)
        for (size_t i = 0; i < n && status == STATUS_OK; i++) {
            double wall;
            if (!bench_more_timings(&timing[i]))
                continue;
            bench_tell(o, "%s: timing %s, %zu", name, methods[i].name, round + 1);
            status = methods[i].solve(a, &wall, error);
            bench_add_timing(&timing[i], wall);
            off[i] = worst(a);
            if (o->inputs.interrupted && *o->inputs.interrupted)
                status = fail(error, STATUS_INTERRUPTED, "interrupted in %s", name);
        }
    for (size_t i = n; i-- > 0 && status == STATUS_OK;)
        bench_add_row(rows, &(struct bench_row){.circuit = name,
                                                .engine = methods[i].name,
                                                .baseline = a->kind->klu ? "klu" : "lines",
                                                .error = off[i],
                                                .error_of = a->kind->klu ? "worst current"
                                                                         : "bound of the currents",
                                                .timing = &timing[i],
                                                .baseline_timing = &timing[n - 1],
                                                .target = TOLERANCE,
                                                .model_error = NAN});
    return status;
}

static enum status read_array(const struct bench_options *o, const struct read_kind *kind,
                              struct table *rows, struct error *error)
{
    struct array_read a;
    char *name = memory_format("read-%zux%zux%zu", kind->rows, kind->columns, kind->vectors);
    enum status status = STATUS_OK;
    read_new(&a, o, kind);
    if (kind->klu) {
        bench_tell(o, "%s: KLU's pivots and the reference", name);
        a.lu = sparse_lu_new((int64_t)(2 * a.cells), a.columns, a.rows);
        if (!a.lu || !sparse_lu_klu_many(a.lu, a.entries, 0, a.x) || !refine(&a))
            status = fail(error, STATUS_NUMERICAL, "static read: singular matrix");
    }
    if (status == STATUS_OK)
        status = measure(o, &a, name, rows, error);
    free(name);
    read_free(&a);
    return status;
}

enum status bench_read(const struct bench_options *o, struct table *rows, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && status == STATUS_OK; k++)
        if (kinds[k].quick || !o->quick)
            status = read_array(o, &kinds[k], rows, error);
    return status;
}

/* Solutions alone: all less those of a factorization without vectors. */
static bool time_klu(struct array_read *a, double *seconds)
{
    const size_t n = 2 * a->cells;
    const double begin = clock_cpu();
    bool done = sparse_lu_klu_many(a->lu, a->entries, 0, a->x);
    const double factored = clock_cpu();
    done = done && sparse_lu_klu_many(a->lu, a->entries, a->kind->vectors, a->x);
    *seconds = ((clock_cpu() - factored) - (factored - begin)) / (double)a->kind->vectors;
    for (size_t v = 0; v < a->kind->vectors; v++)
        for (size_t j = 0; j < a->kind->columns; j++)
            a->current[v * a->kind->columns + j] =
                a->x[v * n + n - a->kind->columns + j] / a->kind->ohm;
    return done;
}

enum status bench_klu_read(const struct bench_klu *klu, double *current, double *seconds,
                           struct error *error)
{
    const struct read_kind kind = {klu->side, klu->side, klu->vectors, klu->ohm, true, true};
    const size_t cells = klu->side * klu->side, n = klu->vectors * klu->side;
    struct array_read a = {.kind = &kind, .cells = cells};
    a.g = NEW(cells, double);
    a.volts = NEW(n, double);
    a.current = NEW(n, double);
    memcpy(a.g, klu->g, cells * sizeof *a.g);
    memcpy(a.volts, klu->volts, n * sizeof *a.volts);
    assemble(&a);
    memcpy(a.x, a.right, klu->vectors * 2 * cells * sizeof *a.x);
    a.lu = sparse_lu_new((int64_t)(2 * cells), a.columns, a.rows);
    /* the first one chooses pivots */
    const bool done = a.lu && sparse_lu_klu_many(a.lu, a.entries, 0, a.x) && time_klu(&a, seconds);
    memcpy(current, a.current, n * sizeof *current);
    read_free(&a);
    return done ? STATUS_OK : fail(error, STATUS_NUMERICAL, "static read: singular matrix");
}
