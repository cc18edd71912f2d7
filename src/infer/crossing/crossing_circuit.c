/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/crossing/crossing_circuit.h"

#include <math.h>

#define ITERATIONS_MAX                                                                             \
    200 /* halvings of the interval among them: far more than a double has bits */
/* The last change of v [V]: what it leaves is its square times the curvature of J and I, a few 1/V. */
#define NEWTON_LAST 1e-6

static struct model_value device_current(const struct crossing_device *d, double v, double x)
{
    return d->stuck_ohm > 0 ? (struct model_value){v / d->stuck_ohm, 1 / d->stuck_ohm, 0}
                            : d->model->current(d->constants, v, x);
}

/* What is wrong with v: J - I, or without a switch V - R i - v; and its derivatives. */
struct residual {
    double f, by_v, by_x, by_volt, by_on;
};

static struct residual residual(const struct crossing_circuit *c, const struct crossing_point *p,
                                const struct model_value *i)
{
    const double row = c->driver_ohm + c->row_ohm, column = c->column_ohm + c->sense_ohm;
    if (!c->select)
        return (struct residual){.f = p->volt - (row + column) * i->f - p->v,
                                 .by_v = -(row + column) * i->df_dv - 1,
                                 .by_x = -(row + column) * i->df_dx,
                                 .by_volt = 1};
    const double a = c->select->ground + p->volt - row * i->f,
                 b = c->select->ground + p->v + column * i->f;
    const struct crossing_switch_current j = crossing_switch_current(c->select, a, b, p->on);
    const double by_i = j.by_b * column - j.by_a * row - 1;
    return (struct residual){.f = j.i - i->f,
                             .by_v = j.by_b + by_i * i->df_dv,
                             .by_x = by_i * i->df_dx,
                             .by_volt = j.by_a,
                             .by_on = j.by_on};
}

static void take_derivatives(struct crossing_point *p, const struct model_value *i,
                             const struct residual *r)
{
    p->v_x = -r->by_x / r->by_v;
    p->v_volt = -r->by_volt / r->by_v;
    p->v_on = -r->by_on / r->by_v;
    p->i_x = i->df_dv * p->v_x + i->df_dx;
    p->i_volt = i->df_dv * p->v_volt;
    p->i_on = i->df_dv * p->v_on;
}

bool crossing_solve(const struct crossing_circuit *c, struct crossing_point *p)
{
    double low = fmin(0, p->volt), high = fmax(0, p->volt);
    for (int k = 0; k < ITERATIONS_MAX; k++) {
        const struct model_value i = device_current(&c->device, p->v, p->x);
        const struct residual r = residual(c, p, &i);
        const double change = -r.f / r.by_v, v = p->v + change;
        *(r.f > 0 ? &low : &high) = p->v;
        if (fabs(change) <= NEWTON_LAST) {
            p->v = v;
            p->i = i.f + i.df_dv * change;
            take_derivatives(p, &i, &r);
            return true;
        }
        p->v = v >= low && v <= high ? v : 0.5 * (low + high);
    }
    return false;
}

struct crossing_point crossing_point_near(const struct crossing_point *from, double x, double volt,
                                          double on)
{
    const double v = from->v + from->v_x * (x - from->x) + from->v_volt * (volt - from->volt) +
                     from->v_on * (on - from->on);
    return (struct crossing_point){.x = x, .volt = volt, .on = on, .v = v};
}

struct crossing_rate crossing_rate(const struct crossing_circuit *c, const struct crossing_point *p,
                                   double volt_rate, double on_rate)
{
    if (c->device.stuck_ohm > 0)
        return (struct crossing_rate){0};
    const struct model_value f = c->device.model->rate(c->device.constants, p->v, p->x);
    return (struct crossing_rate){.f = f.f,
                                  .by_x = f.df_dx + f.df_dv * p->v_x,
                                  .by_t = f.df_dv * (p->v_volt * volt_rate + p->v_on * on_rate)};
}
