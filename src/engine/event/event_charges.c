/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_charges.h"

#include "base/memory.h"
#include "engine/event/event_charging.h"
#include "engine/event/event_internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define H_FIRST 1e-6 /* [s] as long as no constant is known */
/* What conducts less does not hold a node: ten open ports. */
#define HOLDS (10 / CIRCUIT_R_OPEN) /* [S] */
/* A ramp is not solved again while charging moves no class by this part of the tolerance, by the last
 * ones that were, and then every so often. */
#define SKIP_PART 0.01
#define FADES 0.8 /* ramps differ: the largest of the last ones counts, less each time */
#define ALWAYS 8
#define SOMETIMES 32
/* Classes below this part of all energies are booked as if they were that. */
#define SMALL_CLASS 1e-6
/* Integrations: the first to errors by what is asked, within these bounds, the next FINER, so often. */
#define PART_MOST 0.02
#define PART_LEAST 1e-4
#define FINER 0.1
#define INTEGRATIONS 2
/* Largest relative change of a state (of STATE_FLOOR, if it is below) within one time constant.  What comes of
 * it differs: in floating crossbars whose states stop by themselves 0.03 changed nothing by 1e-3, while a
 * neighbour of a device that switches was off by eight times as much (measured). */
#define LATE_MOST 0.05
#define STATE_FLOOR 1e-3
#define GONE 800 /* time constants, after which exp(-t/T) is 0 in double precision */

void event_charges_choose(struct event_charges *c, size_t n, const int *elements)
{
    c->n = n;
    memset(c->moved, 0, n * sizeof *c->moved);
    memset(c->late, 0, n * sizeof *c->late);
    for (size_t k = 0; k < n; k++) {
        const struct element *e = &c->circuit->elements[elements[k]];
        c->elements[k] = elements[k];
        c->p[k] = e->node[0];
        c->q[k] = e->node[1];
        c->farad[k] = e->value;
    }
}

void event_charges_new(struct event_charges *c, const struct circuit *circuit)
{
    *c = (struct event_charges){.circuit = circuit, .elements = NEW(circuit->n_elements, int)};
    for (size_t k = 0; k < circuit->n_elements; k++)
        if (element_type(&circuit->elements[k])->law == LAW_CAPACITANCE)
            c->elements[c->n++] = (int)k;
    c->p = NEW(c->n, int);
    c->q = NEW(c->n, int);
    c->farad = NEW(c->n, double);
    c->held = NEW(circuit->n_nodes, bool);
    c->charged = NEW(c->n, int);
    c->charged_by = NEW(c->n, double);
    c->volt = NEW(c->n, double);
    c->change = NEW(c->n, double);
    c->ampere = NEW(c->n, double);
    c->constants = NEW(c->n, double);
    c->moved = NEW(c->n, double);
    c->late = NEW(c->n, double);
    c->values = NEW(circuit_n_values(circuit), double);
    c->rates = NEW(circuit->n_states, double);
    c->first = NEW(circuit_n_values(circuit), double);
    double **const of_flows[] = {&c->u, &c->i, &c->extra, &c->doubt, &c->integrated, &c->error};
    for (size_t k = 0; k < sizeof of_flows / sizeof *of_flows; k++)
        *of_flows[k] = NEW(circuit->n_elements, double);
    event_charges_choose(c, c->n, c->elements);
}

void event_charges_free(struct event_charges *c)
{
    free(c->elements);
    free(c->p);
    free(c->q);
    free(c->farad);
    free(c->held);
    free(c->charged);
    free(c->charged_by);
    free(c->volt);
    free(c->change);
    free(c->ampere);
    free(c->constants);
    free(c->moved);
    free(c->late);
    free(c->values);
    free(c->rates);
    free(c->first);
    free(c->u);
    free(c->i);
    free(c->extra);
    free(c->doubt);
    free(c->integrated);
    free(c->error);
}

static double capacitor_volt(const struct event_charges *c, size_t k, const struct network *n)
{
    return n->values[c->p[k]] - n->values[c->q[k]];
}

void event_charges_begin(struct event_charges *c, const struct event_steps *s)
{
    if (c->n == 0)
        return;
    for (size_t k = 0; k < c->n; k++)
        c->volt[k] = capacitor_volt(c, k, s->network);
    const size_t bytes = s->network->n_flows * sizeof *c->u;
    memcpy(c->u, s->account.begin.volt, bytes);
    memcpy(c->i, s->account.begin.ampere, bytes);
    if (!s->moving)
        return;
    memcpy(c->first, s->network->values, circuit_n_values(s->circuit) * sizeof *c->first);
    memset(c->rates, 0, s->n_devices * sizeof *c->rates);
}

