/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arithmetic with constants and of two values, and BatchNormalization.  What scales or shifts the channels
 * of a weight matrix's output, and is all that takes it, becomes part of weights and bias:
 *
 *     k (w x + b - mean) + beta = (k w) x + k (b - mean) + beta,    k = gamma / sqrt(var + eps) */
#include "base/memory.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_operators.h"

#include <math.h>
#include <stdlib.h>

/* weights <- scale weights, bias <- scale bias + shift; scale NULL: 1. */
static void fold(struct matrix_layer *m, const double *scale, const double *shift)
{
    const size_t channels = m->groups * m->columns;
    if (!m->bias)
        m->bias = NEW(channels, double);
    for (size_t c = 0; c < channels; c++) {
        const double k = scale ? scale[c] : 1;
        for (size_t r = 0; r < m->rows; r++)
            m->weights[c * m->rows + r] *= k;
        m->bias[c] = k * m->bias[c] + shift[c];
    }
}

/* --------------------------------------------------------------------------------- arithmetic */

/* An operand: its shape without the axis of images, and its numbers if it is a constant. */
struct operand {
    size_t value;
    struct shape shape;
    const struct onnx_tensor *constant; /* or NULL */
};

static enum status take(const struct onnx_build *b, size_t k, struct operand *o,
                        struct error *error)
{
    *o = (struct operand){0};
    if (onnx_operand(b, k)->kind == SYMBOL_VALUE) {
        o->value = onnx_operand(b, k)->value;
        o->shape = *onnx_shape(b, o->value);
        return STATUS_OK;
    }
    const enum status status = onnx_reals(b, k, &o->constant, error);
    if (status != STATUS_OK)
        return status;
    o->shape.n = o->constant->n_dims;
    for (size_t d = 0; d < o->constant->n_dims; d++)
        o->shape.d[d] = o->constant->dims[d];
    return STATUS_OK;
}

/* A constant with as many axes as the value has with that of the images must be the same for all. */
static enum status same_for_images(const struct onnx_build *b, struct operand *constant,
                                   const struct operand *value, struct error *error)
{
    struct shape *s = &constant->shape;
    if (s->n < value->shape.n + b->image_axes)
        return STATUS_OK;
    if (s->n > value->shape.n + b->image_axes || s->d[0] != 1)
        return onnx_refuse(b, error,
                           "a constant of %zu dimensions, the first of %zu, expected one that "
                           "is the same for all images",
                           s->n, s->d[0]);
    for (size_t d = 1; d < s->n; d++)
        s->d[d - 1] = s->d[d];
    s->n--;
    return STATUS_OK;
}

/* Shape of the result and strides of both; false: they do not fit. */
static bool broadcast(const struct operand *o, struct arithmetic_layer *a)
{
    a->shape.n = o[0].shape.n > o[1].shape.n ? o[0].shape.n : o[1].shape.n;
    a->size[0] = a->size[1] = 1;
    for (size_t d = a->shape.n; d-- > 0;) {
        size_t length[2];
        for (size_t i = 0; i < 2; i++) {
            const size_t missing = a->shape.n - o[i].shape.n;
            length[i] = d < missing ? 1 : o[i].shape.d[d - missing];
            a->stride[i][d] = length[i] > 1 ? a->size[i] : 0;
            if (length[i] < 1 || length[i] > GRAPH_NUMBERS_MAX / a->size[i])
                return false;
            a->size[i] *= length[i];
        }
        if (length[0] != length[1] && length[0] != 1 && length[1] != 1)
            return false;
        a->shape.d[d] = length[0] > length[1] ? length[0] : length[1];
    }
    return true;
}

/* One number for each channel, or one for all, along the first axis of the value. */
static bool by_channel(const struct operand *o, const struct arithmetic_layer *a, size_t channels)
{
    const struct shape *s = &o->shape;
    return a->shape.d[0] == channels &&
           (o->constant->n == 1 ||
            (o->constant->n == channels && s->n == a->shape.n && s->d[0] == channels));
}

static enum status add_arithmetic(struct onnx_build *b, const struct operand *o,
                                  const struct arithmetic_layer *a, struct error *error)
{
    struct arithmetic_layer *data = NEW(1, struct arithmetic_layer);
    size_t values[2], n = 0;
    *data = *a;
    for (size_t i = 0; i < 2; i++) {
        if (!o[i].constant) {
            values[n++] = o[i].value;
            continue;
        }
        data->constant[i] = NEW(o[i].constant->n, double);
        for (size_t k = 0; k < o[i].constant->n; k++)
            data->constant[i][k] = o[i].constant->real[k];
    }
    const struct layer_plan plan = {.type = &layer_arithmetic,
                                    .data = data,
                                    .n_inputs = n,
                                    .inputs = values,
                                    .shape = a->shape};
    return onnx_layer(b, &plan, error);
}

