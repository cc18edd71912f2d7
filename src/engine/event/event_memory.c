/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shift of a voltage for the derivatives L, which a network without curved elements has anywhere: far above
 * the error of the network's solution.  Else far below kT/q. */
#define SHIFT_STRAIGHT 0.05 /* [V] */
#define SHIFT 1e-4
/* Of the tolerance: error of one step.  Steps that are not exact are those in which something else moves, some
 * twenty at each edge of a switch, and what a capacitor leaks it forgets. */
#define STEP_PART 0.1

void event_memory_new(struct event_memory *m, const struct circuit *c)
{
    *m = (struct event_memory){.component_group = NEW(c->n_nodes + c->n_elements, int),
                               .node_group = NEW(c->n_nodes, int),
                               .flow_group = NEW(c->n_elements, int),
                               .ampere = NEW(c->n_elements, double),
                               .kept = NEW(circuit_n_values(c), double),
                               .first = NEW(circuit_n_values(c), double),
                               .middle = NEW(circuit_n_values(c), double),
                               .live = NEW(c->n_nodes + c->n_elements, bool)};
}

static void free_groups(struct event_memory *m)
{
    for (size_t g = 0; g < m->n_groups; g++) {
        struct event_group *group = &m->groups[g];
        free(group->l);
        for (size_t k = 0; k < sizeof group->by / sizeof *group->by; k++)
            free(group->by[k]);
        event_phis_free(&group->whole);
        event_phis_free(&group->half);
        event_moments_free(&group->moments);
    }
    free(m->groups);
    free(m->capacitors);
    m->groups = NULL;
    m->capacitors = NULL;
    m->n = m->n_groups = m->largest = 0;
}

void event_memory_free(struct event_memory *m)
{
    free_groups(m);
    free(m->component_group);
    free(m->node_group);
    free(m->flow_group);
    free(m->ampere);
    free(m->kept);
    free(m->first);
    free(m->middle);
    free(m->live);
    free(m->volt_part);
    free(m->ampere_part);
}

/* Capacitor k acts on this; so does all that is joined with *owner. */
static void join(int *joined, int *owner, int k)
{
    if (*owner >= 0)
        joined[network_representative(joined, *owner)] = network_representative(joined, k);
    *owner = k;
}

/* marked[]: the known nodes that the capacitor's voltage moves. */
static void mark_nodes(const struct network *n, int element, bool *marked)
{
    memset(marked, 0, n->circuit->n_nodes * sizeof *marked);
    for (size_t k = 0; k < n->n_known_ties; k++) {
        const struct network_tie *t = &n->ties[k];
        marked[t->child] = (t->memory && t->element == element) || marked[t->parent] ||
                           (t->controlled && (marked[t->c] || marked[t->d]));
    }
}

/* reached[]: the components on which such a node acts. */
static void reach(struct network *n, const bool *marked, bool *reached)
{
    memset(reached, 0, n->n_components * sizeof *reached);
    for (size_t i = 0; i < n->circuit->n_nodes; i++) {
        if (!marked[i])
            continue;
        for (int k = n->first_incident[i]; k < n->first_incident[i + 1]; k++)
            if (n->owner[n->incident[k]] >= 0)
                reached[n->owner[n->incident[k]]] = true;
        for (int k = n->first_dependent[i]; k < n->first_dependent[i + 1]; k++) {
            const int item = n->dependent[k];
            const int component =
                item >= 0 ? n->owner[item] : n->component[n->controls[-1 - item].out];
            if (component >= 0)
                reached[component] = true;
        }
    }
    network_spread(n, reached, marked);
}

/* Join the k-th capacitor with all that act on what it acts on. */
static void join_reached(struct event_memory *m, struct network *n, int *joined, int k)
{
    mark_nodes(n, m->capacitors[k].element, n->marked);
    reach(n, n->marked, m->live);
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        if (n->marked[i])
            join(joined, &m->node_group[i], k);
    for (size_t i = 0; i < n->n_components; i++)
        if (m->live[i])
            join(joined, &m->component_group[i], k);
    for (size_t f = 0; f < n->n_forward; f++)
        if (n->forward[f].lives)
            join(joined, &m->node_group[n->controls[n->forward[f].control].out], k);
}

static void new_group(struct event_group *g, size_t first, size_t n)
{
    *g = (struct event_group){.first = first, .n = n, .l = NEW(n * n, double)};
    for (size_t k = 0; k < sizeof g->by / sizeof *g->by; k++)
        g->by[k] = NEW(n, double);
    event_phis_new(&g->whole, n);
    event_phis_new(&g->half, n);
    event_moments_new(&g->moments, n);
}

