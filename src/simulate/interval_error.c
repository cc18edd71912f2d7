/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/interval_error.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIR_RATIO 4.0
#define PAIR_AGREES 5.0 /* of two estimates, one up to so many times the other */
/* A slope goes on in the next interval if that is at least so steep, relative to it.  An exponential
 * keeps this for steps up to 0.69 of its time constant. */
#define GOES_ON 0.5

/* An interval: values at both ends, and what went into the ports. */
struct stretch {
    bool there;
    double h;
    struct port_value *a, *b; /* n_ports */
    double *energy;           /* n_ports [J] */
};

struct interval_error {
    size_t n_ports, n_elements;
    const size_t *element;             /* n_ports */
    struct stretch before, last, next; /* `last' is judged when `next' is known */
    bool *jumps;                       /* n_ports: in `last' */
    double *smooth, *jump;             /* n_elements: sums [J], smooth is signed */
    double *pair, *pair_after; /* n_ports: of `before' and `last', of `last' and `next' [J] */
    double *at_begin, *at_end; /* n_elements, work [J] */
};

double interval_linear(double h, struct port_value a, struct port_value b)
{
    return h * (0.5 * (a.v * a.i + b.v * b.i) - (b.v - a.v) * (b.i - a.i) / 6);
}

static struct stretch stretch_new(size_t n_ports)
{
    return (struct stretch){.a = NEW(n_ports, struct port_value),
                            .b = NEW(n_ports, struct port_value),
                            .energy = NEW(n_ports, double)};
}

static void stretch_free(struct stretch *s)
{
    free(s->a);
    free(s->b);
    free(s->energy);
}

struct interval_error *interval_error_new(size_t n_ports, const size_t *element, size_t n_elements)
{
    struct interval_error *e = NEW(1, struct interval_error);
    e->n_ports = n_ports;
    e->n_elements = n_elements;
    e->element = element;
    e->before = stretch_new(n_ports);
    e->last = stretch_new(n_ports);
    e->next = stretch_new(n_ports);
    e->jumps = NEW(n_ports, bool);
    e->smooth = NEW(n_elements, double);
    e->jump = NEW(n_elements, double);
    e->pair = NEW(n_ports, double);
    e->pair_after = NEW(n_ports, double);
    e->at_begin = NEW(n_elements, double);
    e->at_end = NEW(n_elements, double);
    return e;
}

void interval_error_free(struct interval_error *e)
{
    if (!e)
        return;
    stretch_free(&e->before);
    stretch_free(&e->last);
    stretch_free(&e->next);
    free(e->jumps);
    free(e->pair_after);
    free(e->smooth);
    free(e->jump);
    free(e->pair);
    free(e->at_begin);
    free(e->at_end);
    free(e);
}

/* Does a change of d in h go on as one of d1 in h1? */
static bool goes_on(double d, double h, double d1, double h1)
{
    return d * d1 > 0 && fabs(d1) * h >= GOES_ON * fabs(d) * h1;
}

static bool alone(const struct interval_error *e, double before, double now, double after)
{
    if (!(fabs(now) > 0))
        return false;
    return !(e->before.there && goes_on(now, e->last.h, before, e->before.h)) &&
           !(e->next.there && goes_on(now, e->last.h, after, e->next.h));
}

/* Ports at which something jumps within `last'. */
static void find_jumps(struct interval_error *e)
{
    for (size_t p = 0; p < e->n_ports; p++) {
        const struct port_value *a0 = &e->before.a[p], *a1 = &e->last.a[p], *a2 = &e->next.a[p],
                                *b0 = &e->before.b[p], *b1 = &e->last.b[p], *b2 = &e->next.b[p];
        e->jumps[p] = alone(e, b0->v - a0->v, b1->v - a1->v, b2->v - a2->v) ||
                      alone(e, b0->i - a0->i, b1->i - a1->i, b2->i - a2->i);
    }
}

/* What the ports of an element that jump would have more if all did at the end of the interval, or at
 * its beginning. */
