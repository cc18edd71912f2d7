/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/sweep.h"

#include "base/clock.h"
#include "base/memory.h"
#include "sweep/pending.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MAX 0.2     /* a signal between looking and waiting goes unseen so long [s] */
#define GATHER 8         /* part of a queue that is done before it is looked at */
#define COMMIT_MIN 0.05  /* [s] */
#define ROWS_MAX 100000u /* of them at most wait for the store */

struct seat {
    size_t n, queue[CREW_QUEUE_MAX];
    bool gone;
};

struct sweep {
    const struct sample_job *job;
    const struct sweep_options *options;
    struct store *store;
    struct pool pool;
    struct pending pending;
    struct seat *seats; /* pool.n_seats */
    size_t n_out;       /* samples at seats */
    size_t n_rows, capacity;
    struct sample_row *rows; /* n_rows: not written yet */
    double started, written;
    struct sweep_report *report;
};

static bool interrupted(const struct sweep *s)
{
    return s->options->interrupted && *s->options->interrupted;
}

static void on_stored(void *data, size_t sample, bool failure)
{
    struct sweep *s = data;
    pending_done(&s->pending, sample);
    s->report->end.failures += failure;
    s->report->end.done++;
}

static void on_row(void *data, size_t seat, struct sample_row row)
{
    struct sweep *s = data;
    struct seat *from = &s->seats[seat];
    size_t i = 0;
    while (i < from->n && from->queue[i] != row.sample)
        i++;
    if (i < from->n) {
        from->n--;
        memmove(from->queue + i, from->queue + i + 1, (from->n - i) * sizeof *from->queue);
        s->n_out--;
    }
    if (!pending_done(&s->pending,
                      row.sample)) { /* of a seat thought to be gone: another has done it */
        sample_row_free(&row);
        return;
    }
    s->report->samples += row.wall;
    s->rows = memory_grow(s->rows, &s->capacity, s->n_rows + 1, sizeof *s->rows);
    s->rows[s->n_rows++] = row;
}

static void on_gone(void *data, size_t seat)
{
    struct sweep *s = data;
    struct seat *from = &s->seats[seat];
    for (size_t i = from->n; i > 0; i--)
        pending_return(&s->pending, from->queue[i - 1]);
    s->n_out -= from->n;
    from->n = 0;
    from->gone = true;
    s->report->lost++;
}

size_t sweep_queue_length(double mean, size_t left, size_t seats)
{
    const double share = (double)left / (2.0 * (double)seats);
    return 1 + (size_t)fmin(fmin(SWEEP_QUEUE / fmax(mean, 1e-9), share), CREW_QUEUE_MAX - 1);
}

/* Of a sample of this run [s]; infinite before the first. */
static double mean_time(const struct sweep *s)
{
    const size_t rows = s->report->rows + s->n_rows;
    return rows > 0 ? s->report->samples / (double)rows : INFINITY;
}

static size_t queue_length(const struct sweep *s)
{
    return sweep_queue_length(mean_time(s), s->job->n - s->pending.n_done, s->pool.n_seats);
}

/* With long queues nobody waits for the coordinator: let rows gather, which costs less than to wake
 * up for each of them. */
static void gather(const struct sweep *s)
{
    const size_t length = queue_length(s);
    const double pause = mean_time(s) * (double)length / GATHER;
    const struct timespec t = {0, (long)(1e9 * fmin(pause, WAIT_MAX))};
    if (length >= GATHER)
        nanosleep(&t, NULL);
}

