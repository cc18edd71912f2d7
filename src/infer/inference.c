/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/inference.h"

#include "base/memory.h"
#include "infer/layer/graph_room.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_NUMBERS ((size_t)1 << 17) /* of the largest value of the network */
#define BATCH_MAX 100
#define BENT_BATCH_MAX 8 /* of devices that are not ohmic, whose reads take milliseconds */

void inference_close(struct inference *f)
{
    if (!f)
        return;
    for (size_t k = 0; k < f->graph->n_layers; k++)
        tiled_matrix_free(f->layers[k]);
    free(f->layers);
    free(f->energy);
    free(f->wanted);
    free(f);
}

void inference_result_free(struct inference_result *r)
{
    free(r->decision);
    free(r->by_float);
    free(r->energy);
    *r = (struct inference_result){0};
}

static size_t batch_of(const struct graph *g)
{
    size_t largest = 1;
    for (size_t k = 0; k < g->n_values; k++)
        largest = g->values[k].size > largest ? g->values[k].size : largest;
    const size_t n = BATCH_NUMBERS / largest;
    return n < 1 ? 1 : n < BATCH_MAX ? n : BATCH_MAX;
}

enum status inference_open(const struct graph *graph, const struct tile_options *options,
                           struct random_sample sample, const struct inference_watch *watch,
                           struct inference **inference, struct error *error)
{
    struct inference *f = NEW(1, struct inference);
    struct tiled_source source = {.sample = sample, .watch = watch};
    enum status status = STATUS_OK;
    f->graph = graph;
    f->options = *options;
    f->layers = NEW(graph->n_layers, struct tiled_matrix *);
    f->batch = batch_of(graph);
    if (tile_options_bend(options) && f->batch > BENT_BATCH_MAX)
        f->batch = BENT_BATCH_MAX;
    f->energy = NEW(f->batch, double);
    for (size_t k = 0; k < graph->n_layers && status == STATUS_OK; k++) {
        if (!matrix_layer_of(&graph->layers[k]))
            continue;
        source.layer = &graph->layers[k];
        status = tiled_matrix_new(&source, &f->options, &f->layers[k], error);
        source.pair += status == STATUS_OK ? f->layers[k]->n_pairs : 0;
        source.number++;
    }
    *inference = status == STATUS_OK ? f : NULL;
    if (status != STATUS_OK)
        inference_close(f);
    return status;
}

static struct tiled_matrix *tiled_of(const struct inference *f, const struct products *p)
{
    return f->layers[p->layer - f->graph->layers];
}

/* Layers before the one that looks at its inputs read; what is behind it does not matter. */
static void see(void *data, const struct products *p)
{
    struct inference *f = data;
    const size_t at = (size_t)(p->layer - f->graph->layers);
    if (at < f->seen) {
        tiled_matrix_read(f->layers[at], p, f->energy);
        return;
    }
    if (at == f->seen)
        tiled_matrix_see(f->layers[at], p);
    memset(p->y, 0, p->n * matrix_layer_of(p->layer)->columns * sizeof *p->y);
}

static void read_tiles(void *data, const struct products *p)
{
    struct inference *f = data;
    tiled_matrix_read(tiled_of(f, p), p, f->energy);
}

/* The same, and the layer that is looked at compares what it reads with what was wanted. */
static void compare(void *data, const struct products *p)
{
    struct inference *f = data;
    const size_t at = (size_t)(p->layer - f->graph->layers),
                 n = p->n * matrix_layer_of(p->layer)->columns;
    if (at <= f->seen)
        tiled_matrix_read(f->layers[at], p, f->energy);
    else
        memset(p->y, 0, n * sizeof *p->y);
    if (at != f->seen)
        return;
    f->wanted = memory_grow(f->wanted, &f->room, n, sizeof *f->wanted);
    struct products wanted = *p;
    wanted.y = f->wanted;
    matrix_layer_multiply(&wanted);
    tiled_matrix_compare(f->layers[at], p, f->wanted);
}

/* `first` and `count` images through the network; `done`, which may be NULL, takes the scores of each batch. */
struct passage {
    struct inference *inference;
    const struct inference_images *images;
    size_t first, count; /* of the images */
    const struct inference_watch *watch;
    const char *what;                                              /* for the watch */
    void (*multiply)(void *data, const struct products *products); /* NULL: in double precision */
    void (*done)(void *data, size_t first, size_t n, const double *scores);
    void *data;
};

