/* SPDX-License-Identifier: GPL-3.0-or-later */
/* While a network is built from the nodes of an ONNX model: what names stand for, and what the operators
 * ask of their node.
 *
 * Values of the network begin with the axis of images, which its layers do not see: the shape of a value
 * is that of one image.  Where all inputs of a node are constants, the operator is built in a network of
 * its own, in which constants are values of one image (`image_axes` 0), and evaluated. */
#ifndef SILVERBAR_INFER_ONNX_ONNX_BUILD_H
#define SILVERBAR_INFER_ONNX_ONNX_BUILD_H

#include "infer/layer/graph.h"
#include "infer/onnx/onnx_file.h"

enum symbol_kind { SYMBOL_UNKNOWN, SYMBOL_VALUE, SYMBOL_CONSTANT };

/* What a name stands for. */
struct symbol {
    char *name;
    enum symbol_kind kind;
    size_t uses;                      /* by inputs of nodes and the graph's output */
    bool made;                        /* some node makes it */
    size_t value;                     /* of VALUE */
    const struct onnx_tensor *tensor; /* of CONSTANT */
};

struct onnx_build {
    const struct onnx_model *model;
    struct graph *graph;
    size_t *uses;      /* of each value of the network, by whatever name */
    size_t image_axes; /* 1, or 0 while constants are evaluated */
    size_t declared;   /* images, as the model's input says; 1 where it does not */
    void *symbols;     /* of tsearch() */
    size_t n_made;     /* tensors that nodes have made */
    struct onnx_tensor **made;
    size_t made_capacity;
    /* of the node that is built now */
    const struct onnx_node *node;
    const struct symbol *const *operands; /* one an input; NULL: left out */
    size_t result;                        /* the value that it makes */
    const struct onnx_tensor *constant;   /* or the constant */
};

/* Build the node; on success it has set `result` or `constant`. */
typedef enum status onnx_operator(struct onnx_build *build, struct error *error);

/* Fails with STATUS_INPUT; the message begins with file, node, operator and opset. */
enum status onnx_refuse(const struct onnx_build *build, struct error *error, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

/* The symbol of a name, made if it is new. */
struct symbol *onnx_symbol(struct onnx_build *build, const char *name);

/* Of the node: input k, or NULL: left out. */
const struct symbol *onnx_operand(const struct onnx_build *build, size_t k);
/* The shape of a value of the network. */
const struct shape *onnx_shape(const struct onnx_build *build, size_t value);

/* Input k as a value; else a refusal. */
enum status onnx_value(const struct onnx_build *build, size_t k, size_t *value,
                       struct error *error);
/* Input k as a constant of real, finite numbers or of whole numbers; *tensor NULL: left out. */
enum status onnx_reals(const struct onnx_build *build, size_t k, const struct onnx_tensor **tensor,
                       struct error *error);
enum status onnx_wholes(const struct onnx_build *build, size_t k, const struct onnx_tensor **tensor,
                        struct error *error);

/* Attributes, or what holds without them. */
const struct onnx_attribute *onnx_attribute(const struct onnx_build *build, const char *name);
int64_t onnx_number(const struct onnx_build *build, const char *name, int64_t missing);
double onnx_real(const struct onnx_build *build, const char *name, double missing);
const char *onnx_text(const struct onnx_build *build, const char *name, const char *missing);

/* An axis of n, which may be counted from the end, as an index into the shape of an image.  Refused: one
 * that is out of range, and that of the images. */
enum status onnx_axis(const struct onnx_build *build, int64_t axis, size_t n, size_t *index,
                      struct error *error);

/* The node makes this layer, whose name and operator are filled in; refused, and its data freed, if a
 * dimension is 0 or there are too many numbers. */
enum status onnx_layer(struct onnx_build *build, const struct layer_plan *plan,
                       struct error *error);
/* The node makes no other numbers than input k has. */
enum status onnx_same(struct onnx_build *build, size_t k, struct error *error);

/* The weight matrix that makes the value, if nothing else uses it, so that what follows may be part of it:
 * channel by channel.  NULL: it may not. */
struct layer *onnx_matrix_before(const struct onnx_build *build, size_t value);
/* The layer now does this node's work as well. */
void onnx_absorb(struct onnx_build *build, struct layer *layer);

#endif
