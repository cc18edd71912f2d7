/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX's own tests of single nodes, where Debian's libonnx-testdata is installed: for all operators that are
 * read, what the network computes against what the publication of the format says, to 1e-5.  What is
 * refused must be for one of the reasons below. */
#include "infer/onnx/onnx_graph.h"
#include "infer/onnx/onnx_operators.h"
#include "onnx_wire.h"

#include "base/bytes/bytes.h"

#include <unistd.h>

#define FOLDER "/usr/share/libonnx-testdata/data/node"
#define TOLERANCE 1e-5
#define BYTES_MAX ((size_t)1 << 24)

/* Images stay apart and are many alike, and their windows have two axes. */
static const char *const reasons[] = {
    "of 1 dimensions, expected images and their dimensions",
    "is that of the images, expected another",
    "moves the axis of the images",
    "images stay apart",
    "expected one that is the same for all images",
    "the same for all images",
    "the first that of the images",
    "an image's shape 3x4 cannot become", /* 2 x 3 x 4 to 2 x 6 x 1 x 1 ...: of two images one */
    "transposed, weights of",
    "outputs, expected one",
    "training_mode, expected false",
    "input of 3 dimensions, expected",
    "input of 5 dimensions, expected",
    "dimensions, expected a matrix",
    "input 2 is a constant", /* Concat */
};
/* Of these tests/test_onnx.c has others: Concat's have constants or one dimension, Constant's have no
 * input, GlobalAveragePool's are of opset 1. */
static const char *const without[] = {"Concat", "Constant", "GlobalAveragePool"};

static char *folder;

/* The tensor of a .pb file, by the reader of models. */
static struct onnx_model tensor_read(const char *path)
{
    struct bytes bytes;
    struct wire graph = {0};
    struct onnx_model m;
    struct error error = {{0}};
    ASSERT_DONE(bytes_read(path, BYTES_MAX, &bytes, &error), error);
    wire_bytes(&graph, 5, bytes.a, bytes.n);
    char *file = wire_model(folder, &graph, 13);
    const enum status status = onnx_file_read(file, &m, &error);
    if (status != STATUS_OK)
        onnx_model_free(&m);
    bytes_free(&bytes);
    free(file);
    return m;
}

/* The model, with the inputs behind the first as constants: fields of a repeated message merge. */
static char *model_write(const char *test, const struct onnx_model *m)
{
    char *path = memory_format("%s/%s/model.onnx", FOLDER, test);
    struct bytes bytes;
    struct error error = {{0}};
    ASSERT_DONE(bytes_read(path, BYTES_MAX, &bytes, &error), error);
    struct wire model = {0}, graph = {0};
    for (size_t k = 0; k < bytes.n; k++)
        wire_byte(&model, bytes.a[k]);
    bytes_free(&bytes);
    free(path);
    for (size_t k = 1; k < m->n_inputs; k++) {
        path = memory_format("%s/%s/test_data_set_0/input_%zu.pb", FOLDER, test, k);
        ASSERT_DONE(bytes_read(path, BYTES_MAX, &bytes, &error), error);
        struct wire tensor = {0};
        for (size_t i = 0; i < bytes.n; i++)
            wire_byte(&tensor, bytes.a[i]);
        wire_text(&tensor, 8, m->inputs[k].name);
        wire_message(&graph, 5, &tensor);
        bytes_free(&bytes);
        free(path);
    }
    wire_message(&model, 7, &graph);
    path = file_write(folder, "node.onnx", (const char *)model.a, model.n);
    wire_free(&model);
    return path;
}

static bool known_reason(const char *text)
{
    for (size_t k = 0; k < COUNT(reasons); k++)
        if (strstr(text, reasons[k]))
            return true;
    return false;
}

static void compare(const char *test, const struct graph *g, const struct onnx_tensor *x,
                    const struct onnx_tensor *y)
{
    const size_t images = x->dims[0], size = g->values[g->output].size;
    if (images * size != y->n || images * g->values[g->input].size != x->n)
        fail_msg("%s: %zu numbers for %zu images, expected %zu", test, images * size, images, y->n);
    /* halves are rounded to 11 bits; here all is done in double */
    const double tolerance = strstr(test, "_to_FLOAT16") ? ldexp(1, -11) : TOLERANCE;
    double *out = NEW(images * size, double);
    graph_evaluate(g, images, x->real, out, NULL);
    for (size_t k = 0; k < y->n; k++)
        if (!(fabs(out[k] - y->real[k]) <= tolerance * fmax(1, fabs(y->real[k]))))
            fail_msg("%s: number %zu is %.9g, expected %.9g", test, k, out[k], y->real[k]);
    free(out);
}

/* True: compared; false: refused as expected, or not of floats. */
static bool try_test(const char *test, const struct onnx_model *m)
{
    struct graph g;
    struct error error = {{0}};
    bool done = false;
    char *path = model_write(test, m);
    char *in = memory_format("%s/%s/test_data_set_0/input_0.pb", FOLDER, test),
         *out = memory_format("%s/%s/test_data_set_0/output_0.pb", FOLDER, test);
    struct onnx_model x = tensor_read(in), y = tensor_read(out);
    const bool floats =
        x.n_constants && y.n_constants && x.constants[0].real && y.constants[0].real;
    const enum status status = onnx_graph_read(path, &g, &error);
    if (floats && status != STATUS_OK) {
        if (!known_reason(error.text))
            fail_msg("%s: %s", test, error.text);
    } else if (floats) {
        compare(test, &g, &x.constants[0], &y.constants[0]);
        done = true;
    }
    graph_free(&g);
    onnx_model_free(&x);
    onnx_model_free(&y);
    free(path);
    free(in);
    free(out);
    return done;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void test_nodes(void **state)
{
    (void)state;
    struct dirent **tests;
    const int n = scandir(FOLDER, &tests, visible, alphasort);
    if (n < 0) {
        print_message("# skipped: no " FOLDER " (Debian: libonnx-testdata)\n");
        skip();
    }
    size_t compared = 0, operators = 0;
    char seen[64][40];
    for (int k = 0; k < n; k++) {
        char *path = memory_format("%s/%s/model.onnx", FOLDER, tests[k]->d_name);
        struct onnx_model m;
        struct error error;
        if (onnx_file_read(path, &m, &error) == STATUS_OK && m.n_nodes == 1 && m.n_inputs > 0 &&
            onnx_operator_find(m.nodes[0].op_type))
            if (try_test(tests[k]->d_name, &m)) {
                size_t i = 0;
                while (i < operators && strcmp(seen[i], m.nodes[0].op_type) != 0)
                    i++;
                snprintf(seen[i], sizeof seen[i], "%s", m.nodes[0].op_type);
                operators += i == operators;
                compared++;
            }
        onnx_model_free(&m);
        free(path);
        free(tests[k]);
    }
    free(tests);
    print_message("# %zu tests of %zu operators compared\n", compared, operators);
    assert_true(compared >= 90);
    assert_int_equal(operators, onnx_operators_count() - COUNT(without));
}

static int set_up(void **state)
{
    (void)state;
    folder = folder_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nodes)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
