/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the circuit to the system of dae.h: groups of nodes, compact elements, sparsity pattern. */
#include "engine/dae/dae.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "engine/dae/dae_flux.h"
#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct build {
    struct dae *dae;
    const struct circuit *circuit;
    bool *gate_driver;
    int *current; /* n_elements: unknown of its branch current, or -1 */
    /* contributions to the Jacobian in the order in which dae_jacobian makes them */
    struct contribution {
        int row, column; /* -1: nowhere */
    } * contributions;
    size_t n, capacity;
    size_t n_nowhere;                /* known nodes of elements */
    struct dae_channels *filling[2]; /* the block that fills, without and with body effect */
    size_t n_junctions;
    struct dae_junction *junctions; /* n_junctions */
    size_t *junction_of,
        *next_junction; /* 1 + last junction of a node; the one before a junction */
    struct error *error;
};

void dae_free(struct dae *d)
{
    if (!d)
        return;
    free(d->roots);
    free(d->unknown);
    free(d->ties);
    free(d->derived);
    free(d->differential);
    free(d->origins);
    free(d->resistors);
    free(d->switches);
    free(d->capacitors);
    free(d->currents);
    free(d->transconductors);
    free(d->channels);
    dae_junctions_free(&d->junctions);
    free(d->diodes);
    free(d->sum);
    free(d->constant);
    free(d->mass);
    free(d->memristors);
    free(d->controlled);
    free(d->fluxes);
    free(d->reach);
    free(d->columns);
    free(d->rows);
    free(d->stamps);
    free(d->from);
    free(d->to);
    free(d->values);
    free(d->slopes);
    free(d->leaving);
    free(d->resting);
    free(d);
}

static bool is_voltage(const struct element *e)
{
    return element_type(e)->law == LAW_VOLTAGE;
}

/* Voltage sources by their nodes: those of node k from first[k] to first[k + 1] of the list, which is
 * to be freed.  first: n_nodes + 1. */
static int *list_sources(const struct circuit *c, size_t *first)
{
    int *list = NEW(2 * c->n_elements, int);
    size_t *at = NEW(c->n_nodes + 1, size_t);
    for (size_t k = 0; k < c->n_elements; k++)
        for (int i = 0; i < 2 && is_voltage(&c->elements[k]); i++)
            first[c->elements[k].node[i] + 1]++;
    for (size_t j = 0; j < c->n_nodes; j++)
        first[j + 1] += first[j];
    memcpy(at, first, (c->n_nodes + 1) * sizeof *at);
    for (size_t k = 0; k < c->n_elements; k++)
        for (int i = 0; i < 2 && is_voltage(&c->elements[k]); i++)
            list[at[c->elements[k].node[i]]++] = (int)k;
    free(at);
    return list;
}

/* A linear controlled source that drives gates only needs no unknown: its node follows its control. */
static bool is_derived(const struct build *b, const struct element *e)
{
    return element_type(e)->derives && b->gate_driver[e - b->circuit->elements];
}

/* Grow the groups of nodes from ground, then from every node not yet reached: each source with one
 * end in a group ties its other end to it. */
static enum status find_groups(struct build *b)
{
    const struct circuit *c = b->circuit;
    struct dae *d = b->dae;
    bool *reached = NEW(c->n_nodes, bool), *used = NEW(c->n_elements, bool);
    int *queue = NEW(c->n_nodes, int);
    size_t *first = NEW(c->n_nodes + 1, size_t); /* of each node's sources */
    int *sources = list_sources(c, first);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < d->n_derived; k++)
        reached[d->derived[k]->node[0]] = true;
    for (size_t root = 0; root < c->n_nodes && status == STATUS_OK; root++) {
        if (reached[root])
            continue;
        const int unknown = root == 0 ? -1 : (int)d->n_roots;
        size_t head = 0, tail = 0;
        if (root > 0)
            d->roots[d->n_roots++] = (int)root;
        reached[root] = true;
        queue[tail++] = (int)root;
        while (head < tail) {
            const int node = queue[head++];
            d->unknown[node] = unknown;
            for (size_t i = first[node]; i < first[node + 1]; i++) {
                const int k = sources[i];
                const struct element *e = &c->elements[k];
                if (used[k])
                    continue;
                const bool up = e->node[1] == node; /* v(0) = v(1) + volt: child is node 0 */
                const int child = e->node[up ? 0 : 1];
                used[k] = true;
                if (reached[child]) {
                    status = element_fail(b->error, e, " closes a loop of voltage sources");
                    break;
                }
                reached[child] = true;
                d->ties[d->n_ties++] = (struct dae_tie){.child = child,
                                                        .parent = node,
                                                        .element = k,
                                                        .branch = e->branch,
                                                        .external = e->external,
                                                        .boundary = e->boundary,
                                                        .sign = up ? 1 : -1,
                                                        .volt = e->value};
                queue[tail++] = child;
            }
        }
        if (root == 0)
            d->n_known_ties = d->n_ties;
    }
    free(reached);
    free(used);
    free(queue);
    free(first);
    free(sources);
    return status;
}

