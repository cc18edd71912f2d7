/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of a step whose states are found, and their errors.
 *
 * All flows of a step are booked by one rule from the same moments, at which Kirchhoff's laws
 * hold, so that absorbed and delivered energies stay equal. While no source moves, powers go
 * with the states, whose mean over the step is known. On a ramp on which nothing bends, voltages
 * and currents are straight and their product is integrated exactly. Any other step is booked by
 * Simpson's rule. The powers at three moments say nothing about its error (on a ramp from -v to
 * v voltage and current are straight at all three); so a memristor whose current is not
 * proportional to its voltage, or whose state does not go straight, is asked for its energy over
 * the same step: its law at two more voltages and states makes Lobatto's rule with begin, middle
 * and end, exact for powers of degree 7 (M. Abramowitz and I. A. Stegun, Handbook of
 * Mathematical Functions, 25.4.32). */
#include "base/wide.h"
#include "engine/event/event_internal.h"

#include <math.h>
#include <string.h>

/* Tolerance of Newton's iteration half way through a ramp, relative to the tolerance at its end: half way
 * only powers are evaluated, and no step goes on from there. */
#define NEWTON_MIDDLE 30
/* While no source moves, an element's energy over a step may have an estimated error of reltol times
 * ENERGY_PART of that energy plus ENERGY_FLOOR of what its class has dissipated so far, as a run has
 * thousands of steps.  The estimate is of order 1, the energy that is booked of order 2, so that ENERGY_PART
 * is above 1.  ENERGY_FLOOR holds for ohmic devices on ramps too. */
#define ENERGY_PART 3
#define ENERGY_FLOOR 1e-2
/* Ramps of other devices: the allowed error has reltol times this part of the device's mean energy from ramp
 * to ramp.  At a kink of its power, as at 0 V, a step's error shrinks no faster than the step's energy, and
 * without this floor the step would collapse. */
#define RAMP_FLOOR 0.02
/* Of a ramp, times reltol, and of the shortest step: no shorter ones for the sake of energies alone. */
#define LEAST_PART 0.01
#define LEAST_TIMES 10
/* A ramp on which voltages bend by less than both of these, the second times reltol, is booked as straight.
 * With three times as much the energies of switches were 1e-3 wrong (measured). */
#define BEND_MOST 0.01
#define BEND_PART 1
/* If states were corrected by fewer tolerances than this, the network is not solved again. */
#define SETTLED 0.1

#define SURELY (1 + 1e-9) /* above all rounding */
#define Z_MOST 1e6
#define LAW_SURE                                                                                   \
    2 /* margin of an error against a device's law, which is asked at five points only */

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

/* True if the states half way are within tolerance of x_middle, at which the network was solved there; at
 * order 3 x_middle is a first estimate by the rates at the beginning. */
static bool middle_holds(const struct event_steps *s, double h)
{
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double x = on_its_way(a, EVENT_THIRD, h, 0.5, a->half);
        if (!(in_tolerance(s, x - a->x_middle, size_of(a, x)) <= 1))
            return false;
    }
    return true;
}

/* Powers half way between the beginning and the solved end of the step; the values are those of the end
 * again afterwards. */
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
    event_memory_middle(s, h);
    network_sources(s->network, t + 0.5 * h);
    const bool done = s->memory.n > 0 ? network_solve(s->network, s->newton)
                                      : network_solve_bent(s->network, NEWTON_MIDDLE * s->newton);
    event_account_find(&s->account, &s->account.middle);
    if (s->memory.reads)
        memcpy(s->memory.middle, v, circuit_n_values(s->circuit) * sizeof *v);
    memcpy(v, s->voltages, n_nodes * sizeof *v);
    for (size_t k = 0; k < s->n_active; k++)
        v[s->active[k]->device->state] = s->active[k]->x_end;
    event_memory_end(s);
    network_conductances(s->network);
    return done;
}

