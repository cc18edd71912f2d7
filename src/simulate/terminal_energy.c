/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/terminal_energy.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOMENTS_MAX 800
/* Steps of a pair may differ by so much: the estimate grows with the square of their ratio. */
#define PAIR_RATIO 4.0
#define GROUND ((size_t)-1)
/* Of what changes hands in the first step with `uic' the Euler rule loses a part: h / (2 tau) where a
 * capacitor relaxes with tau, 1/2 where a pulse charges it.  Less than LOST is left as it is; up to
 * LOST_MOST if the squares of currents into capacitors keep at least the share KEPT to the second
 * step: (1 + h / tau)^-2 where they relax, nothing of pulses. */
#define LOST 1e-4
#define LOST_MOST 1e-2
#define KEPT 0.8
#define EULER_STEPS 2 /* before ngspice tries another rule */

/* A terminal, or a pair of them with one current. */
struct port {
    size_t element, plus, minus, current; /* vectors, or GROUND */
};

struct port_value {
    double v, i;
};

struct terminal_energy {
    const struct user_deck *deck;
    struct terminal_total *totals; /* n_elements */
    double *start;                 /* n_elements: v or i of those with an exact law */
    size_t n_ports;
    struct port *ports;
    struct port_value *now, *last, *pair; /* n_ports */
    double *step, *pair_step;             /* n_elements: E of this interval, of the pair's first */
    double t, t0, pair_t, turnover;
    size_t n_points, euler; /* points that the Euler rule has still to make */
    bool from_zero;         /* the first point is the end of the first step from 0 s */
    double h0, lost;        /* of the first step [s], and of the energy in it [J] */
    bool in_pair;
    size_t n_moments, stride, since;
    struct terminal_moment moments[MOMENTS_MAX];
};

size_t terminal_node(size_t n, char *const *names, const char *node)
{
    char quoted[512]; /* nodes that are numbers */
    snprintf(quoted, sizeof quoted, "V(%s)", node);
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(names[i], node) == 0 || strcasecmp(names[i], quoted) == 0)
            return i;
    return n;
}

static size_t branch(size_t n, char *const *names, const char *source)
{
    const size_t length = strlen(source);
    for (size_t i = 0; i < n; i++)
        if (strncasecmp(names[i], source, length) == 0 && strcmp(names[i] + length, "#branch") == 0)
            return i;
    return n;
}

/* Ports of an element; false if one of its vectors is not there. */
static bool add_ports(struct terminal_energy *w, size_t k, size_t n, char *const *names)
{
    const struct user_element *e = &w->deck->elements[k];
    size_t *node = NEW(e->n_nodes, size_t);
    bool there = true;
    for (size_t i = 0; i < e->n_nodes; i++) {
        node[i] = strcmp(e->nodes[i], "0") == 0 ? GROUND : terminal_node(n, names, e->nodes[i]);
        there = there && node[i] != n;
    }
    for (size_t i = 0; i < e->n_senses && there; i++) {
        struct port *p = &w->ports[w->n_ports + i];
        p->element = k;
        p->plus = node[i];
        p->minus = e->series ? node[1] : GROUND;
        p->current = branch(n, names, e->senses[i]);
        there = p->current != n;
    }
    w->n_ports += there ? e->n_senses : 0;
    free(node);
    return there;
}

struct terminal_energy *terminal_energy_new(const struct user_deck *deck,
                                            const struct user_analysis *analysis, size_t n,
                                            char *const *names)
{
    struct terminal_energy *w = NEW(1, struct terminal_energy);
    size_t most = 0;
    for (size_t k = 0; k < deck->n_elements; k++)
        most += deck->elements[k].n_senses;
    w->deck = deck;
    const bool uic = analysis ? analysis->uic : user_deck_says_uic(deck);
    w->euler = uic ? EULER_STEPS : deck->initial ? EULER_STEPS + 1 : 0;
    w->from_zero = uic && analysis && !(analysis->from < 0 || analysis->from > 0);
    w->stride = 1;
    w->totals = NEW(deck->n_elements, struct terminal_total);
    w->start = NEW(deck->n_elements, double);
    w->step = NEW(deck->n_elements, double);
    w->pair_step = NEW(deck->n_elements, double);
    w->ports = NEW(most, struct port);
    w->now = NEW(most, struct port_value);
    w->last = NEW(most, struct port_value);
    w->pair = NEW(most, struct port_value);
    for (size_t k = 0; k < deck->n_elements; k++) {
        w->totals[k].active = add_ports(w, k, n, names);
        w->totals[k].exact = w->totals[k].active && !isnan(deck->elements[k].value);
    }
    return w;
}

