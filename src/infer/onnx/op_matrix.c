/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators with a constant matrix of weights: Conv, Gemm, MatMul. */
#include "base/memory.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_operators.h"

#include <stdlib.h>
#include <string.h>

/* Vectors of an image laid out at once. */
static bool room(const struct matrix_layer *m)
{
    return m->reads <= GRAPH_NUMBERS_MAX / m->rows;
}

static enum status add_matrix(struct onnx_build *b, struct matrix_layer *m, size_t value,
                              const struct shape *shape, struct error *error)
{
    struct matrix_layer *data = NEW(1, struct matrix_layer);
    *data = *m;
    const struct layer_plan plan = {
        .type = &layer_matrix, .data = data, .n_inputs = 1, .inputs = &value, .shape = *shape};
    return onnx_layer(b, &plan, error);
}

/* ------------------------------------------------------------------------------- convolutions */

/* Do weights, bias and group fit the channels? */
static enum status check_conv(const struct onnx_build *b, const struct onnx_tensor *w,
                              const struct onnx_tensor *bias, size_t channels, struct error *error)
{
    const int64_t group = onnx_number(b, "group", 1);
    if (w->n_dims != 4 || w->n == 0)
        return onnx_refuse(
            b, error, "weights of %zu dimensions, expected 4: two-dimensional windows", w->n_dims);
    if (group < 1 || (uint64_t)group > channels || channels % (size_t)group != 0 ||
        w->dims[0] % (size_t)group != 0 || w->dims[1] != channels / (size_t)group)
        return onnx_refuse(b, error,
                           "group %lld, weights of %zu x %zu channels, input of %zu channels: "
                           "do not fit",
                           (long long)group, w->dims[0], w->dims[1], channels);
    if (bias && bias->n != w->dims[0])
        return onnx_refuse(b, error, "bias of %zu numbers, expected %zu", bias->n, w->dims[0]);
    return STATUS_OK;
}

static double *copy(const struct onnx_tensor *t, double factor)
{
    double *a = t ? NEW(t->n, double) : NULL;
    for (size_t k = 0; t && k < t->n; k++)
        a[k] = factor * t->real[k];
    return a;
}

enum status onnx_conv(struct onnx_build *b, struct error *error)
{
    size_t value;
    const struct onnx_tensor *w, *bias;
    struct matrix_layer m = {.convolution = true};
    enum status status = onnx_value(b, 0, &value, error);
    if (status == STATUS_OK)
        status = onnx_reals(b, 1, &w, error);
    if (status == STATUS_OK)
        status = onnx_reals(b, 2, &bias, error);
    if (status == STATUS_OK && onnx_shape(b, value)->n != 3)
        status = onnx_refuse(b, error, "input of %zu dimensions, expected 4",
                             onnx_shape(b, value)->n + 1);
    if (status == STATUS_OK)
        status = check_conv(b, w, bias, onnx_shape(b, value)->d[0], error);
    if (status == STATUS_OK)
        status = onnx_window(b, value, w->dims + 2, &m.window, error);
    if (status != STATUS_OK)
        return status;
    m.groups = (size_t)onnx_number(b, "group", 1);
    m.columns = w->dims[0] / m.groups;
    m.rows = w->n / w->dims[0];
    m.reads = m.window.axis[0].out * m.window.axis[1].out;
    if (!room(&m))
        return onnx_refuse(b, error, "%zu windows of %zu numbers, expected up to %zu in all",
                           m.reads, m.rows, GRAPH_NUMBERS_MAX);
    m.weights = copy(w, 1);
    m.bias = copy(bias, 1);
    const struct shape shape = {3, {w->dims[0], m.window.axis[0].out, m.window.axis[1].out}};
    return add_matrix(b, &m, value, &shape, error);
}

/* ---------------------------------------------------------------------------- fully connected */

/* columns x rows from rows x columns, or as it is; times factor. */
static double *weights(const struct onnx_tensor *t, bool transposed, double factor)
{
    if (transposed)
        return copy(t, factor);
    const size_t rows = t->dims[t->n_dims - 2], columns = t->dims[t->n_dims - 1];
    double *a = NEW(t->n, double);
    for (size_t k = 0; k < t->n; k++)
        a[k % columns * rows + k / columns] = factor * t->real[k];
    return a;
}

