/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which branches conduct in a phase, and the components and equations that follow from it. */
#include "base/memory.h"
#include "engine/network_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void network_pattern_free(struct network *n)
{
    for (size_t k = 0; k < n->n_components; k++) {
        network_forest_free(n->components[k].forest);
        elimination_free(n->components[k].elimination);
        free(n->components[k].factors);
        free(n->components[k].links);
        free(n->components[k].channels);
    }
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
    struct elimination_pattern derivatives;
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
    if (!solved(p, node) || n->component[node] != -1)
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
            if (s->late)
                continue;
            const int linked[3] = {s->out, effective(p, s->c), effective(p, s->d)};
            if (linked[0] == node || linked[1] == node || linked[2] == node)
                for (int i = 0; i < 3; i++)
                    visit(p, linked[i], number, &end);
        }
    }
    c->n_nodes = end - c->first_node;
}

static void enter(struct pattern *p, int node, int other)
{
    const int i = p->row[node], j = p->row[other];
    struct elimination_pattern *d = &p->derivatives;
    if (i < 0 || j < 0)
        return;
    d->entries = memory_grow(d->entries, &d->capacity, d->n_entries + 1, sizeof *d->entries);
    d->entries[d->n_entries++] = (struct elimination_position){i, j};
}

/* Derivatives that the component's equations have. */
static void find_pattern(struct pattern *p, const struct network_component *c)
{
    const struct network *n = p->network;
    p->derivatives.n = c->n_nodes;
    p->derivatives.n_entries = 0;
    for (size_t k = 0; k < c->n_cells; k++) {
        const struct network_cell *b = &n->cells[c->first_cell + k];
        const int ends[2] = {b->a, b->b};
        for (int i = 0; i < 2; i++) {
            if (p->output[ends[i]])
                continue;
            enter(p, ends[i], ends[1 - i]);
            if (b->kind != ELEMENT_VCCS)
                continue;
            enter(p, ends[i], b->c);
            enter(p, ends[i], b->d);
        }
    }
    for (size_t k = 0; k < c->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        enter(p, s->out, s->follows[0]);
        enter(p, s->out, s->follows[1]);
    }
}

/* Order the component's nodes by least degree. */
static void sort_nodes(struct pattern *p, struct network_component *c)
{
    struct network *n = p->network;
    const size_t size = c->n_nodes;
    int *order = NEW(size, int), *sorted = NEW(size, int), *nodes = n->order + c->first_node;
    find_pattern(p, c);
    elimination_order(&p->derivatives, order);
    for (size_t i = 0; i < size; i++)
        sorted[i] = nodes[order[i]];
    memcpy(nodes, sorted, size * sizeof *nodes);
    for (size_t i = 0; i < size; i++)
        p->row[nodes[i]] = (int)i;
    free(order);
    free(sorted);
}

static int place(const struct network_component *c, int row, int column)
{
    return row < 0 || column < 0 ? (int)c->elimination->n_entries
                                 : elimination_place(c->elimination, (size_t)row, (size_t)column);
}

/* Equations of the cells' ends. */
static void find_rows(const struct pattern *p, const struct network_component *c)
{
    struct network *n = p->network;
    for (size_t k = 0; k < c->n_cells; k++) {
        struct network_cell *b = &n->cells[c->first_cell + k];
        const int ends[2] = {b->a, b->b};
        for (int i = 0; i < 2; i++)
            b->row[i] =
                p->output[ends[i]] || p->row[ends[i]] < 0 ? (int)c->n_nodes : p->row[ends[i]];
    }
}

static void find_places(const struct pattern *p, const struct network_component *c)
{
    struct network *n = p->network;
    const int *row = p->row;
    for (size_t k = 0; k < c->n_cells; k++) {
        struct network_cell *b = &n->cells[c->first_cell + k];
        const int ends[2] = {b->a, b->b}, controls[2] = {b->c, b->d};
        for (int i = 0; i < 2; i++) {
            const int equation = b->row[i] < (int)c->n_nodes ? b->row[i] : -1;
            for (int j = 0; j < 2; j++) {
                b->at[2 * i + j] = place(c, equation, row[ends[j]]);
                if (b->kind == ELEMENT_VCCS)
                    b->control_at[2 * i + j] = place(c, equation, row[controls[j]]);
            }
        }
    }
}

