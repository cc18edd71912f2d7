/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/effects.h"

#include "base/memory.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NORMAL_95 1.959963984540054 /* its 97.5 % quantile */

const char *const effect_names[EFFECTS] = {"float",        "mapped",  "+ programming", "+ lines",
                                           "+ converters", "+ noise", "+ drift",       "+ retune"};

void wilson_interval(double right, double n, double *low, double *high)
{
    const double z2 = NORMAL_95 * NORMAL_95, p = right / n, middle = (p + z2 / (2 * n)),
                 half = NORMAL_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    *low = fmax(0, (middle - half) / (1 + z2 / n));
    *high = fmin(1, (middle + half) / (1 + z2 / n));
}

double mcnemar_p(size_t first, size_t second)
{
    const size_t least = first < second ? first : second;
    if (first == second)
        return 1;
    return fmin(1, 2 * gsl_cdf_binomial_P((unsigned)least, 0.5, (unsigned)(first + second)));
}

struct tile_options effect_options(const struct tile_options *all, enum effect effect)
{
    struct tile_options o = *all;
    if (effect < EFFECT_PROGRAMMING) {
        o.mapping.mode = MAP_IDEAL;
        o.mapping.stuck_on = o.mapping.stuck_off = 0;
    }
    if (effect < EFFECT_LINES)
        o.row_ohm = o.column_ohm = o.driver_ohm = o.sense_ohm = o.select_ohm = o.open_rows =
            o.open_columns = 0;
    if (effect < EFFECT_CONVERTERS) {
        o.dac_bits = o.adc.bits = 0;
        o.encoding = ENCODING_AMPLITUDE;
    }
    if (effect < EFFECT_NOISE) {
        o.read_noise = 0;
        o.thermal = false;
    }
    if (effect < EFFECT_DRIFT) {
        o.retention.time = 0;
        o.disturb = false;
    }
    if (effect < EFFECT_RETUNE)
        o.retune = RETUNE_NONE;
    return o;
}

/* Do two sets of options describe the same tiles and reads? */
static bool differ(const struct tile_options *a, const struct tile_options *b)
{
    return a->mapping.mode != b->mapping.mode || a->mapping.stuck_on != b->mapping.stuck_on ||
           a->mapping.stuck_off != b->mapping.stuck_off || a->row_ohm != b->row_ohm ||
           a->column_ohm != b->column_ohm || a->driver_ohm != b->driver_ohm ||
           a->sense_ohm != b->sense_ohm || a->select_ohm != b->select_ohm ||
           a->open_rows != b->open_rows || a->open_columns != b->open_columns ||
           a->dac_bits != b->dac_bits || a->adc.bits != b->adc.bits || a->encoding != b->encoding ||
           a->read_noise != b->read_noise || a->thermal != b->thermal ||
           a->retention.time != b->retention.time || a->disturb != b->disturb ||
           a->retune != b->retune;
}

static enum status find(const struct effects_job *job, enum effect effect, struct effects *e,
                        struct error *error)
{
    const struct tile_options o = effect_options(job->options, effect);
    struct inference *f = NULL;
    struct inference_result r = {0};
    enum status status = inference_open(job->graph, &o, job->sample, job->watch, &f, error);
    if (status == STATUS_OK)
        status = inference_calibrate(f, job->training, job->watch, error);
    if (status == STATUS_OK)
        status = inference_run(f, job->images, e->decision[EFFECT_FLOAT], job->watch, &r, error);
    if (status == STATUS_OK) {
        e->decision[effect] = NEW(e->n, uint32_t);
        memcpy(e->decision[effect], r.decision, e->n * sizeof *r.decision);
    }
    inference_result_free(&r);
    inference_close(f);
    return status;
}

enum status effects_find(const struct effects_job *job, struct effects *e, struct error *error)
{
    enum status status = STATUS_OK;
    *e = (struct effects){.n = job->images->count};
    e->decision[EFFECT_FLOAT] = NEW(e->n, uint32_t);
    memcpy(e->decision[EFFECT_FLOAT], job->by_float, e->n * sizeof *job->by_float);
    for (int k = EFFECT_MAPPED; k < EFFECTS && status == STATUS_OK; k++) {
        const struct tile_options before = effect_options(job->options, (enum effect)(k - 1)),
                                  now = effect_options(job->options, (enum effect)k);
        if (k == EFFECT_MAPPED || differ(&before, &now)) {
            status = find(job, (enum effect)k, e, error);
            continue;
        }
        e->decision[k] = NEW(e->n, uint32_t);
        memcpy(e->decision[k], e->decision[k - 1], e->n * sizeof **e->decision);
    }
    if (status != STATUS_OK)
        effects_free(e);
    return status;
}

void effects_free(struct effects *e)
{
    for (size_t k = 0; k < EFFECTS; k++)
        free(e->decision[k]);
    *e = (struct effects){0};
}
