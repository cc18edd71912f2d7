/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A step in which sources move, over which the rates change by orders of magnitude while the network
 * changes little.  Voltages of devices are parabolas through the step's beginning, middle and end;
 * along them each device takes as many steps by itself as it needs, of the third order of
 * event_step.h, and the network is solved again with the states that come of it: waveform relaxation
 * (E. Lelarasmee, A. E. Ruehli and A. L. Sangiovanni-Vincentelli, IEEE Trans. CAD 1:131, 1982).  The
 * error is the last change of a state.  Where that is far too large, steps of the third order follow:
 * the network changes as much as the states. */
#include "device/model/two_state.h"
#include "engine/event/event_internal.h"

#include <math.h>
#include <string.h>

#define ALONG_PART 0.3 /* part of a step's tolerance for the error of one stride of a device */
#define ALONG_STEPS 200
#define PASSES 3
/* Largest error, in tolerances, with which the next step is tried along the ramp again: the parabola
 * misses up to a third of what the first pass changes. */
#define FAR 3
/* A device is not moved again if its voltages have changed by too little since: its rate by less than the
 * part PART_MOST, and its state by less than UNFELT tolerances. */
#define PART_MOST 0.3
#define UNFELT 0.02
#define ENDLESS 1e3 /* error of the step, in tolerances, if a device needs more than ALONG_STEPS */

/* A device that is integrated through the step along its voltage's parabola. */
struct way {
    const struct event_device *device;
    double v0, slope, bend; /* v = v0 + slope u + bend u^2, u from 0 to 1 */
    double h;               /* [s] */
    double u, x;
    struct model_value f;  /* there */
    double v, i;           /* there [V], [A] */
    double energy, square; /* from the beginning to there [J], of the current [A^2 s] */
};

/* One step of that integration. */
struct stride {
    double size, x_middle, x, error; /* size in u */
    struct model_value f;
};

static double voltage(const struct way *w, double u)
{
    return w->v0 + u * (w->slope + u * w->bend);
}

static struct model_value rate_at(const struct way *w, double u, double x)
{
    return w->device->model->rate(w->device->constants, voltage(w, u), x);
}

static double current_at(const struct way *w, double v, double x)
{
    return w->device->model->current(w->device->constants, v, x).f;
}

static struct stride stride(const struct way *w, double size)
{
    const double h = size * w->h, l = w->f.df_dx, n = w->f.f - l * w->x;
    const struct event_phi half = phi(0.5 * l * h);
    const double a = w->x + 0.5 * h * half.one * w->f.f;
    const double n_middle = rate_at(w, w->u + 0.5 * size, a).f - l * a;
    const struct event_phi p = phi(l * h);
    const double b = w->x + h * p.one * (l * w->x + 2 * n_middle - n);
    struct model_value f = rate_at(w, w->u + size, b);
    const double n_end = f.f - l * b;
    const double first = 4 * n_middle - 3 * n - n_end, second = 4 * (n - 2 * n_middle + n_end);
    const double x = w->x + h * (p.one * w->f.f + p.two * first + p.three * second);
    const double x_middle =
        w->x + 0.5 * h * (half.one * w->f.f + 0.5 * (half.two * first + 0.5 * half.three * second));
    const double low = w->x + h * (p.one * w->f.f + 2 * p.two * (n_middle - n));
    f.f += f.df_dx * (x - b);
    return (struct stride){size, x_middle, x, x - low, f};
}

static void advance(struct way *w, const struct stride *t, double u)
{
    const double vm = voltage(w, w->u + 0.5 * t->size), v = voltage(w, u);
    const double im = current_at(w, vm, t->x_middle), i = current_at(w, v, t->x);
    const double sixth = t->size * w->h / 6;
    w->energy += sixth * (w->v * w->i + 4 * vm * im + v * i);
    w->square += sixth * (w->i * w->i + 4 * im * im + i * i);
    w->v = v;
    w->i = i;
    w->u = u;
    w->x = t->x;
    w->f = t->f;
}

/* To u = end; false: it does not get there. */
static bool go(const struct event_steps *s, struct way *w, double end)
{
    double size = end - w->u;
    for (int count = 0; w->u < end; count++) {
        const double left = end - w->u;
        size = size > left * (1 - 1e-9) ? left : fmin(size, 0.5 * left);
        const struct stride t = stride(w, size);
        const double units = in_tolerance(s, t.error, t.x) / ALONG_PART;
        if (!isfinite(units) || count > ALONG_STEPS)
            return false;
        if (units <= 1)
            advance(w, &t, size < left ? w->u + size : end);
        if (w->u < end)
            size *= fmin(5, fmax(0.1, 0.9 / cbrt(fmax(units, 1e-6))));
    }
    return true;
}

