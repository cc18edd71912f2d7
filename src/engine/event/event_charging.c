/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_charging.h"

#include "base/memory.h"
#include "engine/event/event_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAMMA (2 - M_SQRT2)
/* Of C/h: both stages have the same conductance. */
#define STAGE (2 / GAMMA)
/* u of the second stage: LATE u(gamma) - EARLY u(0), and its current's part. */
#define LATE (1 / (GAMMA * (2 - GAMMA)))
#define EARLY ((1 - GAMMA) * (1 - GAMMA) * LATE)
/* Error: ERROR h (f(0)/gamma - f(gamma)/(gamma (1 - gamma)) + f(1)/(1 - gamma)) */
#define ERROR (2 * fabs(-3 * GAMMA * GAMMA + 4 * GAMMA - 2) / (12 * (2 - GAMMA)))
/* Weights of the formula of three points at 0, gamma and 1. */
#define WEIGHT_MIDDLE (1 / (6 * GAMMA * (1 - GAMMA)))
#define WEIGHT_END ((1. / 3 - GAMMA / 2) / (1 - GAMMA))
#define WEIGHT_BEGIN (1 - WEIGHT_MIDDLE - WEIGHT_END)

#define FIRST_PART 1e-3 /* of the ramp: first step */
#define CHARGED 0.1     /* of the error of a step: what may be left */
#define STEPS_MOST 4000
#define GROWTH_MOST 4.0
#define SHRINK_MOST 0.2
#define SAFETY 0.8
#define PIECES_MOST 4

/* Voltages and currents of the capacitors at one moment. */
struct charge {
    double *u, *i;
};

struct charging {
    struct event_steps *s;
    const struct event_charging_ramp *ramp;
    double *siemens, *target; /* of the stage */
    struct charge begin, middle, end;
    size_t n_steps, steps_capacity;
    double *steps;   /* of the first integration [s] */
    size_t n_points; /* two a step, behind the beginning */
    double *times, *powers;
    size_t times_capacity, powers_capacity;
};

static double farad(const struct charging *g, size_t k)
{
    return g->s->circuit->elements[g->ramp->elements[k]].value;
}

static double volt(const struct charging *g, size_t k, const double *values)
{
    const int *node = g->s->circuit->elements[g->ramp->elements[k]].node;
    return values[node[0]] - values[node[1]];
}

/* Sources and states t seconds after the beginning of the ramp. */
static void set_moment(const struct charging *g, double t)
{
    const struct event_charging_ramp *r = g->ramp;
    struct network *n = g->s->network;
    const double part = fmin(1, t / r->h);
    for (size_t k = 0; k < g->s->n_devices; k++) {
        const int state = g->s->devices[k].state;
        n->values[state] = r->first[state] + part * (r->end[state] - r->first[state]);
    }
    network_sources(n, n->t0 + fmin(t, r->h));
}

/* Powers of all flows at time t, behind those of the moments before. */
static void add_point(struct charging *g, double t)
{
    struct event_account *a = &g->s->account;
    const size_t n_flows = a->network->n_flows;
    g->times = memory_grow(g->times, &g->times_capacity, g->n_points + 1, sizeof *g->times);
    g->powers =
        memory_grow(g->powers, &g->powers_capacity, (g->n_points + 1) * n_flows, sizeof *g->powers);
    event_account_find(a, &a->middle);
    memcpy(g->powers + g->n_points * n_flows, a->middle.power, n_flows * sizeof *g->powers);
    g->times[g->n_points++] = t;
}

/* A stage at time t with siemens[] and target[] set. */
static bool solve_stage(struct charging *g, double t, struct charge *at)
{
    const struct event_charging_ramp *r = g->ramp;
    struct network *n = g->s->network;
    set_moment(g, t);
    if (!network_hold(n, r->n, r->elements, g->siemens, g->target) ||
        !network_solve(n, g->s->newton))
        return false;
    for (size_t k = 0; k < r->n; k++) {
        at->u[k] = volt(g, k, n->values);
        at->i[k] = g->siemens[k] * (at->u[k] - g->target[k]);
    }
    network_charge(n, r->n, r->elements, at->i);
    add_point(g, t);
    return true;
}