static void fill_component(const struct pattern *p, const struct network_component *c)
{
    struct network *n = p->network;
    const int *row = p->row;
    for (size_t k = 0; k < c->n_links; k++) {
        const struct network_cell *b = &n->cells[c->first_cell + k];
        c->links[k] = (struct network_link){b->a, b->b, {b->row[0], b->row[1]}, b->g};
    }
    for (size_t k = 0; k < c->n_channels; k++) {
        const struct network_cell *b = &n->cells[c->first_cell + c->n_links + k];
        c->channels[k] =
            (struct network_channel){b->a,        b->b,       b->c,          {b->row[0], b->row[1]},
                                     b->mos.beta, b->mos.vto, b->mos.lambda, b->mos.sign};
    }
    for (size_t k = 0; k < c->n_controls; k++) {
        struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        s->row = row[s->out];
        s->at[0] = place(c, s->row, s->row);
        s->at[1] = place(c, s->row, row[s->follows[0]]);
        s->at[2] = place(c, s->row, row[s->follows[1]]);
    }
}

static struct network_cell cell(const struct pattern *p, int branch)
{
    const struct network_branch *b = &p->network->branches[branch];
    const struct element *e = b->element;
    struct network_cell c = {.kind = b->kind,
                             .branch = branch,
                             .number = b->number,
                             .a = b->a,
                             .b = b->b,
                             .c = b->c,
                             .d = b->d,
                             .g = e->value,
                             .x = NAN,
                             .state = b->state,
                             .element = e};
    switch (b->kind) {
    case ELEMENT_RESISTOR:
        c.linear = true;
        c.g = 1 / e->value;
        break;
    case ELEMENT_SWITCH:
        c.linear = true;
        break;
    case ELEMENT_MEMRISTOR:
        c.linear = model_is_ohmic(e->dopant->model, e->dopant->parameters);
        break;
    case ELEMENT_MOSFET:
        c.mos = mos1_prepare(e->mos, &e->geometry, 1, 0); /* of which the channel is used */
        break;
    case ELEMENT_VCCS:
        c.c = effective(p, b->c);
        c.d = effective(p, b->d);
        break;
    default:
        break;
    }
    return c;
}

static int order_of_cell(const struct network_cell *c)
{
    return c->linear ? 0 : c->kind == ELEMENT_MOSFET && !(c->mos.gamma > 0) ? 1 : 2;
}

static int by_order(const void *a, const void *b)
{
    const struct network_cell *p = a, *q = b;
    const int difference = order_of_cell(p) - order_of_cell(q);
    return difference ? difference : p->branch - q->branch;
}

static void sort_cells(struct network *n, struct network_component *c)
{
    struct network_cell *cells = n->cells + c->first_cell;
    bool sorted = true;
    for (size_t k = 1; k < c->n_cells; k++)
        sorted &= by_order(&cells[k - 1], &cells[k]) < 0;
    if (!sorted)
        qsort(cells, c->n_cells, sizeof *cells, by_order);
    while (c->n_links < c->n_cells && order_of_cell(&cells[c->n_links]) == 0)
        c->n_links++;
    while (c->n_links + c->n_channels < c->n_cells &&
           order_of_cell(&cells[c->n_links + c->n_channels]) == 1)
        c->n_channels++;
}

