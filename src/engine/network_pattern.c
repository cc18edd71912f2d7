/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which branches conduct in a phase, and the components and equations that follow from it. */
#include "base/memory.h"
#include "engine/network_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void network_pattern_free(struct network *n)
{
    for (size_t k = 0; k < n->n_components; k++)
        elimination_free(n->components[k].elimination);
    n->n_components = 0;
    n->n_follow = 0;
}

/* While the pattern is made. */
struct pattern {
    struct network *network;
    bool *anchored; /* nodes: something besides passive branches holds it */
    bool *output;   /* nodes: a controlled source's own equation stands for Kirchhoff's law */
    bool *removed;  /* nodes: follows another one */
    int *follows;   /* nodes */
    int *queue, *pruned;
    size_t n_pruned;
    int *row; /* nodes: in its component, or -1 */
};

static bool passes(const struct network *n, int branch)
{
    return n->conducts[branch] && !n->idle[branch];
}

static bool solved(const struct pattern *p, int node)
{
    const struct network *n = p->network;
    return !n->known[node] && n->root[node] == node && !p->removed[node];
}

/* The one node at the other end of all branches of `node` that pass; -1: there are several, -2:
 * there is none. */
static int only_neighbour(const struct network *n, int node)
{
    int other = -2;
    for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++) {
        const struct network_branch *b = &n->branches[n->incident[k]];
        const int end = b->a == node ? b->b : b->a;
        if (!passes(n, n->incident[k]) || end == other || end == node)
            continue;
        if (other != -2)
            return -1;
        other = end;
    }
    return other;
}

/* Ends through which no current can flow follow their neighbour, again and again. */
static void prune(struct pattern *p)
{
    struct network *n = p->network;
    size_t head = 0, tail = 0;
    const size_t n_nodes = n->circuit->n_nodes;
    for (size_t i = 0; i < n_nodes; i++)
        if (solved(p, (int)i))
            p->queue[tail++] = (int)i;
    while (head < tail) {
        const int node = p->queue[head++];
        if (!solved(p, node) || p->anchored[node])
            continue;
        const int other = only_neighbour(n, node);
        if (other == -1)
            continue;
        p->removed[node] = true;
        if (other < 0) {
            p->follows[node] = node; /* alone: keeps its voltage */
            continue;
        }
        p->follows[node] = other;
        p->pruned[p->n_pruned++] = node;
        for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++)
            n->idle[n->incident[k]] |= n->conducts[n->incident[k]];
        /* the queue never overflows: a node is put back only when a neighbour has gone */
        if (solved(p, other) && tail < 2 * n_nodes)
            p->queue[tail++] = other;
    }
}

static int effective(const struct pattern *p, int node)
{
    while (p->removed[node] && p->follows[node] != node)
        node = p->follows[node];
    return node;
}

static void visit(struct pattern *p, int node, int component, size_t *n_nodes)
{
    struct network *n = p->network;
    if (!solved(p, node) || n->component[node] >= 0)
        return;
    n->component[node] = component;
    n->order[(*n_nodes)++] = node;
}

/* Nodes of a component, from a first one, along branches and controls. */
static void gather(struct pattern *p, int first, struct network_component *c)
{
    struct network *n = p->network;
    const int number = (int)(c - n->components);
    size_t end = c->first_node;
    visit(p, first, number, &end);
    for (size_t head = c->first_node; head < end; head++) {
        const int node = n->order[head];
        for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++) {
            const struct network_branch *b = &n->branches[n->incident[k]];
            if (!passes(n, n->incident[k]))
                continue;
            visit(p, b->a == node ? b->b : b->a, number, &end);
            if (b->kind == ELEMENT_VCCS) {
                visit(p, effective(p, b->c), number, &end);
                visit(p, effective(p, b->d), number, &end);
            }
        }
        for (size_t k = 0; k < n->n_controls; k++) {
            const struct network_control *s = &n->controls[k];
            const int linked[3] = {s->out, effective(p, s->c), effective(p, s->d)};
            if (linked[0] == node || linked[1] == node || linked[2] == node)
                for (int i = 0; i < 3; i++)
                    visit(p, linked[i], number, &end);
        }
    }
    c->n_nodes = end - c->first_node;
}

