/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hangs on live components, and the currents of all of it. */
#include "engine/event/network/network_internal.h"

#include <string.h>

static void add_flow(struct network *n, int element, int p, int q)
{
    n->flow_of[element] = (int)n->n_flows;
    n->flows[n->n_flows++] = (struct network_flow){element, p, q};
}

static void add_branch_flow(struct network *n, const struct network_branch *b)
{
    add_flow(n, b->number, b->node[0], b->node[1]);
    n->marked[b->node[0]] = n->marked[b->node[1]] = true;
}

/* Where the current of a memory capacitor goes, which is no unknown of the circuit: behind the values. */
static int nowhere(const struct network *n)
{
    return (int)(circuit_n_values(n->circuit) - n->circuit->n_nodes);
}

/* A source's current is -sign times the sum of all other currents that leave `node`: flows,
 * which are listed already, and constant ones. */
static void add_outflow(struct network *n, int node, int element, double sign,
                        const double *resting)
{
    struct network_outflow *o = &n->outflows[n->n_outflows];
    const int branch = n->circuit->elements[element].branch;
    *o = (struct network_outflow){.branch = branch >= 0 ? branch : nowhere(n),
                                  .node = node,
                                  .sign = sign,
                                  .first = n->n_outflows > 0 ? o[-1].end : 0,
                                  .resting = -sign * n->leak[node]};
    o->end = o->first;
    for (int k = n->first_contact[node]; k < n->first_contact[node + 1]; k++) {
        const struct network_contact *c = &n->contacts[k];
        const double share = -sign * c->sign;
        if (n->flow_of[c->element] >= 0)
            n->shares[o->end++] = (struct network_share){n->flow_of[c->element], share};
        else if (resting)
            o->resting += share * resting[c->element];
    }
    n->n_outflows++;
    const struct element *e = &n->circuit->elements[element];
    add_flow(n, element, e->node[0], e->boundary ? 0 : e->node[1]);
}

/* Ties whose current changes, children before parents. */
static void add_ties(struct network *n, size_t first, size_t end, const double *resting)
{
    for (size_t k = end; k-- > first;) {
        const struct network_tie *t = &n->ties[k];
        if (!n->marked[t->child])
            continue;
        n->marked[t->parent] = true;
        add_outflow(n, t->child, t->element, t->sign, resting);
    }
}

/* True if the node's voltage is solved in a live component, or evaluated from one. */
static bool moves_live(const struct network *n, int node)
{
    if (n->component[node] >= 0)
        return n->live[n->component[node]];
    const struct network_control *s =
        n->control_of[node] >= 0 ? &n->controls[n->control_of[node]] : NULL;
    return s && s->forward && n->forward[s->forward_at].lives;
}

void network_live(struct network *n, const double *resting)
{
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        n->marked[i] = !resting && (n->leak[i] < 0 || n->leak[i] > 0);
    for (size_t k = 0; k < n->n_flows; k++)
        n->flow_of[n->flows[k].element] = -1;
    n->n_outflows = n->n_flows = n->n_late = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        if (!n->live[i])
            continue;
        const struct network_component *p = &n->components[i];
        for (size_t k = 0; k < p->n_cells; k++)
            add_branch_flow(n, &n->branches[n->cells[p->first_cell + k].branch]);
        for (size_t k = 0; k < p->n_controls; k++)
            n->marked[n->controls[n->control_members[p->first_control + k]].out] = true;
    }
    for (size_t f = 0; f < n->n_forward; f++)
        n->marked[n->controls[n->forward[f].control].out] |= n->forward[f].lives;
    for (size_t k = 0; k < n->n_controls; k++) {
        const struct network_control *s = &n->controls[k];
        if (!s->late || !(moves_live(n, s->follows[0]) || moves_live(n, s->follows[1])))
            continue;
        n->late[n->n_late++] = (int)k;
        for (int i = n->first_dependent[s->out]; i < n->first_dependent[s->out + 1]; i++)
            add_branch_flow(n, &n->branches[n->dependent[i]]);
    }
    add_ties(n, n->n_known_ties, n->n_ties, resting);
    for (size_t k = 0; k < n->n_controls; k++) {
        const struct network_control *s = &n->controls[k];
        if (!n->marked[s->out])
            continue;
        n->marked[s->base] = true;
        add_outflow(n, s->out, s->number, 1, resting);
    }
    add_ties(n, 0, n->n_known_ties, resting);
}

