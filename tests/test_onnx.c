/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks from ONNX files: a published file byte for byte, convolutions against their definition, what
 * becomes part of weights, constants that are evaluated, and files that must be refused, each with what
 * the message names. */
#include "base/random.h"
#include "infer/layer/layers.h"
#include "infer/onnx/onnx_graph.h"
#include "onnx_wire.h"

#include <sys/stat.h>

static char *folder;
static gsl_rng *rng;

static int set_up(void **state)
{
    (void)state;
    folder = folder_make();
    rng = random_stream(3, 0, RANDOM_TEST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(folder);
    gsl_rng_free(rng);
    return 0;
}

static void draw(size_t n, float *a)
{
    for (size_t k = 0; k < n; k++)
        a[k] = (float)(2 * gsl_rng_uniform(rng) - 1);
}

/* Read the graph that the wire holds, and evaluate it. */
static struct graph read_graph(struct wire *wire, int opset)
{
    struct graph g;
    struct error error = {{0}};
    char *path = wire_model(folder, wire, opset);
    ASSERT_DONE(onnx_graph_read(path, &g, &error), error);
    free(path);
    return g;
}

static double *evaluate(const struct graph *g, size_t images, const float *x)
{
    const size_t n = images * g->values[g->input].size;
    double *in = NEW(n, double), *out = NEW(images * g->values[g->output].size, double);
    for (size_t k = 0; k < n; k++)
        in[k] = (double)x[k];
    graph_evaluate(g, images, in, out, NULL);
    free(in);
    return out;
}

/* A whole file of 147 bytes, a Gemm with transB: w = [[1,2,3],[4,5,6]], b = [0.5,-0.5]. */
static void test_bytes(void **state)
{
    static const char text[] =
        "08073a88010a210a01780a01770a0162120179220447656d6d2a0d0a067472616e73421801a001021201672a"
        "230802080310014201774a180000803f0000004000004040000080400000a0400000c0402a11080210014201"
        "624a080000003f000000bf5a130a0178120e0a0c080112080a0208010a02080362130a0179120e0a0c080112"
        "080a0208010a02080242040a00100e";
    (void)state;
    char bytes[147];
    assert_int_equal(strlen(text), 2 * sizeof bytes);
    for (size_t k = 0; k < sizeof bytes; k++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * k, "%2x", &byte), 1);
        bytes[k] = (char)byte;
    }
    char *path = file_write(folder, "gemm.onnx", bytes, sizeof bytes);
    struct graph g;
    struct error error = {{0}};
    ASSERT_DONE(onnx_graph_read(path, &g, &error), error);
    const float x[] = {1, 0, -1, 0, 1, 0};
    double *y = evaluate(&g, 2, x);
    const double wanted[] = {-1.5, -2.5, 2.5, 4.5};
    for (size_t k = 0; k < COUNT(wanted); k++)
        ASSERT_NEAR(y[k], wanted[k], 0);
    free(y);
    graph_free(&g);
    /* and no shorter file is one */
    for (size_t n = 0; n < sizeof bytes; n++) {
        char *part = file_write(folder, "part.onnx", bytes, n);
        assert_int_equal(onnx_graph_read(part, &g, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, "part.onnx: ");
        graph_free(&g);
        free(part);
    }
    free(path);
}

/* y(c, i, j) = b(c) + sum w(c, k, p, q) x(k, s i + d p - before, t j + e q - before): the definition. */
struct convolution {
    int in, height, width, out, group, kernel[2], stride[2], dilation[2], pads[4];
};

static double convolved(const struct convolution *v, const float *x, const float *w, int c, int i,
                        int j)
{
    const int per = v->in / v->group, first = c / (v->out / v->group) * per;
    double sum = 0;
    for (int k = 0; k < per; k++)
        for (int p = 0; p < v->kernel[0]; p++)
            for (int q = 0; q < v->kernel[1]; q++) {
                const int row = i * v->stride[0] + p * v->dilation[0] - v->pads[0],
                          column = j * v->stride[1] + q * v->dilation[1] - v->pads[1];
                if (row >= 0 && row < v->height && column >= 0 && column < v->width)
                    sum += (double)w[((c * per + k) * v->kernel[0] + p) * v->kernel[1] + q] *
                           (double)x[((first + k) * v->height + row) * v->width + column];
            }
    return sum;
}