static void link_nodes(bool *pattern, size_t n, int i, int j)
{
    if (i >= 0 && j >= 0)
        pattern[(size_t)i * n + (size_t)j] = pattern[(size_t)j * n + (size_t)i] = true;
}

/* Every pair of rows that an equation of the component joins. */
static void find_pattern(const struct pattern *p, const struct network_component *c, bool *pattern)
{
    const struct network *n = p->network;
    const int *row = p->row;
    const size_t size = c->n_nodes;
    for (size_t k = 0; k < c->n_branches; k++) {
        const struct network_branch *b = &n->branches[n->members[c->first_branch + k]];
        link_nodes(pattern, size, row[b->a], row[b->b]);
        if (b->kind != ELEMENT_VCCS)
            continue;
        const int controls[2] = {row[effective(p, b->c)], row[effective(p, b->d)]};
        for (int i = 0; i < 2; i++) {
            link_nodes(pattern, size, row[b->a], controls[i]);
            link_nodes(pattern, size, row[b->b], controls[i]);
        }
    }
    for (size_t k = 0; k < c->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        link_nodes(pattern, size, row[s->out], row[effective(p, s->c)]);
        link_nodes(pattern, size, row[s->out], row[effective(p, s->d)]);
    }
}

/* Order the component's nodes by least degree (W. F. Tinney and J. W. Walker, Proc. IEEE 55:1801,
 * 1967). */
static void sort_nodes(const struct pattern *p, struct network_component *c)
{
    struct network *n = p->network;
    const size_t size = c->n_nodes;
    bool *graph = NEW(size * size, bool), *done = NEW(size, bool);
    int *degree = NEW(size, int), *sorted = NEW(size, int), *nodes = n->order + c->first_node;
    find_pattern(p, c, graph);
    for (size_t i = 0; i < size; i++) {
        graph[i * size + i] = false;
        for (size_t j = 0; j < size; j++)
            degree[i] += graph[i * size + j];
    }
    for (size_t k = 0; k < size; k++) {
        size_t best = size;
        for (size_t i = 0; i < size; i++)
            if (!done[i] && (best == size || degree[i] < degree[best]))
                best = i;
        done[best] = true;
        sorted[k] = nodes[best];
        for (size_t i = 0; i < size; i++) {
            if (done[i] || !graph[best * size + i])
                continue;
            degree[i]--;
            for (size_t j = 0; j < size; j++)
                if (!done[j] && j != i && graph[best * size + j] && !graph[i * size + j]) {
                    graph[i * size + j] = true;
                    degree[i]++;
                }
        }
    }
    memcpy(nodes, sorted, size * sizeof *nodes);
    for (size_t i = 0; i < size; i++)
        p->row[nodes[i]] = (int)i;
    free(graph);
    free(done);
    free(degree);
    free(sorted);
}

static int place(const struct network_component *c, int row, int column)
{
    return row < 0 || column < 0 ? (int)c->elimination->n_entries
                                 : elimination_place(c->elimination, (size_t)row, (size_t)column);
}

