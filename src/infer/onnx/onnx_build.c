/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/onnx/onnx_build.h"

#include "base/memory.h"
#include "infer/layer/layers.h"

#include <math.h>
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum status onnx_refuse(const struct onnx_build *b, struct error *error, const char *format, ...)
{
    const struct onnx_node *n = b->node;
    const char *name = *n->name ? n->name : n->n_outputs > 0 ? n->outputs[0] : "";
    va_list args;
    va_start(args, format);
    char *text = memory_vformat(format, args);
    va_end(args);
    fail(error, STATUS_INPUT, "%s: node '%.80s' (%.40s, opset %d): %s", b->model->path, name,
         n->op_type, b->model->opset, text);
    free(text);
    return STATUS_INPUT;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

struct symbol *onnx_symbol(struct onnx_build *b, const char *name)
{
    struct symbol *s = NEW(1, struct symbol);
    s->name = memory_string(name);
    struct symbol **found = tsearch(s, &b->symbols, by_name);
    if (!found) /* no memory */
        abort();
    if (*found != s) {
        free(s->name);
        free(s);
    }
    return *found;
}

const struct symbol *onnx_operand(const struct onnx_build *b, size_t k)
{
    return k < b->node->n_inputs ? b->operands[k] : NULL;
}

const struct shape *onnx_shape(const struct onnx_build *b, size_t value)
{
    return &b->graph->values[value].shape;
}

enum status onnx_value(const struct onnx_build *b, size_t k, size_t *value, struct error *error)
{
    const struct symbol *s = onnx_operand(b, k);
    if (!s || s->kind != SYMBOL_VALUE)
        return onnx_refuse(b, error, "input %zu is a constant, expected what the network computes",
                           k + 1);
    *value = s->value;
    return STATUS_OK;
}

/* A constant of that kind, or NULL where the input is left out. */
static enum status constant(const struct onnx_build *b, size_t k, bool real,
                            const struct onnx_tensor **tensor, struct error *error)
{
    const struct symbol *s = onnx_operand(b, k);
    *tensor = NULL;
    if (!s)
        return STATUS_OK;
    if (s->kind != SYMBOL_CONSTANT)
        return onnx_refuse(b, error, "input %zu, '%.80s', is computed, expected a constant", k + 1,
                           s->name);
    if (real ? !s->tensor->real : !s->tensor->whole)
        return onnx_refuse(b, error, "input %zu, '%.80s', has %s, expected %s", k + 1, s->name,
                           real ? "integers" : "floats", real ? "floats" : "integers");
    *tensor = s->tensor;
    return STATUS_OK;
}

enum status onnx_reals(const struct onnx_build *b, size_t k, const struct onnx_tensor **tensor,
                       struct error *error)
{
    const enum status status = constant(b, k, true, tensor, error);
    for (size_t i = 0; status == STATUS_OK && *tensor && i < (*tensor)->n; i++)
        if (!isfinite((*tensor)->real[i]))
            return onnx_refuse(b, error,
                               "input %zu, '%.80s': number %zu is %g, expected a finite one", k + 1,
                               b->operands[k]->name, i + 1, (*tensor)->real[i]);
    return status;
}

enum status onnx_wholes(const struct onnx_build *b, size_t k, const struct onnx_tensor **tensor,
                        struct error *error)
{
    return constant(b, k, false, tensor, error);
}

const struct onnx_attribute *onnx_attribute(const struct onnx_build *b, const char *name)
{
    for (size_t k = 0; k < b->node->n_attributes; k++)
        if (strcmp(b->node->attributes[k].name, name) == 0)
            return &b->node->attributes[k];
    return NULL;
}

int64_t onnx_number(const struct onnx_build *b, const char *name, int64_t missing)
{
    const struct onnx_attribute *a = onnx_attribute(b, name);
    return a && a->has_number ? a->number : missing;
}

double onnx_real(const struct onnx_build *b, const char *name, double missing)
{
    const struct onnx_attribute *a = onnx_attribute(b, name);
    return a && a->has_float ? a->real : missing;
}

const char *onnx_text(const struct onnx_build *b, const char *name, const char *missing)
{
    const struct onnx_attribute *a = onnx_attribute(b, name);
    return a && a->text ? a->text : missing;
}

enum status onnx_axis(const struct onnx_build *b, int64_t axis, size_t n, size_t *index,
                      struct error *error)
{
    const int64_t all = (int64_t)(n + b->image_axes);
    if (axis < -all || axis >= all)
        return onnx_refuse(b, error, "axis %lld, expected %lld to %lld", (long long)axis,
                           (long long)-all, (long long)all - 1);
    const size_t at = (size_t)(axis < 0 ? axis + all : axis);
    if (at < b->image_axes)
        return onnx_refuse(b, error, "axis %lld is that of the images, expected another",
                           (long long)axis);
    *index = at - b->image_axes;
    return STATUS_OK;
}

static bool fits(const struct shape *s)
{
    size_t n = 1;
    for (size_t k = 0; k < s->n; k++) {
        if (s->d[k] < 1 || s->d[k] > GRAPH_NUMBERS_MAX / n)
            return false;
        n *= s->d[k];
    }
    return true;
}

/* What the layer is told by: the node's name, or its output's. */
static const char *node_name(const struct onnx_node *n)
{
    return *n->name ? n->name : n->n_outputs > 0 ? n->outputs[0] : "";
}

enum status onnx_layer(struct onnx_build *b, const struct layer_plan *plan, struct error *error)
{
    struct layer_plan named = *plan;
    if (!fits(&plan->shape)) {
        char *text = shape_text(&plan->shape);
        onnx_refuse(b, error, "makes %s numbers, expected 1 to %zu", text, GRAPH_NUMBERS_MAX);
        free(text);
        if (plan->type->free)
            plan->type->free(plan->data);
        else
            free(plan->data);
        return STATUS_INPUT;
    }
    named.name = memory_string(node_name(b->node));
    named.op_type = memory_string(b->node->op_type);
    b->result = graph_layer(b->graph, &named);
    return STATUS_OK;
}

enum status onnx_same(struct onnx_build *b, size_t k, struct error *error)
{
    return onnx_value(b, k, &b->result, error);
}

struct layer *onnx_matrix_before(const struct onnx_build *b, size_t value)
{
    const struct graph *n = b->graph;
    const struct shape *s = onnx_shape(b, value);
    if (b->image_axes == 0 || b->uses[value] != 1 || n->values[value].producer == NO_LAYER)
        return NULL;
    struct layer *l = &n->layers[n->values[value].producer];
    const struct matrix_layer *m = matrix_layer_of(l);
    return m && (m->convolution || s->n == 1) ? l : NULL;
}

void onnx_absorb(struct onnx_build *b, struct layer *layer)
{
    char *both = memory_format("%s+%s", layer->op_type, b->node->op_type);
    free(layer->op_type);
    layer->op_type = both;
    b->result = layer->output;
}