/* From t to t + h; *error: the largest of a voltage [V]. */
static bool step(struct charging *g, double t, double h, double *error)
{
    const size_t n = g->ramp->n;
    for (size_t k = 0; k < n; k++) {
        g->siemens[k] = STAGE * farad(g, k) / h;
        g->target[k] = g->begin.u[k] + g->begin.i[k] / g->siemens[k];
    }
    if (!solve_stage(g, t + GAMMA * h, &g->middle))
        return false;
    for (size_t k = 0; k < n; k++)
        g->target[k] = LATE * g->middle.u[k] - EARLY * g->begin.u[k];
    if (!solve_stage(g, t + h, &g->end))
        return false;
    *error = 0;
    for (size_t k = 0; k < n; k++)
        raise(error, ERROR * h / farad(g, k) *
                         fabs(g->begin.i[k] / GAMMA - g->middle.i[k] / (GAMMA * (1 - GAMMA)) +
                              g->end.i[k] / (1 - GAMMA)));
    return isfinite(*error);
}

/* The largest distance of a voltage from that without capacitors behind the ramp [V]. */
static double find_left(const struct charging *g)
{
    double most = 0;
    for (size_t k = 0; k < g->ramp->n; k++)
        most = fmax(most, fabs(g->begin.u[k] - volt(g, k, g->ramp->end)));
    return most;
}

static void accept(struct charging *g)
{
    const struct charge before = g->begin;
    g->begin = g->end;
    g->end = before;
}

static void add_step(struct charging *g, double h)
{
    g->steps = memory_grow(g->steps, &g->steps_capacity, g->n_steps + 1, sizeof *g->steps);
    g->steps[g->n_steps++] = h;
}

/* Where the ramp begins. */
static void begin(struct charging *g)
{
    const struct event_charging_ramp *r = g->ramp;
    memcpy(g->s->network->values, r->first, circuit_n_values(g->s->circuit) * sizeof *r->first);
    for (size_t k = 0; k < r->n; k++) {
        g->begin.u[k] = volt(g, k, r->first);
        g->begin.i[k] = 0;
    }
}

/* Through the ramp and until the capacitors are charged; finds steps[]. */
static bool find_steps(struct charging *g, double tolerance)
{
    const double ramp = g->ramp->h;
    double t = 0, h = FIRST_PART * ramp;
    const size_t bytes = g->s->circuit->n_nodes * sizeof(double);
    double *before = NEW(g->s->circuit->n_nodes, double);
    bool good = true;
    g->n_points = 0;
    begin(g);
    for (int count = 0; good && !(t >= ramp && find_left(g) <= CHARGED * tolerance); count++) {
        double error;
        const bool reaches = t < ramp && t + h >= ramp * (1 - 1e-9);
        const double size = reaches ? ramp - t : h;
        memcpy(before, g->s->network->values, bytes);
        good = count < STEPS_MOST && step(g, t, size, &error);
        const bool taken = good && error <= tolerance;
        if (taken) {
            t = reaches ? ramp : t + size;
            add_step(g, size);
            accept(g);
        } else if (good) {
            g->n_points -= 2;
            memcpy(g->s->network->values, before, bytes);
        }
        if (good && !(taken && h > 2 * size)) /* not after one that the ramp's end has cut */
            h = size * fmin(GROWTH_MOST,
                            fmax(SHRINK_MOST, SAFETY * cbrt(tolerance / fmax(error, 1e-300))));
    }
    free(before);
    return good;
}

/* Again, with every step in so many pieces. */
static bool take_steps(struct charging *g, int pieces)
{
    const double ramp = g->ramp->h;
    double begun = 0, error;
    bool good = true;
    g->n_points = 0;
    begin(g);
    for (size_t k = 0; k < g->n_steps && good; k++) {
        const double h = g->steps[k] / pieces,
                     end = begun < ramp && begun + g->steps[k] > ramp * (1 - 1e-9) &&
                                   begun + g->steps[k] < ramp * (1 + 1e-9)
                               ? ramp
                               : begun + g->steps[k];
        for (int i = 0; i < pieces && good; i++) {
            good = step(g, i == 0 ? begun : end - (pieces - i) * h, h, &error);
            accept(g);
        }
        begun = end;
    }
    return good;
}