/* By network_held(). */
static bool is_held(const struct event_charges *c, size_t k)
{
    return c->held[c->p[k]] && c->held[c->q[k]];
}

/* The most that all charges can do, each going through the whole range of the sources [J]; also finds
 * change[].  `all`: as if something held every node, which is no less. */
static double find_work(struct event_charges *c, struct network *n, bool all)
{
    const double range = n->high - n->low;
    double work = 0;
    if (!all)
        network_held(n, HOLDS, c->held);
    for (size_t k = 0; k < c->n; k++) {
        const bool held = all || is_held(c, k);
        c->change[k] = held ? capacitor_volt(c, k, n) - c->volt[k] : 0;
        const double size = fabs(c->change[k]);
        work += c->farad[k] * size * (size > range ? size : range);
    }
    return work;
}

/* Do the last solutions say that charging is felt? */
static bool is_felt(const struct event_charges *c, const struct event_steps *s, double work)
{
    if (c->count < ALWAYS || c->count % SOMETIMES == 0)
        return true;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        if (c->last[class] * work >
            SKIP_PART * s->options->reltol * s->dissipated[class] / s->n_ramps)
            return true;
    return false;
}

/* Is this ramp to be solved?  Else what its charges may do is put in doubt.  *work: find_work(). */
static bool solves(struct event_charges *c, struct event_steps *s, double *work)
{
    *work = find_work(c, s->network, true);
    bool felt = *work > 0 && is_felt(c, s, *work);
    if (felt) {
        *work = find_work(c, s->network, false);
        felt = *work > 0 && is_felt(c, s, *work);
    }
    for (int class = 0; class < ENERGY_CLASSES && !felt; class ++)
        s->account.class_error[class] += c->last[class] * *work;
    c->count += *work > 0;
    return felt;
}

/* With the currents of a ramp of h seconds: by how much a capacitor is moved at most [V], and the constants
 * of all; NAN: no solution. */
static double solve_once(struct event_charges *c, struct event_steps *s, double h)
{
    struct network *n = s->network;
    double shift = 0;
    for (size_t k = 0; k < c->n; k++)
        c->ampere[k] = c->farad[k] * c->change[k] / h;
    network_charge(n, c->n, c->elements, c->ampere);
    if (!network_solve(n, s->newton))
        return NAN;
    event_account_find(&s->account, &s->account.middle);
    for (size_t k = 0; k < c->n; k++) {
        const double moved = capacitor_volt(c, k, n) - c->change[k] - c->volt[k];
        const bool charges = fabs(c->change[k]) > 0;
        c->constants[k] = charges ? -h * moved / c->change[k] : 0;
        if (charges)
            raise(&shift, fabs(moved));
    }
    return shift;
}

/* Solve with the currents of a ramp of *h seconds, longer or shorter so that nodes move by about EVENT_SHIFT:
 * the flows then are account.middle.  All values are restored. */
static bool solve(struct event_charges *c, struct event_steps *s, double *h)
{
    struct network *n = s->network;
    const size_t bytes = circuit_n_values(n->circuit) * sizeof *n->values;
    bool solved = false;
    memcpy(c->values, n->values, bytes);
    for (int tries = 0; tries < EVENT_SHIFT_TRIES; tries++) {
        const double shift = solve_once(c, s, *h);
        memcpy(n->values, c->values, bytes);
        solved = !isnan(shift);
        if (event_shift_suits(shift))
            break;
        *h *= event_shift_scale(shift);
    }
    network_charge(n, 0, NULL, NULL);
    network_conductances(n);
    return solved;
}

/* Mean of the time constants [s], weighted by the energies of the charges; *spread: their mean
 * relative distance from it. */
static double mean_constant(const struct event_charges *c, double *spread)
{
    double all = 0, sum = 0, apart = 0;
    for (size_t k = 0; k < c->n; k++) {
        const double energy = c->farad[k] * c->change[k] * c->change[k];
        all += energy;
        sum += energy * c->constants[k];
    }
    const double mean = sum / all;
    for (size_t k = 0; k < c->n; k++)
        apart += c->farad[k] * c->change[k] * c->change[k] * fabs(c->constants[k] - mean);
    *spread = mean > 0 ? fmin(1, apart / all / mean) : 1;
    return fmax(0, mean);
}

/* The weights of the head of event_charges.h: phi, and kappa/h. */
struct weights {
    double phi, square;
};
static struct weights find_weights(double h, double constant)
{
    const double z = constant > 0 ? h / constant : INFINITY;
    if (!(z < 1 / DBL_EPSILON))
        return (struct weights){0.5, 1 / h};
    if (z < 1e-4)
        return (struct weights){1 - z / 6, (0.5 - z / 6) / constant};
    const double gone = -expm1(-z);
    return (struct weights){0.5 + 1 / z - gone / (z * z), (1 - gone / z) / h};
}

