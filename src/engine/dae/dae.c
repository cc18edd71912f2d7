/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/dae.h"

#include <math.h>
#include <string.h>

static void follow_ties(struct dae *d, double t, size_t first, size_t end)
{
    double *v = d->values;
    const double progress = d->ramps ? t / d->edge : 1;
    for (size_t k = first; k < end; k++) {
        const struct dae_tie *tie = &d->ties[k];
        double volt = tie->volt;
        if (tie->external) {
            const double from = d->from[tie->element], to = d->to[tie->element];
            volt = progress == 1 ? to : from + (to - from) * progress;
        }
        v[tie->child] = v[tie->parent] + tie->sign * volt;
    }
}

static void follow_gates(struct dae *d, size_t first, size_t end)
{
    double *v = d->values;
    for (size_t k = first; k < end; k++) {
        const struct element *e = d->derived[k];
        v[e->node[0]] = v[e->node[1]] + e->value * (v[e->node[2]] - v[e->node[3]]);
    }
}

static void follow_slopes(struct dae *d, size_t first, size_t end)
{
    const double rate = d->ramps ? 1 / d->edge : 0;
    for (size_t k = first; k < end; k++) {
        const struct dae_tie *tie = &d->ties[k];
        double rise = 0;
        if (tie->external)
            rise = (d->to[tie->element] - d->from[tie->element]) * rate;
        d->slopes[tie->child] = d->slopes[tie->parent] + tie->sign * rise;
    }
}

void dae_voltages(struct dae *d, double t, const double *y)
{
    const struct circuit *c = d->circuit;
    double *v = d->values;
    if (!d->driven || (d->ramps && t != d->driven_t)) {
        follow_ties(d, t, 0, d->n_known_ties);
        follow_gates(d, 0, d->n_known_gates);
        if (!d->driven)
            follow_slopes(d, 0, d->n_known_ties);
        d->driven = true;
        d->driven_t = t;
    }
    for (size_t k = 0; k < d->n_roots; k++)
        v[d->roots[k]] = y[k];
    follow_ties(d, t, d->n_known_ties, d->n_ties);
    follow_gates(d, d->n_known_gates, d->n_derived);
    for (size_t k = 0; k < d->n_controlled; k++)
        v[circuit_branch_value(c, d->controlled[k].element->branch)] = y[d->controlled[k].unknown];
    memcpy(v + circuit_state_value(c, 0), y + d->n - d->n_states, d->n_states * sizeof *v);
}

/* Slopes of all nodes; slope NULL: those of the drive alone.  False: all are zero. */
static bool spread_slopes(struct dae *d, const double *slope)
{
    if (!slope && !d->ramps)
        return false;
    if (!d->driven)
        follow_slopes(d, 0, d->n_known_ties);
    for (size_t k = 0; k < d->n_roots; k++)
        d->slopes[d->roots[k]] = slope ? slope[k] : 0;
    follow_slopes(d, d->n_known_ties, d->n_ties);
    return true;
}

static void take(double *sum, const int *at, double i)
{
    sum[at[0]] += i;
    sum[at[1]] -= i;
}

/* Two-terminal conductance g between nodes a and b: four entries. */
static void stamp_conductance(const struct dae *d, int stamp, double g, double *entries)
{
    const int32_t *at = d->stamps + stamp;
    entries[at[0]] += g;
    entries[at[1]] -= g;
    entries[at[2]] -= g;
    entries[at[3]] += g;
}

static void mosfet_currents(struct dae *d, bool by_node, double *power)
{
    const double *v = d->values;
    double *sum = by_node ? d->leaving : d->sum;
    for (size_t k = 0; k < d->n_channels; k++)
        dae_channels_currents(&d->channels[k], v, by_node ? sum : NULL, sum);
    dae_junctions_currents(&d->junctions, v, by_node ? sum : NULL, sum);
    if (!power)
        return;
    for (size_t k = 0; k < d->n_channels; k++)
        dae_channels_powers(&d->channels[k], v, power);
    dae_diodes_powers(d->diodes, d->n_mosfets, &d->junctions, v, power);
}

/* Of capacitors, added to either. */
static void capacitor_currents(struct dae *d, bool by_node, const double *slope)
{
    double *sum = by_node ? d->leaving : d->sum;
    if (!spread_slopes(d, slope))
        return;
    for (size_t k = 0; k < d->n_capacitors; k++) {
        const struct dae_linear *e = &d->capacitors[k];
        take(sum, by_node ? e->node : e->row,
             e->value * (d->slopes[e->node[0]] - d->slopes[e->node[1]]));
    }
}