/* Refill queues that are half empty. */
static enum status hand_out(struct sweep *s, struct error *error)
{
    const size_t length = queue_length(s);
    for (size_t i = 0; i < s->pool.n_seats; i++) {
        struct seat *seat = &s->seats[i];
        const size_t before = seat->n;
        if (seat->gone || before > length / 2)
            continue;
        while (seat->n < length && pending_take(&s->pending, &seat->queue[seat->n]))
            seat->n++;
        if (seat->n == before)
            break;
        s->n_out += seat->n - before;
        const enum status status =
            s->pool.hand(s->pool.data, i, seat->n - before, seat->queue + before, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void tell(struct sweep *s)
{
    struct sweep_progress *p = &s->report->end;
    const double wall = clock_now() - s->started;
    p->rate = wall > 0 ? (double)s->report->rows / wall : 0;
    p->remaining = p->rate > 0 ? (double)(p->total - p->done) / p->rate : INFINITY;
    if (s->options->progress)
        s->options->progress(s->options->progress_data, p);
}

static enum status write_rows(struct sweep *s, struct error *error)
{
    const double begin = clock_now();
    const enum status status = store_add(s->store, s->n_rows, s->rows, error);
    for (size_t i = 0; i < s->n_rows; i++) {
        if (status == STATUS_OK)
            s->report->end.failures += s->rows[i].state != ROW_DONE;
        sample_row_free(&s->rows[i]);
    }
    if (status == STATUS_OK) {
        s->report->end.done += s->n_rows;
        s->report->rows += s->n_rows;
        s->report->commits += s->n_rows > 0;
    }
    s->n_rows = 0;
    s->written = clock_now();
    s->report->writing += s->written - begin;
    tell(s);
    return status;
}

/* When rows are to be written: every SWEEP_COMMIT, more often in the beginning. */
static double commit_due(const struct sweep *s)
{
    const double pause = fmax(SWEEP_EARLY * (s->written - s->started), COMMIT_MIN);
    return s->written + fmin(pause, SWEEP_COMMIT);
}

static bool all_gone(const struct sweep *s)
{
    return s->report->lost == s->pool.n_seats;
}

static enum status compute(struct sweep *s, struct error *error)
{
    const struct pool_events events = {s, on_row, on_gone};
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        if (!interrupted(s))
            status = hand_out(s, error);
        if (status != STATUS_OK || s->n_out == 0)
            break;
        const double now = clock_now(), due = commit_due(s);
        gather(s);
        if (due > now)
            status = s->pool.wait(s->pool.data, fmin(due - now, WAIT_MAX), &events, error);
        if (status == STATUS_OK && (clock_now() >= due || s->n_rows >= ROWS_MAX))
            status = write_rows(s, error);
    }
    return status;
}

static enum status resume_hint(const struct sweep *s, const char *path, struct error *error)
{
    return fail(error, STATUS_INTERRUPTED,
                "interrupted: %zu of %zu samples are in %s; --resume completes them",
                s->report->end.done, s->report->end.total, path);
}

/* In a worker: the file and the signals are its parent's. */
static void forked(void *data)
{
    struct sweep *s = data;
    if (s->store)
        store_forked(s->store);
    if (s->options->interrupted)
        *s->options->interrupted = 0;
}

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum status sweep_run(const struct sample_job *job, const char *path,
                      const struct sweep_options *options, struct sweep_report *report,
                      struct error *error)
{
    *report = (struct sweep_report){.end.total = job->n};
    struct sweep s = {.job = job, .options = options, .report = report};
    pending_begin(&s.pending, job->n);
    if (options->pool)
        s.pool = *options->pool;
    enum status status = store_open(path, job, &options->store, &s.store, error);
    if (status == STATUS_OK)
        status = store_samples(s.store, on_stored, &s, error);
    if (!options->pool) {
        const struct workers_options workers = {.seats = options->jobs > 0 ? options->jobs
                                                                           : workers_processors(),
                                                .forked = forked,
                                                .forked_data = &s};
        s.pool = pool_processes(job, &workers);
    }
    s.seats = NEW(s.pool.n_seats, struct seat);
    s.started = s.written = clock_now();
    const double cpu = processor_time();
    if (status == STATUS_OK) {
        status = compute(&s, error);
        struct error unwritten;
        const enum status written = write_rows(&s, &unwritten);
        if (status == STATUS_OK && written != STATUS_OK) {
            status = written;
            *error = unwritten;
        }
    }
    if (status == STATUS_OK && s.pending.n_done < job->n)
        status = all_gone(&s) ? fail(error, STATUS_NUMERICAL,
                                     "all that computed have gone: %zu of %zu samples are in %s; "
                                     "--resume completes them",
                                     report->end.done, report->end.total, path)
                              : resume_hint(&s, path, error);
    report->wall = clock_now() - s.started;
    report->cpu = processor_time() - cpu;
    s.pool.close(s.pool.data);
    struct error unclosed;
    if (store_close(s.store, &unclosed) != STATUS_OK && status == STATUS_OK) {
        status = STATUS_INPUT;
        *error = unclosed;
    }
    pending_free(&s.pending);
    free(s.rows);
    free(s.seats);
    return status;
}
