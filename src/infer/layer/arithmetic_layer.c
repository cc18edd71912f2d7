/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include <stdlib.h>

static double result(enum arithmetic operation, double a, double b)
{
    switch (operation) {
    case ARITHMETIC_ADD:
        return a + b;
    case ARITHMETIC_SUBTRACT:
        return a - b;
    case ARITHMETIC_MULTIPLY:
        return a * b;
    case ARITHMETIC_DIVIDE:
        return a / b;
    }
    return 0;
}

/* One image.  at: the index along each dimension, carried like a counter. */
static void image(const struct arithmetic_layer *a, const double *x, const double *y, double *out)
{
    size_t at[SHAPE_MAX] = {0}, i = 0, j = 0;
    const size_t n = shape_size(&a->shape);
    for (size_t k = 0; k < n; k++) {
        out[k] = result(a->operation, x[i], y[j]);
        for (size_t d = a->shape.n; d-- > 0;) {
            i += a->stride[0][d];
            j += a->stride[1][d];
            if (++at[d] < a->shape.d[d])
                break;
            i -= a->stride[0][d] * a->shape.d[d];
            j -= a->stride[1][d] * a->shape.d[d];
            at[d] = 0;
        }
    }
}

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct arithmetic_layer *a = l->data;
    const size_t size = shape_size(&a->shape);
    for (size_t k = 0; k < e->images; k++) {
        const double *operands[2];
        size_t next = 0;
        for (size_t i = 0; i < 2; i++)
            operands[i] = a->constant[i] ? a->constant[i] : e->inputs[next++] + k * a->size[i];
        image(a, operands[0], operands[1], e->output + k * size);
    }
}

static void arithmetic_free(void *data)
{
    struct arithmetic_layer *a = data;
    free(a->constant[0]);
    free(a->constant[1]);
    free(a);
}

const struct layer_type layer_arithmetic = {"arithmetic", evaluate, arithmetic_free, false, NULL};