/* Relative difference between the slope di/du at the end and the mean slope over the ramp,
 * weighted over the flows by how much charging moves their power. */
static double find_bend(const struct event_charges *c, const struct event_account *a)
{
    double all = 0, bent = 0;
    for (size_t k = 0; k < a->network->n_flows; k++) {
        const double du = a->middle.volt[k] - a->begin.volt[k],
                     di = a->middle.ampere[k] - a->begin.ampere[k],
                     way = a->begin.volt[k] - c->u[k], rise = a->begin.ampere[k] - c->i[k],
                     size = fabs(a->begin.volt[k] * di) + fabs(a->begin.ampere[k] * du);
        const double here = fabs(di * way), there = fabs(rise * du);
        if (here + there > 0 && fabs(du) > 0) { /* no source's */
            all += size;
            bent += size * fabs(di * way - rise * du) / (here + there);
        }
    }
    return all > 0 ? bent / all : 0;
}

/* Does a switch or transistor turn on this ramp? */
static bool turns(const struct network *n)
{
    for (size_t k = 0; k < n->n_components; k++)
        if (n->live[k] && n->components[k].turns)
            return true;
    return false;
}

/* extra[] and doubt[] by the closed form.  h: of the ramp; by: for which the currents were. */
static void find_extra(struct event_charges *c, const struct event_steps *s, double h, double by)
{
    const struct event_account *a = &s->account;
    double spread;
    c->constant = mean_constant(c, &spread);
    const struct weights w = find_weights(h, c->constant);
    const double bend = turns(s->network) ? 1 : find_bend(c, a), late = fabs(w.phi - 0.5),
                 unsure = bend + spread * fmin(1, late);
    for (size_t k = 0; k < a->network->n_flows; k++) {
        const double du = a->middle.volt[k] - a->begin.volt[k],
                     di = a->middle.ampere[k] - a->begin.ampere[k];
        const double u = c->u[k] + w.phi * (a->begin.volt[k] - c->u[k]),
                     i = c->i[k] + w.phi * (a->begin.ampere[k] - c->i[k]);
        const double own = by * by * w.square * du * di;
        c->extra[k] = by * (u * di + i * du) + own;
        c->doubt[k] = unsure * (by * (fabs(u * di) + fabs(i * du)) + fabs(own));
    }
}

/* share[]: each class's part of the tolerance in a ramp [J].  Returns the largest ratio of a doubt to that;
 * *most: of what charging adds. */
static double worst_class(const struct event_charges *c, const struct event_steps *s,
                          double share[ENERGY_CLASSES], double *most)
{
    const struct event_account *a = &s->account;
    double doubt[ENERGY_CLASSES + 1] = {0}, extra[ENERGY_CLASSES + 1] = {0}, all = 0, worst = 0;
    for (size_t k = 0; k < a->network->n_flows; k++) {
        const unsigned char class = a->classes[a->network->flows[k].element];
        doubt[class] += c->doubt[k];
        extra[class] += fabs(c->extra[k]);
    }
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        all += s->dissipated[class];
    *most = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        share[class] =
            s->options->reltol * fmax(s->dissipated[class], SMALL_CLASS * all) / s->n_ramps;
        if (!(doubt[class] > 0))
            continue;
        worst = fmax(worst, doubt[class] / share[class]);
        *most = fmax(*most, extra[class] / share[class]);
    }
    return worst;
}

/* Replace extra[] and doubt[] by an integration where these leave a class in doubt; where that cannot be,
 * they stay, doubts and all.  All values of the network are restored. */
static void integrate(struct event_charges *c, struct event_steps *s, double h)
{
    const size_t n_flows = s->network->n_flows;
    double share[ENERGY_CLASSES], most, worst = worst_class(c, s, share, &most);
    if (!(worst > 1))
        return;
    struct network *n = s->network;
    double part = fmax(PART_LEAST, fmin(PART_MOST, 1 / most));
    size_t n_held = 0;
    for (size_t k = 0; k < c->n; k++) {
        if (!is_held(c, k))
            continue;
        c->charged[n_held] = c->elements[k];
        c->charged_by[n_held++] = c->change[k];
    }
    const struct event_charging_ramp ramp = {h,          c->first,      c->values, n_held,
                                             c->charged, c->charged_by, share};
    memcpy(c->values, n->values, circuit_n_values(n->circuit) * sizeof *n->values);
    for (int tries = 0; tries < INTEGRATIONS && worst > 1; tries++) {
        if (!event_charging(s, &ramp, part, c->integrated, c->error))
            break;
        memcpy(c->extra, c->integrated, n_flows * sizeof *c->extra);
        memcpy(c->doubt, c->error, n_flows * sizeof *c->doubt);
        worst = worst_class(c, s, share, &most);
        part *= FINER;
    }
    memcpy(n->values, c->values, circuit_n_values(n->circuit) * sizeof *n->values);
    network_conductances(n);
}

