/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/wide.h"
#include "engine/event/network/network_internal.h"

#include <math.h>
#include <string.h>

#define ITERATIONS 200
#define CHANGE_MAX 0.3 /* [V] of a node in one iteration */
#define DAMPED 12      /* iterations after which steps that do not shrink are halved */
#define SLOW 0.2       /* a change that shrinks by less wants new factors */
/* Old factors are those of another network.  Where no conductance differs by more than this part, a
 * step with them misses the solution by at most KEPT / (1 - KEPT) of itself; an opened port differs by
 * a factor of 1e8, and a step with its old factors is nothing beside the error. */
#define KEPT 0.5
#define KEPT_GAIN 1e-3 /* slope of a controlled source below which it does not matter */

static double source_voltage(const struct network *n, const struct network_tie *t, double time)
{
    const struct element *e = &n->circuit->elements[t->element];
    const double *v = n->values;
    double unused;
    if (t->memory)
        return n->volt[t->element];
    if (t->controlled)
        return element_follows(e, v[e->node[2]] - v[e->node[3]], &unused);
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

enum region { REGION_OFF, REGION_TRIODE, REGION_SATURATION };

/* Of the channel of mos1.h, without body effect. */
static enum region find_region(const struct network_cell *c, const double *v)
{
    const double sign = c->mos.sign, u = v[c->a] - v[c->b],
                 source = sign * u >= 0 ? v[c->b] : v[c->a];
    const double vov = sign * (v[c->c] - source) - c->mos.vto;
    return !(vov > 0) ? REGION_OFF : fabs(u) < vov ? REGION_TRIODE : REGION_SATURATION;
}

/* The same of channels without body effect: is any in another region at u than at v? */
WIDE static bool any_turned(const struct network_channels *c, const double *restrict u,
                            const double *restrict v)
{
    const int *restrict a = c->a, *restrict b = c->b, *restrict gate = c->gate;
    const double *restrict vto = c->vto, *restrict sign = c->sign;
    long turned = 0;
    for (size_t k = 0; k < c->n; k++) {
        const double du = u[a[k]] - u[b[k]], dv = v[a[k]] - v[b[k]];
        const double su = sign[k] * du >= 0 ? u[b[k]] : u[a[k]],
                     sv = sign[k] * dv >= 0 ? v[b[k]] : v[a[k]];
        const double over_u = sign[k] * (u[gate[k]] - su) - vto[k],
                     over_v = sign[k] * (v[gate[k]] - sv) - vto[k];
        turned += ((over_u > 0) ^ (over_v > 0)) | ((fabs(du) < over_u) ^ (fabs(dv) < over_v));
    }
    return turned > 0;
}

bool network_turned(const struct network *n, const struct network_component *p,
                    const double *before)
{
    if (any_turned(&p->channels, before, n->values))
        return true;
    for (size_t k = p->n_links + p->channels.n; k < p->n_cells; k++) {
        const struct network_cell *c = &n->cells[p->first_cell + k];
        if (c->kind == ELEMENT_MOSFET && find_region(c, before) != find_region(c, n->values))
            return true;
    }
    return false;
}

/* The current of mos1.h without body effect. */
WIDE void network_channel_currents(const struct network_channels *c, const double *restrict v,
                                   double *restrict ampere)
{
    const int *restrict a = c->a, *restrict b = c->b, *restrict gate = c->gate;
    const double *restrict beta = c->beta, *restrict vto = c->vto, *restrict lambda = c->lambda,
                           *restrict sign = c->sign;
    for (size_t k = 0; k < c->n; k++) {
        const double va = v[a[k]], vb = v[b[k]], u = va - vb, vds = fabs(u);
        const double source = sign[k] * u >= 0 ? vb : va;
        const double vov = sign[k] * (v[gate[k]] - source) - vto[k];
        const double drive = vov > 0 ? vov : 0, across = drive < vds ? drive : vds;
        const double i = beta[k] * (1 + lambda[k] * vds) * across * (drive - .5 * across);
        ampere[k] = copysign(i, u) + NETWORK_CHANNEL_GMIN * u;
    }
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
    const struct network_channels *c = &p->channels;
    network_channel_currents(c, v, c->ampere);
    for (size_t k = 0; k < c->n; k++) {
        residual[c->row[0][k]] += c->ampere[k];
        residual[c->row[1][k]] -= c->ampere[k];
    }
    for (size_t k = p->n_links + c->n; k < p->n_cells; k++) {
        const struct network_cell *cell = &n->cells[p->first_cell + k];
        const double i = network_cell_current(n, cell).i;
        residual[cell->row[0]] += i;
        residual[cell->row[1]] -= i;
    }
    for (size_t k = 0; n->charges && k < p->n_nodes; k++)
        residual[k] += n->enter[n->order[p->first_node + k]];
    for (size_t k = 0; n->holds && k < p->n_nodes; k++) {
        const int node = n->order[p->first_node + k];
        residual[k] += n->hold[node] * v[node];
    }
    for (size_t k = 0; k < p->n_controls; k++) {
        const struct network_control *s = &n->controls[n->control_members[p->first_control + k]];
        residual[s->row] = v[s->out] - v[s->base] - network_control_value(n, s, &unused);
    }
}

/* The same currents' derivatives by v(a) - v(b), the mean of those by either end [S]. */
WIDE static void channel_slopes(const struct network_channels *c, const double *restrict v,
                                double *restrict siemens)
{
    const int *restrict a = c->a, *restrict b = c->b, *restrict gate = c->gate;
    const double *restrict beta = c->beta, *restrict vto = c->vto, *restrict lambda = c->lambda,
                           *restrict sign = c->sign;
    for (size_t k = 0; k < c->n; k++) {
        const double va = v[a[k]], vb = v[b[k]], u = va - vb, vds = fabs(u);
        const double source = sign[k] * u >= 0 ? vb : va;
        const double vov = sign[k] * (v[gate[k]] - source) - vto[k];
        const double drive = vov > 0 ? vov : 0, across = drive < vds ? drive : vds;
        const double rises = beta[k] * (1 + lambda[k] * vds);
        const double by_vds =
            beta[k] * lambda[k] * across * (drive - .5 * across) + rises * (drive - across);
        siemens[k] = by_vds + .5 * rises * across + NETWORK_CHANNEL_GMIN;
    }
}

/* held[] = conductances at the present voltages: of links, and of all other cells between the same
 * two nodes together (either transistor of a transmission gate may turn off); then slopes of
 * controlled sources. */
static void find_held(const struct network *n, const struct network_component *p,
                      double *restrict held)
{
    const struct network_channels *c = &p->channels;
    double *slopes = held + p->n_cells;
    for (size_t k = 0; k < p->n_links; k++)
        held[k] = p->links[k].g;
    memset(held + p->n_links, 0, (p->n_cells - p->n_links) * sizeof *held);
    channel_slopes(c, n->values, c->ampere);
    for (size_t k = 0; k < c->n; k++)
        held[p->pair[p->n_links + k]] += c->ampere[k];
    for (size_t k = p->n_links + c->n; k < p->n_cells; k++) {
        const struct network_derivatives r = network_cell_current(n, &n->cells[p->first_cell + k]);
        held[p->pair[k]] += .5 * (r.di_da - r.di_db);
    }
    for (size_t k = 0; k < p->n_controls; k++)
        network_control_value(n, &n->controls[n->control_members[p->first_control + k]],
                              &slopes[k]);
}

/* Are all n near what they were? */
WIDE static bool all_kept(size_t n, const double *restrict held, const double *restrict now,
                          double least)
{
    long kept = 0;
    for (size_t k = 0; k < n; k++)
        kept += fabs(now[k] - held[k]) <= KEPT * fabs(held[k]) + least;
    return kept == (long)n;
}

/* Do the factors belong to the conductances at the present voltages, or to ones near them? */
static bool factors_hold(const struct network *n, const struct network_component *p)
{
    find_held(n, p, p->now);
    return all_kept(p->n_cells, p->held, p->now, 0) &&
           (p->n_controls == 0 ||
            all_kept(p->n_controls, p->held + p->n_cells, p->now + p->n_cells, KEPT_GAIN));
}

/* Factors of the derivatives at the present voltages. */
static bool factor(const struct network *n, struct network_component *p)
{
    double *entries = p->factors, slope;
    memset(entries, 0, (p->elimination->n_entries + 1) * sizeof *entries);
    find_held(n, p, p->held);
    for (size_t k = 0; k < p->n_cells; k++) {
        const struct network_cell *c = &n->cells[p->first_cell + k];
        const struct network_derivatives r = network_cell_current(n, c);
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
        network_control_value(n, s, &slope);
        entries[s->at[0]] += 1;
        entries[s->at[1]] -= slope;
        entries[s->at[2]] += slope;
    }
    for (size_t k = 0; n->holds && k < p->n_nodes; k++)
        entries[p->elimination->pivot[k]] += n->hold[n->order[p->first_node + k]];
    p->factored = elimination_factor(p->elimination, entries);
    p->shrinks = SLOW;
    return p->factored;
}

static bool solve_component(struct network *n, struct network_component *p, double tolerance)
{
    const double most = n->unbounded && p->linear ? INFINITY : CHANGE_MAX;
    double before = 0, last = INFINITY;
    p->way = p->bent = 0;
    if (p->trees) {
        bool holds;
        const bool solved = network_lines_solve(n, p, tolerance, &holds);
        if (solved || holds)
            return solved;
        network_lines_free(p->trees);
        p->trees = NULL;
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
        const bool clamped = largest > most;
        /* Newton's iteration may jump to and fro across a kink; half a step ends that */
        const double damping = i > DAMPED && largest > 0.5 * last ? 0.5 : 1;
        last = largest;
        for (size_t k = 0; k < p->n_nodes; k++) {
            const double change = n->step[k];
            n->values[n->order[p->first_node + k]] -=
                damping * (fabs(change) > most ? copysign(most, change) : change);
        }
        p->left = largest * fmin(1, p->shrinks);
        bool done = largest <= tolerance;
        if (!done) {
            if (before > 0)
                p->shrinks = fmax(largest / before, 1e-3);
            p->left = largest * p->shrinks;
            done = !clamped && p->shrinks < SLOW && p->left <= tolerance;
        }
        const bool keeps = !done || factors_hold(n, p);
        if (done && keeps)
            return true;
        if (!keeps || clamped || (before > 0 && p->shrinks > SLOW))
            p->factored = false;
        before = p->factored ? largest : 0;
    }
    return p->n_nodes == 0;
}

/* Evaluate a forward control. Where its slope enlarges the error of its inputs above the
 * tolerance, their components are solved again to a smaller one. */
static bool pass_on(struct network *n, size_t f, double tolerance)
{
    const struct network_control *s = &n->controls[n->forward[f].control];
    double slope, value = network_control_value(n, s, &slope);
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
        value = network_control_value(n, s, &slope);
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

void network_conductances(struct network *n)
{
    for (size_t k = 0; k < n->n_components; k++) {
        struct network_component *p = &n->components[k];
        if (n->live[k] && p->bends && p->trees)
            network_lines_conductances(n, p);
        else if (n->live[k] && p->bends)
            set_conductances(n, p);
    }
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
