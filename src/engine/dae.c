/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae.h"

#include <math.h>
#include <string.h>

/* Node voltages, currents of controlled sources and states from the unknowns. */
static void spread(struct dae *d, double t, const double *y)
{
    const struct circuit *c = d->circuit;
    double *v = d->values;
    for (size_t k = 0; k < d->n_roots; k++)
        v[d->roots[k]] = y[k];
    const double progress = d->ramps ? (t - d->t0) / d->edge : 1;
    for (size_t k = 0; k < d->n_ties; k++) {
        const struct dae_tie *tie = &d->ties[k];
        double volt = tie->volt;
        if (tie->external) {
            const double from = d->from[tie->element], to = d->to[tie->element];
            volt = progress == 1 ? to : from + (to - from) * progress;
        }
        v[tie->child] = v[tie->parent] + tie->sign * volt;
    }
    for (size_t k = 0; k < d->n_derived; k++) {
        const struct element *e = d->derived[k];
        v[e->node[0]] = v[e->node[1]] + e->value * (v[e->node[2]] - v[e->node[3]]);
    }
    for (size_t k = 0; k < d->n_controlled; k++)
        v[circuit_branch_value(c, d->controlled[k].element->branch)] = y[d->controlled[k].unknown];
    memcpy(v + circuit_state_value(c, 0), y + d->n - d->n_states, d->n_states * sizeof *v);
}

/* Slopes of all nodes; slope NULL: those of the drive alone.  False: all are zero. */
static bool spread_slopes(struct dae *d, const double *slope)
{
    if (!slope && !d->ramps)
        return false;
    for (size_t k = 0; k < d->n_roots; k++)
        d->slopes[d->roots[k]] = slope ? slope[k] : 0;
    const double rate = d->ramps ? 1 / d->edge : 0;
    for (size_t k = 0; k < d->n_ties; k++) {
        const struct dae_tie *tie = &d->ties[k];
        double rise = 0;
        if (tie->external)
            rise = (d->to[tie->element] - d->from[tie->element]) * rate;
        d->slopes[tie->child] = d->slopes[tie->parent] + tie->sign * rise;
    }
    return true;
}

static double controlled_voltage(const struct element *e, double control, double *slope)
{
    *slope = e->value;
    return e->kind == ELEMENT_VCVS ? e->value * control
                                   : transfer_table_value(&e->table, control, slope);
}

static void take(double *leaving, const int *node, double i)
{
    leaving[node[0]] += i;
    leaving[node[1]] -= i;
}

static void find_moved(const struct dae *d, struct dae_motion *m)
{
    const double limit = m->limit;
    const double *restrict v = d->values;
    double *restrict at = m->at;
    unsigned char *restrict moved = m->moved;
    for (size_t k = 0; k < d->circuit->n_nodes; k++) {
        const bool far = !(fabs(v[k] - at[k]) <= limit); /* NAN too */
        moved[k] = far;
        at[k] = far ? v[k] : at[k];
    }
}

/* A part beyond these hides others of GMIN's size behind its rounding. */
#define WILD_AMPERE 1.0
#define WILD_SIEMENS 10.0

static bool begin_sum(struct dae_sum *s, size_t n)
{
    const bool renewed = s->wild || s->age++ == DAE_SUM_EVERY;
    if (renewed) {
        s->wild = false;
        s->age = 0;
        memset(s->sum, 0, n * sizeof *s->sum);
    }
    return renewed;
}

static void evaluate_mosfet(struct dae_mosfet *e, const double *v)
{
    const double at[4] = {v[e->node[0]], v[e->node[1]], v[e->node[2]], v[e->node[3]]};
    const double channel = mos1_channel_current(&e->constants, at);
    double drain = 0, source = 0; /* a diode between tied nodes has no voltage */
    if (e->node[3] != e->node[0])
        drain = mos1_diode_current(&e->constants, at[3] - at[0]);
    if (e->node[3] != e->node[2])
        source = mos1_diode_current(&e->constants, at[3] - at[2]);
    e->drain = channel - drain;
    e->source = -channel - source;
    e->bulk = drain + source;
}

/* Currents that leave every node through transistors -> d->channel_currents. */
static void mosfet_currents(struct dae *d)
{
    struct dae_sum *s = &d->channel_currents;
    const bool renewed = begin_sum(s, d->circuit->n_nodes);
    find_moved(d, &d->currents_at);
    const unsigned char *moved = d->currents_at.moved;
    double *restrict sum = s->sum;
    bool wild = false;
    for (size_t k = 0; k < d->n_mosfets; k++) {
        struct dae_mosfet *e = &d->mosfets[k];
        const int *n = e->node;
        const bool again = moved[n[0]] | moved[n[1]] | moved[n[2]] | moved[n[3]];
        if (!again && !renewed)
            continue;
        const double drain = renewed ? 0 : e->drain, source = renewed ? 0 : e->source,
                     bulk = renewed ? 0 : e->bulk;
        if (again)
            evaluate_mosfet(e, d->values);
        sum[n[0]] += e->drain - drain;
        sum[n[2]] += e->source - source;
        sum[n[3]] += e->bulk - bulk;
        wild |= !(fabs(e->drain) + fabs(e->source) < WILD_AMPERE); /* NAN too */
    }
    s->wild |= wild;
}

