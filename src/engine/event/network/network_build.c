/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the circuit to the network of network.h: what is known, what is tied, what conducts. */
#include "base/memory.h"
#include "engine/engine.h"
#include "engine/event/network/network_internal.h"

#include <stdlib.h>
#include <string.h>

void network_free(struct network *n)
{
    if (!n)
        return;
    network_pattern_free(n);
    free(n->root);
    free(n->known);
    free(n->ties);
    free(n->branches);
    free(n->controls);
    free(n->control_of);
    free(n->memory);
    free(n->volt);
    free(n->led);
    free(n->from);
    free(n->to);
    free(n->conducts);
    free(n->components);
    free(n->owner);
    free(n->drawn);
    free(n->enter);
    free(n->hold);
    free(n->held);
    free(n->joined);
    free(n->leak_power);
    free(n->leak);
    free(n->component);
    free(n->order);
    free(n->cells);
    free(n->control_members);
    free(n->follow);
    free(n->idle);
    free(n->values);
    free(n->flow_of);
    free(n->outflows);
    free(n->shares);
    free(n->incident);
    free(n->first_incident);
    free(n->step);
    free(n->moves);
    free(n->end);
    free(n->marked);
    free(n->live);
    free(n->late);
    free(n->forward);
    free(n->inputs);
    free(n->flows);
    free(n->moving);
    free(n->switched);
    free(n->first_dependent);
    free(n->dependent);
    free(n->contacts);
    free(n->first_contact);
    free(n);
}

/* Items by node: first[n_nodes + 1] and their order, from the node of each. */
static int *sort_by_node(size_t n_nodes, size_t count, const int *node, int **first)
{
    int *order = NEW(count, int), *next = NEW(n_nodes, int);
    *first = NEW(n_nodes + 1, int);
    for (size_t k = 0; k < count; k++)
        (*first)[node[k] + 1]++;
    for (size_t i = 0; i < n_nodes; i++)
        (*first)[i + 1] += (*first)[i];
    memcpy(next, *first, n_nodes * sizeof *next);
    for (size_t k = 0; k < count; k++)
        order[next[node[k]]++] = (int)k;
    free(next);
    return order;
}

static bool is_controlled(const struct element *e)
{
    return element_type(e)->rest == REST_FOLLOWS;
}

static void tie(struct network *n, int child, int parent, size_t element, double sign)
{
    const struct element *e = &n->circuit->elements[element];
    n->ties[n->n_ties++] =
        (struct network_tie){child,      parent,     (int)element,      sign, is_controlled(e),
                             e->node[2], e->node[3], n->memory[element]};
}

/* While groups are found. */
struct groups {
    struct network *network;
    bool *reached;               /* n_nodes */
    bool *used;                  /* n_elements */
    int *queue;                  /* n_nodes */
    int *first_source, *sources; /* n_nodes + 1; voltage sources at every node, one at both ends */
};

static void find_sources(struct groups *g)
{
    const struct circuit *c = g->network->circuit;
    int *node = NEW(2 * c->n_elements, int), *element = NEW(2 * c->n_elements, int);
    size_t m = 0;
    for (size_t k = 0; k < c->n_elements; k++)
        for (int end = 0; end < 2 && element_type(&c->elements[k])->rest == REST_TIES; end++) {
            node[m] = c->elements[k].node[end];
            element[m++] = (int)k;
        }
    g->sources = sort_by_node(c->n_nodes, m, node, &g->first_source);
    for (size_t k = 0; k < m; k++)
        g->sources[k] = element[g->sources[k]];
    free(node);
    free(element);
}

/* Tie what voltage sources reach from the node.  `floating`: in this group only sources of 0 V are
 * taken. */
static enum status spread(struct groups *g, int from, bool floating, struct error *error)
{
    struct network *n = g->network;
    const struct circuit *c = n->circuit;
    int *queue = g->queue;
    size_t tail = 1;
    queue[0] = from;
    g->reached[from] = true;
    for (size_t head = 0; head < tail; head++) {
        const int node = queue[head];
        for (int s = g->first_source[node]; s < g->first_source[node + 1]; s++) {
            const size_t k = (size_t)g->sources[s];
            const struct element *e = &c->elements[k];
            if (g->used[k])
                continue;
            const bool up = e->node[1] == node; /* v(0) = v(1) + volt: the child is node 0 */
            const int child = e->node[up ? 0 : 1];
            g->used[k] = true;
            if (g->reached[child])
                return element_fail(error, e, " closes a loop of voltage sources");
            if (floating && (e->external || e->value < 0 || e->value > 0))
                return fail_unable_element(error, ENGINE_TRANSISTORS, e,
                                           " lies between two nodes whose voltages are not known");
            g->reached[child] = true;
            tie(n, child, node, k, up ? 1 : -1);
            n->root[child] = floating ? n->root[node] : child;
            n->known[child] = !floating;
            queue[tail++] = child;
        }
    }
    return STATUS_OK;
}