static void contribute(struct build *b, int row, int column)
{
    b->contributions =
        memory_grow(b->contributions, &b->capacity, b->n + 1, sizeof *b->contributions);
    b->contributions[b->n++] = (struct contribution){row, column};
}

/* Rows of the first two nodes against columns of `columns`: (0,0) (0,1) (1,0) (1,1). */
static void contribute_square(struct build *b, const int *rows, const int *columns)
{
    const int *u = b->dae->unknown;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            contribute(b, u[rows[i]], u[columns[j]]);
}

/* Places of two nodes' unknowns in dae->sum. */
static void find_rows(struct build *b, const int *node, int row[2])
{
    const struct dae *d = b->dae;
    for (int i = 0; i < 2; i++)
        row[i] = d->unknown[node[i]] < 0 ? (int)(d->n + b->n_nowhere++ % DAE_NOWHERE)
                                         : d->unknown[node[i]];
}

static void linear(struct build *b, struct dae_linear *list, size_t *n, const struct element *e,
                   double value, const int *columns)
{
    struct dae_linear *l = &list[(*n)++];
    memcpy(l->node, e->node, sizeof l->node);
    find_rows(b, e->node, l->row);
    l->value = value;
    l->stamp = (int)b->n;
    l->number = (int)(e - b->circuit->elements);
    contribute_square(b, e->node, columns);
}

static void differential(struct dae *d, const int *node)
{
    for (int i = 0; i < 2; i++)
        if (d->unknown[node[i]] >= 0)
            d->differential[d->unknown[node[i]]] = true;
}

/* The bulk diode between two nodes: added to one of its kind that is there already.  Returns which
 * junction, or -1 between tied nodes. */
static int add_junction(struct build *b, const int *ends, const struct mos1_device *p)
{
    if (ends[0] == ends[1])
        return -1;
    for (size_t k = b->junction_of[ends[1]]; k > 0; k = b->next_junction[k - 1]) {
        struct dae_junction *same = &b->junctions[k - 1];
        if (same->node[0] == ends[0] && same->sign == p->sign) {
            same->is += p->is;
            same->gmin += p->gmin;
            return (int)k - 1;
        }
    }
    const int *u = b->dae->unknown;
    b->junctions[b->n_junctions++] = (struct dae_junction){.node = {ends[0], ends[1]},
                                                           .row = {u[ends[0]], u[ends[1]]},
                                                           .stamp = (int)b->n,
                                                           .sign = p->sign,
                                                           .vt = p->vt,
                                                           .is = p->is,
                                                           .gmin = p->gmin};
    contribute_square(b, ends, ends);
    b->next_junction[b->n_junctions - 1] = b->junction_of[ends[1]];
    b->junction_of[ends[1]] = b->n_junctions;
    return (int)b->n_junctions - 1;
}

static int by_bulk(const void *a, const void *b)
{
    const struct dae_junction *p = a, *q = b;
    return p->node[0] != q->node[0] ? (p->node[0] > q->node[0]) - (p->node[0] < q->node[0])
                                    : (p->stamp > q->stamp) - (p->stamp < q->stamp);
}

/* All of one bulk behind each other. */
static void sort_junctions(struct build *b)
{
    struct dae *d = b->dae;
    const size_t n = b->n_junctions;
    int *place = NEW(n, int), *order = NEW(d->n_stamps + 1, int);
    for (size_t k = 0; k < n; k++)
        order[b->junctions[k].stamp] = (int)k;
    qsort(b->junctions, n, sizeof *b->junctions, by_bulk);
    for (size_t k = 0; k < n; k++)
        place[order[b->junctions[k].stamp]] = (int)k;
    for (size_t k = 0; k < d->n_mosfets; k++)
        for (int i = 0; i < 2; i++) {
            int *at = &d->diodes[k].junction[i];
            *at = *at < 0 ? (int)n : place[*at];
        }
    dae_junctions_new(&d->junctions, b->junctions, n);
    free(place);
    free(order);
}

