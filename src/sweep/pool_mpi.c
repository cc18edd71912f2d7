/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/pool_mpi.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "sweep/store.h"

#include <mpi.h>

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PULSE 1.0     /* between two signs of life [s] */
#define NAP_MIN 20e-6 /* between looks for messages, after one [s] */
#define NAP_MAX 1e-3  /* and after a while without */
#define IDLE 100      /* looks of a rank before it sleeps in between, some 100 us in all */
#define END_WAIT 30u  /* for ranks that die while all leave the job [s] */

enum tag {
    TAG_SAMPLES = 1, /* to a rank: seat, samples */
    TAG_ROWS,        /* to rank 0: rows, each after its seat */
    TAG_PULSE,       /* nothing */
    TAG_STOP         /* to a rank: have others been lost? */
};

/* A message on its way. */
struct letter {
    struct letter *next;
    MPI_Request request;
    unsigned char bytes[];
};

struct post {
    struct letter *sent;
    double pulse; /* when the last signs of life went out */
};

static void post(struct post *p, int to, enum tag tag, const void *bytes, size_t n)
{
    struct letter *l = memory_new(1, sizeof *l + n);
    if (n > 0)
        memcpy(l->bytes, bytes, n);
    /* never waited for: the other side may be dead */
    if (MPI_Isend(l->bytes, (int)n, MPI_BYTE, to, tag, MPI_COMM_WORLD, &l->request) !=
        MPI_SUCCESS) {
        free(l);
        return;
    }
    l->next = p->sent;
    p->sent = l;
}

/* Free what has arrived. */
static void collect(struct post *p)
{
    for (struct letter **at = &p->sent; *at;) {
        struct letter *l = *at;
        int arrived = 0;
        if (MPI_Test(&l->request, &arrived, MPI_STATUS_IGNORE) != MPI_SUCCESS || arrived) {
            *at = l->next;
            free(l);
        } else {
            at = &l->next;
        }
    }
}

static bool pulse_is_due(struct post *p)
{
    const double now = clock_now();
    if (now < p->pulse + PULSE)
        return false;
    p->pulse = now;
    return true;
}

struct message {
    int from;
    enum tag tag;
    size_t n;
    unsigned char *bytes; /* n, to be freed */
};

static bool next_message(struct message *m)
{
    MPI_Status status;
    int there = 0, n = 0;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status) != MPI_SUCCESS ||
        !there)
        return false;
    MPI_Get_count(&status, MPI_BYTE, &n);
    *m = (struct message){.from = status.MPI_SOURCE,
                          .tag = (enum tag)status.MPI_TAG,
                          .n = (size_t)n,
                          .bytes = memory_new((size_t)n, 1)};
    MPI_Recv(m->bytes, n, MPI_BYTE, m->from, m->tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return true;
}

/* There is nothing to wake this process when a message comes. */
static void nap(double *seconds, bool busy, double most)
{
    *seconds = busy ? NAP_MIN : fmin(1.2 * *seconds, NAP_MAX);
    const struct timespec t = {0, (long)(1e9 * fmin(*seconds, most))};
    if (!busy)
        nanosleep(&t, NULL);
}

/* ---- all ranks ---- */

enum status ranks_begin(struct ranks *ranks, struct error *error)
{
    *ranks = (struct ranks){.n = 1};
    if (!ranks_wanted())
        return STATUS_OK;
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS)
        return fail(error, STATUS_INPUT, "MPI cannot be started");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks->n);
    return STATUS_OK;
}

