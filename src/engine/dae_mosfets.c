/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With everything times the transistor's sign, low = min(vd, vs), vds = |vd - vs| and
 * vov = max(vg - low - von, 0), both branches of the channel's law are, in u = min(vov, vds),
 *
 *     id  = beta (1 + lambda vds) u (vov - u/2)
 *     gm  = beta (1 + lambda vds) u
 *     gds = beta (1 + lambda vds) (vov - u) + lambda beta u (vov - u/2) */
#include "engine/dae_mosfets.h"

#include <math.h>
#include <string.h>

#define LANES DAE_LANES
#define EACH(j) for (int j = 0; j < LANES; j++)

void dae_channels_add(struct dae_channels *b, const struct mos1_device *p, const int node[4],
                      int number)
{
    const int j = b->n++;
    b->body = p->gamma != 0;
    b->number[j] = number;
    for (int t = 0; t < 4; t++)
        b->node[t][j] = node[t];
    b->sign[j] = p->sign;
    b->vto[j] = p->vto;
    b->beta[j] = p->beta;
    b->lambda[j] = p->lambda;
    b->gamma[j] = p->gamma;
    b->phi[j] = p->phi;
    b->root[j] = p->root;
    b->half[j] = b->body ? 0.5 / p->root : 0;
}

/* What current and conductances have in common. */
struct channel {
    double across[LANES], vds[LANES], vov[LANES], u[LANES], by_bulk[LANES];
};

static inline double least(double a, double b)
{
    return a < b ? a : b;
}

static inline double most(double a, double b)
{
    return a > b ? a : b;
}

/* False: no channel conducts. */
static inline bool open_channels(const struct dae_channels *restrict b, const double *restrict v,
                                 struct channel *restrict c)
{
    double at[3][LANES], low[LANES], half[LANES / 2];
    for (int t = 0; t < 3; t++)
        EACH(j) at[t][j] = v[b->node[t][j]];
    EACH(j)
    {
        const double vd = b->sign[j] * at[0][j], vs = b->sign[j] * at[2][j];
        c->across[j] = vd - vs;
        c->vds[j] = fabs(c->across[j]);
        low[j] = least(vd, vs);
        c->vov[j] = b->sign[j] * at[1][j] - low[j] - b->vto[j];
        c->by_bulk[j] = 0;
    }
    if (b->body)
        EACH(j)
        {
            const double vbs = b->sign[j] * v[b->node[3][j]] - low[j];
            const double root = sqrt(most(b->phi[j] - vbs, b->phi[j]));
            const double sb = most(0, root - most(vbs, 0) * b->half[j]);
            c->vov[j] -= b->gamma[j] * (sb - b->root[j]);
            c->by_bulk[j] = sb > 0 && root > 0 ? 0.5 * b->gamma[j] / root : 0;
        }
    EACH(j)
    {
        c->vov[j] = c->vov[j] < 0 ? 0 : c->vov[j]; /* NAN remains */
        c->u[j] = least(c->vov[j], c->vds[j]);
    }
    for (int j = 0; j < LANES / 2; j++)
        half[j] = c->vov[j] + c->vov[LANES / 2 + j];
    return !((half[0] + half[1]) + (half[2] + half[3]) <= 0);
}

void dae_channels_currents(struct dae_channels *b, const double *v, double *leaving, double *sum)
{
    struct channel c;
    double i[2 * LANES];
    if (!open_channels(b, v, &c)) {
        EACH(j) b->current[j] = 0;
        return;
    }
    EACH(j)
    {
        const double size =
            b->beta[j] * (1 + b->lambda[j] * c.vds[j]) * c.u[j] * (c.vov[j] - 0.5 * c.u[j]);
        i[j] = b->sign[j] * copysign(size, c.across[j]);
        i[LANES + j] = -i[j];
    }
    memcpy(b->current, i, sizeof b->current);
    if (leaving) {
        for (int j = 0; j < b->n; j++) {
            leaving[b->node[0][j]] += i[j];
            leaving[b->node[2][j]] -= i[j];
        }
        return;
    }
    for (int k = 0; k < b->n_rows; k++)
        sum[b->rows[k]] += i[b->row_of[k]];
}

void dae_channels_powers(const struct dae_channels *b, const double *v, double *power)
{
    for (int j = 0; j < b->n; j++)
        power[b->number[j]] = (v[b->node[0][j]] - v[b->node[2][j]]) * b->current[j];
}

void dae_channels_jacobian(const struct dae_channels *b, const double *v, double *entries)
{
    struct channel c;
    double g[8][LANES];
    if (!open_channels(b, v, &c))
        return;
    EACH(j)
    {
        const double modulation = b->beta[j] * (1 + b->lambda[j] * c.vds[j]);
        const double gm = modulation * c.u[j],
                     gds = modulation * (c.vov[j] - c.u[j]) +
                           b->lambda[j] * b->beta[j] * c.u[j] * (c.vov[j] - 0.5 * c.u[j]);
        const double sense = copysign(1, c.across[j]), normal = 0.5 + 0.5 * sense;
        const double gmb = gm * c.by_bulk[j], all = gds + gm + gmb;
        /* of the current that enters at the drain: reversed, the source takes the drain's part */
        g[0][j] = normal * gds + (1 - normal) * all;
        g[1][j] = sense * gm;
        g[2][j] = -normal * all - (1 - normal) * gds;
        g[3][j] = sense * gmb;
    }
    for (int t = 0; t < 4; t++)
        EACH(j) g[4 + t][j] = -g[t][j];
    const double *all = g[0];
    for (int k = 0; k < b->n_places; k++)
        entries[b->places[k]] += all[b->place_of[k]];
}

/* exp(sign u/vt) - 1 as SPICE has it. */
static inline double rise(const struct dae_junction *e, double u)
{
    const double forward = e->sign * u;
    return forward <= -3 * e->vt ? -1 : exp(fmin(MOS1_EXPONENT_MAX, forward / e->vt)) - 1;
}

void dae_junctions_currents(struct dae_junction *list, size_t n, const double *v, double *leaving,
                            double *sum)
{
    double *to = leaving ? leaving : sum, bulk = 0;
    for (size_t k = 0; k < n; k++) {
        struct dae_junction *e = &list[k];
        const int *at = leaving ? e->node : e->row;
        e->u = v[e->node[0]] - v[e->node[1]];
        e->e = rise(e, e->u);
        const double i = e->sign * e->is * e->e + e->gmin * e->u;
        bulk += i;
        to[at[1]] -= i;
        if (k + 1 == n || e[1].node[0] != e->node[0]) {
            to[at[0]] += bulk;
            bulk = 0;
        }
    }
}

double dae_junction_conductance(const struct dae_junction *e, const double *v)
{
    return e->is * (rise(e, v[e->node[0]] - v[e->node[1]]) + 1) / e->vt;
}

void dae_diodes_powers(const struct dae_diodes *list, size_t n,
                       const struct dae_junction *junctions, double *power)
{
    for (size_t k = 0; k < n; k++) {
        const struct dae_diodes *d = &list[k];
        const struct dae_junction *a = &junctions[d->junction[0]], *b = &junctions[d->junction[1]];
        power[d->number] += a->u * (d->sign * d->is * a->e + d->gmin * a->u) +
                            b->u * (d->sign * d->is * b->e + d->gmin * b->u);
    }
}
