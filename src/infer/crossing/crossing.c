/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/crossing/crossing.h"

#include "engine/reading.h"
#include "infer/crossing/crossing_phi.h"

#include <math.h>

#define STATE_LEAST                                                                                \
    1e-3 /* states below it are as exact as this one, relative to which the tolerance is */
#define STEPS_MAX 100000 /* in one phase */
#define GROW_MOST 8.0
#define SHRINK_MOST 0.1
#define SAFETY 0.9

void crossing_start(struct crossing *c, double x)
{
    c->at = (struct crossing_point){.x = x};
    c->account = (struct crossing_account){0};
    c->steps = 0;
}

/* A part of a phase in which V and the control line go straight. */
struct stretch {
    double h;                  /* [s] */
    double volt_by_t, on_by_t; /* [V/s] */
};

/* A point, and the rate of its state. */
struct moment {
    struct crossing_point at;
    struct crossing_rate rate;
};

static bool find(const struct crossing *c, const struct stretch *s, struct moment *m)
{
    if (!crossing_solve(&c->circuit, &m->at))
        return false;
    m->rate = crossing_rate(&c->circuit, &m->at, s->volt_by_t, s->on_by_t);
    return true;
}

/* The moment t after `from`, at state x. */
static bool find_after(const struct crossing *c, const struct stretch *s, const struct moment *from,
                       double t, double x, struct moment *m)
{
    m->at = crossing_point_near(&from->at, x, from->at.volt + s->volt_by_t * t,
                                from->at.on + s->on_by_t * t);
    return find(c, s, m);
}

/* ------------------------------------------------------------------------------------- states */

/* What F at a stage differs by from its linear part at the step's beginning. */
static double beyond(const struct moment *from, const struct moment *stage, double t)
{
    const struct crossing_rate *r = &from->rate;
    return stage->rate.f - r->f - r->by_x * (stage->at.x - from->at.x) - t * r->by_t;
}

/* The state of a solution becomes x, by so little that v and i go along their tangents. */
static void move_along(struct crossing_point *p, double x)
{
    p->v += p->v_x * (x - p->x);
    p->i += p->i_x * (x - p->x);
    p->x = x;
}

/* A step that is tried. */
struct trial {
    double h, error; /* [s]; of the state */
    struct moment middle, end;
};

/* What F differs by from its linear part is bend s^2 + twist s^3 at the part s of the step, through what it
 * is at both stages.  False: no solution. */
static bool step_state(const struct crossing *c, const struct stretch *s, const struct moment *from,
                       struct trial *t)
{
    const struct crossing_rate *r = &from->rate;
    const double h = t->h, half = 0.5 * t->h, x = from->at.x;
    const struct crossing_phi p = crossing_phi(h * r->by_x), q = crossing_phi(half * r->by_x);
    const double x_half = x + half * (q.one * r->f + half * q.two * r->by_t),
                 x_whole = x + h * (p.one * r->f + h * p.two * r->by_t);
    if (!find_after(c, s, from, half, x_half, &t->middle))
        return false;
    const double middle = beyond(from, &t->middle, half);
    if (!find_after(c, s, from, h, x_whole + h * p.one * middle, &t->end))
        return false;
    const double end = beyond(from, &t->end, h), bend = 8 * middle - end,
                 twist = 2 * end - 8 * middle;
    t->error = h * 6 * twist * p.four;
    move_along(&t->middle.at, x_half + half * (0.5 * bend * q.three + 0.75 * twist * q.four));
    t->end.at = crossing_point_near(&t->end.at, x_whole + h * 2 * bend * p.three + t->error,
                                    t->end.at.volt, t->end.at.on);
    return find(c, s, &t->end);
}

/* ----------------------------------------------------------------------------------- energies */

/* What is integrated, at a moment, and its derivatives by the time. */
enum { DELIVERED, DEVICE, SQUARE, CURRENT, INTEGRALS };
struct powers {
    double p[INTEGRALS], by_t[INTEGRALS];
};

static struct powers powers(const struct stretch *s, const struct moment *m)
{
    const struct crossing_point *p = &m->at;
    const double f = m->rate.f;
    const double v_t = p->v_x * f + p->v_volt * s->volt_by_t + p->v_on * s->on_by_t,
                 i_t = p->i_x * f + p->i_volt * s->volt_by_t + p->i_on * s->on_by_t;
    return (struct powers){
        .p = {p->volt * p->i, p->v * p->i, p->i * p->i, p->i},
        .by_t = {s->volt_by_t * p->i + p->volt * i_t, v_t * p->i + p->v * i_t, 2 * p->i * i_t, i_t},
    };
}

/* Integral of |v|, which goes straight where it changes its sign. */
static double volt_seconds(double h, double from, double middle, double end)
{
    return from * end >= 0 ? h / 6 * fabs(from + 4 * middle + end)
                           : 0.5 * h * (from * from + end * end) / fabs(end - from);
}

struct integrals {
    double sum[INTEGRALS], volt_seconds;
    double error; /* of what is delivered [J] */
    double most;  /* of the power delivered at either end [W] */
};

