/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/network_internal.h"

#include <math.h>
#include <string.h>

#define ITERATIONS 200
#define CHANGE_MAX 0.3     /* [V] of a node in one iteration */
#define DAMPED 12          /* iterations after which steps that do not shrink are halved */
#define SLOW 0.2           /* a change that shrinks by less wants new factors */
#define CHANNEL_GMIN 1e-12 /* [S] across a channel that may turn on, so that nothing floats */

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
    for (size_t k = 0; k < n->n_moving; k++) {
        const struct network_tie *t = &n->ties[n->moving[k]];
        n->values[t->child] = n->values[t->parent] + t->sign * source_voltage(n, t, time);
    }
}

/* Current from a to b and its derivatives by both voltages. */
struct cell_current {
    double i, di_da, di_db;
};

static inline struct cell_current cell_current(const struct network *n,
                                               const struct network_cell *c)
{
    const double *v = n->values, va = v[c->a], vb = v[c->b];
    if (c->linear)
        return (struct cell_current){c->g * (va - vb), c->g, -c->g};
    switch (c->kind) {
    case ELEMENT_MOSFET: {
        const double terminal[4] = {va, v[c->c], vb, v[c->d]};
        double g[4] = {0};
        mos1_channel_conductances(&c->mos, terminal, g);
        return (struct cell_current){mos1_channel_current(&c->mos, terminal) +
                                         CHANNEL_GMIN * (va - vb),
                                     g[0] + CHANNEL_GMIN, g[2] - CHANNEL_GMIN};
    }
    case ELEMENT_MEMRISTOR: {
        const struct dopant *d = c->element->dopant;
        const struct model_value i = d->model->current(d->constants, va - vb, v[c->state]);
        return (struct cell_current){i.f, i.df_dv, -i.df_dv};
    }
    case ELEMENT_VCCS:
        return (struct cell_current){c->g * (v[c->c] - v[c->d]), 0, 0};
    default:
        return (struct cell_current){c->g, 0, 0}; /* a current source */
    }
}

/* Conductances that hold for a whole solution: of ohmic devices at their state, of switches. */
static void set_conductances(struct network *n, const struct network_component *p)
{
    const double *v = n->values;
    for (size_t k = 0; k < p->n_links; k++) {
        struct network_cell *c = &n->cells[p->first_cell + k];
        if (c->kind == ELEMENT_SWITCH) {
            c->g = switch_conductance(c->element->value, v[c->c] - v[c->d]);
        } else if (c->kind == ELEMENT_MEMRISTOR && (c->x < v[c->state] || !(c->x <= v[c->state]))) {
            c->x = v[c->state];
            c->g = c->element->dopant->model->current(c->element->dopant->constants, 1, c->x).f;
        }
        p->links[k].g = c->g;
    }
}

static double control_value(const struct network *n, const struct network_control *s, double *slope)
{
    const struct element *e = s->element;
    const double u = n->values[s->follows[0]] - n->values[s->follows[1]];
    *slope = e->value;
    return e->kind == ELEMENT_VCVS ? e->value * u : transfer_table_value(&e->table, u, slope);
}

/* The current of mos1.h without body effect. */
static inline double channel_current(const struct network_channel *c, const double *v)
{
    const double va = v[c->a], vb = v[c->b], u = va - vb, vds = fabs(u);
    const double vov = c->sign * (v[c->gate] - (c->sign * u >= 0 ? vb : va)) - c->vto;
    const double drive = vov > 0 ? vov : 0, across = drive < vds ? drive : vds;
    const double i = c->beta * (1 + c->lambda * vds) * across * (drive - .5 * across);
    return copysign(i, u) + CHANNEL_GMIN * u;
}