static void find_places(const struct pattern *p, const struct network_component *c)
{
    struct network *n = p->network;
    const int *row = p->row;
    for (size_t k = 0; k < c->n_branches; k++) {
        struct network_branch *b = &n->branches[n->members[c->first_branch + k]];
        const int ends[2] = {b->a, b->b};
        for (int i = 0; i < 2; i++) {
            const int equation = p->output[ends[i]] ? -1 : row[ends[i]];
            b->row[i] = equation < 0 ? (int)c->n_nodes : equation;
            for (int j = 0; j < 2; j++)
                b->at[2 * i + j] = place(c, equation, row[ends[j]]);
            if (b->kind != ELEMENT_VCCS)
                continue;
            b->control[0] = effective(p, b->c);
            b->control[1] = effective(p, b->d);
            b->control_at[2 * i] = place(c, equation, row[effective(p, b->c)]);
            b->control_at[2 * i + 1] = place(c, equation, row[effective(p, b->d)]);
        }
    }
    for (size_t k = 0; k < c->n_controls; k++) {
        struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        s->row = row[s->out];
        s->control[0] = effective(p, s->c);
        s->control[1] = effective(p, s->d);
        s->at[0] = place(c, s->row, s->row);
        s->at[1] = place(c, s->row, row[effective(p, s->c)]);
        s->at[2] = place(c, s->row, row[effective(p, s->d)]);
    }
}

/* Branches and controls of the component; true: something holds its voltages. */
static bool find_members(const struct pattern *p, struct network_component *c, size_t *n_members,
                         size_t *n_controls)
{
    struct network *n = p->network;
    const int number = (int)(c - n->components);
    bool held = false;
    c->first_branch = *n_members;
    c->first_control = *n_controls;
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        const bool a_in = n->component[b->a] == number, b_in = n->component[b->b] == number;
        const bool by_control = b->kind == ELEMENT_VCCS &&
                                (n->component[effective(p, b->c)] == number ||
                                 n->component[effective(p, b->d)] == number);
        if (!passes(n, (int)k) || (!a_in && !b_in && !by_control))
            continue;
        n->members[(*n_members)++] = (int)k;
        held |= a_in != b_in;
    }
    for (size_t k = 0; k < n->n_controls; k++)
        if (n->component[n->controls[k].out] == number)
            n->control_members[(*n_controls)++] = (int)k;
    c->n_branches = *n_members - c->first_branch;
    c->n_controls = *n_controls - c->first_control;
    return held || c->n_controls > 0;
}

static void follow(struct network *n, int node, int leader)
{
    n->follow[n->n_follow++] = (struct network_follow){node, leader};
}

static void make_components(struct pattern *p)
{
    struct network *n = p->network;
    const size_t n_nodes = n->circuit->n_nodes;
    size_t next = 0, n_members = 0, n_controls = 0;
    for (size_t i = 0; i < n_nodes; i++)
        n->component[i] = p->row[i] = -1;
    for (size_t i = 0; i < n_nodes; i++) {
        if (!solved(p, (int)i) || n->component[i] >= 0)
            continue;
        struct network_component *c = &n->components[n->n_components++];
        *c = (struct network_component){.first_node = next};
        gather(p, (int)i, c);
        const size_t members = n_members;
        if (!find_members(p, c, &n_members, &n_controls)) {
            /* nothing holds it: it keeps its charge */
            for (size_t k = 1; k < c->n_nodes; k++)
                follow(n, n->order[next + k], n->order[next]);
            for (size_t k = members; k < n_members; k++)
                n->idle[n->members[k]] = true;
            n_members = members;
            n->n_components--;
            for (size_t k = 0; k < c->n_nodes; k++)
                n->component[n->order[next + k]] = (int)n_nodes;
            continue;
        }
        sort_nodes(p, c);
        bool *pattern = NEW(c->n_nodes * c->n_nodes, bool);
        find_pattern(p, c, pattern);
        c->elimination = elimination_new(c->n_nodes, pattern);
        free(pattern);
        find_places(p, c);
        next += c->n_nodes;
        if (c->elimination->n_entries + 1 > n->scratch_size) {
            n->scratch_size = c->elimination->n_entries + 1;
            free(n->scratch);
            n->scratch = NEW(n->scratch_size, double);
        }
    }
}