static enum status tell(const struct passage *p, size_t done, struct error *error)
{
    const size_t count = p->images->count;
    if (p->watch->progress) {
        char text[80];
        snprintf(text, sizeof text, "%s: %zu of %zu images", p->what, done, count);
        p->watch->progress(p->watch->data, done < count ? text : NULL);
    }
    if (!p->watch->stop || !*p->watch->stop)
        return STATUS_OK;
    if (p->watch->progress)
        p->watch->progress(p->watch->data, NULL);
    return fail(error, STATUS_INTERRUPTED, "interrupted after %zu of %zu images", done, count);
}

/* Has a read failed? */
static enum status failure(const struct inference *f, struct error *error)
{
    for (size_t k = 0; f->layers && k < f->graph->n_layers; k++) {
        const struct tiled_matrix *t = f->layers[k];
        if (t && t->failure != STATUS_OK)
            return fail(error, t->failure, "layer '%.80s': %s", t->layer->name,
                        t->failure_text.text);
    }
    return STATUS_OK;
}

static enum status pass(const struct passage *p, struct error *error)
{
    struct inference *f = p->inference;
    const struct graph *g = f->graph;
    const size_t end = p->first + p->count;
    double *in = NEW(f->batch * g->values[g->input].size, double),
           *out = NEW(f->batch * g->values[g->output].size, double);
    struct graph_room *room = graph_room_new(g, f->batch);
    const struct multiplier multiplier = {p->multiply, f};
    enum status status = STATUS_OK;
    for (size_t first = p->first; first < end && status == STATUS_OK; first += f->batch) {
        const size_t n = end - first < f->batch ? end - first : f->batch;
        data_set_take(p->images->set, &p->images->scaling, first, n, in);
        memset(f->energy, 0, f->batch * sizeof *f->energy);
        graph_room_evaluate(room, n, in, out, p->multiply ? &multiplier : NULL);
        if (p->done)
            p->done(p->data, first, n, out);
        status = failure(f, error);
        if (status == STATUS_OK)
            status = tell(p, first + n, error);
    }
    graph_room_free(room);
    free(in);
    free(out);
    return status;
}

/* ------------------------------------------------------------------------------- calibration */

static struct passage through(struct inference *f, const struct inference_images *images,
                              const struct inference_watch *watch, const char *what,
                              void (*multiply)(void *data, const struct products *products))
{
    return (struct passage){f, images, 0, images->count, watch, what, multiply, NULL, NULL};
}

static enum status find_inputs(struct inference *f, size_t layer, bool lines,
                               const struct inference_images *images,
                               const struct inference_watch *watch, struct error *error)
{
    const struct passage inputs = through(f, images, watch, "calibrating inputs", see),
                         results = through(f, images, watch, "calibrating results", compare);
    f->seen = layer;
    enum status status = pass(&inputs, error);
    if (status == STATUS_OK)
        status = tiled_matrix_end_inputs(f->layers[layer], error);
    if (status != STATUS_OK || !lines)
        return status;
    status = pass(&results, error);
    tiled_matrix_end_lines(f->layers[layer]);
    return status;
}

static enum status find_all(struct inference *f, bool lines, const struct inference_images *images,
                            const struct inference_watch *watch, struct error *error)
{
    const size_t n = f->graph->n_layers;
    const struct passage ranges = through(f, images, watch, "calibrating converters", read_tiles);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n; k++)
        if (f->layers[k])
            tiled_matrix_forget(f->layers[k]);
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        if (f->layers[k])
            status = find_inputs(f, k, lines, images, watch, error);
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        if (f->layers[k])
            tiled_matrix_begin_ranges(f->layers[k], images->count * f->layers[k]->matrix->reads);
    if (status == STATUS_OK)
        status = pass(&ranges, error);
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        if (f->layers[k])
            tiled_matrix_end_ranges(f->layers[k], (double)images->count);
    return status;
}

static enum status build(struct inference *f, enum tile_stage stage, double images,
                         struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t k = 0; k < f->graph->n_layers && status == STATUS_OK; k++)
        if (f->layers[k])
            status = tiled_matrix_build(f->layers[k], stage, images, error);
    return status;
}