/* Put the capacitors in groups; group[k]: of the k-th before that. */
static void sort_groups(struct event_memory *m, int *joined, int *group)
{
    struct event_capacitor *sorted = NEW(m->n, struct event_capacitor);
    size_t next = 0;
    m->groups = NEW(m->n, struct event_group);
    for (size_t k = 0; k < m->n; k++) {
        if (network_representative(joined, (int)k) != (int)k)
            continue;
        const size_t first = next;
        for (size_t i = 0; i < m->n; i++)
            if (network_representative(joined, (int)i) == (int)k) {
                group[i] = (int)m->n_groups;
                sorted[next++] = m->capacitors[i];
            }
        new_group(&m->groups[m->n_groups++], first, next - first);
        m->largest = next - first > m->largest ? next - first : m->largest;
    }
    free(m->capacitors);
    m->capacitors = sorted;
}

static void find_groups(struct event_memory *m, struct network *n)
{
    int *joined = NEW(m->n, int), *group = NEW(m->n, int);
    for (size_t k = 0; k < m->n; k++)
        joined[k] = (int)k;
    for (size_t k = 0; k < m->n; k++)
        join_reached(m, n, joined, (int)k);
    sort_groups(m, joined, group);
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        if (m->node_group[i] >= 0)
            m->node_group[i] = group[m->node_group[i]];
    for (size_t i = 0; i < n->n_components; i++)
        if (m->component_group[i] >= 0)
            m->component_group[i] = group[m->component_group[i]];
    free(joined);
    free(group);
}

void event_memory_pattern(struct event_steps *s)
{
    struct event_memory *m = &s->memory;
    struct network *n = s->network;
    const size_t n_elements = s->circuit->n_elements;
    free_groups(m);
    m->solved = m->fresh = false;
    for (size_t k = 0; n->remembers && k < n_elements; k++)
        m->n += n->memory[k];
    if (m->n == 0)
        return;
    m->capacitors = NEW(m->n, struct event_capacitor);
    for (size_t k = 0, next = 0; k < n_elements; k++)
        if (n->memory[k])
            m->capacitors[next++] = (struct event_capacitor){
                .element = (int)k, .farad = s->circuit->elements[k].value, .u = n->volt[k]};
    for (size_t i = 0; i < s->circuit->n_nodes; i++)
        m->node_group[i] = -1;
    for (size_t i = 0; i < n->n_components; i++)
        m->component_group[i] = -1;
    find_groups(m, n);
    const size_t parts = m->largest * n_elements;
    m->volt_part = memory_grow(m->volt_part, &m->volt_capacity, parts, sizeof *m->volt_part);
    m->ampere_part =
        memory_grow(m->ampere_part, &m->ampere_capacity, parts, sizeof *m->ampere_part);
}

/* What moves the node's voltage. */
static int group_of_node(const struct event_memory *m, const struct network *n, int node)
{
    const int root = n->root[node];
    if (m->node_group[root] >= 0)
        return m->node_group[root];
    return n->component[root] >= 0 ? m->component_group[n->component[root]] : -1;
}

void event_memory_flows(struct event_steps *s)
{
    struct event_memory *m = &s->memory;
    const struct network *n = s->network;
    size_t flow = 0;
    if (m->n == 0)
        return;
    for (size_t i = 0; i < n->n_components; i++)
        for (size_t k = 0; n->live[i] && k < n->components[i].n_cells; k++)
            m->flow_group[flow++] = m->component_group[i];
    for (; flow < n->n_flows; flow++) {
        const int p = group_of_node(m, n, n->flows[flow].p);
        m->flow_group[flow] = p >= 0 ? p : group_of_node(m, n, n->flows[flow].n);
    }
}

bool event_memory_solve(struct event_steps *s, double t)
{
    struct network *n = s->network;
    struct event_memory *m = &s->memory;
    memcpy(m->live, n->live, n->n_components * sizeof *m->live);
    for (size_t i = 0; i < n->n_components; i++)
        n->live[i] &= m->component_group[i] >= 0;
    const bool done = event_steps_solve(s, t);
    memcpy(n->live, m->live, n->n_components * sizeof *m->live);
    return done;
}

/* Is all that is live linear, with conductances that stay as long as the states do? */
static bool is_straight(const struct event_steps *s)
{
    const struct network *n = s->network;
    for (size_t i = 0; i < n->n_components; i++) {
        const struct network_component *p = &n->components[i];
        if (n->live[i] && (!p->linear || (s->moving ? p->turns : p->memory_turns)))
            return false;
    }
    for (size_t f = 0; f < n->n_forward; f++)
        if (n->forward[f].lives && n->controls[n->forward[f].control].element->kind != ELEMENT_VCVS)
            return false;
    return n->n_late == 0;
}

