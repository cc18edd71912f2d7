/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the circuit to the system of dae.h: groups of nodes, compact elements, sparsity pattern. */
#include "engine/dae.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct build {
    struct dae *dae;
    const struct circuit *circuit;
    bool *gate_driver;
    /* contributions to the Jacobian in the order in which dae_jacobian makes them */
    struct contribution {
        int row, column; /* -1: nowhere */
    } * contributions;
    size_t n, capacity;
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
    free(d->resistors);
    free(d->switches);
    free(d->capacitors);
    free(d->currents);
    free(d->transconductors);
    free(d->mosfets);
    free(d->constant);
    free(d->mass);
    free(d->memristors);
    free(d->controlled);
    free(d->columns);
    free(d->rows);
    free(d->stamps);
    free(d->from);
    free(d->to);
    free(d->values);
    free(d->slopes);
    free(d->leaving);
    free(d->currents_at.at);
    free(d->currents_at.moved);
    free(d->jacobian_at.at);
    free(d->jacobian_at.moved);
    free(d->channel_currents.sum);
    free(d->channel_jacobian.sum);
    free(d);
}

/* Grow the groups of nodes from ground, then from every node not yet reached: each source with one
 * end in a group ties its other end to it. */
static enum status find_groups(struct build *b)
{
    const struct circuit *c = b->circuit;
    struct dae *d = b->dae;
    bool *reached = NEW(c->n_nodes, bool), *used = NEW(c->n_elements, bool);
    int *queue = NEW(c->n_nodes, int);
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
            for (size_t k = 0; k < c->n_elements; k++) {
                const struct element *e = &c->elements[k];
                if (e->kind != ELEMENT_VOLTAGE || used[k] ||
                    (e->node[0] != node && e->node[1] != node))
                    continue;
                const bool up = e->node[1] == node; /* v(0) = v(1) + volt: child is node 0 */
                const int child = e->node[up ? 0 : 1];
                used[k] = true;
                if (reached[child]) {
                    status = fail(b->error, STATUS_INPUT, "%s closes a loop of voltage sources",
                                  e->name);
                    break;
                }
                reached[child] = true;
                d->ties[d->n_ties++] = (struct dae_tie){.child = child,
                                                        .parent = node,
                                                        .element = (int)k,
                                                        .branch = e->branch,
                                                        .external = e->external,
                                                        .boundary = e->boundary,
                                                        .sign = up ? 1 : -1,
                                                        .volt = e->value};
                queue[tail++] = child;
            }
        }
    }
    free(reached);
    free(used);
    free(queue);
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

