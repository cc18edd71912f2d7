/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hidden states of devices (model.h) in the steps of event_step.h, by the same formulas: each has an
 * L = df/dh of its own and N = f - L h, in which v, x and the device's other hidden states enter as they
 * are at the stages.  So the device's current acts on its disruption, and that on its rates, within one
 * step, with an error estimate for each state.
 *
 * Switches that jump: between two draws n follows its mean.  What a fluctuation of n could change in its
 * own drift over a step, through heat and disruption by current, is at most OWN_EFFECT of it; the
 * variance is then wrong by 1 to 2 % at most (as in volatile.c). */
#include "engine/event/event_internal.h"

#define OWN_EFFECT 0.005

static struct model_rates rates_at(const struct event_steps *s, const struct event_active *a,
                                   double v, double x)
{
    const struct event_device *d = a->device;
    return d->model->rates(d->constants, v, x, s->network->values + d->hidden);
}

/* For messages, where rates were evaluated last. */
static void note(struct event_device *d, double v, double x, const struct model_rates *r)
{
    d->v = v;
    d->x = x;
    d->rate = (struct model_value){r->f[0], r->df_dv[0], r->df[0][0]};
}

void event_hidden_begin(const struct event_steps *s, struct event_active *a)
{
    const struct model_rates r = rates_at(s, a, a->v, a->x);
    const double *h = s->network->values + a->device->hidden;
    double own = fabs(r.df[0][0] + r.switching.a + r.switching.b), square = 0;
    note(a->device, a->v, a->x, &r);
    a->f = r.f[0];
    a->l = r.df[0][0];
    a->n = a->f - a->l * a->x;
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        struct event_hidden *z = &a->hidden[k];
        z->h = h[k];
        z->f = r.f[1 + k];
        z->l = r.df[1 + k][1 + k];
        z->n = z->f - z->l * z->h;
        square += fabs(r.df[0][1 + k] * r.df[1 + k][0]);
    }
    a->switching = r.switching;
    a->own = own;
    a->own_square = square;
}

bool event_hidden_stays(const struct event_active *a)
{
    for (size_t k = 0; k < a->device->model->n_hidden; k++)
        if (a->hidden[k].f < 0 || a->hidden[k].f > 0)
            return false;
    return true;
}

void event_hidden_prepare(const struct event_active *a, double h)
{
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        struct event_hidden *z = &a->hidden[k];
        z->whole = phi(z->l * h);
        z->half = phi(0.5 * z->l * h);
    }
}

void event_hidden_first(const struct event_steps *s, const struct event_active *a, double h,
                        double part)
{
    double *at = s->network->values + a->device->hidden;
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        const struct event_hidden *z = &a->hidden[k];
        at[k] = z->h + part * h * (part < 1 ? z->half : z->whole).one * z->f;
    }
}

double event_hidden_stage(const struct event_steps *s, struct event_active *a, double v, double x,
                          bool end)
{
    const struct model_rates r = rates_at(s, a, v, x);
    const double *h = s->network->values + a->device->hidden;
    note(a->device, v, x, &r);
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        struct event_hidden *z = &a->hidden[k];
        *(end ? &z->n_end : &z->n_middle) = r.f[1 + k] - z->l * h[k];
    }
    return r.f[0] - a->l * x;
}

void event_hidden_second(const struct event_steps *s, const struct event_active *a, double h,
                         double *error)
{
    double *at = s->network->values + a->device->hidden;
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        const struct event_hidden *z = &a->hidden[k];
        const double change = h * z->whole.two * (z->n_end - z->n);
        at[k] += change;
        raise(error, in_tolerance(s, change, at[k]));
    }
}

void event_hidden_estimate(const struct event_steps *s, const struct event_active *a, double h)
{
    double *at = s->network->values + a->device->hidden;
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        const struct event_hidden *z = &a->hidden[k];
        at[k] = z->h + h * z->whole.one * (z->l * z->h + 2 * z->n_middle - z->n);
    }
}

void event_hidden_third(const struct event_steps *s, const struct event_active *a, double h,
                        double *error)
{
    double *at = s->network->values + a->device->hidden;
    for (size_t k = 0; k < a->device->model->n_hidden; k++) {
        const struct event_hidden *z = &a->hidden[k];
        const struct event_phi p = z->whole;
        const double high = p.two * (4 * z->n_middle - 3 * z->n - z->n_end) +
                            p.three * (4 * z->n - 8 * z->n_middle + 4 * z->n_end);
        at[k] = z->h + h * (p.one * z->f + high);
        raise(error, in_tolerance(s, h * (high - 2 * p.two * (z->n_middle - z->n)), at[k]));
    }
}

void event_hidden_back(const struct event_steps *s, const struct event_active *a)
{
    for (size_t k = 0; k < a->device->model->n_hidden; k++)
        s->network->values[a->device->hidden + (int)k] = a->hidden[k].h;
}

double event_hidden_own_effect(const struct event_active *a, double h)
{
    const double part = h * (a->own + h * a->own_square) / OWN_EFFECT;
    return part * part * part; /* as errors go with the step */
}

struct two_state event_hidden_switching(const struct event_steps *s, const struct event_active *a,
                                        double v, double x)
{
    return rates_at(s, a, v, x).switching;
}
