/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae_restart.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS 60
#define KEPT 6 /* of them with the factors of the beginning; the others are full Newton steps */
/* A node moves by at most this in one iteration [V]: a transistor that turns on or off is found by
 * several steps, not by one along its tangent. */
#define CHANGE_MAX 0.3
/* In units of the tolerance: where Newton's iteration ends, and where it may end when rounding
 * keeps it from going on. */
#define CONVERGED 1e-3
#define ROUNDING 0.1

bool dae_restart_new(struct dae_restart *r, struct dae *d)
{
    *r = (struct dae_restart){.dae = d};
    r->lu = sparse_lu_new((int64_t)d->n, d->columns, d->rows);
    r->entries = NEW(d->n_entries + 1, double);
    r->residual = NEW(d->n, double);
    r->change = NEW(d->n, double);
    return r->lu != NULL;
}

void dae_restart_free(struct dae_restart *r)
{
    sparse_lu_free(r->lu);
    free(r->entries);
    free(r->residual);
    free(r->change);
}

static bool factor(struct dae_restart *r, double t, double h, const double *y)
{
    dae_jacobian(r->dae, t, 1 / h, y, r->entries);
    return sparse_lu_factor(r->lu, r->entries);
}

static bool euler_step(struct dae_restart *r, double t, double h, const double *weight, double *y,
                       double *slope)
{
    const size_t n = r->dae->n;
    double norm = INFINITY;
    memset(slope, 0, n * sizeof *slope);
    for (int i = 0; i < ITERATIONS && !(norm < CONVERGED); i++) {
        if (i >= KEPT && !factor(r, t + h, h, y))
            return false;
        dae_residual(r->dae, t + h, y, slope, r->residual);
        memcpy(r->change, r->residual, n * sizeof *r->change);
        if (!sparse_lu_solve(r->lu, r->change))
            return false;
        norm = 0;
        for (size_t k = 0; k < n; k++) {
            double change = r->change[k];
            if (k < r->dae->n_roots && fabs(change) > CHANGE_MAX)
                change = copysign(CHANGE_MAX, change);
            y[k] -= change;
            slope[k] -= change / h;
            if (!(fabs(change) * weight[k] <= norm))
                norm = fabs(change) * weight[k]; /* NAN stays */
        }
    }
    return norm < ROUNDING;
}

bool dae_restart_run(struct dae_restart *r, double t, double h, const double *weight, double *y,
                     double *slope)
{
    return factor(r, t, h, y) && euler_step(r, t, h, weight, y, slope) &&
           euler_step(r, t + h, h, weight, y, slope);
}