/* The largest relative bend of a voltage over the step, and which components bend; if a state changes by
 * more than the limit, all do. */
static double find_bend(const struct event_steps *s, double limit)
{
    double most = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        most = fmax(most, fabs(s->network->values[a->device->state] - a->x) /
                              (fabs(size_of(a, a->x)) + s->options->vntol));
    }
    return fmax(most, network_bend(s->network, s->before, most > limit ? -1 : limit));
}

/* Mean of the states over the step, as a part of their change from begin to end, weighted by the
 * size of the changes. *spread: the largest difference of one state's own mean from it, relative
 * to the largest change. By on_its_way(); the integral of u^k phi_k(u z) over u from 0 to 1 is
 * phi_(k+1)(z). */
static double find_mean(const struct event_steps *s, double h, double *spread)
{
    double way = 0, mean = 0, longest = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double change = s->network->values[a->device->state] - a->x;
        way += fabs(change);
        mean +=
            copysign(1, change) * h * (a->whole.two * a->f + a->whole.three * (a->n_end - a->n));
        longest = fmax(longest, fabs(change));
    }
    mean = way > 0 ? fmax(0, fmin(1, mean / way)) : 0.5;
    *spread = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        const double change = s->network->values[a->device->state] - a->x,
                     own = h * (a->whole.two * a->f + a->whole.three * (a->n_end - a->n));
        *spread = fmax(*spread, fabs(own - mean * change) / longest);
    }
    *spread = longest > 0 ? fmin(1, *spread) : 0;
    return mean;
}

/* Mean error of x_middle, as a part of the states' change from begin to end and weighted by its
 * size: how much farther they are half way. */
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
            order == EVENT_ON_RAMP ? a->x : on_its_way(a, order, h, u, phi(u * a->l * h));
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
    return fabs(a->x + x - 2 * a->x_middle) <=
           s->options->reltol * fabs(size_of(a, x)) + s->options->vntol;
}

/* Error of a device's energy over a step [J] against its law. The energy of everything that its
 * current flows through goes with the square of that current, whose error counts as well. The
 * account doubts twice both, as the law is asked at five moments only. */
static double error_of(struct event_steps *s, const struct event_device *d, size_t flow, double h,
                       struct integrals law)
{
    struct event_account *b = &s->account;
    const double i0 = b->begin.ampere[flow], im = b->middle.ampere[flow], i1 = b->end.ampere[flow];
    const double square = h / 6 * (i0 * i0 + 4 * im * im + i1 * i1);
    double error = fabs(b->step[flow] - law.energy);
    event_account_doubt(b, flow, LAW_SURE * error);
    if (s->network->components[d->component].n_nodes > 0 && square > 0) {
        const double miss = fabs(square - law.square) / square;
        s->misses[d->component] = fmax(s->misses[d->component], LAW_SURE * miss);
        raise(&error, fabs(b->step[flow] / square * (square - law.square)));
    }
    return error;
}

/* Error of Simpson's sum where no source moves, as a part of its difference from the trapezoid:
 * for a power a + b exp(-z t/h) it is z^2/240 for small z and 1/2 for large z, and within 15 %
 * of this formula between. z is that of the device's own law or, if larger, of its rate, as the
 * network feeds back. */
static double relaxation(const struct event_steps *s, const struct event_active *a, double h)
{
    const double change = s->network->values[a->device->state] - a->x,
                 rate = a->n_end - a->n + a->l * change;
    if (a->rests && change <= 0 && change >= 0)
        return 0;
    const double z =
        fmin(Z_MOST, fmax(fabs(a->l * h), fabs(change) > 0 ? fabs(h * rate / change) : 0));
    return z * z / (240 + 2 * z * z);
}

/* From the least of three to the largest. */
static inline double distance(double a, double b, double c)
{
    const double most = a > b ? a : b, least = a > b ? b : a;
    return (c > most ? c : most) - (c < least ? c : least);
}