/* Subtract from the powers those without capacitors. */
static bool subtract_rest(struct charging *g)
{
    struct event_account *a = &g->s->account;
    struct network *n = g->s->network;
    const size_t n_flows = n->n_flows;
    network_hold(n, 0, NULL, NULL, NULL);
    begin(g);
    for (size_t p = 0; p < g->n_points; p++) {
        const double *rest = a->begin.power; /* of the ramp's end */
        if (g->times[p] < g->ramp->h) {
            set_moment(g, g->times[p]);
            if (!network_solve(n, g->s->newton))
                return false;
            event_account_find(a, &a->middle);
            rest = a->middle.power;
        }
        for (size_t k = 0; k < n_flows; k++)
            g->powers[p * n_flows + k] -= rest[k];
    }
    return true;
}

static void sum(const struct charging *g, double *extra)
{
    const size_t n = g->s->network->n_flows;
    memset(extra, 0, n * sizeof *extra);
    double t = 0;
    const double *begin = NULL; /* capacitors are at rest: no power is added */
    for (size_t p = 1; p < g->n_points; p += 2) {
        const double h = g->times[p] - t, *middle = g->powers + (p - 1) * n, *end = middle + n;
        for (size_t k = 0; k < n; k++)
            extra[k] += h * ((begin ? WEIGHT_BEGIN * begin[k] : 0) + WEIGHT_MIDDLE * middle[k] +
                             WEIGHT_END * end[k]);
        t = g->times[p];
        begin = end;
    }
}

static struct charge charge_new(size_t n)
{
    return (struct charge){NEW(n, double), NEW(n, double)};
}
static void charge_free(struct charge *c)
{
    free(c->u);
    free(c->i);
}

/* Do the errors of all classes suffice? */
static bool suffices(const struct charging *g, const double *doubt)
{
    const struct event_account *a = &g->s->account;
    double error[ENERGY_CLASSES + 1] = {0};
    for (size_t k = 0; k < g->s->network->n_flows; k++)
        error[a->classes[g->s->network->flows[k].element]] += doubt[k];
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        if (error[class] > g->ramp->share[class])
            return false;
    return true;
}

/* Integrate with whole, halved and quartered steps, as far as needed, and extrapolate (L. F. Richardson, Phil.
 * Trans. A 226:299, 1927). */
static bool extrapolate(struct charging *g, double tolerance, double *extra, double *doubt)
{
    const size_t n = g->s->network->n_flows;
    double *sums = NEW(n, double), *finer = NEW(n, double);
    bool solved = find_steps(g, tolerance) && subtract_rest(g);
    if (solved)
        sum(g, sums);
    for (int pieces = 2; pieces <= PIECES_MOST && solved; pieces *= 2) {
        solved = take_steps(g, pieces) && subtract_rest(g);
        if (!solved)
            break;
        sum(g, finer);
        for (size_t k = 0; k < n; k++) {
            const double better = finer[k] + (finer[k] - sums[k]) / 3;
            doubt[k] = fabs(better - (pieces == 2 ? finer[k] : extra[k]));
            extra[k] = better;
            sums[k] = finer[k];
        }
        if (suffices(g, doubt))
            break;
    }
    free(sums);
    free(finer);
    return solved;
}

bool event_charging(struct event_steps *s, const struct event_charging_ramp *ramp, double part,
                    double *extra, double *doubt)
{
    const size_t n = ramp->n;
    struct charging g = {.s = s,
                         .ramp = ramp,
                         .siemens = NEW(n, double),
                         .target = NEW(n, double),
                         .begin = charge_new(n),
                         .middle = charge_new(n),
                         .end = charge_new(n)};
    double largest = 0;
    for (size_t k = 0; k < n; k++)
        largest = fmax(largest, fabs(ramp->change[k]));
    const bool solved = extrapolate(&g, part * largest, extra, doubt);
    network_hold(s->network, 0, NULL, NULL, NULL);
    free(g.siemens);
    free(g.target);
    charge_free(&g.begin);
    charge_free(&g.middle);
    charge_free(&g.end);
    free(g.steps);
    free(g.times);
    free(g.powers);
    return solved;
}
