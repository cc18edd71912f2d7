/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/inference.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_NUMBERS ((size_t)1 << 22) /* of the largest value of the network */
#define BATCH_MAX 100

void inference_close(struct inference *f)
{
    if (!f)
        return;
    for (size_t k = 0; k < f->graph->n_layers; k++)
        tiled_matrix_free(f->layers[k]);
    free(f->layers);
    free(f->energy);
    free(f);
}

void inference_result_free(struct inference_result *r)
{
    free(r->decision);
    free(r->by_float);
    free(r->energy);
    *r = (struct inference_result){0};
}

enum status inference_open(const struct graph *graph, const struct tile_options *options,
                           uint64_t seed, struct inference **inference, struct error *error)
{
    struct inference *f = NEW(1, struct inference);
    struct tiled_source source = {.rng = random_stream(seed, 0, RANDOM_CONDUCTANCE_ERROR),
                                  .sample = {seed, 0}};
    size_t largest = 1;
    enum status status = STATUS_OK;
    f->graph = graph;
    f->options = *options;
    f->layers = NEW(graph->n_layers, struct tiled_matrix *);
    for (size_t k = 0; k < graph->n_values; k++)
        largest = graph->values[k].size > largest ? graph->values[k].size : largest;
    f->batch = BATCH_NUMBERS / largest < 1           ? 1
               : BATCH_NUMBERS / largest < BATCH_MAX ? BATCH_NUMBERS / largest
                                                     : BATCH_MAX;
    f->energy = NEW(f->batch, double);
    for (size_t k = 0; k < graph->n_layers && status == STATUS_OK; k++) {
        if (!matrix_layer_of(&graph->layers[k]))
            continue;
        source.layer = &graph->layers[k];
        status = tiled_matrix_new(&source, &f->options, &f->layers[k], error);
        source.pair += status == STATUS_OK ? f->layers[k]->n_pairs : 0;
    }
    gsl_rng_free(source.rng);
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

/* All images through the network; `done`, which may be NULL, takes the scores of each batch. */
struct passage {
    struct inference *inference;
    const struct inference_images *images;
    const struct inference_watch *watch;
    const char *what;                                              /* for the watch */
    void (*multiply)(void *data, const struct products *products); /* NULL: in double precision */
    void (*done)(void *data, size_t first, size_t n, const double *input, const double *scores);
    void *data;
};

static enum status pass(const struct passage *p, struct error *error)
{
    struct inference *f = p->inference;
    const struct graph *g = f->graph;
    const size_t count = p->images->count;
    double *in = NEW(f->batch * g->values[g->input].size, double),
           *out = NEW(f->batch * g->values[g->output].size, double);
    const struct multiplier multiplier = {p->multiply, f};
    enum status status = STATUS_OK;
    for (size_t first = 0; first < count && status == STATUS_OK; first += f->batch) {
        const size_t n = count - first < f->batch ? count - first : f->batch;
        data_set_take(p->images->set, &p->images->scaling, first, n, in);
        memset(f->energy, 0, f->batch * sizeof *f->energy);
        graph_evaluate(g, n, in, out, &multiplier);
        if (p->done)
            p->done(p->data, first, n, in, out);
        if (p->watch->progress) {
            char text[80];
            snprintf(text, sizeof text, "%s: %zu of %zu images", p->what, first + n, count);
            p->watch->progress(p->watch->data, text);
        }
        if (p->watch->stop && *p->watch->stop)
            status = fail(error, STATUS_INTERRUPTED, "interrupted after %zu of %zu images",
                          first + n, count);
    }
    if (p->watch->progress)
        p->watch->progress(p->watch->data, NULL);
    free(in);
    free(out);
    return status;
}

enum status inference_calibrate(struct inference *f, const struct inference_images *images,
                                const struct inference_watch *watch, struct error *error)
{
    const struct passage inputs = {f, images, watch, "calibrating inputs", see, NULL, NULL},
                         ranges = {f,          images, watch, "calibrating converters",
                                   read_tiles, NULL,   NULL};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < f->graph->n_layers && status == STATUS_OK; k++) {
        if (!f->layers[k])
            continue;
        f->seen = k;
        status = pass(&inputs, error);
        if (status == STATUS_OK)
            status = tiled_matrix_end_inputs(f->layers[k], error);
    }
    for (size_t k = 0; k < f->graph->n_layers && status == STATUS_OK; k++)
        if (f->layers[k])
            tiled_matrix_begin_ranges(f->layers[k], images->count * f->layers[k]->matrix->reads);
    if (status == STATUS_OK)
        status = pass(&ranges, error);
    for (size_t k = 0; k < f->graph->n_layers && status == STATUS_OK; k++)
        if (f->layers[k])
            tiled_matrix_end_ranges(f->layers[k]);
    return status;
}

/* The first of the largest scores, as in NumPy and PyTorch. */
static uint32_t decide(size_t classes, const double *scores)
{
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        if (scores[c] > scores[best])
            best = c;
    return (uint32_t)best;
}

struct taking {
    struct inference *inference;
    struct inference_result *result;
    double *scores; /* of a batch, in double precision */
};

static void take(void *data, size_t first, size_t n, const double *input, const double *scores)
{
    struct taking *t = data;
    struct inference_result *r = t->result;
    graph_evaluate(t->inference->graph, n, input, t->scores, NULL);
    for (size_t k = 0; k < n; k++) {
        r->decision[first + k] = decide(r->classes, scores + k * r->classes);
        r->by_float[first + k] = decide(r->classes, t->scores + k * r->classes);
        r->energy[first + k] = t->inference->energy[k];
    }
}

enum status inference_run(struct inference *f, const struct inference_images *images,
                          const struct inference_watch *watch, struct inference_result *r,
                          struct error *error)
{
    const size_t classes = f->graph->values[f->graph->output].size;
    *r = (struct inference_result){images->count, classes, NEW(images->count, uint32_t),
                                   NEW(images->count, uint32_t), NEW(images->count, double)};
    struct taking taking = {f, r, NEW(f->batch * classes, double)};
    const struct passage passage = {f, images, watch, "inferring", read_tiles, take, &taking};
    const enum status status = pass(&passage, error);
    free(taking.scores);
    return status;
}