static void find_residual(const struct network *n, const struct network_component *p)
{
    double *residual = n->step, unused;
    const double *v = n->values;
    memset(residual, 0, (p->n_nodes + 1) * sizeof *residual);
    for (size_t k = 0; k < p->n_links; k++) {
        const struct network_link *l = &p->links[k];
        const double i = l->g * (v[l->a] - v[l->b]);
        residual[l->row[0]] += i;
        residual[l->row[1]] -= i;
    }
    for (size_t k = 0; k < p->n_channels; k++) {
        const struct network_channel *c = &p->channels[k];
        const double i = channel_current(c, v);
        residual[c->row[0]] += i;
        residual[c->row[1]] -= i;
    }
    for (size_t k = p->n_links + p->n_channels; k < p->n_cells; k++) {
        const struct network_cell *c = &n->cells[p->first_cell + k];
        const double i = cell_current(n, c).i;
        residual[c->row[0]] += i;
        residual[c->row[1]] -= i;
    }
    for (size_t k = 0; k < p->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[p->first_control + k]];
        residual[s->row] = v[s->out] - v[s->base] - control_value(n, s, &unused);
    }
}

/* Factors of the derivatives at the present voltages. */
static bool factor(const struct network *n, struct network_component *p)
{
    double *entries = p->factors, slope;
    memset(entries, 0, (p->elimination->n_entries + 1) * sizeof *entries);
    for (size_t k = 0; k < p->n_cells; k++) {
        const struct network_cell *c = &n->cells[p->first_cell + k];
        const struct cell_current r = cell_current(n, c);
        entries[c->at[0]] += r.di_da;
        entries[c->at[1]] += r.di_db;
        entries[c->at[2]] -= r.di_da;
        entries[c->at[3]] -= r.di_db;
        if (c->kind != ELEMENT_VCCS)
            continue;
        entries[c->control_at[0]] += c->g;
        entries[c->control_at[1]] -= c->g;
        entries[c->control_at[2]] -= c->g;
        entries[c->control_at[3]] += c->g;
    }
    for (size_t k = 0; k < p->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[p->first_control + k]];
        control_value(n, s, &slope);
        entries[s->at[0]] += 1;
        entries[s->at[1]] -= slope;
        entries[s->at[2]] += slope;
    }
    p->factored = elimination_factor(p->elimination, entries);
    p->shrinks = SLOW;
    return p->factored;
}

static bool solve_component(struct network *n, struct network_component *p, double tolerance)
{
    double before = 0, last = INFINITY;
    p->way = p->bent = 0;
    if (p->forest) {
        bool holds;
        const bool solved = network_forest_solve(n, p, tolerance, &holds);
        if (solved || holds)
            return solved;
        network_forest_free(p->forest);
        p->forest = NULL;
    }
    if (!p->elimination)
        network_eliminate(n, p);
    set_conductances(n, p);
    for (int i = 0; i < ITERATIONS && p->n_nodes > 0; i++) {
        if (!p->factored && !factor(n, p))
            return false;
        find_residual(n, p);
        elimination_solve(p->elimination, p->factors, n->step);
        double largest = 0;
        for (size_t k = 0; k < p->n_nodes; k++) {
            const double size = fabs(n->step[k]);
            if (!(size <= largest))
                largest = size; /* NaN stays */
        }
        if (!isfinite(largest))
            return false;
        *(i == 0 ? &p->way : &p->bent) += largest;
        const bool clamped = largest > CHANGE_MAX;
        /* a kink between two points that send each other back is met half way */
        const double damping = i > DAMPED && largest > 0.5 * last ? 0.5 : 1;
        last = largest;
        for (size_t k = 0; k < p->n_nodes; k++) {
            const double change = n->step[k];
            n->values[n->order[p->first_node + k]] -=
                damping * (fabs(change) > CHANGE_MAX ? copysign(CHANGE_MAX, change) : change);
        }
        p->left = largest * fmin(1, p->shrinks);
        if (largest <= tolerance)
            return true;
        if (before > 0)
            p->shrinks = fmax(largest / before, 1e-3);
        p->left = largest * p->shrinks;
        if (!clamped && p->shrinks < SLOW && p->left <= tolerance)
            return true;
        if (clamped || (before > 0 && p->shrinks > SLOW))
            p->factored = false;
        before = p->factored ? largest : 0;
    }
    return p->n_nodes == 0;
}