static void test_convolution(void **state)
{
    static const struct convolution cases[] = {
        {3, 7, 6, 4, 1, {3, 2}, {1, 1}, {1, 1}, {1, 0, 1, 1}},
        {4, 9, 8, 6, 2, {3, 3}, {2, 3}, {1, 1}, {0, 2, 1, 0}},
        {6, 8, 8, 6, 6, {3, 3}, {1, 1}, {2, 1}, {2, 1, 2, 1}},
        {5, 4, 4, 7, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
        {2, 5, 5, 3, 1, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    };
    (void)state;
    for (size_t n = 0; n < COUNT(cases); n++) {
        const struct convolution *v = &cases[n];
        const size_t in = (size_t)(v->in * v->height * v->width),
                     weights = (size_t)(v->out * v->in / v->group * v->kernel[0] * v->kernel[1]);
        float *x = NEW(2 * in, float), *w = NEW(weights, float), b[8];
        draw(2 * in, x);
        draw(weights, w);
        draw(8, b);
        struct wire graph = {0}, a = {0};
        char *dims = memory_format("n,%d,%d,%d", v->in, v->height, v->width),
             *shape =
                 memory_format("%d,%d,%d,%d", v->out, v->in / v->group, v->kernel[0], v->kernel[1]),
             *bias = memory_format("%d", v->out),
             *stride = memory_format("%d,%d", v->stride[0], v->stride[1]),
             *dilation = memory_format("%d,%d", v->dilation[0], v->dilation[1]),
             *pads = memory_format("%d,%d,%d,%d", v->pads[0], v->pads[1], v->pads[2], v->pads[3]);
        attribute_number(&a, "group", v->group);
        attribute_numbers(&a, "strides", stride);
        attribute_numbers(&a, "dilations", dilation);
        attribute_numbers(&a, "pads", pads);
        wire_port(&graph, 11, "x", dims);
        wire_port(&graph, 12, "y", "n");
        wire_floats(&graph, "w", shape, weights, w);
        wire_floats(&graph, "b", bias, (size_t)v->out, b);
        wire_node(&graph, "Conv", "x w b", "y", &a);
        struct graph g = read_graph(&graph, 11);
        double *y = evaluate(&g, 2, x);
        const struct shape *s = &g.values[g.output].shape;
        assert_int_equal(s->d[0], v->out);
        size_t at = 0;
        for (size_t image = 0; image < 2; image++)
            for (int c = 0; c < v->out; c++)
                for (size_t i = 0; i < s->d[1]; i++)
                    for (size_t j = 0; j < s->d[2]; j++)
                        ASSERT_NEAR(y[at++],
                                    (double)b[c] +
                                        convolved(v, x + image * in, w, c, (int)i, (int)j),
                                    1e-14 * (double)weights);
        /* (in + pads - dilation (kernel - 1) - 1) / stride + 1, as the format says */
        for (int d = 0; d < 2; d++)
            assert_int_equal(s->d[1 + d], ((d ? v->width : v->height) + v->pads[d] +
                                           v->pads[2 + d] - v->dilation[d] * (v->kernel[d] - 1) -
                                           1) / v->stride[d] +
                                              1);
        graph_free(&g);
        free(x);
        free(w);
        free(y);
        char *const texts[] = {dims, shape, bias, stride, dilation, pads};
        for (size_t k = 0; k < COUNT(texts); k++)
            free(texts[k]);
    }
}

/* Conv, BatchNormalization, Relu; `shared`: the convolution's output is also added behind. */
static struct graph normalized(const float *w, const float *parameters, bool shared)
{
    static const char *const names[] = {"gamma", "beta", "mean", "var"};
    struct wire graph = {0};
    wire_port(&graph, 11, "x", "n,2,3,3");
    wire_port(&graph, 12, "y", "n");
    wire_floats(&graph, "w", "3,2,2,2", 24, w);
    for (size_t k = 0; k < 4; k++)
        wire_floats(&graph, names[k], "3", 3, parameters + 3 * k);
    wire_node(&graph, "Conv", "x w", "c", NULL);
    wire_node(&graph, "BatchNormalization", "c gamma beta mean var", shared ? "n" : "y", NULL);
    if (shared)
        wire_node(&graph, "Add", "n c", "y", NULL);
    return read_graph(&graph, 15);
}

static void test_folding(void **state)
{
    float w[24], x[18], parameters[12];
    (void)state;
    draw(24, w);
    draw(18, x);
    draw(12, parameters);
    for (size_t k = 9; k < 12; k++)
        parameters[k] = parameters[k] * parameters[k] + 0.1F;
    struct graph folded = normalized(w, parameters, false), apart = normalized(w, parameters, true);
    assert_int_equal(folded.n_layers, 1);
    assert_string_equal(folded.layers[0].op_type, "Conv+BatchNormalization");
    assert_int_equal(apart.n_layers, 3);
    assert_ptr_equal(apart.layers[1].type, &layer_affine);
    const struct convolution v = {2, 3, 3, 3, 1, {2, 2}, {1, 1}, {1, 1}, {0, 0, 0, 0}};
    double *y = evaluate(&folded, 1, x), *z = evaluate(&apart, 1, x);
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 4; k++) {
            const double u = convolved(&v, x, w, c, k / 2, k % 2);
            const double n = (double)parameters[c] * (u - (double)parameters[6 + c]) /
                                 sqrt((double)parameters[9 + c] + 1e-5) +
                             (double)parameters[3 + c];
            ASSERT_NEAR(y[c * 4 + k], n, 1e-13);
            ASSERT_NEAR(z[c * 4 + k], n + u, 1e-13);
        }
    free(y);
    free(z);
    graph_free(&folded);
    graph_free(&apart);
}

/* Weights that nodes make of constants, several vectors an image, values side by side; by hand:
 * x w = (22 28; 49 64), + b = (32 48; 59 84), mean of each row (40, 71.5), times wt + c. */
static void test_constants(void **state)
{
    struct wire graph = {0}, a = {0};
    const float wt[] = {1, 3, 5, 2, 4, 6}, b[] = {10, 20}, c[] = {1, 2, 3};
    const float x[] = {1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0};
    const double wanted[] = {184, 408, 632, 46, 107, 168};
    const int64_t shape[] = {0, 2, 2, 1};
    (void)state;
    wire_port(&graph, 11, "x", "n,2,3");
    wire_port(&graph, 12, "y", "n,3");
    wire_floats(&graph, "wt", "2,3", 6, wt);
    wire_floats(&graph, "b", "2", 2, b);
    wire_floats(&graph, "c", "1,3", 3, c);
    struct wire t = wire_wholes("shape", 4, shape);
    wire_message(&graph, 5, &t);
    attribute_numbers(&a, "perm", "1,0");
    wire_node(&graph, "Transpose", "wt", "w0", &a);
    wire_node(&graph, "Identity", "w0", "w", NULL);
    wire_node(&graph, "MatMul", "x w", "p", NULL);
    wire_node(&graph, "Add", "b p", "p1", NULL);
    wire_node(&graph, "Reshape", "p1 shape", "q", NULL);
    attribute_number(&a, "axis", -1);
    wire_node(&graph, "Concat", "q q", "r", &a);
    wire_node(&graph, "GlobalAveragePool", "r", "s", NULL);
    attribute_numbers(&a, "value_ints", "3,-2");
    wire_node(&graph, "Constant", "", "axes", &a);
    wire_node(&graph, "Squeeze", "s axes", "m", NULL);
    wire_node(&graph, "Dropout", "m", "m1", NULL);
    wire_node(&graph, "MatMul", "m1 wt", "z", NULL);
    wire_node(&graph, "Add", "z c", "y", NULL);
    struct graph g = read_graph(&graph, 13);
    assert_int_equal(g.n_layers, 7);
    assert_string_equal(g.layers[6].op_type, "MatMul+Add");
    assert_int_equal(matrix_layer_of(&g.layers[0])->reads, 2);
    double *y = evaluate(&g, 2, x);
    for (size_t k = 0; k < COUNT(wanted); k++)
        ASSERT_NEAR(y[k], wanted[k], 0);
    free(y);
    graph_free(&g);
}

/* ------------------------------------------------------------------------------------ refusals */

/* A graph of one Gemm with those weights' dimensions, and n numbers in the file. */
static struct wire gemm(const char *input, const char *dims, size_t n, const float *w)
{
    struct wire graph = {0};
    wire_port(&graph, 11, "x", input);
    wire_port(&graph, 12, "y", "n");
    wire_floats(&graph, "w", dims, n, w);
    wire_node(&graph, "Gemm", "x w", "y", NULL);
    return graph;
}

static void refuse(struct wire *graph, int opset, const char *part)
{
    struct graph g;
    struct error error = {{0}};
    char *path = wire_model(folder, graph, opset);
    const enum status status = onnx_graph_read(path, &g, &error);
    if (status != STATUS_INPUT || strncmp(error.text, path, strlen(path)) != 0 ||
        !strstr(error.text, part))
        fail_msg("status %d, '%s', expected '%s'", status, error.text, part);
    graph_free(&g);
    free(path);
}

static void test_refused_weights(void **state)
{
    (void)state;
    const float w[6] = {0}, nan[6] = {0, 0, NAN}, inf[6] = {INFINITY};
    struct wire graph = gemm("n,3", "3,2", 6, w);
    refuse(&graph, 6, "opset 6, expected 7 to 17");
    graph = gemm("n,3", "3,2", 6, w);
    refuse(&graph, 18, "opset 18, expected 7 to 17");
    graph = gemm("n,3", "3,2", 6, nan);
    refuse(&graph, 13, "tensor 'w': number 3 is NaN");
    graph = gemm("n,3", "3,2", 6, inf);
    refuse(&graph, 13, "node 'y' (Gemm, opset 13): input 2, 'w': number 1 is inf");
    graph = gemm("n,3", "3,2", 5, w);
    refuse(&graph, 13, "tensor 'w': not the data of 6 numbers");
    graph = gemm("n,3", "4294967296,4294967296", 6, w);
    refuse(&graph, 13, "tensor 'w': dimension 1 is 4294967296");
    graph = gemm("n,3", "65536,65536", 6, w);
    refuse(&graph, 13, "tensor 'w': dimension 2 is 65536");
    graph = gemm("n,3", "-3,2", 6, w);
    refuse(&graph, 13, "tensor 'w': dimension 1 is -3");
    graph = gemm("n,3", "1,1,1,1,1,1,1,1,6", 6, w);
    refuse(&graph, 13, "tensor 'w': 9 dimensions");
    graph = gemm("n,4", "3,2", 6, w);
    refuse(&graph, 13, "node 'y' (Gemm, opset 13): input of 2 dimensions and 4 numbers");
    graph = gemm("n,3", "0,2", 0, w);
    refuse(&graph, 13, "node 'y' (Gemm, opset 13): weights of 2 dimensions, expected a matrix");
    graph = gemm("n,m", "3,2", 6, w);
    refuse(&graph, 13, "input 'x': dimension 2 is not fixed");
    graph = gemm("n,268435456,268435456", "3,2", 6, w);
    refuse(&graph, 13, "input 'x': dimension 3 is too large");
    graph = gemm("n", "3,2", 6, w);
    refuse(&graph, 13, "input 'x' of 1 dimensions");
}

/* A line: nodes before the output, and what the message names. */
static void test_refused_nodes(void **state)
{
    static const struct {
        const char *op_type, *inputs, *outputs, *attribute, *numbers, *part;
    } cases[] = {
        {"Gemm", "x w z", "y", NULL, NULL, "(Gemm, opset 13): input 'z' is made by nothing"},
        {"Relu", "y", "y", NULL, NULL, "(Relu, opset 13): input 'y' is made by no earlier node"},
        {"Elu", "x", "y", NULL, NULL, "node 'y' (Elu, opset 13): an operator that is not read"},
        {"Relu", "x x", "y", NULL, NULL, "(Relu, opset 13): 2 inputs, expected 1 to 1"},
        {"Relu", "x", "w", NULL, NULL, "(Relu, opset 13): makes 'w', which is there already"},
        {"Relu", "x", "z", NULL, NULL, "(Relu, opset 13): makes 'z', which nothing takes"},
        {"Relu", "x", "", NULL, NULL, "(Relu, opset 13): no output"},
        {"Relu", "x", "y", "alpha", "1", "(Relu, opset 13): attribute 'alpha', expected none"},
        {"Relu", "x", "y", "", "1", "(Relu, opset 13): attribute '', expected none"},
        {"MaxPool", "x", "y", "pads strides", "1", "attribute 'pads strides', expected auto_pad"},
        {"MaxPool", "x", "y", "kernel", "2,2", "attribute 'kernel', expected auto_pad"},
        {"MaxPool", "x", "y", NULL, NULL, "(MaxPool, opset 13): no kernel_shape"},
        {"MaxPool", "x", "y", "kernel_shape", "3,3",
         "a window of 3 steps, 1 apart, over 0 + 2 + 0"},
        {"MaxPool", "x", "y", "kernel_shape", "0,1", "kernel_shape 0, expected 1 to 65536"},
        {"MaxPool", "x", "y", "kernel_shape", "2", "kernel_shape of 1 numbers, expected 2"},
        {"MaxPool", "x", "i y", NULL, NULL, "output 2, 'y', is used, expected the first"},
        {"Conv", "x w", "y", NULL, NULL, "(Conv, opset 13): weights of 2 dimensions, expected 4"},
        {"Conv", "x x", "y", NULL, NULL, "(Conv, opset 13): input 2, 'x', is computed"},
        {"Add", "x w", "y", NULL, NULL, "shapes 1x2x2 and 3x2 do not fit"},
        {"Transpose", "x", "y", "perm", "1,0,2,3", "moves the axis of the images"},
        {"Transpose", "x", "y", "perm", "0,1,1,2", "axis 1 twice"},
        {"Pad", "x", "y", "pads", "0,0,0,0,0,0,0,99999999", "99999999 pads, expected 0 to 65536"},
        {"Pad", "x", "y", "pads", "1,0,0,0,0,0,0,0", "1 pads, expected 0: images are none"},
        {"Softmax", "x", "y", "axis", "9", NULL},
    };
    const float w[6] = {0};
    (void)state;
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct wire graph = {0}, a = {0};
        wire_port(&graph, 11, "x", "n,1,2,2");
        wire_port(&graph, 12, "y", "n");
        wire_floats(&graph, "w", "3,2", 6, w);
        if (cases[k].attribute && strcmp(cases[k].attribute, "axis") == 0)
            attribute_number(&a, "axis", atoi(cases[k].numbers));
        else if (cases[k].attribute)
            attribute_numbers(&a, cases[k].attribute, cases[k].numbers);
        wire_node(&graph, cases[k].op_type, cases[k].inputs, cases[k].outputs, &a);
        refuse(&graph, 13, cases[k].part ? cases[k].part : "axis 9, expected -4 to 3");
    }
}

