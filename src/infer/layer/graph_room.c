/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/graph_room.h"

#include "base/memory.h"
#include "infer/layer/layers.h"

#include <stdlib.h>
#include <string.h>

#define PART_NUMBERS ((size_t)1 << 14) /* of the largest value before `cut`: 128 KiB */

/* An array for values that do not live at the same time. */
struct slot {
    double *numbers;
    size_t size; /* of an image */
    bool whole;  /* of all images, not of a part of them */
    bool taken;
};

struct graph_room {
    const struct graph *graph;
    size_t images, part, cut; /* layers before `cut` evaluate `part` images at a time */
    size_t n_slots;
    struct slot *slots; /* n_slots */
    size_t *slot_of;    /* a value, but the network's input */
    const double **inputs;
    double *work; /* what kinds of layers ask for */
};

/* The first layer of one vector an image. */
static size_t find_cut(const struct graph *g)
{
    size_t at = 0;
    for (; at < g->n_layers; at++) {
        const struct matrix_layer *m = matrix_layer_of(&g->layers[at]);
        if (m && !m->convolution)
            break;
    }
    return at;
}

static size_t find_part(const struct graph *g, size_t cut, size_t images)
{
    size_t largest = g->values[g->input].size;
    for (size_t at = 0; at < cut; at++) {
        const size_t size = g->values[g->layers[at].output].size;
        largest = size > largest ? size : largest;
    }
    const size_t n = cut == 0 ? images : PART_NUMBERS / (largest > 0 ? largest : 1);
    return n < 1 ? 1 : n < images ? n : images;
}

/* Does the value have all images at a time? */
static bool is_whole(const struct graph_room *r, size_t value)
{
    const struct value *v = &r->graph->values[value];
    return v->producer >= r->cut || value == r->graph->output ||
           (v->last_use != NO_LAYER && v->last_use >= r->cut);
}

static bool dies(const struct graph *g, size_t value, size_t at)
{
    return value != g->input && value != g->output && g->values[value].last_use == at;
}

/* A free slot, or a new one. */
static size_t find_slot(struct graph_room *r, bool whole)
{
    for (size_t k = r->n_slots; k-- > 0;)
        if (!r->slots[k].taken && r->slots[k].whole == whole)
            return k;
    r->slots[r->n_slots].whole = whole;
    return r->n_slots++;
}

static void plan_layer(struct graph_room *r, size_t at)
{
    const struct graph *g = r->graph;
    const struct layer *l = &g->layers[at];
    const bool whole = is_whole(r, l->output), stays = l->type->in_place &&
                                                       dies(g, l->inputs[0], at) &&
                                                       is_whole(r, l->inputs[0]) == whole;
    const size_t slot = stays ? r->slot_of[l->inputs[0]] : find_slot(r, whole),
                 size = g->values[l->output].size;
    for (size_t k = 0; k < l->n_inputs; k++)
        if (dies(g, l->inputs[k], at))
            r->slots[r->slot_of[l->inputs[k]]].taken = false;
    r->slot_of[l->output] = slot;
    r->slots[slot].taken = true;
    r->slots[slot].size = size > r->slots[slot].size ? size : r->slots[slot].size;
}

struct graph_room *graph_room_new(const struct graph *g, size_t images)
{
    struct graph_room *r = NEW(1, struct graph_room);
    size_t work = 0, inputs = 0;
    *r = (struct graph_room){.graph = g, .images = images, .cut = find_cut(g)};
    r->part = find_part(g, r->cut, images);
    r->slots = NEW(g->n_layers, struct slot);
    r->slot_of = NEW(g->n_values, size_t);
    for (size_t at = 0; at < g->n_layers; at++) {
        const struct layer *l = &g->layers[at];
        const size_t own = l->type->room ? l->type->room(l->data) : 0;
        work = own > work ? own : work;
        inputs = l->n_inputs > inputs ? l->n_inputs : inputs;
        plan_layer(r, at);
    }
    for (size_t k = 0; k < r->n_slots; k++)
        r->slots[k].numbers =
            NEW((r->slots[k].whole ? images : r->part) * r->slots[k].size, double);
    r->inputs = NEW(inputs, const double *);
    r->work = NEW(work, double);
    return r;
}

void graph_room_free(struct graph_room *r)
{
    if (!r)
        return;
    for (size_t k = 0; k < r->n_slots; k++)
        free(r->slots[k].numbers);
    free(r->slots);
    free(r->slot_of);
    free(r->inputs);
    free(r->work);
    free(r);
}

/* From image `first` on: where a value's numbers stand. */
static double *numbers(const struct graph_room *r, size_t value, size_t first)
{
    const struct slot *s = &r->slots[r->slot_of[value]];
    return s->numbers + (s->whole ? first * r->graph->values[value].size : 0);
}

static void evaluate_layer(struct graph_room *r, size_t at, const double *input,
                           const struct evaluation *images)
{
    const struct graph *g = r->graph;
    const struct layer *l = &g->layers[at];
    struct evaluation e = *images;
    for (size_t k = 0; k < l->n_inputs; k++)
        r->inputs[k] = l->inputs[k] == g->input ? input + e.first * g->values[g->input].size
                                                : numbers(r, l->inputs[k], e.first);
    e.inputs = r->inputs;
    e.output = numbers(r, l->output, e.first);
    e.room = r->work;
    l->type->evaluate(l, &e);
}

void graph_room_evaluate(struct graph_room *r, size_t images, const double *input, double *output,
                         const struct multiplier *multiplier)
{
    const struct graph *g = r->graph;
    for (size_t first = 0; first < images; first += r->part) {
        const size_t left = images - first;
        const struct evaluation e = {
            .images = left < r->part ? left : r->part, .multiplier = multiplier, .first = first};
        for (size_t at = 0; at < r->cut; at++)
            evaluate_layer(r, at, input, &e);
    }
    const struct evaluation all = {.images = images, .multiplier = multiplier};
    for (size_t at = r->cut; at < g->n_layers; at++)
        evaluate_layer(r, at, input, &all);
    memcpy(output, g->output == g->input ? input : numbers(r, g->output, 0),
           images * g->values[g->output].size * sizeof *output);
}

void graph_evaluate(const struct graph *g, size_t images, const double *input, double *output,
                    const struct multiplier *multiplier)
{
    struct graph_room *r = graph_room_new(g, images);
    graph_room_evaluate(r, images, input, output, multiplier);
    graph_room_free(r);
}
