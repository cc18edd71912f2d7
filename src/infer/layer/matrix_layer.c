/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions and fully connected layers: y = W x + b.  The windows of a convolution are laid out as
 * columns of a matrix (im2col), rows in the order channel, row, column of the window, which is that of
 * the weights. */
#include "infer/layer/layers.h"

#include "base/matrix/matrix.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct matrix_layer *matrix_layer_of(const struct layer *layer)
{
    return layer->type == &layer_matrix ? layer->data : NULL;
}

/* What step (ky, kx) of the window sees at all its positions in one channel. */
static void window_row(const struct window *w, size_t ky, size_t kx, const double *channel,
                       double *row)
{
    const struct window_axis *y = &w->axis[0], *x = &w->axis[1];
    for (size_t oy = 0; oy < y->out; oy++)
        for (size_t ox = 0; ox < x->out; ox++) {
            const size_t iy = oy * y->stride + ky * y->dilation,
                         ix = ox * x->stride + kx * x->dilation;
            const bool inside = iy >= y->before && iy - y->before < y->in && ix >= x->before &&
                                ix - x->before < x->in;
            *row++ = inside ? channel[(iy - y->before) * x->in + ix - x->before] : 0;
        }
}

/* rows x reads, of the group's channels in one image */
static void windows(const struct matrix_layer *m, const double *channels, double *out)
{
    const struct window *w = &m->window;
    const size_t size = w->axis[0].in * w->axis[1].in,
                 cells = w->axis[0].kernel * w->axis[1].kernel;
    for (size_t k = 0; k < m->rows; k++)
        window_row(w, k % cells / w->axis[1].kernel, k % w->axis[1].kernel,
                   channels + k / cells * size, out + k * m->reads);
}

/* Each vector is the image itself: windows of one cell, step by step. */
static bool plain(const struct window *w)
{
    for (size_t k = 0; k < 2; k++)
        if (w->axis[k].kernel != 1 || w->axis[k].stride != 1 || w->axis[k].before != 0 ||
            w->axis[k].after != 0)
            return false;
    return true;
}

void matrix_layer_multiply(const struct products *p)
{
    const struct matrix_layer *m = p->layer->data;
    const struct matrix_view w = {m->weights + p->group * m->columns * m->rows, m->rows,
                                  p->by_vector},
                             x = {p->x, p->by_vector ? m->rows : p->n, false};
    if (p->by_vector) {
        const struct matrix_result y = {p->n, m->columns, m->rows, 1, 0, p->y, m->columns};
        matrix_multiply(&x, &w, &y);
    } else {
        const struct matrix_result y = {m->columns, p->n, m->rows, 1, 0, p->y, p->n};
        matrix_multiply(&w, &x, &y);
    }
}

static void multiply(const struct multiplier *multiplier, const struct products *p)
{
    if (multiplier)
        multiplier->multiply(multiplier->data, p);
    else
        matrix_layer_multiply(p);
}

static void convolve(const struct layer *l, const struct evaluation *e)
{
    const struct matrix_layer *m = l->data;
    const size_t in = m->window.channels * m->window.axis[0].in * m->window.axis[1].in;
    const size_t out = m->columns * m->reads; /* of a group */
    double *room = plain(&m->window) ? NULL : NEW(m->rows * m->reads, double);
    for (size_t k = 0; k < e->images * m->groups; k++) {
        const size_t image = k / m->groups, group = k % m->groups;
        const double *x = e->inputs[0] + image * in + group * (in / m->groups);
        double *y = e->output + k * out;
        if (room)
            windows(m, x, room);
        const struct products p = {l, image, group, m->reads, false, room ? room : x, y};
        multiply(e->multiplier, &p);
        for (size_t c = 0; m->bias && c < m->columns; c++)
            for (size_t r = 0; r < m->reads; r++)
                y[c * m->reads + r] += m->bias[group * m->columns + c];
    }
    free(room);
}

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct matrix_layer *m = l->data;
    if (m->convolution) {
        convolve(l, e);
        return;
    }
    const size_t n = e->images * m->reads;
    const struct products p = {l, 0, 0, n, true, e->inputs[0], e->output};
    multiply(e->multiplier, &p);
    for (size_t r = 0; m->bias && r < n; r++)
        for (size_t c = 0; c < m->columns; c++)
            e->output[r * m->columns + c] += m->bias[c];
}

static void matrix_free(void *data)
{
    struct matrix_layer *m = data;
    free(m->weights);
    free(m->bias);
    free(m);
}

const struct layer_type layer_matrix = {"matrix", evaluate, matrix_free};
