/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/claims/aggregate.h"

#include "base/memory.h"
#include "base/random.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_in(const struct region_count *r, double mean)
{
    return mean >= r->low && mean <= r->high;
}

struct interval95 aggregate_mean_in(const double *values, size_t n, uint64_t seed, uint32_t draw,
                                    struct region_count *region)
{
    region->inside = 0;
    double sum = 0;
    bool same = true;
    if (n == 0)
        return (struct interval95){NAN, NAN, NAN, 0};
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
        same &= values[i] == values[0];
    }
    const double mean = same ? values[0] : sum / (double)n;
    if (same) {
        region->inside = is_in(region, mean) ? AGGREGATE_RESAMPLES : 0;
        return (struct interval95){mean, mean, mean, n};
    }
    double *means = NEW(AGGREGATE_RESAMPLES, double);
    gsl_rng *rng = random_stream(seed, draw, RANDOM_BOOTSTRAP);
    for (size_t r = 0; r < AGGREGATE_RESAMPLES; r++) {
        double total = 0;
        for (size_t i = 0; i < n; i++)
            total += values[gsl_rng_uniform_int(rng, n)];
        means[r] = total / (double)n;
        region->inside += is_in(region, means[r]);
    }
    gsl_rng_free(rng);
    gsl_sort(means, 1, AGGREGATE_RESAMPLES);
    const struct interval95 result = {
        mean, gsl_stats_quantile_from_sorted_data(means, 1, AGGREGATE_RESAMPLES, 0.025),
        gsl_stats_quantile_from_sorted_data(means, 1, AGGREGATE_RESAMPLES, 0.975), n};
    free(means);
    return result;
}

struct interval95 aggregate_mean(const double *values, size_t n, uint64_t seed, uint32_t draw)
{
    struct region_count any = {-INFINITY, INFINITY, 0};
    return aggregate_mean_in(values, n, seed, draw, &any);
}

static const struct cell *at(const struct table *t, size_t row, size_t column)
{
    return &t->cells[row * t->n_columns + column];
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->kind == b->kind && (a->kind != CELL_NUMBER || a->number == b->number) &&
           (a->kind != CELL_TEXT || strcmp(a->text, b->text) == 0);
}

/* Inputs follow column "sample"; the first is the replica. */
static bool same_point(const struct table *t, size_t a, size_t b, size_t n_inputs)
{
    for (size_t c = 2; c <= n_inputs; c++)
        if (!same_cell(at(t, a, c), at(t, b, c)))
            return false;
    return true;
}

static void copy_cell(struct table *to, size_t column, const struct cell *cell)
{
    if (cell->kind == CELL_NUMBER)
        table_number(to, column, cell->number);
    else if (cell->kind == CELL_TEXT)
        table_text(to, column, cell->text);
}

/* Is an output that is a number wherever it is given? */
static bool numeric(const struct table *t, size_t column)
{
    bool any = false;
    for (size_t r = 0; r < t->n_rows; r++) {
        if (at(t, r, column)->kind == CELL_TEXT)
            return false;
        any |= at(t, r, column)->kind == CELL_NUMBER;
    }
    return any;
}

static bool failed(const struct table *t, size_t row, size_t status)
{
    const struct cell *cell = at(t, row, status);
    return cell->kind == CELL_TEXT ? strcmp(cell->text, "done") != 0 : cell->number != 0;
}

/* Columns of the samples. */
struct columns {
    size_t n_inputs, n_outputs;
    size_t *outputs; /* n_outputs: where they stand */
};

/* One row: of the samples [begin, end). */
static void add_point(struct table *points, const struct table *t, size_t begin, size_t end,
                      const struct columns *columns, uint64_t seed)
{
    const size_t n_inputs = columns->n_inputs, n_outputs = columns->n_outputs,
                 *outputs = columns->outputs;
    const size_t status = table_column(t, "status");
    double *values = NEW(end - begin, double), failures = 0;
    table_row(points);
    for (size_t c = 2; c <= n_inputs; c++)
        copy_cell(points, c - 2, at(t, begin, c));
    for (size_t r = begin; r < end; r++)
        failures += failed(t, r, status);
    table_number(points, n_inputs - 1, (double)(end - begin));
    table_number(points, n_inputs, failures);
    for (size_t k = 0; k < n_outputs; k++) {
        size_t n = 0;
        for (size_t r = begin; r < end; r++)
            if (!failed(t, r, status) && at(t, r, outputs[k])->kind == CELL_NUMBER &&
                isfinite(at(t, r, outputs[k])->number))
                values[n++] = at(t, r, outputs[k])->number;
        const struct interval95 i =
            aggregate_mean(values, n, seed, (uint32_t)(points->n_rows * n_outputs + k));
        const double numbers[] = {i.mean, i.low, i.high};
        for (size_t m = 0; n > 0 && m < 3; m++)
            table_number(points, n_inputs + 1 + 3 * k + m, numbers[m]);
    }
    free(values);
}

struct table *aggregate_points(const struct table *t, size_t n_inputs, uint64_t seed)
{
    const size_t status = table_column(t, "status");
    size_t *outputs = NEW(t->n_columns, size_t), n_outputs = 0, n = 0;
    for (size_t c = n_inputs + 1; c < status; c++)
        if (numeric(t, c))
            outputs[n_outputs++] = c;
    char **made = NEW(2 * n_outputs, char *);
    const char **names = NEW(n_inputs + 1 + 3 * n_outputs, const char *);
    for (size_t c = 2; c <= n_inputs; c++)
        names[n++] = t->names[c];
    names[n++] = "samples";
    names[n++] = "failures";
    for (size_t k = 0; k < n_outputs; k++) {
        const char *name = t->names[outputs[k]];
        names[n++] = name;
        names[n++] = made[2 * k] = memory_format("%s_low", name);
        names[n++] = made[2 * k + 1] = memory_format("%s_high", name);
    }
    const struct columns columns = {n_inputs, n_outputs, outputs};
    struct table *points = table_new(n, names, NULL);
    for (size_t begin = 0, end; begin < t->n_rows; begin = end) {
        for (end = begin + 1; end < t->n_rows && same_point(t, begin, end, n_inputs);)
            end++;
        add_point(points, t, begin, end, &columns, seed);
    }
    for (size_t k = 0; k < 2 * n_outputs; k++)
        free(made[k]);
    free(made);
    free(names);
    free(outputs);
    return points;
}
