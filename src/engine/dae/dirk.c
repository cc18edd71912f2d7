/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/dirk.h"

#include "base/wide.h"
#include "engine/dae/dae_trouble.h"

#include <math.h>
#include <string.h>

#define ITERATIONS 12
#define CONVERGED 0.2 /* of the tolerance */
#define KEPT 1.5      /* factors serve steps longer or shorter by this */
#define ALONE 0.25
#define MEMORY 5
#define SLOW 0.3       /* a change that shrinks by less wants another Jacobian */
#define CHANGE_MAX 0.5 /* [V] of one iteration */
#define BACK 0.5       /* of a change that the next one would more than undo */

#define G 0.29289321881345248
/* Weights of the slopes at 0, G and 1, of order 3 where the system is linear, less the method's own:
 * of sum 1, with first moment 1/2, and 1/6 for the moment of the stages' moments. */
#define AT_1 ((1. / 6 - G + G * G / 2) / (G * G * (G - 1)))
#define AT_2 (0.5 - G * AT_1)
static const double excess[3] = {1 - AT_1 - AT_2, AT_1 - (1 - G), AT_2 - G};

static bool factor(struct rosenbrock *r, double t, const double *y)
{
    dae_jacobian(r->dae, t, 1 / (G * r->h), y, r->entries);
    r->factored = rosenbrock_factor(r) ? r->h : 0;
    return r->factored > 0;
}

/* Limit the change of each node by its last change. True: one was too large. */
WIDE static bool limit(size_t n, double *restrict change, double *restrict last)
{
    double beyond = 0; /* the largest part that is taken away [V] */
    for (size_t k = 0; k < n; k++) {
        const double size = fabs(change[k]), before = fabs(last[k]);
        const double most = change[k] * last[k] < 0 && size > before ? BACK * before : CHANGE_MAX;
        const double kept = size > most ? most : size;
        beyond = size - kept > beyond ? size - kept : beyond;
        last[k] = change[k] = copysign(kept, change[k]);
    }
    return beyond > 0;
}

/* F(t, Y, (Y - base)/(G h)) = 0 from the guess in Y; k becomes the slope. */
static bool solve_stage(struct rosenbrock *r, double t, const double *base, double *restrict y,
                        double *restrict k, const double *weight)
{
    struct dae *d = r->dae;
    const double c = 1 / (G * r->h);
    double before = INFINITY, *restrict change = r->defect;
    memset(r->curve2, 0, d->n_roots * sizeof *r->curve2); /* the last change */
    for (size_t i = 0; i < d->n; i++)
        k[i] = c * (y[i] - base[i]);
    for (int count = 0; count < ITERATIONS; count++) {
        dae_residual(d, t, y, k, change);
        memcpy(r->drift, change, d->n * sizeof *r->drift);
        if (!sparse_lu_solve(r->lu, change))
            return false;
        dae_state_changes(d, c, r->drift, change);
        const double norm = rosenbrock_norm(r, change, weight, ALONE, MEMORY);
        const bool far = limit(d->n_roots, change, r->curve2);
        for (size_t i = 0; i < d->n; i++) {
            y[i] -= change[i];
            k[i] -= c * change[i];
        }
        if (!isfinite(norm))
            break;
        const double rate = norm / before;
        if (norm <= CONVERGED * (count > 0 && rate < 0.5 ? 1 / rate - 1 : 1))
            return true;
        if (rate > SLOW && (count > 0 || far) && !factor(r, t, y))
            return false;
        before = norm;
    }
    r->worst = dae_largest(d, change, weight);
    return false;
}

bool dirk_step(struct rosenbrock *r, double t, double h, const double *y, const double *slope,
               const double *weight)
{
    struct dae *d = r->dae;
    const size_t n = d->n;
    double *first = r->stages[0], *k1 = r->stages[1], *base = r->point, *e = r->error;
    r->h = h;
    r->gamma = G;
    r->alone = ALONE;
    memcpy(r->y0, y, n * sizeof *y);
    if (!r->known)
        dae_residual(d, t, y, NULL, r->begin);
    r->known = true;
    const double ratio = r->factored / h;
    if (!(ratio > 1 / KEPT && ratio < KEPT) && !factor(r, t, y))
        return false;
    for (size_t i = 0; i < n; i++)
        first[i] = y[i] + (slope ? G * h * slope[i] : 0);
    if (!solve_stage(r, t + G * h, y, first, k1, weight))
        return false;
    for (size_t i = 0; i < n; i++) {
        base[i] = y[i] + (1 - G) * h * k1[i];
        r->y1[i] = y[i] + h * k1[i];
    }
    if (!solve_stage(r, t + h, base, r->y1, r->slope1, weight))
        return false;
    for (size_t i = 0; i < n; i++)
        r->drift[i] = excess[1] * k1[i] + excess[2] * r->slope1[i];
    dae_mass(d, r->drift, r->mass);
    for (size_t i = 0; i < n; i++) {
        e[i] = (r->mass[i] - excess[0] * r->begin[i]) / G;
        r->curve2[i] = (first[i] - (1 - G) * y[i] - G * r->y1[i]) / (G * (1 - G));
        r->curve3[i] = 0;
    }
    return sparse_lu_solve(r->lu, e);
}
