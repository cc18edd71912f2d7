/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_memory_rule.h"

#include "base/memory.h"
#include "engine/event/event_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EDGE_PART 0.1 /* of an edge */
#define HALVINGS 40
#define SLOWEST 0.1 /* of the longest T: so slow ones are chosen together */

void event_rule_new(struct event_rule *r, const struct circuit *c)
{
    *r = (struct event_rule){.elements = NEW(c->n_elements, int),
                             .T = NEW(c->n_elements, double),
                             .never = NEW(c->n_elements, bool),
                             .ampere = NEW(c->n_elements, double),
                             .values = NEW(circuit_n_values(c), double),
                             .live = NEW(c->n_nodes + c->n_elements, bool),
                             .limit = INFINITY,
                             .seen = NEW(EVENT_NETWORKS, uint64_t)};
    event_held_new(&r->held, c);
    for (size_t k = 0; k < c->n_elements; k++)
        if (element_type(&c->elements[k])->law == LAW_CAPACITANCE)
            r->elements[r->n++] = (int)k;
}

void event_rule_free(struct event_rule *r)
{
    free(r->elements);
    event_held_free(&r->held);
    free(r->T);
    free(r->never);
    free(r->ampere);
    free(r->values);
    free(r->live);
    free(r->seen);
}

/* Of what ports open and what logic ports say (FNV-1a); not 0. */
static uint64_t hash(const struct circuit *c, const struct phase *phase)
{
    uint64_t h = 14695981039346656037u;
    for (size_t p = 0; p < c->n_ports; p++) {
        const struct drive *d = &phase->drive[p];
        const uint64_t said =
            (uint64_t)d->open + (c->ports[p].logic ? 2 * (uint64_t)(1000 * d->volt) : 0);
        h = (h ^ said) * 1099511628211u;
    }
    return h | 1;
}

/* The part of its change on an edge that a capacitor of time constant T misses at the phase's end. */
static double left(const struct phase *phase, double T)
{
    return T / phase->edge * -expm1(-phase->edge / T) * exp((phase->edge - phase->duration) / T);
}

/* The longest time constant that the phase leaves no room for, by halving on a logarithmic scale [s]. */
static double limit(const struct phase *phase)
{
    if (!(phase->edge > 0))
        return EDGE_PART * phase->duration;
    double high = EDGE_PART * phase->edge, low = 0.5 * EVENT_LEFT_MOST * phase->edge;
    if (left(phase, high) <= EVENT_LEFT_MOST)
        return high;
    for (int k = 0; k < HALVINGS; k++) {
        const double middle = sqrt(low * high);
        *(left(phase, middle) <= EVENT_LEFT_MOST ? &low : &high) = middle;
    }
    return low;
}

/* Does the control of a switch move in this phase, or of a transistor? */
static bool switches(const struct network *n, bool transistors)
{
    for (size_t k = 0; k < n->n_moving; k++) {
        const int node = n->ties[n->moving[k]].child;
        for (int i = n->first_dependent[node]; i < n->first_dependent[node + 1]; i++)
            if (n->dependent[i] >= 0 &&
                (n->branches[n->dependent[i]].kind == ELEMENT_SWITCH ||
                 (transistors && n->branches[n->dependent[i]].kind == ELEMENT_MOSFET)))
                return true;
    }
    return false;
}

/* Is the limit shorter than before? */
static bool shortens(struct event_rule *r, const struct phase *phase)
{
    const double most = limit(phase);
    if (!(most > 0 && most < r->limit))
        return false;
    r->limit = most;
    memset(r->seen, 0, EVENT_NETWORKS * sizeof *r->seen);
    return true;
}

/* Has this network not been looked at? */
static bool is_new(struct event_rule *r, const struct network *n, const struct phase *phase)
{
    const uint64_t h = hash(n->circuit, phase);
    uint64_t *place = &r->seen[(h >> 1) % EVENT_NETWORKS];
    const bool is = *place != h;
    *place = h;
    return is;
}

