/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/inference/inference_testbench.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "device/library/library_make.h"
#include "device/temperature.h"
#include "infer/converter.h"
#include "infer/onnx/onnx_graph.h"
#include "learn/conductance_error.h"
#include "study/inference/inference_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VERIFY_TOLERANCE_LEAST 1e-4
#define RESIDUAL_MOST 1e-10 /* of the account of energy */

/* -------------------------------------------------------------------------------------- files */

/* "0.5,0.25": numbers of a key. */
static enum status read_numbers(const char *key, const char *text, double *out, size_t *n,
                                struct error *error)
{
    char *copy = memory_string(text), *rest = copy;
    enum status status = STATUS_OK;
    *n = 0;
    for (char *word; *text && status == STATUS_OK && (word = strsep(&rest, ","));)
        if (*n == CHANNELS_MAX || !plain_number(word, &out[(*n)++]) || !isfinite(out[*n - 1]))
            status = fail(error, STATUS_INPUT,
                          "%s is '%.60s', expected up to %d numbers with commas between", key, text,
                          CHANNELS_MAX);
    free(copy);
    return status;
}

static enum status read_scaling(const struct inference_testbench *b, struct inference_setup *s,
                                struct error *error)
{
    const struct shape *in = &s->graph.values[s->graph.input].shape;
    size_t n;
    enum status status = read_numbers("model.mean", b->mean, s->mean, &s->n_channels, error);
    if (status == STATUS_OK)
        status = read_numbers("model.std", b->std, s->std, &n, error);
    if (status != STATUS_OK)
        return status;
    s->scale = b->scale;
    if (n != s->n_channels)
        return fail(error, STATUS_INPUT,
                    "model.mean of %zu numbers and model.std of %zu, expected as many",
                    s->n_channels, n);
    for (size_t k = 0; k < n; k++)
        if (!(s->std[k] > 0))
            return fail(error, STATUS_INPUT, "model.std is %g, expected more than 0", s->std[k]);
    if (n > 1 && (in->n != 3 || n != in->d[0]))
        return fail(error, STATUS_INPUT, "model.mean of %zu numbers, expected 1, or one a channel",
                    n);
    return STATUS_OK;
}

static enum status read_images(const struct graph *g, const char *path, struct data_set *set,
                               struct error *error)
{
    const struct shape *s = &g->values[g->input].shape;
    const enum status status = data_set_read(path, set, error);
    if (status != STATUS_OK || data_set_fits(set, s->n, s->d))
        return status;
    struct shape found = {set->n_dims, {0}};
    memcpy(found.d, set->dims, set->n_dims * sizeof *set->dims);
    char *wanted = shape_text(s), *text = shape_text(&found);
    fail(error, STATUS_INPUT, "%s: images of %s, expected %s, the network's input", path, text,
         wanted);
    free(wanted);
    free(text);
    return STATUS_INPUT;
}

static enum status read_sets(const struct inference_testbench *b, struct inference_setup *s,
                             struct error *error)
{
    const size_t classes = s->graph.values[s->graph.output].size;
    enum status status = read_images(&s->graph, b->images, &s->images, error);
    if (status == STATUS_OK && *b->labels)
        status = data_set_read_labels(b->labels, &s->images, error);
    if (status == STATUS_OK && !s->images.labels)
        status = fail(error, STATUS_INPUT, "%s: without labels, expected data.labels (--labels)",
                      b->images);
    if (status == STATUS_OK)
        status =
            data_set_check_labels(&s->images, *b->labels ? b->labels : b->images, classes, error);
    if (status == STATUS_OK && *b->training)
        status = read_images(&s->graph, b->training, &s->training, error);
    return status;
}

static enum status read_device(const struct inference_testbench *b, const char *devices,
                               struct inference_setup *s, struct error *error)
{
    double p[MODEL_PARAMETERS_MAX];
    enum status status = dopant_read(b->dopant, devices, &s->dopant, error);
    if (status != STATUS_OK)
        return status;
    if (s->dopant->model->n_hidden > 0)
        return fail(
            error, STATUS_INPUT,
            "dopant: found '%.60s' of the volatile model %s, expected a device that keeps its "
            "state",
            s->dopant->name, s->dopant->model->name);
    if (b->tile.mapping.mode == MAP_VERIFY &&
        !model_is_ohmic(s->dopant->model, s->dopant->parameters))
        return fail(
            error, STATUS_INPUT,
            "map.mode: verify with the dopant '%.60s', which is not ohmic; expected error or "
            "ideal, or a device whose current is proportional to its voltage",
            s->dopant->name);
    memcpy(p, s->dopant->parameters, sizeof p);
    status = temperature_apply(s->dopant->model, b->tile.kelvin, p, error);
    if (status == STATUS_OK)
        s->at_kelvin = dopant_variant(s->dopant, s->dopant->name, p);
    return status;
}

