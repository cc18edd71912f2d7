/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers in another order: Transpose, Pad, Concat. */
#include "base/memory.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_operators.h"

#include <stdlib.h>
#include <string.h>

static enum status add_gather(struct onnx_build *b, size_t value, struct gather_layer *g,
                              const struct shape *shape, struct error *error)
{
    struct gather_layer *data = NEW(1, struct gather_layer);
    *data = *g;
    const struct layer_plan plan = {
        .type = &layer_gather, .data = data, .n_inputs = 1, .inputs = &value, .shape = *shape};
    return onnx_layer(b, &plan, error);
}

/* The index behind `at` in that shape; false: it was the last. */
static bool next_index(const struct shape *s, size_t *at)
{
    for (size_t d = s->n; d-- > 0;) {
        if (++at[d] < s->d[d])
            return true;
        at[d] = 0;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- Transpose */

enum status onnx_transpose(struct onnx_build *b, struct error *error)
{
    size_t value, order[SHAPE_MAX], stride[SHAPE_MAX], at[SHAPE_MAX] = {0}, k = 0;
    bool taken[SHAPE_MAX] = {false};
    const struct onnx_attribute *perm = onnx_attribute(b, "perm");
    enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    const size_t all = s->n + b->image_axes;
    if (perm ? perm->n_numbers != all || (b->image_axes && perm->numbers[0] != 0)
             : b->image_axes && s->n > 0)
        return onnx_refuse(b, error, "moves the axis of the images, or has not %zu axes", all);
    struct shape shape = {.n = s->n};
    for (size_t d = 0; d < s->n; d++) {
        const int64_t axis = perm ? perm->numbers[d + b->image_axes] : (int64_t)(s->n - 1 - d);
        status = onnx_axis(b, axis, s->n, &order[d], error);
        if (status != STATUS_OK)
            return status;
        if (taken[order[d]])
            return onnx_refuse(b, error, "axis %lld twice", (long long)axis);
        taken[order[d]] = true;
        shape.d[d] = s->d[order[d]];
        stride[d] = 1;
        for (size_t i = order[d] + 1; i < s->n; i++)
            stride[d] *= s->d[i];
    }
    struct gather_layer g = {shape_size(s), shape_size(s), NEW(shape_size(s), int64_t), 0};
    do {
        size_t from = 0;
        for (size_t d = 0; d < s->n; d++)
            from += at[d] * stride[d];
        g.from[k++] = (int64_t)from;
    } while (next_index(&shape, at));
    return add_gather(b, value, &g, &shape, error);
}

/* ---------------------------------------------------------------------------------------- Pad */

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE };

/* The position within n that stands at `at`, which may lie beyond; -1: the fill. */
static int64_t padded(enum pad_mode mode, int64_t at, int64_t n)
{
    if (at >= 0 && at < n)
        return at;
    if (mode == PAD_CONSTANT)
        return -1;
    if (mode == PAD_EDGE)
        return at < 0 ? 0 : n - 1;
    return at < 0 ? -at : 2 * (n - 1) - at;
}

/* Pads at both ends of each axis of an image, in attribute or input, and the fill. */
static enum status take_pads(const struct onnx_build *b, size_t n, int64_t *pads, double *fill,
                             struct error *error)
{
    const struct onnx_attribute *a = onnx_attribute(b, "pads");
    const struct onnx_tensor *t = NULL, *value = NULL;
    const size_t all = n + b->image_axes;
    enum status status = onnx_wholes(b, 1, &t, error);
    if (status == STATUS_OK)
        status = onnx_reals(b, 2, &value, error);
    if (status != STATUS_OK)
        return status;
    if ((t ? t->n : a ? a->n_numbers : 0) != 2 * all || (value && value->n != 1))
        return onnx_refuse(b, error, "%zu pads, expected %zu",
                           t   ? t->n
                           : a ? a->n_numbers
                               : 0,
                           2 * all);
    const int64_t *from = t ? t->whole : a->numbers;
    *fill = value ? value->real[0] : onnx_real(b, "value", 0);
    for (size_t k = 0; k < 2 * all; k++) {
        const bool images = k % all < b->image_axes;
        if (from[k] < 0 || from[k] > (images ? 0 : 65536))
            return onnx_refuse(b, error, "%lld pads, expected 0%s", (long long)from[k],
                               images ? ": images are none" : " to 65536");
        if (!images)
            pads[k % all - b->image_axes + (k < all ? 0 : n)] = from[k];
    }
    return STATUS_OK;
}

enum status onnx_pad(struct onnx_build *b, struct error *error)
{
    static const char *const modes[] = {"constant", "reflect", "edge"};
    size_t value, at[SHAPE_MAX] = {0}, mode = 0, k = 0;
    int64_t pads[2 * SHAPE_MAX];
    double fill = 0;
    const char *name = onnx_text(b, "mode", modes[0]);
    enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    while (mode < 3 && strcmp(name, modes[mode]) != 0)
        mode++;
    if (mode == 3)
        return onnx_refuse(b, error, "mode '%.20s', expected constant, reflect or edge", name);
    status = take_pads(b, s->n, pads, &fill, error);
    if (status != STATUS_OK)
        return status;
    struct shape shape = {.n = s->n};
    size_t size = 1;
    for (size_t d = 0; d < s->n; d++) {
        const int64_t most = pads[d] > pads[s->n + d] ? pads[d] : pads[s->n + d];
        shape.d[d] = s->d[d] + (size_t)(pads[d] + pads[s->n + d]);
        if (shape.d[d] > GRAPH_NUMBERS_MAX / size ||
            (mode == PAD_REFLECT && most >= (int64_t)s->d[d]))
            return onnx_refuse(b, error, "%lld pads of %zu positions: too many", (long long)most,
                               s->d[d]);
        size *= shape.d[d];
    }
    struct gather_layer g = {shape_size(s), size, NEW(size, int64_t), fill};
    do {
        int64_t from = 0;
        for (size_t d = 0; d < s->n && from >= 0; d++) {
            const int64_t i =
                padded((enum pad_mode)mode, (int64_t)at[d] - pads[d], (int64_t)s->d[d]);
            from = i < 0 ? -1 : from * (int64_t)s->d[d] + i;
        }
        g.from[k++] = from;
    } while (next_index(&shape, at));
    return add_gather(b, value, &g, &shape, error);
}

/* ------------------------------------------------------------------------------------- Concat */

/* Do inputs 0 and k differ in nothing but the length along the axis? */
static bool alike(const struct shape *a, const struct shape *b, size_t axis)
{
    bool same = a->n == b->n;
    for (size_t d = 0; same && d < a->n; d++)
        same = d == axis || a->d[d] == b->d[d];
    return same;
}

enum status onnx_concat(struct onnx_build *b, struct error *error)
{
    const size_t n = b->node->n_inputs;
    size_t *values = NEW(n, size_t), axis = 0;
    struct shape shape = {0};
    struct concat_layer c = {1, NEW(n, size_t)};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n && status == STATUS_OK; k++) {
        status = onnx_value(b, k, &values[k], error);
        if (status != STATUS_OK)
            break;
        const struct shape *s = onnx_shape(b, values[k]);
        if (k == 0) {
            shape = *s;
            if (!onnx_attribute(b, "axis"))
                status = onnx_refuse(b, error, "no axis");
            else
                status = onnx_axis(b, onnx_number(b, "axis", 0), s->n, &axis, error);
        } else if (!alike(&shape, s, axis))
            status = onnx_refuse(b, error, "inputs 1 and %zu differ in more than axis %lld", k + 1,
                                 (long long)onnx_number(b, "axis", 0));
        else
            shape.d[axis] += s->d[axis];
        c.inner[k] = 1;
        for (size_t d = axis; d < s->n; d++)
            c.inner[k] *= s->d[d];
    }
    if (status == STATUS_OK) {
        for (size_t d = 0; d < axis; d++)
            c.outer *= shape.d[d];
        struct concat_layer *data = NEW(1, struct concat_layer);
        *data = c;
        const struct layer_plan plan = {
            .type = &layer_concat, .data = data, .n_inputs = n, .inputs = values, .shape = shape};
        status = onnx_layer(b, &plan, error);
    } else
        free(c.inner);
    free(values);
    return status;
}
