/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training runs with seeds 1, 2, ... in a loop: their rate, and whether memory stays. */
#include "compare/bench.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* Of the search for targets, as in the testbenches of many samples. */
#define STARTS 2
#define STEPS 300
#define WARM_UP 10 /* runs before memory is looked at: by then every buffer has its size */

enum {
    ENGINE,
    RUNS,
    WALL,
    RATE,
    TRANSIENT,
    BEFORE,
    AFTER,
    SETTLED,
    DEVICES,
    PULSES,
    ACCURACY,
    N_COLUMNS
};

struct table *bench_repeat_table(void)
{
    static const char *const names[N_COLUMNS] = {
        "engine",       "training_runs",    "wall_s",          "runs_per_s",
        "transient_ms", "memory_before_MB", "memory_after_MB", "devices_settled",
        "devices",      "pulses_mean",      "accuracy_mean"};
    static const int digits[N_COLUMNS] = {0, 0, 4, 4, 4, 5, 5, 0, 0, 5, 5};
    return table_new(N_COLUMNS, names, digits);
}

/* Resident memory of this process [bytes]; NAN if the system does not tell. */
static double resident(void)
{
    unsigned long size, pages;
    FILE *in = fopen("/proc/self/statm", "r");
    const bool read = in && fscanf(in, "%lu %lu", &size, &pages) == 2;
    if (in)
        fclose(in);
    return read ? (double)pages * (double)sysconf(_SC_PAGESIZE) : NAN;
}

struct sums {
    double transient, accuracy, pulses;
    size_t settled, devices;
};

static enum status run_once(const struct training_options *o, struct sums *sums,
                            struct error *error)
{
    struct training t;
    enum status status = training_prepare(o, &t, error);
    if (status != STATUS_OK)
        return status;
    status = training_run(&t, NULL, 0, error);
    if (status == STATUS_OK) {
        sums->transient += t.report.wall;
        sums->accuracy += t.accuracy_noisy;
        sums->pulses += (double)(t.n_pulses - t.n_erases);
        sums->settled += t.n_settled;
        sums->devices += t.n_devices;
    }
    training_free(&t);
    return status;
}

enum status bench_repeat(const struct bench_options *o, struct table *table, struct error *error)
{
    struct training_options options = o->inputs.training;
    struct training first;
    struct sums sums = {0};
    double before = resident();
    options.engine = o->repeat_engine;
    options.solver.method = o->repeat_method;
    options.solver.interrupted = o->inputs.interrupted;
    options.target_starts = STARTS;
    options.target_steps = STEPS;
    /* all runs have the same neurons, whose transfer is measured once */
    bench_tell(o, "training runs: neurons");
    enum status status = training_prepare(&options, &first, error);
    if (status != STATUS_OK)
        return status;
    options.measured = first.transfer;
    const double begin = clock_now();
    size_t done = 0;
    for (size_t i = 0; i < o->repeats && status == STATUS_OK; i++) {
        if (i % 10 == 0)
            bench_tell(o, "training runs: %zu of %zu", i, o->repeats);
        options.seed = i + 1;
        status = run_once(&options, &sums, error);
        done += status == STATUS_OK;
        if (i + 1 == WARM_UP)
            before = resident();
    }
    const double wall = clock_now() - begin, n = (double)done;
    training_free(&first);
    if (done == 0)
        return status;
    const double numbers[N_COLUMNS] = {
        [RUNS] = n,
        [WALL] = wall,
        [RATE] = n / wall,
        [TRANSIENT] = 1e3 * sums.transient / n,
        [BEFORE] = 1e-6 * before,
        [AFTER] = 1e-6 * resident(),
        [SETTLED] = (double)sums.settled,
        [DEVICES] = (double)sums.devices,
        [PULSES] = sums.pulses / n,
        [ACCURACY] = sums.accuracy / n,
    };
    table_row(table);
    char *engine = engine_method_title(o->repeat_engine, o->repeat_method);
    table_text(table, ENGINE, engine);
    free(engine);
    for (int k = RUNS; k < N_COLUMNS; k++)
        table_number(table, (size_t)k, numbers[k]);
    return status;
}
