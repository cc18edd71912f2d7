/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows over images of channels x height x width; pools. */
#include "base/memory.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_operators.h"

#include <string.h>

#define STEPS_MAX 65536 /* kernel, stride, dilation, pad */

/* Attribute `name` as n numbers of `least` or more, which is also what they are without it. */
static enum status steps(const struct onnx_build *b, const char *name, size_t n, int64_t least,
                         size_t *out, struct error *error)
{
    const struct onnx_attribute *a = onnx_attribute(b, name);
    for (size_t k = 0; k < n; k++)
        out[k] = (size_t)least;
    if (!a)
        return STATUS_OK;
    if (a->n_numbers != n)
        return onnx_refuse(b, error,
                           "%s of %zu numbers, expected %zu: windows over rows and columns", name,
                           a->n_numbers, n);
    for (size_t k = 0; k < n; k++) {
        if (a->numbers[k] < least || a->numbers[k] > STEPS_MAX)
            return onnx_refuse(b, error, "%s %lld, expected %lld to %d", name,
                               (long long)a->numbers[k], (long long)least, STEPS_MAX);
        out[k] = (size_t)a->numbers[k];
    }
    return STATUS_OK;
}

/* As many positions beyond the edges as make the output ceil(in / stride) long; an odd one before it with
 * SAME_LOWER. */
static void same_size(struct window_axis *a, bool lower)
{
    const size_t out = (a->in + a->stride - 1) / a->stride,
                 reach = (out - 1) * a->stride + a->dilation * (a->kernel - 1) + 1,
                 pads = reach > a->in ? reach - a->in : 0;
    a->before = lower ? pads - pads / 2 : pads / 2;
    a->after = pads - a->before;
}

enum status onnx_window(const struct onnx_build *b, size_t value, const size_t *kernel,
                        struct window *w, struct error *error)
{
    const struct shape *s = onnx_shape(b, value);
    const char *same = onnx_text(b, "auto_pad", "NOTSET");
    const bool up = onnx_number(b, "ceil_mode", 0) != 0;
    size_t size[2], stride[2], dilation[2], pads[4];
    if (s->n != 3)
        return onnx_refuse(b, error,
                           "input of %zu dimensions, expected images, channels, rows and "
                           "columns",
                           s->n + 1);
    enum status status = steps(b, "kernel_shape", 2, 1, size, error);
    if (status == STATUS_OK)
        status = steps(b, "strides", 2, 1, stride, error);
    if (status == STATUS_OK)
        status = steps(b, "dilations", 2, 1, dilation, error);
    if (status == STATUS_OK)
        status = steps(b, "pads", 4, 0, pads, error);
    if (status != STATUS_OK)
        return status;
    if (kernel && onnx_attribute(b, "kernel_shape") && memcmp(size, kernel, sizeof size) != 0)
        return onnx_refuse(b, error, "kernel_shape %zux%zu, but weights of %zux%zu", size[0],
                           size[1], kernel[0], kernel[1]);
    if (!kernel && !onnx_attribute(b, "kernel_shape"))
        return onnx_refuse(b, error, "no kernel_shape");
    if (strcmp(same, "NOTSET") != 0 && strcmp(same, "VALID") != 0 &&
        strcmp(same, "SAME_UPPER") != 0 && strcmp(same, "SAME_LOWER") != 0)
        return onnx_refuse(
            b, error, "auto_pad '%.20s', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER", same);
    w->channels = s->d[0];
    for (size_t k = 0; k < 2; k++) {
        struct window_axis *a = &w->axis[k];
        *a = (struct window_axis){.in = s->d[1 + k],
                                  .kernel = kernel ? kernel[k] : size[k],
                                  .stride = stride[k],
                                  .dilation = dilation[k]};
        if (strcmp(same, "NOTSET") == 0) {
            a->before = pads[k];
            a->after = pads[2 + k];
        } else if (strcmp(same, "VALID") != 0)
            same_size(a, strcmp(same, "SAME_LOWER") == 0);
        if (!window_axis_fit(a, up))
            return onnx_refuse(b, error,
                               "a window of %zu steps, %zu apart, over %zu + %zu + %zu positions",
                               a->kernel, a->dilation, a->before, a->in, a->after);
    }
    return STATUS_OK;
}

static enum status pool(struct onnx_build *b, bool mean, struct error *error)
{
    size_t value;
    struct pool_layer p = {.mean = mean,
                           .count_beyond = onnx_number(b, "count_include_pad", 0) != 0};
    enum status status = onnx_value(b, 0, &value, error);
    if (status == STATUS_OK)
        status = onnx_window(b, value, NULL, &p.window, error);
    if (status != STATUS_OK)
        return status;
    for (size_t k = 0; k < 2; k++) {
        const struct window_axis *a = &p.window.axis[k];
        if (a->before >= a->dilation * (a->kernel - 1) + 1 ||
            a->after >= a->dilation * (a->kernel - 1) + 1)
            return onnx_refuse(b, error,
                               "pads of %zu and %zu, expected fewer than the window's %zu",
                               a->before, a->after, a->dilation * (a->kernel - 1) + 1);
    }
    struct pool_layer *data = NEW(1, struct pool_layer);
    *data = p;
    const struct layer_plan plan = {
        .type = &layer_pool,
        .data = data,
        .n_inputs = 1,
        .inputs = &value,
        .shape = {3, {p.window.channels, p.window.axis[0].out, p.window.axis[1].out}}};
    return onnx_layer(b, &plan, error);
}

enum status onnx_max_pool(struct onnx_build *b, struct error *error)
{
    return pool(b, false, error);
}

enum status onnx_average_pool(struct onnx_build *b, struct error *error)
{
    return pool(b, true, error);
}

enum status onnx_global_pool(struct onnx_build *b, struct error *error)
{
    size_t value;
    enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    if (s->n != 3)
        return onnx_refuse(b, error, "input of %zu dimensions, expected 4", s->n + 1);
    struct pool_layer *data = NEW(1, struct pool_layer);
    data->mean = true;
    data->window.channels = s->d[0];
    for (size_t k = 0; k < 2; k++)
        data->window.axis[k] = (struct window_axis){
            .in = s->d[1 + k], .out = 1, .kernel = s->d[1 + k], .stride = 1, .dilation = 1};
    const struct layer_plan plan = {.type = &layer_pool,
                                    .data = data,
                                    .n_inputs = 1,
                                    .inputs = &value,
                                    .shape = {3, {s->d[0], 1, 1}}};
    return onnx_layer(b, &plan, error);
}
