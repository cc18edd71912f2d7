/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/workers.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE 65536

struct seat {
    pid_t process; /* 0: none */
    int socket;
    size_t n, queue[CREW_QUEUE_MAX]; /* n samples; the first is being computed */
    double since;                    /* when it began, as far as can be seen from here */
    unsigned ended;                  /* processes that ended on the first before */
    bool late;                       /* was ended at the time limit */
    struct row_bytes in;             /* what came and is no whole row yet */
};

struct workers {
    const struct sample_job *job;
    struct workers_options options;
    struct seat *seats;   /* options.seats */
    struct pollfd *polls; /* options.seats */
};

size_t workers_processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (size_t)n : 1;
}

struct workers *workers_new(const struct sample_job *job, const struct workers_options *options)
{
    struct workers *c = NEW(1, struct workers);
    c->job = job;
    c->options = *options;
    c->seats = NEW(options->seats, struct seat);
    c->polls = NEW(options->seats, struct pollfd);
    return c;
}

/* ---- the child ---- */

static bool read_all(int fd, void *bytes, size_t n)
{
    for (char *p = bytes; n > 0;) {
        const ssize_t got = read(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        const ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static void work(const struct sample_job *job, int fd) __attribute__((noreturn));
static void work(const struct sample_job *job, int fd)
{
    struct row_bytes bytes = {0};
    for (size_t sample; read_all(fd, &sample, sizeof sample);) {
        struct sample_row row = sample_row_compute(job, sample);
        bytes.n = 0;
        row_encode(&row, &bytes);
        sample_row_free(&row);
        if (!write_all(fd, bytes.bytes, bytes.n))
            break;
    }
    _exit(0);
}

static void become_worker(const struct workers *c, pid_t parent, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (size_t i = 0; i < c->options.seats; i++)
        if (c->seats[i].process)
            close(c->seats[i].socket);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (c->options.forked)
        c->options.forked(c->options.forked_data);
    work(c->job, fd);
}

/* ---- the parent ---- */

static enum status start(struct workers *c, struct seat *s, struct error *error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(error, STATUS_INPUT, "no socket for a worker process: %s", strerror(errno));
    fflush(NULL); /* a child that calls exit() would write it once more */
    const pid_t parent = getpid(), process = fork();
    if (process == 0) {
        close(pair[0]);
        become_worker(c, parent, pair[1]);
    }
    close(pair[1]);
    if (process < 0) {
        close(pair[0]);
        return fail(error, STATUS_INPUT, "no worker process can be made: %s", strerror(errno));
    }
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    s->process = process;
    s->socket = pair[0];
    s->late = false;
    s->in.n = 0;
    s->since = clock_now();
    return STATUS_OK;
}

/* All that is queued goes to the process; if it has ended, that shows when it is read from. */
static void submit(struct seat *s, size_t n, const size_t *samples)
{
    /* CREW_QUEUE_MAX numbers always fit into the socket's buffer */
    const ssize_t put = send(s->socket, samples, n * sizeof *samples, MSG_NOSIGNAL);
    (void)put;
}

enum status workers_hand(struct workers *c, size_t seat, size_t n, const size_t *samples,
                         struct error *error)
{
    struct seat *s = &c->seats[seat];
    assert(seat < c->options.seats && s->n + n <= CREW_QUEUE_MAX);
    if (!s->process) {
        const enum status status = start(c, s, error);
        if (status != STATUS_OK)
            return status;
    }
    if (s->n == 0)
        s->since = clock_now();
    memcpy(s->queue + s->n, samples, n * sizeof *samples);
    s->n += n;
    submit(s, n, samples);
    return STATUS_OK;
}

static void drop_first(struct seat *s)
{
    s->n--;
    memmove(s->queue, s->queue + 1, s->n * sizeof *s->queue);
    s->since = clock_now();
    s->ended = 0;
}

/* Read what there is.  False: the process has ended, or wrote what is no row. */
static bool receive(struct seat *s)
{
    for (;;) {
        s->in.bytes = memory_grow(s->in.bytes, &s->in.capacity, s->in.n + READ_SIZE, 1);
        const ssize_t got = read(s->socket, s->in.bytes + s->in.n, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        s->in.n += (size_t)got;
        if (got < READ_SIZE)
            return true; /* poll() tells of more */
    }
}

struct row_function {
    void (*row)(void *data, size_t seat, struct sample_row row);
    void *data;
};

/* Whole rows go to their receiver.  False: what came is no row of this seat. */
static bool take_rows(struct workers *c, size_t seat, const struct row_function *to)
{
    struct seat *s = &c->seats[seat];
    const size_t n_outputs = c->job->n_columns - c->job->n_inputs;
    size_t at = 0, used;
    struct sample_row row;
    bool good = true;
    while ((used = row_decode(s->in.bytes + at, s->in.n - at, c->job->n, n_outputs, &row)) != 0) {
        if (used == ROW_BAD || s->n == 0 || row.sample != s->queue[0]) {
            sample_row_free(&row);
            good = false;
            break;
        }
        at += used;
        drop_first(s);
        to->row(to->data, seat, row);
    }
    s->in.n -= at;
    if (s->in.n > 0)
        memmove(s->in.bytes, s->in.bytes + at, s->in.n);
    return good;
}

static void describe_end(int how, char *text, size_t size)
{
    if (WIFSIGNALED(how))
        snprintf(text, size, "crashed: signal %d", WTERMSIG(how));
    else
        snprintf(text, size, "crashed: its process ended with exit status %d", WEXITSTATUS(how));
}

/* Processes that may end on a sample before it is given up.  SIGKILL comes from outside: from a user, a
 * batch system, or the kernel when memory is short. */
static unsigned tries(int how)
{
    return WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL ? CREW_TRIES_KILLED : CREW_TRIES;
}

/* The process has ended, or must: what it did not finish goes to another. */
static enum status replace(struct workers *c, size_t seat, const struct row_function *to,
                           struct error *error)
{
    struct seat *s = &c->seats[seat];
    int how = 0;
    char text[128];
    kill(s->process, SIGKILL);
    while (waitpid(s->process, &how, 0) < 0 && errno == EINTR)
        ;
    const size_t before = s->n;
    receive(s); /* rows that it finished before */
    take_rows(c, seat, to);
    close(s->socket);
    s->process = 0;
    s->in.n = 0;
    if (s->n > 0 && s->late && s->n == before) {
        snprintf(text, sizeof text, "time limit of %g s passed", c->job->time_limit);
        const struct sample_row row =
            sample_row_failed(s->queue[0], ROW_LATE, clock_now() - s->since, text);
        drop_first(s);
        to->row(to->data, seat, row);
    } else if (s->n > 0 && !s->late && ++s->ended >= tries(how)) {
        describe_end(how, text, sizeof text);
        const struct sample_row row =
            sample_row_failed(s->queue[0], ROW_CRASHED, clock_now() - s->since, text);
        drop_first(s);
        to->row(to->data, seat, row);
    }
    if (s->n == 0)
        return STATUS_OK;
    const enum status status = start(c, s, error);
    if (status == STATUS_OK)
        submit(s, s->n, s->queue);
    return status;
}

/* Of a process whose own children still hold the socket. */
static bool has_ended(const struct seat *s)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)s->process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == s->process;
}

static double deadline(const struct workers *c, const struct seat *s)
{
    return s->n > 0 && c->job->time_limit > 0 ? s->since + c->job->time_limit : INFINITY;
}

static int poll_milliseconds(const struct workers *c, double seconds)
{
    const double now = clock_now();
    for (size_t i = 0; i < c->options.seats; i++)
        seconds = fmin(seconds, fmax(deadline(c, &c->seats[i]) - now, 0));
    return (int)ceil(1e3 * fmin(seconds, 1e3));
}

enum status workers_wait(struct workers *c, double seconds,
                         void (*row)(void *data, size_t seat, struct sample_row row), void *data,
                         struct error *error)
{
    const struct row_function to = {row, data};
    for (size_t i = 0; i < c->options.seats; i++)
        c->polls[i] =
            (struct pollfd){.fd = c->seats[i].process ? c->seats[i].socket : -1, .events = POLLIN};
    const int n = poll(c->polls, c->options.seats, poll_milliseconds(c, seconds));
    for (size_t i = 0; i < c->options.seats; i++) {
        struct seat *s = &c->seats[i];
        if (!s->process)
            continue;
        bool good = true;
        if (n > 0 && c->polls[i].revents)
            good = receive(s) && take_rows(c, i, &to);
        else if (n >= 0 && clock_now() >= deadline(c, s)) /* rows that wait here go first */
            s->late = true, good = false;
        else if (n == 0)
            good = !has_ended(s);
        if (!good) {
            const enum status status = replace(c, i, &to, error);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

void workers_free(struct workers *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->options.seats; i++) {
        if (c->seats[i].process) {
            close(c->seats[i].socket);
            kill(c->seats[i].process, SIGKILL);
        }
    }
    for (size_t i = 0; i < c->options.seats; i++) {
        while (c->seats[i].process && waitpid(c->seats[i].process, NULL, 0) < 0 && errno == EINTR)
            ;
        free(c->seats[i].in.bytes);
    }
    free(c->seats);
    free(c->polls);
    free(c);
}
