/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An ONNX file as plain structures: nodes, attributes, constant tensors, as they stand in the file.
 * Nothing is said here of what operators mean; sizes are checked, and every number is finite or an
 * infinity, never NaN.  The only file that knows protobuf-c is onnx_file.c. */
#ifndef SILVERBAR_INFER_ONNX_ONNX_FILE_H
#define SILVERBAR_INFER_ONNX_ONNX_FILE_H

#include "base/bytes/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONNX_BYTES_MAX ((size_t)1 << 30)   /* of a file, and of each file beside it */
#define ONNX_NUMBERS_MAX ((size_t)1 << 28) /* of a tensor */
#define ONNX_NODES_MAX 65536
#define ONNX_DIMS_MAX 8

/* Floats of any width are held in `real`, integers and booleans in `whole`. */
struct onnx_tensor {
    char *name;
    size_t n_dims, dims[ONNX_DIMS_MAX]; /* n_dims 0: a single number */
    size_t n;                           /* their product */
    double *real;                       /* n, or NULL */
    int64_t *whole;                     /* n, or NULL */
};

/* An attribute of a node in the file; of its fields only those that the file sets, the others are 0. */
struct onnx_attribute {
    char *name;
    bool has_number, has_float;
    int64_t number;
    double real;
    char *text; /* or NULL */
    size_t n_numbers, n_reals;
    int64_t *numbers;           /* n_numbers */
    double *reals;              /* n_reals */
    struct onnx_tensor *tensor; /* or NULL */
};

/* Text fields are never NULL. */
struct onnx_node {
    char *name, *op_type;
    size_t n_inputs, n_outputs, n_attributes;
    char **inputs, **outputs; /* "": left out */
    struct onnx_attribute *attributes;
};

/* A declared input or output of the graph. */
struct onnx_port {
    char *name;
    bool has_shape;
    size_t n_dims;
    int64_t dims[ONNX_DIMS_MAX]; /* -1: not fixed */
};

struct onnx_model {
    char *path;
    int opset;
    size_t n_nodes, n_constants, n_inputs, n_outputs;
    struct onnx_node *nodes;
    struct onnx_tensor *constants;
    struct onnx_port *inputs, *outputs;
    char *beside_path; /* of external data, while the file is read */
    struct bytes beside;
};

/* Errors name the file, and the node, tensor or port in it.  *model is to be freed in any case. */
enum status onnx_file_read(const char *path, struct onnx_model *model, struct error *error);
void onnx_model_free(struct onnx_model *model);

void onnx_tensor_free(struct onnx_tensor *tensor);

#endif