void terminal_energy_free(struct terminal_energy *w)
{
    if (!w)
        return;
    free(w->totals);
    free(w->start);
    free(w->step);
    free(w->pair_step);
    free(w->ports);
    free(w->now);
    free(w->last);
    free(w->pair);
    free(w);
}

static double interval(double h, struct port_value a, struct port_value b)
{
    return h * (0.5 * (a.v * a.i + b.v * b.i) - (b.v - a.v) * (b.i - a.i) / 6);
}

/* What the law of a linear element says that it has stored since the beginning; `before': how long
 * before the first point that was [s]. */
static void store(struct terminal_energy *w, double before)
{
    for (size_t p = 0; p < w->n_ports; p++) {
        const size_t k = w->ports[p].element;
        const struct user_element *e = &w->deck->elements[k];
        if (!w->totals[k].exact)
            continue;
        const double x = e->name[0] == 'c' ? w->now[p].v : w->now[p].i;
        if (w->n_points == 0)
            w->start[k] = x - before * (e->name[0] == 'c' ? w->now[p].i : w->now[p].v) / e->value;
        w->totals[k].stored = 0.5 * e->value * (x - w->start[k]) * (x + w->start[k]);
    }
}

/* What linear elements do not store of what they absorb in a step of h by the Euler rule,
 * C (v1 - v0)^2 / 2 or L (i1 - i0)^2 / 2 [J]. */
static double euler_loss(const struct terminal_energy *w, double h)
{
    double lost = 0;
    for (size_t p = 0; p < w->n_ports; p++) {
        const struct user_element *e = &w->deck->elements[w->ports[p].element];
        const double flow = h * (e->name[0] == 'c' ? w->now[p].i : w->now[p].v);
        if (w->totals[w->ports[p].element].exact)
            lost += 0.5 * flow * flow / e->value;
    }
    return lost;
}

static double add_step(struct terminal_energy *w, double h)
{
    double turnover = 0;
    memset(w->step, 0, w->deck->n_elements * sizeof *w->step);
    for (size_t p = 0; p < w->n_ports; p++)
        w->step[w->ports[p].element] +=
            w->euler > 0 ? h * w->now[p].v * w->now[p].i : interval(h, w->last[p], w->now[p]);
    for (size_t k = 0; k < w->deck->n_elements; k++) {
        w->totals[k].energy += w->step[k];
        turnover += 0.5 * fabs(w->step[k]);
        if (w->deck->elements[k].role == USER_STORES && !w->totals[k].exact)
            w->totals[k].stored = w->totals[k].energy;
    }
    return turnover;
}

/* The second interval of a pair: what one interval over both would have given tells the error. */
static void estimate(struct terminal_energy *w, double h1, double h2)
{
    const double h = h1 + h2, share = (h1 * h1 - h1 * h2 + h2 * h2) / (3 * h1 * h2);
    if (h1 > PAIR_RATIO * h2 || h2 > PAIR_RATIO * h1)
        return;
    double *coarse = NEW(w->deck->n_elements, double);
    for (size_t p = 0; p < w->n_ports; p++)
        coarse[w->ports[p].element] += interval(h, w->pair[p], w->now[p]);
    for (size_t k = 0; k < w->deck->n_elements; k++)
        w->totals[k].error += (coarse[k] - w->pair_step[k] - w->step[k]) * share;
    free(coarse);
}

static struct terminal_moment sums(const struct terminal_energy *w)
{
    struct terminal_moment m = {.t = w->t};
    for (size_t k = 0; k < w->deck->n_elements; k++) {
        const struct terminal_total *t = &w->totals[k];
        if (!t->active)
            continue;
        if (w->deck->elements[k].role == USER_DELIVERS)
            m.delivered -= t->energy;
        else if (w->deck->elements[k].role == USER_STORES)
            m.stored += t->stored;
        else
            m.absorbed += t->energy;
    }
    return m;
}

