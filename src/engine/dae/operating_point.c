/* SPDX-License-Identifier: GPL-3.0-or-later */
/* F(y) = 0 with y' = 0 and the states held, by Newton's method with limited steps.  Where it does
 * not converge from the guess, the solution is followed along a path from an easy problem, at 0, to
 * this one, at 1 (numerical continuation: Allgower and Georg, Numerical Continuation Methods,
 * Springer 1990, ch. 2; both paths are SPICE's):
 *
 *     gmin stepping:     F(y) + gmin (y - guess) = 0 in the rows of nodes, gmin falling to zero
 *     source stepping:   F(y; all independent sources times their fraction) = 0 from y = 0
 *
 * The guess of each solution lies on the line through the two before; a step that fails is halved,
 * one that succeeds doubles the next.  Sources that close a port's switch are no signals and stay as
 * they are. */
#include "engine/dae/operating_point.h"

#include "base/memory.h"
#include "engine/dae/dae_trouble.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS 100  /* of one problem */
#define CHANGE_MAX 0.3  /* [V] of one iteration */
#define CONVERGED 1e-10 /* [V] */
#define GMIN_START 1.0  /* [S] */
#define GMIN_END 1e-13  /* [S], then zero */
#define STEP_LEAST 1e-6 /* of a path */
#define STEPS_MAX 200   /* of a path, failed ones too: no endless loop */
/* What weighs the same where the worst row is sought. */
#define WEIGHT_AMPERE 1e-10
#define WEIGHT_VOLT 1e-6

struct search {
    struct dae *dae;
    struct sparse_lu *lu;
    const double *guess;         /* n */
    double *residual, *change;   /* n */
    double *last, *last_but_one; /* n: solutions on the path */
    double *entries;             /* n_entries + 1 */
    double *volts, *amperes;     /* n_ties, n_currents: of all sources at full strength */
    bool *held;                  /* n_ties: closes a switch */
    double gmin;                 /* [S] of the present problem */
};

/* How far a method came, and where it stood when it failed. */
struct attempt {
    bool begun;     /* the problem at the path's beginning was solved */
    double reached; /* of the path, 0 to 1 */
    size_t steps, iterations;
    bool singular;
    size_t row;                 /* the worst */
    double left, at;            /* F [A], of a controlled source [V]; the node [V] */
    char law[DAE_TROUBLE_SIZE]; /* one that is not finite, or "" */
};

static void scale_sources(struct search *s, double fraction)
{
    struct dae *d = s->dae;
    for (size_t k = 0; k < d->n_ties; k++) {
        struct dae_tie *tie = &d->ties[k];
        if (!s->held[k])
            *(tie->external ? &d->to[tie->element] : &tie->volt) = fraction * s->volts[k];
    }
    d->driven = false;
    for (size_t k = 0; k < d->n_currents; k++)
        d->currents[k].value = fraction * s->amperes[k];
}

static void place_direct(struct search *s, double at, double *y)
{
    (void)at, (void)y;
    s->gmin = 0;
}

static void place_gmin(struct search *s, double at, double *y)
{
    (void)y;
    s->gmin = at < 1 ? GMIN_START * pow(GMIN_END / GMIN_START, at) : 0;
}

static void place_sources(struct search *s, double at, double *y)
{
    if (!(at > 0))
        memset(y, 0, (s->dae->n - s->dae->n_states) * sizeof *y);
    s->gmin = 0;
    scale_sources(s, at);
}

static int say_direct(const struct attempt *a, char *text, size_t size)
{
    return (void)a, snprintf(text, size, "from the guess");
}

static int say_gmin(const struct attempt *a, char *text, size_t size)
{
    const double gmin = GMIN_START * pow(GMIN_END / GMIN_START, a->reached);
    return snprintf(text, size, "%s %.1e S", a->begun ? "down to" : "not at", gmin);
}

static int say_sources(const struct attempt *a, char *text, size_t size)
{
    return snprintf(text, size, "%s %.4g %% of all sources", a->begun ? "up to" : "not at",
                    100 * a->reached);
}

