/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With everything times the transistor's sign, low = min(vd, vs), vds = |vd - vs| and
 * vov = max(vg - low - von, 0), both branches of the channel's law are, in u = min(vov, vds),
 *
 *     id  = beta (1 + lambda vds) u (vov - u/2)
 *     gm  = beta (1 + lambda vds) u
 *     gds = beta (1 + lambda vds) (vov - u) + lambda beta u (vov - u/2) */
#include "engine/dae/dae_mosfets.h"

#include "base/memory.h"
#include "base/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES DAE_LANES
_Static_assert(LANES == 8, "open_channels() adds eight overdrives in pairs");
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

WIDE void dae_channels_currents(struct dae_channels *b, const double *v, double *leaving,
                                double *sum)
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

WIDE void dae_channels_jacobian(const struct dae_channels *b, const double *v, double *entries)
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

#define REVERSE -3.0 /* times vt: below this SPICE neglects exp() */

void dae_junctions_new(struct dae_junctions *all, const struct dae_junction *list, size_t n)
{
    *all = (struct dae_junctions){.n = n};
    double **const doubles[] = {&all->sign, &all->vt,    &all->is,      &all->gmin,    &all->e,
                                &all->i,    &all->by_is, &all->by_gmin, &all->reverse, &all->least};
    int **const ints[] = {&all->node[0], &all->node[1],  &all->stamp, &all->bulk,
                          &all->rows,    &all->bulk_row, &all->row_of};
    for (size_t k = 0; k < sizeof doubles / sizeof doubles[0]; k++)
        *doubles[k] = NEW(n + 1, double);
    for (size_t k = 0; k < sizeof ints / sizeof ints[0]; k++)
        *ints[k] = NEW(n, int);
    all->bulk_end = NEW(n, size_t);
    for (size_t k = 0; k < n; k++) {
        const struct dae_junction *j = &list[k];
        all->node[0][k] = j->node[0];
        all->node[1][k] = j->node[1];
        all->stamp[k] = j->stamp;
        all->sign[k] = j->sign;
        all->vt[k] = j->vt;
        all->is[k] = j->is;
        all->reverse[k] = j->sign * j->is;
        all->least[k] = REVERSE * j->vt;
        all->gmin[k] = j->gmin;
        if (j->row[1] >= 0) {
            all->row_of[all->n_rows] = (int)k;
            all->rows[all->n_rows++] = j->row[1];
        }
        if (k == 0 || j->node[0] != list[k - 1].node[0]) {
            all->bulk[all->n_bulks] = j->node[0];
            all->bulk_row[all->n_bulks++] = j->row[0];
        }
        all->bulk_end[all->n_bulks - 1] = k + 1;
    }
}

void dae_junctions_free(struct dae_junctions *all)
{
    void *const arrays[] = {all->sign,     all->vt,      all->is,      all->gmin,     all->e,
                            all->i,        all->by_is,   all->by_gmin, all->stamp,    all->node[0],
                            all->node[1],  all->bulk,    all->rows,    all->bulk_row, all->row_of,
                            all->bulk_end, all->reverse, all->least};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
}

/* exp(forward/vt) - 1 as SPICE has it above `least'; -1 below. */
static double rise(const struct dae_junctions *all, size_t k, double forward)
{
    return exp(fmin(MOS1_EXPONENT_MAX, forward / all->vt[k])) - 1;
}

static double bulk_current(const double *i, size_t n)
{
    double even = 0, odd = 0; /* do not wait for each other */
    for (size_t k = 0; k + 1 < n; k += 2) {
        even += i[k];
        odd += i[k + 1];
    }
    return even + odd + (n % 2 == 1 ? i[n - 1] : 0);
}

void dae_junctions_currents(struct dae_junctions *all, const double *v, double *leaving,
                            double *sum)
{
    const size_t n = all->n;
    const int *restrict bulk = all->node[0], *restrict other = all->node[1];
    const double *restrict sign = all->sign, *restrict reverse = all->reverse,
                           *restrict least_u = all->least, *restrict gmin = all->gmin;
    double *restrict e = all->e, *restrict i = all->i;
#pragma GCC unroll 2
    for (size_t k = 0; k < n; k++) {
        const double u = v[bulk[k]] - v[other[k]];
        i[k] = gmin[k] * u - reverse[k];
        e[k] = -1;
        if (sign[k] * u > least_u[k]) {
            e[k] = rise(all, k, sign[k] * u);
            i[k] += reverse[k] * (e[k] + 1);
        }
    }
    size_t begin = 0;
    for (size_t k = 0; k < all->n_bulks; begin = all->bulk_end[k], k++) {
        const int row = all->bulk_row[k];
        double *to = leaving ? &leaving[all->bulk[k]] : row >= 0 ? &sum[row] : NULL;
        if (to)
            *to += bulk_current(i + begin, all->bulk_end[k] - begin);
    }
    if (leaving)
        for (size_t k = 0; k < n; k++)
            leaving[other[k]] -= i[k];
    else
        for (size_t k = 0; k < all->n_rows; k++)
            sum[all->rows[k]] -= i[all->row_of[k]];
}

void dae_junctions_jacobian(const struct dae_junctions *all, const double *v, const int32_t *stamps,
                            double *entries)
{
    for (size_t k = 0; k < all->n; k++) {
        const double forward = all->sign[k] * (v[all->node[0][k]] - v[all->node[1][k]]);
        if (!(forward > all->least[k]))
            continue;
        const double g = all->is[k] * (rise(all, k, forward) + 1) / all->vt[k];
        const int32_t *at = stamps + all->stamp[k];
        entries[at[0]] += g;
        entries[at[1]] -= g;
        entries[at[2]] -= g;
        entries[at[3]] += g;
    }
}

WIDE void dae_diodes_powers(const struct dae_diodes *list, size_t n, struct dae_junctions *all,
                            const double *v, double *power)
{
    double *restrict by_is = all->by_is, *restrict by_gmin = all->by_gmin;
    for (size_t k = 0; k < all->n; k++) {
        const double u = v[all->node[0][k]] - v[all->node[1][k]];
        by_is[k] = u * all->e[k];
        by_gmin[k] = u * u;
    }
    for (size_t k = 0; k < n; k++) {
        const struct dae_diodes *d = &list[k];
        const int a = d->junction[0], b = d->junction[1];
        power[d->number] +=
            d->sign * d->is * (by_is[a] + by_is[b]) + d->gmin * (by_gmin[a] + by_gmin[b]);
    }
}
