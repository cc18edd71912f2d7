/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event_step.h"

#include "base/memory.h"
#include "device/two_state.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATE_PART 0.1 /* of the tolerance that one step's error of a state may take */
/* Of the tolerance of a voltage, that the network's solution may leave; half way through a ramp,
 * where only powers are wanted, more.  What matters of a voltage is what it is against kT/q. */
#define NEWTON_PART 1e-2
#define NEWTON_MIDDLE 30
#define VOLT_SCALE 0.026 /* [V] */
/* Estimated error of a memristor's energy over a step, times reltol: of that energy, and of all
 * memristors' so far, as there are thousands of steps.  (On a ramp from zero the estimate does not
 * shrink faster than the energy.) */
#define ENERGY_PART 50
#define ENERGY_FLOOR 1e-2
#define SMALL 1e-2 /* |z| below which the series of phi are taken */
/* In units of the tolerance: a state that moves by less in a step does not move the network, and a
 * correction that is less does not want another solution. */
#define STILL 1
#define SETTLED 0.1
/* A rate is not evaluated again within these of where it was: (1e-6 V/VT)^2 is 1e-9 of it. */
#define NEAR_VOLT 1e-6  /* [V] */
#define NEAR_STATE 1e-5 /* relative */

void event_steps_new(struct event_steps *s, const struct circuit *c, struct network *n,
                     const struct engine_options *o)
{
    *s = (struct event_steps){.circuit = c, .options = o, .network = n};
    s->newton = NEWTON_PART * (o->vntol + o->reltol * VOLT_SCALE);
    s->devices = NEW(c->n_states, struct event_device);
    s->active = NEW(c->n_states, struct event_active);
    s->power = NEW(c->n_elements, double);
    s->power_middle = NEW(c->n_elements, double);
    s->power_end = NEW(c->n_elements, double);
    s->energy = NEW(c->n_elements, double);
    s->estimate = NEW(c->n_elements, double);
    s->booked = NEW(c->n_elements, int);
    s->is_live = NEW(c->n_elements, bool);
    s->voltages = NEW(c->n_nodes, double);
    s->before = NEW(c->n_nodes, double);
    s->live = NEW(c->n_nodes, bool);
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (b->kind == ELEMENT_MEMRISTOR)
            s->devices[s->n_devices++] =
                (struct event_device){.model = b->element->dopant->model,
                                      .constants = b->element->dopant->constants,
                                      .branch = (int)k,
                                      .state = b->state,
                                      .v = NAN};
    }
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
    free(s->active);
    free(s->power);
    free(s->power_middle);
    free(s->power_end);
    free(s->energy);
    free(s->estimate);
    free(s->booked);
    free(s->is_live);
    free(s->voltages);
    free(s->before);
    free(s->live);
}

void event_steps_changed(struct event_steps *s, int state)
{
    const int place = (int)circuit_state_value(s->circuit, state);
    for (size_t k = 0; k < s->n_devices; k++)
        if (s->devices[k].state == place)
            s->devices[k].v = NAN; /* what was evaluated there holds no longer */
}

void event_steps_pattern(struct event_steps *s)
{
    const struct network *n = s->network;
    for (size_t k = 0; k < s->n_devices; k++) {
        struct event_device *d = &s->devices[k];
        d->component = n->owner[d->branch];
    }
    s->new_pattern = true;
}

/* Powers of what is live, from values and currents. */
static void find_power(const struct event_steps *s, double *power)
{
    const struct network *n = s->network;
    const double *v = n->values;
    for (size_t k = 0; k < n->n_flows; k++) {
        const struct network_flow *f = &n->flows[k];
        power[f->element] =
            (v[f->p] - v[f->n]) * n->current[f->element] + n->leak_power[f->element];
    }
}

static bool solve(struct event_steps *s, double t, double tolerance)
{
    network_sources(s->network, t);
    return network_solve(s->network, tolerance);
}

static double device_voltage(const struct event_steps *s, const struct event_device *d)
{
    return d->component < 0 ? 0 : network_voltage(s->network, &s->network->branches[d->branch]);
}

/* The state's rate: along the tangent from where it was last evaluated, if that is near. */
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
    const struct model_value f = rate(d, a->v, a->x);
    a->f = f.f;
    a->l = f.df_dx;
    a->n = f.f - f.df_dx * a->x;
}

