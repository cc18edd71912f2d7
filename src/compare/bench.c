/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/bench.h"

#include "base/memory.h"
#include "base/statistics.h"
#include "compare/check.h"
#include "compare/tolerance_search.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ENGINES_MAX 8
#define LOOSEST 2   /* half decades: reltol 0.1 */
#define TIGHTEST 14 /* 1e-7 */

/* Reference of arrays that ngspice at tight tolerances does not finish in minutes. */
#define LARGE_DEVICES 100
#define LARGE_RELTOL 1e-8
#define LARGE_ENGINE "ida"

/* The array whose rows are at ngspice's own error: that of ngspice as it is without any .options
 * (its manual: reltol 1e-3, abstol 1e-12, vntol 1e-6, trtol 7). */
#define STOCK_DEVICES 1000
static const double stock[] = {1e-3, 1e-12, 1e-6, 7};

enum column {
    CIRCUIT,
    ENGINE,
    BASELINE,
    ERROR,
    WALL,
    SPEEDUP,
    SPREAD,
    RUNS,
    RELTOL,
    STEPS,
    TARGET,
    ERROR_OF,
    MODEL_ERROR,
    MODEL_ERROR_OF,
    N_COLUMNS
};

/* One engine on one case. */
struct entry {
    const struct engine *engine;
    struct engine_options solver;
    struct tolerance_found found;
    struct difference difference,
        model; /* at that tolerance; to its own circuit, to the netlist's */
    double target;
    struct bench_timing timing;
};

struct trial {
    const struct bench_options *options;
    const struct study_case *k;
    const struct case_result *references; /* CASE_FORMS */
    struct entry *entry;
    double wall; /* of the last run [s] */
};

void bench_tell(const struct bench_options *o, const char *format, ...)
{
    if (!o->progress)
        return;
    va_list args;
    va_start(args, format);
    char *text = NULL;
    if (vasprintf(&text, format, args) > 0)
        o->progress(o->progress_data, text);
    va_end(args);
    free(text);
}

bool bench_wants(const struct bench_options *o, const char *part, bool quick)
{
    for (size_t i = 0; i < o->n_parts; i++)
        if (strcmp(o->parts[i], part) == 0)
            return true;
    return o->n_parts == 0 && (quick || !o->quick);
}

static double error_of(const struct difference *d)
{
    return fmax(d->state, d->energy);
}

static enum status try_options(struct trial *t, const struct engine_options *solver,
                               struct difference *d, struct difference *model, struct error *error)
{
    struct engine_options o = *solver;
    struct case_result result;
    o.interrupted = t->options->inputs.interrupted;
    const enum status status = case_run(
        t->k, &(struct case_run_options){.engine = t->entry->engine, .solver = &o}, &result, error);
    t->wall = result.wall;
    if (status == STATUS_OK) {
        *d = case_compare(&result, &t->references[result.form]);
        *model = case_compare(&result, &t->references[CASE_FULL]);
    }
    case_result_free(&result);
    return status;
}

static enum status try_tolerance(void *data, double reltol, double *found, struct error *error)
{
    struct trial *t = data;
    struct difference d, model;
    const struct engine_options solver = case_tolerances(reltol);
    bench_tell(t->options, "%s: %s at reltol %.2g", t->k->name, t->entry->engine->name, reltol);
    const enum status status = try_options(t, &solver, &d, &model, error);
    if (status == STATUS_OK)
        *found = error_of(&d);
    return status;
}

/* The tolerance at which the engine is timed, and its error there. */
static enum status prepare_entry(struct trial *t, double target, struct error *error)
{
    struct entry *e = t->entry;
    const struct tolerance_search_options search = {LOOSEST, TIGHTEST, target, try_tolerance, t};
    e->target = target;
    enum status status = tolerance_search(&search, &e->found, error);
    e->solver = case_tolerances(e->found.reltol);
    return status;
}

bool bench_more_timings(const struct bench_timing *t)
{
    const double first = t->walls[0];
    return t->n < (t->n == 0               ? BENCH_TIMINGS
                   : first > BENCH_LONGEST ? BENCH_TIMINGS_MOST
                   : first > BENCH_LONG    ? BENCH_TIMINGS_LONG
                                           : BENCH_TIMINGS);
}

void bench_add_timing(struct bench_timing *t, double wall)
{
    t->walls[t->n++] = wall;
}

