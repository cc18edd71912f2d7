/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/event_accuracy.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

const char *const accuracy_kinds[] = {"single", "event", "binomial", "normal", "passage"};

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Edge k of the drive: pulses begin at even ones and end at odd ones. */
static double edge_time(const struct volatile_pulses *p, size_t k)
{
    return (double)(k / 2) * p->period + (k % 2 ? p->width : 0);
}

static double edge_volt(const struct volatile_pulses *p, size_t k)
{
    return k % 2 || k / 2 >= p->n ? 0 : volatile_pulse_volt(p, k / 2);
}

/* Readings are at all edges but the first, and where the last period ends. */
static void trial_of_edges(struct volatile_device *d, const struct volatile_pulses *p,
                           size_t n_readings, double *r)
{
    for (size_t k = 0; k < n_readings; k++) {
        volatile_drive(d, edge_time(p, k), edge_volt(p, k));
        volatile_touch(d, edge_time(p, k + 1));
        r[k] = volatile_resistance(d);
    }
}

/* Steps at multiples of h, each with the drive of its beginning; a reading sees the last whole one. */
static void trial_of_steps(struct volatile_device *d, const struct volatile_pulses *p,
                           size_t n_readings, const struct accuracy_way *w, double *r)
{
    const double slack = 1e-9, h = w->h;
    size_t next = 0, step = 0; /* edge to come */
    for (size_t k = 0; k < n_readings; k++) {
        const size_t end = (size_t)floor(edge_time(p, k + 1) / h + slack);
        for (; step < end; step++) {
            for (; edge_time(p, next) <= ((double)step + slack) * h; next++)
                d->v = edge_volt(p, next);
            if (w->kind == ACCURACY_PASSAGE)
                volatile_passage_step(d, h);
            else
                volatile_fixed_step(d, h, w->kind == ACCURACY_NORMAL);
        }
        r[k] = volatile_resistance(d);
    }
}

static void run_way(struct accuracy_way *w, const struct accuracy_options *o,
                    const struct accuracy *a, unsigned first_trial)
{
    const size_t n = a->n_readings;
    struct volatile_testbench b = *o->testbench;
    double *r = NEW(n, double), *squares = NEW(n, double);
    b.method = w->kind == ACCURACY_REFERENCE ? VOLATILE_SINGLE : VOLATILE_JUMP;
    w->mean = NEW(n, double);
    w->variance = NEW(n, double);
    for (unsigned trial = 0; trial < a->trials; trial++) {
        struct volatile_device d =
            volatile_testbench_device(&b, o->sample.seed, o->sample.replica, first_trial + trial);
        const double begin = cpu_now();
        if (w->h > 0)
            trial_of_steps(&d, o->pulses, n, w, r);
        else
            trial_of_edges(&d, o->pulses, n, r);
        w->cpu += (cpu_now() - begin) / (double)a->trials;
        w->draws += (double)d.draws / (double)a->trials;
        gsl_rng_free(d.rng);
        for (size_t k = 0; k < n; k++) { /* Welford's recurrence */
            const double from = r[k] - w->mean[k];
            w->mean[k] += from / (trial + 1);
            squares[k] += from * (r[k] - w->mean[k]);
        }
    }
    for (size_t k = 0; k < n; k++)
        w->variance[k] = a->trials > 1 ? squares[k] / (double)(a->trials - 1) : 0;
    free(r);
    free(squares);
}

static void judge(struct accuracy_way *w, const struct accuracy_way *reference,
                  const struct accuracy *a)
{
    const double n = (double)a->n_readings, trials = (double)a->trials;
    double varied = 0;
    for (size_t k = 0; k < a->n_readings; k++) {
        const double off = w->mean[k] - reference->mean[k];
        w->mse += (w->variance[k] * (trials - 1) / trials + off * off) / n;
        w->floor += (w->variance[k] + reference->variance[k]) / trials / n;
        w->bias2 += off * off / n;
        if (reference->variance[k] > 0) {
            w->spread += sqrt(w->variance[k] / reference->variance[k]);
            varied++;
        }
    }
    w->spread /= varied;
    if (w == reference)
        w->floor = 0;
    w->bias2 -= w->floor;
}

void accuracy_run(const struct accuracy_options *o, struct accuracy *a)
{
    const size_t n_steps = o->n_steps;
    *a = (struct accuracy){
        .n_readings = 2 * o->pulses->n, .trials = o->trials, .n = 2 + 3 * n_steps};
    a->ways[0].kind = ACCURACY_REFERENCE;
    a->ways[1].kind = ACCURACY_EVENT;
    for (size_t k = 0; k < n_steps; k++) {
        a->ways[2 + k] = (struct accuracy_way){.kind = ACCURACY_BINOMIAL, .h = o->steps[k]};
        a->ways[2 + n_steps + k] = (struct accuracy_way){.kind = ACCURACY_NORMAL, .h = o->steps[k]};
        a->ways[2 + 2 * n_steps + k] =
            (struct accuracy_way){.kind = ACCURACY_PASSAGE, .h = o->steps[k]};
    }
    a->t = NEW(a->n_readings, double);
    for (size_t k = 0; k < a->n_readings; k++)
        a->t[k] = edge_time(o->pulses, k + 1);
    for (size_t k = 0; k < a->n; k++)
        run_way(&a->ways[k], o, a, (unsigned)(k * o->trials));
    for (size_t k = 0; k < a->n; k++)
        judge(&a->ways[k], &a->ways[0], a);
}

void accuracy_free(struct accuracy *a)
{
    for (size_t k = 0; k < a->n; k++) {
        free(a->ways[k].mean);
        free(a->ways[k].variance);
    }
    free(a->t);
    *a = (struct accuracy){0};
}

double accuracy_speedup(const struct accuracy *a, enum accuracy_kind kind, double error)
{
    const struct accuracy_way *reaches = NULL, *fails = NULL;
    for (size_t k = 0; k < a->n; k++) {
        const struct accuracy_way *w = &a->ways[k];
        if (w->kind == kind && w->bias2 <= error && (!reaches || w->h > reaches->h))
            reaches = w;
    }
    for (size_t k = 0; k < a->n && reaches; k++) {
        const struct accuracy_way *w = &a->ways[k];
        if (w->kind == kind && w->bias2 > error && w->h > reaches->h && (!fails || w->h < fails->h))
            fails = w;
    }
    if (!reaches)
        return NAN;
    double cpu = reaches->cpu;
    if (fails) { /* bias2 goes with h^2, at the second order of passages with h^4; time with 1/h */
        const double part = fails->bias2 / error;
        cpu = fmin(cpu, fails->cpu * (kind == ACCURACY_PASSAGE ? pow(part, 0.25) : sqrt(part)));
    }
    return cpu / a->ways[1].cpu;
}