/* Does what all ranks do together come to its end? */
static bool comes(MPI_Request *request, double until)
{
    double seconds = NAP_MIN;
    for (int done = 0; MPI_Test(request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS;) {
        if (done)
            return true;
        if (clock_now() > until)
            return false;
        nap(&seconds, false, NAP_MAX);
    }
    return false;
}

static enum status missing(struct ranks *ranks, struct error *error)
{
    ranks->lost = true;
    return fail(error, STATUS_NUMERICAL, "rank %d: another rank has not come within %g s",
                ranks->rank, AGREE_WAIT);
}

enum status ranks_agree(struct ranks *ranks, enum status status, const char *identity, bool *first,
                        struct error *error)
{
    unsigned char own[SHA256_BYTES] = {0}, of_0[SHA256_BYTES];
    *first = true;
    if (ranks->n == 1)
        return status;
    if (status == STATUS_OK)
        sha256(identity, strlen(identity), own);
    memcpy(of_0, own, sizeof own);
    const double until = clock_now() + AGREE_WAIT;
    MPI_Request request;
    MPI_Ibcast(of_0, sizeof of_0, MPI_BYTE, 0, MPI_COMM_WORLD, &request);
    if (!comes(&request, until))
        return missing(ranks, error);
    if (status == STATUS_OK && memcmp(own, of_0, sizeof own) != 0)
        status = fail(error, STATUS_INPUT,
                      "rank %d has another testbench, or files of it, than rank 0", ranks->rank);
    int failing = status == STATUS_OK ? ranks->n : ranks->rank, least = 0;
    MPI_Iallreduce(&failing, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &request);
    if (!comes(&request, until))
        return missing(ranks, error);
    *first = ranks->rank == least;
    return least == ranks->n ? STATUS_OK : status == STATUS_OK ? STATUS_INPUT : status;
}

void ranks_end(const struct ranks *ranks)
{
    if (ranks->n <= 1 || ranks->lost)
        return;
    alarm(END_WAIT); /* MPI waits for all, also for dead ones */
    MPI_Finalize();
    alarm(0);
}

/* ---- rank 0 ---- */

struct rank {
    double heard;
    bool gone;
};

struct mpi_pool {
    struct ranks *ranks;
    const struct sample_job *job;
    struct post post;
    size_t jobs; /* seats a rank */
    double silence, nap, looked;
    struct rank *rank; /* ranks->n; of rank 0 unused */
};

static enum status hand(void *data, size_t seat, size_t n, const size_t *samples,
                        struct error *error)
{
    (void)error;
    struct mpi_pool *p = data;
    size_t body[1 + CREW_QUEUE_MAX] = {seat % p->jobs};
    memcpy(body + 1, samples, n * sizeof *samples);
    post(&p->post, 1 + (int)(seat / p->jobs), TAG_SAMPLES, body, (1 + n) * sizeof *body);
    return STATUS_OK;
}

/* Rows as a rank packed them. */
static void unpack(const struct mpi_pool *p, const struct message *m,
                   const struct pool_events *events)
{
    for (size_t at = 0, seat; m->n - at >= sizeof seat;) {
        struct sample_row row;
        memcpy(&seat, m->bytes + at, sizeof seat);
        at += sizeof seat;
        const size_t used = row_decode(m->bytes + at, m->n - at, p->job->n,
                                       p->job->n_columns - p->job->n_inputs, &row);
        assert(used != 0 && used != ROW_BAD && seat < p->jobs); /* the rank has checked it */
        at += used;
        events->row(events->data, (size_t)(m->from - 1) * p->jobs + seat, row);
    }
}

static void give_up_silent(struct mpi_pool *p, const struct pool_events *events)
{
    const double now = clock_now();
    for (int r = 1; r < p->ranks->n; r++) {
        if (p->rank[r].gone || now < p->rank[r].heard + p->silence)
            continue;
        p->rank[r].gone = p->ranks->lost = true;
        for (size_t k = 0; k < p->jobs; k++)
            events->gone(events->data, (size_t)(r - 1) * p->jobs + k);
    }
}

static enum status wait_for_ranks(void *data, double seconds, const struct pool_events *events,
                                  struct error *error)
{
    (void)error;
    struct mpi_pool *p = data;
    const double begin = clock_now(), until = begin + seconds;
    for (int r = 1; r < p->ranks->n; r++) /* nobody listened meanwhile */
        p->rank[r].heard += begin - p->looked;
    for (bool rows = false; !rows;) {
        struct message m;
        bool busy = false;
        while (next_message(&m)) {
            p->rank[m.from].heard = clock_now();
            busy = true;
            if (m.tag == TAG_ROWS) {
                unpack(p, &m, events);
                rows = true;
            }
            free(m.bytes);
        }
        if (pulse_is_due(&p->post)) {
            for (int r = 1; r < p->ranks->n; r++)
                if (!p->rank[r].gone)
                    post(&p->post, r, TAG_PULSE, NULL, 0);
            give_up_silent(p, events); /* after all that waited was read */
        }
        collect(&p->post);
        const double left = until - clock_now();
        if (left <= 0)
            break;
        nap(&p->nap, busy, left);
    }
    p->looked = clock_now();
    return STATUS_OK;
}

static void stop(void *data)
{
    struct mpi_pool *p = data;
    const unsigned char lost = p->ranks->lost;
    for (int r = 1; r < p->ranks->n; r++)
        post(&p->post, r, TAG_STOP, &lost, 1); /* to silent ones too: they may wake up */
    const double until = clock_now() + p->silence;
    while (p->post.sent && clock_now() < until) {
        struct message m;
        while (next_message(&m))
            free(m.bytes);
        collect(&p->post);
        nap(&p->nap, false, NAP_MAX);
    }
    free(p->rank);
    free(p);
}

struct pool ranks_pool(struct ranks *ranks, const struct sample_job *job, size_t jobs,
                       double silence)
{
    struct mpi_pool *p = NEW(1, struct mpi_pool);
    p->ranks = ranks;
    p->job = job;
    p->looked = clock_now();
    p->jobs = jobs;
    p->silence = silence;
    p->rank = NEW((size_t)ranks->n, struct rank);
    for (int r = 0; r < ranks->n; r++)
        p->rank[r].heard = p->looked;
    return (struct pool){.n_seats = (size_t)(ranks->n - 1) * jobs,
                         .data = p,
                         .hand = hand,
                         .wait = wait_for_ranks,
                         .close = stop};
}

/* ---- the others ---- */

static void pack(void *data, size_t seat, struct sample_row row)
{
    struct row_bytes *rows = data;
    rows->bytes = memory_grow(rows->bytes, &rows->capacity, rows->n + sizeof seat, 1);
    memcpy(rows->bytes + rows->n, &seat, sizeof seat);
    rows->n += sizeof seat;
    row_encode(&row, rows);
    sample_row_free(&row);
}

/* Until *stopped.  Samples go to the workers. */
static enum status obey(struct ranks *ranks, struct workers *workers, bool *stopped, bool *busy,
                        double *heard, struct error *error)
{
    enum status status = STATUS_OK;
    for (struct message m; status == STATUS_OK && next_message(&m); free(m.bytes)) {
        *heard = clock_now();
        if (m.tag == TAG_SAMPLES) {
            const size_t *body = (const size_t *)(const void *)m.bytes;
            status = workers_hand(workers, body[0], m.n / sizeof *body - 1, body + 1, error);
            *busy = true;
        } else if (m.tag == TAG_STOP) {
            *stopped = true;
            ranks->lost = m.bytes[0];
        }
    }
    return status;
}

enum status ranks_serve(struct ranks *ranks, const struct sample_job *job, size_t jobs,
                        double silence, struct error *error)
{
    const struct workers_options options = {.seats = jobs};
    struct workers *workers = workers_new(job, &options);
    struct post p = {0};
    struct row_bytes rows = {0};
    double heard = clock_now();
    enum status status = STATUS_OK;
    size_t idle = 0;
    for (bool stopped = false; status == STATUS_OK && !stopped;) {
        bool busy = false;
        status = obey(ranks, workers, &stopped, &busy, &heard, error);
        if (status == STATUS_OK)
            status = workers_wait(workers, idle < IDLE ? 0 : NAP_MAX, pack, &rows, error);
        if (rows.n > 0) {
            post(&p, 0, TAG_ROWS, rows.bytes, rows.n);
            rows.n = 0;
            busy = true;
        }
        if (pulse_is_due(&p))
            post(&p, 0, TAG_PULSE, NULL, 0);
        collect(&p);
        if (status == STATUS_OK && clock_now() > heard + silence + STORE_LOCK_WAIT)
            status = fail(error, STATUS_NUMERICAL, "rank %d: rank 0 has been silent for %g s",
                          ranks->rank, silence + STORE_LOCK_WAIT);
        idle = busy ? 0 : idle + 1;
    }
    if (status != STATUS_OK)
        ranks->lost = true; /* rank 0 will not wait for this one */
    workers_free(workers);
    free(rows.bytes);
    return status;
}
