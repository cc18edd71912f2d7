/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of a step whose states are found, and what error they have.
 *
 * All flows are booked by the same rule over the same moments at which Kirchhoff's laws hold, so that
 * what is absorbed remains what is delivered.  While no source moves, power goes with the states, whose
 * mean is known.  On a ramp on which nothing bends voltages and currents go straight, and that rule is
 * exact.  Else it is Simpson's, and a memristor whose current is not proportional to its voltage, or
 * whose state does not go straight, is asked for its own energy over the same way: by its law at two
 * more voltages and states, with which begin, middle and end make Lobatto's rule, exact for powers of
 * degree 7 (M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 25.4.32).  Powers at
 * three moments alone say nothing: on a way from -v to v their voltages and currents are straight. */
#include "engine/event/event_internal.h"

#include <math.h>
#include <string.h>

/* Half way through a ramp, where only powers are wanted, a voltage may be by so much farther off than
 * at its end. */
#define NEWTON_MIDDLE 30
/* Estimated error of a memristor's energy over a step in which no source moves, times reltol: of that
 * energy, and of all memristors' so far, as there are thousands of steps.  (The estimate is of the
 * first order, what is booked of the second.)  The latter also on ramps of ohmic devices. */
#define ENERGY_PART 50
#define ENERGY_FLOOR 1e-2
/* On other ramps, times reltol: of what the device has absorbed from ramp to ramp so far.  Where its
 * power has a kink, as at 0 V, a step's error does not shrink faster than its energy. */
#define RAMP_FLOOR 0.02
/* A ramp on which voltages bend by less than this, also in units of reltol, is booked as straight.
 * (With three times as much the energies of switches were seen to be 1e-3 wrong.) */
#define BEND_MOST 0.01
#define BEND_PART 1
/* In units of the tolerance: a correction of a state that is less does not want another solution. */
#define SETTLED 0.1

/* Lobatto's rule of five points on [0, 1]: the second and fourth of them, and the weights. */
#define LOBATTO_SECOND 0.17267316464601143 /* (1 - sqrt(3/7))/2 */
#define LOBATTO_FOURTH 0.82732683535398857
#define LOBATTO_ENDS (1. / 20)
#define LOBATTO_INNER (49. / 180)
#define LOBATTO_MIDDLE (16. / 45)

/* The state at the part u of the step, by the formula whose value at u = 1 is the step's; p: phi(u l h). */
static double on_its_way(const struct event_active *a, enum event_order order, double h, double u,
                         struct event_phi p)
{
    double first = a->n_end - a->n, second = 0;
    if (order == EVENT_THIRD) {
        first = 4 * a->n_middle - 3 * a->n - a->n_end;
        second = 4 * (a->n - 2 * a->n_middle + a->n_end);
    }
    return a->x + u * h * (p.one * a->f + u * (p.two * first + u * p.three * second));
}

/* Were the states where they were taken to be half way?  To the third order that is a first estimate,
 * by their rates at the beginning. */
static bool middle_holds(const struct event_steps *s, double h)
{
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double x = on_its_way(a, EVENT_THIRD, h, 0.5, a->half);
        if (!(in_tolerance(s, x - a->x_middle, x) <= 1))
            return false;
    }
    return true;
}

/* Powers half way, between the beginning and the end that is solved; values stay those of the end. */
static bool middle(struct event_steps *s, double t, double h, enum event_order order)
{
    double *v = s->network->values;
    const size_t n_nodes = s->circuit->n_nodes;
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        a->x_end = v[a->device->state];
        a->x_middle = v[a->device->state] = on_its_way(a, order, h, 0.5, a->half);
    }
    memcpy(s->voltages, v, n_nodes * sizeof *v);
    for (size_t i = 0; i < n_nodes; i++)
        v[i] = 0.5 * (s->before[i] + v[i]);
    network_sources(s->network, t + 0.5 * h);
    const bool done = network_solve_bent(s->network, NEWTON_MIDDLE * s->newton);
    event_account_find(&s->account, &s->account.middle);
    memcpy(v, s->voltages, n_nodes * sizeof *v);
    for (size_t k = 0; k < s->n_active; k++)
        v[s->active[k]->device->state] = s->active[k]->x_end;
    network_conductances(s->network);
    return done;
}

