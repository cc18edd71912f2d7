/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order in which a network is solved.
 *
 * A controlled source hears of its inputs, but its output is stiff: it hears nothing of what it
 * drives.  So the network is a directed graph: nodes that branches join hear of each other and are
 * one group; a controlled output is a group by itself, which hears of its inputs and is heard of by
 * its neighbours.  Groups that all hear of each other (R. Tarjan, SIAM J. Comput. 1:146, 1972) must
 * be solved together: an amplifier in its feedback loop.  The others are solved one after the other,
 * and an output that does not come back to its own inputs is evaluated in between, like that of a
 * neuron's last stage before the layer behind it. */
#include "base/memory.h"
#include "engine/event/network/network_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE (-1)

struct edge {
    int from, to;
};

struct graph {
    const struct network *network;
    const struct network_view *view;
    int *group;   /* n_nodes: of a solved node; NONE */
    bool *output; /* n_nodes: of a control that is not late */
    int n_groups;
    size_t n_edges, capacity;
    struct edge *edges; /* sorted by `from` after sort_edges() */
    size_t *first;      /* n_groups + 1 */
    /* Tarjan's */
    int *number, *low, *part, *stack, *path;
    size_t *next;
    int n_numbers, n_parts, n_stack;
};

static bool joins(const struct graph *g, int branch)
{
    const struct network *n = g->network;
    return n->conducts[branch] && !n->idle[branch];
}

static bool passive(const struct graph *g, int node)
{
    return g->view->solved[node] && !g->output[node];
}

/* Nodes that branches join, output by output apart. */
static void find_groups(struct graph *g)
{
    const struct network *n = g->network;
    const size_t n_nodes = n->circuit->n_nodes;
    int *queue = NEW(n_nodes, int);
    for (size_t i = 0; i < n_nodes; i++) {
        if (!g->view->solved[i] || g->group[i] != NONE)
            continue;
        size_t tail = 0;
        queue[tail++] = (int)i;
        g->group[i] = g->n_groups;
        for (size_t head = 0; head < tail && !g->output[i]; head++)
            for (int k = n->first_incident[queue[head]]; k < n->first_incident[queue[head] + 1];
                 k++) {
                const struct network_branch *b = &n->branches[n->incident[k]];
                const int other = b->a == queue[head] ? b->b : b->a;
                if (!joins(g, n->incident[k]) || !passive(g, other) || g->group[other] != NONE)
                    continue;
                g->group[other] = g->n_groups;
                queue[tail++] = other;
            }
        g->n_groups++;
    }
    free(queue);
}

static void hear(struct graph *g, int from, int to)
{
    if (from < 0 || to < 0 || g->group[from] == NONE || g->group[to] == NONE)
        return;
    g->edges = memory_grow(g->edges, &g->capacity, g->n_edges + 1, sizeof *g->edges);
    g->edges[g->n_edges++] = (struct edge){g->group[from], g->group[to]};
}

static int by_from(const void *a, const void *b)
{
    const struct edge *p = a, *q = b;
    return p->from != q->from ? p->from - q->from : p->to - q->to;
}

static void find_edges(struct graph *g)
{
    const struct network *n = g->network;
    for (size_t k = 0; k < n->n_controls; k++) {
        const struct network_control *s = &n->controls[k];
        if (s->late)
            continue;
        hear(g, g->view->effective[s->c], s->out);
        hear(g, g->view->effective[s->d], s->out);
    }
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        const int ends[2] = {b->a, b->b};
        if (!joins(g, (int)k))
            continue;
        for (int i = 0; i < 2; i++) {
            if (!passive(g, ends[i]))
                continue;
            if (g->output[ends[1 - i]])
                hear(g, ends[1 - i], ends[i]);
            if (b->kind == ELEMENT_VCCS) {
                hear(g, g->view->effective[b->c], ends[i]);
                hear(g, g->view->effective[b->d], ends[i]);
            }
        }
    }
    if (g->n_edges > 0)
        qsort(g->edges, g->n_edges, sizeof *g->edges, by_from);
    for (size_t k = 0; k < g->n_edges; k++)
        g->first[g->edges[k].from + 1]++;
    for (int k = 0; k < g->n_groups; k++)
        g->first[k + 1] += g->first[k];
}

static void enter(struct graph *g, int group)
{
    g->number[group] = g->low[group] = ++g->n_numbers;
    g->next[group] = g->first[group];
    g->stack[g->n_stack++] = group;
}

