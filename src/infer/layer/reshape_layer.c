/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include <string.h>

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct reshape_layer *r = l->data;
    if (e->output != e->inputs[0])
        memcpy(e->output, e->inputs[0], e->images * r->size * sizeof *e->output);
}

const struct layer_type layer_reshape = {"reshape", evaluate, NULL, true, NULL};