/* Every `stride`-th point, of which every second one goes when there are too many. */
static void remember(struct terminal_energy *w)
{
    if (w->since++ % w->stride != 0)
        return;
    if (w->n_moments == MOMENTS_MAX) {
        for (size_t i = 0; i < MOMENTS_MAX / 2; i++)
            w->moments[i] = w->moments[2 * i];
        w->n_moments = MOMENTS_MAX / 2;
        w->stride *= 2;
        w->since = 1;
    }
    w->moments[w->n_moments++] = sums(w);
}

static void read_ports(struct terminal_energy *w, const double *values)
{
    double *power = w->step; /* used again by add_step() */
    memset(power, 0, w->deck->n_elements * sizeof *power);
    for (size_t p = 0; p < w->n_ports; p++) {
        const struct port *port = &w->ports[p];
        const double plus = port->plus == GROUND ? 0 : values[port->plus],
                     minus = port->minus == GROUND ? 0 : values[port->minus];
        w->now[p] = (struct port_value){plus - minus, values[port->current]};
        power[port->element] += w->now[p].v * w->now[p].i;
    }
    for (size_t k = 0; k < w->deck->n_elements; k++)
        w->totals[k].peak = fmax(w->totals[k].peak, fabs(power[k]));
}

/* The first point.  The step that leads to it belongs to the account if it is known. */
static void begin(struct terminal_energy *w, double t)
{
    w->h0 = w->from_zero ? t : 0;
    w->t0 = t - w->h0;
    store(w, w->h0);
    if (w->from_zero) {
        w->turnover = add_step(w, w->h0);
        w->lost = euler_loss(w, w->h0);
    }
}

/* The second point, a step of h later: did the first step lose too much?  Then the account begins at
 * its end. */
static void judge_beginning(struct terminal_energy *w, double h)
{
    const bool relaxes = euler_loss(w, h) * w->h0 * w->h0 >= KEPT * w->lost * h * h;
    if (w->lost <= (relaxes ? LOST_MOST : LOST) * w->turnover)
        return;
    for (size_t p = 0; p < w->n_ports; p++)
        w->start[w->ports[p].element] =
            w->deck->elements[w->ports[p].element].name[0] == 'c' ? w->last[p].v : w->last[p].i;
    for (size_t k = 0; k < w->deck->n_elements; k++)
        w->totals[k].energy = w->totals[k].stored = 0;
    w->turnover = 0;
    w->t0 = w->t;
    w->n_moments = w->since = 0;
    remember(w);
}

void terminal_energy_point(struct terminal_energy *w, const double *values)
{
    const double t = values[0], h = t - w->t;
    read_ports(w, values);
    if (w->n_points == 0) {
        begin(w, t);
    } else {
        if (w->n_points == 1 && w->from_zero)
            judge_beginning(w, h);
        store(w, 0);
        w->turnover += add_step(w, h);
        if (w->euler > 0) {
            /* no pair: the estimate is for the other rule */
        } else if (w->in_pair && h > 0 && w->t > w->pair_t) {
            estimate(w, w->t - w->pair_t, h);
            w->in_pair = false;
        } else {
            memcpy(w->pair, w->last, w->n_ports * sizeof *w->pair);
            memcpy(w->pair_step, w->step, w->deck->n_elements * sizeof *w->pair_step);
            w->pair_t = w->t;
            w->in_pair = true;
        }
    }
    w->euler -= w->euler > 0;
    w->t = t;
    struct port_value *swap = w->last;
    w->last = w->now;
    w->now = swap;
    w->n_points++;
    remember(w);
}

const struct terminal_total *terminal_energy_totals(const struct terminal_energy *w)
{
    return w->totals;
}

struct terminal_account terminal_energy_account(const struct terminal_energy *w)
{
    const struct terminal_moment m = sums(w);
    return (struct terminal_account){w->t0,      w->t,     m.delivered,
                                     m.absorbed, m.stored, m.delivered - m.absorbed - m.stored,
                                     w->turnover};
}

const struct terminal_moment *terminal_energy_moments(const struct terminal_energy *w, size_t *n)
{
    *n = w->n_moments;
    return w->moments;
}
