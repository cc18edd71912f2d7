/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include <stdlib.h>

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct affine_layer *a = l->data;
    for (size_t k = 0; k < e->images * a->channels; k++) {
        const double scale = a->scale[k % a->channels], shift = a->shift[k % a->channels];
        for (size_t i = k * a->inner; i < (k + 1) * a->inner; i++)
            e->output[i] = scale * e->inputs[0][i] + shift;
    }
}

static void affine_free(void *data)
{
    struct affine_layer *a = data;
    free(a->scale);
    free(a->shift);
    free(a);
}

const struct layer_type layer_affine = {"affine", evaluate, affine_free, true, NULL};