static double volt(const struct network *n, int element, const double *values)
{
    const int *node = n->circuit->elements[element].node;
    return values[node[0]] - values[node[1]];
}

/* Solve with the currents of a ramp of 1 V in h seconds, from the values[]; the largest shift [V]; NAN: no
 * solution. */
static double charge(struct event_rule *r, struct event_steps *s, double h)
{
    struct network *n = s->network;
    double shift = 0;
    for (size_t k = 0; k < r->n; k++)
        r->ampere[k] = n->circuit->elements[r->elements[k]].value / h;
    network_charge(n, r->n, r->elements, r->ampere);
    if (!network_solve(n, s->newton))
        shift = NAN;
    network_charge(n, 0, NULL, NULL);
    for (size_t k = 0; k < r->n; k++) {
        const double moved =
            volt(n, r->elements[k], r->values) - volt(n, r->elements[k], n->values);
        r->T[k] = h * moved;
        raise(&shift, fabs(moved));
    }
    return shift;
}

/* T[] of all, from a solution without charges. */
static bool find_constants(struct event_rule *r, struct event_steps *s)
{
    struct network *n = s->network;
    const size_t bytes = circuit_n_values(n->circuit) * sizeof *n->values;
    double h = r->limit;
    bool solved = false;
    memcpy(r->values, n->values, bytes);
    for (int tries = 0; tries < EVENT_SHIFT_TRIES && !solved; tries++) {
        const double shift = charge(r, s, h);
        memcpy(n->values, r->values, bytes);
        solved = event_shift_suits(shift);
        h *= event_shift_scale(shift);
    }
    return solved;
}

static bool can_choose(const struct event_rule *r, const struct network *n, size_t k)
{
    const int *node = n->circuit->elements[r->elements[k]].node;
    return !r->never[r->elements[k]] && n->known[node[0]] != n->known[node[1]];
}

/* Give capacitor k a memory, if it can have one. */
static bool choose(const struct event_rule *r, struct network *n, size_t k)
{
    if (can_choose(r, n, k))
        n->memory[r->elements[k]] = true;
    return n->memory[r->elements[k]];
}

/* Those whose T is long enough. */
static size_t choose_slow(const struct event_rule *r, struct network *n)
{
    double least = INFINITY;
    size_t chosen = 0;
    for (size_t k = 0; k < r->n; k++) {
        if (can_choose(r, n, k) && r->T[k] >= r->limit)
            least = fmax(isinf(least) ? 0 : least, SLOWEST * r->T[k]);
    }
    for (size_t k = 0; k < r->n; k++)
        if (r->T[k] >= fmax(least, r->limit))
            chosen += choose(r, n, k);
    return chosen;
}

/* Those that lend memory capacitors some of their capacitance: all of these are shifted at once. */
static size_t choose_lenders(struct event_rule *r, struct event_steps *s)
{
    struct network *n = s->network;
    const struct event_memory *m = &s->memory;
    double least = INFINITY;
    size_t chosen = 0;
    memcpy(r->values, n->values, circuit_n_values(n->circuit) * sizeof *n->values);
    for (size_t k = 0; k < m->n; k++) {
        n->volt[m->capacitors[k].element] += EVENT_SHIFT;
        least = fmin(least, m->capacitors[k].farad);
    }
    const bool solved = event_steps_solve(s, n->t0 + n->edge);
    event_memory_back(s);
    for (size_t k = 0; k < r->n && solved; k++) {
        const int element = r->elements[k];
        const double part =
            (volt(n, element, n->values) - volt(n, element, r->values)) / EVENT_SHIFT;
        if (n->circuit->elements[element].value * part * part > s->options->reltol * least)
            chosen += choose(r, n, k);
    }
    return chosen;
}

