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

/* Positions of the output, of those along an axis, at which step `k` of the window lies within the image. */
static void inside(const struct window_axis *a, size_t k, size_t *from, size_t *to)
{
    const size_t at = k * a->dilation, end = a->in + a->before;
    *from = at < a->before ? (a->before - at + a->stride - 1) / a->stride : 0;
    *to = at < end ? (end - at - 1) / a->stride + 1 : 0;
    *to = *to < a->out ? *to : a->out;
    *from = *from < *to ? *from : *to;
}

/* Output positions, one or more, at which a step of the window lies within the image. */
struct seen {
    size_t y0, y1, x0, x1;
};

/* Rows of the image as long as those of the output follow one another: one copy, shifted, and what it takes
 * from the rows beside is put right. */
static void copy_shifted(const struct seen *s, size_t width, const double *from, double *row)
{
    memcpy(row + s->y0 * width + s->x0, from,
           ((s->y1 - s->y0 - 1) * width + s->x1 - s->x0) * sizeof *row);
    for (size_t oy = s->y0; oy < s->y1; oy++) {
        for (size_t ox = 0; ox < s->x0; ox++)
            row[oy * width + ox] = 0;
        for (size_t ox = s->x1; ox < width; ox++)
            row[oy * width + ox] = 0;
    }
}

static void copy_steps(const struct seen *s, const struct window *w, const double *from,
                       double *row)
{
    const size_t width = w->axis[1].out, down = w->axis[0].stride * w->axis[1].in;
    memset(row + s->y0 * width, 0, (s->y1 - s->y0) * width * sizeof *row);
    for (size_t oy = s->y0; oy < s->y1; oy++, from += down)
        for (size_t ox = s->x0; ox < s->x1; ox++)
            row[oy * width + ox] = from[(ox - s->x0) * w->axis[1].stride];
}

/* What step (ky, kx) of the window sees at all its positions in one channel. */
static void window_row(const struct window *w, size_t ky, size_t kx, const double *channel,
                       double *row)
{
    const struct window_axis *y = &w->axis[0], *x = &w->axis[1];
    struct seen s;
    inside(y, ky, &s.y0, &s.y1);
    inside(x, kx, &s.x0, &s.x1);
    if (s.x0 == s.x1)
        s.y0 = s.y1 = 0;
    memset(row, 0, s.y0 * x->out * sizeof *row);
    memset(row + s.y1 * x->out, 0, (y->out - s.y1) * x->out * sizeof *row);
    if (s.y0 == s.y1)
        return;
    const double *from = channel + (s.y0 * y->stride + ky * y->dilation - y->before) * x->in +
                         s.x0 * x->stride + kx * x->dilation - x->before;
    if (y->stride == 1 && x->stride == 1 && x->in == x->out)
        copy_shifted(&s, x->out, from, row);
    else
        copy_steps(&s, w, from, row);
}

void matrix_layer_windows(const struct matrix_layer *m, const double *channels, double *vectors)
{
    const struct window *w = &m->window;
    const size_t size = w->axis[0].in * w->axis[1].in,
                 cells = w->axis[0].kernel * w->axis[1].kernel;
    for (size_t k = 0; k < m->rows; k++)
        window_row(w, k % cells / w->axis[1].kernel, k % w->axis[1].kernel,
                   channels + k / cells * size, vectors + k * m->reads);
}

const double *products_vectors(const struct products *p)
{
    if (p->room)
        matrix_layer_windows(p->layer->data, p->x, p->room);
    return p->room ? p->room : p->x;
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
                             x = {products_vectors(p), p->by_vector ? m->rows : p->n, false};
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

/* The windows of one image and group. */
static size_t matrix_room(const void *data)
{
    const struct matrix_layer *m = data;
    return m->convolution && !plain(&m->window) ? m->rows * m->reads : 0;
}

static void convolve(const struct layer *l, const struct evaluation *e)
{
    const struct matrix_layer *m = l->data;
    const size_t in = m->window.channels * m->window.axis[0].in * m->window.axis[1].in;
    const size_t out = m->columns * m->reads; /* of a group */
    double *own = e->room ? NULL : NEW(matrix_room(m), double), *room = e->room ? e->room : own;
    for (size_t k = 0; k < e->images * m->groups; k++) {
        const size_t image = k / m->groups, group = k % m->groups;
        double *y = e->output + k * out;
        const struct products p = {.layer = l,
                                   .image = e->first + image,
                                   .group = group,
                                   .n = m->reads,
                                   .x = e->inputs[0] + image * in + group * (in / m->groups),
                                   .y = y,
                                   .room = plain(&m->window) ? NULL : room};
        multiply(e->multiplier, &p);
        for (size_t c = 0; m->bias && c < m->columns; c++)
            for (size_t r = 0; r < m->reads; r++)
                y[c * m->reads + r] += m->bias[group * m->columns + c];
    }
    free(own);
}

static void evaluate(const struct layer *l, const struct evaluation *e)
{
    const struct matrix_layer *m = l->data;
    if (m->convolution) {
        convolve(l, e);
        return;
    }
    const size_t n = e->images * m->reads;
    const struct products p = {.layer = l,
                               .image = e->first,
                               .n = n,
                               .by_vector = true,
                               .x = e->inputs[0],
                               .y = e->output};
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

const struct layer_type layer_matrix = {"matrix", evaluate, matrix_free, false, matrix_room};
