/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The components and their equations, from the branches that conduct. */
#include "base/memory.h"
#include "engine/event/network/network_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void new_channels(struct network_channels *c)
{
    if (c->n == 0)
        return;
    int *place = NEW(5 * c->n, int),
        **const places[] = {&c->a, &c->b, &c->gate, &c->row[0], &c->row[1]};
    double *number = NEW(5 * c->n, double),
           **const numbers[] = {&c->beta, &c->vto, &c->lambda, &c->sign, &c->ampere};
    for (size_t k = 0; k < 5; k++) {
        *places[k] = place + k * c->n;
        *numbers[k] = number + k * c->n;
    }
}

static void free_channels(struct network_channels *c)
{
    free(c->a);
    free(c->beta);
}

void network_pattern_free(struct network *n)
{
    for (size_t k = 0; k < n->n_components; k++) {
        network_lines_free(n->components[k].trees);
        elimination_free(n->components[k].elimination);
        free(n->components[k].factors);
        free(n->components[k].pair);
        free(n->components[k].links);
        free_channels(&n->components[k].channels);
    }
    n->n_components = 0;
    n->n_follow = 0;
}

/* While the pattern is made. */
struct pattern {
    struct network *network;
    bool *anchored; /* nodes: something besides passive branches holds it */
    bool *output;   /* nodes: a controlled source's own equation stands for Kirchhoff's law */
    bool *forward;  /* nodes: output of a control that is evaluated, not solved for */
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

/* What lies between a node and the one that it follows carries current again. */
static void restore(struct pattern *p, int node)
{
    struct network *n = p->network;
    const int other = p->follows[node];
    p->removed[node] = false;
    for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++) {
        const struct network_branch *b = &n->branches[n->incident[k]];
        if (b->a == other || b->b == other)
            n->idle[n->incident[k]] = false;
    }
}

/* An end that a capacitor charges through does not follow its neighbour, nor do those on the way, unless all of
 * them float. */
static void restore_charged(struct pattern *p)
{
    struct network *n = p->network;
    for (size_t k = 0; k < n->circuit->n_elements; k++) {
        const struct element *e = &n->circuit->elements[k];
        for (int end = 0; end < 2 && element_type(e)->law == LAW_CAPACITANCE; end++) {
            const int first = n->root[e->node[end]], leader = effective(p, first);
            for (int node = first; !p->removed[leader] && p->removed[node]; node = p->follows[node])
                restore(p, node);
        }
    }
    size_t left = 0;
    for (size_t k = 0; k < p->n_pruned; k++)
        if (p->removed[p->pruned[k]])
            p->pruned[left++] = p->pruned[k];
    p->n_pruned = left;
}

/* The node's row in the component; -1: it is not one of its. */
static int row_in(const struct pattern *p, const struct network_component *c, int node)
{
    const struct network *n = p->network;
    return n->component[node] == (int)(c - n->components) ? p->row[node] : -1;
}

static void enter(struct pattern *p, const struct network_component *c, int node, int other)
{
    const int i = row_in(p, c, node), j = row_in(p, c, other);
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
            enter(p, c, ends[i], ends[1 - i]);
            if (b->kind != ELEMENT_VCCS)
                continue;
            enter(p, c, ends[i], b->c);
            enter(p, c, ends[i], b->d);
        }
    }
    for (size_t k = 0; k < c->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        enter(p, c, s->out, s->follows[0]);
        enter(p, c, s->out, s->follows[1]);
    }
}

/* Order the component's nodes by least degree. */
static void sort_nodes(struct pattern *p, struct network_component *c)
{
    struct network *n = p->network;
    const size_t size = c->n_nodes;
    if (size < 2) /* most are: an idle amplifier's output */
        return;
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
        for (int i = 0; i < 2; i++) {
            const int row = row_in(p, c, ends[i]);
            b->row[i] = p->output[ends[i]] || row < 0 ? (int)c->n_nodes : row;
        }
    }
}

static void find_places(const struct pattern *p, const struct network_component *c)
{
    struct network *n = p->network;
    for (size_t k = 0; k < c->n_cells; k++) {
        struct network_cell *b = &n->cells[c->first_cell + k];
        const int ends[2] = {b->a, b->b}, controls[2] = {b->c, b->d};
        for (int i = 0; i < 2; i++) {
            const int equation = b->row[i] < (int)c->n_nodes ? b->row[i] : -1;
            for (int j = 0; j < 2; j++) {
                b->at[2 * i + j] = place(c, equation, row_in(p, c, ends[j]));
                if (b->kind == ELEMENT_VCCS)
                    b->control_at[2 * i + j] = place(c, equation, row_in(p, c, controls[j]));
            }
        }
    }
}