/* Parts are numbered from what hears of others to what is heard of. */
static void find_parts(struct graph *g, int root)
{
    int depth = 0;
    g->path[0] = root;
    enter(g, root);
    while (depth >= 0) {
        const int group = g->path[depth];
        if (g->next[group] < g->first[group + 1]) {
            const int to = g->edges[g->next[group]++].to;
            if (g->number[to] == 0) {
                g->path[++depth] = to;
                enter(g, to);
            } else if (g->part[to] == NONE && g->number[to] < g->low[group]) {
                g->low[group] = g->number[to];
            }
            continue;
        }
        if (g->low[group] == g->number[group]) {
            int member;
            do {
                member = g->stack[--g->n_stack];
                g->part[member] = g->n_parts;
            } while (member != group);
            g->n_parts++;
        }
        if (--depth >= 0 && g->low[group] < g->low[g->path[depth]])
            g->low[g->path[depth]] = g->low[group];
    }
}

static bool hears_itself(const struct graph *g, int group)
{
    for (size_t k = g->first[group]; k < g->first[group + 1]; k++)
        if (g->edges[k].to == group)
            return true;
    return false;
}

/* Which controls are evaluated: alone in their part, and without a loop. */
static void find_forward(const struct graph *g, struct network *n)
{
    int *size = NEW(g->n_parts + 1, int);
    for (int k = 0; k < g->n_groups; k++)
        size[g->part[k]]++;
    for (size_t k = 0; k < n->n_controls; k++) {
        struct network_control *s = &n->controls[k];
        const int group = s->late ? NONE : g->group[s->out];
        s->forward = group != NONE && size[g->part[group]] == 1 && !hears_itself(g, group);
    }
    free(size);
}

/* Solved nodes by part, those first that are heard of; controls that are evaluated likewise. */
static void sort_nodes(const struct graph *g, struct network_sequence *s)
{
    const size_t n_nodes = g->network->circuit->n_nodes;
    size_t *first = NEW(g->n_parts + 2, size_t);
    for (size_t i = 0; i < n_nodes; i++)
        if (g->group[i] != NONE)
            first[g->n_parts - g->part[g->group[i]]]++;
    s->n_parts = (size_t)g->n_parts;
    s->first = NEW(s->n_parts + 1, size_t);
    for (size_t k = 0; k < s->n_parts; k++)
        s->first[k + 1] = s->first[k] + first[k + 1];
    s->nodes = NEW(s->first[s->n_parts], int);
    memcpy(first, s->first, (s->n_parts + 1) * sizeof *first);
    for (size_t i = 0; i < n_nodes; i++)
        if (g->group[i] != NONE)
            s->nodes[first[g->n_parts - 1 - g->part[g->group[i]]]++] = (int)i;
    free(first);
}

struct network_sequence network_order(struct network *n, const struct network_view *view)
{
    const size_t n_nodes = n->circuit->n_nodes;
    struct network_sequence sequence = {0};
    struct graph g = {
        .network = n, .view = view, .group = NEW(n_nodes, int), .output = NEW(n_nodes, bool)};
    for (size_t i = 0; i < n_nodes; i++)
        g.group[i] = NONE;
    for (size_t k = 0; k < n->n_controls; k++)
        g.output[n->controls[k].out] = !n->controls[k].late;
    find_groups(&g);
    const size_t count = (size_t)g.n_groups + 1;
    int **const arrays[] = {&g.number, &g.low, &g.part, &g.stack, &g.path};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        *arrays[k] = NEW(count, int);
    g.next = NEW(count, size_t);
    g.first = NEW(count, size_t);
    find_edges(&g);
    for (int k = 0; k < g.n_groups; k++)
        g.part[k] = NONE;
    for (int k = 0; k < g.n_groups; k++)
        if (g.number[k] == 0)
            find_parts(&g, k);
    find_forward(&g, n);
    sort_nodes(&g, &sequence);
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(*arrays[k]);
    free(g.next);
    free(g.first);
    free(g.edges);
    free(g.group);
    free(g.output);
    return sequence;
}

/* Component, or -1 - place of an evaluated control, that decides on a node. */
static int decider(const struct network *n, int node)
{
    if (n->component[node] >= 0)
        return n->component[node];
    if (n->control_of[node] >= 0 && n->controls[n->control_of[node]].forward)
        return -1 - n->controls[n->control_of[node]].forward_at;
    return NETWORK_NOTHING;
}