static void linear(struct build *b, struct dae_linear *list, size_t *n, const struct element *e,
                   double value, const int *columns)
{
    struct dae_linear *l = &list[(*n)++];
    memcpy(l->node, e->node, sizeof l->node);
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

static enum status add_element(struct build *b, size_t number)
{
    struct dae *d = b->dae;
    const struct element *e = &b->circuit->elements[number];
    const int *u = d->unknown, *node = e->node;
    struct dae_device device = {
        .element = e, .stamp = (int)b->n, .number = (int)number, .unknown = -1};
    memcpy(device.node, node, sizeof device.node);
    switch (e->kind) {
    case ELEMENT_RESISTOR:
        linear(b, d->resistors, &d->n_resistors, e, 1 / e->value, node);
        break;
    case ELEMENT_SWITCH:
        linear(b, d->switches, &d->n_switches, e, e->value, node);
        contribute_square(b, node, node + 2);
        break;
    case ELEMENT_CAPACITOR:
        linear(b, d->capacitors, &d->n_capacitors, e, e->value, node);
        differential(d, node);
        break;
    case ELEMENT_CURRENT:
        linear(b, d->currents, &d->n_currents, e, e->value, node);
        break;
    case ELEMENT_VCCS:
        linear(b, d->transconductors, &d->n_transconductors, e, e->value, node + 2);
        break;
    case ELEMENT_MOSFET: {
        struct dae_mosfet *m = &d->mosfets[d->n_mosfets++];
        *m = (struct dae_mosfet){
            .stamp = (int)b->n,
            .number = (int)number,
            .constants = mos1_prepare(e->mos, &e->geometry, d->thermal, CIRCUIT_GMIN),
        };
        memcpy(m->node, node, sizeof m->node);
        for (int i = 0; i < 4; i += 2)
            for (int j = 0; j < 4; j++)
                contribute(b, u[node[i]], u[node[j]]);
        for (int i = 0; i < 4; i += 2) {
            const int ends[2] = {node[3], node[i]};
            contribute_square(b, ends, ends);
        }
        break;
    }
    case ELEMENT_MEMRISTOR: {
        const int x = device.unknown = (int)(d->n - d->n_states) + e->state;
        contribute_square(b, node, node);
        contribute(b, u[node[0]], x);
        contribute(b, u[node[1]], x);
        contribute(b, x, u[node[0]]);
        contribute(b, x, u[node[1]]);
        contribute(b, x, x);
        d->differential[x] = true;
        d->memristors[d->n_memristors++] = device;
        break;
    }
    case ELEMENT_VCVS:
    case ELEMENT_TRANSFER: {
        if (b->gate_driver[number] && e->kind == ELEMENT_VCVS)
            break;
        const int i = device.unknown = (int)(d->n_roots + d->n_controlled);
        contribute(b, u[node[0]], i);
        contribute(b, u[node[1]], i);
        for (int k = 0; k < 4; k++)
            contribute(b, i, u[node[k]]);
        d->controlled[d->n_controlled++] = device;
        break;
    }
    case ELEMENT_VOLTAGE:
        break;
    case ELEMENT_OPAQUE:
        return fail_unable(b->error, ENGINE_SUBCIRCUITS,
                           "element %s is a subcircuit that only SPICE can run", e->name);
    }
    return STATUS_OK;
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
    d->mosfets = NEW(n, struct dae_mosfet);
    d->memristors = NEW(n, struct dae_device);
    d->controlled = NEW(n, struct dae_device);
    d->from = NEW(n, double);
    d->to = NEW(n, double);
    d->values = NEW(circuit_n_values(c), double);
    d->slopes = NEW(c->n_nodes, double);
    d->leaving = NEW(c->n_nodes, double);
    struct dae_motion *const motions[] = {&d->currents_at, &d->jacobian_at};
    for (int i = 0; i < 2; i++) {
        motions[i]->at = NEW(c->n_nodes, double);
        motions[i]->moved = NEW(c->n_nodes, unsigned char);
        for (size_t k = 0; k < c->n_nodes; k++)
            motions[i]->at[k] = NAN;
    }
    d->currents_at.limit = DAE_MOVED;
    d->jacobian_at.limit = DAE_MOVED_JACOBIAN;
    d->channel_currents.sum = NEW(c->n_nodes, double);
}

struct dae *dae_new(const struct circuit *c, struct error *error)
{
    struct dae *d = NEW(1, struct dae);
    struct build b = {.dae = d, .circuit = c, .error = error};
    d->circuit = c;
    d->thermal = BOLTZMANN * c->temperature / ELECTRON_CHARGE;
    d->n_states = c->n_states;
    allocate(d, c);
    b.gate_driver = NEW(c->n_elements, bool);
    circuit_gate_drivers(c, b.gate_driver);
    size_t n_controlled = 0;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind == ELEMENT_VCVS && b.gate_driver[k])
            d->derived[d->n_derived++] = e;
        else if (e->kind == ELEMENT_VCVS || e->kind == ELEMENT_TRANSFER)
            n_controlled++;
    }
    enum status status = find_groups(&b);
    for (size_t k = 0; k < d->n_derived; k++)
        d->unknown[d->derived[k]->node[0]] = -1;
    d->n = d->n_roots + n_controlled + d->n_states;
    d->differential = NEW(d->n, bool);
    for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++)
        status = add_element(&b, k);
    /* a place on the diagonal for the operating point's GMIN */
    for (size_t k = 0; k < d->n_roots; k++)
        contribute(&b, (int)k, (int)k);
    if (status == STATUS_OK)
        make_pattern(&b);
    free(b.gate_driver);
    free(b.contributions);
    if (status != STATUS_OK) {
        dae_free(d);
        return NULL;
    }
    d->constant = NEW(d->n_entries + 1, double);
    d->mass = NEW(d->n_entries + 1, double);
    d->channel_jacobian.sum = NEW(d->n_entries + 1, double);
    dae_constant_jacobian(d);
    return d;
}
