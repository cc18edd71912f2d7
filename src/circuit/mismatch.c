/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/mismatch.h"

#include "base/memory.h"
#include "base/random.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

struct mismatch_draw {
    const struct mismatch *mismatch;
    gsl_rng *rng;
};

struct mismatch_draw *mismatch_begin(const struct mismatch *m)
{
    struct mismatch_draw *d = NEW(1, struct mismatch_draw);
    d->mismatch = m;
    d->rng =
        random_stream(m->seed, m->sample, (enum random_purpose)(RANDOM_MISMATCH + m->instance));
    return d;
}

bool mismatch_next(struct mismatch_draw *d, const struct mos1_geometry *g, struct mos1_model *model)
{
    const double root = sqrt(2 * g->m * g->w * g->l);
    model->vto += gsl_ran_gaussian(d->rng, d->mismatch->a_vt / root);
    model->kp *= 1 + gsl_ran_gaussian(d->rng, d->mismatch->a_beta / root);
    return model->kp > 0;
}

void mismatch_end(struct mismatch_draw *d)
{
    if (d)
        gsl_rng_free(d->rng);
    free(d);
}
