/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tile_cells.h"

#include "base/memory.h"
#include "infer/device_drift.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

static gsl_rng *stream(const struct tile_streams *t, enum random_purpose purpose)
{
    return random_stream(t->sample.seed, t->sample.replica,
                         (enum random_purpose)((size_t)purpose + t->number));
}

void tile_cells_free(struct tile_cells *c)
{
    for (size_t s = 0; s < 2; s++) {
        free(c->programmed[s]);
        free(c->stuck[s]);
        free(c->open[s]);
        tile_programming_free(c->programming[s]);
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

/* Stuck devices take their places. */
static void draw_stuck(const struct tile_mapping *m, gsl_rng *rng, struct tile_cells *c)
{
    for (size_t k = 0; k < c->n; k++)
        for (size_t s = 0; s < 2; s++) {
            const double at = tile_stuck(m, rng);
            c->stuck[s][k] = !isnan(at);
            if (c->stuck[s][k])
                c->programmed[s][k] = at;
        }
}

/* Of both tiles; as many numbers are drawn whatever the probabilities are. */
static void draw_open(const struct tile_options *o, const struct lines_array *a, gsl_rng *rng,
                      struct tile_cells *c)
{
    for (size_t s = 0; s < 2; s++)
        for (size_t k = 0; k < a->rows + a->columns; k++)
            c->open[s][k] = gsl_rng_uniform(rng) < (k < a->rows ? o->open_rows : o->open_columns);
}

/* The device is asked for what makes up for the pair's other one, which is stuck. */
static double asked(const struct tile_mapping *m, const struct tile_cells *c,
                    double *const wanted[2], size_t s, size_t k)
{
    return m->compensate && c->stuck[1 - s][k]
               ? tile_partner(m, c->programmed[1 - s][k], wanted[1 - s][k] - wanted[s][k])
               : wanted[s][k];
}

static void draw_errors(const struct tile_mapping *m, gsl_rng *rng, double *const wanted[2],
                        struct tile_cells *c)
{
    for (size_t k = 0; k < c->n; k++)
        for (size_t s = 0; s < 2; s++) {
            const double g = tile_programmed(m, asked(m, c, wanted, s, k), rng);
            if (!c->stuck[s][k])
                c->programmed[s][k] = g;
        }
}

/* Each device by write and verify; a stuck one is a resistor, which the programmer finds out. */
static enum status write_verify(const struct tile_mapping *m, struct tile_task *task,
                                struct tile_cells *c, struct error *error)
{
    struct crossing_device *devices[2] = {NEW(c->n, struct crossing_device),
                                          NEW(c->n, struct crossing_device)};
    for (size_t s = 0; s < 2; s++) {
        for (size_t k = 0; k < c->n; k++) {
            devices[s][k] = m->writing->nominal;
            if (c->stuck[s][k])
                devices[s][k].stuck_ohm = 1 / c->programmed[s][k];
        }
        task->devices[s] = devices[s];
    }
    const enum status status = tile_pair_program(m->writing, task, c->programming, error);
    for (size_t s = 0; s < 2; s++) {
        for (size_t k = 0; k < c->n && status == STATUS_OK; k++)
            c->programmed[s][k] = c->programming[s]->devices[k].g;
        free(devices[s]);
    }
    return status;
}

enum status tile_cells_program(const struct tile_options *o, const struct lines_array *array,
                               const struct tile_streams *streams, const double *share,
                               struct tile_cells *c, struct error *error)
{
    const struct tile_mapping *m = &o->mapping;
    gsl_rng *stuck = stream(streams, RANDOM_TILE_STUCK),
            *errors = stream(streams, RANDOM_TILE_ERROR), *open = stream(streams, RANDOM_TILE_OPEN);
    double *const wanted[2] = {NEW(c->n, double), NEW(c->n, double)};
    struct tile_task task = {.array = *array,
                             .sample = streams->sample,
                             .number = streams->number,
                             .wanted = {wanted[0], wanted[1]}};
    enum status status = STATUS_OK;
    for (size_t s = 0; s < 2; s++) {
        c->programmed[s] = NEW(c->n, double);
        c->stuck[s] = NEW(c->n, bool);
        c->open[s] = NEW(array->rows + array->columns, bool);
    }
    draw_open(o, array, open, c);
    tile_cells_want(m, c->n, share, wanted);
    draw_stuck(m, stuck, c);
    if (m->mode == MAP_VERIFY)
        status = write_verify(m, &task, c, error);
    else
        draw_errors(m, errors, wanted, c);
    free(wanted[0]);
    free(wanted[1]);
    gsl_rng_free(stuck);
    gsl_rng_free(errors);
    gsl_rng_free(open);
    return status;
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
    const struct device_use use = device_use_of(o->dopant, 1, &rest, &r->time);
    return device_use_conductance(&use, o->volt, g);
}

void tile_cells_age(const struct tile_options *o, const struct tile_streams *streams,
                    const struct tile_cells *c, double *const g[2])
{
    gsl_rng *rng = stream(streams, RANDOM_TILE_AGE);
    for (size_t k = 0; k < c->n; k++)
        for (size_t s = 0; s < 2; s++) {
            const double uniform = gsl_rng_uniform(rng), normal = gsl_ran_ugaussian(rng);
            g[s][k] = c->programmed[s][k];
            if (o->retention.time > 0 && !c->stuck[s][k])
                g[s][k] = aged(o, g[s][k], uniform, normal);
        }
    gsl_rng_free(rng);
}