/* A path from `begin` to 1 and its first step. */
static const struct method {
    const char *name;
    double begin, first;
    void (*place)(struct search *s, double at, double *y);
    int (*say)(const struct attempt *a, char *text, size_t size);
} methods[OPERATING_METHODS] = {
    [OPERATING_DIRECT] = {"direct", 1, 1, place_direct, say_direct},
    [OPERATING_GMIN] = {"gmin stepping", 0, 1.0 / 13, place_gmin, say_gmin}, /* by decades */
    [OPERATING_SOURCES] = {"source stepping", 0, 0.1, place_sources, say_sources},
};

/* One iteration from y; *size: the largest change of a voltage it asked for.  False: the matrix is
 * singular, or something is not finite. */
static bool iterate(struct search *s, struct attempt *a, double *y, double *size)
{
    struct dae *d = s->dae;
    const size_t first_state = d->n - d->n_states;
    a->iterations++;
    dae_residual(d, 0, y, NULL, s->residual);
    dae_jacobian(d, 0, 0, y, s->entries);
    for (size_t k = 0; k < d->n_roots; k++)
        s->residual[k] += s->gmin * (y[k] - s->guess[k]);
    memset(s->residual + first_state, 0, d->n_states * sizeof *s->residual);
    for (size_t j = 0; j < d->n; j++)
        for (int64_t k = d->columns[j]; k < d->columns[j + 1]; k++) {
            const size_t row = (size_t)d->rows[k];
            if (row >= first_state)
                s->entries[k] = row == j;
            else if (row == j && row < d->n_roots)
                s->entries[k] += s->gmin;
        }
    memcpy(s->change, s->residual, d->n * sizeof *s->change);
    a->singular = !sparse_lu_factor(s->lu, s->entries) || !sparse_lu_solve(s->lu, s->change);
    if (a->singular)
        return false;
    double largest = 0;
    for (size_t k = 0; k < d->n_roots; k++) {
        if (!isfinite(s->change[k]))
            return false;
        largest = fmax(largest, fabs(s->change[k]));
    }
    *size = largest;
    const double part = largest > CHANGE_MAX ? CHANGE_MAX / largest : 1;
    for (size_t k = 0; k < d->n; k++)
        y[k] -= part * s->change[k];
    return true;
}

/* The row that is missed most at the last evaluation, or the one that makes the matrix singular. */
static void note_trouble(const struct search *s, const double *y, struct attempt *a)
{
    const struct dae *d = s->dae;
    const int64_t column = a->singular ? sparse_lu_singular(s->lu) : -1;
    double most = -1;
    for (size_t k = 0; k < d->n - d->n_states; k++) {
        const double left = fabs(s->residual[k]) / (k < d->n_roots ? WEIGHT_AMPERE : WEIGHT_VOLT);
        if (left <= most)
            continue;
        most = left;
        a->row = k;
        if (isnan(left))
            break;
    }
    if (column >= 0 && column < (int64_t)(d->n - d->n_states))
        a->row = (size_t)column;
    a->left = s->residual[a->row];
    a->at = y[a->row];
    if (!dae_broken_law(d, a->law))
        a->law[0] = 0;
}

/* The present problem, from the guess y. */
static bool newton(struct search *s, struct attempt *a, double *y)
{
    double size = INFINITY;
    for (int i = 0; i < ITERATIONS && size > CONVERGED; i++)
        if (!iterate(s, a, y, &size))
            break;
    if (size <= CONVERGED)
        return true;
    note_trouble(s, y, a);
    return false;
}

static bool follow(struct search *s, const struct method *m, struct attempt *a, double *y)
{
    const size_t n = s->dae->n;
    double step = m->first, before = 0; /* the step between the last two solutions */
    *a = (struct attempt){.reached = m->begin};
    m->place(s, a->reached, y);
    a->begun = newton(s, a, y);
    memcpy(s->last, y, n * sizeof *y);
    while (a->begun && a->reached < 1 && step >= STEP_LEAST && a->steps < STEPS_MAX) {
        const double next = fmin(1, a->reached + step);
        for (size_t k = 0; k < n && before > 0; k++)
            y[k] += (s->last[k] - s->last_but_one[k]) * (next - a->reached) / before;
        m->place(s, next, y);
        a->steps++;
        if (newton(s, a, y)) {
            double *const free_one = s->last_but_one;
            s->last_but_one = s->last;
            s->last = memcpy(free_one, y, n * sizeof *y);
            before = next - a->reached;
            step = 2 * before;
            a->reached = next;
        } else {
            step = 0.5 * (next - a->reached);
            memcpy(y, s->last, n * sizeof *y);
        }
    }
    scale_sources(s, 1);
    return a->begun && a->reached >= 1;
}

