/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small ONNX files for tests, written field by field as the format says (onnx.ai; numbers of fields as
 * in src/infer/onnx/onnx.proto). */
#ifndef SILVERBAR_TESTS_ONNX_WIRE_H
#define SILVERBAR_TESTS_ONNX_WIRE_H

#include "testing.h"

struct wire {
    size_t n, capacity;
    uint8_t *a;
};

static inline void wire_byte(struct wire *w, uint8_t byte)
{
    w->a = memory_grow(w->a, &w->capacity, w->n + 1, 1);
    w->a[w->n++] = byte;
}

static inline void wire_varint(struct wire *w, uint64_t v)
{
    for (; v > 127; v >>= 7)
        wire_byte(w, (uint8_t)(v | 128));
    wire_byte(w, (uint8_t)v);
}

static inline void wire_number(struct wire *w, unsigned field, int64_t value)
{
    wire_varint(w, field << 3);
    wire_varint(w, (uint64_t)value);
}

static inline void wire_bytes(struct wire *w, unsigned field, const void *bytes, size_t n)
{
    wire_varint(w, field << 3 | 2);
    wire_varint(w, n);
    for (size_t k = 0; k < n; k++)
        wire_byte(w, ((const uint8_t *)bytes)[k]);
}

static inline void wire_text(struct wire *w, unsigned field, const char *text)
{
    wire_bytes(w, field, text, strlen(text));
}

static inline void wire_free(struct wire *w)
{
    free(w->a);
    *w = (struct wire){0};
}

/* A message as a field; frees it. */
static inline void wire_message(struct wire *w, unsigned field, struct wire *inner)
{
    wire_bytes(w, field, inner->a, inner->n);
    wire_free(inner);
}

/* ------------------------------------------------------------------------ parts of the format */

/* Dimensions as "2,3"; "": none; a letter: one that is not fixed. */
static inline size_t next_dim(const char **text, int64_t *dim)
{
    if (!**text)
        return 0;
    char *end = NULL;
    *dim = strtoll(*text, &end, 10);
    if (end == *text) {
        *dim = -1;
        end += strcspn(end, ",");
    }
    *text = end + (*end == ',');
    return 1;
}

/* A tensor of floats, packed as raw bytes. */
static inline struct wire wire_tensor(const char *name, const char *dims, size_t n, const float *a)
{
    struct wire t = {0};
    int64_t d;
    while (next_dim(&dims, &d))
        wire_number(&t, 1, d);
    wire_number(&t, 2, 1);
    wire_text(&t, 8, name);
    wire_bytes(&t, 9, a, n * sizeof *a);
    return t;
}

static inline struct wire wire_wholes(const char *name, size_t n, const int64_t *a)
{
    struct wire t = {0};
    wire_number(&t, 1, (int64_t)n);
    wire_number(&t, 2, 7);
    wire_text(&t, 8, name);
    wire_bytes(&t, 9, a, n * sizeof *a);
    return t;
}

/* Attributes, to be given to wire_node(). */
static inline void attribute_number(struct wire *attributes, const char *name, int64_t value)
{
    struct wire a = {0};
    wire_text(&a, 1, name);
    wire_number(&a, 3, value);
    wire_number(&a, 20, 2);
    wire_message(attributes, 5, &a);
}

static inline void attribute_text(struct wire *attributes, const char *name, const char *value)
{
    struct wire a = {0};
    wire_text(&a, 1, name);
    wire_text(&a, 4, value);
    wire_number(&a, 20, 3);
    wire_message(attributes, 5, &a);
}

/* Numbers as "1,1,2,2". */
static inline void attribute_numbers(struct wire *attributes, const char *name, const char *values)
{
    struct wire a = {0};
    int64_t v;
    wire_text(&a, 1, name);
    while (next_dim(&values, &v))
        wire_number(&a, 8, v);
    wire_number(&a, 20, 7);
    wire_message(attributes, 5, &a);
}

/* Names separated by blanks; "-": one left out. */
static inline void wire_names(struct wire *w, unsigned field, const char *names)
{
    while (*names) {
        const size_t n = strcspn(names, " ");
        wire_bytes(w, field, names, n == 1 && *names == '-' ? 0 : n);
        names += n + (names[n] == ' ');
    }
}

/* A node of the graph; frees the attributes, which may be NULL. */
static inline void wire_node(struct wire *graph, const char *op_type, const char *inputs,
                             const char *outputs, struct wire *attributes)
{
    struct wire n = {0};
    wire_names(&n, 1, inputs);
    wire_names(&n, 2, outputs);
    wire_text(&n, 4, op_type);
    for (size_t k = 0; attributes && k < attributes->n; k++)
        wire_byte(&n, attributes->a[k]);
    if (attributes)
        wire_free(attributes);
    wire_message(graph, 1, &n);
}

/* field 11: an input of the graph; 12: an output. */
static inline void wire_port(struct wire *graph, unsigned field, const char *name, const char *dims)
{
    struct wire port = {0}, type = {0}, tensor = {0}, shape = {0};
    int64_t d;
    while (next_dim(&dims, &d)) {
        struct wire dim = {0};
        if (d == -1)
            wire_text(&dim, 2, "n");
        else
            wire_number(&dim, 1, d);
        wire_message(&shape, 1, &dim);
    }
    wire_number(&tensor, 1, 1);
    wire_message(&tensor, 2, &shape);
    wire_message(&type, 1, &tensor);
    wire_text(&port, 1, name);
    wire_message(&port, 2, &type);
    wire_message(graph, field, &port);
}

static inline void wire_floats(struct wire *graph, const char *name, const char *dims, size_t n,
                               const float *a)
{
    struct wire t = wire_tensor(name, dims, n, a);
    wire_message(graph, 5, &t);
}

/* The file of the graph, which it frees; its path, to free(). */
static inline char *wire_model(const char *folder, struct wire *graph, int opset)
{
    struct wire model = {0}, set = {0};
    wire_number(&model, 1, 8);
    wire_number(&set, 2, opset);
    wire_message(&model, 7, graph);
    wire_message(&model, 8, &set);
    char *path = file_write(folder, "model.onnx", (const char *)model.a, model.n);
    wire_free(&model);
    return path;
}

#endif
