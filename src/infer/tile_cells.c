/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tile_cells.h"

#include "base/memory.h"
#include "infer/device_drift.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

static gsl_rng *stream(struct random_sample sample, enum random_purpose purpose, size_t number)
{
    return random_stream(sample.seed, sample.replica,
                         (enum random_purpose)((size_t)purpose + number));
}

void tile_cells_free(struct tile_cells *c)
{
    for (size_t s = 0; s < 2; s++) {
        free(c->programmed[s]);
        free(c->stuck[s]);
    }
}

void tile_cells_want(const struct tile_mapping *m, size_t n, const double *share,
                     double *const wanted[2])
{
    for (size_t k = 0; k < n; k++) {
        wanted[0][k] = tile_conductance(m, fmax(share[k], 0));
        wanted[1][k] = tile_conductance(m, fmax(-share[k], 0));
    }
}

/* Stuck devices take their places; where one of a pair is stuck the other is asked for another value. */
static void meet_stuck(const struct tile_mapping *m, gsl_rng *rng, struct tile_cells *c)
{
    for (size_t k = 0; k < c->n; k++) {
        const double g[2] = {c->programmed[0][k], c->programmed[1][k]},
                     at[2] = {tile_stuck(m, rng), tile_stuck(m, rng)};
        for (size_t s = 0; s < 2; s++) {
            c->stuck[s][k] = !isnan(at[s]);
            if (c->stuck[s][k])
                c->programmed[s][k] = at[s];
            else if (m->compensate && !isnan(at[1 - s]))
                c->programmed[s][k] = tile_partner(m, at[1 - s], g[1 - s] - g[s]);
        }
    }
}

void tile_cells_program(const struct tile_options *o, struct random_sample sample, size_t number,
                        const double *share, struct tile_cells *c)
{
    gsl_rng *stuck = stream(sample, RANDOM_TILE_STUCK, number),
            *error = stream(sample, RANDOM_TILE_ERROR, number);
    for (size_t s = 0; s < 2; s++) {
        c->programmed[s] = NEW(c->n, double);
        c->stuck[s] = NEW(c->n, bool);
    }
    tile_cells_want(&o->mapping, c->n, share, c->programmed);
    meet_stuck(&o->mapping, stuck, c);
    for (size_t k = 0; k < c->n; k++)
        for (size_t s = 0; s < 2; s++) {
            const double g = tile_programmed(&o->mapping, c->programmed[s][k], error);
            c->programmed[s][k] = c->stuck[s][k] ? c->programmed[s][k] : g;
        }
    gsl_rng_free(stuck);
    gsl_rng_free(error);
}

static double aged(const struct tile_options *o, double g, double uniform, double normal)
{
    const struct retention *r = &o->retention;
    switch (r->law) {
    case RETENTION_POWER:
        return g * pow(fmax(r->time / r->start, 1), -fmax(0, r->nu + r->spread * normal));
    case RETENTION_LOSS:
        return uniform < -expm1(-r->time / r->loss_time) ? o->mapping.g_min : g;
    case RETENTION_DEVICE:
        break;
    }
    const double rest = 0;
    const struct device_use use = {1, &rest, &r->time};
    return device_use_conductance(o->dopant, &use, o->volt, g);
}

void tile_cells_age(const struct tile_options *o, struct random_sample sample, size_t number,
                    const struct tile_cells *c, double *const g[2])
{
    gsl_rng *rng = stream(sample, RANDOM_TILE_AGE, number);
    for (size_t k = 0; k < c->n; k++)
        for (size_t s = 0; s < 2; s++) {
            const double uniform = gsl_rng_uniform(rng), normal = gsl_ran_ugaussian(rng);
            g[s][k] = c->programmed[s][k];
            if (o->retention.time > 0 && !c->stuck[s][k])
                g[s][k] = aged(o, g[s][k], uniform, normal);
        }
    gsl_rng_free(rng);
}