/* The way that a flow's power goes in a step, times h [J]. */
static double way_of(const struct event_account *b, size_t flow, double h)
{
    return h * distance(b->begin.power[flow], b->middle.power[flow], b->end.power[flow]);
}

/* Of the first n flows: the part parts[] of the ways of their powers, or less. */
WIDE static void doubt_cells(const struct event_steps *s, size_t n, double h)
{
    const struct event_account *b = &s->account;
    const double *restrict p0 = b->begin.power, *restrict pm = b->middle.power,
                           *restrict p1 = b->end.power, *restrict parts = s->parts;
    double *restrict estimate = b->estimate;
    for (size_t k = 0; k < n; k++) {
        const double most = parts[k] * (h * distance(p0[k], pm[k], p1[k]));
        estimate[k] = LAW_SURE * (most < estimate[k] ? most : estimate[k]);
    }
}

/* Errors of Simpson's sums where no source moves. A device: by its own relaxation. Everything
 * else in its component: the same part of the range of its power as the devices' mean. Flows
 * outside of components: by the fastest device. */
static void doubt_still(struct event_steps *s, double h)
{
    const struct network *n = s->network;
    struct event_account *b = &s->account;
    double fastest = 0;
    memset(s->misses, 0, n->n_components * sizeof *s->misses);
    memset(s->ways, 0, n->n_components * sizeof *s->ways);
    for (size_t k = 0; k < s->n_active; k++) {
        struct event_active *a = s->active[k];
        const double part = relaxation(s, a, h);
        fastest = fmax(fastest, part);
        if (a->device->component < 0)
            continue;
        const size_t flow = (size_t)n->flow_of[a->device->element];
        a->miss = b->estimate[flow] * part;
        s->misses[a->device->component] += a->miss;
        s->ways[a->device->component] += way_of(b, flow, h);
    }
    size_t flow = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        const double part = s->ways[i] > 0 ? s->misses[i] / s->ways[i] : 0;
        for (size_t k = 0; n->live[i] && k < n->components[i].n_cells; k++)
            s->parts[flow++] = part;
    }
    doubt_cells(s, flow, h);
    for (; flow < n->n_flows; flow++)
        b->estimate[flow] *= LAW_SURE * fastest;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_device *d = s->active[k]->device;
        if (d->component >= 0)
            b->estimate[n->flow_of[d->element]] = LAW_SURE * s->active[k]->miss;
    }
}

/* A current's square that is missed by a part is missed so in all that the current flows through. */
static void doubt_others(struct event_steps *s)
{
    const struct network *n = s->network;
    size_t flow = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        const size_t end = flow + (n->live[i] ? n->components[i].n_cells : 0);
        if (s->misses[i] > 0)
            event_account_doubt_part(&s->account, flow, end, s->misses[i]);
        flow = end;
    }
}

static double simpson_size(const double *begin, const double *middle, const double *end,
                           size_t flow)
{
    return (fabs(begin[flow]) + 4 * fabs(middle[flow]) + fabs(end[flow])) / 6;
}

/* Of a flow's energy [J]: what an error of the voltage tolerance makes at its mean current. */
static double volt_error(const struct event_steps *s, size_t flow, double h)
{
    const struct event_account *b = &s->account;
    return h * (s->options->vntol + NEWTON_MIDDLE * s->newton) *
           simpson_size(b->begin.ampere, b->middle.ampere, b->end.ampere, flow);
}

/* Allowed error of a device's energy [J]. */
static double allowed(const struct event_steps *s, const struct event_device *d, size_t flow,
                      double h)
{
    return s->options->reltol *
               (fabs(s->account.step[flow]) + RAMP_FLOOR * fabs(d->energy) / s->n_ramps) +
           volt_error(s, flow, h);
}

/* Is a step within a ramp so short that its energy cannot be felt in that of the ramp, or hardly longer than
 * numbers for the time can tell?  A port of a milliohm opens within the last 1e-7 of its ramp. */
