/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/layer/window.h"

bool window_axis_fit(struct window_axis *a, bool up)
{
    const size_t length = a->dilation * (a->kernel - 1) + 1, room = a->in + a->before + a->after;
    if (length > room)
        return false;
    const size_t rest = room - length;
    a->out = rest / a->stride + 1;
    if (up && rest % a->stride != 0 && a->out * a->stride < a->in + a->before)
        a->out++;
    return true;
}

void window_steps(const struct window_axis *a, size_t at, size_t *from, size_t *to)
{
    const size_t begin = at * a->stride; /* counted from `before` positions ahead of the image */
    *from = begin < a->before ? (a->before - begin + a->dilation - 1) / a->dilation : 0;
    *to = begin >= a->in + a->before ? 0 : (a->in + a->before - begin - 1) / a->dilation + 1;
    *to = *to < a->kernel ? *to : a->kernel;
    *from = *from < *to ? *from : *to;
}