static enum status add_transistor(struct build *b, const struct element *e)
{
    struct dae *d = b->dae;
    const int *u = d->unknown, *node = e->node, number = (int)(e - b->circuit->elements);
    const struct mos1_device constants =
        mos1_prepare(e->mos, &e->geometry, d->thermal, CIRCUIT_GMIN);
    struct dae_channels **filling = &b->filling[constants.gamma != 0], *m = *filling;
    if (!m || m->n == DAE_LANES)
        m = *filling = &d->channels[d->n_channels++];
    const int lane = m->n;
    dae_channels_add(m, &constants, node, number);
    struct dae_diodes *diodes = &d->diodes[d->n_mosfets++];
    *diodes = (struct dae_diodes){
        .number = number, .sign = constants.sign, .is = constants.is, .gmin = constants.gmin};
    for (int i = 0; i < 2; i++) {
        const int row = u[node[2 * i]];
        if (row >= 0) {
            m->row_of[m->n_rows] = (unsigned char)(i * DAE_LANES + lane);
            m->rows[m->n_rows++] = row;
        }
        for (int j = 0; j < (m->body ? 4 : 3); j++)
            if (row >= 0 && u[node[j]] >= 0) {
                m->place_of[m->n_places] = (unsigned char)((4 * i + j) * DAE_LANES + lane);
                m->places[m->n_places++] = (int32_t)b->n; /* until the pattern is known */
                contribute(b, row, u[node[j]]);
            }
        diodes->junction[i] = add_junction(b, (const int[2]){node[3], node[2 * i]}, &constants);
    }
    return STATUS_OK;
}

/* Each adds an element of one law (element.h). */
static enum status add_conductance(struct build *b, const struct element *e)
{
    linear(b, b->dae->resistors, &b->dae->n_resistors, e, 1 / e->value, e->node);
    return STATUS_OK;
}

static enum status add_capacitance(struct build *b, const struct element *e)
{
    linear(b, b->dae->capacitors, &b->dae->n_capacitors, e, e->value, e->node);
    differential(b->dae, e->node);
    return STATUS_OK;
}

static enum status add_source(struct build *b, const struct element *e)
{
    linear(b, b->dae->currents, &b->dae->n_currents, e, e->value, e->node);
    return STATUS_OK;
}

static enum status add_transconductance(struct build *b, const struct element *e)
{
    linear(b, b->dae->transconductors, &b->dae->n_transconductors, e, e->value, e->node + 2);
    return STATUS_OK;
}

static enum status add_switch(struct build *b, const struct element *e)
{
    linear(b, b->dae->switches, &b->dae->n_switches, e, e->value, e->node);
    contribute_square(b, e->node, e->node + 2);
    return STATUS_OK;
}

static struct dae_device new_device(struct build *b, const struct element *e, size_t unknown)
{
    struct dae_device device = {.element = e,
                                .stamp = (int)b->n,
                                .number = (int)(e - b->circuit->elements),
                                .unknown = (int)unknown};
    memcpy(device.node, e->node, sizeof device.node);
    find_rows(b, e->node, device.row);
    return device;
}

static enum status add_memory(struct build *b, const struct element *e)
{
    struct dae *d = b->dae;
    const int *u = d->unknown, *node = e->node;
    const size_t first_state = d->n - d->n_states;
    struct dae_device device = new_device(b, e, first_state + (size_t)e->state);
    const int n_hidden = (int)e->dopant->model->n_hidden, x = device.unknown;
    device.hidden = n_hidden > 0 ? (int)(first_state + b->circuit->n_states) + e->hidden : -1;
    contribute_square(b, node, node);
    contribute(b, u[node[0]], x);
    contribute(b, u[node[1]], x);
    for (int k = 0; k <= n_hidden; k++) {
        const int row = k == 0 ? x : device.hidden + k - 1;
        contribute(b, row, u[node[0]]);
        contribute(b, row, u[node[1]]);
        for (int j = 0; j <= n_hidden; j++)
            contribute(b, row, j == 0 ? x : device.hidden + j - 1);
        d->differential[row] = true;
    }
    d->origins[e->state] = model_origin(e->dopant->model, e->dopant->constants);
    d->memristors[d->n_memristors++] = device;
    return STATUS_OK;
}