/* A small file of a hundred thousand empty nodes, or of a million, needs far more memory than bytes. */
static void test_many_nodes(void **state)
{
    (void)state;
    for (size_t n = 100000; n <= 1000000; n *= 10) {
        struct wire graph = {0};
        for (size_t k = 0; k < n; k++) {
            wire_byte(&graph, 10);
            wire_byte(&graph, 0);
        }
        refuse(&graph, 13, n == 100000 ? "100000 nodes, expected up to 65536" : "bytes of memory");
    }
}

/* ------------------------------------------------------------------------------- external data */

static struct wire external(const char *location, const char *offset)
{
    struct wire graph = gemm("n,3", "3,2", 6, (const float[6]){0}), t = {0};
    static const char *const keys[] = {"location", "offset", "length"};
    const char *values[] = {location, offset, "24"};
    wire_free(&graph);
    wire_port(&graph, 11, "x", "n,3");
    wire_port(&graph, 12, "y", "n");
    wire_number(&t, 1, 3);
    wire_number(&t, 1, 2);
    wire_number(&t, 2, 1);
    wire_text(&t, 8, "w");
    for (size_t k = 0; k < 3; k++) {
        struct wire entry = {0};
        wire_text(&entry, 1, keys[k]);
        wire_text(&entry, 2, values[k]);
        wire_message(&t, 13, &entry);
    }
    wire_number(&t, 14, 1);
    wire_message(&graph, 5, &t);
    wire_node(&graph, "Gemm", "x w", "y", NULL);
    return graph;
}