/* Round after round, so that what the machine does meanwhile falls on all. */
static enum status time_entries(struct trial *t, struct entry *entries, size_t n,
                                struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t round = 0; round < BENCH_TIMINGS; round++)
        for (size_t i = 0; i < n && status == STATUS_OK; i++) {
            struct entry *e = t->entry = &entries[i];
            if (!bench_more_timings(&e->timing))
                continue;
            bench_tell(t->options, "%s: timing %s, %zu", t->k->name, e->engine->name, round + 1);
            status = try_options(t, &e->solver, &e->difference, &e->model, error);
            bench_add_timing(&e->timing, t->wall);
        }
    return status;
}

static struct table *make_table(void)
{
    static const char *const names[N_COLUMNS] = {
        "circuit",     "engine",        "baseline", "error", "wall_s", "speedup_vs_ngspice",
        "spread",      "runs",          "reltol",   "steps", "target", "error_of",
        "model_error", "model_error_of"};
    static const int digits[N_COLUMNS] = {0, 0, 0, 2, 4, 3, 2, 0, 2, 0, 2, 0, 2, 0};
    return table_new(N_COLUMNS, names, digits);
}

void bench_add_row(struct table *t, const struct bench_row *row)
{
    const struct bench_timing *timing = row->timing;
    const double wall = statistics_median(timing->walls, timing->n);
    table_row(t);
    table_text(t, CIRCUIT, row->circuit);
    table_text(t, ENGINE, row->engine);
    table_text(t, BASELINE, row->baseline);
    table_number(t, ERROR, row->error);
    table_number(t, WALL, wall);
    table_number(t, SPEEDUP,
                 statistics_median(row->baseline_timing->walls, row->baseline_timing->n) / wall);
    if (timing->n > 1)
        table_number(t, SPREAD, statistics_spread(timing->walls, timing->n));
    table_number(t, RUNS, (double)timing->n);
    if (row->reltol > 0)
        table_number(t, RELTOL, row->reltol);
    if (row->steps > 0)
        table_number(t, STEPS, row->steps);
    if (row->target > 0)
        table_number(t, TARGET, row->target);
    table_text(t, ERROR_OF, row->error_of);
    if (!isnan(row->model_error))
        table_number(t, MODEL_ERROR, row->model_error);
    table_text(t, MODEL_ERROR_OF, row->model_error_of ? row->model_error_of : "");
}

/* "state", or "energy of select, training". */
static void error_name(const struct difference *d, char text[96])
{
    if (d->energy > d->state && d->class >= 0)
        snprintf(text, 96, "energy of %s, %s", energy_class_name((enum energy_class)d->class),
                 phase_section_name((enum phase_section)d->section));
    else
        snprintf(text, 96, "state");
}

static void add_entry(struct table *rows, const struct study_case *k, const struct entry *e,
                      const char *baseline, const struct bench_timing *baseline_timing)
{
    char of[96], model_of[96] = "";
    const bool other = case_form_for(k, e->engine) != CASE_FULL;
    error_name(&e->difference, of);
    if (other)
        error_name(&e->model, model_of);
    bench_add_row(rows, &(struct bench_row){.circuit = k->name,
                                            .engine = e->engine->name,
                                            .baseline = baseline,
                                            .error = error_of(&e->difference),
                                            .error_of = of,
                                            .target = e->target,
                                            .timing = &e->timing,
                                            .baseline_timing = baseline_timing,
                                            .reltol = e->solver.reltol,
                                            .steps = (double)e->found.steps,
                                            .model_error = other ? error_of(&e->model) : NAN,
                                            .model_error_of = model_of});
}

static bool is_large(const struct study_case *k)
{
    return k->n_devices >= LARGE_DEVICES;
}

static enum status run_reference(const struct bench_options *o, const struct study_case *k,
                                 bool large, struct case_result *reference, struct error *error)
{
    struct engine_options tight = large ? case_tolerances(LARGE_RELTOL) : check_reference_options;
    const struct engine *engine = engine_find(large ? LARGE_ENGINE : "ngspice");
    tight.interrupted = o->inputs.interrupted;
    bench_tell(o, "%s: reference, %s at reltol %.0e", k->name, engine->name, tight.reltol);
    return case_run(k, &(struct case_run_options){.engine = engine, .solver = &tight, .keep = true},
                    reference, error);
}

/* Stock ngspice, timed as it is; its error is the target of the others. */
static enum status stock_entry(struct trial *t, double *target, struct error *error)
{
    struct entry *e = t->entry;
    e->solver = engine_defaults;
    e->solver.reltol = stock[0];
    e->solver.abstol = stock[1];
    e->solver.vntol = stock[2];
    e->solver.trtol = stock[3];
    bench_tell(t->options, "%s: ngspice at its own tolerances", t->k->name);
    const enum status status = try_options(t, &e->solver, &e->difference, &e->model, error);
    e->found = (struct tolerance_found){stock[0], error_of(&e->difference), true, 1};
    *target = e->found.found;
    e->target = 0;
    return status;
}