/* Unless it is among dae->derived. */
static enum status add_branch(struct build *b, const struct element *e)
{
    struct dae *d = b->dae;
    const int i = b->current[e - b->circuit->elements];
    if (i < 0)
        return STATUS_OK;
    d->controlled[(size_t)i - d->n_roots] = new_device(b, e, (size_t)i);
    contribute(b, d->unknown[e->node[0]], i);
    contribute(b, d->unknown[e->node[1]], i);
    for (int k = 0; k < 4; k++)
        contribute(b, i, d->unknown[e->node[k]]);
    return STATUS_OK;
}

/* It ties nodes (find_groups), or acts by fluxes alone. */
static enum status add_nothing(struct build *b, const struct element *e)
{
    (void)b, (void)e;
    return STATUS_OK;
}

static enum status add_netlist(struct build *b, const struct element *e)
{
    return fail_unable_element(b->error, ENGINE_SUBCIRCUITS, e, element_type(e)->refusal);
}

static enum status (*const add_law[ELEMENT_LAWS])(struct build *b, const struct element *e) = {
    [LAW_CONDUCTANCE] = add_conductance, [LAW_CAPACITANCE] = add_capacitance,
    [LAW_SOURCE] = add_source,           [LAW_TRANSCONDUCTANCE] = add_transconductance,
    [LAW_SWITCH] = add_switch,           [LAW_TRANSISTOR] = add_transistor,
    [LAW_MEMORY] = add_memory,           [LAW_VOLTAGE] = add_nothing,
    [LAW_BRANCH] = add_branch,           [LAW_NONE] = add_nothing,
    [LAW_NETLIST] = add_netlist,
};

/* Unknowns of branch currents: first those without a slope. */
static enum status number_branches(struct build *b)
{
    const struct circuit *c = b->circuit;
    struct dae *d = b->dae;
    const enum status status = dae_list_fluxes(d, b->error);
    bool *inductive = NEW(c->n_elements, bool);
    for (size_t k = 0; k < d->n_fluxes; k++)
        inductive[d->fluxes[k].column] = true;
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < c->n_elements; k++) {
            const struct element *e = &c->elements[k];
            if (pass == 0)
                b->current[k] = -1;
            if (element_type(e)->law != LAW_BRANCH || is_derived(b, e) ||
                inductive[k] != (pass == 1))
                continue;
            b->current[k] = (int)(d->n_roots + d->n_controlled++);
            d->n_inductive += (size_t)pass;
        }
    free(inductive);
    d->reach = NEW(d->n_inductive, double);
    return status;
}

static void add_fluxes(struct build *b)
{
    struct dae *d = b->dae;
    for (size_t k = 0; k < d->n_fluxes; k++) {
        struct dae_flux *f = &d->fluxes[k];
        f->row = b->current[f->row];
        f->column = b->current[f->column];
        f->stamp = (int)b->n;
        d->differential[f->column] = true;
        contribute(b, f->row, f->column);
    }
}

static int by_column(const void *a, const void *b)
{
    const struct contribution *const *p = a, *const *q = b;
    if ((*p)->column != (*q)->column)
        return (*p)->column < (*q)->column ? -1 : 1;
    return ((*p)->row > (*q)->row) - ((*p)->row < (*q)->row);
}

/* Compressed columns of the union of all contributions. */
static void make_pattern(struct build *b)
{
    struct dae *d = b->dae;
    struct contribution **sorted = NEW(b->n, struct contribution *);
    size_t n_sorted = 0;
    d->n_stamps = b->n;
    d->stamps = NEW(b->n, int32_t);
    d->columns = NEW(d->n + 1, int64_t);
    d->rows = NEW(b->n, int64_t);
    for (size_t k = 0; k < b->n; k++)
        if (b->contributions[k].row >= 0 && b->contributions[k].column >= 0)
            sorted[n_sorted++] = &b->contributions[k];
    qsort(sorted, n_sorted, sizeof *sorted, by_column);
    for (size_t k = 0; k < n_sorted; k++) {
        if (k == 0 || by_column(&sorted[k - 1], &sorted[k]) != 0) {
            d->rows[d->n_entries++] = sorted[k]->row;
            d->columns[sorted[k]->column + 1]++;
        }
        d->stamps[sorted[k] - b->contributions] = (int32_t)d->n_entries - 1;
    }
    for (size_t j = 0; j < d->n; j++)
        d->columns[j + 1] += d->columns[j];
    for (size_t k = 0; k < b->n; k++)
        if (b->contributions[k].row < 0 || b->contributions[k].column < 0)
            d->stamps[k] = (int32_t)d->n_entries;
    free(sorted);
}

static void find_places(struct dae *d)
{
    for (size_t k = 0; k < d->n_channels; k++)
        for (int i = 0; i < d->channels[k].n_places; i++)
            d->channels[k].places[i] = d->stamps[d->channels[k].places[i]];
}