/* Evaluate a control that passes a signal on; its gain may want its inputs to be known better. */
static bool pass_on(struct network *n, size_t f, double tolerance)
{
    const struct network_control *s = &n->controls[n->forward[f].control];
    double slope, value = control_value(n, s, &slope);
    for (int i = 0; i < 2; i++) {
        const int by = n->forward[f].by[i];
        if (by < 0 || by == NETWORK_NOTHING || !n->live[by] ||
            fabs(slope) * n->components[by].left <= tolerance)
            continue;
        struct network_component *p = &n->components[by];
        const double way = p->way, bent = p->bent;
        n->failed = (size_t)by;
        if (!solve_component(n, p, tolerance / fabs(slope)))
            return false;
        p->bent = bent + p->way + p->bent; /* of both solutions */
        p->way = way;
        value = control_value(n, s, &slope);
    }
    n->values[s->out] = n->values[s->base] + value;
    return true;
}

static bool solve(struct network *n, double tolerance, bool bent_only)
{
    size_t f = 0;
    for (size_t k = 0; k <= n->n_components; k++) {
        for (; f < n->n_forward && n->forward[f].before == k; f++)
            if (n->forward[f].lives && (n->forward[f].bends || !bent_only) &&
                !pass_on(n, f, tolerance))
                return false;
        n->failed = k;
        if (k < n->n_components && n->live[k] && (n->components[k].bends || !bent_only) &&
            !solve_component(n, &n->components[k], tolerance))
            return false;
    }
    return true;
}

bool network_solve(struct network *n, double tolerance)
{
    return solve(n, tolerance, false);
}

bool network_solve_bent(struct network *n, double tolerance)
{
    return solve(n, tolerance, true);
}

int network_worst(struct network *n)
{
    if (n->failed >= n->n_components || n->components[n->failed].n_nodes == 0)
        return -1;
    const struct network_component *p = &n->components[n->failed];
    size_t worst = 0;
    if (p->elimination) { /* else there are no equations yet */
        find_residual(n, p);
        for (size_t k = 1; k < p->n_nodes; k++)
            if (!(fabs(n->step[k]) <= fabs(n->step[worst])))
                worst = k;
    }
    return n->order[p->first_node + worst];
}

/* Ties whose current changes, children before parents. */
static void mark_ties(struct network *n, size_t first, size_t end)
{
    const struct circuit *c = n->circuit;
    for (size_t k = end; k-- > first;) {
        const struct network_tie *t = &n->ties[k];
        const struct element *e = &c->elements[t->element];
        if (!n->marked[t->child])
            continue;
        n->marked[t->parent] = true;
        n->live_ties[n->n_live_ties++] = (int)k;
        n->flows[n->n_flows++] =
            (struct network_flow){t->element, e->node[0], e->boundary ? 0 : e->node[1]};
    }
}

void network_leakage(struct network *n)
{
    const double *v = n->values;
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (b->kind != ELEMENT_MOSFET)
            continue;
        const struct element *e = b->element;
        const double sign = e->mos->type, is = e->geometry.m * e->mos->is;
        n->leak_power[b->number] = 0;
        for (int end = 0; end < 2; end++) {
            const double u = sign * (v[b->d] - v[end ? b->b : b->a]);
            const double i = sign * (CIRCUIT_GMIN * u - is); /* from the bulk */
            n->leak_power[b->number] += u * (CIRCUIT_GMIN * u - is);
            n->leak[e->node[3]] += i;
            n->leak[b->node[end]] -= i;
        }
    }
}

