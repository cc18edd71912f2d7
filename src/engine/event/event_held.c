/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_held.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void event_held_new(struct event_held *h, const struct circuit *c)
{
    *h = (struct event_held){NEW(c->n_nodes, double), NEW(c->n_nodes, int), NEW(c->n_nodes, int),
                             NEW(c->n_nodes, bool), NEW(c->n_nodes, double)};
}

void event_held_free(struct event_held *h)
{
    free(h->ohm);
    free(h->tree);
    free(h->queue);
    free(h->waits);
    free(h->farad);
}

/* Voltage of a known node at the end of the phase. */
static double end_volt(const struct network *n, int node)
{
    return n->moves[node] ? n->end[node] : n->values[node];
}

/* Of a channel at no voltage across it, with the more cut off of its ends as source [ohm]. */
static double channel_ohm(const struct network *n, const struct network_branch *b)
{
    const struct mos1_model *m = b->element->mos;
    const double *v = n->values, va = v[b->a], vb = v[b->b], type = m->type;
    const double source = type > 0 ? fmax(va, vb) : fmin(va, vb);
    const struct mos1_device channel = mos1_prepare(m, &b->element->geometry, 1, 0);
    const double over = type * (end_volt(n, b->c) - source) - channel.vto;
    return over > 0 ? 1 / (channel.beta * over) : INFINITY;
}

static double branch_ohm(const struct network *n, const struct network_branch *b)
{
    switch (b->kind) {
    case ELEMENT_RESISTOR:
        return b->element->value;
    case ELEMENT_SWITCH:
        return 1 / switch_conductance(b->element->value, end_volt(n, b->c) - end_volt(n, b->d));
    case ELEMENT_MOSFET:
        return channel_ohm(n, b);
    case ELEMENT_MEMRISTOR: {
        const struct dopant *d = b->element->dopant;
        return fabs(1 / d->model->current(d->constants, 1, n->values[b->state]).f);
    }
    default:
        return INFINITY;
    }
}

static bool is_stiff(const struct network *n, int node)
{
    return n->known[node] || n->control_of[node] >= 0;
}

bool event_held_directly(const struct network *n, size_t n_capacitors, const int *elements,
                         double constant)
{
    double farad = 0;
    for (size_t k = 0; k < n_capacitors; k++)
        farad += n->circuit->elements[elements[k]].value;
    for (size_t k = 0; k < 2 * n_capacitors; k++) {
        const int node = n->root[n->circuit->elements[elements[k / 2]].node[k % 2]];
        double siemens = 0;
        if (is_stiff(n, node))
            continue;
        for (int i = n->first_incident[node]; i < n->first_incident[node + 1]; i++) {
            const struct network_branch *b = &n->branches[n->incident[i]];
            if ((b->kind == ELEMENT_RESISTOR || b->kind == ELEMENT_SWITCH) &&
                is_stiff(n, b->a == node ? b->b : b->a))
                siemens += 1 / branch_ohm(n, b);
        }
        if (!(farad < constant * siemens))
            return false;
    }
    return true;
}

/* Shorten the ways through node (L. R. Ford's correction of labels, 1956); `*tail' of the ring queue. */
static void pass(struct event_held *h, const struct network *n, int node, size_t *tail,
                 size_t *waiting)
{
    for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++) {
        const struct network_branch *b = &n->branches[n->incident[k]];
        const int other = b->a == node ? b->b : b->a;
        if (!n->conducts[n->incident[k]] || !(h->ohm[other] > h->ohm[node]))
            continue;
        const double ohm = h->ohm[node] + branch_ohm(n, b);
        if (!(ohm < h->ohm[other]))
            continue;
        h->ohm[other] = ohm;
        h->tree[other] = h->ohm[node] > 0 ? h->tree[node] : other;
        if (h->waits[other])
            continue;
        h->waits[other] = true;
        h->queue[*tail] = other;
        *tail = (*tail + 1) % n->circuit->n_nodes;
        ++*waiting;
    }
}

void event_held_find(struct event_held *h, const struct network *n)
{
    const size_t n_nodes = n->circuit->n_nodes;
    size_t head = 0, tail = 0, waiting = 0;
    for (size_t i = 0; i < n_nodes; i++) {
        const bool stiff = is_stiff(n, (int)i);
        h->ohm[i] = stiff ? 0 : INFINITY;
        h->tree[i] = 0;
        h->waits[i] = stiff;
        if (stiff)
            h->queue[waiting++] = (int)i;
    }
    tail = waiting % n_nodes;
    while (waiting > 0) {
        const int node = h->queue[head];
        head = (head + 1) % n_nodes;
        waiting--;
        h->waits[node] = false;
        pass(h, n, node, &tail, &waiting);
    }
}

/* That, or all branches to stiff nodes side by side; can a current reach a node that nothing holds, it may take
 * any time. */
static double find_ohm(const struct event_held *h, const struct network *n, int node)
{
    double siemens = 0;
    for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++) {
        const struct network_branch *b = &n->branches[n->incident[k]];
        const int other = b->a == node ? b->b : b->a;
        if (isinf(h->ohm[node]) && (b->kind == ELEMENT_VCCS || b->kind == ELEMENT_CURRENT))
            return INFINITY;
        if (n->conducts[n->incident[k]] && !(h->ohm[other] > 0))
            siemens += 1 / branch_ohm(n, b);
    }
    return isinf(h->ohm[node]) ? 0 : fmin(h->ohm[node], 1 / siemens);
}

double event_held_slowest(struct event_held *h, const struct network *n, size_t n_capacitors,
                          const int *elements)
{
    double slowest = 0;
    memset(h->farad, 0, n->circuit->n_nodes * sizeof *h->farad);
    for (size_t k = 0; k < n_capacitors; k++)
        for (int end = 0; end < 2; end++) {
            const struct element *e = &n->circuit->elements[elements[k]];
            h->farad[h->tree[n->root[e->node[end]]]] += e->value;
        }
    for (size_t k = 0; k < n_capacitors; k++)
        for (int end = 0; end < 2; end++) {
            const int node = n->root[n->circuit->elements[elements[k]].node[end]];
            const double ohm = h->ohm[node] > 0 ? find_ohm(h, n, node) : 0;
            slowest = fmax(slowest, ohm * h->farad[h->tree[node]]);
        }
    return slowest;
}
