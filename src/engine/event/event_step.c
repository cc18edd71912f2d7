/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_internal.h"

#include "base/memory.h"
#include "device/model/two_state.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Part of the voltage tolerance that an error of the network's solution may take.  Laws of devices are
 * exponential in v/(kT/q), so that reltol is a part of VOLT_SCALE, not of the voltage. */
#define NEWTON_PART 1e-3
#define VOLT_SCALE 0.026 /* [V] */
/* The network is not solved again while every state has moved by less than STILL tolerances of a step since,
 * which is a tenth of reltol, and its device's current by less than STILL_POWER reltol.  The states themselves
 * go on by their rates, and powers are wrong by what currents have moved. */
#define STILL 3
#define STILL_POWER 1
/* If the error of order 2 is larger, order 3 is not tried: on pulses its error was measured to be 1/10 to
 * 1/4 of that, and much less only below this value. */
#define HOPELESS 20
#define HIGHER 8
#define STAYS 0.3 /* relative change of a state, by which Simpson's sum is wrong by 0.3^4/2880 */
#define LANES 4   /* sums by class that do not wait for each other */
/* A rate is not evaluated again within these of where it was: (1e-6 V/VT)^2 is 1e-9 of it. */
#define NEAR_VOLT 1e-6  /* [V] */
#define NEAR_STATE 1e-5 /* relative */

/* Where the devices' hidden states are. */
static void find_hidden(struct event_steps *s)
{
    const struct circuit *c = s->circuit;
    s->hidden = NEW(c->n_hidden, struct event_hidden);
    for (size_t k = 0; k < s->n_devices; k++) {
        struct event_device *d = &s->devices[k];
        if (d->model->n_hidden == 0)
            continue;
        d->hidden = (int)circuit_hidden_value(c, c->elements[d->element].hidden);
        s->all[k].hidden = s->hidden + s->n_hidden;
        s->n_hidden += d->model->n_hidden;
    }
}

void event_steps_new(struct event_steps *s, const struct circuit *c, struct network *n,
                     const struct engine_options *o)
{
    *s = (struct event_steps){.circuit = c, .options = o, .network = n};
    s->newton = NEWTON_PART * (o->vntol + o->reltol * VOLT_SCALE);
    s->devices = NEW(c->n_states, struct event_device);
    s->all = NEW(c->n_states, struct event_active);
    s->active = NEW(c->n_states, struct event_active *);
    s->movers = NEW(c->n_states, struct event_active *);
    event_account_new(&s->account, c, n);
    event_memory_new(&s->memory, c);
    s->voltages = NEW(c->n_nodes, double);
    s->before = NEW(c->n_nodes, double);
    s->live = NEW(c->n_nodes + c->n_elements, bool);
    s->misses = NEW(c->n_nodes + c->n_elements, double);
    s->ways = NEW(c->n_nodes + c->n_elements, double);
    s->parts = NEW(c->n_elements, double);
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (b->kind == ELEMENT_MEMRISTOR)
            s->devices[s->n_devices++] = (struct event_device){
                .model = b->element->dopant->model,
                .constants = b->element->dopant->constants,
                .branch = (int)k,
                .element = b->number,
                .state = b->state,
                .origin = model_origin(b->element->dopant->model, b->element->dopant->constants),
                .hidden = -1,
                .v = NAN};
    }
    find_hidden(s);
    for (size_t k = 0; o->switches > 0 && k < s->n_devices; k++) {
        struct event_device *d = &s->devices[k];
        double *x = &n->values[d->state];
        d->rng = random_stream(o->seed, o->sample, (enum random_purpose)(RANDOM_SWITCHES + (int)k));
        *x = nearbyint(*x * o->switches) / o->switches;
    }
}

void event_steps_free(struct event_steps *s)
{
    for (size_t k = 0; k < s->n_devices; k++)
        if (s->devices[k].rng)
            gsl_rng_free(s->devices[k].rng);
    free(s->devices);
    free(s->all);
    free(s->hidden);
    free(s->active);
    free(s->movers);
    event_account_free(&s->account);
    event_memory_free(&s->memory);
    free(s->voltages);
    free(s->before);
    free(s->live);
    free(s->misses);
    free(s->ways);
    free(s->parts);
}

