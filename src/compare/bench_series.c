/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the cost of an engine grows: with the side of a square crossbar, so with its devices, and
 * with the pulses.  All at one tolerance: ratios between engines are the business of bench.c. */
#include "base/statistics.h"
#include "compare/bench.h"

#define SERIES_RELTOL 1e-4
#define SERIES_PULSES 10
#define SERIES_SIDE 8
#define WALL_MAX 30.0 /* [s] an engine that takes longer is not asked for the next size */
#define WALL_MAX_QUICK 0.5
#define TIMINGS 3 /* the median counts */
#define POINTS_MAX 8

enum { SERIES, ENGINE, SIDE, DEVICES, PULSES, POINTS, WALL, PER, N_COLUMNS };
enum { GROWTH_SERIES, GROWTH_ENGINE, GROWTH_EXPONENT, GROWTH_FROM, GROWTH_TO, N_GROWTH };

static const struct series {
    const char *name;
    bool over_pulses;
    size_t n, sizes[POINTS_MAX]; /* sides, or pulses */
} series_table[] = {
    {"devices", false, 6, {4, 6, 8, 12, 16, 32}},
    {"pulses", true, 5, {10, 30, 100, 300, 1000}},
};

struct table *bench_series_table(void)
{
    static const char *const names[N_COLUMNS] = {
        "series", "engine", "side", "devices", "pulses", "points", "wall_s", "us_per_device_pulse"};
    static const int digits[N_COLUMNS] = {0, 0, 0, 0, 0, 0, 4, 4};
    return table_new(N_COLUMNS, names, digits);
}

struct table *bench_growth_table(void)
{
    static const char *const names[N_GROWTH] = {"growth_with", "engine", "exponent", "from", "to"};
    static const int digits[N_GROWTH] = {0, 0, 3, 0, 0};
    return table_new(N_GROWTH, names, digits);
}

/* Median time of an engine on an array. */
static enum status measure(const struct bench_options *o, const struct engine *engine,
                           const struct study_case *k, double *wall, size_t *points,
                           struct error *error)
{
    struct engine_options solver = case_tolerances(SERIES_RELTOL);
    double walls[TIMINGS];
    size_t n = 0;
    enum status status = STATUS_OK;
    solver.interrupted = o->inputs.interrupted;
    while (n < TIMINGS && status == STATUS_OK && (n == 0 || walls[0] < WALL_MAX / 3)) {
        struct case_result result;
        status = case_run(k, &(struct case_run_options){.engine = engine, .solver = &solver},
                          &result, error);
        walls[n++] = result.wall;
        *points = result.report.points;
        case_result_free(&result);
    }
    *wall = statistics_median(walls, n);
    return status;
}

struct point {
    size_t side, points; /* accepted by the engine */
    double wall;         /* [s] */
};

static void add_point(struct table *t, const struct series *s, const struct engine *e,
                      const struct study_case *k, const struct point *p)
{
    table_row(t);
    table_text(t, SERIES, s->name);
    table_text(t, ENGINE, e->name);
    table_number(t, SIDE, (double)p->side);
    table_number(t, DEVICES, (double)k->n_devices);
    table_number(t, PULSES, (double)k->n_pulses);
    table_number(t, POINTS, (double)p->points);
    table_number(t, WALL, p->wall);
    table_number(t, PER, 1e6 * p->wall / (double)(k->n_devices * k->n_pulses));
}

static void add_growth(struct table *t, const char *over, const struct engine *e, const double *x,
                       const double *y, size_t n)
{
    if (n < 2)
        return;
    table_row(t);
    table_text(t, GROWTH_SERIES, over);
    table_text(t, GROWTH_ENGINE, e->name);
    table_number(t, GROWTH_EXPONENT, statistics_exponent(x, y, n));
    table_number(t, GROWTH_FROM, x[0]);
    table_number(t, GROWTH_TO, x[n - 1]);
}

static enum status run_series(const struct bench_options *o, const struct series *s,
                              const struct engine *e, struct table *points, struct table *growth,
                              struct error *error)
{
    double size[POINTS_MAX], side[POINTS_MAX], wall[POINTS_MAX];
    size_t n = 0;
    const double most = o->quick ? WALL_MAX_QUICK : WALL_MAX;
    enum status status = STATUS_OK;
    /* an exponent needs two points, however slow the machine */
    while (n < s->n && status == STATUS_OK && (n < 2 || wall[n - 1] < most)) {
        const size_t a = s->over_pulses ? SERIES_SIDE : s->sizes[n];
        const struct case_kind kind =
            case_array(a, a, s->over_pulses ? s->sizes[n] : SERIES_PULSES);
        struct case_recording none = {0};
        struct study_case k;
        size_t taken = 0;
        bench_tell(o, "series over %s: %s, %zu", s->name, e->name, s->sizes[n]);
        status = case_build(&kind, &o->inputs, &none, &k, error);
        if (status != STATUS_OK)
            break;
        status = measure(o, e, &k, &wall[n], &taken, error);
        if (status == STATUS_OK)
            add_point(points, s, e, &k, &(struct point){a, taken, wall[n]});
        size[n] = (double)(s->over_pulses ? k.n_pulses : k.n_devices);
        side[n++] = (double)a;
        case_free(&k);
    }
    if (status != STATUS_OK)
        return status;
    add_growth(growth, s->name, e, size, wall, n);
    if (!s->over_pulses)
        add_growth(growth, "side", e, side, wall, n);
    return STATUS_OK;
}

enum status bench_series(const struct bench_options *o, struct table *points, struct table *growth,
                         struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof series_table / sizeof series_table[0]; i++)
        for (size_t e = 0; engine_table[e] && status == STATUS_OK; e++)
            status = run_series(o, &series_table[i], engine_table[e], points, growth, error);
    return status;
}