/* A matrix, which may stand behind dimensions of 1. */
static enum status check_matrix(const struct onnx_build *b, const struct onnx_tensor *t,
                                struct error *error)
{
    bool matrix = t->n_dims >= 2 && t->n > 0;
    for (size_t k = 0; k + 2 < t->n_dims; k++)
        matrix = matrix && t->dims[k] == 1;
    return matrix
               ? STATUS_OK
               : onnx_refuse(b, error, "weights of %zu dimensions, expected a matrix", t->n_dims);
}

/* The bias of all images alike, as many numbers as columns; *bias NULL: none. */
static enum status gemm_bias(const struct onnx_build *b, size_t columns, double **bias,
                             struct error *error)
{
    const struct onnx_tensor *c;
    const double beta = onnx_real(b, "beta", 1);
    *bias = NULL;
    const enum status status = onnx_reals(b, 2, &c, error);
    if (status != STATUS_OK || !c)
        return status;
    const size_t last = c->n_dims > 0 ? c->dims[c->n_dims - 1] : 1;
    if (c->n != last || (last != 1 && last != columns) || c->n_dims > 2)
        return onnx_refuse(b, error, "bias of %zu numbers, expected %zu, the same for all images",
                           c->n, columns);
    *bias = NEW(columns, double);
    for (size_t k = 0; k < columns; k++)
        (*bias)[k] = beta * c->real[last == 1 ? 0 : k];
    return STATUS_OK;
}

enum status onnx_gemm(struct onnx_build *b, struct error *error)
{
    size_t value;
    const struct onnx_tensor *w;
    const bool transposed = onnx_number(b, "transB", 0) != 0;
    struct matrix_layer m = {.groups = 1, .reads = 1};
    enum status status = onnx_value(b, 0, &value, error);
    if (status == STATUS_OK)
        status = onnx_reals(b, 1, &w, error);
    if (status == STATUS_OK)
        status = check_matrix(b, w, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    m.rows = w->dims[transposed ? 1 : 0];
    m.columns = w->dims[transposed ? 0 : 1];
    if (w->n_dims != 2 || s->n != 1 || s->d[0] != m.rows || onnx_number(b, "transA", 0) != 0)
        return onnx_refuse(b, error,
                           "input of %zu dimensions and %zu numbers an image%s, weights of %zu "
                           "rows: expected a vector of that many numbers",
                           s->n + 1, shape_size(s),
                           onnx_number(b, "transA", 0) != 0 ? ", transposed" : "", m.rows);
    status = gemm_bias(b, m.columns, &m.bias, error);
    if (status != STATUS_OK)
        return status;
    m.weights = weights(w, transposed, onnx_real(b, "alpha", 1));
    const struct shape shape = {1, {m.columns}};
    return add_matrix(b, &m, value, &shape, error);
}

enum status onnx_matmul(struct onnx_build *b, struct error *error)
{
    size_t value;
    const struct onnx_tensor *w;
    struct matrix_layer m = {.groups = 1};
    enum status status = onnx_value(b, 0, &value, error);
    if (status == STATUS_OK)
        status = onnx_reals(b, 1, &w, error);
    if (status == STATUS_OK)
        status = check_matrix(b, w, error);
    if (status != STATUS_OK)
        return status;
    struct shape shape = *onnx_shape(b, value);
    m.rows = w->dims[w->n_dims - 2];
    m.columns = w->dims[w->n_dims - 1];
    if (shape.n < 1 || w->n_dims > shape.n + 1 || shape.d[shape.n - 1] != m.rows)
        return onnx_refuse(b, error, "input of %zu dimensions, weights of %zu rows: do not fit",
                           shape.n + 1, m.rows);
    m.reads = shape_size(&shape) / m.rows;
    m.weights = weights(w, false, 1);
    shape.d[shape.n - 1] = m.columns;
    return add_matrix(b, &m, value, &shape, error);
}
