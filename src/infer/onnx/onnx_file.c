/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/onnx/onnx_file.h"

#include "base/bytes/bytes.h"
#include "base/directory.h"
#include "base/memory.h"
#include "infer/onnx/onnx_tensor.h"

#include <infer/onnx/onnx.pb-c.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Unpacking copies weights once and nodes into structures that are larger than their bytes; a file of
 * nothing but empty nodes would need fifty times its size. */
#define ROOM_LEAST ((size_t)64 << 20) /* bytes, beside twice the file's */

/* protobuf-c refuses a file when its allocator returns NULL. */
struct room {
    size_t left;
    bool exhausted;
};

static void *room_take(void *data, size_t size)
{
    struct room *room = data;
    if (size > room->left) {
        room->exhausted = true;
        return NULL;
    }
    room->left -= size;
    return memory_new(size, 1);
}

static void room_give(void *data, void *pointer)
{
    (void)data;
    free(pointer);
}

/* -------------------------------------------------------------------------------------- names */

/* Copy of a name.  Names stand in messages and tables, so they are text without control bytes. */
static enum status take_name(const struct onnx_model *m, const char *what, const char *name,
                             char **copy, struct error *error)
{
    *copy = memory_string(name ? name : "");
    for (const char *p = *copy; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127)
            return fail(error, STATUS_INPUT,
                        "%s: a name of %s has the byte 0x%02x, expected printable text", m->path,
                        what, (unsigned)(unsigned char)*p);
    return STATUS_OK;
}

/* ------------------------------------------------------------------------------------ tensors */

void onnx_tensor_free(struct onnx_tensor *t)
{
    if (!t)
        return;
    free(t->name);
    free(t->real);
    free(t->whole);
    *t = (struct onnx_tensor){0};
}

static const char *entry(const OnnxWire__Tensor *from, const char *key)
{
    for (size_t k = 0; k < from->n_external_data; k++)
        if (from->external_data[k]->key && strcmp(from->external_data[k]->key, key) == 0)
            return from->external_data[k]->value;
    return NULL;
}

/* A whole number of an entry, or `missing`; false: it is none. */
static bool entry_number(const OnnxWire__Tensor *from, const char *key, size_t missing,
                         size_t *value)
{
    const char *text = entry(from, key);
    *value = missing;
    if (!text)
        return true;
    if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
        return false;
    *value = (size_t)strtoull(text, NULL, 10);
    return true;
}

/* Into m->beside, which keeps the last file: most models have one for all their tensors. */
static enum status read_beside(struct onnx_model *m, const char *path, struct error *error)
{
    if (m->beside_path && strcmp(m->beside_path, path) == 0)
        return STATUS_OK;
    bytes_free(&m->beside);
    free(m->beside_path);
    m->beside_path = memory_string(path);
    return bytes_read(path, ONNX_BYTES_MAX, &m->beside, error);
}

/* The bytes of a tensor that lie in another file, which must be in the model's folder. */
static enum status decode_external(struct onnx_model *m, const OnnxWire__Tensor *from,
                                   struct onnx_tensor *t, struct error *error)
{
    const char *location = entry(from, "location");
    const size_t wanted = t->n * onnx_type_size(from->data_type);
    size_t offset, length;
    if (!location || !*location || !entry_number(from, "offset", 0, &offset) ||
        !entry_number(from, "length", wanted, &length))
        return fail(error, STATUS_INPUT,
                    "%s: tensor '%.80s': external data without location, offset and length",
                    m->path, t->name);
    const char *slash = strrchr(m->path, '/');
    char *path = memory_format("%.*s%s", slash ? (int)(slash - m->path) + 1 : 0, m->path, location);
    enum status status = STATUS_OK;
    if (*location == '/' || !directory_keeps(m->path, path))
        status = fail(error, STATUS_INPUT,
                      "%s: tensor '%.80s': data in %.200s, expected a file in the model's folder",
                      m->path, t->name, location);
    else if (length != wanted)
        status = fail(error, STATUS_INPUT, "%s: tensor '%.80s': %zu bytes in %.200s, expected %zu",
                      m->path, t->name, length, location, wanted);
    if (status == STATUS_OK)
        status = read_beside(m, path, error);
    const struct bytes *bytes = &m->beside;
    if (status == STATUS_OK && (offset > bytes->n || bytes->n - offset < wanted))
        status = fail(error, STATUS_INPUT,
                      "%s: tensor '%.80s': bytes %zu to %zu of %.200s, which has %zu", m->path,
                      t->name, offset, offset + wanted, location, bytes->n);
    if (status == STATUS_OK)
        onnx_tensor_decode(t, from->data_type, bytes->a + offset);
    free(path);
    return status;
}