static void evaluate_conductances(struct dae_mosfet *e, const double *v)
{
    const double at[4] = {v[e->node[0]], v[e->node[1]], v[e->node[2]], v[e->node[3]]};
    if (!mos1_channel_conductances(&e->constants, at, e->channel))
        memset(e->channel, 0, sizeof e->channel);
    for (int i = 0; i < 2; i++)
        if (e->node[3] != e->node[2 * i])
            e->diode[i] = mos1_diode_conductance(&e->constants, at[3] - at[2 * i]);
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

/* Their derivatives by the voltages -> d->channel_jacobian. */
static void mosfet_jacobian(struct dae *d)
{
    struct dae_sum *s = &d->channel_jacobian;
    const bool renewed = begin_sum(s, d->n_entries + 1);
    find_moved(d, &d->jacobian_at);
    const unsigned char *moved = d->jacobian_at.moved;
    double *restrict sum = s->sum;
    bool wild = false;
    for (size_t k = 0; k < d->n_mosfets; k++) {
        struct dae_mosfet *e = &d->mosfets[k];
        const int *n = e->node;
        const bool again = moved[n[0]] | moved[n[1]] | moved[n[2]] | moved[n[3]];
        if (!again && !renewed)
            continue;
        double channel[4] = {0}, diode[2] = {0};
        if (!renewed) {
            memcpy(channel, e->channel, sizeof channel);
            memcpy(diode, e->diode, sizeof diode);
        }
        if (again)
            evaluate_conductances(e, d->values);
        const int32_t *drain = d->stamps + e->stamp, *source = drain + 4;
        for (int j = 0; j < 4; j++) {
            sum[drain[j]] += e->channel[j] - channel[j];
            sum[source[j]] -= e->channel[j] - channel[j];
            wild |= !(fabs(e->channel[j]) < WILD_SIEMENS);
        }
        for (int i = 0; i < 2; i++) {
            const double change = e->diode[i] - diode[i];
            if (change != 0)
                stamp_conductance(d, e->stamp + 8 + 4 * i, change, sum);
            wild |= !(e->diode[i] < WILD_SIEMENS);
        }
    }
    s->wild |= wild;
}

/* Currents that leave every node through elements, and the power of each; residuals of controlled
 * sources and states. */
static void element_currents(struct dae *d, const double *slope, double *residual, double *power)
{
    const double *v = d->values;
    double *leaving = d->leaving, unused;
    mosfet_currents(d);
    memcpy(leaving, d->channel_currents.sum, d->circuit->n_nodes * sizeof *leaving);
    for (size_t k = 0; k < d->n_resistors; k++) {
        const struct dae_linear *e = &d->resistors[k];
        const double u = v[e->node[0]] - v[e->node[1]], i = e->value * u;
        take(leaving, e->node, i);
        if (power)
            power[e->number] = u * i;
    }
    for (size_t k = 0; k < d->n_switches; k++) {
        const struct dae_linear *e = &d->switches[k];
        const double u = v[e->node[0]] - v[e->node[1]];
        const double i = switch_conductance(e->value, v[e->node[2]] - v[e->node[3]]) * u;
        take(leaving, e->node, i);
        if (power)
            power[e->number] = u * i;
    }
    if (spread_slopes(d, slope))
        for (size_t k = 0; k < d->n_capacitors; k++) {
            const struct dae_linear *e = &d->capacitors[k];
            take(leaving, e->node, e->value * (d->slopes[e->node[0]] - d->slopes[e->node[1]]));
        }
    for (size_t k = 0; k < d->n_currents; k++) {
        const struct dae_linear *e = &d->currents[k];
        take(leaving, e->node, e->value);
        if (power)
            power[e->number] = (v[e->node[0]] - v[e->node[1]]) * e->value;
    }
    for (size_t k = 0; k < d->n_transconductors; k++) {
        const struct dae_linear *e = &d->transconductors[k];
        const double i = e->value * (v[e->node[2]] - v[e->node[3]]);
        take(leaving, e->node, i);
        if (power)
            power[e->number] = (v[e->node[0]] - v[e->node[1]]) * i;
    }
    for (size_t k = 0; power && k < d->n_mosfets; k++) {
        const struct dae_mosfet *e = &d->mosfets[k];
        power[e->number] =
            v[e->node[0]] * e->drain + v[e->node[2]] * e->source + v[e->node[3]] * e->bulk;
    }
    for (size_t k = 0; k < d->n_memristors; k++) {
        const struct dae_device *e = &d->memristors[k];
        const struct dopant *p = e->element->dopant;
        const double u = v[e->node[0]] - v[e->node[1]];
        const double x = v[circuit_state_value(d->circuit, e->element->state)];
        const double i = p->model->current(p->constants, u, x).f;
        take(leaving, e->node, i);
        residual[e->unknown] =
            (slope ? slope[e->unknown] : 0) - p->model->rate(p->constants, u, x).f;
        if (power)
            power[e->number] = u * i;
    }
    for (size_t k = 0; k < d->n_controlled; k++) {
        const struct dae_device *e = &d->controlled[k];
        const double u = v[e->node[0]] - v[e->node[1]];
        const double i = v[circuit_branch_value(d->circuit, e->element->branch)];
        take(leaving, e->node, i);
        residual[e->unknown] =
            u - controlled_voltage(e->element, v[e->node[2]] - v[e->node[3]], &unused);
        if (power)
            power[e->number] = u * i;
    }
}

/* The residual from what element_currents() has left.  What leaves a child comes through its tie
 * from the parent. */
static void root_currents(struct dae *d, double *residual)
{
    for (size_t k = d->n_ties; k-- > 0;)
        d->leaving[d->ties[k].parent] += d->leaving[d->ties[k].child];
    for (size_t k = 0; k < d->n_roots; k++)
        residual[k] = d->leaving[d->roots[k]];
}

void dae_residual(struct dae *d, double t, const double *y, const double *slope, double *residual)
{
    spread(d, t, y);
    element_currents(d, slope, residual, NULL);
    root_currents(d, residual);
}

void dae_values(struct dae *d, double t, const double *y, const double *slope, double *residual,
                double *power)
{
    spread(d, t, y);
    element_currents(d, slope, residual, power);
    root_currents(d, residual);
    double *v = d->values, *branch = v + d->circuit->n_nodes;
    for (size_t k = 0; k < d->n_ties; k++) {
        const struct dae_tie *tie = &d->ties[k];
        const int from = tie->sign > 0 ? tie->child : tie->parent,
                  to = tie->sign > 0 ? tie->parent : tie->child;
        const double i = branch[tie->branch] = -tie->sign * d->leaving[tie->child];
        if (power)
            power[tie->element] = (tie->boundary ? v[from] : v[from] - v[to]) * i;
    }
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
}

void dae_jacobian(struct dae *d, double t, double c, const double *y, double *entries)
{
    spread(d, t, y);
    const double *v = d->values;
    mosfet_jacobian(d);
    const double *restrict constant = d->constant, *restrict mass = d->mass,
                           *restrict channel = d->channel_jacobian.sum;
    double *restrict sum = entries;
    for (size_t k = 0; k < d->n_entries; k++)
        sum[k] = constant[k] + c * mass[k] + channel[k];
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
        const struct model_value f = p->model->rate(p->constants, u, x);
        stamp_conductance(d, e->stamp, i.df_dv, entries);
        const int32_t *at = d->stamps + e->stamp + 4;
        entries[at[0]] += i.df_dx;
        entries[at[1]] -= i.df_dx;
        entries[at[2]] -= f.df_dv;
        entries[at[3]] += f.df_dv;
        entries[at[4]] -= f.df_dx;
    }
    for (size_t k = 0; k < d->n_controlled; k++) {
        const struct dae_device *e = &d->controlled[k];
        double slope;
        controlled_voltage(e->element, v[e->node[2]] - v[e->node[3]], &slope);
        const int32_t *at = d->stamps + e->stamp;
        entries[at[4]] -= slope; /* v(0) - v(1) - f(v(2) - v(3)) */
        entries[at[5]] += slope;
    }
}