/* Branches and controls of the component; true: something holds its voltages. */
static bool find_members(const struct pattern *p, struct network_component *c, size_t *n_cells,
                         size_t *n_controls)
{
    struct network *n = p->network;
    const int number = (int)(c - n->components);
    bool held = false;
    c->first_cell = *n_cells;
    c->first_control = *n_controls;
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        const bool a_in = n->component[b->a] == number, b_in = n->component[b->b] == number;
        const bool by_control =
            b->kind == ELEMENT_VCCS && (n->component[effective(p, b->c)] == number ||
                                        n->component[effective(p, b->d)] == number);
        if (!passes(n, (int)k) || (!a_in && !b_in && !by_control))
            continue;
        n->owner[k] = number;
        n->cells[(*n_cells)++] = cell(p, (int)k);
        held |= a_in != b_in;
    }
    for (size_t k = 0; k < n->n_controls; k++) {
        struct network_control *s = &n->controls[k];
        s->follows[0] = effective(p, s->c);
        s->follows[1] = effective(p, s->d);
        if (n->component[s->out] == number)
            n->control_members[(*n_controls)++] = (int)k;
    }
    c->n_cells = *n_cells - c->first_cell;
    sort_cells(n, c);
    c->n_controls = *n_controls - c->first_control;
    return held || c->n_controls > 0;
}

static void follow(struct network *n, int node, int leader)
{
    n->follow[n->n_follow++] = (struct network_leader){node, leader};
}

/* As a component's number: of nodes that nothing holds. */
#define FLOATING (-2)

static void finish_component(struct pattern *p, struct network_component *c)
{
    struct network *n = p->network;
    for (size_t i = 0; i < c->n_nodes; i++)
        p->row[n->order[c->first_node + i]] = (int)i;
    find_rows(p, c);
    network_forest_make(n, c);
    if (!c->forest) {
        sort_nodes(p, c);
        find_rows(p, c);
        find_pattern(p, c);
        c->elimination = elimination_new(&p->derivatives);
        c->factors = NEW(c->elimination->n_entries + 1, double);
        find_places(p, c);
    }
    c->links = NEW(c->n_links, struct network_link);
    c->channels = NEW(c->n_channels, struct network_channel);
    fill_component(p, c);
}

static void make_components(struct pattern *p)
{
    struct network *n = p->network;
    const size_t n_nodes = n->circuit->n_nodes;
    size_t next = 0, n_cells = 0, n_controls = 0;
    for (size_t i = 0; i < n_nodes; i++)
        n->component[i] = p->row[i] = -1;
    for (size_t k = 0; k < n->n_branches; k++)
        n->owner[k] = -1;
    for (size_t i = 0; i < n_nodes; i++) {
        if (!solved(p, (int)i) || n->component[i] != -1)
            continue;
        struct network_component *c = &n->components[n->n_components++];
        *c = (struct network_component){.first_node = next};
        gather(p, (int)i, c);
        if (!find_members(p, c, &n_cells, &n_controls)) {
            /* nothing holds it: it keeps its charge */
            for (size_t k = 1; k < c->n_nodes; k++)
                follow(n, n->order[next + k], n->order[next]);
            for (size_t k = c->first_cell; k < n_cells; k++) {
                n->idle[n->cells[k].branch] = true;
                n->owner[n->cells[k].branch] = -1;
            }
            n_cells = c->first_cell;
            n->n_components--;
            for (size_t k = 0; k < c->n_nodes; k++)
                n->component[n->order[next + k]] = FLOATING;
            continue;
        }
        finish_component(p, c);
        next += c->n_nodes;
    }
    /* branches between known nodes, but those that late outputs control */
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (!passes(n, (int)k) || n->owner[k] >= 0 || !n->known[b->a] || !n->known[b->b] ||
            (b->kind == ELEMENT_VCCS && (!n->known[b->c] || !n->known[b->d])))
            continue;
        struct network_component *c = &n->components[n->n_components];
        *c = (struct network_component){
            .first_node = next, .first_cell = n_cells, .n_cells = 1, .first_control = n_controls};
        n->owner[k] = (int)n->n_components++;
        n->cells[n_cells++] = cell(p, (int)k);
        sort_cells(n, c);
        finish_component(p, c);
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
                        NEW(n_nodes, int),
                        {0}};
    network_pattern_free(n);
    memset(n->idle, 0, n->n_branches * sizeof *n->idle);
    memset(n->current, 0, n->circuit->n_elements * sizeof *n->current);
    memset(n->leaving, 0, n->circuit->n_nodes * sizeof *n->leaving);
    memset(n->values + n->circuit->n_nodes, 0, n->circuit->n_branches * sizeof *n->values);
    for (size_t k = 0; k < n->n_controls; k++)
        p.anchored[n->controls[k].out] = p.output[n->controls[k].out] = true;
    for (size_t k = 0; k < n->n_controls; k++)
        if (n->controls[k].late) {
            p.removed[n->controls[k].out] = true;
            p.follows[n->controls[k].out] = n->controls[k].out;
        }
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
    free(p.derivatives.entries);
}

