/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/sweep_job.h"

#include "cli/input/command.h"
#include "cli/input/interrupt.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define BAR_WIDTH 30

static void print_time(double seconds, FILE *out)
{
    const double s = round(seconds);
    if (!isfinite(s))
        fputs("?", out);
    else if (s >= 3600)
        fprintf(out, "%.0f:%02.0f:%02.0f", floor(s / 3600), floor(fmod(s, 3600) / 60), fmod(s, 60));
    else
        fprintf(out, "%.0f:%02.0f", floor(s / 60), fmod(s, 60));
}

static void draw_bar(void *data, const struct sweep_progress *p)
{
    (void)data;
    const double part = p->total > 0 ? (double)p->done / (double)p->total : 1;
    fputs("\r[", stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < (int)(BAR_WIDTH * part) ? '#' : '.', stderr);
    fprintf(stderr, "] %zu of %zu, %zu failures, %.3g/s, ", p->done, p->total, p->failures,
            p->rate);
    print_time(p->remaining, stderr);
    fputs(" left\033[K", stderr);
}

static void tell_end(const struct sweep_command *c, const struct sweep_report *r)
{
    fprintf(stderr,
            "%s: %s: %zu samples, %zu of this run in %.4g s (%.4g/s, %.4g s in samples); the "
            "coordinator took %.3g s of a processor, %.3g s to write\n",
            c->name, c->output, r->end.done, r->rows, r->wall,
            r->wall > 0 ? (double)r->rows / r->wall : 0, r->samples, r->cpu, r->writing);
    if (r->end.failures > 0)
        fprintf(stderr, "%s: %zu samples have failed: see their status and failure\n", c->name,
                r->end.failures);
    if (r->lost > 0)
        fprintf(stderr,
                "%s: %zu workers of silent ranks were given up, their samples given to others\n",
                c->name, r->lost);
}

static enum status coordinate(const struct sweep_command *c, struct ranks *ranks,
                              const struct sample_job *job, struct error *error)
{
    struct sweep_report report;
    struct pool pool;
    struct sweep_options options = {
        .jobs = c->jobs, .store.resume = c->resume, .interrupted = &interrupt_flag};
    if (ranks->n > 1) {
        pool = ranks_pool(ranks, job, c->jobs > 0 ? c->jobs : 1, c->silence);
        options.pool = &pool;
    }
    const bool bar = isatty(STDERR_FILENO);
    if (bar)
        options.progress = draw_bar;
    const enum status status = sweep_run(job, c->output, &options, &report, error);
    if (bar)
        fputs("\r\033[K", stderr);
    if (status == STATUS_OK)
        tell_end(c, &report);
    return status;
}

/* Signals are for rank 0; this one ends when it is told to. */
static enum status serve(const struct sweep_command *c, struct ranks *ranks,
                         const struct sample_job *job, struct error *error)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    return ranks_serve(ranks, job, c->jobs > 0 ? c->jobs : 1, c->silence, error);
}

int sweep_job_run(const struct sweep_command *c, struct ranks *ranks, enum status made,
                  const struct sample_job *job, struct error *error)
{
    bool speaks;
    enum status status = ranks_agree(ranks, made, job->identity, &speaks, error);
    if (status == STATUS_OK) {
        speaks = true;
        status = ranks->rank > 0 ? serve(c, ranks, job, error) : coordinate(c, ranks, job, error);
    }
    if (status != STATUS_OK && speaks)
        command_failed(c->name, status, error);
    ranks_end(ranks);
    return (int)status;
}
