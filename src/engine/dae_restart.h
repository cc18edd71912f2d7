/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Consistent values after a kink of the drive: y is continuous there, but y' is not. */
#ifndef SILVERBAR_ENGINE_DAE_RESTART_H
#define SILVERBAR_ENGINE_DAE_RESTART_H

#include "engine/dae.h"
#include "engine/sparse_lu.h"

struct dae_restart {
    struct dae *dae;
    struct sparse_lu *lu;
    double *entries;           /* n_entries + 1 */
    double *residual, *change; /* n */
};

/* False: the pattern is structurally singular. */
bool dae_restart_new(struct dae_restart *r, struct dae *dae);
void dae_restart_free(struct dae_restart *r);

/* Two implicit Euler steps of h seconds from y at t, with one factorization: the first moves y onto
 * the manifold, the second gives a slope that belongs to it.  y then holds at t + 2 h.  weight: n,
 * reciprocals of the tolerances of y.  False: Newton's iteration does not converge. */
bool dae_restart_run(struct dae_restart *r, double t, double h, const double *weight, double *y,
                     double *slope);

#endif