/* Values of a memristor's hidden states. */
static const double *hidden_values(const struct dae *d, const struct dae_device *e)
{
    return d->values + circuit_hidden_value(d->circuit, e->element->hidden);
}

static struct model_rates hidden_rates(const struct dae *d, const struct dae_device *e, double u,
                                       double x)
{
    const struct dopant *p = e->element->dopant;
    return p->model->rates(p->constants, u, x, hidden_values(d, e));
}

/* Unknown of state k of a memristor with hidden ones. */
static int unknown_of(const struct dae_device *e, size_t k)
{
    return k == 0 ? e->unknown : e->hidden + (int)k - 1;
}

static void hidden_residual(const struct dae *d, const struct dae_device *e, double u, double x,
                            const double *slope, double *residual)
{
    const struct model_rates r = hidden_rates(d, e, u, x);
    for (size_t k = 0; k <= e->element->dopant->model->n_hidden; k++) {
        const int row = unknown_of(e, k);
        residual[row] = (slope ? slope[row] : 0) - r.f[k];
    }
}

static void hidden_jacobian(const struct dae *d, const struct dae_device *e, double u, double x,
                            double *entries)
{
    const struct model_rates r = hidden_rates(d, e, u, x);
    const size_t n = 1 + e->element->dopant->model->n_hidden;
    const int32_t *at = d->stamps + e->stamp + 6; /* behind those of the current */
    for (size_t k = 0; k < n; k++) {
        entries[*at++] -= r.df_dv[k];
        entries[*at++] += r.df_dv[k];
        for (size_t j = 0; j < n; j++)
            entries[*at++] -= r.df[k][j];
    }
}

/* Currents that leave every node through elements but capacitors into d->leaving, or else into d->sum, by unknowns;
 * residuals of controlled sources and states and the power of each element, if they are wanted. */
static void element_currents(struct dae *d, bool by_node, const double *slope, double *residual,
                             double *power)
{
    const double *v = d->values;
    double *sum = by_node ? d->leaving : d->sum, unused;
    memset(sum, 0, (by_node ? d->circuit->n_nodes : d->n + DAE_NOWHERE) * sizeof *sum);
    mosfet_currents(d, by_node, power);
    for (size_t k = 0; k < d->n_resistors; k++) {
        const struct dae_linear *e = &d->resistors[k];
        const double u = v[e->node[0]] - v[e->node[1]], i = e->value * u;
        take(sum, by_node ? e->node : e->row, i);
        if (power)
            power[e->number] = u * i;
    }
    for (size_t k = 0; k < d->n_switches; k++) {
        const struct dae_linear *e = &d->switches[k];
        const double u = v[e->node[0]] - v[e->node[1]];
        const double i = switch_conductance(e->value, v[e->node[2]] - v[e->node[3]]) * u;
        take(sum, by_node ? e->node : e->row, i);
        if (power)
            power[e->number] = u * i;
    }
    for (size_t k = 0; k < d->n_currents; k++) {
        const struct dae_linear *e = &d->currents[k];
        take(sum, by_node ? e->node : e->row, e->value);
        if (power)
            power[e->number] = (v[e->node[0]] - v[e->node[1]]) * e->value;
    }
    for (size_t k = 0; k < d->n_transconductors; k++) {
        const struct dae_linear *e = &d->transconductors[k];
        const double i = e->value * (v[e->node[2]] - v[e->node[3]]);
        take(sum, by_node ? e->node : e->row, i);
        if (power)
            power[e->number] = (v[e->node[0]] - v[e->node[1]]) * i;
    }
    for (size_t k = 0; k < d->n_memristors; k++) {
        struct dae_device *e = &d->memristors[k];
        const struct dopant *p = e->element->dopant;
        const double u = v[e->node[0]] - v[e->node[1]];
        const double x = v[circuit_state_value(d->circuit, e->element->state)];
        const double i = p->model->current(p->constants, u, x).f;
        take(sum, by_node ? e->node : e->row, i);
        if (power)
            power[e->number] = u * i;
        if (!residual)
            continue;
        if (e->hidden >= 0) {
            hidden_residual(d, e, u, x, slope, residual);
            continue;
        }
        const struct model_value rate = p->model->rate(p->constants, u, x);
        e->rate_by_v = rate.df_dv;
        e->rate_by_x = rate.df_dx;
        residual[e->unknown] = (slope ? slope[e->unknown] : 0) - rate.f;
    }
    for (size_t k = 0; k < d->n_controlled; k++) {
        const struct dae_device *e = &d->controlled[k];
        const double u = v[e->node[0]] - v[e->node[1]];
        const double i = v[circuit_branch_value(d->circuit, e->element->branch)];
        take(sum, by_node ? e->node : e->row, i);
        if (residual)
            residual[e->unknown] =
                u - element_follows(e->element, v[e->node[2]] - v[e->node[3]], &unused);
        if (power && k < d->n_controlled - d->n_inductive) /* the others store it */
            power[e->number] = u * i;
    }
    for (size_t k = 0; k < d->n_fluxes && residual && slope; k++)
        residual[d->fluxes[k].row] += d->fluxes[k].coefficient * slope[d->fluxes[k].column];
}