enum status inference_setup_read(const struct inference_testbench *b,
                                 const struct inference_places *places, struct inference_setup *s,
                                 struct error *error)
{
    *s = (struct inference_setup){0};
    if (!*b->model || !*b->images)
        return fail(error, STATUS_INPUT, "%s is not given, expected %s",
                    *b->model ? "data.images" : "model.file",
                    *b->model ? "a file of images" : "an ONNX file");
    enum status status = onnx_graph_read(b->model, &s->graph, error);
    if (status == STATUS_OK)
        status = read_scaling(b, s, error);
    if (status == STATUS_OK)
        status = read_sets(b, s, error);
    if (status == STATUS_OK)
        status = read_device(b, places->devices, s, error);
    if (status == STATUS_OK && b->tile.mapping.mode == MAP_VERIFY)
        status = subcircuit_read(places->switches, &s->switches, error);
    return status;
}

static size_t first_of(uint64_t count, size_t n)
{
    return count > 0 && count < n ? (size_t)count : n;
}

static struct inference_images images_of(const struct inference_setup *s,
                                         const struct data_set *set, size_t count)
{
    return (struct inference_images){set, {s->scale, s->n_channels, s->mean, s->std}, count};
}

enum status inference_setup_decide(struct inference_setup *s, const struct inference_testbench *b,
                                   const struct inference_watch *watch, struct error *error)
{
    const size_t n = first_of(b->count, s->images.n);
    const struct inference_images images = images_of(s, &s->images, n);
    if (n <= s->n_float)
        return STATUS_OK;
    free(s->by_float);
    s->by_float = NEW(n, uint32_t);
    s->n_float = n;
    return inference_by_float(&s->graph, &images, watch, s->by_float, error);
}

void inference_setup_free(struct inference_setup *s)
{
    free(s->by_float);
    subcircuit_free(s->switches);
    dopant_free(s->at_kelvin);
    dopant_free(s->dopant);
    data_set_free(&s->images);
    data_set_free(&s->training);
    graph_free(&s->graph);
    free(s->signature);
}

/* ---------------------------------------------------------------------------------------- run */

static enum status complete_options(const struct inference_testbench *b,
                                    const struct inference_setup *s, struct tile_options *o,
                                    struct error *error)
{
    *o = b->tile;
    o->dopant = s->at_kelvin;
    o->mapping.g_min = b->g_min > 0 ? b->g_min : s->dopant->g_min;
    o->mapping.g_max = b->g_max > 0 ? b->g_max : s->dopant->g_max;
    if (!(o->mapping.g_min < o->mapping.g_max))
        return fail(error, STATUS_INPUT,
                    "window of %g to %g S, expected map.gmin (--gmin) below map.gmax (--gmax)",
                    o->mapping.g_min, o->mapping.g_max);
    if (o->mapping.stuck_on + o->mapping.stuck_off > 1)
        return fail(error, STATUS_INPUT,
                    "variation.stuck_on of %g and variation.stuck_off of %g, expected at most 1 "
                    "together",
                    o->mapping.stuck_on, o->mapping.stuck_off);
    if (o->mapping.levels == 1)
        return fail(error, STATUS_INPUT, "map.levels is 1, expected 0 or at least 2");
    o->mapping.tolerance = b->writing.device.program.tolerance;
    if (o->mapping.mode == MAP_VERIFY && o->mapping.tolerance < VERIFY_TOLERANCE_LEAST)
        return fail(error, STATUS_INPUT,
                    "programming.tolerance is %g, expected at least %g where map.mode is verify",
                    o->mapping.tolerance, VERIFY_TOLERANCE_LEAST);
    if (o->encoding == ENCODING_BITS && o->dac_bits == 0)
        return fail(error, STATUS_INPUT,
                    "input.encoding is bits and input.bits is off, expected 1 to 24");
    if (o->encoding == ENCODING_BITS && o->sign == SIGNED_BIPOLAR)
        return fail(
            error, STATUS_INPUT,
            "input.encoding is bits and input.signed is bipolar, expected two-phase or refuse");
    if (o->encoding == ENCODING_WIDTH && tile_options_bend(o))
        return fail(
            error, STATUS_INPUT,
            "input.encoding is width with '%.60s', which is not ohmic; expected amplitude or bits",
            s->dopant->name);
    if (o->mapping.mode == MAP_VERIFY && o->select_ohm > 0)
        return fail(error, STATUS_INPUT,
                    "tile.select_ohm is %g, expected 0 where map.mode is verify: devices are read "
                    "through the switches of array.select_width",
                    o->select_ohm);
    if (tile_options_bend(o) && (o->open_rows > 0 || o->open_columns > 0))
        return fail(error, STATUS_INPUT,
                    "variation.open_rows of %g and variation.open_columns of %g, expected 0 with "
                    "'%.60s', which is not ohmic",
                    o->open_rows, o->open_columns, s->dopant->name);
    if (o->adc.range == RANGE_VALUE && !(o->adc.value > 0))
        return fail(error, STATUS_INPUT, "adc.range is value, expected adc.value");
    return STATUS_OK;
}