void event_steps_begin(struct event_steps *s, bool moving)
{
    struct network *n = s->network;
    s->n_active = 0;
    s->moving = moving;
    bool *live = s->live, same = !s->new_pattern;
    for (size_t k = 0; k < n->n_components; k++)
        live[k] = moving && n->components[k].moving;
    for (size_t k = 0; k < s->n_devices; k++) {
        struct event_active *a = &s->active[s->n_active];
        struct event_device *d = a->device = &s->devices[k];
        begin_device(s, a);
        const bool rests = a->f >= 0 && a->f <= 0 && !(d->rng && a->l < 0);
        if (rests && (d->component < 0 || !live[d->component]))
            continue;
        s->n_active++;
        if (d->component >= 0)
            live[d->component] = true;
    }
    if (same && memcmp(live, n->live, n->n_components * sizeof *live) == 0)
        return;
    memcpy(n->live, live, n->n_components * sizeof *live);
    network_live(n, s->new_pattern);
    memset(s->is_live, 0, s->circuit->n_elements * sizeof *s->is_live);
    for (size_t k = 0; k < n->n_flows; k++)
        s->is_live[n->flows[k].element] = true;
    memset(s->energy, 0, s->circuit->n_elements * sizeof *s->energy);
    memset(s->estimate, 0, s->circuit->n_elements * sizeof *s->estimate);
    s->n_booked = 0;
    for (size_t k = 0; k < s->circuit->n_elements; k++) {
        if (s->new_pattern && !s->is_live[k])
            s->power[k] = n->leak_power[k];
        if (s->is_live[k] || s->power[k] < 0 || s->power[k] > 0)
            s->booked[s->n_booked++] = (int)k;
    }
    s->new_pattern = false;
}

bool event_steps_settle(struct event_steps *s, double t)
{
    if (!solve(s, t, s->newton))
        return false;
    network_currents(s->network);
    find_power(s, s->power);
    return true;
}

struct phi {
    double one, two, three;
};

/* phi1 = (e^z - 1)/z, phi2 = (phi1 - 1)/z, phi3 = (phi2 - 1/2)/z */
static struct phi phi(double z)
{
    if (fabs(z) < SMALL) {
        const double three =
            1. / 6 + z * (1. / 24 + z * (1. / 120 + z * (1. / 720 + z * (1. / 5040))));
        const double two = 0.5 + z * three;
        return (struct phi){1 + z * two, two, three};
    }
    const double one = expm1(z) / z, two = (one - 1) / z;
    return (struct phi){one, two, (two - 0.5) / z};
}

/* Solve at t with the states among the values; then N of every active device. */
static bool stage(struct event_steps *s, double t, bool end)
{
    if (!solve(s, t, s->newton))
        return false;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = &s->active[k];
        const double x = s->network->values[a->device->state];
        const double n = rate(a->device, device_voltage(s, a->device), x).f - a->l * x;
        *(end ? &a->n_end : &a->n_middle) = n;
    }
    return true;
}

static double in_tolerance(const struct event_steps *s, double error, double x)
{
    const struct engine_options *o = s->options;
    return fabs(error) / (STATE_PART * (o->reltol * fabs(x) + o->vntol));
}

/* Voltages of the live nodes at the beginning; then, from there and half way, a guess of the end. */
static void keep_voltages(struct event_steps *s)
{
    const struct network *n = s->network;
    for (size_t i = 0; i < n->n_components; i++)
        for (size_t k = 0; n->live[i] && k < n->components[i].n_nodes; k++) {
            const int node = n->order[n->components[i].first_node + k];
            s->voltages[node] = n->values[node];
        }
}

static void extrapolate_voltages(struct event_steps *s)
{
    const struct network *n = s->network;
    for (size_t i = 0; i < n->n_components; i++)
        for (size_t k = 0; n->live[i] && k < n->components[i].n_nodes; k++) {
            const int node = n->order[n->components[i].first_node + k];
            n->values[node] += n->values[node] - s->voltages[node];
        }
}

/* Powers half way, where sources move. */
static bool middle(struct event_steps *s, double t, double h)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        x[a->device->state] = a->x + 0.5 * h * phi(0.5 * a->l * h).one * a->f;
    }
    keep_voltages(s);
    const bool done = solve(s, t + 0.5 * h, NEWTON_MIDDLE * s->newton);
    network_currents(s->network);
    find_power(s, s->power_middle);
    extrapolate_voltages(s);
    return done;
}

/* The larger one; NaN stays. */
static void raise(double *error, double other)
{
    if (!(other <= *error))
        *error = other;
}

/* The step of order 2: a first estimate at t + h, and its correction. */
static bool second_order(struct event_steps *s, double t, double h, double *error)
{
    double *x = s->network->values;
    if (s->moving && !middle(s, t, h))
        return false;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        x[a->device->state] = a->x + h * phi(a->l * h).one * a->f;
    }
    if (!stage(s, t + h, true))
        return false;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        double *state = &x[a->device->state];
        const double change = h * phi(a->l * h).two * (a->n_end - a->n);
        *state += change;
        raise(error, in_tolerance(s, change, *state));
    }
    return true;
}

static bool third_order(struct event_steps *s, double t, double h, double *error)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        x[a->device->state] = a->x + 0.5 * h * phi(0.5 * a->l * h).one * a->f;
    }
    if (!stage(s, t + 0.5 * h, false))
        return false;
    network_currents(s->network);
    find_power(s, s->power_middle);
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        x[a->device->state] = a->x + h * phi(a->l * h).one * (a->l * a->x + 2 * a->n_middle - a->n);
    }
    if (!stage(s, t + h, true))
        return false;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        const struct phi p = phi(a->l * h);
        const double first = p.one * (a->l * a->x + a->n);
        const double result = a->x + h * (first + p.two * (4 * a->n_middle - 3 * a->n - a->n_end) +
                                          p.three * (4 * a->n - 8 * a->n_middle + 4 * a->n_end));
        const double low = a->x + h * (first + 2 * p.two * (a->n_middle - a->n));
        x[a->device->state] = result;
        raise(error, in_tolerance(s, result - low, result));
    }
    return true;
}