/* The current that leaves a child's group comes through its tie from the parent. */
static void gather_ties(struct dae *d)
{
    for (size_t k = d->n_ties; k-- > 0;)
        d->leaving[d->ties[k].parent] += d->leaving[d->ties[k].child];
}

void dae_residual(struct dae *d, double t, const double *y, const double *slope, double *residual)
{
    dae_voltages(d, t, y);
    element_currents(d, false, slope, residual, NULL);
    capacitor_currents(d, false, slope);
    memcpy(residual, d->sum, d->n_roots * sizeof *residual);
}

/* Current of a tie's source, from node 0 to node 1 through it, after gather_ties(); its power at v. */
static double tie_current(const struct dae *d, const struct dae_tie *tie)
{
    return -tie->sign * d->leaving[tie->child];
}

static double tie_power(const struct dae *d, const struct dae_tie *tie, const double *v)
{
    const int from = tie->sign > 0 ? tie->child : tie->parent,
              to = tie->sign > 0 ? tie->parent : tie->child;
    return (tie->boundary ? v[from] : v[from] - v[to]) * tie_current(d, tie);
}

void dae_values(struct dae *d, double t, const double *y, const double *slope, double *residual,
                double *power)
{
    double *v = d->values, *branch = v + d->circuit->n_nodes;
    dae_voltages(d, t, y);
    element_currents(d, true, slope, residual, power);
    memcpy(d->resting, d->leaving, d->circuit->n_nodes * sizeof *d->resting);
    capacitor_currents(d, true, slope);
    gather_ties(d);
    for (size_t k = 0; k < d->n_roots && residual; k++)
        residual[k] = d->leaving[d->roots[k]];
    for (size_t k = 0; k < d->n_ties; k++) {
        const struct dae_tie *tie = &d->ties[k];
        branch[tie->branch] = tie_current(d, tie);
        if (power)
            power[tie->element] = tie_power(d, tie, v);
    }
}

void dae_kink_powers(struct dae *d, const double *resting, const double *values,
                     const double *slope, double *power)
{
    memcpy(d->leaving, resting, d->circuit->n_nodes * sizeof *d->leaving);
    capacitor_currents(d, true, slope);
    gather_ties(d);
    for (size_t k = 0; k < d->n_ties; k++)
        power[d->ties[k].element] = tie_power(d, &d->ties[k], values);
}

void dae_drive_currents(struct dae *d, double *currents)
{
    memset(d->sum, 0, d->n_roots * sizeof *d->sum);
    capacitor_currents(d, false, NULL);
    memcpy(currents, d->sum, d->n_roots * sizeof *currents);
}

void dae_reach(struct dae *d, const double *y)
{
    y += dae_first_kept(d);
    for (size_t k = 0; k < d->n_inductive; k++)
        d->reach[k] = fmax(d->reach[k], fabs(y[k]));
}

void dae_mass(const struct dae *d, const double *x, double *product)
{
    const size_t first_state = d->n - d->n_states;
    memset(product, 0, first_state * sizeof *product);
    memcpy(product + first_state, x + first_state, d->n_states * sizeof *product);
    for (size_t k = 0; k < d->n_capacitors; k++) {
        const struct dae_linear *e = &d->capacitors[k];
        const int a = d->unknown[e->node[0]], b = d->unknown[e->node[1]];
        const double q = e->value * ((a < 0 ? 0 : x[a]) - (b < 0 ? 0 : x[b]));
        if (a >= 0)
            product[a] += q;
        if (b >= 0)
            product[b] -= q;
    }
    for (size_t k = 0; k < d->n_fluxes; k++)
        product[d->fluxes[k].row] += d->fluxes[k].coefficient * x[d->fluxes[k].column];
}