/* Numbers of the fields that are named for their type; false: not as many as the shape says. */
static bool decode_fields(const OnnxWire__Tensor *from, struct onnx_tensor *t)
{
    const int type = from->data_type;
    const size_t found = type == ONNX_FLOAT    ? from->n_float_data
                         : type == ONNX_DOUBLE ? from->n_double_data
                         : type == ONNX_INT64  ? from->n_int64_data
                                               : from->n_int32_data;
    if (found != t->n)
        return false;
    t->real = onnx_type_is_real(type) ? NEW(t->n, double) : NULL;
    t->whole = t->real ? NULL : NEW(t->n, int64_t);
    for (size_t k = 0; k < t->n; k++)
        if (type == ONNX_FLOAT)
            t->real[k] = from->float_data[k];
        else if (type == ONNX_DOUBLE)
            t->real[k] = from->double_data[k];
        else if (type == ONNX_FLOAT16)
            t->real[k] = onnx_half((uint16_t)from->int32_data[k]);
        else if (type == ONNX_BFLOAT16)
            t->real[k] = onnx_brain((uint16_t)from->int32_data[k]);
        else
            t->whole[k] = type == ONNX_INT64 ? from->int64_data[k] : from->int32_data[k];
    return true;
}

static enum status take_shape(const struct onnx_model *m, const OnnxWire__Tensor *from,
                              struct onnx_tensor *t, struct error *error)
{
    t->n = 1;
    t->n_dims = from->n_dims;
    if (from->n_dims > ONNX_DIMS_MAX)
        return fail(error, STATUS_INPUT, "%s: tensor '%.80s': %zu dimensions, expected up to %d",
                    m->path, t->name, from->n_dims, ONNX_DIMS_MAX);
    for (size_t k = 0; k < from->n_dims; k++) {
        if (from->dims[k] < 0 || (uint64_t)from->dims[k] > ONNX_NUMBERS_MAX ||
            (from->dims[k] > 0 && t->n > ONNX_NUMBERS_MAX / (size_t)from->dims[k]))
            return fail(error, STATUS_INPUT,
                        "%s: tensor '%.80s': dimension %zu is %lld, expected 0 or more, and up "
                        "to %zu numbers in all",
                        m->path, t->name, k + 1, (long long)from->dims[k], ONNX_NUMBERS_MAX);
        t->dims[k] = (size_t)from->dims[k];
        t->n *= t->dims[k];
    }
    return STATUS_OK;
}

static enum status take_tensor(struct onnx_model *m, const OnnxWire__Tensor *from,
                               struct onnx_tensor *t, struct error *error)
{
    enum status status = take_name(m, "a tensor", from->name, &t->name, error);
    if (status == STATUS_OK)
        status = take_shape(m, from, t, error);
    if (status != STATUS_OK)
        return status;
    const size_t size = onnx_type_size(from->data_type);
    if (size == 0 || from->segment)
        return fail(error, STATUS_INPUT,
                    "%s: tensor '%.80s': %s %d, expected floats, integers or booleans", m->path,
                    t->name, from->segment ? "a segment of type" : "type", from->data_type);
    if (from->data_location == 1)
        status = decode_external(m, from, t, error);
    else if (from->has_raw_data && from->raw_data.len == t->n * size)
        onnx_tensor_decode(t, from->data_type, from->raw_data.data);
    else if (from->has_raw_data || !decode_fields(from, t))
        status = fail(error, STATUS_INPUT,
                      "%s: tensor '%.80s': not the data of %zu numbers, as its shape says", m->path,
                      t->name, t->n);
    for (size_t k = 0; status == STATUS_OK && t->real && k < t->n; k++)
        if (isnan(t->real[k]))
            status = fail(error, STATUS_INPUT,
                          "%s: tensor '%.80s': number %zu is NaN, expected a number", m->path,
                          t->name, k + 1);
    return status;
}

/* -------------------------------------------------------------------------------------- nodes */