/* The end of a capacitor that its voltage makes known: the other one is.  -1: none. */
static int memory_end(const struct network *n, const struct element *e)
{
    const bool known[2] = {n->known[e->node[0]], n->known[e->node[1]]};
    return known[0] == known[1] ? -1 : known[0];
}

/* Memory capacitors, each of which makes one node known. */
static enum status find_memory(struct groups *g, bool *more, struct error *error)
{
    struct network *n = g->network;
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n->circuit->n_elements && status == STATUS_OK; k++) {
        const struct element *e = &n->circuit->elements[k];
        const int end = n->memory[k] && !g->used[k] ? memory_end(n, e) : -1;
        if (end < 0)
            continue;
        g->used[k] = n->known[e->node[end]] = *more = true;
        tie(n, e->node[end], e->node[!end], k, end == 0 ? 1 : -1);
        status = spread(g, e->node[end], false, error);
    }
    return status;
}

/* A controlled source between known nodes, controlled by known nodes, makes its output known. */
static enum status find_known(struct groups *g, struct error *error)
{
    struct network *n = g->network;
    const struct circuit *c = n->circuit;
    n->known[0] = true;
    enum status status = spread(g, 0, false, error);
    for (bool more = true; more && status == STATUS_OK;) {
        more = false;
        for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++) {
            const struct element *e = &c->elements[k];
            if (!is_controlled(e) || g->used[k] || !n->known[e->node[1]] || !n->known[e->node[2]] ||
                !n->known[e->node[3]])
                continue;
            if (g->reached[e->node[0]])
                return element_fail(error, e, " closes a loop of voltage sources");
            g->used[k] = n->known[e->node[0]] = more = true;
            tie(n, e->node[0], e->node[1], k, 1);
            status = spread(g, e->node[0], false, error);
        }
        if (status == STATUS_OK)
            status = find_memory(g, &more, error);
    }
    n->remembers = false;
    for (size_t k = 0; k < c->n_elements; k++) {
        n->memory[k] &= g->used[k];
        n->remembers |= n->memory[k];
    }
    n->n_known_ties = n->n_ties;
    return status;
}

static enum status find_groups(struct network *n, struct error *error)
{
    const struct circuit *c = n->circuit;
    struct groups g = {.network = n,
                       .reached = NEW(c->n_nodes, bool),
                       .used = NEW(c->n_elements, bool),
                       .queue = NEW(c->n_nodes, int)};
    find_sources(&g);
    for (size_t i = 0; i < c->n_nodes; i++)
        n->root[i] = (int)i;
    enum status status = find_known(&g, error);
    /* outputs of controlled sources are roots of their groups */
    for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++) {
        const struct element *e = &c->elements[k];
        if (!is_controlled(e) || g.used[k])
            continue;
        if (g.reached[e->node[0]])
            status = element_fail(error, e, " drives a node that another source holds");
        else if (!n->known[e->node[1]])
            status = fail_unable_element(error, ENGINE_TRANSISTORS, e,
                                         " has no output against a known node");
        if (status == STATUS_OK)
            status = spread(&g, e->node[0], true, error);
    }
    for (size_t i = 0; i < c->n_nodes && status == STATUS_OK; i++) {
        if (!g.reached[i])
            status = spread(&g, (int)i, true, error);
    }
    free(g.reached);
    free(g.used);
    free(g.queue);
    free(g.first_source);
    free(g.sources);
    return status;
}

/* A controlled source without a tie: the root of its group. */
static void add_control(struct network *n, size_t number)
{
    const struct element *e = &n->circuit->elements[number];
    const int *root = n->root, *node = e->node;
    if (n->known[node[0]])
        return;
    n->control_of[root[node[0]]] = (int)n->n_controls;
    n->controls[n->n_controls++] = (struct network_control){.out = root[node[0]],
                                                            .base = root[node[1]],
                                                            .c = root[node[2]],
                                                            .d = root[node[3]],
                                                            .number = (int)number,
                                                            .element = e};
}

