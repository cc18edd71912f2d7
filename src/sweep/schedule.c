/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/schedule.h"

#include "base/memory.h"
#include "sweep/sweep.h"

#include <math.h>
#include <stdlib.h>

struct worker {
    size_t queued; /* with that being computed */
    double end;    /* of the sample being computed [s] */
};

struct replay {
    size_t n_workers, n, handed, done, n_times;
    const double *times;
    double spent; /* in samples that are done or being computed [s] */
    struct worker *workers;
    size_t n_heap, *heap; /* workers that compute, the earliest end first */
};

static double end_at(const struct replay *r, size_t i)
{
    return r->workers[r->heap[i]].end;
}

static void swap(struct replay *r, size_t i, size_t j)
{
    const size_t worker = r->heap[i];
    r->heap[i] = r->heap[j];
    r->heap[j] = worker;
}

static void push(struct replay *r, size_t worker)
{
    size_t i = r->n_heap++;
    r->heap[i] = worker;
    for (; i > 0 && end_at(r, i) < end_at(r, (i - 1) / 2); i = (i - 1) / 2)
        swap(r, i, (i - 1) / 2);
}

static size_t pop(struct replay *r)
{
    const size_t worker = r->heap[0];
    r->heap[0] = r->heap[--r->n_heap];
    for (size_t i = 0, child; (child = 2 * i + 1) < r->n_heap; i = child) {
        if (child + 1 < r->n_heap && end_at(r, child + 1) < end_at(r, child))
            child++;
        if (end_at(r, i) <= end_at(r, child))
            break;
        swap(r, i, child);
    }
    return worker;
}

/* The worker takes the next sample of its queue. */
static void begin(struct replay *r, size_t worker, double now)
{
    const double time = r->times[(r->done + r->n_heap) % r->n_times];
    r->workers[worker].end = now + time;
    r->spent += time;
    push(r, worker);
}

static void hand(struct replay *r, size_t worker, double now)
{
    struct worker *w = &r->workers[worker];
    const double mean = r->done > 0 ? r->spent / (double)(r->done + r->n_heap) : INFINITY;
    const size_t length = sweep_queue_length(mean, r->n - r->done, r->n_workers);
    if (w->queued > length / 2 || r->handed == r->n)
        return;
    const bool idle = w->queued == 0;
    const size_t more = length - w->queued, left = r->n - r->handed;
    w->queued += more < left ? more : left;
    r->handed += more < left ? more : left;
    if (idle)
        begin(r, worker, now);
}

struct schedule schedule_replay(size_t workers, size_t n, size_t n_times, const double *times,
                                const struct schedule_costs *costs)
{
    struct replay r = {.n_workers = workers, .n = n, .n_times = n_times, .times = times};
    double now = 0, worked = 0, written = 0; /* the coordinator's time [s] */
    r.workers = NEW(workers, struct worker);
    r.heap = NEW(workers, size_t);
    for (size_t i = 0; i < workers; i++)
        hand(&r, i, 0);
    while (r.n_heap > 0) {
        const size_t worker = pop(&r);
        struct worker *w = &r.workers[worker];
        const double end = w->end;
        r.done++;
        if (--w->queued > 0)
            begin(&r, worker, end);
        now = fmax(now, end) + costs->row;
        worked += costs->row;
        if (now >= written + SWEEP_COMMIT) {
            now += costs->commit;
            worked += costs->commit;
            written = now;
        }
        hand(&r, worker, now);
    }
    now += costs->commit;
    worked += costs->commit;
    free(r.workers);
    free(r.heap);
    return (struct schedule){
        .wall = now, .efficiency = r.spent / (now * (double)workers), .coordinator = worked / now};
}
