/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/onnx/onnx_graph.h"

#include "base/memory.h"
#include "infer/onnx/onnx_operators.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53: integers are exact as floats up to it */

/* ----------------------------------------------------------------------------- inputs, outputs */

static enum status declare_constants(struct onnx_build *b, struct error *error)
{
    for (size_t k = 0; k < b->model->n_constants; k++) {
        struct symbol *s = onnx_symbol(b, b->model->constants[k].name);
        if (s->kind != SYMBOL_UNKNOWN)
            return fail(error, STATUS_INPUT, "%s: two tensors '%.80s'", b->model->path, s->name);
        s->kind = SYMBOL_CONSTANT;
        s->tensor = &b->model->constants[k];
    }
    return STATUS_OK;
}

/* The shape of an image, and how many images the model was declared for. */
static enum status input_shape(struct onnx_build *b, const struct onnx_port *p, struct shape *shape,
                               struct error *error)
{
    if (!p->has_shape || p->n_dims < 2)
        return fail(error, STATUS_INPUT,
                    "%s: input '%.80s' of %zu dimensions, expected images and their dimensions",
                    b->model->path, p->name, p->n_dims);
    b->declared =
        p->dims[0] > 0 && (uint64_t)p->dims[0] <= ONNX_NUMBERS_MAX ? (size_t)p->dims[0] : 1;
    shape->n = p->n_dims - 1;
    size_t size = 1;
    for (size_t d = 0; d < shape->n; d++) {
        const int64_t v = p->dims[d + 1];
        if (v < 1 || (uint64_t)v > GRAPH_NUMBERS_MAX / size)
            return fail(error, STATUS_INPUT,
                        "%s: input '%.80s': dimension %zu is %s, expected fixed sizes, and up to "
                        "%zu numbers an image",
                        b->model->path, p->name, d + 2, v < 1 ? "not fixed" : "too large",
                        GRAPH_NUMBERS_MAX);
        shape->d[d] = (size_t)v;
        size *= (size_t)v;
    }
    return STATUS_OK;
}

static enum status declare_input(struct onnx_build *b, struct error *error)
{
    const struct onnx_port *input = NULL;
    struct shape shape = {0};
    for (size_t k = 0; k < b->model->n_inputs; k++) {
        const struct onnx_port *p = &b->model->inputs[k];
        if (onnx_symbol(b, p->name)->kind == SYMBOL_CONSTANT) /* has a default */
            continue;
        if (input)
            return fail(error, STATUS_INPUT, "%s: inputs '%.80s' and '%.80s', expected one",
                        b->model->path, input->name, p->name);
        input = p;
    }
    if (!input)
        return fail(error, STATUS_INPUT, "%s: no input, expected one", b->model->path);
    const enum status status = input_shape(b, input, &shape, error);
    if (status != STATUS_OK)
        return status;
    struct symbol *s = onnx_symbol(b, input->name);
    s->kind = SYMBOL_VALUE;
    s->value = b->graph->input = graph_value(b->graph, &shape);
    b->uses[s->value] = s->uses;
    return STATUS_OK;
}

static enum status declare_uses(struct onnx_build *b, struct error *error)
{
    for (size_t k = 0; k < b->model->n_nodes; k++) {
        const struct onnx_node *n = &b->model->nodes[k];
        for (size_t i = 0; i < n->n_inputs; i++)
            if (*n->inputs[i])
                onnx_symbol(b, n->inputs[i])->uses++;
        for (size_t i = 0; i < n->n_outputs; i++)
            if (*n->outputs[i])
                onnx_symbol(b, n->outputs[i])->made = true;
    }
    if (b->model->n_outputs != 1)
        return fail(error, STATUS_INPUT, "%s: %zu outputs, expected one", b->model->path,
                    b->model->n_outputs);
    onnx_symbol(b, b->model->outputs[0].name)->uses++;
    return STATUS_OK;
}

/* -------------------------------------------------------------------------------------- nodes */

/* Operands of the node; all must be known by now. */
static enum status take_operands(struct onnx_build *b, const struct onnx_operator_entry *entry,
                                 const struct symbol **operands, struct error *error)
{
    const struct onnx_node *n = b->node;
    if (n->n_inputs < entry->least || n->n_inputs > entry->most)
        return onnx_refuse(b, error, "%zu inputs, expected %zu to %zu", n->n_inputs, entry->least,
                           entry->most);
    for (size_t k = 0; k < n->n_inputs; k++) {
        if (!*n->inputs[k] && k >= entry->least)
            continue;
        operands[k] = onnx_symbol(b, n->inputs[k]);
        if (operands[k]->kind == SYMBOL_UNKNOWN)
            return onnx_refuse(b, error, "input '%.80s' is made by %s", n->inputs[k],
                               operands[k]->made ? "no earlier node: a cycle, or nodes out of order"
                                                 : "nothing");
    }
    return STATUS_OK;
}

