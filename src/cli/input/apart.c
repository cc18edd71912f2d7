/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/apart.h"

#include "base/clock.h"
#include "cli/input/interrupt.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 50 /* between looks at the flag and the clock */
#define GRACE 1.0  /* [s] for an interrupted process to end by itself */

struct message {
    enum status status;
    struct error error;
};

/* Never returns. */
static void work(apart_body *body, void *data, int out) __attribute__((noreturn));
static void work(apart_body *body, void *data, int out)
{
    struct message m = {0};
    /* the terminal's interruption comes here, too, before ours: neither may end it on the way */
    const struct sigaction action = {.sa_handler = interrupt_on_signal};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigaction(SIGINT, &action, NULL);
    m.status = body(data, &m.error);
    if ((ferror(stdout) || fflush(stdout) != 0) && m.status == STATUS_OK)
        m.status = fail(&m.error, STATUS_INPUT, "standard output: %s", strerror(errno));
    const ssize_t sent = write(out, &m, sizeof m); /* below PIPE_BUF: whole, or not at all */
    _exit(sent == (ssize_t)sizeof m ? 0 : 1);
}

static void end(pid_t process, int *how)
{
    kill(process, SIGKILL);
    while (waitpid(process, how, 0) < 0 && errno == EINTR)
        ;
}

static enum status follow(pid_t process, int in, double limit, struct error *error)
{
    struct message m = {0};
    const double begin = clock_now();
    double interrupted = INFINITY;
    int how = 0;
    for (;;) {
        struct pollfd wait = {.fd = in, .events = POLLIN};
        if (poll(&wait, 1, LOOK_MS) > 0)
            break;
        const double now = clock_now();
        if (interrupt_flag && !isfinite(interrupted)) {
            interrupted = now;
            kill(process, SIGINT);
        }
        if (now - interrupted > GRACE) {
            end(process, &how);
            return fail(error, STATUS_INTERRUPTED, "interrupted");
        }
        if (limit > 0 && now - begin > limit) {
            end(process, &how);
            return fail(error, STATUS_NUMERICAL, "time limit of %g s passed", limit);
        }
    }
    ssize_t got;
    while ((got = read(in, &m, sizeof m)) < 0 && errno == EINTR)
        ;
    end(process, &how);
    if (got == (ssize_t)sizeof m) {
        *error = m.error;
        return m.status;
    }
    if (WIFSIGNALED(how))
        return fail(error, STATUS_NUMERICAL, "crashed: signal %d, %s", WTERMSIG(how),
                    strsignal(WTERMSIG(how)));
    return fail(error, STATUS_NUMERICAL, "its process ended with exit status %d", WEXITSTATUS(how));
}

enum status apart_run(apart_body *body, void *data, double limit, struct error *error)
{
    int pipes[2];
    if (pipe(pipes) != 0)
        return fail(error, STATUS_NUMERICAL, "no pipe for a process: %s", strerror(errno));
    fflush(NULL);
    const pid_t process = fork();
    if (process == 0) {
        close(pipes[0]);
        work(body, data, pipes[1]);
    }
    close(pipes[1]);
    const enum status status =
        process > 0 ? follow(process, pipes[0], limit, error)
                    : fail(error, STATUS_NUMERICAL, "no process: %s", strerror(errno));
    close(pipes[0]);
    return status;
}