/* Solve the whole network at the phase's end and choose; restores all values. */
static size_t look(struct event_rule *r, struct event_steps *s)
{
    struct network *n = s->network;
    const size_t bytes = circuit_n_values(n->circuit) * sizeof *n->values;
    double *before = NEW(circuit_n_values(n->circuit), double);
    size_t chosen = 0;
    memcpy(before, n->values, bytes);
    memcpy(r->live, n->live, n->n_components * sizeof *r->live);
    for (size_t k = 0; k < n->n_components; k++)
        n->live[k] = true;
    network_spread(n, n->live, n->moves);
    n->unbounded = true; /* a transconductor's capacitor would be at 100 V at rest */
    if (event_steps_solve(s, n->t0 + n->edge) && find_constants(r, s)) {
        chosen = choose_slow(r, n);
        if (chosen == 0 && s->memory.n > 0)
            chosen = choose_lenders(r, s);
    } else {
        memset(r->T, 0, r->n * sizeof *r->T); /* the phase itself will say so */
    }
    n->unbounded = false;
    memcpy(n->live, r->live, n->n_components * sizeof *r->live);
    memcpy(n->values, before, bytes);
    free(before);
    return chosen;
}

/* Take those with a memory, whose voltages are those of their nodes now, out of the list. */
static void remember(struct event_rule *r, struct network *n)
{
    size_t left = 0;
    for (size_t k = 0; k < r->n; k++) {
        const int element = r->elements[k];
        if (n->memory[element])
            n->volt[element] = volt(n, element, n->values);
        else
            r->elements[left++] = element;
    }
    r->n = left;
}

static enum status connect(struct event_steps *s, struct error *error)
{
    const enum status status = network_connect(s->network, error);
    if (status != STATUS_OK)
        return status;
    network_phase(s->network);
    event_steps_pattern(s);
    return STATUS_OK;
}

/* Take the memory from groups that are too large; returns how many have lost it. */
static size_t leave_large(struct event_rule *r, struct event_steps *s)
{
    const struct event_memory *m = &s->memory;
    size_t left = 0;
    for (size_t g = 0; g < m->n_groups; g++) {
        if (m->groups[g].n <= EVENT_GROUP_MOST)
            continue;
        for (size_t i = 0; i < m->groups[g].n; i++) {
            const int element = m->capacitors[m->groups[g].first + i].element;
            s->network->memory[element] = false;
            r->never[element] = true;
            r->elements[r->n++] = element;
            left++;
        }
    }
    return left;
}

static enum status refuse(const struct event_rule *r, const struct network *n, struct error *error)
{
    for (size_t k = 0; k < r->n; k++) {
        if (r->never[r->elements[k]] || !(r->T[k] >= r->limit))
            continue;
        const struct element *e = &n->circuit->elements[r->elements[k]];
        char *what = memory_format(" has a time constant of %.2g s, too long for edges of %g s, "
                                   "and joins two nodes whose voltages are not known",
                                   r->T[k], r->limit / EDGE_PART);
        const enum status status = fail_unable_element(error, ENGINE_TRANSISTORS, e, what);
        free(what);
        return status;
    }
    return STATUS_OK;
}

/* Is each seen to be faster than the limit without a solution? */
static bool are_held(struct event_rule *r, const struct network *n)
{
    r->directly = event_held_directly(n, r->n, r->elements, r->limit);
    if (r->directly)
        return true;
    event_held_find(&r->held, n);
    return event_held_slowest(&r->held, n, r->n, r->elements) < r->limit;
}

enum status event_rule_phase(struct event_rule *r, struct event_steps *s, const struct phase *phase,
                             bool *chosen, struct error *error)
{
    struct network *n = s->network;
    *chosen = false;
    if (r->n == 0 || (!shortens(r, phase) && !switches(n, !r->directly)))
        return STATUS_OK;
    r->directly = false;
    if (!is_new(r, n, phase) || (s->memory.n == 0 && are_held(r, n)))
        return STATUS_OK;
    while (r->n > 0 && look(r, s) > 0) {
        *chosen = true;
        remember(r, n);
        enum status status = connect(s, error);
        if (status == STATUS_OK && leave_large(r, s) > 0)
            status = connect(s, error);
        if (status != STATUS_OK)
            return status;
    }
    return refuse(r, n, error);
}