static enum status add_branch(struct network *n, size_t number, struct error *error)
{
    const struct element *e = &n->circuit->elements[number];
    const struct element_type *type = element_type(e);
    struct network_branch *b = &n->branches[n->n_branches++];
    const int c = type->controlled ? e->node[type->control[0]] : 0,
              d = type->controlled ? e->node[type->control[1]] : 0;
    *b = (struct network_branch){.kind = e->kind,
                                 .a = n->root[e->node[type->through[0]]],
                                 .b = n->root[e->node[type->through[1]]],
                                 .c = n->root[c],
                                 .d = n->root[d],
                                 .state = -1,
                                 .number = (int)number,
                                 .element = e};
    memcpy(b->node, e->node, sizeof b->node);
    b->node[1] = e->node[type->through[1]];
    if (e->state >= 0)
        b->state = (int)circuit_state_value(n->circuit, e->state);
    if (type->uncontrolled && (!n->known[b->c] || !n->known[b->d]))
        return fail_unable_element(error, ENGINE_TRANSISTORS, e, type->uncontrolled);
    return STATUS_OK;
}

static enum status add_element(struct network *n, size_t number, struct error *error)
{
    const struct element *e = &n->circuit->elements[number];
    switch (element_type(e)->rest) {
    case REST_OPEN:
    case REST_TIES:
        break;
    case REST_FOLLOWS:
        add_control(n, number);
        break;
    case REST_CONDUCTS:
        return add_branch(n, number, error);
    case REST_REFUSED:
        return fail_unable_element(
            error, element_type(e)->law == LAW_NETLIST ? ENGINE_SUBCIRCUITS : ENGINE_TRANSISTORS, e,
            element_type(e)->refusal);
    }
    return STATUS_OK;
}

/* Branches at every node, and what its voltage acts on. */
static void find_incident(struct network *n)
{
    const size_t n_nodes = n->circuit->n_nodes, count = 2 * n->n_branches + 3 * n->n_controls;
    int *node = NEW(count, int), *item = NEW(count, int);
    for (size_t k = 0; k < n->n_branches; k++) {
        node[2 * k] = n->branches[k].a;
        node[2 * k + 1] = n->branches[k].b;
    }
    n->incident = sort_by_node(n_nodes, 2 * n->n_branches, node, &n->first_incident);
    for (size_t k = 0; k < 2 * n->n_branches; k++)
        n->incident[k] /= 2;
    size_t m = 0;
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (!element_type(b->element)->controlled)
            continue;
        node[m] = b->c, item[m++] = (int)k;
        if (b->d > 0)
            node[m] = b->d, item[m++] = (int)k;
    }
    for (size_t k = 0; k < n->n_controls; k++) {
        const int nodes[3] = {n->controls[k].base, n->controls[k].c, n->controls[k].d};
        for (int i = 0; i < 3; i++)
            node[m] = nodes[i], item[m++] = -1 - (int)k;
    }
    n->dependent = sort_by_node(n_nodes, m, node, &n->first_dependent);
    for (size_t k = 0; k < m; k++)
        n->dependent[k] = item[n->dependent[k]];
    free(node);
    free(item);
}

/* Outputs on which nothing hangs but controlled currents between known nodes. */
static void find_late(struct network *n)
{
    for (size_t k = 0; k < n->n_controls; k++) {
        struct network_control *s = &n->controls[k];
        const int node = s->out;
        s->late = n->first_incident[node] == n->first_incident[node + 1];
        for (int i = n->first_dependent[node]; i < n->first_dependent[node + 1]; i++) {
            const int item = n->dependent[i];
            s->late &= item >= 0 && n->branches[item].kind == ELEMENT_VCCS &&
                       n->known[n->branches[item].a] && n->known[n->branches[item].b] &&
                       (n->branches[item].c == node || n->known[n->branches[item].c]) &&
                       (n->branches[item].d == node || n->known[n->branches[item].d]);
        }
    }
}

/* Known nodes whose voltages hang on a memory capacitor's. */
static void find_led(struct network *n)
{
    memset(n->led, 0, n->circuit->n_nodes * sizeof *n->led);
    for (size_t k = 0; k < n->n_known_ties; k++) {
        const struct network_tie *t = &n->ties[k];
        n->led[t->child] =
            t->memory || n->led[t->parent] || (t->controlled && (n->led[t->c] || n->led[t->d]));
    }
}

/* Everything whose current enters the sum of a node that a source holds. */
static void find_contacts(struct network *n)
{
    const size_t count = 2 * n->n_branches + n->n_ties + n->n_controls;
    struct network_contact *list = NEW(count, struct network_contact);
    int *node = NEW(count, int);
    size_t m = 0;
    for (size_t k = 0; k < n->n_branches; k++)
        for (int end = 0; end < 2; end++) {
            node[m] = n->branches[k].node[end];
            list[m++] = (struct network_contact){n->branches[k].number, end ? -1 : 1};
        }
    for (size_t k = 0; k < n->n_ties; k++) {
        node[m] = n->ties[k].parent;
        list[m++] = (struct network_contact){n->ties[k].element, -n->ties[k].sign};
    }
    for (size_t k = 0; k < n->n_controls; k++) {
        node[m] = n->controls[k].base;
        list[m++] = (struct network_contact){n->controls[k].number, -1};
    }
    int *order = sort_by_node(n->circuit->n_nodes, count, node, &n->first_contact);
    n->contacts = NEW(count, struct network_contact);
    n->shares = NEW(count, struct network_share);
    for (size_t k = 0; k < count; k++)
        n->contacts[k] = list[order[k]];
    free(order);
    free(list);
    free(node);
}