static bool is_least(const struct event_steps *s, double h)
{
    const struct network *n = s->network;
    return h < fmax(LEAST_PART * s->options->reltol * n->edge,
                    LEAST_TIMES * EVENT_STEP_PART * (n->t0 + n->edge));
}

/* Energies of the devices over a ramp that is not straight.  One that went along it has its own
 * integrals; where all is ohmic, one whose state goes straight as well has no error. */
static void check_ramp(struct event_steps *s, double h, struct event_found *found)
{
    const bool ways = found->order == EVENT_ON_RAMP;
    memset(s->misses, 0, s->network->n_components * sizeof *s->misses);
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
            own && !curved ? s->options->reltol * (fabs(s->account.step[flow]) +
                                                   ENERGY_FLOOR * s->dissipated[CLASS_MEMRISTOR])
                           : allowed(s, d, flow, h);
        if (!(error <= most) && !is_least(s, h))
            raise(&found->error, error / most);
    }
    doubt_others(s);
}

/* An error of a flow's energy [J] that shrinks more slowly with the step than that of the energy
 * booked, for choosing the step. */
static double coarse_error(const struct event_account *b, enum event_order order, int flow,
                           double h)
{
    const double p0 = b->begin.power[flow], p1 = b->end.power[flow], sum = b->step[flow];
    if (order == EVENT_SECOND)
        return fabs(p1 - p0) * h / 6;
    const double difference = fabs(0.5 * h * (p0 + p1) - sum), size = fabs(sum);
    return size > difference ? difference * difference / size : difference;
}

/* Of a flow's energy [J]: what an error of the current tolerance makes at its mean voltage. */
static double ampere_error(const struct event_steps *s, size_t flow, double h)
{
    const struct event_account *b = &s->account;
    return h * s->options->abstol * simpson_size(b->begin.volt, b->middle.volt, b->end.volt, flow);
}

/* Rate at which memory capacitors relax that act on the component, from L and from how f has changed; 0:
 * none does [1/s]. */
static double memory_rate(const struct event_steps *s, size_t component)
{
    const struct event_memory *m = &s->memory;
    const int group = m->n > 0 ? m->component_group[component] : -1;
    if (group < 0)
        return 0;
    const struct event_group *g = &m->groups[group];
    double rate = event_memory_fastest(m, group);
    for (size_t k = g->first; k < g->first + g->n; k++) {
        const struct event_capacitor *c = &m->capacitors[k];
        const double now = s->account.end.ampere[s->network->flow_of[c->element]] / c->farad;
        if (fabs(c->to) > s->options->vntol)
            rate = fmax(rate, fabs((now - c->f) / c->to));
    }
    return rate;
}

/* Error of a flow's Simpson sum [J] in a component whose voltages relax at this rate, and powers at twice
 * that: see relaxation(). */
static double relaxing_error(const struct event_account *b, size_t flow, double rate, double h)
{
    const double z = fmin(Z_MOST, 2 * rate * h),
                 difference = 0.5 * h * (b->begin.power[flow] + b->end.power[flow]) - b->step[flow];
    return z * z / (240 + 2 * z * z) * fabs(difference);
}

/* Errors of all flows of a component in which the control of a switch or transistor moves, or a
 * transistor passes from triode to saturation or back: within a small part of the ramp its
 * conductance passes those around it, and voltages there are no parabolas.  Or on which memory
 * capacitors act in a step that is not exact. */
static void check_turns(struct event_steps *s, double h, struct event_found *found)
{
    const struct network *n = s->network;
    struct event_account *b = &s->account;
    size_t flow = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        const struct network_component *p = &n->components[i];
        if (!n->live[i])
            continue;
        const size_t end = flow + p->n_cells;
        const double rate = memory_rate(s, i);
        const bool turns = (s->moving && p->turns) || rate > 0 || network_turned(n, p, s->before);
        for (; turns && flow < end; flow++) {
            const int class = b->flows.class[flow];
            if (class == ENERGY_CLASSES)
                continue;
            const double error = coarse_error(b, EVENT_THIRD, (int)flow, h) +
                                 relaxing_error(b, flow, rate, h),
                         most = s->options->reltol *
                                    (fabs(b->step[flow]) + ENERGY_FLOOR * s->dissipated[class]) +
                                volt_error(s, flow, h) + ampere_error(s, flow, h);
            event_account_doubt(b, flow, LAW_SURE * error);
            if (error > most && !is_least(s, h))
                raise(&found->error, error / most);
        }
        flow = end;
    }
}

