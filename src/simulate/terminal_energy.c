/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/terminal_energy.h"

#include "base/memory.h"
#include "element/element.h"
#include "simulate/interval_error.h"
#include "simulate/islands.h"
#include "simulate/pulse_area.h"
#include "simulate/vector_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOMENTS_MAX 800
#define GROUND ((size_t)-1)
#define BY_LAW ((size_t)-1)
/* Rounding of C v^2 / 2, of which a residual may be made where next to nothing changes hands. */
#define ROUNDING 1e-9
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
    size_t element, plus, minus; /* vectors, or GROUND */
    size_t current;              /* vector, or BY_LAW */
    double conductance;          /* of a current BY_LAW [S] */
};

struct terminal_energy {
    const struct user_deck *deck;
    struct terminal_total *totals; /* n_elements */
    double *start;                 /* n_elements: v or i of those with an exact law */
    struct islands islands;
    double *turnover; /* islands.n [J] */
    size_t n_ports;
    struct port *ports;
    struct port_value *now, *last; /* n_ports */
    size_t *element;               /* n_ports: which element each belongs to */
    double *step;                  /* n_elements: E of this interval */
    struct interval_error *error;
    struct pulse_areas *pulses;
    double *euler_error;  /* n_elements [J] */
    double euler_squares; /* sum of h^2 of Euler steps that are booked [s^2] */
    double t, t0;
    size_t n_points, euler; /* points that the Euler rule has still to make */
    bool from_zero;         /* the first point is the end of the first step from 0 s */
    double step_max;        /* [s] */
    double h0, lost;        /* of the first step [s], and of the energy in it [J] */
    size_t n_moments, stride, since;
    struct terminal_moment moments[MOMENTS_MAX];
};

/* The vector of the current into terminal i, or BY_LAW of a resistor's without one; n: there is none.
 * A deck that is run without sensing sources has the currents of elements that bring an unknown for
 * it themselves. */
static size_t current_of(const struct user_element *e, size_t i, const struct vector_index *index,
                         size_t n)
{
    const size_t sensed = vector_of_branch(index, e->senses[i]);
    if (sensed != n || !e->series)
        return sensed;
    const size_t own = vector_of_branch(index, e->name);
    return own == n && e->resistance > 0 ? BY_LAW : own;
}

/* Ports of an element; *there: it is in the circuit.  False if one of its vectors is not. */
static bool add_ports(struct terminal_energy *w, size_t k, size_t n,
                      const struct vector_index *index)
{
    const struct user_element *e = &w->deck->elements[k];
    size_t *node = NEW(e->n_nodes, size_t);
    bool known = true, sensed = false;
    for (size_t i = 0; i < e->n_nodes; i++) {
        node[i] = strcmp(e->nodes[i], "0") == 0 ? GROUND : vector_of_node(index, e->nodes[i]);
        known = known && node[i] != n;
    }
    for (size_t i = 0; i < e->n_senses; i++) {
        const size_t current = current_of(e, i, index, n);
        w->ports[w->n_ports + i] = (struct port){.element = k,
                                                 .plus = node[i],
                                                 .minus = e->series ? node[1] : GROUND,
                                                 .current = current,
                                                 .conductance = 1 / e->resistance};
        w->element[w->n_ports + i] = k;
        known = known && current != n;
        sensed = sensed || (current != n && current != BY_LAW);
    }
    w->n_ports += known ? e->n_senses : 0;
    w->totals[k].active = known;
    w->totals[k].lost = !known && (sensed || !e->conditional);
    free(node);
    return known;
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
    w->euler_error = NEW(deck->n_elements, double);
    w->islands = islands_find(deck);
    w->turnover = NEW(w->islands.n, double);
    w->element = NEW(most, size_t);
    w->ports = NEW(most, struct port);
    w->now = NEW(most, struct port_value);
    w->last = NEW(most, struct port_value);
    struct vector_index *index = vector_index_new(n, names);
    for (size_t k = 0; k < deck->n_elements; k++)
        w->totals[k].exact = add_ports(w, k, n, index) && !isnan(deck->elements[k].value);
    vector_index_free(index);
    w->error = interval_error_new(w->n_ports, w->element, deck->n_elements);
    w->pulses = pulse_areas_new(deck, n, names);
    return w;
}

