/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operators that are read. */
#ifndef SILVERBAR_INFER_ONNX_ONNX_OPERATORS_H
#define SILVERBAR_INFER_ONNX_ONNX_OPERATORS_H

#include "infer/onnx/onnx_build.h"

struct onnx_operator_entry {
    const char *name;
    size_t least, most;     /* inputs */
    const char *attributes; /* that it has, in any opset, separated by blanks */
    /* How many inputs are values where constants are evaluated; 0: it is not evaluated on constants. */
    size_t data;
    onnx_operator *build;
};

/* NULL: not read. */
const struct onnx_operator_entry *onnx_operator_find(const char *name);
size_t onnx_operators_count(void);

/* One file each, or few that are alike. */
onnx_operator onnx_conv, onnx_gemm, onnx_matmul;                               /* op_matrix.c */
onnx_operator onnx_max_pool, onnx_average_pool, onnx_global_pool;              /* op_window.c */
onnx_operator onnx_add, onnx_subtract, onnx_multiply, onnx_divide, onnx_batch; /* op_affine.c */
onnx_operator onnx_relu, onnx_leaky, onnx_clip, onnx_sigmoid, onnx_tanh, onnx_softmax,
    onnx_identity, onnx_dropout, onnx_cast, onnx_constant;              /* op_simple.c */
onnx_operator onnx_flatten, onnx_reshape, onnx_squeeze, onnx_unsqueeze; /* op_shape.c */
onnx_operator onnx_transpose, onnx_concat, onnx_pad;                    /* op_order.c */

/* Kernel, strides, dilations and pads of the node, for a window over the value; of convolutions the kernel is
 * also the weights' (`kernel`, else NULL). */
struct window;
enum status onnx_window(const struct onnx_build *build, size_t value, const size_t *kernel,
                        struct window *window, struct error *error);

#endif
