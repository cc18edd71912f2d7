/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sweep costs beside its samples: sweeps of samples of a known processor time, and the same on
 * more workers than there are here, replayed with the costs and times that were measured. */
#include "compare/bench.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"
#include "sweep/schedule.h"
#include "sweep/sweep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE 5e-3    /* processor time of a sample [s] */
#define SAMPLES 600    /* of them */
#define EMPTY 30000    /* samples that take no time: all is the coordinator's */
#define N_OUTPUTS 22   /* as many as the experiment training has */
#define ROUNDS SAMPLES /* samples a worker in a replay: every measured time as often */
#define WORKERS_MAX 2

enum {
    WORKERS,
    COUNT,
    SAMPLE_S,
    WALL,
    RATE,
    EFFICIENCY,
    OVERHEAD,
    SPEEDUP,
    ROW,
    COMMIT,
    N_COLUMNS
};

struct table *bench_sweep_table(void)
{
    static const char *const names[N_COLUMNS] = {
        "workers",  "samples", "sample_cpu_s",       "wall_s",   "rate_per_s", "efficiency",
        "overhead", "speedup", "coordinator_us_row", "commit_ms"};
    static const int digits[N_COLUMNS] = {0, 0, 0, 4, 4, 4, 3, 4, 3, 3};
    return table_new(N_COLUMNS, names, digits);
}

struct table *bench_schedule_table(void)
{
    static const char *const names[] = {"workers",    "sample_s",   "row_us",
                                        "rate_per_s", "efficiency", "coordinator"};
    static const int digits[] = {0, 0, 3, 4, 4, 3};
    return table_new(sizeof names / sizeof names[0], names, digits);
}

static double cpu_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void inputs(void *data, size_t sample, struct cell *row)
{
    (void)data;
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)sample};
    row[1] = (struct cell){.kind = CELL_TEXT, .text = memory_string("W")};
}

/* A given processor time, so that what others take from this process is no part of it. */
static enum status run(void *data, size_t sample, struct cell *row, struct error *error)
{
    (void)error;
    const double end = cpu_time() + *(const double *)data;
    for (size_t i = 0; i < N_OUTPUTS; i++)
        row[i] = (struct cell){.kind = CELL_NUMBER, .number = sin((double)(sample + i))};
    while (cpu_time() < end)
        ;
    return STATUS_OK;
}

struct measured {
    struct sweep_report report;
    size_t n;
    double *times; /* n: of the samples [s] */
};

struct load {
    size_t workers, n; /* samples */
    double seconds;    /* of each */
};

static enum status sweep_once(const struct bench_options *o, const char *folder,
                              const struct load *load, struct measured *m, struct error *error)
{
    const size_t n = load->n;
    double seconds = load->seconds;
    struct sample_column columns[2 + N_OUTPUTS] = {{"sample_number", false}, {"dopant", true}};
    char names[N_OUTPUTS][16];
    for (size_t i = 0; i < N_OUTPUTS; i++) {
        snprintf(names[i], sizeof names[i], "output_%zu", i);
        columns[2 + i].name = names[i];
    }
    const struct sample_job job = {.n = n,
                                   .n_inputs = 2,
                                   .n_columns = 2 + N_OUTPUTS,
                                   .columns = columns,
                                   .title = "bench",
                                   .identity = "bench",
                                   .data = &seconds,
                                   .inputs = inputs,
                                   .run = run};
    const struct sweep_options options = {.jobs = load->workers};
    struct table *rows = NULL;
    char *path = memory_format("%s/bench.db", folder);
    unlink(path);
    bench_tell(o, "sweep: %zu samples of %g ms, %zu workers", n, 1e3 * seconds, load->workers);
    enum status status = sweep_run(&job, path, &options, &m->report, error);
    if (status == STATUS_OK)
        status = store_table(path, true, &rows, NULL, error);
    if (status == STATUS_OK) {
        m->n = n;
        m->times = NEW(n, double);
        for (size_t i = 0; i < n; i++)
            m->times[i] = rows->cells[(i + 1) * rows->n_columns - 1].number;
    }
    table_free(rows);
    free(path);
    return status;
}

static double commit_time(const struct sweep_report *r)
{
    return r->writing / (double)(r->commits > 0 ? r->commits : 1);
}

static void add_row(struct table *t, size_t workers, double seconds, const struct measured *m,
                    double first)
{
    const struct sweep_report *r = &m->report;
    const double n = (double)r->rows, w = (double)workers;
    table_row(t);
    table_number(t, WORKERS, w);
    table_number(t, COUNT, n);
    table_number(t, SAMPLE_S, seconds);
    table_number(t, WALL, r->wall);
    table_number(t, RATE, n / r->wall);
    if (seconds > 0) {
        table_number(t, EFFICIENCY, n * seconds / (w * r->wall));
        table_number(t, OVERHEAD, w * r->wall / r->samples - 1);
        table_number(t, SPEEDUP, first / r->wall);
    }
    table_number(t, ROW, 1e6 * r->cpu / n);
    table_number(t, COMMIT, 1e3 * commit_time(r));
}

/* The measured times, stretched to a mean. */
static void replay(const struct measured *m, const struct schedule_costs *costs, struct table *t)
{
    static const double means[] = {1e-3, 5e-3, 25e-3, 0.1};
    static const size_t workers[] = {1, 4, 16, 64, 256, 1024, 4096};
    double *times = NEW(m->n, double);
    for (size_t k = 0; k < sizeof means / sizeof means[0]; k++)
        for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++) {
            const size_t n = ROUNDS * workers[i];
            for (size_t j = 0; j < m->n; j++)
                times[j] = m->times[j] * means[k] * (double)m->n / m->report.samples;
            const struct schedule s = schedule_replay(workers[i], n, m->n, times, costs);
            const double numbers[] = {(double)workers[i], means[k],     1e6 * costs->row,
                                      (double)n / s.wall, s.efficiency, s.coordinator};
            table_row(t);
            for (size_t c = 0; c < t->n_columns; c++)
                table_number(t, c, numbers[c]);
        }
    free(times);
}

static enum status measure(const struct bench_options *o, const char *folder, struct table *table,
                           struct table *schedule, struct error *error)
{
    struct measured m[WORKERS_MAX] = {0}, empty = {0};
    enum status status = STATUS_OK;
    for (size_t w = 1; w <= WORKERS_MAX && status == STATUS_OK; w++) {
        status = sweep_once(o, folder, &(struct load){w, SAMPLES, SAMPLE}, &m[w - 1], error);
        if (status == STATUS_OK)
            add_row(table, w, SAMPLE, &m[w - 1], m[0].report.wall);
    }
    if (status == STATUS_OK)
        status = sweep_once(o, folder, &(struct load){WORKERS_MAX, EMPTY, 0}, &empty, error);
    if (status == STATUS_OK) {
        add_row(table, WORKERS_MAX, 0, &empty, NAN);
        const struct schedule_costs costs = {empty.report.cpu / EMPTY, commit_time(&m[0].report)};
        replay(&m[0], &costs, schedule);
    }
    for (size_t w = 0; w < WORKERS_MAX; w++)
        free(m[w].times);
    free(empty.times);
    return status;
}

enum status bench_sweep(const struct bench_options *o, struct table *table, struct table *schedule,
                        struct error *error)
{
    char *folder;
    const int lock = unfinished_scratch(&folder);
    if (lock < 0)
        return fail(error, STATUS_INPUT, "no temporary folder can be made: %s", strerror(errno));
    const enum status status = measure(o, folder, table, schedule, error);
    directory_remove(folder);
    close(lock);
    free(folder);
    return status;
}