/* How far the step is from straight; where states change by more than the limit, all bends. */
static double find_bend(const struct event_steps *s, double limit)
{
    double most = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        most = fmax(most, fabs(s->network->values[a->device->state] - a->x) /
                              (fabs(a->x) + s->options->vntol));
    }
    return fmax(most, network_bend(s->network, s->before, most > limit ? -1 : limit));
}

/* By on_its_way(): where on the way between the states' beginnings and ends their mean over the step
 * is, weighted by how far each goes.  The integral of u^k phi_k(u z) over u from 0 to 1 is
 * phi_(k+1)(z). */
static double find_mean(const struct event_steps *s, double h)
{
    double way = 0, mean = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double change = s->network->values[a->device->state] - a->x;
        way += fabs(change);
        mean +=
            copysign(1, change) * h * (a->whole.two * a->f + a->whole.three * (a->n_end - a->n));
    }
    return way > 0 ? fmax(0, fmin(1, mean / way)) : 0.5;
}

/* Likewise, by how much they were half way farther than they were taken for. */
static double find_late(const struct event_steps *s, double h)
{
    double way = 0, late = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double change = s->network->values[a->device->state] - a->x;
        way += fabs(change);
        late += copysign(1, change) * (on_its_way(a, EVENT_THIRD, h, 0.5, a->half) - a->x_middle);
    }
    return way > 0 ? fmax(-0.5, fmin(0.5, late / way)) : 0;
}

/* Over a step: a device's energy [J], and the integral of its current's square [A^2 s], to which goes
 * the energy of a resistor before it. */
struct integrals {
    double energy, square;
};

/* By its law at two more points: its voltage goes along the parabola through begin, middle and end, its
 * state as on_its_way(). */
static struct integrals by_law(const struct event_steps *s, const struct event_active *a,
                               enum event_order order, size_t flow, double h)
{
    static const double points[] = {LOBATTO_SECOND, LOBATTO_FOURTH};
    const struct event_account *b = &s->account;
    const struct event_device *d = a->device;
    const double v0 = b->begin.volt[flow], v1 = b->end.volt[flow],
                 bend = 2 * (v0 + v1 - 2 * b->middle.volt[flow]), slope = v1 - v0 - bend;
    const double i0 = b->begin.ampere[flow], im = b->middle.ampere[flow], i1 = b->end.ampere[flow];
    double energy = LOBATTO_MIDDLE * b->middle.power[flow] +
                    LOBATTO_ENDS * (b->begin.power[flow] + b->end.power[flow]),
           square = LOBATTO_MIDDLE * im * im + LOBATTO_ENDS * (i0 * i0 + i1 * i1);
    for (size_t k = 0; k < sizeof points / sizeof points[0]; k++) {
        const double u = points[k], v = v0 + u * (slope + u * bend);
        const double x =
            order == EVENT_ALONG ? a->x : on_its_way(a, order, h, u, phi(u * a->l * h));
        const double i = d->model->current(d->constants, v, x).f;
        energy += LOBATTO_INNER * v * i;
        square += LOBATTO_INNER * i * i;
    }
    return (struct integrals){h * energy, h * square};
}

/* Does its state go straight over the step, as far as can be felt? */
static bool goes_straight(const struct event_steps *s, const struct event_active *a)
{
    const double x = s->network->values[a->device->state];
    return fabs(a->x + x - 2 * a->x_middle) <= s->options->reltol * x + s->options->vntol;
}

/* Error of a device's energy over a step [J], against its law.  What its current flows through wants as
 * much. */
