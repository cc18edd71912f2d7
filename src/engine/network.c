/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/network.h"

#include <math.h>
#include <string.h>

#define ITERATIONS 100
#define CHANGE_MAX 0.3 /* [V] of a node in one iteration */
#define CHANNEL_GMIN 1e-12 /* [S] across a channel that may turn on, so that nothing floats */

/* Voltage of a source at time t. */
static double source_voltage(const struct network *n, const struct network_tie *t, double time)
{
    const struct element *e = &n->circuit->elements[t->element];
    const double *v = n->values;
    double unused;
    if (e->kind == ELEMENT_VCVS)
        return e->value * (v[e->node[2]] - v[e->node[3]]);
    if (e->kind == ELEMENT_TRANSFER)
        return transfer_table_value(&e->table, v[e->node[2]] - v[e->node[3]], &unused);
    const double from = n->from[t->element], to = n->to[t->element];
    return time >= n->t0 + n->edge ? to
           : time <= n->t0         ? from
                                   : from + (to - from) * ((time - n->t0) / n->edge);
}

void network_sources(struct network *n, double time)
{
    for (size_t k = 0; k < n->n_known_ties; k++) {
        const struct network_tie *t = &n->ties[k];
        n->values[t->child] = n->values[t->parent] + t->sign * source_voltage(n, t, time);
    }
}

/* Current from a to b and its derivatives by both voltages. */
struct branch_current {
    double i, di_da, di_db;
};

static struct branch_current branch_current(const struct network *n, const struct network_branch *b)
{
    const double *v = n->values, va = v[b->a], vb = v[b->b];
    double g;
    switch (b->kind) {
    case ELEMENT_RESISTOR:
        g = b->value;
        break;
    case ELEMENT_SWITCH:
        g = switch_conductance(b->value, v[b->c] - v[b->d]);
        break;
    case ELEMENT_MOSFET: {
        const double terminal[4] = {va, v[b->c], vb, v[b->d]};
        struct branch_current r;
        r.i = mos1_channel(b->element->mos, &b->element->geometry, terminal, &r.di_da, &r.di_db);
        r.i += CHANNEL_GMIN * (va - vb);
        r.di_da += CHANNEL_GMIN;
        r.di_db -= CHANNEL_GMIN;
        return r;
    }
    case ELEMENT_MEMRISTOR: {
        const struct dopant *d = b->element->dopant;
        const struct model_value i = d->model->current(d->constants, va - vb, v[b->state]);
        return (struct branch_current){i.f, i.df_dv, -i.df_dv};
    }
    case ELEMENT_VCCS:
        return (struct branch_current){b->value * (v[b->control[0]] - v[b->control[1]]), 0, 0};
    case ELEMENT_CURRENT:
        return (struct branch_current){b->value, 0, 0};
    default:
        return (struct branch_current){0, 0, 0};
    }
    return (struct branch_current){g * (va - vb), g, -g};
}

static void assemble(struct network *n, const struct network_component *c)
{
    double *entries = n->scratch, *residual = n->step;
    memset(entries, 0, (c->elimination->n_entries + 1) * sizeof *entries);
    memset(residual, 0, (c->n_nodes + 1) * sizeof *residual);
    for (size_t k = 0; k < c->n_branches; k++) {
        const struct network_branch *b = &n->branches[n->members[c->first_branch + k]];
        const struct branch_current r = branch_current(n, b);
        residual[b->row[0]] += r.i;
        residual[b->row[1]] -= r.i;
        entries[b->at[0]] += r.di_da;
        entries[b->at[1]] += r.di_db;
        entries[b->at[2]] -= r.di_da;
        entries[b->at[3]] -= r.di_db;
        if (b->kind != ELEMENT_VCCS)
            continue;
        entries[b->control_at[0]] += b->value;
        entries[b->control_at[1]] -= b->value;
        entries[b->control_at[2]] -= b->value;
        entries[b->control_at[3]] += b->value;
    }
    const double *v = n->values;
    for (size_t k = 0; k < c->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[c->first_control + k]];
        const struct element *e = s->element;
        const double u = v[s->control[0]] - v[s->control[1]];
        double slope = e->value;
        const double f =
            e->kind == ELEMENT_VCVS ? slope * u : transfer_table_value(&e->table, u, &slope);
        residual[s->row] = v[s->out] - v[s->base] - f;
        entries[s->at[0]] += 1;
        entries[s->at[1]] -= slope;
        entries[s->at[2]] += slope;
    }
}