void event_steps_changed(struct event_steps *s, int state)
{
    const int place = (int)circuit_state_value(s->circuit, state);
    for (size_t k = 0; k < s->n_devices; k++)
        if (s->devices[k].state == place)
            s->devices[k].v = NAN; /* what was evaluated there holds no longer */
    network_changed(s->network, place);
    s->fresh = false;
}

void event_steps_pattern(struct event_steps *s)
{
    const struct network *n = s->network;
    for (size_t k = 0; k < s->n_devices; k++) {
        struct event_device *d = &s->devices[k];
        d->component = n->owner[d->branch];
    }
    s->new_pattern = true;
    s->fresh = false;
    event_memory_pattern(s);
}

/* The state's rate; near the point of the last evaluation along the tangent there. */
static struct model_value rate(struct event_device *d, double v, double x)
{
    const double dv = v - d->v, dx = x - d->x;
    if (!(fabs(dv) <= NEAR_VOLT && fabs(dx) <= NEAR_STATE * x)) {
        d->v = v;
        d->x = x;
        d->rate = d->model->rate(d->constants, v, x);
        return d->rate;
    }
    struct model_value f = d->rate;
    f.f += f.df_dv * dv + f.df_dx * dx;
    return f;
}

/* f, L and N at the beginning of a step. */
static void begin_device(const struct event_steps *s, struct event_active *a)
{
    struct event_device *d = a->device;
    a->x = s->network->values[d->state];
    a->v = device_voltage(s, d);
    if (a->hidden) {
        event_hidden_begin(s, a);
        return;
    }
    const struct model_value f = rate(d, a->v, a->x);
    a->f = f.f;
    a->l = f.df_dx;
    a->n = f.f - f.df_dx * a->x;
}

/* Other components are live now: the account moves powers between its lists by flow and by element. */
static void change_live(struct event_steps *s)
{
    event_account_leave(&s->account);
    network_live(s->network, s->new_pattern ? NULL : s->account.resting);
    event_account_enter(&s->account, s->new_pattern);
    s->new_pattern = false;
    event_memory_flows(s);
}

/* True if the device's state rests at its present voltage. */
static bool stays(const struct event_active *a)
{
    return a->f >= 0 && a->f <= 0 && !(a->device->rng && a->l < 0) &&
           (!a->hidden || event_hidden_stays(a));
}

void event_steps_begin(struct event_steps *s, bool moving)
{
    struct network *n = s->network;
    s->n_active = 0;
    s->moving = moving;
    s->n_ramps += moving;
    s->memory.fresh = false;
    /* switches want rates that are the same over a step, or nearly; event_ramp.c knows of one state; memory
     * capacitors move the network */
    s->along = moving && !(s->options->switches > 0) && s->n_hidden == 0 && s->memory.n == 0;
    bool *live = s->live, same = !s->new_pattern;
    for (size_t k = 0; k < n->n_components; k++)
        live[k] = moving ? n->components[k].moving : n->components[k].memory;
    for (size_t k = 0; k < s->n_devices; k++) {
        struct event_active *a = &s->all[k];
        a->device = &s->devices[k];
        if (!s->fresh)
            begin_device(s, a);
        a->stays = stays(a);
        if (!a->stays && a->device->component >= 0)
            live[a->device->component] = true;
    }
    network_spread(n, live, moving ? n->moves : n->led);
    for (size_t k = 0; k < s->n_devices; k++) {
        struct event_active *a = &s->all[k];
        if (!a->stays || (a->device->component >= 0 && live[a->device->component]))
            s->active[s->n_active++] = a;
    }
    s->fresh = true;
    if (same && memcmp(live, n->live, n->n_components * sizeof *live) == 0)
        return;
    memcpy(n->live, live, n->n_components * sizeof *live);
    change_live(s);
}

bool event_steps_settle(struct event_steps *s, double t)
{
    if (!event_steps_solve(s, t))
        return false;
    event_account_begin(&s->account);
    for (size_t k = 0; k < s->n_devices; k++)
        s->devices[k].solved = s->network->values[s->devices[k].state];
    s->fresh = false;
    return true;
}

/* Solve at t with the states among the values; then N of every active device. */
static bool stage(struct event_steps *s, double t, bool end)
{
    if (!event_steps_solve(s, t))
        return false;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        const double x = s->network->values[a->device->state], v = device_voltage(s, a->device);
        a->v_end = v;
        *(end ? &a->n_end : &a->n_middle) =
            a->hidden ? event_hidden_stage(s, a, v, x, end) : rate(a->device, v, x).f - a->l * x;
    }
    event_memory_stage(s, end);
    return true;
}