static double error_of(const struct event_steps *s, const struct event_device *d, size_t flow,
                       double h, struct integrals law)
{
    const struct event_account *b = &s->account;
    const double i0 = b->begin.ampere[flow], im = b->middle.ampere[flow], i1 = b->end.ampere[flow];
    const double square = h / 6 * (i0 * i0 + 4 * im * im + i1 * i1);
    double error = fabs(b->step[flow] - law.energy);
    if (s->network->components[d->component].n_nodes > 0 && square > 0)
        raise(&error, fabs(b->step[flow] / square * (square - law.square)));
    return error;
}

/* What it may be.  Below the tolerance of a voltage nothing is known. */
static double allowed(const struct event_steps *s, const struct event_device *d, size_t flow,
                      double h)
{
    const struct event_account *b = &s->account;
    const struct engine_options *o = s->options;
    const double volt = o->vntol + NEWTON_MIDDLE * s->newton;
    const double ampere = (fabs(b->begin.ampere[flow]) + 4 * fabs(b->middle.ampere[flow]) +
                           fabs(b->end.ampere[flow])) /
                          6;
    return o->reltol * (fabs(b->step[flow]) + RAMP_FLOOR * fabs(d->energy) / s->n_ramps) +
           h * volt * ampere;
}

/* Energies of the devices over a ramp that is not straight.  One that went along it has its own
 * integrals; where all is ohmic, one whose state goes straight as well has no error. */
static void check_ramp(const struct event_steps *s, double h, struct event_found *found)
{
    const bool ways = found->order == EVENT_ALONG;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const struct event_device *d = a->device;
        if (d->component < 0)
            continue;
        const bool own = ways && !isnan(a->energy),
                   curved = s->network->components[d->component].curved;
        if (!own && !curved && (ways || goes_straight(s, a)))
            continue;
        const size_t flow = (size_t)s->network->flow_of[d->element];
        const struct integrals law =
            own ? (struct integrals){a->energy, a->square} : by_law(s, a, found->order, flow, h);
        const double error = error_of(s, d, flow, h, law);
        const double most =
            own && !curved
                ? s->options->reltol * (fabs(s->account.step[flow]) + ENERGY_FLOOR * s->dissipated)
                : allowed(s, d, flow, h);
        if (!(error <= most))
            raise(&found->error, error / most);
    }
}

/* Energies of the devices while no source moves. */
static void check_still(const struct event_steps *s, double *error)
{
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_device *d = s->active[k]->device;
        if (d->component < 0)
            continue;
        const int flow = s->network->flow_of[d->element];
        const double most = s->options->reltol * (ENERGY_PART * fabs(s->account.step[flow]) +
                                                  ENERGY_FLOOR * s->dissipated);
        if (s->account.estimate[flow] > most)
            raise(error, s->account.estimate[flow] / most);
    }
}

bool event_steps_energies(struct event_steps *s, double t, double h, struct event_found *found)
{
    const bool ramp = s->moving && (found->order == EVENT_SECOND ||
                                    (found->order == EVENT_THIRD && !middle_holds(s, h)));
    const double limit = fmin(BEND_MOST, BEND_PART * s->options->reltol),
                 bend = ramp ? find_bend(s, limit) : 0;
    const bool straight = ramp && bend <= limit;
    if (ramp && !straight && !middle(s, t, h, found->order))
        return false;
    if (found->unsettled > SETTLED && !event_steps_solve(s, t + h))
        return false;
    event_account_find(&s->account, &s->account.end);
    if (straight) {
        event_account_straight(&s->account, h, bend);
        return true;
    }
    if (s->moving) {
        event_account_simpson(&s->account, h, 0);
        check_ramp(s, h, found);
        return true;
    }
    if (found->order == EVENT_SECOND)
        event_account_even(&s->account, h, find_mean(s, h));
    else
        event_account_simpson(&s->account, h, find_late(s, h));
    check_still(s, &found->error);
    return true;
}
