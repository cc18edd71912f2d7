/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include <stdlib.h>

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct gather_layer *g = l->data;
    for (size_t image = 0; image < e->images; image++)
        for (size_t k = 0; k < g->out; k++)
            e->output[image * g->out + k] =
                g->from[k] < 0 ? g->fill : e->inputs[0][image * g->in + (size_t)g->from[k]];
}

static void gather_free(void *data)
{
    struct gather_layer *g = data;
    free(g->from);
    free(g);
}

const struct layer_type layer_gather = {"gather", evaluate, gather_free, false, NULL};