/* Does any flow's error exceed what check_still() allows it?  floors[]: parts of that, by class.  Divides
 * nothing: coarse_error() is d^2/w, where w is the larger one of the energy and its difference d. */
WIDE static bool any_coarse(const struct event_account *b, size_t n, double h, double reltol,
                            bool second, const double *restrict floors)
{
    const double *restrict p0 = b->begin.power, *restrict p1 = b->end.power,
                           *restrict step = b->step;
    const int *restrict class = b->flows.class;
    long above = 0;
    for (size_t k = 0; k < n && second; k++) {
        const double most = reltol * (ENERGY_PART * fabs(step[k]) + floors[class[k]]);
        above += fabs(p1[k] - p0[k]) * h / 6 > most;
    }
    for (size_t k = 0; k < n && !second; k++) {
        const double d = fabs(0.5 * h * (p0[k] + p1[k]) - step[k]), size = fabs(step[k]),
                     most = reltol * (ENERGY_PART * size + floors[class[k]]);
        above += SURELY * d * d > most * (size > d ? size : d);
    }
    return above > 0;
}

/* Energies of all that dissipates while no source moves. */
static void check_still(const struct event_steps *s, double h, struct event_found *found)
{
    const struct event_account *b = &s->account;
    const double reltol = s->options->reltol;
    double floors[ENERGY_CLASSES + 1];
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        floors[class] = ENERGY_FLOOR * s->dissipated[class];
    floors[ENERGY_CLASSES] = INFINITY;
    if (!any_coarse(b, s->network->n_flows, h, reltol, found->order == EVENT_SECOND, floors))
        return;
    for (size_t k = 0; k < s->network->n_flows; k++) {
        const double most = reltol * (ENERGY_PART * fabs(b->step[k]) + floors[b->flows.class[k]]);
        const double error = coarse_error(b, found->order, (int)k, h);
        if (error > most)
            raise(&found->error, error / most);
    }
}

static void book_even(struct event_steps *s, double h)
{
    double spread;
    const double mean = find_mean(s, h, &spread);
    event_account_even(&s->account, h, mean, spread);
}

/* Find energies in steps of circuits with memory capacitors. */
static bool energies_with_memory(struct event_steps *s, double t, double h,
                                 struct event_found *found)
{
    if (!s->memory.exact && !middle(s, t, h, found->order))
        return false;
    if (found->unsettled > SETTLED && !event_steps_solve(s, t + h))
        return false;
    if (s->memory.exact)
        return event_memory_energies(s, t, h, &found->error);
    event_account_find(&s->account, &s->account.end);
    if (s->moving) {
        event_account_ramp(&s->account, h);
        check_ramp(s, h, found);
    } else {
        event_account_simpson(&s->account, h, 0);
        doubt_still(s, h);
        check_still(s, h, found);
    }
    check_turns(s, h, found);
    return true;
}

bool event_steps_energies(struct event_steps *s, double t, double h, struct event_found *found)
{
    if (s->memory.n > 0)
        return energies_with_memory(s, t, h, found);
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
        event_account_ramp(&s->account, h);
        check_ramp(s, h, found);
        check_turns(s, h, found);
        return true;
    }
    if (found->order == EVENT_SECOND)
        book_even(s, h);
    else {
        event_account_simpson(&s->account, h, find_late(s, h));
        doubt_still(s, h);
    }
    check_still(s, h, found);
    return true;
}
