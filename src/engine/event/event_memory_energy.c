/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of an exact step: between its ends every voltage and current is
 *
 *     y = y0 + slope u + sum of part_j q_j(u),  u = (time since the beginning)/h
 *
 * with the changes q_j of the group's voltages, in units of their sizes.  The parts come from solutions in
 * which the j-th capacitors alone are shifted, at the beginning's drive; the slope is what is left at the end.
 * Products of two such functions are integrated by event_moments.h.  A source whose own voltage no capacitor
 * moves has the sum of the flows' charges for its current, whatever groups they belong to. */
#include "engine/event/event_internal.h"

#include <math.h>
#include <string.h>

/* A change that has come back at the end says nothing: the root of its mean square is taken then. */
#define COME_BACK 0.1

/* A flow's voltage or current: see above. */
struct curve {
    double begin, slope;
    const double *part; /* of the j-th: part[j n_elements] */
};

/* The size of the j-th capacitor's change [V]. */
static double size(const struct event_memory *m, const struct event_group *g, size_t j)
{
    const double end = m->capacitors[g->first + j].to, mean = sqrt(g->moments.both[j * g->n + j]);
    return fabs(end) > COME_BACK * mean ? end : mean;
}

/* z = h L, a = h f, b = h^2 df/dt; then in units of the sizes. */
static void find_moments(struct event_memory *m, double h)
{
    for (size_t k = 0; k < m->n_groups; k++) {
        struct event_group *g = &m->groups[k];
        double *z = g->whole.of[0], *a = g->by[0],
               *b = g->by[1]; /* all of them are scratch by now */
        for (size_t i = 0; i < g->n; i++) {
            a[i] = h * m->capacitors[g->first + i].f;
            b[i] = h * m->capacitors[g->first + i].end;
        }
        for (size_t i = 0; i < g->n * g->n; i++)
            z[i] = h * g->l[i];
        event_moments_find(&g->moments, z, a, b);
    }
}

/* Shift the j-th capacitors by their sizes, solve at the beginning's drive, and keep the change of each flow
 * for a shift by 1. */
static bool find_parts(struct event_steps *s, double t, size_t j)
{
    struct event_memory *m = &s->memory;
    struct event_account *a = &s->account;
    struct network *n = s->network;
    memcpy(n->values, s->before, s->circuit->n_nodes * sizeof *n->values);
    event_memory_back(s);
    for (size_t g = 0; g < m->n_groups; g++)
        if (j < m->groups[g].n)
            n->volt[m->capacitors[m->groups[g].first + j].element] += size(m, &m->groups[g], j);
    if (!event_memory_solve(s, t))
        return false;
    event_account_find(a, &a->middle);
    double *volt = m->volt_part + j * s->circuit->n_elements,
           *ampere = m->ampere_part + j * s->circuit->n_elements;
    for (size_t k = 0; k < n->n_flows; k++) {
        const int g = m->flow_group[k];
        const double by = g >= 0 && j < m->groups[g].n ? size(m, &m->groups[g], j) : 0;
        volt[k] = fabs(by) > 0 ? (a->middle.volt[k] - a->begin.volt[k]) / by : 0;
        ampere[k] = fabs(by) > 0 ? (a->middle.ampere[k] - a->begin.ampere[k]) / by : 0;
    }
    return true;
}

static struct curve curve(const struct event_steps *s, double begin, double end, const double *part,
                          const struct event_group *g)
{
    struct curve c = {begin, s->moving ? end - begin : 0, part};
    for (size_t j = 0; s->moving && g && j < g->n; j++)
        c.slope -= part[j * s->circuit->n_elements] * s->memory.capacitors[g->first + j].to;
    return c;
}

/* Integral of the product, over u. */
static double product(const struct curve *v, const struct curve *i, const struct event_group *g,
                      size_t stride)
{
    double sum = v->begin * i->begin + 0.5 * (v->begin * i->slope + v->slope * i->begin) +
                 v->slope * i->slope / 3;
    for (size_t j = 0; g && j < g->n; j++) {
        const double a = v->part[j * stride], b = i->part[j * stride];
        sum += g->moments.one[j] * (v->begin * b + a * i->begin) +
               g->moments.along[j] * (v->slope * b + a * i->slope);
        for (size_t k = 0; k < g->n; k++)
            sum += g->moments.both[j * g->n + k] * a * i->part[k * stride];
    }
    return sum;
}