static double current(const struct event_steps *s, const double *ampere, size_t k)
{
    return ampere[s->network->flow_of[s->memory.capacitors[k].element]];
}

/* The j-th column of every group's L: all of the j-th capacitors are shifted together, as none of them acts
 * on another group. */
static bool find_column(struct event_steps *s, double t, size_t j, double shift)
{
    struct event_memory *m = &s->memory;
    struct network *n = s->network;
    const size_t bytes = circuit_n_values(s->circuit) * sizeof *n->values;
    memcpy(m->kept, n->values, bytes);
    for (size_t g = 0; g < m->n_groups; g++)
        if (j < m->groups[g].n)
            n->volt[m->capacitors[m->groups[g].first + j].element] += shift;
    const bool done = event_memory_solve(s, t);
    network_currents(n, m->ampere);
    for (size_t g = 0; g < m->n_groups; g++) {
        const struct event_group *group = &m->groups[g];
        for (size_t i = 0; j < group->n && i < group->n; i++) {
            const struct event_capacitor *c = &m->capacitors[group->first + i];
            const double di = current(s, m->ampere, group->first + i) - c->farad * c->f;
            group->l[i * group->n + j] = di / (shift * c->farad);
        }
    }
    event_memory_back(s);
    memcpy(n->values, m->kept, bytes);
    return done;
}

bool event_memory_begin(struct event_steps *s, double t)
{
    struct event_memory *m = &s->memory;
    if (m->fresh)
        return true;
    if (!m->solved) {
        if (!event_steps_solve(s, t))
            return false;
        event_account_begin(&s->account);
    }
    event_memory_accept(s);
    m->solved = m->fresh = true;
    m->straight = is_straight(s);
    for (size_t j = 0; j < m->largest; j++)
        if (!find_column(s, t, j, m->straight ? SHIFT_STRAIGHT : SHIFT))
            return false;
    return true;
}

void event_memory_prepare(struct event_memory *m, double h)
{
    for (size_t g = 0; g < m->n_groups; g++)
        event_phis_find(m->groups[g].n, m->groups[g].l, h, &m->groups[g].whole, &m->groups[g].half);
}

/* to = h phi_1 by[0] + h^2 phi_2 by[1] + h^3 phi_3 by[2], of the first n_by of them, for the i-th. */
static double moved(const struct event_group *g, const struct event_phis *p, double h, size_t i,
                    int n_by)
{
    double sum = 0, power = h;
    for (int k = 0; k < n_by; k++, power *= h)
        for (size_t j = 0; j < g->n; j++)
            sum += power * p->of[k + 1][i * g->n + j] * g->by[k][j];
    return sum;
}

/* Move the group's voltages by that. */
static void move(struct event_steps *s, struct event_group *g, const struct event_phis *p, double h,
                 int n_by)
{
    for (size_t i = 0; i < g->n; i++) {
        struct event_capacitor *c = &s->memory.capacitors[g->first + i];
        c->to = moved(g, p, h, i, n_by);
        s->network->volt[c->element] = c->u + c->to;
    }
}

void event_memory_first(struct event_steps *s, double h, bool half)
{
    struct event_memory *m = &s->memory;
    for (size_t g = 0; g < m->n_groups; g++) {
        struct event_group *group = &m->groups[g];
        for (size_t i = 0; i < group->n; i++)
            group->by[0][i] = m->capacitors[group->first + i].f;
        move(s, group, half ? &group->half : &group->whole, half ? h / 2 : h, 1);
    }
}

void event_memory_stage(struct event_steps *s, bool end)
{
    struct event_memory *m = &s->memory;
    if (m->n == 0)
        return;
    network_currents(s->network, m->ampere);
    for (size_t g = 0; g < m->n_groups; g++) {
        const struct event_group *group = &m->groups[g];
        for (size_t i = 0; i < group->n; i++) {
            struct event_capacitor *c = &m->capacitors[group->first + i];
            double rest = current(s, m->ampere, group->first + i) / c->farad - c->f;
            for (size_t j = 0; j < group->n; j++)
                rest -= group->l[i * group->n + j] * m->capacitors[group->first + j].to;
            *(end ? &c->end : &c->middle) = rest;
        }
    }
}

/* The error of a voltage, in units of the tolerance. */
static double in_volts(const struct event_steps *s, const struct event_capacitor *c, double error)
{
    const struct engine_options *o = s->options;
    return fabs(error) / (STEP_PART * (o->reltol * fmax(c->most, fabs(c->u + c->to)) + o->vntol));
}

