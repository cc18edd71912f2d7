/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window that moves over an image of channels x height x width: convolutions and pools. */
#ifndef SILVERBAR_INFER_LAYER_WINDOW_H
#define SILVERBAR_INFER_LAYER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

/* Of each of the two axes, rows first. */
struct window_axis {
    size_t in, out; /* positions */
    size_t kernel, stride, dilation;
    size_t before, after; /* positions beyond the edges, of value 0 in a convolution */
};

struct window {
    size_t channels;
    struct window_axis axis[2];
};

/* What is asked for along an axis of `in` positions; fills in `out`.  With `up`, a last step that begins
 * within the image or the positions before it counts although its window ends beyond.  False: the window
 * is longer than the axis. */
bool window_axis_fit(struct window_axis *axis, bool up);

/* The first and behind the last step k of the kernel that lie within the image, at output position `at`. */
void window_steps(const struct window_axis *axis, size_t at, size_t *from, size_t *to);

#endif
