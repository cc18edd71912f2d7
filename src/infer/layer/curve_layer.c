/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include "base/wide.h"

#include <math.h>

/* y may be x: each number depends on its own place alone, which compilers are told. */
typedef void curve_function(const struct curve_layer *c, size_t n, const double *x, double *y);

WIDE static void leaky(const struct curve_layer *c, size_t n, const double *x, double *y)
{
#pragma GCC ivdep
    for (size_t k = 0; k < n; k++)
        y[k] = x[k] > 0 ? x[k] : c->low * x[k];
}

WIDE static void relu(const struct curve_layer *c, size_t n, const double *x, double *y)
{
    (void)c;
#pragma GCC ivdep
    for (size_t k = 0; k < n; k++)
        y[k] = x[k] > 0 ? x[k] : 0;
}

WIDE static void clip(const struct curve_layer *c, size_t n, const double *x, double *y)
{
#pragma GCC ivdep
    for (size_t k = 0; k < n; k++) {
        const double raised = x[k] < c->low ? c->low : x[k];
        y[k] = raised > c->high ? c->high : raised;
    }
}

static void sigmoid(const struct curve_layer *c, size_t n, const double *x, double *y)
{
    (void)c;
    for (size_t k = 0; k < n; k++)
        y[k] = 1 / (1 + exp(-x[k]));
}

static void tangent(const struct curve_layer *c, size_t n, const double *x, double *y)
{
    (void)c;
    for (size_t k = 0; k < n; k++)
        y[k] = tanh(x[k]);
}

static curve_function *const curves[] = {
    [CURVE_RELU] = relu,       [CURVE_LEAKY] = leaky,  [CURVE_CLIP] = clip,
    [CURVE_SIGMOID] = sigmoid, [CURVE_TANH] = tangent,
};

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct curve_layer *c = l->data;
    curves[c->curve](c, e->images * c->size, e->inputs[0], e->output);
}

const struct layer_type layer_curve = {"curve", evaluate, NULL, true, NULL};