/* The step of order 2: a first estimate at t + h, and its correction.  *memory: error of memory capacitors'
 * voltages. */
static bool second_order(struct event_steps *s, double t, double h, double *error, double *memory)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        x[a->device->state] = a->x + h * a->whole.one * a->f;
        if (a->hidden)
            event_hidden_first(s, a, h, 1);
    }
    event_memory_first(s, h, false);
    if (!stage(s, t + h, true))
        return false;
    event_memory_second(s, h, memory);
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        double *state = &x[a->device->state];
        const double change = h * a->whole.two * (a->n_end - a->n);
        *state += change;
        raise(error, in_tolerance(s, change, size_of(a, *state)));
        if (a->hidden)
            event_hidden_second(s, a, h, error);
    }
    return true;
}

static bool third_order(struct event_steps *s, double t, double h, double *error, double *unsettled)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        a->x_middle = x[a->device->state] = a->x + 0.5 * h * a->half.one * a->f;
        if (a->hidden)
            event_hidden_first(s, a, h, 0.5);
    }
    event_memory_first(s, h, true);
    if (!stage(s, t + 0.5 * h, false))
        return false;
    event_account_find(&s->account, &s->account.middle);
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        x[a->device->state] = a->x + h * a->whole.one * (a->l * a->x + 2 * a->n_middle - a->n);
        if (a->hidden)
            event_hidden_estimate(s, a, h);
    }
    event_memory_between(s, h);
    if (!stage(s, t + h, true))
        return false;
    event_memory_third(s, h, error);
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        if (a->rests && !a->hidden && fabs(a->n_middle) + fabs(a->n_end) <= 0)
            continue; /* all the way */
        const struct event_phi p = a->whole;
        const double first = p.one * (a->l * a->x + a->n);
        const double result = a->x + h * (first + p.two * (4 * a->n_middle - 3 * a->n - a->n_end) +
                                          p.three * (4 * a->n - 8 * a->n_middle + 4 * a->n_end));
        const double low = a->x + h * (first + 2 * p.two * (a->n_middle - a->n));
        raise(unsettled, in_tolerance(s, result - x[a->device->state], size_of(a, result)));
        raise(error, in_tolerance(s, result - low, size_of(a, result)));
        x[a->device->state] = result;
        if (a->hidden)
            event_hidden_third(s, a, h, error);
    }
    return true;
}

/* Move the states at constant voltages: event_steps_rest() has said that powers stay. */
static void still(struct event_steps *s, double h)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        x[a->device->state] = a->x + h * phi(a->l * h).one * a->f;
    }
}

/* The functions phi of the step. */
static void prepare(struct event_steps *s, double h)
{
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        a->rests = !(a->f < 0 || a->f > 0 || a->l < 0 || a->l > 0);
        if (a->hidden)
            event_hidden_prepare(a, h);
        if (a->rests)
            a->whole = a->half = (struct event_phi){1, 0.5, 1. / 6};
        else
            a->whole = phi(a->l * h), a->half = phi(0.5 * a->l * h);
    }
}

/* True if all conductances change by less than STAYS over the step, as Simpson's sum on a ramp needs. */
static bool states_stay(const struct event_steps *s)
{
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        if (fabs(s->network->values[a->device->state] - a->x) > STAYS * fabs(size_of(a, a->x)))
            return false;
    }
    return true;
}

/* Does no device's state move, at the step's beginning or, `end', there? */
static bool devices_rest(const struct event_steps *s, bool end)
{
    for (size_t k = 0; k < s->n_active; k++)
        if (!s->active[k]->rests || (end && fabs(s->active[k]->n_end) > 0))
            return false;
    return true;
}

/* The same where there are memory capacitors: order 2 for exact steps, order 3 for others. */
static bool find_with_memory(struct event_steps *s, double t, double h, struct event_found *found)
{
    struct event_memory *m = &s->memory;
    m->exact = m->straight && devices_rest(s, false);
    if (m->exact) {
        double memory = 0;
        if (!second_order(s, t, h, &found->error, &memory))
            return false;
        found->unsettled = s->moving ? INFINITY : memory;
        if (!s->moving) /* on a ramp that is no error */
            raise(&found->error, memory);
        m->exact = devices_rest(s, true);
    }
    if (m->exact)
        return true;
    found->order = EVENT_THIRD;
    found->error = 0;
    found->unsettled = INFINITY;
    double unsettled = 0;
    return third_order(s, t, h, &found->error, &unsettled);
}