/* What network_connect() makes anew. */
static void forget(struct network *n)
{
    const size_t nodes = n->circuit->n_nodes;
    network_pattern_free(n);
    free(n->incident);
    free(n->first_incident);
    free(n->dependent);
    free(n->first_dependent);
    free(n->contacts);
    free(n->first_contact);
    free(n->shares);
    n->incident = n->first_incident = n->dependent = n->first_dependent = n->first_contact = NULL;
    n->contacts = NULL;
    n->shares = NULL;
    n->n_ties = n->n_branches = n->n_controls = n->n_moving = n->n_switched = 0;
    memset(n->known, 0, nodes * sizeof *n->known);
    memset(n->moves, 0, nodes * sizeof *n->moves);
    for (size_t i = 0; i < nodes; i++)
        n->control_of[i] = -1;
}

enum status network_connect(struct network *n, struct error *error)
{
    forget(n);
    enum status status = find_groups(n, error);
    for (size_t k = 0; k < n->circuit->n_elements && status == STATUS_OK; k++)
        status = add_element(n, k, error);
    if (status != STATUS_OK)
        return status;
    find_incident(n);
    find_contacts(n);
    find_late(n);
    find_led(n);
    return STATUS_OK;
}

struct network *network_new(const struct circuit *c, struct error *error)
{
    struct network *n = NEW(1, struct network);
    const size_t elements = c->n_elements, nodes = c->n_nodes;
    n->circuit = c;
    n->root = NEW(nodes, int);
    n->known = NEW(nodes, bool);
    n->ties = NEW(elements, struct network_tie);
    n->branches = NEW(elements, struct network_branch);
    n->controls = NEW(elements, struct network_control);
    n->control_of = NEW(nodes, int);
    n->memory = NEW(elements, bool);
    n->volt = NEW(elements, double);
    n->led = NEW(nodes, bool);
    n->from = NEW(elements, double);
    n->to = NEW(elements, double);
    n->conducts = NEW(elements, bool);
    n->idle = NEW(elements, bool);
    n->components = NEW(nodes + elements, struct network_component);
    n->owner = NEW(elements, int);
    n->leak_power = NEW(elements, double);
    n->leak = NEW(nodes, double);
    n->drawn = NEW(nodes, double);
    n->enter = NEW(nodes, double);
    n->hold = NEW(nodes, double);
    n->held = NEW(nodes, double);
    n->joined = NEW(nodes, int);
    n->component = NEW(nodes, int);
    n->order = NEW(nodes, int);
    n->cells = NEW(elements, struct network_cell);
    n->control_members = NEW(elements, int);
    n->follow = NEW(nodes, struct network_leader);
    n->values = NEW(circuit_n_values(c) + 1, double); /* network_flow.c: nowhere() */
    n->step = NEW(nodes + 1, double);
    n->moves = NEW(nodes, bool);
    n->end = NEW(nodes, double);
    n->marked = NEW(nodes, bool);
    n->live = NEW(nodes + elements, bool);
    n->flow_of = NEW(elements, int);
    for (size_t k = 0; k < elements; k++)
        n->flow_of[k] = -1;
    n->outflows = NEW(elements, struct network_outflow);
    n->late = NEW(elements, int);
    n->forward = NEW(elements, struct network_forward);
    n->flows = NEW(elements, struct network_flow);
    n->moving = NEW(elements, int);
    n->switched = NEW(2 * elements, int);
    if (network_connect(n, error) != STATUS_OK) {
        network_free(n);
        return NULL;
    }
    double highest = 0;
    for (size_t k = 0; k < elements; k++)
        if (element_type(&c->elements[k])->rest == REST_TIES) {
            n->from[k] = n->to[k] = c->elements[k].value;
            if (c->elements[k].value > highest)
                highest = c->elements[k].value;
        }
    for (size_t i = 1; i < nodes; i++)
        n->values[i] = 0.5 * highest;
    for (size_t s = 0; s < c->n_states; s++)
        n->values[circuit_state_value(c, (int)s)] = c->elements[c->state_elements[s]].x0;
    return n;
}
