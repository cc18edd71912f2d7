/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time of the engines at equal error.
 *
 * The quantity compared is the worst of the states of all devices at the end of the drive and of
 * the energies of all classes, against a reference at tight tolerances.  Each engine is found to
 * the same error (tolerance_search.h); then all are timed in turn, round after round.  The time of a run is
 * all of it: the engine's set-up, process, operating point and transient, and the account. */
#ifndef SILVERBAR_COMPARE_BENCH_H
#define SILVERBAR_COMPARE_BENCH_H

#include "base/table.h"
#include "compare/case_result.h"

#define BENCH_ERROR 1e-3     /* to which engines are found */
#define BENCH_TIMINGS 5      /* of an engine */
#define BENCH_TIMINGS_LONG 3 /* of one that takes more than BENCH_LONG */
#define BENCH_LONG 30.0      /* [s] */
#define BENCH_TIMINGS_MOST 1 /* of one that takes more than BENCH_LONGEST */
#define BENCH_LONGEST 90.0   /* [s] */

/* What the bench consists of: the cases of cases.h, and these. */
#define BENCH_SERIES "series"   /* cost against size */
#define BENCH_READ "read"       /* static reading of large arrays */
#define BENCH_TILES "tiles"     /* reads, a network, write and verify of tiles */
#define BENCH_REPEAT "training" /* training runs in a loop */
#define BENCH_SWEEP "sweep"     /* what a sweep costs beside its samples */

struct bench_options {
    struct case_inputs inputs;
    bool quick;               /* cases that take seconds, and shorter series */
    size_t n_parts;           /* 0: all */
    const char *const *parts; /* n_parts: names of cases and of these */
    const struct engine *repeat_engine;
    enum engine_method repeat_method;
    size_t repeats;                                 /* of BENCH_REPEAT; 0: none */
    void (*progress)(void *data, const char *text); /* or NULL */
    void *progress_data;
};

struct bench_tables {
    struct table *rows;             /* circuit, engine, baseline, error, wall_s, ... */
    struct table *series;           /* one run each: time against devices, pulses, side */
    struct table *growth;           /* exponents of the series */
    struct table *repeat;           /* the loop of training runs */
    struct table *sweep, *schedule; /* measured, and replayed on more workers */
};

/* *tables is to be freed in any case; after a failure it holds what was complete. */
enum status bench_run(const struct bench_options *options, struct bench_tables *tables,
                      struct error *error);
void bench_free(struct bench_tables *tables);

/* Times of one method. */
struct bench_timing {
    size_t n;
    double walls[BENCH_TIMINGS]; /* n [s] */
};

/* Is another one wanted, by how long the first took? */
bool bench_more_timings(const struct bench_timing *timing);
void bench_add_timing(struct bench_timing *timing, double wall);

struct bench_row {
    const char *circuit, *engine, *baseline, *error_of;
    double error, target; /* target 0: none */
    const struct bench_timing *timing, *baseline_timing;
    double reltol, steps; /* 0: no such thing */
    double model_error;   /* of behavioural neurons, against the netlist's; NAN: same circuit */
    const char *model_error_of;
};
void bench_add_row(struct table *rows, const struct bench_row *row);

/* Between the parts: does the user want it, and a line of progress. */
bool bench_wants(const struct bench_options *options, const char *part, bool quick);
void bench_tell(const struct bench_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The parts that are not cases (bench_series.c, bench_read.c, bench_tiles.c, bench_repeat.c,
 * bench_sweep.c). */
enum status bench_series(const struct bench_options *options, struct table *series,
                         struct table *growth, struct error *error);
enum status bench_read(const struct bench_options *options, struct table *rows,
                       struct error *error);
enum status bench_tiles(const struct bench_options *options, struct table *rows,
                        struct error *error);
enum status bench_repeat(const struct bench_options *options, struct table *table,
                         struct error *error);
enum status bench_sweep(const struct bench_options *options, struct table *table,
                        struct table *schedule, struct error *error);
struct table *bench_sweep_table(void);
struct table *bench_schedule_table(void);
struct table *bench_series_table(void);
struct table *bench_growth_table(void);
struct table *bench_repeat_table(void);

#endif