static void test_external(void **state)
{
    const float w[] = {9, 1, 2, 3, 4, 5, 6}, x[] = {1, 0, 2};
    (void)state;
    char *data = file_write(folder, "weights", (const char *)w, sizeof w), *outside = folder_make();
    char *other = file_write(outside, "weights", (const char *)w, sizeof w),
         *link = memory_format("%s/link", folder), *near = memory_format("%s/near", folder);
    struct wire wire = external("weights", "4");
    struct graph g = read_graph(&wire, 13);
    double *y = evaluate(&g, 1, x);
    ASSERT_NEAR(y[0], 1 + 2 * 5, 0);
    ASSERT_NEAR(y[1], 2 + 2 * 6, 0);
    free(y);
    graph_free(&g);
    assert_int_equal(symlink(data, near), 0);
    wire = external("near", "4"); /* to a file of the folder */
    g = read_graph(&wire, 13);
    graph_free(&g);
    wire = external("weights", "8");
    refuse(&wire, 13, "tensor 'w': bytes 8 to 32 of weights, which has 28");
    wire = external("weights", "18446744073709551615");
    refuse(&wire, 13, "tensor 'w': external data without");
    wire = external(other, "4");
    refuse(&wire, 13, "expected a file in the model's folder");
    char *up = memory_format("..%s/weights", strrchr(outside, '/'));
    wire = external(up, "4");
    refuse(&wire, 13, "expected a file in the model's folder");
    assert_int_equal(symlink(other, link), 0);
    wire = external("link", "4"); /* a symbolic link out of it */
    refuse(&wire, 13, "expected a file in the model's folder");
    free(up);
    free(data);
    free(other);
    free(link);
    free(near);
    folder_remove(outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),           cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_folding),         cmocka_unit_test(test_constants),
        cmocka_unit_test(test_refused_weights), cmocka_unit_test(test_refused_nodes),
        cmocka_unit_test(test_many_nodes),      cmocka_unit_test(test_external),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
