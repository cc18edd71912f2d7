/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include <math.h>

/* Cells that a mean at output position `at` is over, along one axis: those of the window within the
 * image, or also those beyond its edges; not those that a last step reaches behind them. */
static size_t counted(const struct pool_layer *p, const struct window_axis *a, size_t at,
                      size_t inside)
{
    const size_t end = a->before + a->in + a->after, begin = at * a->stride;
    const size_t room = begin < end ? (end - begin - 1) / a->dilation + 1 : 0;
    return !p->count_beyond ? inside : room < a->kernel ? room : a->kernel;
}

static double pool(const struct pool_layer *p, const double *channel, size_t oy, size_t ox)
{
    const struct window_axis *y = &p->window.axis[0], *x = &p->window.axis[1];
    size_t y0, y1, x0, x1;
    window_steps(y, oy, &y0, &y1);
    window_steps(x, ox, &x0, &x1);
    double sum = 0, most = -INFINITY;
    for (size_t ky = y0; ky < y1; ky++)
        for (size_t kx = x0; kx < x1; kx++) {
            const double v = channel[(oy * y->stride + ky * y->dilation - y->before) * x->in +
                                     ox * x->stride + kx * x->dilation - x->before];
            sum += v;
            most = v > most ? v : most;
        }
    const size_t cells = counted(p, y, oy, y1 - y0) * counted(p, x, ox, x1 - x0);
    return !p->mean ? most : cells > 0 ? sum / (double)cells : 0;
}

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct pool_layer *p = l->data;
    const struct window *w = &p->window;
    const size_t in = w->axis[0].in * w->axis[1].in;
    const double *channel = e->inputs[0];
    double *out = e->output;
    for (size_t k = 0; k < e->images * w->channels; k++, channel += in)
        for (size_t oy = 0; oy < w->axis[0].out; oy++)
            for (size_t ox = 0; ox < w->axis[1].out; ox++)
                *out++ = pool(p, channel, oy, ox);
}

const struct layer_type layer_pool = {"pool", evaluate, NULL};
