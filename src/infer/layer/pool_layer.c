/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/layers.h"

#include "base/wide.h"

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

/* Largest of windows that lie within the image, a row of positions of the output: `stride` a constant where it
 * is called, so that the loop runs in wide registers. */
static inline void most_of_row(const struct pool_layer *p, const double *corner, size_t stride,
                               double *out)
{
    const struct window_axis *y = &p->window.axis[0], *x = &p->window.axis[1];
    for (size_t ox = 0; ox < x->out; ox++)
        out[ox] = -INFINITY;
    for (size_t ky = 0; ky < y->kernel; ky++)
        for (size_t kx = 0; kx < x->kernel; kx++) {
            const double *from = corner + ky * y->dilation * x->in + kx * x->dilation;
            for (size_t ox = 0; ox < x->out; ox++)
                out[ox] = from[ox * stride] > out[ox] ? from[ox * stride] : out[ox];
        }
}

static bool within(const struct window_axis *a)
{
    return a->before == 0 && (a->out - 1) * a->stride + (a->kernel - 1) * a->dilation < a->in;
}

WIDE static void largest(const struct pool_layer *p, size_t channels, const double *restrict x,
                         double *restrict out)
{
    const struct window_axis *row = &p->window.axis[0], *column = &p->window.axis[1];
    for (size_t k = 0; k < channels * row->out; k++) {
        const double *corner =
            x + (k / row->out * row->in + k % row->out * row->stride) * column->in;
        if (column->stride == 2)
            most_of_row(p, corner, 2, out + k * column->out);
        else
            most_of_row(p, corner, column->stride, out + k * column->out);
    }
}

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct pool_layer *p = l->data;
    const struct window *w = &p->window;
    const size_t in = w->axis[0].in * w->axis[1].in;
    const double *channel = e->inputs[0];
    double *out = e->output;
    if (!p->mean && within(&w->axis[0]) && within(&w->axis[1])) {
        largest(p, e->images * w->channels, channel, out);
        return;
    }
    for (size_t k = 0; k < e->images * w->channels; k++, channel += in)
        for (size_t oy = 0; oy < w->axis[0].out; oy++)
            for (size_t ox = 0; ox < w->axis[1].out; ox++)
                *out++ = pool(p, channel, oy, ox);
}

const struct layer_type layer_pool = {"pool", evaluate, NULL, false, NULL};