/* Put transistors whose gate voltage follows from known nodes alone first; the order is kept
 * otherwise. */
static void sort_gates(struct dae *d)
{
    const size_t n = d->n_derived;
    const struct element **rest = NEW(n, const struct element *);
    bool *known = NEW(d->circuit->n_nodes, bool);
    size_t n_rest = 0;
    for (size_t k = 0; k < d->circuit->n_nodes; k++)
        known[k] = d->unknown[k] < 0;
    for (size_t k = 0; k < n; k++)
        known[d->derived[k]->node[0]] = false;
    for (size_t k = 0; k < n; k++) {
        const struct element *e = d->derived[k];
        if (known[e->node[1]] && known[e->node[2]] && known[e->node[3]]) {
            known[e->node[0]] = true;
            d->derived[d->n_known_gates++] = e;
        } else {
            rest[n_rest++] = e;
        }
    }
    memcpy(d->derived + d->n_known_gates, rest, n_rest * sizeof *rest);
    free(rest);
    free(known);
}

static void allocate(struct dae *d, const struct circuit *c)
{
    const size_t n = c->n_elements;
    d->roots = NEW(c->n_nodes, int);
    d->unknown = NEW(c->n_nodes, int);
    d->ties = NEW(n, struct dae_tie);
    d->derived = NEW(n, const struct element *);
    d->resistors = NEW(n, struct dae_linear);
    d->switches = NEW(n, struct dae_linear);
    d->capacitors = NEW(n, struct dae_linear);
    d->currents = NEW(n, struct dae_linear);
    d->transconductors = NEW(n, struct dae_linear);
    d->channels = NEW(n / DAE_LANES + 2, struct dae_channels);
    d->diodes = NEW(n, struct dae_diodes);
    d->memristors = NEW(n, struct dae_device);
    d->controlled = NEW(n, struct dae_device);
    d->from = NEW(n, double);
    d->to = NEW(n, double);
    d->values = NEW(circuit_n_values(c), double);
    d->slopes = NEW(c->n_nodes, double);
    d->leaving = NEW(c->n_nodes, double);
    d->resting = NEW(c->n_nodes, double);
}

struct dae *dae_new(const struct circuit *c, struct error *error)
{
    struct dae *d = NEW(1, struct dae);
    struct build b = {.dae = d, .circuit = c, .error = error};
    d->circuit = c;
    d->thermal = BOLTZMANN * c->temperature / ELECTRON_CHARGE;
    d->n_states = c->n_states + c->n_hidden;
    d->origins = NEW(d->n_states, double);
    allocate(d, c);
    b.gate_driver = NEW(c->n_elements, bool);
    circuit_gate_drivers(c, b.gate_driver);
    b.current = NEW(c->n_elements, int);
    for (size_t k = 0; k < c->n_elements; k++)
        if (is_derived(&b, &c->elements[k]))
            d->derived[d->n_derived++] = &c->elements[k];
    enum status status = find_groups(&b);
    for (size_t k = 0; k < d->n_derived; k++)
        d->unknown[d->derived[k]->node[0]] = -1;
    sort_gates(d);
    if (status == STATUS_OK)
        status = number_branches(&b);
    d->n = d->n_roots + d->n_controlled + d->n_states;
    d->sum = NEW(d->n + DAE_NOWHERE, double);
    b.junction_of = NEW(c->n_nodes, size_t);
    b.next_junction = NEW(2 * c->n_elements, size_t);
    b.junctions = NEW(2 * c->n_elements, struct dae_junction);
    d->differential = NEW(d->n, bool);
    for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++)
        status = add_law[element_type(&c->elements[k])->law](&b, &c->elements[k]);
    if (status == STATUS_OK)
        add_fluxes(&b);
    /* a place on the diagonal for the operating point's GMIN */
    for (size_t k = 0; k < d->n_roots; k++)
        contribute(&b, (int)k, (int)k);
    if (status == STATUS_OK) {
        make_pattern(&b);
        sort_junctions(&b);
    }
    free(b.gate_driver);
    free(b.current);
    free(b.contributions);
    free(b.junction_of);
    free(b.next_junction);
    free(b.junctions);
    if (status != STATUS_OK) {
        dae_free(d);
        return NULL;
    }
    d->constant = NEW(d->n_entries + 1, double);
    d->mass = NEW(d->n_entries + 1, double);
    find_places(d);
    dae_constant_jacobian(d);
    return d;
}