static void add_input(struct network *n, size_t first, int self, int node)
{
    const int by = decider(n, node);
    if (by == NETWORK_NOTHING || by == self)
        return;
    for (size_t k = first; k < n->n_inputs; k++)
        if (n->inputs[k] == by)
            return;
    n->inputs = memory_grow(n->inputs, &n->inputs_capacity, n->n_inputs + 1, sizeof *n->inputs);
    n->inputs[n->n_inputs++] = by;
}

void network_inputs(struct network *n)
{
    n->n_inputs = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        struct network_component *p = &n->components[i];
        p->first_input = n->n_inputs;
        for (size_t k = 0; k < p->n_cells; k++) {
            const struct network_cell *c = &n->cells[p->first_cell + k];
            const int nodes[4] = {c->a, c->b, c->c, c->d};
            for (int j = 0; j < (c->kind == ELEMENT_VCCS ? 4 : 2); j++)
                add_input(n, p->first_input, (int)i, nodes[j]);
        }
        for (size_t k = 0; k < p->n_controls; k++) {
            const struct network_control *s =
                &n->controls[n->control_members[p->first_control + k]];
            for (int j = 0; j < 2; j++)
                add_input(n, p->first_input, (int)i, s->follows[j]);
        }
        p->n_inputs = n->n_inputs - p->first_input;
    }
    for (size_t f = 0; f < n->n_forward; f++)
        for (int j = 0; j < 2; j++)
            n->forward[f].by[j] = decider(n, n->controls[n->forward[f].control].follows[j]);
}

static bool lives(const struct network *n, const bool *live, int by)
{
    return by != NETWORK_NOTHING && (by >= 0 ? live[by] : n->forward[-1 - by].lives);
}

void network_spread(struct network *n, bool *live, const bool *moved)
{
    size_t f = 0;
    for (size_t i = 0; i <= n->n_components; i++) {
        for (; f < n->n_forward && n->forward[f].before == i; f++) {
            struct network_forward *w = &n->forward[f];
            const struct network_control *s = &n->controls[w->control];
            w->lives = lives(n, live, w->by[0]) || lives(n, live, w->by[1]) ||
                       (moved && (moved[s->base] || moved[s->follows[0]] || moved[s->follows[1]]));
        }
        for (size_t k = 0; i < n->n_components && k < n->components[i].n_inputs; k++)
            live[i] |= lives(n, live, n->inputs[n->components[i].first_input + k]);
    }
}

/* Distance of a transfer half way between two solutions from the mean of its values there, times
 * 4 (which makes it the bend of a parabola at its end), relative to the larger value. */
static double transfer_bend(const struct network *n, const struct network_control *s,
                            const double *before)
{
    const double *v = n->values;
    const double u0 = before[s->follows[0]] - before[s->follows[1]],
                 u1 = v[s->follows[0]] - v[s->follows[1]];
    double unused;
    if (s->element->kind != ELEMENT_TRANSFER || !(u0 < u1 || u0 > u1))
        return 0;
    const struct transfer_table *t = &s->element->table;
    const double y0 = transfer_table_value(t, u0, &unused),
                 y1 = transfer_table_value(t, u1, &unused),
                 y = transfer_table_value(t, 0.5 * (u0 + u1), &unused);
    const double most = fmax(fabs(y0), fabs(y1));
    return most > 0 ? 4 * fabs(y - 0.5 * (y0 + y1)) / most : 0;
}

static bool input_bends(const struct network *n, int by)
{
    return by != NETWORK_NOTHING &&
           (by >= 0 ? n->live[by] && n->components[by].bends : n->forward[-1 - by].bends);
}

double network_bend(struct network *n, const double *before, double limit)
{
    double most = 0;
    size_t f = 0;
    for (size_t k = 0; k <= n->n_components; k++) {
        for (; f < n->n_forward && n->forward[f].before == k; f++) {
            struct network_forward *w = &n->forward[f];
            const double bend = w->lives ? transfer_bend(n, &n->controls[w->control], before) : 0;
            w->bends = bend > limit || input_bends(n, w->by[0]) || input_bends(n, w->by[1]);
            most = fmax(most, bend);
        }
        if (k == n->n_components || !n->live[k])
            continue;
        struct network_component *p = &n->components[k];
        const double bend = p->turns || p->curved ? 1 : p->way > 0 ? p->bent / p->way : 0;
        p->bends = bend > limit;
        for (size_t i = 0; i < p->n_inputs; i++)
            p->bends |= input_bends(n, n->inputs[p->first_input + i]);
        most = fmax(most, bend);
    }
    for (size_t k = 0; k < n->n_late; k++)
        most = fmax(most, transfer_bend(n, &n->controls[n->late[k]], before));
    return most;
}