static enum status take_attribute(struct onnx_model *m, const OnnxWire__Attribute *from,
                                  struct onnx_attribute *a, struct error *error)
{
    enum status status = take_name(m, "an attribute", from->name, &a->name, error);
    a->has_number = from->has_i;
    a->number = from->i;
    a->has_float = from->has_f;
    a->real = (double)from->f;
    a->text = from->has_s ? memory_string_n((const char *)from->s.data, from->s.len) : NULL;
    a->n_numbers = from->n_ints;
    a->numbers = NEW(from->n_ints, int64_t);
    for (size_t k = 0; k < from->n_ints; k++)
        a->numbers[k] = from->ints[k];
    a->n_reals = from->n_floats;
    a->reals = NEW(from->n_floats, double);
    bool number = !isnan(a->real);
    for (size_t k = 0; k < from->n_floats; k++) {
        a->reals[k] = from->floats[k];
        number = number && !isnan(a->reals[k]);
    }
    if (status == STATUS_OK && !number)
        status = fail(error, STATUS_INPUT, "%s: attribute '%.80s' is NaN, expected a number",
                      m->path, a->name);
    if (from->t && status == STATUS_OK) {
        a->tensor = NEW(1, struct onnx_tensor);
        status = take_tensor(m, from->t, a->tensor, error);
    }
    return status;
}

static enum status take_node(struct onnx_model *m, const OnnxWire__Node *from, struct onnx_node *n,
                             struct error *error)
{
    enum status status = take_name(m, "a node", from->name, &n->name, error);
    if (status == STATUS_OK)
        status = take_name(m, "an operator", from->op_type, &n->op_type, error);
    n->inputs = NEW(from->n_input, char *);
    n->outputs = NEW(from->n_output, char *);
    n->attributes = NEW(from->n_attribute, struct onnx_attribute);
    for (size_t k = 0; k < from->n_input && status == STATUS_OK; k++)
        status = take_name(m, "an input", from->input[k], &n->inputs[n->n_inputs++], error);
    for (size_t k = 0; k < from->n_output && status == STATUS_OK; k++)
        status = take_name(m, "an output", from->output[k], &n->outputs[n->n_outputs++], error);
    for (size_t k = 0; k < from->n_attribute && status == STATUS_OK; k++)
        status = take_attribute(m, from->attribute[k], &n->attributes[n->n_attributes++], error);
    if (status == STATUS_OK && from->domain && *from->domain &&
        strcmp(from->domain, "ai.onnx") != 0)
        status = fail(error, STATUS_INPUT,
                      "%s: node '%.80s' (%.40s): operator of the domain '%.80s', expected one of "
                      "ONNX itself",
                      m->path, n->name, n->op_type, from->domain);
    return status;
}

static enum status take_port(const struct onnx_model *m, const OnnxWire__ValueInfo *from,
                             struct onnx_port *p, struct error *error)
{
    enum status status = take_name(m, "an input or output", from->name, &p->name, error);
    const OnnxWire__TensorType *type = from->type ? from->type->tensor_type : NULL;
    if (status != STATUS_OK || !type || !type->shape)
        return status;
    p->has_shape = true;
    p->n_dims = type->shape->n_dim;
    if (p->n_dims > ONNX_DIMS_MAX)
        return fail(error, STATUS_INPUT, "%s: '%.80s' has %zu dimensions, expected up to %d",
                    m->path, p->name, p->n_dims, ONNX_DIMS_MAX);
    for (size_t k = 0; k < p->n_dims; k++) {
        const OnnxWire__Dimension *d = type->shape->dim[k];
        p->dims[k] = d->has_dim_value ? d->dim_value : -1;
    }
    return STATUS_OK;
}

/* -------------------------------------------------------------------------------------- model */

