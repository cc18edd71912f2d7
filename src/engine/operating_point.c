/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Newton's method with limited steps.  A conductance GMIN lies from every root to its guess, and is
 * lowered by decades to zero; a step that fails is tried again with half the decade. */
#include "engine/operating_point.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS 100  /* at one GMIN */
#define CHANGE_MAX 0.3  /* [V] of one iteration */
#define CONVERGED 1e-10 /* [V] */
/* Transistors that moved by less than DAE_MOVED are not evaluated again; behind a stage of high gain
 * the iterates then wander by some nanovolts.  Good enough where all else fails. */
#define WANDERING 1e-8  /* [V] */
#define GMIN_START 1e-2 /* [S] */
#define GMIN_END 1e-13  /* [S] below which it is zero */
#define GMIN_FACTOR 0.1
#define GMIN_FACTOR_MAX 0.9

struct newton {
    struct dae *dae;
    struct sparse_lu *lu;
    double *guess, *change; /* n */
    double *entries;        /* n_entries + 1 */
    size_t worst;           /* unknown that moved most in the last iteration */
    bool singular;
    double accepted; /* change of the last iteration [V] */
};

static bool iterate(struct newton *s, double gmin, double *y, double *size)
{
    struct dae *d = s->dae;
    const size_t first_state = d->n - d->n_states;
    dae_residual(d, 0, y, NULL, s->change);
    dae_jacobian(d, 0, 0, y, s->entries);
    for (size_t k = 0; k < d->n_roots; k++)
        s->change[k] += gmin * (y[k] - s->guess[k]);
    memset(s->change + first_state, 0, d->n_states * sizeof *s->change);
    for (size_t j = 0; j < d->n; j++)
        for (int64_t k = d->columns[j]; k < d->columns[j + 1]; k++) {
            const size_t row = (size_t)d->rows[k];
            if (row >= first_state)
                s->entries[k] = row == j;
            else if (row == j && row < d->n_roots)
                s->entries[k] += gmin;
        }
    s->singular = !sparse_lu_factor(s->lu, s->entries) || !sparse_lu_solve(s->lu, s->change);
    if (s->singular) {
        const int64_t column = sparse_lu_singular(s->lu);
        if (column >= 0 && column < (int64_t)d->n_roots)
            s->worst = (size_t)column;
        return false;
    }
    *size = 0;
    for (size_t k = 0; k < d->n_roots; k++)
        if (!(fabs(s->change[k]) <= *size)) {
            *size = fabs(s->change[k]);
            s->worst = k;
            if (!isfinite(*size))
                return false;
        }
    const double part = *size > CHANGE_MAX ? CHANGE_MAX / *size : 1;
    for (size_t k = 0; k < d->n; k++)
        y[k] -= part * s->change[k];
    return true;
}

static bool solve(struct newton *s, double gmin, double *y)
{
    double size = INFINITY;
    for (int i = 0; i < ITERATIONS && size > CONVERGED; i++)
        if (!iterate(s, gmin, y, &size))
            return false;
    return size <= s->accepted;
}

enum status operating_point(struct dae *d, struct sparse_lu *lu, double *y, struct error *error)
{
    struct newton s = {.dae = d, .lu = lu, .accepted = CONVERGED};
    s.guess = NEW(d->n, double);
    s.change = NEW(d->n, double);
    s.entries = NEW(d->n_entries + 1, double);
    double *before = NEW(d->n, double), gmin = GMIN_START, factor = GMIN_FACTOR;
    memcpy(s.guess, y, d->n * sizeof *y);
    enum status status = STATUS_OK;
    for (bool done = false; status == STATUS_OK && !done;) {
        memcpy(before, y, d->n * sizeof *y);
        if (solve(&s, gmin, y)) {
            done = gmin == 0;
            gmin = gmin * factor < GMIN_END ? 0 : gmin * factor;
            continue;
        }
        memcpy(y, before, d->n * sizeof *y);
        if (factor < GMIN_FACTOR_MAX && gmin < GMIN_START) {
            const double back = gmin > 0 ? gmin / factor : GMIN_END;
            factor = sqrt(factor);
            gmin = back * factor;
        } else if (!s.singular && s.accepted < WANDERING) {
            s.accepted = WANDERING;
            memcpy(y, s.guess, d->n * sizeof *y);
            gmin = GMIN_START;
            factor = GMIN_FACTOR;
        } else {
            const char *node = d->n_roots ? d->circuit->node_names[d->roots[s.worst]] : "0";
            status = s.singular
                         ? fail(error, STATUS_NUMERICAL,
                                "no operating point: the matrix is singular at node %s, which "
                                "floats: no direct current can leave it",
                                node)
                         : fail(error, STATUS_NUMERICAL,
                                "no operating point: Newton's method does not converge near node "
                                "%s (%g V) with gmin = %.1e S",
                                node, y[d->n_roots ? s.worst : 0], gmin);
        }
    }
    free(s.guess);
    free(s.change);
    free(s.entries);
    free(before);
    return status;
}
