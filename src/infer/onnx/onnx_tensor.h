/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of a tensor from the little-endian bytes in which ONNX stores them. */
#ifndef SILVERBAR_INFER_ONNX_ONNX_TENSOR_H
#define SILVERBAR_INFER_ONNX_ONNX_TENSOR_H

#include "infer/onnx/onnx_file.h"

/* The types that are read, as ONNX numbers them. */
enum onnx_type {
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT8 = 3,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_BOOL = 9,
    ONNX_FLOAT16 = 10,
    ONNX_DOUBLE = 11,
    ONNX_BFLOAT16 = 16
};

/* Bytes of a number; 0: a type that is not read. */
size_t onnx_type_size(int type);
bool onnx_type_is_real(int type);

/* tensor->n numbers from `bytes`. */
void onnx_tensor_decode(struct onnx_tensor *tensor, int type, const uint8_t *bytes);

/* The number that these bits say. */
double onnx_half(uint16_t bits);
double onnx_brain(uint16_t bits);

#endif