/* Integrals of a flow's current and of u times that, over u: those of a source are sums of others. */
struct charge {
    double whole, along;
};

static struct charge charge(const struct curve *i, const struct event_group *g, size_t stride)
{
    struct charge c = {i->begin + i->slope / 2, i->begin / 2 + i->slope / 3};
    for (size_t j = 0; g && j < g->n; j++) {
        c.whole += g->moments.one[j] * i->part[j * stride];
        c.along += g->moments.along[j] * i->part[j * stride];
    }
    return c;
}

/* Book all flows.  Charges of flows replace account.middle, volt and ampere. */
static void book(struct event_steps *s, double h)
{
    struct event_memory *m = &s->memory;
    struct event_account *a = &s->account;
    const struct network *n = s->network;
    const size_t stride = s->circuit->n_elements, n_own = n->n_flows - n->n_outflows;
    for (size_t k = 0; k < n->n_flows; k++) {
        const struct event_group *g = m->flow_group[k] < 0 ? NULL : &m->groups[m->flow_group[k]];
        const struct curve v = curve(s, a->begin.volt[k], a->end.volt[k], m->volt_part + k, g),
                           i = curve(s, a->begin.ampere[k], a->end.ampere[k], m->ampere_part + k,
                                     g);
        struct charge c = charge(&i, g, stride);
        double mean = product(&v, &i, g, stride);
        if (k >= n_own) {
            const struct network_outflow *o = &n->outflows[k - n_own];
            c = (struct charge){o->resting, o->resting / 2};
            for (size_t l = o->first; l < o->end; l++) {
                c.whole += n->shares[l].sign * a->middle.ampere[n->shares[l].flow];
                c.along += n->shares[l].sign * a->middle.volt[n->shares[l].flow];
            }
            if (!g)
                mean = v.begin * c.whole + v.slope * c.along;
        }
        a->middle.ampere[k] = c.whole;
        a->middle.volt[k] = c.along;
        a->step[k] = h * (mean + a->flows.leak[k]);
        a->estimate[k] = h * s->newton * (fabs(a->begin.ampere[k]) + fabs(a->end.ampere[k]));
    }
}

/* By how much f at the end differs from what the step says: it was not as linear as it was taken for. */
static void check(const struct event_steps *s, double h, double *error)
{
    const struct event_memory *m = &s->memory;
    for (size_t k = 0; k < m->n_groups; k++) {
        const struct event_group *g = &m->groups[k];
        for (size_t i = 0; i < g->n; i++) {
            const struct event_capacitor *c = &m->capacitors[g->first + i];
            const int flow = s->network->flow_of[c->element];
            double rest = s->account.end.ampere[flow] / c->farad - c->f - c->end;
            for (size_t j = 0; j < g->n; j++)
                rest -= g->l[i * g->n + j] * m->capacitors[g->first + j].to;
            const double slow = 1 + h * fabs(g->l[i * g->n + i]);
            raise(error, in_tolerance(s, h * rest / slow, c->u + c->to));
        }
    }
}

/* Values half way; those at the end are lost. */
static bool find_middle(struct event_steps *s, double t)
{
    struct event_memory *m = &s->memory;
    if (!event_steps_solve(s, t))
        return false;
    event_account_find(&s->account, &s->account.middle);
    memcpy(m->middle, s->network->values, circuit_n_values(s->circuit) * sizeof *m->middle);
    return true;
}

bool event_memory_energies(struct event_steps *s, double t, double h, double *error)
{
    struct network *n = s->network;
    const size_t bytes = circuit_n_values(s->circuit) * sizeof *n->values;
    event_account_find(&s->account, &s->account.end);
    check(s, h, error);
    if (!(*error <= 1))
        return true;
    double *kept = s->memory.kept;
    memcpy(kept, n->values, bytes);
    event_memory_middle(s, h);
    if (s->memory.reads && !find_middle(s, t + 0.5 * h))
        return false;
    find_moments(&s->memory, h);
    for (size_t j = 0; j < s->memory.largest; j++)
        if (!find_parts(s, t, j))
            return false;
    event_memory_end(s);
    memcpy(n->values, kept, bytes);
    book(s, h);
    return true;
}