enum status inference_calibrate(struct inference *f, const struct inference_images *images,
                                const struct inference_watch *watch, struct error *error)
{
    const struct tile_options *o = &f->options;
    const enum tile_stage first = o->calibrated_on == ON_WANTED ? TILES_WANTED : TILES_PROGRAMMED;
    const bool ages = o->retention.time > 0 || (o->disturb && o->images_before > 0);
    enum status status = build(f, first, 0, error);
    if (status == STATUS_OK)
        status = find_all(f, false, images, watch, error);
    if (status == STATUS_OK && (ages || first == TILES_WANTED))
        status = build(f, TILES_AGED, o->images_before, error);
    if (status == STATUS_OK && o->retune != RETUNE_NONE)
        status = find_all(f, true, images, watch, error);
    return status;
}

/* -------------------------------------------------------------------------------------- reads */

/* The first of the largest scores, as in NumPy and PyTorch. */
static uint32_t decide(size_t classes, const double *scores)
{
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        if (scores[c] > scores[best])
            best = c;
    return (uint32_t)best;
}

static void decide_all(size_t classes, size_t n, const double *scores, uint32_t *decision)
{
    for (size_t k = 0; k < n; k++)
        decision[k] = decide(classes, scores + k * classes);
}

static void take_float(void *data, size_t first, size_t n, const double *scores)
{
    const struct inference_result *r = data;
    decide_all(r->classes, n, scores, r->by_float + first);
}

enum status inference_by_float(const struct graph *graph, const struct inference_images *images,
                               const struct inference_watch *watch, uint32_t *decision,
                               struct error *error)
{
    struct inference f = {.graph = graph, .batch = batch_of(graph)};
    struct inference_result r = {.classes = graph->values[graph->output].size,
                                 .by_float = decision};
    const struct passage p = {&f,   images,     0, images->count, watch, "in double precision",
                              NULL, take_float, &r};
    f.energy = NEW(f.batch, double);
    const enum status status = pass(&p, error);
    free(f.energy);
    return status;
}

struct taking {
    struct inference *inference;
    struct inference_result *result;
};

static void take(void *data, size_t first, size_t n, const double *scores)
{
    struct taking *t = data;
    struct inference_result *r = t->result;
    decide_all(r->classes, n, scores, r->decision + first);
    memcpy(r->energy + first, t->inference->energy, n * sizeof *r->energy);
}

/* How many images, in whole batches, may follow `done` ones before tiles have to be eliminated anew. */
static size_t until_renewal(const struct inference *f, size_t done, size_t left)
{
    const struct tile_options *o = &f->options;
    if (!o->disturb)
        return left;
    for (size_t n = left;; n = (n + 1) / 2) {
        double most = 0;
        for (size_t k = 0; k < f->graph->n_layers; k++)
            if (f->layers[k])
                most = fmax(most, tiled_matrix_disturbance(
                                      f->layers[k], o->images_before + (double)done, (double)n));
        if (most <= o->renew || n <= f->batch)
            return n == left ? n : (n + f->batch - 1) / f->batch * f->batch;
    }
}

enum status inference_run(struct inference *f, const struct inference_images *images,
                          const uint32_t *by_float, const struct inference_watch *watch,
                          struct inference_result *r, struct error *error)
{
    const size_t classes = f->graph->values[f->graph->output].size, count = images->count;
    *r = (struct inference_result){count, classes, NEW(count, uint32_t), NEW(count, uint32_t),
                                   NEW(count, double)};
    struct taking taking = {f, r};
    struct passage p = {f, images, 0, 0, watch, "inferring", read_tiles, take, &taking};
    enum status status = STATUS_OK;
    memcpy(r->by_float, by_float, count * sizeof *by_float);
    for (; p.first < count && status == STATUS_OK; p.first += p.count) {
        if (p.first > 0)
            status = build(f, TILES_AGED, f->options.images_before + (double)p.first, error);
        const size_t n = until_renewal(f, p.first, count - p.first);
        p.count = n < count - p.first ? n : count - p.first;
        if (status == STATUS_OK)
            status = pass(&p, error);
    }
    return status;
}
