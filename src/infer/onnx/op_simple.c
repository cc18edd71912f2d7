/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of single numbers, Softmax, constants, and what leaves numbers as they are. */
#include "base/memory.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_operators.h"
#include "infer/onnx/onnx_tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum status add_curve(struct onnx_build *b, enum curve curve, double low, double high,
                             struct error *error)
{
    size_t value;
    const enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    struct curve_layer *data = NEW(1, struct curve_layer);
    *data = (struct curve_layer){curve, shape_size(onnx_shape(b, value)), low, high};
    const struct layer_plan plan = {.type = &layer_curve,
                                    .data = data,
                                    .n_inputs = 1,
                                    .inputs = &value,
                                    .shape = *onnx_shape(b, value)};
    return onnx_layer(b, &plan, error);
}

enum status onnx_relu(struct onnx_build *b, struct error *error)
{
    return add_curve(b, CURVE_RELU, 0, 0, error);
}

enum status onnx_leaky(struct onnx_build *b, struct error *error)
{
    return add_curve(b, CURVE_LEAKY, onnx_real(b, "alpha", 0.01), 0, error);
}

enum status onnx_sigmoid(struct onnx_build *b, struct error *error)
{
    return add_curve(b, CURVE_SIGMOID, 0, 0, error);
}

enum status onnx_tanh(struct onnx_build *b, struct error *error)
{
    return add_curve(b, CURVE_TANH, 0, 0, error);
}

/* A limit: input k, or before opset 11 an attribute; it may be infinite. */
static enum status limit(const struct onnx_build *b, size_t k, const char *name, double *value,
                         struct error *error)
{
    const struct symbol *s = onnx_operand(b, k);
    *value = onnx_real(b, name, *value);
    if (!s)
        return STATUS_OK;
    if (s->kind != SYMBOL_CONSTANT || !s->tensor->real || s->tensor->n != 1)
        return onnx_refuse(b, error, "%s '%.80s', expected a constant of one number", name,
                           s->name);
    *value = s->tensor->real[0];
    return STATUS_OK;
}

enum status onnx_clip(struct onnx_build *b, struct error *error)
{
    double low = -INFINITY, high = INFINITY;
    enum status status = limit(b, 1, "min", &low, error);
    if (status == STATUS_OK)
        status = limit(b, 2, "max", &high, error);
    return status == STATUS_OK ? add_curve(b, CURVE_CLIP, low, high, error) : status;
}

/* Before opset 13 over all axes from `axis` on, which is the first after the images' if not said. */
enum status onnx_softmax(struct onnx_build *b, struct error *error)
{
    size_t value, axis;
    const bool old = b->model->opset < 13;
    enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    status = onnx_axis(b, onnx_number(b, "axis", old ? 1 : -1), s->n, &axis, error);
    if (status != STATUS_OK)
        return status;
    struct softmax_layer *data = NEW(1, struct softmax_layer);
    *data = (struct softmax_layer){1, 1, 1};
    for (size_t d = 0; d < s->n; d++)
        *(d < axis ? &data->outer : d == axis || old ? &data->n : &data->inner) *= s->d[d];
    const struct layer_plan plan = {
        .type = &layer_softmax, .data = data, .n_inputs = 1, .inputs = &value, .shape = *s};
    return onnx_layer(b, &plan, error);
}

enum status onnx_identity(struct onnx_build *b, struct error *error)
{
    return onnx_same(b, 0, error);
}

enum status onnx_dropout(struct onnx_build *b, struct error *error)
{
    const struct symbol *training = onnx_operand(b, 2);
    if (training && (training->kind != SYMBOL_CONSTANT || !training->tensor->whole ||
                     training->tensor->n != 1 || training->tensor->whole[0]))
        return onnx_refuse(b, error, "training_mode, expected false");
    return onnx_same(b, 0, error);
}

enum status onnx_cast(struct onnx_build *b, struct error *error)
{
    const int64_t to = onnx_number(b, "to", 0);
    const bool constant = b->image_axes == 0;
    if (to < 0 || to > 255 || onnx_type_size((int)to) == 0 ||
        (!constant && !onnx_type_is_real((int)to)))
        return onnx_refuse(b, error, "to type %lld, expected floats", (long long)to);
    return onnx_same(b, 0, error);
}

/* ---------------------------------------------------------------------------------- constants */

static enum status made(struct onnx_build *b, struct onnx_tensor *t)
{
    b->made = memory_grow(b->made, &b->made_capacity, b->n_made + 1, sizeof *b->made);
    b->made[b->n_made++] = t;
    b->constant = t;
    return STATUS_OK;
}

enum status onnx_constant(struct onnx_build *b, struct error *error)
{
    const struct onnx_attribute *a = b->node->n_attributes == 1 ? b->node->attributes : NULL;
    if (a && a->tensor) {
        b->constant = a->tensor;
        return STATUS_OK;
    }
    if (!a || !(a->has_float || a->has_number || a->n_reals || a->n_numbers))
        return onnx_refuse(b, error, "no value, expected numbers");
    struct onnx_tensor *t = NEW(1, struct onnx_tensor);
    const bool real = a->has_float || a->n_reals, single = a->has_float || a->has_number;
    t->n = single ? 1 : real ? a->n_reals : a->n_numbers;
    t->n_dims = single ? 0 : 1;
    t->dims[0] = t->n;
    t->real = real ? NEW(t->n, double) : NULL;
    t->whole = real ? NULL : NEW(t->n, int64_t);
    for (size_t k = 0; k < t->n; k++)
        if (real)
            t->real[k] = single ? a->real : a->reals[k];
        else
            t->whole[k] = single ? a->number : a->numbers[k];
    return made(b, t);
}