/* Methods [first, last] have failed, the last one at the row that is named. */
static enum status none(const struct dae *d, const struct attempt *attempts, int first, int last,
                        struct error *error)
{
    const struct attempt *a = &attempts[last];
    const bool is_node = a->row < d->n_roots;
    const char *place = !is_node ? d->controlled[a->row - d->n_roots].element->name
                                 : d->circuit->node_names[d->roots[a->row]];
    bool always = !a->law[0]; /* singular, by each method */
    char where[DAE_TROUBLE_SIZE], tried[400] = "";
    for (int k = first, n = 0; k <= last; k++) {
        char far[80];
        always &= attempts[k].singular;
        methods[k].say(&attempts[k], far, sizeof far);
        n += snprintf(tried + n, sizeof tried - (size_t)n, "%s%s (%s, %zu iterations)",
                      k > first ? ", " : "", methods[k].name, far, attempts[k].iterations);
    }
    if (a->law[0])
        snprintf(where, sizeof where, "%s", a->law);
    else if (a->singular)
        snprintf(where, sizeof where, "the matrix is singular at %s%s%s", is_node ? "node " : "",
                 place,
                 is_node ? ", which floats: no direct current can leave it"
                         : ", whose current has no unique value");
    else if (is_node)
        snprintf(where, sizeof where, "%.3g A are left over at node %s, %.4g V", a->left, place,
                 a->at);
    else
        snprintf(where, sizeof where, "%s misses its voltage by %.3g V", place, a->left);
    if (always)
        return fail(error, STATUS_NUMERICAL, "no operating point: %s", where);
    char *able = engines_able(ENGINE_STARTS_FROM_ZERO);
    fail(error, STATUS_NUMERICAL,
         "no operating point: %s; tried %s; --engine %s begins without one", where, tried, able);
    free(able);
    return STATUS_NUMERICAL;
}

enum status operating_point(enum operating_method method, struct dae *d, struct sparse_lu *lu,
                            double *y, struct operating_report *report, struct error *error)
{
    const bool all = method == OPERATING_METHODS;
    const int first = all ? 0 : (int)method, last = all ? OPERATING_METHODS - 1 : first;
    struct search s = {.dae = d, .lu = lu};
    const size_t size = d->n * sizeof *y;
    double *guess = NEW(d->n, double);
    s.guess = memcpy(guess, y, size);
    s.residual = NEW(d->n, double);
    s.change = NEW(d->n, double);
    s.last = NEW(d->n, double);
    s.last_but_one = NEW(d->n, double);
    s.entries = NEW(d->n_entries + 1, double);
    s.volts = NEW(d->n_ties, double);
    s.amperes = NEW(d->n_currents, double);
    s.held = NEW(d->n_ties, bool);
    for (size_t k = 0; k < d->n_ties; k++) {
        const struct dae_tie *tie = &d->ties[k];
        s.volts[k] = tie->external ? d->to[tie->element] : tie->volt;
        for (size_t p = 0; p < d->circuit->n_ports; p++)
            s.held[k] |= d->circuit->ports[p].enable == tie->element;
    }
    for (size_t k = 0; k < d->n_currents; k++)
        s.amperes[k] = d->currents[k].value;
    struct attempt attempts[OPERATING_METHODS];
    int k = first;
    while (k <= last && !follow(&s, &methods[k], &attempts[k], y)) {
        memcpy(y, guess, size);
        k++;
    }
    enum status status = STATUS_OK;
    if (k <= last)
        *report =
            (struct operating_report){methods[k].name, attempts[k].steps, attempts[k].iterations};
    else
        status = none(d, attempts, first, last, error);
    free(guess);
    free(s.residual);
    free(s.change);
    free(s.last);
    free(s.last_but_one);
    free(s.entries);
    free(s.volts);
    free(s.amperes);
    free(s.held);
    return status;
}