bool network_solve(struct network *n, const struct network_component *c, double tolerance)
{
    double before = INFINITY;
    for (int i = 0; i < ITERATIONS; i++) {
        assemble(n, c);
        if (!elimination_factor(c->elimination, n->scratch))
            return false;
        elimination_solve(c->elimination, n->scratch, n->step);
        double largest = 0;
        for (size_t k = 0; k < c->n_nodes; k++) {
            double change = n->step[k];
            if (!(fabs(change) <= largest))
                largest = fabs(change); /* NaN stays */
            if (fabs(change) > CHANGE_MAX)
                change = copysign(CHANGE_MAX, change);
            n->values[n->order[c->first_node + k]] -= change;
        }
        if (!isfinite(largest))
            return false;
        /* it converges quadratically: the next change is this one times, at most, the square of
         * how this one has shrunk */
        const double shrunk = i > 0 ? largest / before : 1;
        if (largest <= tolerance || (shrunk < 0.5 && largest * shrunk * shrunk <= tolerance))
            return true;
        before = largest;
    }
    return false;
}

bool network_solve_live(struct network *n, double t, double tolerance)
{
    network_sources(n, t);
    for (size_t k = 0; k < n->n_components; k++)
        if (n->live[k] && !network_solve(n, &n->components[k], tolerance))
            return false;
    return true;
}

/* Ties whose current changes, children before parents. */
static void mark_ties(struct network *n, size_t first, size_t end)
{
    for (size_t k = end; k-- > first;) {
        const struct network_tie *t = &n->ties[k];
        if (!n->marked[t->child])
            continue;
        n->marked[t->parent] = true;
        n->live_ties[n->n_live_ties++] = (int)k;
        n->live_elements[n->n_live_elements++] = t->element;
    }
}

void network_live(struct network *n)
{
    const struct circuit *c = n->circuit;
    memset(n->marked, 0, c->n_nodes * sizeof *n->marked);
    n->n_live_branches = n->n_live_ties = n->n_live_elements = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        if (!n->live[i])
            continue;
        const struct network_component *p = &n->components[i];
        for (size_t k = 0; k < p->n_branches; k++) {
            const int branch = n->members[p->first_branch + k];
            const struct network_branch *b = &n->branches[branch];
            n->live_branches[n->n_live_branches++] = branch;
            n->live_elements[n->n_live_elements++] = b->number;
            n->marked[b->node[0]] = n->marked[b->node[1]] = true;
        }
        for (size_t k = 0; k < p->n_controls; k++)
            n->marked[n->controls[n->control_members[p->first_control + k]].out] = true;
    }
    mark_ties(n, n->n_known_ties, n->n_ties);
    for (size_t k = 0; k < n->n_controls; k++)
        if (n->marked[n->controls[k].out]) {
            n->marked[n->controls[k].base] = true;
            n->live_ties[n->n_live_ties++] = -1 - (int)k;
            n->live_elements[n->n_live_elements++] = n->controls[k].number;
        }
    mark_ties(n, 0, n->n_known_ties);
}

/* Current that leaves a node through elements, and through sources to what hangs on it. */
static double leaving(const struct network *n, int node)
{
    double sum = 0;
    for (int k = n->first_contact[node]; k < n->first_contact[node + 1]; k++) {
        const struct network_contact *c = &n->contacts[k];
        sum += c->kind == CONTACT_CHILD ? n->leaving[c->number]
               : c->kind == CONTACT_IN  ? n->current[n->branches[c->number].number]
                                        : -n->current[n->branches[c->number].number];
    }
    return sum;
}

void network_currents(struct network *n)
{
    double *v = n->values, *branch = v + n->circuit->n_nodes;
    for (size_t k = 0; k < n->n_follow; k++)
        v[n->follow[k].node] = v[n->follow[k].leader];
    for (size_t k = 0; k < n->n_live_branches; k++) {
        const struct network_branch *b = &n->branches[n->live_branches[k]];
        n->current[b->number] = branch_current(n, b).i;
    }
    for (size_t k = 0; k < n->n_live_ties; k++) {
        const int tie = n->live_ties[k];
        const int child = tie >= 0 ? n->ties[tie].child : n->controls[-1 - tie].out;
        const int element = tie >= 0 ? n->ties[tie].element : n->controls[-1 - tie].number;
        const double sign = tie >= 0 ? n->ties[tie].sign : 1;
        n->leaving[child] = leaving(n, child);
        n->current[element] = -sign * n->leaving[child];
        branch[n->circuit->elements[element].branch] = n->current[element];
    }
}