/* Can the channel conduct while its gate is between v0 and v1 and its ends within all sources? */
static bool can_conduct(const struct network *n, const struct network_branch *b, double v0,
                        double v1)
{
    const struct mos1_model *m = b->element->mos;
    return m->type > 0 ? fmax(v0, v1) - n->low > m->vto : n->high - fmin(v0, v1) > -m->vto;
}

/* What moves in this phase, and to where; the sources' range so far. */
static void find_moving(struct network *n, bool first)
{
    for (size_t k = 0; k < n->n_moving; k++)
        n->moves[n->ties[n->moving[k]].child] = false;
    n->n_moving = 0;
    for (size_t k = 0; k < n->n_known_ties; k++) {
        const struct network_tie *t = &n->ties[k];
        const double from = n->from[t->element], to = n->to[t->element];
        if (!(from < to || from > to || n->moves[t->parent] || first ||
              (t->controlled && (n->moves[t->c] || n->moves[t->d]))))
            continue;
        n->moves[t->child] = true;
        n->moving[n->n_moving++] = (int)k;
    }
    network_sources(n, n->t0 + n->edge);
    for (size_t k = 0; k < n->n_moving; k++) {
        const int node = n->ties[n->moving[k]].child;
        n->end[node] = n->values[node];
        n->low = fmin(n->low, n->values[node]);
        n->high = fmax(n->high, n->values[node]);
    }
    network_sources(n, n->t0);
}

static bool set_conducting(struct network *n, int branch)
{
    const struct network_branch *b = &n->branches[branch];
    const double v = n->values[b->c];
    const bool conducts =
        b->kind != ELEMENT_MOSFET || can_conduct(n, b, v, n->moves[b->c] ? n->end[b->c] : v);
    const bool changed = conducts != n->conducts[branch];
    n->conducts[branch] = conducts;
    return changed;
}

/* Transistors whose gate moves, or has moved in the phase before; the first time, everything. */
static bool find_conducting(struct network *n, bool first)
{
    bool changed = false;
    for (size_t k = 0; first && k < n->n_branches; k++)
        changed |= set_conducting(n, (int)k);
    for (size_t k = 0; k < n->n_switched; k++)
        changed |= set_conducting(n, n->switched[k]);
    n->n_switched = 0;
    for (size_t k = 0; k < n->n_moving; k++) {
        const int node = n->ties[n->moving[k]].child;
        for (int i = n->first_dependent[node]; i < n->first_dependent[node + 1]; i++) {
            const int item = n->dependent[i];
            if (item < 0 || n->branches[item].kind != ELEMENT_MOSFET)
                continue;
            changed |= set_conducting(n, item);
            n->switched[n->n_switched++] = item;
        }
    }
    return changed;
}

/* Components on which a moving node acts. */
static void mark_moving(struct network *n, int node)
{
    for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++)
        if (n->owner[n->incident[k]] >= 0)
            n->components[n->owner[n->incident[k]]].moving = true;
    for (int k = n->first_dependent[node]; k < n->first_dependent[node + 1]; k++) {
        const int item = n->dependent[k];
        const int component = item >= 0 ? n->owner[item] : n->component[n->controls[-1 - item].out];
        if (component >= 0)
            n->components[component].moving = true;
    }
}

bool network_phase(struct network *n)
{
    const bool first = n->n_components == 0 && n->n_follow == 0;
    find_moving(n, first);
    const bool changed = find_conducting(n, first) || first;
    if (changed)
        make_pattern(n);
    for (size_t i = 0; i < n->n_components; i++)
        n->components[i].moving = changed;
    for (size_t k = 0; k < n->n_moving && !changed; k++)
        mark_moving(n, n->ties[n->moving[k]].child);
    return changed;
}