/* How devices are written: by the testbench, within the window. */
static enum status complete_writing(const struct inference_setup *s, struct tile_options *o,
                                    const struct inference_watch *watch,
                                    struct inference_outcome *r, struct error *error)
{
    struct tile_writing *w = &r->writing;
    *w = r->testbench->writing;
    w->g_min = o->mapping.g_min;
    w->g_max = o->mapping.g_max;
    w->volt = o->volt;
    w->compensate = o->mapping.compensate;
    w->stop = watch->stop;
    o->mapping.writing = w;
    return s->switches ? tile_writing_open(w, s->switches, s->at_kelvin, o->kelvin, error)
                       : STATUS_OK;
}

enum status inference_testbench_run(const struct inference_testbench *b,
                                    const struct inference_setup *s, struct random_sample sample,
                                    const struct inference_watch *watch,
                                    struct inference_outcome *r, struct error *error)
{
    const struct data_set *set = *b->training ? &s->training : &s->images;
    const struct inference_images training = images_of(s, set, first_of(b->training_count, set->n)),
                                  images =
                                      images_of(s, &s->images, first_of(b->count, s->images.n)),
                                  few =
                                      images_of(s, &s->images, first_of(b->effects, images.count));
    struct tile_options o;
    *r = (struct inference_outcome){.testbench = b, .setup = s};
    enum status status = complete_options(b, s, &o, error);
    if (status == STATUS_OK)
        status = complete_writing(s, &o, watch, r, error);
    if (status != STATUS_OK)
        return status;
    bool beyond;
    const double x = state_of_conductance(s->at_kelvin, o.volt, o.mapping.g_min, &beyond);
    r->rate = s->at_kelvin->model->rate(s->at_kelvin->constants, o.volt, x).f;
    r->own_ranges = !*b->training || strcmp(b->training, b->images) == 0;
    r->adc_energy = o.adc.energy > 0 ? o.adc.energy : adc_energy((unsigned)o.adc.bits);
    const struct effects_job effects = {&s->graph, &o, sample, &training, &few, s->by_float, watch};
    if (b->effects > 0)
        status = effects_find(&effects, &r->effects, error);
    if (status == STATUS_OK)
        status = inference_open(&s->graph, &o, sample, watch, &r->inference, error);
    if (status == STATUS_OK)
        status = inference_calibrate(r->inference, &training, watch, error);
    if (status == STATUS_OK)
        status = inference_run(r->inference, &images, s->by_float, watch, &r->result, error);
    return status;
}

void inference_outcome_free(struct inference_outcome *r)
{
    effects_free(&r->effects);
    inference_result_free(&r->result);
    inference_close(r->inference);
}

enum status inference_account_closes(const struct inference_outcome *r, struct error *error)
{
    const double residual = inference_residual(r);
    return residual <= RESIDUAL_MOST
               ? STATUS_OK
               : fail(error, STATUS_UNTRUSTED,
                      "the account of energy does not close: residual %.2g, expected up to %.2g",
                      residual, RESIDUAL_MOST);
}
