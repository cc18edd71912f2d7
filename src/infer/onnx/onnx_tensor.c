/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/onnx/onnx_tensor.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int type;
    size_t size;
    bool real;
} types[] = {
    {ONNX_FLOAT, 4, true},   {ONNX_UINT8, 1, false}, {ONNX_INT8, 1, false},
    {ONNX_INT32, 4, false},  {ONNX_INT64, 8, false}, {ONNX_BOOL, 1, false},
    {ONNX_FLOAT16, 2, true}, {ONNX_DOUBLE, 8, true}, {ONNX_BFLOAT16, 2, true},
};

size_t onnx_type_size(int type)
{
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
        if (types[k].type == type)
            return types[k].size;
    return 0;
}

bool onnx_type_is_real(int type)
{
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
        if (types[k].type == type)
            return types[k].real;
    return false;
}

/* IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
double onnx_half(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 31  ? fraction ? NAN : INFINITY
                        : exponent == 0 ? ldexp(fraction, -24)
                                        : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -size : size;
}

static double single(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double onnx_brain(uint16_t bits)
{
    return single((uint32_t)bits << 16);
}

static uint64_t little_endian(const uint8_t *from, size_t size)
{
    uint64_t bits = 0;
    for (size_t k = size; k-- > 0;)
        bits = bits << 8 | from[k];
    return bits;
}

static double real_number(int type, uint64_t bits)
{
    double value;
    switch (type) {
    case ONNX_FLOAT:
        return single((uint32_t)bits);
    case ONNX_FLOAT16:
        return onnx_half((uint16_t)bits);
    case ONNX_BFLOAT16:
        return onnx_brain((uint16_t)bits);
    default:
        memcpy(&value, &bits, sizeof value);
        return value;
    }
}

static int64_t whole_number(int type, uint64_t bits)
{
    switch (type) {
    case ONNX_INT8:
        return (int8_t)bits;
    case ONNX_INT32:
        return (int32_t)bits;
    default: /* UINT8, BOOL; INT64, whose bits are those of two's complement */
        return (int64_t)bits;
    }
}

void onnx_tensor_decode(struct onnx_tensor *t, int type, const uint8_t *bytes)
{
    const size_t size = onnx_type_size(type);
    if (onnx_type_is_real(type)) {
        t->real = NEW(t->n, double);
        for (size_t k = 0; k < t->n; k++)
            t->real[k] = real_number(type, little_endian(bytes + k * size, size));
    } else {
        t->whole = NEW(t->n, int64_t);
        for (size_t k = 0; k < t->n; k++)
            t->whole[k] = whole_number(type, little_endian(bytes + k * size, size));
    }
}