static void make_pattern(struct network *n)
{
    const size_t n_nodes = n->circuit->n_nodes;
    struct pattern p = {n,
                        NEW(n_nodes, bool),
                        NEW(n_nodes, bool),
                        NEW(n_nodes, bool),
                        NEW(n_nodes, int),
                        NEW(2 * n_nodes, int),
                        NEW(n_nodes, int),
                        0,
                        NEW(n_nodes, int)};
    network_pattern_free(n);
    memset(n->idle, 0, n->n_branches * sizeof *n->idle);
    memset(n->current, 0, n->circuit->n_elements * sizeof *n->current);
    memset(n->leaving, 0, n->circuit->n_nodes * sizeof *n->leaving);
    memset(n->values + n->circuit->n_nodes, 0, n->circuit->n_branches * sizeof *n->values);
    for (size_t k = 0; k < n->n_controls; k++)
        p.anchored[n->controls[k].out] = p.output[n->controls[k].out] = true;
    for (size_t k = 0; k < n->n_branches; k++)
        if (n->branches[k].kind == ELEMENT_VCCS || n->branches[k].kind == ELEMENT_CURRENT)
            p.anchored[n->branches[k].a] = p.anchored[n->branches[k].b] = true;
    prune(&p);
    make_components(&p);
    for (size_t k = p.n_pruned; k-- > 0;)
        follow(n, p.pruned[k], p.follows[p.pruned[k]]);
    for (size_t k = n->n_known_ties; k < n->n_ties; k++)
        follow(n, n->ties[k].child, n->ties[k].parent);
    free(p.anchored);
    free(p.output);
    free(p.removed);
    free(p.follows);
    free(p.queue);
    free(p.pruned);
    free(p.row);
}

/* Can the channel conduct while its gate is between v0 and v1 and its ends within all sources? */
static bool can_conduct(const struct network *n, const struct network_branch *b, double v0,
                        double v1)
{
    const struct mos1_model *m = b->element->mos;
    return m->type > 0 ? fmax(v0, v1) - n->low > m->vto : n->high - fmin(v0, v1) > -m->vto;
}

/* Voltages of all known nodes at both ends of the ramp, what moves, and the sources' range. */
static void find_moving(struct network *n, double *begin)
{
    network_sources(n, n->t0 + n->edge);
    memcpy(begin, n->values, n->circuit->n_nodes * sizeof *begin); /* at its end, for now */
    network_sources(n, n->t0);
    n->low = n->high = 0;
    for (size_t k = 0; k < n->n_known_ties; k++) {
        struct network_tie *t = &n->ties[k];
        const double v0 = n->values[t->child], v1 = begin[t->child];
        t->moving = v0 < v1 || v1 < v0;
        n->low = fmin(n->low, fmin(v0, v1));
        n->high = fmax(n->high, fmax(v0, v1));
    }
}

bool network_phase(struct network *n)
{
    double *end = n->end;
    bool changed = n->n_components == 0 && n->n_follow == 0;
    find_moving(n, end);
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        n->conducts[k] =
            b->kind != ELEMENT_MOSFET || can_conduct(n, b, n->values[b->c], end[b->c]);
        changed |= n->conducts[k] != n->conducted[k];
    }
    if (changed) {
        make_pattern(n);
        memcpy(n->conducted, n->conducts, n->n_branches * sizeof *n->conducted);
    }
    memset(n->moves, 0, n->circuit->n_nodes * sizeof *n->moves);
    for (size_t k = 0; k < n->n_known_ties; k++)
        n->moves[n->ties[k].child] = n->ties[k].moving;
    for (size_t i = 0; i < n->n_components; i++) {
        struct network_component *c = &n->components[i];
        c->moving = changed;
        for (size_t k = 0; k < c->n_branches && !c->moving; k++) {
            const struct network_branch *b = &n->branches[n->members[c->first_branch + k]];
            c->moving = n->moves[b->a] || n->moves[b->b] || n->moves[b->c] || n->moves[b->d];
        }
        for (size_t k = 0; k < c->n_controls && !c->moving; k++) {
            const struct network_control *s =
                &n->controls[n->control_members[c->first_control + k]];
            c->moving = n->moves[s->base] || n->moves[s->c] || n->moves[s->d];
        }
    }
    return changed;
}