void event_memory_second(struct event_steps *s, double h, double *error)
{
    struct event_memory *m = &s->memory;
    for (size_t g = 0; g < m->n_groups; g++) {
        struct event_group *group = &m->groups[g];
        for (size_t i = 0; i < group->n; i++) {
            const struct event_capacitor *c = &m->capacitors[group->first + i];
            group->by[1][i] = c->end / h;
            group->by[3][i] = c->to;
        }
        move(s, group, &group->whole, h, 2);
        for (size_t i = 0; i < group->n; i++) {
            const struct event_capacitor *c = &m->capacitors[group->first + i];
            raise(error, in_volts(s, c, c->to - group->by[3][i]));
        }
    }
}

void event_memory_between(struct event_steps *s, double h)
{
    struct event_memory *m = &s->memory;
    for (size_t g = 0; g < m->n_groups; g++) {
        struct event_group *group = &m->groups[g];
        for (size_t i = 0; i < group->n; i++) {
            const struct event_capacitor *c = &m->capacitors[group->first + i];
            group->by[0][i] = c->f + 2 * c->middle;
        }
        move(s, group, &group->whole, h, 1);
    }
}

/* by[] of the last formula of order 2, or, where the step is not exact, of order 3. */
static void set_last(struct event_memory *m, struct event_group *g, double h)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct event_capacitor *c = &m->capacitors[g->first + i];
        g->by[0][i] = c->f;
        g->by[1][i] = (m->exact ? c->end : 4 * c->middle - c->end) / h;
        g->by[2][i] = m->exact ? 0 : 4 * (c->end - 2 * c->middle) / (h * h);
    }
}

void event_memory_third(struct event_steps *s, double h, double *error)
{
    struct event_memory *m = &s->memory;
    for (size_t g = 0; g < m->n_groups; g++) {
        struct event_group *group = &m->groups[g];
        for (size_t i = 0; i < group->n; i++) {
            group->by[0][i] = m->capacitors[group->first + i].f;
            group->by[1][i] = 2 * m->capacitors[group->first + i].middle / h;
        }
        for (size_t i = 0; i < group->n; i++)
            group->by[3][i] = moved(group, &group->whole, h, i, 2);
        set_last(m, group, h);
        move(s, group, &group->whole, h, 3);
        for (size_t i = 0; i < group->n; i++) {
            const struct event_capacitor *c = &m->capacitors[group->first + i];
            raise(error, in_volts(s, c, c->to - group->by[3][i]));
        }
    }
}

void event_memory_middle(struct event_steps *s, double h)
{
    struct event_memory *m = &s->memory;
    for (size_t g = 0; g < m->n_groups; g++) {
        struct event_group *group = &m->groups[g];
        set_last(m, group, h);
        for (size_t i = 0; i < group->n; i++) {
            const struct event_capacitor *c = &m->capacitors[group->first + i];
            s->network->volt[c->element] = c->u + moved(group, &group->half, h / 2, i, 3);
        }
    }
}

void event_memory_end(struct event_steps *s)
{
    for (size_t k = 0; k < s->memory.n; k++) {
        const struct event_capacitor *c = &s->memory.capacitors[k];
        s->network->volt[c->element] = c->u + c->to;
    }
}

void event_memory_accept(struct event_steps *s)
{
    for (size_t k = 0; k < s->memory.n; k++) {
        struct event_capacitor *c = &s->memory.capacitors[k];
        c->u = s->network->volt[c->element];
        c->most = fmax(c->most, fabs(c->u));
        c->f = current(s, s->account.begin.ampere, k) / c->farad;
    }
    s->memory.fresh &= s->memory.exact;
}

void event_memory_back(struct event_steps *s)
{
    for (size_t k = 0; k < s->memory.n; k++) {
        const struct event_capacitor *c = &s->memory.capacitors[k];
        s->network->volt[c->element] = c->u;
    }
}

const double *event_memory_reading(struct event_steps *s)
{
    struct event_memory *m = &s->memory;
    const double *end = s->network->values;
    for (size_t k = 0; k < circuit_n_values(s->circuit); k++)
        m->middle[k] = (8 * m->middle[k] - m->first[k] - end[k]) / 6;
    return m->middle;
}

double event_memory_fastest(const struct event_memory *m, int group)
{
    const struct event_group *g = &m->groups[group];
    double most = 0;
    for (size_t i = 0; i < g->n * g->n; i++)
        most = fmax(most, fabs(g->l[i]));
    return most;
}