/* Find the states at the end of the step and, at order 3 and on ramps, half way.  False: the network has no
 * solution. */
static bool find_states(struct event_steps *s, double t, double h, struct event_found *found)
{
    const bool along = s->along;
    found->order = EVENT_SECOND;
    found->unsettled = 0;
    if (s->memory.n > 0)
        return find_with_memory(s, t, h, found);
    if (s->simple || along) {
        if (!second_order(s, t, h, &found->error, &found->error))
            return false;
        found->unsettled = found->error;
        if (isnan(found->error))
            return true;
        if (found->error <= 1 && !(along && !states_stay(s))) {
            if (along) /* or steps would stay as short as this order wants them */
                found->error /= HIGHER;
            return true;
        }
    }
    if (along) {
        found->order = EVENT_ON_RAMP;
        const bool solved = event_steps_along(s, t, h, &found->error);
        found->unsettled = found->error;
        return solved;
    }
    if (found->error > HOPELESS) {
        found->error /= HIGHER;
        return true;
    }
    found->order = EVENT_THIRD;
    found->error = 0;
    return third_order(s, t, h, &found->error, &found->unsettled);
}

bool event_steps_try(struct event_steps *s, double t, double h, double *error)
{
    struct event_found found = {0};
    double own = 0;
    *error = 0;
    s->still = !s->moving && event_steps_rest(s, h);
    if (s->still) {
        still(s, h);
        return true;
    }
    if (s->memory.n > 0 && !event_memory_begin(s, t))
        return false;
    memcpy(s->before, s->network->values, s->circuit->n_nodes * sizeof *s->before);
    prepare(s, h);
    event_memory_prepare(&s->memory, h);
    if (s->memory.reads)
        memcpy(s->memory.first, s->network->values,
               circuit_n_values(s->circuit) * sizeof *s->memory.first);
    for (size_t k = 0; s->options->switches > 0 && s->n_hidden > 0 && k < s->n_active; k++)
        if (s->active[k]->hidden)
            own = fmax(own, event_hidden_own_effect(s->active[k], h));
    if (own > 1) {
        *error = own;
        return true;
    }
    const bool solved = find_states(s, t, h, &found) &&
                        (!(found.error <= 1) || event_steps_energies(s, t, h, &found));
    *error = own > found.error ? own : found.error;
    return solved;
}

/* The number of switches that are ON after h seconds at these rates: those that leave and those that
 * come are independent, each switch with the closed form's probability (arXiv:2407.04718). */
static double jump_switches(gsl_rng *rng, struct two_state r, double n_all, double n_on, double h)
{
    const double sum = r.a + r.b;
    if (!(sum > 0))
        return n_on;
    const double part = -expm1(-sum * h) / sum;
    const unsigned on = (unsigned)n_on, off = (unsigned)(n_all - n_on);
    return n_on - gsl_ran_binomial(rng, fmin(1, r.b * part), on) +
           gsl_ran_binomial(rng, fmin(1, r.a * part), off);
}

/* The same of a device with hidden states, whose rates move over the step: what their means over its two
 * ends miss of the mean that the step has found is added to the probability that it asks for. */
static double jump_hidden(const struct event_steps *s, const struct event_active *a, double n_all,
                          double n_on, double h)
{
    const struct event_device *d = a->device;
    const double x = s->network->values[d->state];
    const struct two_state end = event_hidden_switching(s, a, device_voltage(s, d), x);
    const double up = 0.5 * (a->switching.a + end.a), down = 0.5 * (a->switching.b + end.b);
    const double sum = up + down, part = sum > 0 ? -expm1(-sum * h) / sum : h;
    double come = up * part, leave = down * part;
    const double missed = x * n_all - (n_on + (n_all - n_on) * come - n_on * leave);
    if (missed > 0 && n_on < n_all)
        come += missed / (n_all - n_on);
    else if (n_on > 0)
        leave -= missed / n_on;
    const unsigned on = (unsigned)n_on, off = (unsigned)(n_all - n_on);
    return n_on - gsl_ran_binomial(d->rng, fmax(0, fmin(1, leave)), on) +
           gsl_ran_binomial(d->rng, fmax(0, fmin(1, come)), off);
}