static enum status bench_case(const struct bench_options *o, const struct study_case *k,
                              struct table *rows, struct error *error)
{
    struct case_result references[CASE_FORMS] = {0};
    struct entry entries[ENGINES_MAX] = {0};
    struct trial t = {.options = o, .k = k, .references = references};
    double target = BENCH_ERROR;
    size_t n = 0;
    enum status status = run_reference(o, k, is_large(k), &references[CASE_FULL], error);
    if (status == STATUS_OK && k->circuits[CASE_BEHAVIOURAL]) {
        const struct study_case behavioural = case_behavioural(k);
        status = run_reference(o, &behavioural, false, &references[CASE_BEHAVIOURAL], error);
    }
    for (; engine_table[n] && n < ENGINES_MAX && status == STATUS_OK; n++) {
        t.entry = &entries[n];
        t.entry->engine = engine_table[n];
        status = n == 0 && k->n_devices >= STOCK_DEVICES ? stock_entry(&t, &target, error)
                                                         : prepare_entry(&t, target, error);
    }
    if (status == STATUS_OK)
        status = time_entries(&t, entries, n, error);
    for (size_t i = 0; i < n && status == STATUS_OK; i++)
        add_entry(rows, k, &entries[i], "ngspice", &entries[0].timing);
    for (int form = 0; form < CASE_FORMS; form++)
        case_result_free(&references[form]);
    return status;
}

/* The reference of large arrays against that of small ones, where both can be had. */
static enum status check_reference(const struct bench_options *o, struct case_recording *recording,
                                   struct table *rows, struct error *error)
{
    struct study_case k;
    struct case_result small, large;
    enum status status = case_build(case_find("crossbar-3x9"), &o->inputs, recording, &k, error);
    if (status != STATUS_OK)
        return status;
    status = run_reference(o, &k, false, &small, error);
    if (status == STATUS_OK) {
        status = run_reference(o, &k, true, &large, error);
        struct entry e = {.engine = engine_find(LARGE_ENGINE),
                          .solver = case_tolerances(LARGE_RELTOL),
                          .found = {.steps = 1},
                          .timing = {1, {large.wall}}};
        const struct bench_timing baseline = {1, {small.wall}};
        if (status == STATUS_OK) {
            e.difference = case_compare(&large, &small);
            k.name = "crossbar-3x9, reference of large arrays";
            add_entry(rows, &k, &e, "ngspice, reltol 1e-6", &baseline);
        }
        case_result_free(&large);
    }
    case_result_free(&small);
    case_free(&k);
    return status;
}

enum status bench_run(const struct bench_options *o, struct bench_tables *tables,
                      struct error *error)
{
    struct case_recording recording = {0};
    enum status status = STATUS_OK;
    *tables =
        (struct bench_tables){make_table(),         bench_series_table(), bench_growth_table(),
                              bench_repeat_table(), bench_sweep_table(),  bench_schedule_table()};
    for (const struct case_kind *kind = case_table; kind->name && status == STATUS_OK; kind++) {
        struct study_case k;
        if (!bench_wants(o, kind->name, kind->quick) || (kind->still && o->n_parts == 0))
            continue;
        bench_tell(o, "%s: building", kind->name);
        status = case_build(kind, &o->inputs, &recording, &k, error);
        if (status != STATUS_OK)
            break;
        status = bench_case(o, &k, tables->rows, error);
        case_free(&k);
        if (status == STATUS_OK && strcmp(kind->name, "crossbar-3x9") == 0)
            status = check_reference(o, &recording, tables->rows, error);
    }
    case_recording_free(&recording);
    if (status == STATUS_OK && bench_wants(o, BENCH_READ, true))
        status = bench_read(o, tables->rows, error);
    if (status == STATUS_OK && bench_wants(o, BENCH_TILES, false))
        status = bench_tiles(o, tables->rows, error);
    if (status == STATUS_OK && bench_wants(o, BENCH_SERIES, true))
        status = bench_series(o, tables->series, tables->growth, error);
    if (status == STATUS_OK && o->repeats > 0 && bench_wants(o, BENCH_REPEAT, false))
        status = bench_repeat(o, tables->repeat, error);
    if (status == STATUS_OK && bench_wants(o, BENCH_SWEEP, false))
        status = bench_sweep(o, tables->sweep, tables->schedule, error);
    return status;
}

void bench_free(struct bench_tables *t)
{
    table_free(t->rows);
    table_free(t->series);
    table_free(t->growth);
    table_free(t->repeat);
    table_free(t->sweep);
    table_free(t->schedule);
    *t = (struct bench_tables){0};
}