static void fill_component(const struct pattern *p, const struct network_component *c)
{
    struct network *n = p->network;
    for (size_t k = 0; k < c->n_links; k++) {
        const struct network_cell *b = &n->cells[c->first_cell + k];
        c->links[k] = (struct network_link){b->a, b->b, {b->row[0], b->row[1]}, b->g};
    }
    for (size_t k = 0; k < c->channels.n; k++) {
        const struct network_cell *b = &n->cells[c->first_cell + c->n_links + k];
        const struct network_channels *t = &c->channels;
        t->a[k] = b->a;
        t->b[k] = b->b;
        t->gate[k] = b->c;
        t->row[0][k] = b->row[0];
        t->row[1][k] = b->row[1];
        t->beta[k] = b->mos.beta;
        t->vto[k] = b->mos.vto;
        t->lambda[k] = b->mos.lambda;
        t->sign[k] = b->mos.sign;
    }
    for (size_t k = 0; k < c->n_controls; k++) {
        struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        s->row = p->row[s->out];
        s->at[0] = place(c, s->row, s->row);
        s->at[1] = place(c, s->row, row_in(p, c, s->follows[0]));
        s->at[2] = place(c, s->row, row_in(p, c, s->follows[1]));
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
    while (c->n_links + c->channels.n < c->n_cells &&
           order_of_cell(&cells[c->n_links + c->channels.n]) == 1)
        c->channels.n++;
    for (size_t k = c->n_links; k < c->n_cells; k++)
        c->curved |= cells[k].kind == ELEMENT_MEMRISTOR ||
                     (cells[k].kind == ELEMENT_MOSFET && c->n_nodes == 0);
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
    for (size_t i = 0; i < c->n_nodes; i++) {
        const int node = n->order[c->first_node + i];
        if (p->output[node]) {
            n->control_members[(*n_controls)++] = n->control_of[node];
            continue;
        }
        /* a branch belongs where its current enters an equation */
        for (int j = n->first_incident[node]; j < n->first_incident[node + 1]; j++) {
            const int k = n->incident[j];
            const struct network_branch *b = &n->branches[k];
            if (!passes(n, k) || n->owner[k] >= 0)
                continue;
            n->owner[k] = number;
            n->cells[(*n_cells)++] = cell(p, k);
            held |= (n->component[b->a] == number) != (n->component[b->b] == number);
        }
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

void network_factors_new(const struct network *n, struct network_component *c)
{
    const struct network_cell *cells = n->cells + c->first_cell;
    const size_t n_held = c->n_cells + c->n_controls;
    const size_t n_factors = c->elimination->n_entries + 1;
    c->factors = NEW(n_factors + 2 * n_held, double);
    c->held = c->factors + n_factors;
    c->now = c->held + n_held;
    c->pair = NEW(c->n_cells, int);
    for (size_t k = c->n_links; k < c->n_cells; k++) {
        const struct network_cell *a = &cells[k], *b = a - 1;
        const bool beside =
            k > c->n_links && ((a->a == b->a && a->b == b->b) || (a->a == b->b && a->b == b->a));
        c->pair[k] = beside ? c->pair[k - 1] : (int)k;
    }
}

/* Are all currents and outputs proportional to voltages, or constant? */
static bool is_linear(const struct network *n, const struct network_component *c)
{
    for (size_t k = c->n_links; k < c->n_cells; k++) {
        const enum element_kind kind = n->cells[c->first_cell + k].kind;
        if (kind != ELEMENT_VCCS && kind != ELEMENT_CURRENT)
            return false;
    }
    for (size_t k = 0; k < c->n_controls; k++)
        if (n->controls[n->control_members[c->first_control + k]].element->kind != ELEMENT_VCVS)
            return false;
    return true;
}

static void finish_component(struct pattern *p, struct network_component *c)
{
    struct network *n = p->network;
    for (size_t i = 0; i < c->n_nodes; i++)
        p->row[n->order[c->first_node + i]] = (int)i;
    find_rows(p, c);
    network_lines_make(n, c);
    if (!c->trees) {
        sort_nodes(p, c);
        find_rows(p, c);
        find_pattern(p, c);
        c->elimination = elimination_new(&p->derivatives);
        network_factors_new(n, c);
        find_places(p, c);
    }
    c->linear = is_linear(n, c);
    if (c->n_links > 0)
        c->links = NEW(c->n_links, struct network_link);
    new_channels(&c->channels);
    fill_component(p, c);
}

/* The order of solution; outputs of forward controls are then no longer solved for. */
static struct network_sequence find_sequence(struct pattern *p)
{
    struct network *n = p->network;
    const size_t n_nodes = n->circuit->n_nodes;
    bool *is_solved = NEW(n_nodes, bool);
    int *leader = NEW(n_nodes, int);
    for (size_t i = 0; i < n_nodes; i++) {
        is_solved[i] = solved(p, (int)i);
        leader[i] = effective(p, (int)i);
    }
    const struct network_sequence s = network_order(n, &(struct network_view){is_solved, leader});
    free(is_solved);
    free(leader);
    n->n_forward = 0;
    for (size_t k = 0; k < n->n_controls; k++)
        if (n->controls[k].forward) {
            const int out = n->controls[k].out;
            p->forward[out] = p->removed[out] = true;
            p->follows[out] = out;
        }
    return s;
}

/* Known, or the output of a controlled source: a current there enters no equation. */
static bool stiff(const struct pattern *p, int node)
{
    return p->network->known[node] || p->output[node];
}

static bool is_late(const struct pattern *p, int node)
{
    return p->output[node] && p->removed[node] && !p->forward[node];
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
    struct network_sequence sequence = find_sequence(p);
    for (size_t k = 0; k < n->n_controls; k++) {
        struct network_control *s = &n->controls[k];
        s->follows[0] = effective(p, s->c);
        s->follows[1] = effective(p, s->d);
    }
    for (size_t i = 0; i < sequence.n_parts; i++) {
        const int *nodes = sequence.nodes + sequence.first[i];
        if (p->forward[nodes[0]]) {
            const int control = n->control_of[nodes[0]];
            n->controls[control].forward_at = (int)n->n_forward;
            n->forward[n->n_forward++] =
                (struct network_forward){.control = control, .before = n->n_components};
            continue;
        }
        struct network_component *c = &n->components[n->n_components++];
        *c = (struct network_component){.first_node = next,
                                        .n_nodes = sequence.first[i + 1] - sequence.first[i]};
        memcpy(n->order + next, nodes, c->n_nodes * sizeof *nodes);
        for (size_t k = 0; k < c->n_nodes; k++)
            n->component[nodes[k]] = (int)(c - n->components);
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
    free(sequence.first);
    free(sequence.nodes);
    /* branches whose current enters no equation, but those that late outputs control */
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (!passes(n, (int)k) || n->owner[k] >= 0 || !stiff(p, b->a) || !stiff(p, b->b) ||
            (b->kind == ELEMENT_VCCS && (is_late(p, b->c) || is_late(p, b->d))))
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

void network_pattern_make(struct network *n)
{
    const size_t n_nodes = n->circuit->n_nodes;
    struct pattern p = {.network = n,
                        .anchored = NEW(n_nodes, bool),
                        .output = NEW(n_nodes, bool),
                        .forward = NEW(n_nodes, bool),
                        .removed = NEW(n_nodes, bool),
                        .follows = NEW(n_nodes, int),
                        .queue = NEW(2 * n_nodes, int),
                        .pruned = NEW(n_nodes, int),
                        .row = NEW(n_nodes, int)};
    network_pattern_free(n);
    memset(n->idle, 0, n->n_branches * sizeof *n->idle);
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
    restore_charged(&p);
    make_components(&p);
    network_inputs(n);
    for (size_t k = p.n_pruned; k-- > 0;)
        follow(n, p.pruned[k], p.follows[p.pruned[k]]);
    for (size_t k = n->n_known_ties; k < n->n_ties; k++)
        follow(n, n->ties[k].child, n->ties[k].parent);
    free(p.anchored);
    free(p.output);
    free(p.forward);
    free(p.removed);
    free(p.follows);
    free(p.queue);
    free(p.pruned);
    free(p.row);
    free(p.derivatives.entries);
}
