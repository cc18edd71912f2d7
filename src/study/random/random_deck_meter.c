/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_deck_meter.h"

#include "base/memory.h"
#include "simulate/vector_index.h"

#include <math.h>
#include <stdlib.h>

/* Of a card at a point [V], [A]. */
struct pair {
    double v, i;
};

/* The integral of v i over h where both are linear [J]. */
static double linear_energy(double h, struct pair a, struct pair b)
{
    return h / 6 * (2 * a.v * a.i + 2 * b.v * b.i + a.v * b.i + b.v * a.i);
}

struct booked booked_new(size_t n)
{
    return (struct booked){NEW(n, double), NEW(n, double), NEW(n, double), NEW(n, double),
                           NEW(n, double)};
}

void booked_free(struct booked *b)
{
    free(b->energy);
    free(b->error);
    free(b->turnover);
    free(b->states);
    free(b->moved);
}

/* Of each card two nodes, a branch and a state as vectors of its plot. */
struct meter {
    size_t node[2], branch, state; /* metering.n: ground, or none */
    struct pair last, before;      /* at the last point, and at the one before */
    double coarse;                 /* energy over every second point [J] */
    double start;                  /* of a capacitor: the first voltage [V] */
};

struct metering {
    const struct random_deck *deck;
    struct booked *b;
    size_t n, points;     /* points: since t0 */
    bool begun;           /* there was a point */
    double t0;            /* where the account of `sim' begins [s] */
    double t, t_before;   /* of the last point, and the one before [s] */
    struct meter *meters; /* cards */
};

static enum status take_plot(void *data, const char *title, bool complex, size_t n,
                             char *const *names, struct error *error)
{
    struct metering *m = data;
    (void)title, (void)complex, (void)error;
    struct vector_index *index = vector_index_new(n, names);
    m->n = n;
    for (size_t k = 0; k < m->deck->n; k++) {
        const struct random_card *c = &m->deck->cards[k];
        struct meter *meter = &m->meters[k];
        const int ends[2] = {c->node[0], c->node[c->letter == 'M' ? 2 : 1]};
        char name[16];
        for (int i = 0; i < 2; i++)
            meter->node[i] =
                ends[i] == 0 ? n : vector_of_node(index, random_node_name(ends[i], name));
        char *source = memory_format(random_card_metered(c) ? "vq%s" : "%s", c->name),
             *state = memory_format("%s.x", c->name), *inner = memory_format("%s.xm.x", c->name);
        meter->branch = vector_of_branch(index, source);
        meter->state = vector_of_node(index, state);
        if (meter->state == n)
            meter->state = vector_of_node(index, inner);
        free(source);
        free(state);
        free(inner);
    }
    vector_index_free(index);
    return STATUS_OK;
}

/* Voltage and current of a card at a point.  A transistor's gate takes nothing: it has no capacitances,
 * and its bulk is its source. */
static struct pair card_value(const struct metering *m, size_t k, const double *values)
{
    const struct random_card *c = &m->deck->cards[k];
    const struct meter *meter = &m->meters[k];
    double v[2];
    for (int i = 0; i < 2; i++)
        v[i] = meter->node[i] < m->n ? values[meter->node[i]] : 0;
    const double u = v[0] - v[1];
    return (struct pair){u, c->letter == 'R'       ? u / c->value
                            : meter->branch < m->n ? values[meter->branch]
                                                   : 0};
}

/* From the point before t0, if there is one, its values at t0 are on the straight line. */
static enum status take_point(void *data, const double *values, struct error *error)
{
    struct metering *m = data;
    (void)error;
    const double t = values[0];
    const bool before = t < m->t0 * (1 - 1e-9), begins = !before && m->points == 0;
    const double part = begins && t > m->t ? fmax(0, m->t0 - m->t) / (t - m->t) : 1,
                 h = t - (begins ? m->t0 : m->t);
    for (size_t k = 0; k < m->deck->n; k++) {
        const struct random_card *c = &m->deck->cards[k];
        struct meter *meter = &m->meters[k];
        struct booked *b = m->b;
        const struct pair now = card_value(m, k, values);
        if (meter->state < m->n)
            b->states[k] = values[meter->state];
        if (begins && m->begun) {
            meter->last.v += part * (now.v - meter->last.v);
            meter->last.i += part * (now.i - meter->last.i);
        } else if (!m->begun) {
            meter->last = now;
        }
        if (begins) {
            meter->before = meter->last;
            meter->start = meter->last.v;
        }
        if (!before)
            b->turnover[k] += fabs(linear_energy(h, meter->last, now));
        if (!before && c->letter == 'C')
            b->energy[k] = 0.5 * c->value * (now.v * now.v - meter->start * meter->start);
        else if (!before)
            b->energy[k] += linear_energy(h, meter->last, now);
        if (!before && m->points % 2 == 1) {
            meter->coarse += linear_energy(t - m->t_before, meter->before, now);
            b->error[k] = c->letter == 'C' ? 0 : fabs(b->energy[k] - meter->coarse) / 3;
            meter->before = now;
        }
        meter->last = now;
    }
    m->begun = true;
    if (begins)
        m->t_before = m->t0;
    if (!before && m->points % 2 == 1)
        m->t_before = t;
    m->points += !before;
    m->t = t;
    return STATUS_OK;
}

static void pass_over(void *data, const char *text)
{
    (void)data, (void)text;
}

enum status random_deck_meter(const struct random_deck *d, const struct user_deck *user, double t0,
                              const struct deck_run_options *options, struct booked *b,
                              struct error *error)
{
    struct metering m = {.deck = d, .b = b, .t0 = t0, .meters = NEW(d->n, struct meter)};
    const struct deck_taker taker = {.plot = take_plot,
                                     .point = take_point,
                                     .text = pass_over,
                                     .trouble = pass_over,
                                     .data = &m};
    struct deck_run_options plain = *options;
    plain.plain = true;
    enum status status = deck_run(user, 0, &plain, &taker, error);
    if (status == STATUS_OK && m.points < 2)
        status = fail(error, STATUS_NUMERICAL, "no points");
    free(m.meters);
    return status;
}