static enum status take_graph(struct onnx_model *m, const OnnxWire__Graph *g, struct error *error)
{
    enum status status = STATUS_OK;
    if (g->n_node > ONNX_NODES_MAX)
        return fail(error, STATUS_INPUT, "%s: %zu nodes, expected up to %d", m->path, g->n_node,
                    ONNX_NODES_MAX);
    if (g->n_sparse_initializer > 0)
        return fail(error, STATUS_INPUT, "%s: sparse tensors, expected dense ones", m->path);
    m->constants = NEW(g->n_initializer, struct onnx_tensor);
    m->nodes = NEW(g->n_node, struct onnx_node);
    m->inputs = NEW(g->n_input, struct onnx_port);
    m->outputs = NEW(g->n_output, struct onnx_port);
    for (size_t k = 0; k < g->n_initializer && status == STATUS_OK; k++)
        status = take_tensor(m, g->initializer[k], &m->constants[m->n_constants++], error);
    for (size_t k = 0; k < g->n_node && status == STATUS_OK; k++)
        status = take_node(m, g->node[k], &m->nodes[m->n_nodes++], error);
    for (size_t k = 0; k < g->n_input && status == STATUS_OK; k++)
        status = take_port(m, g->input[k], &m->inputs[m->n_inputs++], error);
    for (size_t k = 0; k < g->n_output && status == STATUS_OK; k++)
        status = take_port(m, g->output[k], &m->outputs[m->n_outputs++], error);
    return status;
}

static enum status take_model(struct onnx_model *m, const OnnxWire__Model *from,
                              struct error *error)
{
    bool found = false;
    for (size_t k = 0; k < from->n_opset_import; k++) {
        const OnnxWire__OperatorSet *set = from->opset_import[k];
        if (set->domain && *set->domain && strcmp(set->domain, "ai.onnx") != 0)
            continue;
        if (set->version < 7 || set->version > 17)
            return fail(error, STATUS_INPUT, "%s: opset %lld, expected 7 to 17", m->path,
                        (long long)set->version);
        m->opset = (int)set->version;
        found = true;
    }
    if (!from->graph || !found)
        return fail(error, STATUS_INPUT, "%s: no %s, expected an ONNX model", m->path,
                    from->graph ? "opset" : "graph");
    return take_graph(m, from->graph, error);
}

enum status onnx_file_read(const char *path, struct onnx_model *m, struct error *error)
{
    struct bytes bytes;
    *m = (struct onnx_model){.path = memory_string(path)};
    enum status status = bytes_read(path, ONNX_BYTES_MAX, &bytes, error);
    if (status == STATUS_OK) {
        struct room room = {2 * bytes.n + ROOM_LEAST, false};
        ProtobufCAllocator allocator = {room_take, room_give, &room};
        OnnxWire__Model *model = onnx_wire__model__unpack(&allocator, bytes.n, bytes.a);
        if (model)
            status = take_model(m, model, error);
        else if (room.exhausted)
            status = fail(error, STATUS_INPUT,
                          "%s: needs more than %zu bytes of memory, far more than its %zu: not a "
                          "network",
                          path, 2 * bytes.n + ROOM_LEAST, bytes.n);
        else
            status = fail(error, STATUS_INPUT,
                          "%s: not an ONNX model, or cut off: its %zu bytes cannot be unpacked",
                          path, bytes.n);
        if (model)
            onnx_wire__model__free_unpacked(model, &allocator);
    }
    bytes_free(&bytes);
    bytes_free(&m->beside);
    free(m->beside_path);
    m->beside_path = NULL;
    return status;
}

static void node_free(struct onnx_node *n)
{
    free(n->name);
    free(n->op_type);
    for (size_t k = 0; k < n->n_inputs; k++)
        free(n->inputs[k]);
    for (size_t k = 0; k < n->n_outputs; k++)
        free(n->outputs[k]);
    for (size_t k = 0; k < n->n_attributes; k++) {
        struct onnx_attribute *a = &n->attributes[k];
        free(a->name);
        free(a->text);
        free(a->numbers);
        free(a->reals);
        onnx_tensor_free(a->tensor);
        free(a->tensor);
    }
    free(n->inputs);
    free(n->outputs);
    free(n->attributes);
}

void onnx_model_free(struct onnx_model *m)
{
    for (size_t k = 0; k < m->n_nodes; k++)
        node_free(&m->nodes[k]);
    for (size_t k = 0; k < m->n_constants; k++)
        onnx_tensor_free(&m->constants[k]);
    for (size_t k = 0; k < m->n_inputs; k++)
        free(m->inputs[k].name);
    for (size_t k = 0; k < m->n_outputs; k++)
        free(m->outputs[k].name);
    free(m->nodes);
    free(m->constants);
    free(m->inputs);
    free(m->outputs);
    free(m->path);
    *m = (struct onnx_model){0};
}