/* Current from the bulk through the diode at an end of a transistor, reverse biased, and its voltage. */
struct diode {
    double volt, ampere;
};
static struct diode diode(const struct network *n, const struct network_branch *b, int end)
{
    const double *v = n->values, sign = b->element->mos->type;
    const double u = sign * (v[b->d] - v[end ? b->b : b->a]);
    return (struct diode){u, CIRCUIT_GMIN * u - b->element->geometry.m * b->element->mos->is};
}

double network_leak_power(const struct network *n, const struct network_branch *b)
{
    const struct diode p = diode(n, b, 0), q = diode(n, b, 1);
    return p.volt * p.ampere + q.volt * q.ampere;
}

void network_leakage(struct network *n)
{
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (b->kind != ELEMENT_MOSFET)
            continue;
        n->leak_power[b->number] = network_leak_power(n, b);
        for (int end = 0; end < 2; end++) {
            const double i = b->element->mos->type * diode(n, b, end).ampere;
            n->leak[b->element->node[3]] += i;
            n->leak[b->node[end]] -= i;
        }
    }
}

void network_charge(struct network *n, size_t n_charges, const int *elements, const double *ampere)
{
    const size_t bytes = n->circuit->n_nodes * sizeof *n->drawn;
    n->charges = n_charges > 0;
    memset(n->drawn, 0, bytes);
    for (size_t k = 0; k < n_charges; k++) {
        const struct element *e = &n->circuit->elements[elements[k]];
        n->drawn[e->node[0]] += ampere[k];
        n->drawn[e->node[1]] -= ampere[k];
    }
    memcpy(n->enter, n->drawn, bytes);
    for (size_t k = n->n_follow; k-- > 0;) { /* leaders' voltages are set first to last */
        n->enter[n->follow[k].leader] += n->enter[n->follow[k].node];
        n->enter[n->follow[k].node] = 0;
    }
    for (size_t k = 0; k < n->n_controls; k++) /* whose equations are no sums of currents */
        n->enter[n->controls[k].out] = 0;
}

/* marked[node]: its voltage is solved for as a sum of currents, or it follows such a node. */
static void mark_solved(struct network *n)
{
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        n->marked[i] = !n->known[i] && n->component[i] >= 0 && n->control_of[i] < 0;
    for (size_t k = 0; k < n->n_follow; k++)
        n->marked[n->follow[k].node] = n->marked[n->follow[k].leader];
}

/* The capacitor's part in the equations of its ends; false: see network_hold(). */
static bool hold(struct network *n, const int node[2], double siemens, double volt)
{
    const bool solved[2] = {n->marked[node[0]], n->marked[node[1]]};
    for (int end = 0; end < 2; end++) {
        const int other = node[!end];
        if (!solved[end])
            continue;
        if (solved[!end] || !(n->known[other] || n->known[n->root[other]]))
            return false;
        n->hold[node[end]] += siemens;
        n->enter[node[end]] -= siemens * (n->values[other] + (end == 0 ? volt : -volt));
    }
    return true;
}

