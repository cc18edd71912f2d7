/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/spice/worker_link.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/spice_screen.h"
#include "base/unfinished.h"
#include "engine/spice/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The pipe holds some hundred points, so that the worker seldom waits for the parent. */
#define PIPE_SIZE (1 << 20)
#define POLL_MS 200

enum status worker_link_screen(char *const *lines, struct error *error)
{
    const char *const *l = (const char *const *)lines;
    const enum status status = spice_deck_screen(l, error);
    return confine_tell() || status != STATUS_OK ? status : spice_deck_refuse_code(l, error);
}

enum status worker_link_start(struct worker_link *l, worker_body *body, const void *data)
{
    int up[2], down[2];
    l->pid = 0;
    l->in = l->out = -1;
    l->buffered = l->taken = 0;
    l->directory = NULL;
    l->deadline = clock_now() + l->time_limit - l->spent;
    /* a worker that dies between messages leaves a pipe without a reader, and writing to it must fail
     * instead of ending this process */
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &l->before);
    l->lock = unfinished_scratch(&l->directory, l->error);
    if (l->lock < 0)
        return STATUS_INPUT;
    if (pipe2(up, O_CLOEXEC) != 0)
        return fail(l->error, STATUS_NUMERICAL, "no pipe for the worker: %s", strerror(errno));
    if (pipe2(down, O_CLOEXEC) != 0) {
        close(up[0]);
        close(up[1]);
        return fail(l->error, STATUS_NUMERICAL, "no pipe for the worker: %s", strerror(errno));
    }
    fcntl(up[1], F_SETPIPE_SZ, PIPE_SIZE); /* a refusal costs only speed */
    fflush(NULL);
    l->pid = fork();
    if (l->pid == 0) {
        close(up[0]);
        close(down[1]);
        body(data, l->directory, down[0], up[1]);
        _exit(1);
    }
    close(up[1]);
    close(down[0]);
    l->in = up[0];
    l->out = down[1];
    return l->pid > 0 ? STATUS_OK
                      : fail(l->error, STATUS_NUMERICAL, "no worker process: %s", strerror(errno));
}

static enum status died(struct worker_link *l)
{
    char where[PHASE_PLACE_SIZE];
    int state = 0;
    if (l->pid <= 0) /* 0 would be this process and all of its group */
        return fail(l->error, STATUS_NUMERICAL, "ngspice's worker has ended %s",
                    l->place(l->place_data, where));
    kill(l->pid, SIGKILL); /* it has closed its pipe; a dead one keeps its own status */
    waitpid(l->pid, &state, 0);
    l->pid = 0;
    if (WIFSIGNALED(state))
        return fail(l->error, STATUS_NUMERICAL, "ngspice crashed (%s) %s",
                    strsignal(WTERMSIG(state)), l->place(l->place_data, where));
    return fail(l->error, STATUS_NUMERICAL, "ngspice's worker ended with status %d %s",
                WEXITSTATUS(state), l->place(l->place_data, where));
}

enum status worker_link_receive(struct worker_link *l, void *bytes, size_t n)
{
    char where[PHASE_PLACE_SIZE];
    for (unsigned char *p = bytes; n > 0;) {
        if (l->taken < l->buffered) {
            const size_t have = l->buffered - l->taken, some = have < n ? have : n;
            memcpy(p, l->buffer + l->taken, some);
            l->taken += some;
            p += some;
            n -= some;
            continue;
        }
        struct pollfd wait = {.fd = l->in, .events = POLLIN};
        const int ready = poll(&wait, 1, POLL_MS);
        if (l->interrupted && *l->interrupted)
            return fail(l->error, STATUS_INTERRUPTED, "interrupted %s",
                        l->place(l->place_data, where));
        if (clock_now() > l->deadline)
            return fail(l->error, STATUS_NUMERICAL,
                        "time limit of %g s passed %s; another --time-limit may help",
                        l->time_limit, l->place(l->place_data, where));
        if (ready <= 0)
            continue;
        const ssize_t got = read(l->in, l->buffer, sizeof l->buffer);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return died(l);
        l->buffered = got > 0 ? (size_t)got : 0;
        l->taken = 0;
    }
    return STATUS_OK;
}

enum status worker_link_send(struct worker_link *l, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        const ssize_t sent = write(l->out, p, n);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return died(l);
        p += sent;
        n -= (size_t)sent;
    }
    return STATUS_OK;
}

void worker_link_end(struct worker_link *l, enum status status)
{
    sigaction(SIGPIPE, &l->before, NULL);
    if (l->in >= 0)
        close(l->in);
    if (l->out >= 0)
        close(l->out);
    if (l->pid > 0) {
        if (status != STATUS_OK)
            kill(l->pid, SIGKILL);
        while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (l->directory) {
        directory_remove(l->directory);
        close(l->lock);
    }
    free(l->directory);
}