void terminal_energy_free(struct terminal_energy *w)
{
    if (!w)
        return;
    free(w->totals);
    free(w->start);
    free(w->step);
    free(w->euler_error);
    free(w->turnover);
    free(w->element);
    islands_free(&w->islands);
    interval_error_free(w->error);
    pulse_areas_free(w->pulses);
    free(w->ports);
    free(w->now);
    free(w->last);
    free(w);
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
        w->totals[k].stored = element_stored_change(e->value, w->start[k], x);
        w->totals[k].scale = fmax(w->totals[k].scale, fabs(element_stored_change(e->value, 0, x)));
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

static void add_step(struct terminal_energy *w, double h)
{
    memset(w->step, 0, w->deck->n_elements * sizeof *w->step);
    for (size_t p = 0; p < w->n_ports; p++)
        w->step[w->ports[p].element] += w->euler > 0 ? h * w->now[p].v * w->now[p].i
                                                     : interval_linear(h, w->last[p], w->now[p]);
    for (size_t k = 0; k < w->deck->n_elements; k++) {
        w->totals[k].energy += w->step[k];
        w->turnover[w->islands.of[k]] += 0.5 * fabs(w->step[k]);
        if (w->deck->elements[k].role == USER_STORES && !w->totals[k].exact)
            w->totals[k].stored = w->totals[k].energy;
    }
}

static double all_turnover(const struct terminal_energy *w)
{
    double sum = 0;
    for (size_t i = 0; i < w->islands.n; i++)
        sum += w->turnover[i];
    return sum;
}

/* The first step by the other rule, of h: a power that changes at this rate was off by rate h_e / 2 at
 * the middle of an Euler step of h_e. */
static void judge_euler(struct terminal_energy *w, double h)
{
    if (!(h > 0) || !(w->euler_squares > 0))
        return;
    double *change = NEW(w->deck->n_elements, double);
    for (size_t p = 0; p < w->n_ports; p++)
        change[w->ports[p].element] += w->now[p].v * w->now[p].i - w->last[p].v * w->last[p].i;
    for (size_t k = 0; k < w->deck->n_elements; k++)
        w->euler_error[k] = 0.5 * fabs(change[k]) / h * w->euler_squares;
    w->euler_squares = 0;
    free(change);
}

static struct terminal_moment sums(const struct terminal_energy *w)
{
    struct terminal_moment m = {.t = w->t};
    for (size_t k = 0; k < w->deck->n_elements; k++) {
        const struct terminal_total *t = &w->totals[k];
        if (!t->active || w->islands.signal[w->islands.of[k]])
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
        w->now[p].v = plus - minus;
        w->now[p].i =
            port->current == BY_LAW ? w->now[p].v * port->conductance : values[port->current];
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
        add_step(w, w->h0);
        w->euler_squares = w->h0 * w->h0;
        w->lost = euler_loss(w, w->h0);
    }
}

/* The second point, a step of h later: did the first step lose too much?  Then the account begins at
 * its end. */
static void judge_beginning(struct terminal_energy *w, double h)
{
    const bool relaxes = euler_loss(w, h) * w->h0 * w->h0 >= KEPT * w->lost * h * h;
    if (w->lost <= (relaxes ? LOST_MOST : LOST) * all_turnover(w))
        return;
    for (size_t p = 0; p < w->n_ports; p++)
        w->start[w->ports[p].element] =
            w->deck->elements[w->ports[p].element].name[0] == 'c' ? w->last[p].v : w->last[p].i;
    for (size_t k = 0; k < w->deck->n_elements; k++)
        w->totals[k].energy = w->totals[k].stored = 0;
    memset(w->turnover, 0, w->islands.n * sizeof *w->turnover);
    w->euler_squares = 0;
    w->t0 = w->t;
    w->n_moments = w->since = 0;
    remember(w);
}

void terminal_energy_point(struct terminal_energy *w, const double *values)
{
    const double t = values[0], h = t - w->t;
    read_ports(w, values);
    pulse_areas_point(w->pulses, values);
    if (w->n_points == 0) {
        begin(w, t);
    } else {
        if (w->n_points == 1 && w->from_zero)
            judge_beginning(w, h);
        w->step_max = fmax(w->step_max, h);
        store(w, 0);
        add_step(w, h);
        if (w->euler > 0) {
            w->euler_squares += h * h;
        } else if (h > 0) {
            judge_euler(w, h);
            interval_error_take(w->error, h, w->last, w->now);
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

void terminal_energy_end(struct terminal_energy *w)
{
    interval_error_break(w->error);
    for (size_t k = 0; k < w->deck->n_elements; k++) {
        w->totals[k].error = interval_error_of(w->error, k) + w->euler_error[k];
        w->totals[k].jumps = interval_error_jumps(w->error, k);
    }
}

const struct terminal_total *terminal_energy_totals(const struct terminal_energy *w)
{
    return w->totals;
}

/* Shares of residuals and errors; reference[islands.n]: of what [J]. */
static void judge_islands(const struct terminal_energy *w, const double *reference,
                          struct terminal_account *a)
{
    double *residual = NEW(w->islands.n, double), *scale = NEW(w->islands.n, double);
    for (size_t k = 0; k < w->deck->n_elements; k++) {
        const struct terminal_total *t = &w->totals[k];
        const size_t i = w->islands.of[k];
        if (!t->active)
            continue;
        residual[i] -= w->deck->elements[k].role == USER_STORES ? t->stored : t->energy;
        scale[i] += t->scale;
        if (t->exact && !w->islands.signal[i])
            a->by_construction = false;
        if (reference[i] > 0 && t->error > a->error_share * reference[i]) {
            a->error_share = t->error / reference[i];
            a->worst = k;
        }
    }
    for (size_t i = 0; i < w->islands.n; i++)
        if (reference[i] > 0 && fabs(residual[i]) > ROUNDING * scale[i])
            a->residual_share = fmax(a->residual_share, fabs(residual[i]) / reference[i]);
    free(residual);
    free(scale);
}

struct terminal_account terminal_energy_account(const struct terminal_energy *w)
{
    const struct terminal_moment m = sums(w);
    double turnover = 0, *reference = NEW(w->islands.n, double);
    for (size_t i = 0; i < w->islands.n; i++)
        turnover += w->islands.signal[i] ? 0 : w->turnover[i];
    struct terminal_account a = {.t0 = w->t0,
                                 .t1 = w->t,
                                 .step_max = w->step_max,
                                 .delivered = m.delivered,
                                 .absorbed = m.absorbed,
                                 .stored = m.stored,
                                 .residual = m.delivered - m.absorbed - m.stored,
                                 .turnover = turnover,
                                 .worst = w->deck->n_elements,
                                 .by_construction = true};
    for (size_t i = 0; i < w->islands.n; i++)
        reference[i] = w->islands.signal[i] ? fmax(turnover, w->turnover[i]) : turnover;
    judge_islands(w, reference, &a);
    a.missed_share = pulse_areas_missed(w->pulses, &a.missed);
    free(reference);
    return a;
}

const struct terminal_moment *terminal_energy_moments(const struct terminal_energy *w, size_t *n)
{
    *n = w->n_moments;
    return w->moments;
}