bool network_hold(struct network *n, size_t n_held, const int *elements, const double *siemens,
                  const double *volt)
{
    const size_t bytes = n->circuit->n_nodes * sizeof *n->hold;
    memcpy(n->held, n->hold, bytes);
    memset(n->hold, 0, bytes);
    memset(n->enter, 0, bytes);
    memset(n->drawn, 0, bytes);
    n->charges = n->holds = n_held > 0;
    mark_solved(n);
    for (size_t k = 0; k < n_held; k++)
        if (!hold(n, n->circuit->elements[elements[k]].node, siemens[k], volt[k]))
            return false;
    for (size_t k = n->n_follow; k-- > 0;) {
        const int node = n->follow[k].node, leader = n->follow[k].leader;
        n->enter[leader] += n->enter[node];
        n->hold[leader] += n->hold[node];
        n->enter[node] = n->hold[node] = 0;
    }
    if (memcmp(n->held, n->hold, bytes) == 0)
        return true;
    for (size_t k = 0; k < n->n_components; k++) {
        n->components[k].factored = false;
        if (n->components[k].trees)
            network_lines_unfactor(n->components[k].trees);
    }
    return true;
}

void network_held(struct network *n, double least, bool *held)
{
    int *joined = n->joined;
    for (size_t i = 0; i < n->circuit->n_nodes; i++) {
        joined[i] = (int)i;
        held[i] = false;
    }
    for (size_t i = 0; i < n->n_components; i++)
        for (size_t k = 0; k < n->components[i].n_cells; k++) {
            const struct network_component *p = &n->components[i];
            const struct network_cell *c = &n->cells[p->first_cell + k];
            const double g = k < p->n_links ? p->links[k].g : network_cell_current(n, c).di_da;
            if (fabs(g) >= least)
                joined[network_representative(joined, c->a)] = network_representative(joined, c->b);
        }
    for (size_t k = 0; k < n->n_follow; k++)
        joined[network_representative(joined, n->follow[k].node)] =
            network_representative(joined, n->follow[k].leader);
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        if (n->known[i] || n->control_of[i] >= 0)
            held[network_representative(joined, (int)i)] = true;
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        held[i] = held[network_representative(joined, (int)i)];
}

/* Outputs that act on currents between known nodes, and those currents, in the order of the flows. */
static double *find_late(const struct network *n, double *ampere)
{
    double unused, *v = n->values;
    for (size_t k = 0; k < n->n_late; k++) {
        const struct network_control *s = &n->controls[n->late[k]];
        v[s->out] = v[s->base] + network_control_value(n, s, &unused);
        for (int i = n->first_dependent[s->out]; i < n->first_dependent[s->out + 1]; i++) {
            const struct network_branch *b = &n->branches[n->dependent[i]];
            *ampere++ = b->element->value * (v[b->c] - v[b->d]);
        }
    }
    return ampere;
}

static double *component_currents(const struct network *n, const struct network_component *p,
                                  double *ampere)
{
    const double *v = n->values;
    const struct network_cell *cells = n->cells + p->first_cell;
    for (size_t k = 0; k < p->n_links; k++)
        ampere[k] = p->links[k].g * (v[p->links[k].a] - v[p->links[k].b]);
    ampere += p->n_links;
    network_channel_currents(&p->channels, v, ampere);
    ampere += p->channels.n;
    for (size_t k = p->n_links + p->channels.n; k < p->n_cells; k++)
        *ampere++ = network_cell_current(n, &cells[k]).i;
    return ampere;
}

void network_currents(struct network *n, double *ampere)
{
    double *v = n->values, *branch = v + n->circuit->n_nodes, *next = ampere;
    for (size_t i = 0; i < n->n_components; i++)
        if (n->live[i])
            next = component_currents(n, &n->components[i], next);
    next = find_late(n, next);
    for (size_t k = 0; k < n->n_follow; k++)
        v[n->follow[k].node] = v[n->follow[k].leader];
    for (size_t k = 0; k < n->n_outflows; k++) {
        const struct network_outflow *o = &n->outflows[k];
        double sum = o->resting - (n->charges ? o->sign * n->drawn[o->node] : 0);
        for (size_t i = o->first; i < o->end; i++)
            sum += n->shares[i].sign * ampere[n->shares[i].flow];
        *next++ = branch[o->branch] = sum;
    }
}