static enum status check_attributes(const struct onnx_build *b,
                                    const struct onnx_operator_entry *entry, struct error *error)
{
    for (size_t k = 0; k < b->node->n_attributes; k++) {
        const char *name = b->node->attributes[k].name, *at = entry->attributes;
        const size_t n = strlen(name);
        const bool word = n > 0 && !strchr(name, ' ');
        while (word && (at = strstr(at, name)) &&
               ((at > entry->attributes && at[-1] != ' ') || (at[n] && at[n] != ' ')))
            at++;
        if (!word || !at)
            return onnx_refuse(b, error, "attribute '%.80s', expected %s", name,
                               *entry->attributes ? entry->attributes : "none");
    }
    return STATUS_OK;
}

/* What the node makes beside its first output must not be used: indices, masks, statistics. */
static enum status check_outputs(struct onnx_build *b, struct error *error)
{
    const struct onnx_node *n = b->node;
    if (n->n_outputs < 1 || !*n->outputs[0])
        return onnx_refuse(b, error, "no output, expected one");
    for (size_t k = 0; k < n->n_outputs; k++) {
        const struct symbol *s = *n->outputs[k] ? onnx_symbol(b, n->outputs[k]) : NULL;
        if (k > 0 && s && s->uses > 0)
            return onnx_refuse(b, error, "output %zu, '%.80s', is used, expected the first alone",
                               k + 1, s->name);
        if (s && s->kind != SYMBOL_UNKNOWN)
            return onnx_refuse(b, error, "makes '%.80s', which is there already", s->name);
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------------ nodes of constants */

static bool all_constant(const struct onnx_node *n, const struct symbol *const *operands)
{
    for (size_t k = 0; k < n->n_inputs; k++)
        if (operands[k] && operands[k]->kind != SYMBOL_CONSTANT)
            return false;
    return n->n_inputs > 0;
}

/* A constant as a value of `inner`; *array: its numbers.  False: an integer is not exact as a float. */
static bool to_value(struct graph *inner, const struct onnx_tensor *t, struct symbol *s,
                     double **array)
{
    struct shape shape = {.n = t->n_dims};
    memcpy(shape.d, t->dims, t->n_dims * sizeof *t->dims);
    s->kind = SYMBOL_VALUE;
    s->value = graph_value(inner, &shape);
    *array = NEW(t->n, double);
    for (size_t k = 0; k < t->n; k++) {
        (*array)[k] = t->real ? t->real[k] : (double)t->whole[k];
        if (t->whole && !(fabs((*array)[k]) <= WHOLE_MAX))
            return false;
    }
    return true;
}

/* The result b->result of an operator on constants as a constant itself; `whole`: of whole numbers, as the
 * operator's inputs are or as Cast asks. */
static struct onnx_tensor *to_constant(const struct onnx_build *b, bool whole, double **arrays)
{
    const struct graph *n = b->graph;
    const struct value *v = &n->values[b->result];
    struct onnx_tensor *t = NEW(1, struct onnx_tensor);
    double *out = NEW(v->size, double);
    if (n->n_layers > 0) {
        const struct evaluation e = {
            .images = 1, .inputs = (const double *const *)arrays, .output = out};
        n->layers[0].type->evaluate(&n->layers[0], &e);
    } else
        memcpy(out, arrays[b->result], v->size * sizeof *out);
    t->n_dims = v->shape.n;
    memcpy(t->dims, v->shape.d, v->shape.n * sizeof *t->dims);
    t->n = v->size;
    if (!whole) {
        t->real = out;
        return t;
    }
    t->whole = NEW(v->size, int64_t);
    for (size_t k = 0; k < v->size; k++)
        t->whole[k] = (int64_t)fmin(fmax(trunc(out[k]), -WHOLE_MAX), WHOLE_MAX);
    free(out);
    return t;
}

static bool makes_whole(const struct onnx_build *b, const struct symbol *const *operands)
{
    const int64_t to = onnx_number(b, "to", 0);
    if (strcmp(b->node->op_type, "Cast") == 0)
        return to != 1 && to != 10 && to != 11 && to != 16;
    return operands[0]->tensor->whole != NULL;
}

/* In a network of its own, whose values are the first inputs. */
static enum status build_constant(struct onnx_build *b, const struct onnx_operator_entry *entry,
                                  const struct symbol *const *operands, struct error *error)
{
    const struct onnx_node *n = b->node;
    struct graph inner = {0};
    struct onnx_build own = *b;
    const size_t data = n->n_inputs < entry->data ? n->n_inputs : entry->data;
    struct symbol *values = NEW(data, struct symbol);
    double **arrays = NEW(data, double *);
    const struct symbol **inputs = NEW(n->n_inputs, const struct symbol *);
    enum status status = STATUS_OK;
    own.graph = &inner;
    own.image_axes = 0;
    own.operands = inputs;
    for (size_t k = 0; k < n->n_inputs; k++)
        inputs[k] = operands[k];
    for (size_t k = 0; k < data && status == STATUS_OK; k++) {
        const struct onnx_tensor *t = operands[k]->tensor;
        values[k] = *operands[k];
        inputs[k] = &values[k];
        if (t->n == 0 || !to_value(&inner, t, &values[k], &arrays[k]))
            status = onnx_refuse(b, error, "input %zu, '%.80s': no numbers, or integers above 2^53",
                                 k + 1, operands[k]->name);
    }
    if (status == STATUS_OK)
        status = entry->build(&own, error);
    if (status == STATUS_OK) {
        struct onnx_tensor *t = to_constant(&own, makes_whole(b, operands), arrays);
        b->made = memory_grow(b->made, &b->made_capacity, b->n_made + 1, sizeof *b->made);
        b->made[b->n_made++] = t;
        b->constant = t;
    }
    for (size_t k = 0; k < data; k++)
        free(arrays[k]);
    free(arrays);
    free(values);
    free(inputs);
    graph_free(&inner);
    return status;
}

/* ------------------------------------------------------------------------------------ network */

/* The name of the node's output stands for what was built; n_values: of the network before that. */
static enum status name_result(struct onnx_build *b, size_t n_values, struct error *error)
{
    struct symbol *s = onnx_symbol(b, b->node->outputs[0]);
    if (b->constant) {
        s->kind = SYMBOL_CONSTANT;
        s->tensor = b->constant;
        return STATUS_OK;
    }
    if (s->uses == 0)
        return onnx_refuse(b, error, "makes '%.80s', which nothing takes", s->name);
    s->kind = SYMBOL_VALUE;
    s->value = b->result;
    /* another name for a value takes the place of the node's own use of it */
    b->uses[b->result] += b->result < n_values ? s->uses - 1 : s->uses;
    return STATUS_OK;
}

static enum status build_node(struct onnx_build *b, const struct onnx_node *node,
                              struct error *error)
{
    const size_t n_values = b->graph->n_values;
    b->node = node;
    b->constant = NULL;
    const struct onnx_operator_entry *entry = onnx_operator_find(node->op_type);
    if (!entry)
        return onnx_refuse(b, error, "an operator that is not read");
    const struct symbol **operands = NEW(node->n_inputs, const struct symbol *);
    enum status status = take_operands(b, entry, operands, error);
    if (status == STATUS_OK)
        status = check_attributes(b, entry, error);
    if (status == STATUS_OK)
        status = check_outputs(b, error);
    b->operands = operands;
    if (status == STATUS_OK)
        status = entry->data > 0 && all_constant(node, operands)
                     ? build_constant(b, entry, operands, error)
                     : entry->build(b, error);
    if (status == STATUS_OK)
        status = name_result(b, n_values, error);
    free(operands);
    b->operands = NULL;
    return status;
}

static enum status build_graph(struct onnx_build *b, struct error *error)
{
    enum status status = declare_constants(b, error);
    if (status == STATUS_OK)
        status = declare_uses(b, error);
    b->uses = NEW(1 + b->model->n_nodes, size_t); /* a node makes one value at most */
    if (status == STATUS_OK)
        status = declare_input(b, error);
    for (size_t k = 0; k < b->model->n_nodes && status == STATUS_OK; k++)
        status = build_node(b, &b->model->nodes[k], error);
    if (status != STATUS_OK)
        return status;
    const struct symbol *output = onnx_symbol(b, b->model->outputs[0].name);
    if (output->kind != SYMBOL_VALUE)
        return fail(error, STATUS_INPUT, "%s: output '%.80s' is made by no node", b->model->path,
                    output->name);
    b->graph->output = output->value;
    return STATUS_OK;
}

static void symbol_free(void *data)
{
    struct symbol *s = data;
    free(s->name);
    free(s);
}

enum status onnx_graph_read(const char *path, struct graph *graph, struct error *error)
{
    struct onnx_model model;
    *graph = (struct graph){0};
    struct onnx_build b = {.model = &model, .graph = graph, .image_axes = 1};
    enum status status = onnx_file_read(path, &model, error);
    if (status == STATUS_OK)
        status = build_graph(&b, error);
    tdestroy(b.symbols, symbol_free);
    for (size_t k = 0; k < b.n_made; k++) {
        onnx_tensor_free(b.made[k]);
        free(b.made[k]);
    }
    free(b.made);
    free(b.uses);
    onnx_model_free(&model);
    return status;
}