/* Is the node's voltage solved in a live component, or evaluated from such? */
static bool moves_live(const struct network *n, int node)
{
    if (n->component[node] >= 0)
        return n->live[n->component[node]];
    for (size_t f = 0; f < n->n_forward; f++)
        if (n->controls[n->forward[f].control].out == node)
            return n->forward[f].lives;
    return false;
}

void network_live(struct network *n, bool all)
{
    for (size_t i = 0; i < n->circuit->n_nodes; i++)
        n->marked[i] = all && (n->leak[i] < 0 || n->leak[i] > 0);
    n->n_live_ties = n->n_flows = n->n_late = 0;
    for (size_t i = 0; i < n->n_components; i++) {
        if (!n->live[i])
            continue;
        const struct network_component *p = &n->components[i];
        for (size_t k = 0; k < p->n_cells; k++) {
            const struct network_branch *b = &n->branches[n->cells[p->first_cell + k].branch];
            n->flows[n->n_flows++] = (struct network_flow){b->number, b->node[0], b->node[1]};
            n->marked[b->node[0]] = n->marked[b->node[1]] = true;
        }
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
        for (int i = n->first_dependent[s->out]; i < n->first_dependent[s->out + 1]; i++) {
            const struct network_branch *b = &n->branches[n->dependent[i]];
            n->flows[n->n_flows++] = (struct network_flow){b->number, b->node[0], b->node[1]};
            n->marked[b->node[0]] = n->marked[b->node[1]] = true;
        }
    }
    mark_ties(n, n->n_known_ties, n->n_ties);
    for (size_t k = 0; k < n->n_controls; k++) {
        const struct network_control *s = &n->controls[k];
        if (!n->marked[s->out])
            continue;
        n->marked[s->base] = true;
        n->live_ties[n->n_live_ties++] = -1 - (int)k;
        n->flows[n->n_flows++] =
            (struct network_flow){s->number, s->element->node[0], s->element->node[1]};
    }
    mark_ties(n, 0, n->n_known_ties);
}

/* Current that leaves a node through elements, and through sources to what hangs on it. */
static double leaving(const struct network *n, int node)
{
    double sum = n->leak[node];
    for (int k = n->first_contact[node]; k < n->first_contact[node + 1]; k++) {
        const struct network_contact *c = &n->contacts[k];
        sum += c->kind == CONTACT_CHILD ? n->leaving[c->number]
               : c->kind == CONTACT_IN  ? n->current[n->branches[c->number].number]
                                        : -n->current[n->branches[c->number].number];
    }
    return sum;
}

/* Outputs that act on currents between known nodes, and those currents. */
static void find_late(struct network *n)
{
    double unused;
    for (size_t k = 0; k < n->n_late; k++) {
        const struct network_control *s = &n->controls[n->late[k]];
        n->values[s->out] = n->values[s->base] + control_value(n, s, &unused);
        for (int i = n->first_dependent[s->out]; i < n->first_dependent[s->out + 1]; i++) {
            const struct network_branch *b = &n->branches[n->dependent[i]];
            n->current[b->number] = b->element->value * (n->values[b->c] - n->values[b->d]);
        }
    }
}

void network_currents(struct network *n)
{
    double *v = n->values, *branch = v + n->circuit->n_nodes;
    find_late(n);
    for (size_t k = 0; k < n->n_follow; k++)
        v[n->follow[k].node] = v[n->follow[k].leader];
    for (size_t i = 0; i < n->n_components; i++) {
        const struct network_component *p = &n->components[i];
        const struct network_cell *cells = n->cells + p->first_cell;
        if (!n->live[i])
            continue;
        for (size_t k = 0; k < p->n_links; k++)
            n->current[cells[k].number] = p->links[k].g * (v[p->links[k].a] - v[p->links[k].b]);
        for (size_t k = 0; k < p->n_channels; k++)
            n->current[cells[p->n_links + k].number] = channel_current(&p->channels[k], v);
        for (size_t k = p->n_links + p->n_channels; k < p->n_cells; k++)
            n->current[cells[k].number] = cell_current(n, &cells[k]).i;
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