/* Relative change of the rate with voltage [1/V]; 0 at rest. */
static double steepness(const struct way *w)
{
    return w->f.f < 0 || w->f.f > 0 ? fabs(w->f.df_dv / w->f.f) : 0;
}

/* The device's state half way and at the end, and its energy. */
static bool move(const struct event_steps *s, struct event_active *a, double h)
{
    const double v0 = a->v, v1 = a->v_end, middle = a->v_middle;
    struct way w = {.device = a->device,
                    .v0 = v0,
                    .slope = 4 * middle - 3 * v0 - v1,
                    .bend = 2 * (v0 + v1 - 2 * middle),
                    .h = h,
                    .x = a->x,
                    .f = {a->f, 0, a->l},
                    .v = v0};
    w.i = current_at(&w, v0, a->x);
    if (!go(s, &w, 0.5))
        return false;
    a->x_middle = w.x;
    a->steepness = fmax(1 / VT_NOMINAL, steepness(&w));
    if (!go(s, &w, 1))
        return false;
    a->steepness = fmax(a->steepness, steepness(&w));
    a->x_end = w.x;
    a->energy = w.energy;
    a->square = w.square;
    return true;
}

/* All but the devices that rest at the beginning and, as the second order has found, at the end; their
 * voltages go straight at first. */
static void find_movers(struct event_steps *s)
{
    s->n_movers = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        a->x_end = a->x;
        a->energy = NAN;
        a->shift = 0;
        a->v_middle = 0.5 * (a->v + a->v_end);
        if (!(a->rests && fabs(a->n_end) <= 0))
            s->movers[s->n_movers++] = a;
        else
            s->network->values[a->device->state] = a->x;
    }
}

enum place { MIDDLE, END };

static bool solve(struct event_steps *s, double t, enum place place)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_movers; k++) {
        const struct event_active *a = s->movers[k];
        x[a->device->state] = place == MIDDLE ? a->x_middle : a->x_end;
    }
    network_sources(s->network, t);
    if (!network_solve(s->network, s->newton))
        return false;
    for (size_t k = 0; k < s->n_movers; k++) {
        struct event_active *a = s->movers[k];
        double *v = place == MIDDLE ? &a->v_middle : &a->v_end;
        const double now = device_voltage(s, a->device);
        a->shift = fmax(a->shift, fabs(now - *v));
        *v = now;
    }
    return true;
}

/* Solve the network half way, from the mean of begin and end, and at the end, from its last
 * solution. */
static bool solve_both(struct event_steps *s, double t, double h)
{
    const struct network *n = s->network;
    const size_t bytes = s->circuit->n_nodes * sizeof *n->values;
    memcpy(s->voltages, n->values, bytes);
    for (size_t i = 0; i < s->circuit->n_nodes; i++)
        n->values[i] = 0.5 * (s->before[i] + s->voltages[i]);
    if (!solve(s, t + 0.5 * h, MIDDLE))
        return false;
    event_account_find(&s->account, &s->account.middle);
    memcpy(n->values, s->voltages, bytes);
    return solve(s, t + h, END);
}

bool event_steps_along(struct event_steps *s, double t, double h, double *error)
{
    find_movers(s);
    for (int pass = 1; pass <= PASSES; pass++) {
        *error = 0;
        for (size_t k = 0; k < s->n_movers; k++) {
            struct event_active *a = s->movers[k];
            const double before = a->x_end, part = a->shift * a->steepness;
            const double felt = in_tolerance(s, part * (a->x_end - a->x), a->x_end);
            if (pass > 1 && part <= PART_MOST && felt <= UNFELT) {
                raise(error, felt);
                continue;
            }
            if (!move(s, a, h)) {
                *error = ENDLESS;
                s->along = false;
                return true;
            }
            a->shift = 0;
            if (pass > 1)
                raise(error, in_tolerance(s, a->x_end - before, a->x_end));
        }
        s->along = pass == 1 || *error <= FAR;
        if (pass > 1 && (!s->along || *error <= 1 || pass == PASSES))
            break;
        if (!solve_both(s, t, h))
            return false;
    }
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_movers; k++)
        x[s->movers[k]->device->state] = s->movers[k]->x_end;
    return true;
}