static enum status arithmetic(struct onnx_build *b, enum arithmetic operation, struct error *error)
{
    struct operand o[2];
    struct arithmetic_layer a = {.operation = operation};
    enum status status = take(b, 0, &o[0], error);
    if (status == STATUS_OK)
        status = take(b, 1, &o[1], error);
    for (size_t i = 0; status == STATUS_OK && i < 2; i++)
        if (o[i].constant)
            status = same_for_images(b, &o[i], &o[1 - i], error);
    if (status != STATUS_OK)
        return status;
    if ((!o[0].constant && !o[1].constant && b->image_axes && o[0].shape.n != o[1].shape.n) ||
        !broadcast(o, &a)) {
        char *first = shape_text(&o[0].shape), *second = shape_text(&o[1].shape);
        onnx_refuse(b, error, "shapes %s and %s do not fit", first, second);
        free(first);
        free(second);
        return STATUS_INPUT;
    }
    for (size_t i = 0; i < 2; i++) {
        if (!o[i].constant || operation != ARITHMETIC_ADD || a.shape.n == 0)
            continue;
        struct layer *before = onnx_matrix_before(b, o[1 - i].value);
        struct matrix_layer *m = before ? matrix_layer_of(before) : NULL;
        if (!m || !by_channel(&o[i], &a, m->groups * m->columns) ||
            a.size[1 - i] != shape_size(&a.shape))
            continue;
        double *shift = NEW(m->groups * m->columns, double);
        for (size_t c = 0; c < m->groups * m->columns; c++)
            shift[c] = o[i].constant->real[o[i].constant->n == 1 ? 0 : c];
        fold(m, NULL, shift);
        free(shift);
        onnx_absorb(b, before);
        return STATUS_OK;
    }
    return add_arithmetic(b, o, &a, error);
}

enum status onnx_add(struct onnx_build *b, struct error *error)
{
    return arithmetic(b, ARITHMETIC_ADD, error);
}

enum status onnx_subtract(struct onnx_build *b, struct error *error)
{
    return arithmetic(b, ARITHMETIC_SUBTRACT, error);
}

enum status onnx_multiply(struct onnx_build *b, struct error *error)
{
    return arithmetic(b, ARITHMETIC_MULTIPLY, error);
}

enum status onnx_divide(struct onnx_build *b, struct error *error)
{
    struct operand divisor = {0};
    const enum status status = take(b, 1, &divisor, error);
    for (size_t k = 0; status == STATUS_OK && divisor.constant && k < divisor.constant->n; k++)
        if (divisor.constant->real[k] == 0)
            return onnx_refuse(b, error, "divides by 0");
    return status == STATUS_OK ? arithmetic(b, ARITHMETIC_DIVIDE, error) : status;
}

/* ------------------------------------------------------------------------- BatchNormalization */

/* Scale and shift of each channel; inputs 1 to 4: gamma, beta, mean, var. */
static enum status normalization(const struct onnx_build *b, size_t channels, double *scale,
                                 double *shift, struct error *error)
{
    const struct onnx_tensor *t[5];
    const double eps = onnx_real(b, "epsilon", 1e-5);
    for (size_t k = 1; k < 5; k++) {
        const enum status status = onnx_reals(b, k, &t[k], error);
        if (status != STATUS_OK)
            return status;
        if (!t[k] || t[k]->n != channels)
            return onnx_refuse(b, error, "input %zu of %zu numbers, expected %zu, one a channel",
                               k + 1, t[k] ? t[k]->n : 0, channels);
    }
    for (size_t c = 0; c < channels; c++) {
        const double var = t[4]->real[c] + eps;
        if (!(var > 0))
            return onnx_refuse(b, error, "variance of channel %zu is %g + %g, expected more than 0",
                               c + 1, t[4]->real[c], eps);
        scale[c] = t[1]->real[c] / sqrt(var);
        shift[c] = t[2]->real[c] - scale[c] * t[3]->real[c];
    }
    return STATUS_OK;
}

static enum status normalize(struct onnx_build *b, size_t value, double *scale, double *shift,
                             struct error *error)
{
    const struct shape *s = onnx_shape(b, value);
    struct layer *before = onnx_matrix_before(b, value);
    const enum status status = normalization(b, s->d[0], scale, shift, error);
    if (status != STATUS_OK || before) {
        if (status == STATUS_OK) {
            fold(matrix_layer_of(before), scale, shift);
            onnx_absorb(b, before);
        }
        free(scale);
        free(shift);
        return status;
    }
    struct affine_layer *data = NEW(1, struct affine_layer);
    *data = (struct affine_layer){s->d[0], shape_size(s) / s->d[0], scale, shift};
    const struct layer_plan plan = {
        .type = &layer_affine, .data = data, .n_inputs = 1, .inputs = &value, .shape = *s};
    return onnx_layer(b, &plan, error);
}

enum status onnx_batch(struct onnx_build *b, struct error *error)
{
    size_t value;
    const enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    if (onnx_number(b, "training_mode", 0) != 0 || onnx_number(b, "spatial", 1) != 1)
        return onnx_refuse(b, error,
                           "training_mode or spatial 0, expected a trained network's "
                           "normalization by channel");
    const size_t channels = onnx_shape(b, value)->n > 0 ? onnx_shape(b, value)->d[0] : 0;
    if (channels == 0)
        return onnx_refuse(b, error, "input without channels");
    return normalize(b, value, NEW(channels, double), NEW(channels, double), error);
}
