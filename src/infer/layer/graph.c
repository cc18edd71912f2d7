/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/graph.h"

#include "base/memory.h"

#include <stdlib.h>

size_t shape_size(const struct shape *s)
{
    size_t size = 1;
    for (size_t k = 0; k < s->n; k++)
        size *= s->d[k];
    return size;
}

char *shape_text(const struct shape *s)
{
    char *text = memory_format(s->n > 0 ? "%zu" : "1", s->n > 0 ? s->d[0] : 1);
    for (size_t k = 1; k < s->n; k++) {
        char *longer = memory_format("%sx%zu", text, s->d[k]);
        free(text);
        text = longer;
    }
    return text;
}

void graph_free(struct graph *n)
{
    for (size_t k = 0; k < n->n_layers; k++) {
        struct layer *l = &n->layers[k];
        if (l->type->free)
            l->type->free(l->data);
        else
            free(l->data);
        free(l->name);
        free(l->op_type);
        free(l->inputs);
    }
    free(n->layers);
    free(n->values);
    *n = (struct graph){0};
}

size_t graph_value(struct graph *n, const struct shape *shape)
{
    n->values = memory_grow(n->values, &n->values_capacity, n->n_values + 1, sizeof *n->values);
    n->values[n->n_values] = (struct value){*shape, shape_size(shape), NO_LAYER, NO_LAYER};
    return n->n_values++;
}

size_t graph_layer(struct graph *n, const struct layer_plan *plan)
{
    const size_t output = graph_value(n, &plan->shape);
    n->layers = memory_grow(n->layers, &n->layers_capacity, n->n_layers + 1, sizeof *n->layers);
    struct layer *l = &n->layers[n->n_layers];
    *l = (struct layer){.type = plan->type,
                        .data = plan->data,
                        .name = plan->name,
                        .op_type = plan->op_type,
                        .n_inputs = plan->n_inputs,
                        .inputs = NEW(plan->n_inputs, size_t),
                        .output = output};
    for (size_t k = 0; k < plan->n_inputs; k++) {
        l->inputs[k] = plan->inputs[k];
        n->values[plan->inputs[k]].last_use = n->n_layers;
    }
    n->values[output].producer = n->n_layers++;
    return output;
}