/* h: of the ramp; by: for which the currents were. */
static void book(struct event_charges *c, struct event_steps *s, enum event_stretch stretch,
                 double h, double by, double work)
{
    struct event_account *a = &s->account;
    struct network *n = s->network;
    find_extra(c, s, h, by);
    if (stretch == EVENT_RAMP && h > 0)
        integrate(c, s, h);
    double moved[ENERGY_CLASSES + 1] = {0};
    for (size_t k = 0; k < n->n_flows; k++) {
        a->taken[k] += c->extra[k];
        a->error[k] += c->doubt[k];
        moved[a->classes[n->flows[k].element]] += fabs(c->extra[k]) / work;
    }
    for (int class = 0; class <= ENERGY_CLASSES; class ++)
        c->last[class] = fmax(FADES * c->last[class], moved[class]);
}

/* The ramp is solved. */
static void leave_ramp(struct event_charges *c, double h)
{
    c->ramp = h;
    memcpy(c->moved, c->change, c->n * sizeof *c->moved);
    memcpy(c->late, c->constants, c->n * sizeof *c->late);
}

void event_charges_step(struct event_charges *c, const struct event_steps *s, double h)
{
    if (c->n == 0)
        return;
    c->fastest = 0;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        double *rate = &c->rates[a - s->all];
        if (*rate > 0 && (a->l < 0 || a->l > 0))
            *rate *= exp(a->l * h);
        raise(rate, fabs(a->f));
        if (*rate > 0)
            raise(&c->fastest, *rate / fmax(fabs(a->x), STATE_FLOOR));
    }
}

bool event_charges_end(struct event_charges *c, struct event_steps *s, enum event_stretch stretch,
                       double h)
{
    double work = 0;
    const bool solved = c->n > 0 && solves(c, s, &work);
    if (solved) {
        double largest = 0;
        for (size_t k = 0; k < c->n; k++)
            largest = fmax(largest, fabs(c->change[k]));
        double by = c->constant > 0 ? c->constant * largest / EVENT_SHIFT : H_FIRST;
        if (!solve(c, s, &by))
            return false;
        book(c, s, stretch, h, by, work);
    }
    if (stretch == EVENT_RAMP && solved)
        leave_ramp(c, h);
    else if (stretch == EVENT_RAMP && !(work > 0))
        memset(c->moved, 0, c->n * sizeof *c->moved); /* nothing is left to charge in this phase */
    return true;
}

/* The largest voltage by which a capacitor lags `hold` seconds behind the last ramp [V], and which. */
static double find_left(const struct event_charges *c, double hold, size_t *slowest)
{
    double most = 0;
    for (size_t k = 0; k < c->n; k++) {
        const double constant = c->late[k];
        if (!(constant > 0) || hold > GONE * constant)
            continue;
        const double z = c->ramp / constant, part = z > 0 ? -expm1(-z) / z : 1,
                     left = fabs(c->moved[k]) * part * exp(-hold / constant);
        if (left > most) {
            most = left;
            *slowest = k;
        }
    }
    return most;
}

bool event_charges_felt(const struct event_charges *c, const struct event_steps *s, double h,
                        char text[EVENT_TROUBLE_SIZE])
{
    const struct network *n = s->network;
    size_t slowest = 0, k = 0;
    const double left = find_left(c, h, &slowest), most = EVENT_LEFT_MOST * (n->high - n->low);
    for (size_t i = 1; i < c->n; i++)
        if (c->late[i] > c->late[k])
            k = i;
    if (left > most) {
        snprintf(
            text, EVENT_TROUBLE_SIZE,
            "capacitor %.40s, time constant %.2g s, has not charged: %.2g V are left, and at most "
            "%.2g may be",
            n->circuit->elements[c->elements[slowest]].name, c->late[slowest], left, most);
        return true;
    }
    if (c->n == 0 || !(c->late[k] * c->fastest > LATE_MOST))
        return false;
    snprintf(
        text, EVENT_TROUBLE_SIZE,
        "capacitor %.40s charges in %.2g s, in which a state moves by a part %.2g, and at most %g "
        "may be left out",
        n->circuit->elements[c->elements[k]].name, c->late[k], c->late[k] * c->fastest, LATE_MOST);
    return true;
}