/* Of a step whose states are found. */
static struct integrals integrate(const struct stretch *s, const struct moment *from,
                                  const struct trial *t)
{
    const double h = t->h;
    const struct powers a = powers(s, from), b = powers(s, &t->middle), e = powers(s, &t->end);
    struct integrals n = {.volt_seconds = volt_seconds(h, from->at.v, t->middle.at.v, t->end.at.v),
                          .most = fmax(fabs(a.p[DELIVERED]), fabs(e.p[DELIVERED]))};
    for (int k = 0; k < INTEGRALS; k++)
        n.sum[k] =
            h / 30 * (7 * (a.p[k] + e.p[k]) + 16 * b.p[k]) + h * h / 60 * (a.by_t[k] - e.by_t[k]);
    const double simpson = h / 6 * (a.p[DELIVERED] + 4 * b.p[DELIVERED] + e.p[DELIVERED]),
                 corrected = h / 2 * (a.p[DELIVERED] + e.p[DELIVERED]) +
                             h * h / 12 * (a.by_t[DELIVERED] - e.by_t[DELIVERED]);
    n.error = (simpson - corrected) / 5;
    return n;
}

static void book(struct crossing *c, const struct stretch *s, const struct moment *from,
                 const struct integrals *n, double h)
{
    const struct crossing_circuit *o = &c->circuit;
    struct crossing_account *a = &c->account;
    const double ohm = o->driver_ohm + o->row_ohm + o->column_ohm + o->sense_ohm,
                 begin = from->at.volt, end = begin + s->volt_by_t * h;
    a->delivered += n->sum[DELIVERED];
    a->energy[CLASS_MEMRISTOR] += n->sum[DEVICE];
    a->energy[CLASS_LINE] += (o->row_ohm + o->column_ohm) * n->sum[SQUARE];
    a->energy[CLASS_DRIVER] += (o->driver_ohm + o->sense_ohm) * n->sum[SQUARE];
    if (o->select)
        a->energy[CLASS_SELECT] += n->sum[DELIVERED] - n->sum[DEVICE] - ohm * n->sum[SQUARE];
    a->volt_square += h / 3 * (begin * begin + begin * end + end * end);
    a->volt_seconds += n->volt_seconds;
}

/* -------------------------------------------------------------------------------------- phases */

/* Error of a trial, in tolerances.  Of energies it is taken against all that the crossing has had and this
 * phase at its power: edges take a thousandth of that. */
static double units(const struct crossing *c, const struct trial *t, const struct integrals *n,
                    double duration)
{
    const double x = fmax(fabs(t->end.at.x), STATE_LEAST), own = fabs(t->error) / (c->reltol * x),
                 joule = fabs(c->account.delivered) + duration * n->most;
    return joule > 0 ? fmax(own, fabs(n->error) / (c->reltol * joule)) : own;
}

static enum status fail_crossing(const struct crossing *c, const char *what, struct error *error)
{
    return fail(error, STATUS_NUMERICAL,
                "a device behind its select switch: %s at state %g, %g V across both", what,
                c->at.x, c->at.volt);
}

/* Through a stretch from c->at, where V and the control line arrive at those of `phase`; *charge: of it. */
static enum status pass(struct crossing *c, const struct stretch *s, double duration,
                        double *charge, struct error *error)
{
    struct moment now = {.at = c->at};
    double left = s->h, size = s->h;
    *charge = 0;
    if (!find(c, s, &now))
        return fail_crossing(c, "no solution", error);
    for (int k = 0; left > 0; k++) {
        struct trial t = {.h = size < left * (1 - 1e-9) ? fmin(size, 0.5 * left) : left};
        if (k > STEPS_MAX || t.h < 1e-14 * s->h)
            return fail_crossing(c, "steps collapse", error);
        struct integrals n = {0};
        double e = INFINITY; /* a stage may lie where no state is */
        if (step_state(c, s, &now, &t)) {
            n = integrate(s, &now, &t);
            e = units(c, &t, &n, duration);
        }
        size = t.h * (isfinite(e) ? fmin(GROW_MOST, fmax(SHRINK_MOST, SAFETY / sqrt(sqrt(e))))
                                  : SHRINK_MOST);
        if (!(e <= 1))
            continue;
        book(c, s, &now, &n, t.h);
        *charge += n.sum[CURRENT];
        left = t.h < left ? left - t.h : 0;
        now = t.end;
        c->at = now.at;
        c->steps++;
    }
    return STATUS_OK;
}

enum status crossing_phase(struct crossing *c, const struct crossing_phase *p, double *mean,
                           struct error *error)
{
    /* where a phase's slope, or what is asked of it, changes */
    const double last = p->reads ? (1 - READING_PART) * p->duration : p->duration;
    const double ends[] = {fmin(p->edge, last), fmax(p->edge, last), p->duration};
    const double volt = c->at.volt, on = c->at.on;
    double begin = 0, sum = 0;
    if (!(p->edge <= p->duration))
        return fail(error, STATUS_INPUT,
                    "an edge of %g s is longer than its phase of %g s, expected at most that",
                    p->edge, p->duration);
    if (!(p->edge > 0)) {
        c->at.volt = p->volt;
        c->at.on = p->on;
    }
    for (int k = 0; k < 3; k++) {
        const double h = ends[k] - begin;
        const bool ramps = begin < p->edge;
        const struct stretch s = {h, ramps ? (p->volt - volt) / p->edge : 0,
                                  ramps ? (p->on - on) / p->edge : 0};
        double charge;
        if (!(h > 0))
            continue;
        const enum status status = pass(c, &s, p->duration, &charge, error);
        if (status != STATUS_OK)
            return status;
        if (begin >= last)
            sum += charge;
        begin = ends[k];
        if (begin >= p->edge) { /* exactly there, without the sums' rounding */
            c->at.volt = p->volt;
            c->at.on = p->on;
        }
    }
    *mean = p->duration > last ? sum / (p->duration - last) : NAN;
    return STATUS_OK;
}
