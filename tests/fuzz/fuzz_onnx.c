/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an ONNX file are refused with a message, or become a network that can be evaluated. */
#include "base/memory.h"
#include "fuzz.h"
#include "infer/onnx/onnx_graph.h"

#include <assert.h>
#include <stdlib.h>

#define WORK_MAX 100000 /* numbers of a network that is evaluated */

static void use(const struct graph *g)
{
    size_t numbers = 0;
    for (size_t k = 0; k < g->n_values; k++) {
        const size_t size = shape_size(&g->values[k].shape);
        assert(size == g->values[k].size && size > 0 && size <= GRAPH_NUMBERS_MAX);
        numbers += size;
    }
    for (size_t k = 0; k < g->n_layers; k++) {
        char *text = shape_text(&g->values[g->layers[k].output].shape);
        assert(*text && g->layers[k].name && g->layers[k].op_type);
        free(text);
    }
    if (numbers > WORK_MAX)
        return;
    double *in = NEW(2 * g->values[g->input].size, double),
           *out = NEW(2 * g->values[g->output].size, double);
    graph_evaluate(g, 2, in, out, NULL);
    free(in);
    free(out);
}

void fuzz_onnx(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("model.onnx", bytes, n);
    struct error error = {0};
    struct graph g;
    const enum status status = onnx_graph_read(path, &g, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0]));
    if (status == STATUS_OK)
        use(&g);
    graph_free(&g);
    free(path);
}