void dae_constant_jacobian(struct dae *d)
{
    for (size_t k = 0; k < d->n_resistors; k++)
        stamp_conductance(d, d->resistors[k].stamp, d->resistors[k].value, d->constant);
    for (size_t k = 0; k < d->n_transconductors; k++)
        stamp_conductance(d, d->transconductors[k].stamp, d->transconductors[k].value, d->constant);
    for (size_t k = 0; k < d->n_mosfets; k++)
        for (int i = 0; i < 2; i++)
            if (d->mosfets[k].node[3] != d->mosfets[k].node[2 * i])
                stamp_conductance(d, d->mosfets[k].stamp + 8 + 4 * i, d->mosfets[k].constants.gmin,
                                  d->constant);
    for (size_t k = 0; k < d->n_controlled; k++) {
        const int32_t *at = d->stamps + d->controlled[k].stamp;
        d->constant[at[0]] += 1; /* its current leaves node 0 and enters node 1 */
        d->constant[at[1]] -= 1;
        d->constant[at[2]] += 1; /* v(0) - v(1) */
        d->constant[at[3]] -= 1;
    }
    for (size_t k = 0; k < d->n_capacitors; k++)
        stamp_conductance(d, d->capacitors[k].stamp, d->capacitors[k].value, d->mass);
    for (size_t k = 0; k < d->n_memristors; k++)
        d->mass[d->stamps[d->memristors[k].stamp + 8]] += 1;
}