/* Replace the mean, which the step has moved, by a draw of the switches.  True: a state differs. */
static bool draw(struct event_steps *s, double h)
{
    const double n = s->options->switches;
    bool differs = false;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        struct event_device *d = a->device;
        double *x = &s->network->values[d->state];
        if (a->hidden) {
            *x = jump_hidden(s, a, n, nearbyint(a->x * n), h) / n;
            differs |= *x < a->x || *x > a->x;
            continue;
        }
        struct two_state r = d->model->switching(d->constants, a->v);
        if (!s->still) {
            const struct two_state end = d->model->switching(d->constants, device_voltage(s, d));
            r.a = 0.5 * (r.a + end.a);
            r.b = 0.5 * (r.b + end.b);
        }
        *x = jump_switches(d->rng, r, n, nearbyint(a->x * n), h) / n;
        differs |= *x < a->x || *x > a->x;
    }
    return differs;
}

/* Add h times what all flows take to what their classes have dissipated. */
static void dissipate(struct event_steps *s, const double *restrict take, double h)
{
    const int *restrict class = s->account.flows.class;
    const size_t n = s->network->n_flows;
    double sums[LANES][ENERGY_CLASSES + 1] = {{0}};
    size_t k = 0;
    for (; k + LANES <= n; k += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            sums[lane][class[k + lane]] += take[k + lane];
    for (; k < n; k++)
        sums[0][class[k]] += take[k];
    for (int c = 0; c <= ENERGY_CLASSES; c++)
        s->dissipated[c] += h * (sums[0][c] + sums[1][c] + (sums[2][c] + sums[3][c]));
}

/* Book the step's energies; where powers stay event_account_still() books them later. */
static void take_energies(struct event_steps *s, double h)
{
    struct event_account *a = &s->account;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_device *d = s->active[k]->device;
        if (d->component < 0)
            continue;
        const int flow = s->network->flow_of[d->element];
        const double energy = s->still ? h * a->begin.power[flow] : a->step[flow];
        s->active[k]->device->energy += energy;
    }
    dissipate(s, s->still ? a->begin.power : a->step, s->still ? h : 1);
    (s->still ? event_account_still : event_account_accept)(a, h);
}

bool event_steps_accept(struct event_steps *s, double t, double h)
{
    take_energies(s, h);
    if (s->options->switches > 0 && draw(s, h)) {
        if (!event_steps_settle(s, t + h))
            return false;
        s->still = false;
    }
    event_memory_accept(s);
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        a->x = s->network->values[a->device->state];
        if (s->still) { /* at constant v, N is constant */
            a->f = a->n + a->l * a->x;
        } else {
            begin_device(s, a);
            a->device->solved = a->x;
        }
    }
    return true;
}

/* Relative change of the device's current by a change of its state. */
static double part_of_current(const struct event_active *a, double change)
{
    const struct event_device *d = a->device;
    const struct model_value i = d->model->current(d->constants, a->v, a->x);
    return fabs(i.f) > 0 ? fabs(i.df_dx * change / i.f) : 0;
}

bool event_steps_rest(const struct event_steps *s, double h)
{
    if (s->memory.n > 0)
        return false;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double change = a->x + h * a->f - a->device->solved;
        if (a->hidden) /* its rates move at constant voltage, too */
            return false;
        if (change <= 0 && change >= 0)
            continue;
        if (!(in_tolerance(s, change, a->x) < STILL))
            return false;
        if (!(part_of_current(a, change) < STILL_POWER * s->options->reltol))
            return false;
    }
    return true;
}

void event_steps_back(struct event_steps *s)
{
    for (size_t k = 0; k < s->n_active; k++)
        s->network->values[s->active[k]->device->state] = s->active[k]->x;
    for (size_t k = 0; k < s->n_active && s->n_hidden > 0; k++)
        if (s->active[k]->hidden)
            event_hidden_back(s, s->active[k]);
    event_memory_back(s);
    if (s->memory.reads) /* of branches, too */
        memcpy(s->network->values, s->memory.first,
               circuit_n_values(s->circuit) * sizeof *s->memory.first);
    if (!s->still)
        memcpy(s->network->values, s->before, s->circuit->n_nodes * sizeof *s->before);
}