static void add_jumps(struct interval_error *e)
{
    memset(e->at_begin, 0, e->n_elements * sizeof *e->at_begin);
    memset(e->at_end, 0, e->n_elements * sizeof *e->at_end);
    for (size_t p = 0; p < e->n_ports; p++) {
        const struct port_value *a = &e->last.a[p], *b = &e->last.b[p];
        if (e->jumps[p]) {
            e->at_end[e->element[p]] += e->last.h * a->v * a->i - e->last.energy[p];
            e->at_begin[e->element[p]] += e->last.h * b->v * b->i - e->last.energy[p];
        }
    }
    for (size_t k = 0; k < e->n_elements; k++)
        e->jump[k] += fmax(fabs(e->at_begin[k]), fabs(e->at_end[k]));
}

static double ratio_of(const struct stretch *s1, const struct stretch *s2)
{
    return fmax(s1->h / s2->h, s2->h / s1->h);
}

/* Of two intervals that follow each other. */
static void estimate_pair(const struct interval_error *e, const struct stretch *s1,
                          const struct stretch *s2, double *pair)
{
    const double h = s1->h + s2->h, r = fmin(ratio_of(s1, s2), PAIR_RATIO),
                 share = (r * r - r + 1) / (3 * r);
    for (size_t p = 0; p < e->n_ports; p++)
        pair[p] = share * (interval_linear(h, s1->a[p], s2->b[p]) - s1->energy[p] - s2->energy[p]);
}

/* The part of a pair's error that is of `last'. */
static double part_of(const struct interval_error *e, const struct stretch *other)
{
    return 1 / (1 + pow(other->h / e->last.h, 3));
}

/* Two estimates of the same: their mean, or the smaller one if they contradict each other. */
static double both(double x, double y)
{
    const double small = fabs(x) < fabs(y) ? x : y, large = fabs(x) < fabs(y) ? y : x;
    return small * large > 0 && fabs(large) < PAIR_AGREES * fabs(small) ? 0.5 * (x + y) : small;
}

static void add_smooth(struct interval_error *e)
{
    const bool before = e->before.there, after = e->next.there;
    if (after)
        estimate_pair(e, &e->last, &e->next, e->pair_after);
    const double part = before ? part_of(e, &e->before) : 0,
                 part_after = after ? part_of(e, &e->next) : 0;
    /* of steps that differ by much only if there is nothing better */
    const bool fit = before && ratio_of(&e->before, &e->last) <= PAIR_RATIO,
               fit_after = after && ratio_of(&e->last, &e->next) <= PAIR_RATIO,
               only = before && (!after || (fit && !fit_after)),
               only_after = after && (!before || (fit_after && !fit));
    for (size_t p = 0; p < e->n_ports; p++) {
        const double x = part * e->pair[p], y = part_after * e->pair_after[p];
        if (!e->jumps[p])
            e->smooth[e->element[p]] += only ? x : only_after ? y : both(x, y);
    }
}

/* `last' lies between `before' and `next', as far as they are there. */
static void judge(struct interval_error *e)
{
    find_jumps(e);
    add_jumps(e);
    add_smooth(e);
    double *swap = e->pair;
    e->pair = e->pair_after;
    e->pair_after = swap;
}

void interval_error_take(struct interval_error *e, double h, const struct port_value *a,
                         const struct port_value *b)
{
    struct stretch *s = &e->next;
    s->there = true;
    s->h = h;
    memcpy(s->a, a, e->n_ports * sizeof *a);
    memcpy(s->b, b, e->n_ports * sizeof *b);
    for (size_t p = 0; p < e->n_ports; p++)
        s->energy[p] = interval_linear(h, a[p], b[p]);
    if (e->last.there)
        judge(e);
    const struct stretch oldest = e->before;
    e->before = e->last;
    e->last = e->next;
    e->next = oldest;
    e->next.there = false;
}

void interval_error_break(struct interval_error *e)
{
    if (e->last.there)
        judge(e);
    e->before.there = e->last.there = false;
}

double interval_error_of(const struct interval_error *e, size_t element)
{
    return fabs(e->smooth[element]) + e->jump[element];
}

double interval_error_jumps(const struct interval_error *e, size_t element)
{
    return e->jump[element];
}
