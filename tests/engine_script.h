/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A controller that plays a list of phases on the first port and keeps what it is told, and a
 * recorder that keeps one value of every point. */
#ifndef SILVERBAR_TESTS_ENGINE_SCRIPT_H
#define SILVERBAR_TESTS_ENGINE_SCRIPT_H

#include "engine/ledger.h"
#include "testing.h"

#include <signal.h>
#include <sys/wait.h>

#define STEPS_MAX 8
#define POINTS_MAX 20000

struct script {
    size_t n, next;
    struct {
        double volt, duration, edge;
        bool open;
        size_t n_stops;
        struct phase_stop stop;
    } steps[STEPS_MAX];
    size_t value; /* the value to keep */
    double t0[STEPS_MAX], t1[STEPS_MAX], mean[STEPS_MAX];
    size_t n_points;
    double t[POINTS_MAX], v[POINTS_MAX];
    size_t points_before[STEPS_MAX + 1]; /* of each phase */
    int kill_at; /* point at which the worker is killed by the recorder; 0: never */
    bool kill_in_controller;
    struct ledger *ledger;
};

static inline pid_t child_of_ours(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int child = 0;
    FILE *in = fopen(path, "r");
    if (in && fscanf(in, "%d", &child) != 1)
        child = 0;
    if (in)
        fclose(in);
    return child;
}

static inline void kill_worker(void)
{
    const pid_t child = child_of_ours();
    assert_true(child > 0);
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT); /* it is dead; the engine may reap it */
}

static inline bool play(void *data, const struct reading *reading, struct phase *next)
{
    struct script *s = data;
    if (reading) {
        s->t0[s->next - 1] = reading->t0;
        s->t1[s->next - 1] = reading->t1;
        s->mean[s->next - 1] = reading->mean[0];
    }
    s->points_before[s->next] = s->n_points;
    if (s->kill_in_controller && s->next == 1)
        kill_worker();
    if (s->next == s->n)
        return false;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->drive[0] = (struct drive){s->steps[s->next].volt, s->steps[s->next].open};
    next->duration = s->steps[s->next].duration;
    next->edge = s->steps[s->next].edge;
    next->n_stops = s->steps[s->next].n_stops;
    next->stops = &s->steps[s->next].stop;
    s->next++;
    return true;
}

static inline void watch(void *data, const struct interval *i)
{
    struct script *s = data;
    assert_in_range(s->n_points, 0, POINTS_MAX - 1);
    s->t[s->n_points] = i->t1;
    s->v[s->n_points++] = i->values[s->value];
    if (s->kill_at && s->n_points == (size_t)s->kill_at)
        kill_worker();
}

#endif
