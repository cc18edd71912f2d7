/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same numbers in another shape, image by image. */
#include "base/memory.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_operators.h"

#include <stdlib.h>

static enum status reshape(struct onnx_build *b, size_t value, const struct shape *shape,
                           struct error *error)
{
    struct reshape_layer *data = NEW(1, struct reshape_layer);
    data->size = shape_size(onnx_shape(b, value));
    const struct layer_plan plan = {
        .type = &layer_reshape, .data = data, .n_inputs = 1, .inputs = &value, .shape = *shape};
    return onnx_layer(b, &plan, error);
}

enum status onnx_flatten(struct onnx_build *b, struct error *error)
{
    size_t value;
    const enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    const int64_t all = (int64_t)(s->n + b->image_axes), axis = onnx_number(b, "axis", 1);
    const int64_t at = axis < 0 ? axis + all : axis;
    if (at < 0 || at > all || (b->image_axes && at != 1))
        return onnx_refuse(b, error, "axis %lld, expected 1: images stay apart", (long long)axis);
    const struct shape one = {1, {shape_size(s)}};
    struct shape two = {2, {1, 1}};
    for (size_t d = 0; d < s->n; d++)
        two.d[(int64_t)d >= at] *= s->d[d];
    return reshape(b, value, b->image_axes ? &one : &two, error);
}

/* The images' entry of a shape: as many as there are, whatever their number. */
static bool names_images(const struct onnx_build *b, int64_t entry, bool zero)
{
    return (entry == 0 && !zero) || entry == -1 || entry == (int64_t)b->declared;
}

enum status onnx_reshape(struct onnx_build *b, struct error *error)
{
    size_t value;
    const struct onnx_tensor *t;
    const bool zero = onnx_number(b, "allowzero", 0) != 0;
    enum status status = onnx_value(b, 0, &value, error);
    if (status == STATUS_OK)
        status = onnx_wholes(b, 1, &t, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    const size_t size = shape_size(s), skip = b->image_axes;
    if (t->n_dims != 1 || t->n < skip || t->n > SHAPE_MAX ||
        (skip && !names_images(b, t->whole[0], zero)))
        return onnx_refuse(b, error,
                           "a shape of %zu dimensions that begins with %lld, expected up to "
                           "%d, the first that of the images: -1, 0 or %zu",
                           t->n, t->n > 0 ? (long long)t->whole[0] : 0, SHAPE_MAX, b->declared);
    struct shape shape = {.n = t->n - skip};
    size_t known = 1, unknown = SHAPE_MAX;
    bool bad = false;
    for (size_t d = 0; d < shape.n && !bad; d++) {
        const int64_t v = t->whole[d + skip];
        if (v == -1 && unknown == SHAPE_MAX && !(skip && t->whole[0] == -1)) {
            unknown = d;
            continue;
        }
        shape.d[d] = v == 0 && !zero && d < s->n ? s->d[d] : v > 0 ? (size_t)v : 0;
        bad = shape.d[d] == 0 || shape.d[d] > size / known;
        known *= shape.d[d];
    }
    if (!bad && unknown < SHAPE_MAX)
        shape.d[unknown] = size / known;
    if (bad || shape_size(&shape) != size) {
        char *text = shape_text(s);
        onnx_refuse(b, error, "an image's shape %s cannot become what input 2 says", text);
        free(text);
        return STATUS_INPUT;
    }
    return reshape(b, value, &shape, error);
}

/* The axes of Squeeze or Unsqueeze as marks among `all`: an attribute before opset 13, then an input.
 * *given false: none. */
static enum status axes(const struct onnx_build *b, size_t all, bool *marks, bool *given,
                        struct error *error)
{
    const struct onnx_attribute *a = onnx_attribute(b, "axes");
    const struct onnx_tensor *t;
    const enum status status = onnx_wholes(b, 1, &t, error);
    const size_t n = t ? t->n : a ? a->n_numbers : 0;
    *given = t || a;
    for (size_t k = 0; status == STATUS_OK && k < n; k++) {
        const int64_t axis = t ? t->whole[k] : a->numbers[k];
        size_t at;
        const enum status taken = onnx_axis(b, axis, all, &at, error);
        if (taken != STATUS_OK)
            return taken;
        if (marks[at])
            return onnx_refuse(b, error, "axis %lld twice", (long long)axis);
        marks[at] = true;
    }
    return status;
}

enum status onnx_squeeze(struct onnx_build *b, struct error *error)
{
    size_t value;
    bool marks[SHAPE_MAX] = {false}, given;
    enum status status = onnx_value(b, 0, &value, error);
    if (status != STATUS_OK)
        return status;
    const struct shape *s = onnx_shape(b, value);
    status = axes(b, s->n, marks, &given, error);
    if (status != STATUS_OK)
        return status;
    if (!given && b->image_axes && b->declared == 1)
        return onnx_refuse(b, error, "no axes, expected them: images stay apart");
    struct shape shape = {0};
    for (size_t d = 0; d < s->n; d++) {
        if (marks[d] && s->d[d] != 1)
            return onnx_refuse(b, error, "axis of %zu, expected 1", s->d[d]);
        if (!marks[d] && (given || s->d[d] != 1))
            shape.d[shape.n++] = s->d[d];
    }
    return reshape(b, value, &shape, error);
}

enum status onnx_unsqueeze(struct onnx_build *b, struct error *error)
{
    size_t value, n = 0, from = 0;
    bool marks[2 * SHAPE_MAX] = {false}, given;
    const struct onnx_attribute *a = onnx_attribute(b, "axes");
    const struct onnx_tensor *t;
    enum status status = onnx_value(b, 0, &value, error);
    if (status == STATUS_OK)
        status = onnx_wholes(b, 1, &t, error);
    if (status != STATUS_OK)
        return status;
    n = onnx_shape(b, value)->n + (t ? t->n : a ? a->n_numbers : 0);
    if (n > SHAPE_MAX || n == onnx_shape(b, value)->n)
        return onnx_refuse(b, error, "makes %zu dimensions, expected more than there are, up to %d",
                           n, SHAPE_MAX);
    status = axes(b, n, marks, &given, error);
    if (status != STATUS_OK)
        return status;
    struct shape shape = {.n = n};
    for (size_t d = 0; d < n; d++)
        shape.d[d] = marks[d] ? 1 : onnx_shape(b, value)->d[from++];
    return reshape(b, value, &shape, error);
}