void dae_jacobian(struct dae *d, double t, double c, const double *y, double *entries)
{
    dae_voltages(d, t, y);
    const double *v = d->values;
    const double *restrict constant = d->constant, *restrict mass = d->mass;
    double *restrict sum = entries;
    for (size_t k = 0; k < d->n_entries; k++)
        sum[k] = constant[k] + c * mass[k];
    for (size_t k = 0; k < d->n_channels; k++)
        dae_channels_jacobian(&d->channels[k], v, entries);
    dae_junctions_jacobian(&d->junctions, v, d->stamps, entries);
    for (size_t k = 0; k < d->n_switches; k++) {
        const struct dae_linear *e = &d->switches[k];
        const double control = v[e->node[2]] - v[e->node[3]];
        stamp_conductance(d, e->stamp, switch_conductance(e->value, control), entries);
        if (control > 0 && control < 1)
            stamp_conductance(d, e->stamp + 4,
                              (switch_conductance(e->value, 1) - switch_conductance(e->value, 0)) *
                                  (v[e->node[0]] - v[e->node[1]]),
                              entries);
    }
    for (size_t k = 0; k < d->n_memristors; k++) {
        const struct dae_device *e = &d->memristors[k];
        const struct dopant *p = e->element->dopant;
        const double u = v[e->node[0]] - v[e->node[1]];
        const double x = v[circuit_state_value(d->circuit, e->element->state)];
        const struct model_value i = p->model->current(p->constants, u, x);
        stamp_conductance(d, e->stamp, i.df_dv, entries);
        const int32_t *at = d->stamps + e->stamp + 4;
        entries[at[0]] += i.df_dx;
        entries[at[1]] -= i.df_dx;
        if (e->hidden >= 0) {
            hidden_jacobian(d, e, u, x, entries);
            continue;
        }
        const struct model_value f = p->model->rate(p->constants, u, x);
        entries[at[2]] -= f.df_dv;
        entries[at[3]] += f.df_dv;
        entries[at[4]] -= f.df_dx;
    }
    for (size_t k = 0; k < d->n_controlled; k++) {
        const struct dae_device *e = &d->controlled[k];
        double slope;
        element_follows(e->element, v[e->node[2]] - v[e->node[3]], &slope);
        const int32_t *at = d->stamps + e->stamp;
        entries[at[4]] -= slope; /* v(0) - v(1) - f(v(2) - v(3)) */
        entries[at[5]] += slope;
    }
}

void dae_state_changes(const struct dae *d, double c, const double *residual, double *change)
{
    for (size_t k = 0; k < d->n_memristors; k++) {
        const struct dae_device *e = &d->memristors[k];
        const int p = d->unknown[e->node[0]], n = d->unknown[e->node[1]];
        const double across = (p < 0 ? 0 : change[p]) - (n < 0 ? 0 : change[n]);
        change[e->unknown] = (residual[e->unknown] + e->rate_by_v * across) / (c - e->rate_by_x);
    }
}

void dae_constant_jacobian(struct dae *d)
{
    for (size_t k = 0; k < d->n_resistors; k++)
        stamp_conductance(d, d->resistors[k].stamp, d->resistors[k].value, d->constant);
    for (size_t k = 0; k < d->n_transconductors; k++)
        stamp_conductance(d, d->transconductors[k].stamp, d->transconductors[k].value, d->constant);
    for (size_t k = 0; k < d->junctions.n; k++)
        stamp_conductance(d, d->junctions.stamp[k], d->junctions.gmin[k], d->constant);
    for (size_t k = 0; k < d->n_controlled; k++) {
        const int32_t *at = d->stamps + d->controlled[k].stamp;
        d->constant[at[0]] += 1; /* its current leaves node 0 and enters node 1 */
        d->constant[at[1]] -= 1;
        d->constant[at[2]] += 1; /* v(0) - v(1) */
        d->constant[at[3]] -= 1;
    }
    for (size_t k = 0; k < d->n_capacitors; k++)
        stamp_conductance(d, d->capacitors[k].stamp, d->capacitors[k].value, d->mass);
    for (size_t k = 0; k < d->n_memristors; k++) {
        const struct dae_device *e = &d->memristors[k];
        const int n = 1 + (int)e->element->dopant->model->n_hidden;
        for (int i = 0; i < n; i++) /* x', and the same of hidden states: a row has 2 + n stamps */
            d->mass[d->stamps[e->stamp + 8 + i * (3 + n)]] += 1;
    }
    for (size_t k = 0; k < d->n_fluxes; k++)
        d->mass[d->stamps[d->fluxes[k].stamp]] += d->fluxes[k].coefficient;
}