/* Simpson's sum and, as Simpson minus trapezoid is (h lambda)^2/12 and its own error
 * (h lambda)^4/2880 for a power that goes like exp(lambda t), the square of the difference. */
static void book(struct event_steps *s, double h)
{
    for (size_t k = 0; k < s->n_booked; k++)
        s->energy[s->booked[k]] = h * s->power[s->booked[k]];
    for (size_t k = 0; k < s->network->n_flows; k++) {
        const int e = s->network->flows[k].element;
        const double simpson = h / 6 * (s->power[e] + 4 * s->power_middle[e] + s->power_end[e]);
        const double difference = 0.5 * h * (s->power[e] + s->power_end[e]) - simpson;
        s->energy[e] = simpson;
        s->estimate[e] = fabs(simpson) > fabs(difference) ? difference * difference / fabs(simpson)
                                                          : fabs(difference);
    }
}

/* The trapezoid, where the power is nearly even; the estimate is what its slope could bend. */
static void book_even(struct event_steps *s, double h)
{
    for (size_t k = 0; k < s->n_booked; k++)
        s->energy[s->booked[k]] = h * s->power[s->booked[k]];
    for (size_t k = 0; k < s->network->n_flows; k++) {
        const int e = s->network->flows[k].element;
        s->energy[e] = 0.5 * h * (s->power[e] + s->power_end[e]);
        s->estimate[e] = fabs(s->power_end[e] - s->power[e]) * h / 6;
    }
}

/* No source moves and no state by enough to be felt: voltages and powers stay. */
static void still(struct event_steps *s, double h)
{
    double *x = s->network->values;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = &s->active[k];
        x[a->device->state] = a->x + h * phi(a->l * h).one * a->f;
    }
    for (size_t k = 0; k < s->n_booked; k++) {
        s->energy[s->booked[k]] = h * s->power[s->booked[k]];
        s->estimate[s->booked[k]] = 0;
    }
}

bool event_steps_try(struct event_steps *s, double t, double h, double *error)
{
    *error = 0;
    s->still = !s->moving && event_steps_rest(s, h);
    if (s->still) {
        still(s, h);
        return true;
    }
    memcpy(s->before, s->network->values, s->circuit->n_nodes * sizeof *s->before);
    bool simple = s->simple;
    if (simple && !second_order(s, t, h, error))
        return false;
    if (*error > 1) {
        simple = false;
        *error = 0;
    }
    if (!simple && !third_order(s, t, h, error))
        return false;
    if (!(*error <= 1))
        return true;
    if ((!simple || *error > SETTLED) && !solve(s, t + h, s->newton))
        return false;
    network_currents(s->network);
    find_power(s, s->power_end);
    if (simple && !s->moving)
        book_even(s, h);
    else
        book(s, h);
    for (size_t k = 0; k < s->n_active && !s->moving; k++) {
        const int e = s->network->branches[s->active[k].device->branch].number;
        const double most =
            s->options->reltol * (ENERGY_PART * fabs(s->energy[e]) + ENERGY_FLOOR * s->dissipated);
        if (s->active[k].device->component >= 0 && s->estimate[e] > most)
            raise(error, s->estimate[e] / most);
    }
    return true;
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

/* The step has moved the mean; put what the switches did in its place.  True: a state differs. */
static bool draw(struct event_steps *s, double h)
{
    const double n = s->options->switches;
    bool differs = false;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = &s->active[k];
        struct event_device *d = a->device;
        double *x = &s->network->values[d->state];
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

bool event_steps_accept(struct event_steps *s, double t, double h)
{
    if (!s->still)
        for (size_t k = 0; k < s->network->n_flows; k++) {
            const int e = s->network->flows[k].element;
            s->power[e] = s->power_end[e];
        }
    for (size_t k = 0; k < s->n_active; k++)
        s->dissipated += s->energy[s->network->branches[s->active[k].device->branch].number];
    if (s->options->switches > 0 && draw(s, h)) {
        if (!event_steps_settle(s, t + h))
            return false;
        s->still = false;
    }
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = &s->active[k];
        a->x = s->network->values[a->device->state];
        if (s->still) /* at constant v, N is constant */
            a->f = a->n + a->l * a->x;
        else
            begin_device(s, a);
    }
    return true;
}

bool event_steps_rest(const struct event_steps *s, double h)
{
    for (size_t k = 0; k < s->n_active; k++)
        if (!(in_tolerance(s, h * s->active[k].f, s->active[k].x) < STILL))
            return false;
    return true;
}

void event_steps_back(struct event_steps *s)
{
    for (size_t k = 0; k < s->n_active; k++)
        s->network->values[s->active[k].device->state] = s->active[k].x;
}

void event_steps_undo(struct event_steps *s)
{
    event_steps_back(s);
    memcpy(s->network->values, s->before, s->circuit->n_nodes * sizeof *s->before);
}
