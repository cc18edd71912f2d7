/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include <math.h>

/* Less the largest first, so that exp() does not overflow. */
static void softmax(const struct softmax_layer *s, const double *x, double *y)
{
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < s->n; k++)
        most = fmax(most, x[k * s->inner]);
    for (size_t k = 0; k < s->n; k++)
        sum += y[k * s->inner] = exp(x[k * s->inner] - most);
    for (size_t k = 0; k < s->n; k++)
        y[k * s->inner] /= sum;
}

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct softmax_layer *s = l->data;
    for (size_t o = 0; o < e->images * s->outer; o++)
        for (size_t i = 0; i < s->inner; i++) {
            const size_t at = o * s->n * s->inner + i;
            softmax(s, e->inputs[0] + at, e->output + at);
        }
}

const struct layer_type layer_softmax = {"softmax", evaluate, NULL, false, NULL};
