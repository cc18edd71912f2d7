/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/onnx/onnx_operators.h"

#include <string.h>

#define ALL 65536 /* inputs of Concat */

static const struct onnx_operator_entry operators[] = {
    {"Add", 2, 2, "", 2, onnx_add},
    {"AveragePool", 1, 1, "auto_pad ceil_mode count_include_pad kernel_shape pads strides", 0,
     onnx_average_pool},
    {"BatchNormalization", 5, 5, "epsilon momentum spatial training_mode", 0, onnx_batch},
    {"Cast", 1, 1, "to", 1, onnx_cast},
    {"Clip", 1, 3, "min max", 0, onnx_clip},
    {"Concat", 1, ALL, "axis", ALL, onnx_concat},
    {"Constant", 0, 0, "value value_float value_floats value_int value_ints", 0, onnx_constant},
    {"Conv", 2, 3, "auto_pad dilations group kernel_shape pads strides", 0, onnx_conv},
    {"Div", 2, 2, "", 2, onnx_divide},
    {"Dropout", 1, 3, "ratio seed", 1, onnx_dropout},
    {"Flatten", 1, 1, "axis", 1, onnx_flatten},
    {"Gemm", 2, 3, "alpha beta transA transB", 0, onnx_gemm},
    {"GlobalAveragePool", 1, 1, "", 0, onnx_global_pool},
    {"Identity", 1, 1, "", 1, onnx_identity},
    {"LeakyRelu", 1, 1, "alpha", 0, onnx_leaky},
    {"MatMul", 2, 2, "", 0, onnx_matmul},
    {"MaxPool", 1, 1, "auto_pad ceil_mode dilations kernel_shape pads storage_order strides", 0,
     onnx_max_pool},
    {"Mul", 2, 2, "", 2, onnx_multiply},
    {"Pad", 1, 3, "mode pads value", 1, onnx_pad},
    {"Relu", 1, 1, "", 0, onnx_relu},
    {"Reshape", 2, 2, "allowzero", 1, onnx_reshape},
    {"Sigmoid", 1, 1, "", 0, onnx_sigmoid},
    {"Softmax", 1, 1, "axis", 0, onnx_softmax},
    {"Squeeze", 1, 2, "axes", 1, onnx_squeeze},
    {"Sub", 2, 2, "", 2, onnx_subtract},
    {"Tanh", 1, 1, "", 0, onnx_tanh},
    {"Transpose", 1, 1, "perm", 1, onnx_transpose},
    {"Unsqueeze", 1, 2, "axes", 1, onnx_unsqueeze},
};

const struct onnx_operator_entry *onnx_operator_find(const char *name)
{
    for (size_t k = 0; k < sizeof operators / sizeof operators[0]; k++)
        if (strcmp(operators[k].name, name) == 0)
            return &operators[k];
    return NULL;
}

size_t onnx_operators_count(void)
{
    return sizeof operators / sizeof operators[0];
}
