/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers from text and .npy files: every type, order and version against the values written, and
 * files that lie. */
#include "base/number_grid.h"
#include "testing.h"

static char *folder, *path;

static int set_up(void **state)
{
    (void)state;
    folder = folder_make();
    path = memory_format("%s/grid", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(folder);
    free(path);
    return 0;
}

static void write_bytes(const void *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

/* A .npy file as NumPy's documentation has it. */
static void write_npy(int version, const char *header, const void *data, size_t bytes)
{
    unsigned char file[4096] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0};
    const size_t wide = version == 1 ? 2 : 4, length = strlen(header);
    for (size_t k = 0; k < wide; k++)
        file[8 + k] = (unsigned char)(length >> 8 * k);
    memcpy(file + 8 + wide, header, length);
    if (bytes > 0)
        memcpy(file + 8 + wide + length, data, bytes);
    write_bytes(file, 8 + wide + length + bytes);
}

static void assert_grid(const double *wanted, size_t rows, size_t columns)
{
    struct number_grid *g;
    struct error error = {{0}};
    ASSERT_DONE(number_grid_read(path, &g, &error), error);
    assert_int_equal(g->rows, rows);
    assert_int_equal(g->columns, columns);
    for (size_t k = 0; k < rows * columns; k++)
        assert_true(g->a[k] == wanted[k]);
    number_grid_free(g);
}

static void assert_refused(const char *part)
{
    struct number_grid *g;
    struct error error = {{0}};
    assert_int_equal(number_grid_read(path, &g, &error), STATUS_INPUT);
    assert_null(g);
    ASSERT_NAMES(error.text, path);
    ASSERT_NAMES(error.text, part);
}

static const double six[6] = {1, 2, 3, 4, 5, 100};

/* Types as NumPy names them; each number put together here from its bytes. */
static void test_types(void **state)
{
    (void)state;
    static const char *const types[] = {"<f8", ">f8", "<f4", ">f4", "|i1", "<i2", ">i2", "<i4",
                                        ">i4", "<i8", ">i8", "|u1", ">u2", "<u4", "<u8"};
    for (size_t t = 0; t < COUNT(types); t++)
        for (int version = 1; version <= 3; version++)
            for (int fortran = 0; fortran < 2; fortran++) {
                unsigned char data[48] = {0};
                const size_t size = (size_t)(types[t][2] - '0');
                for (size_t k = 0; k < 6; k++) {
                    const double value = six[fortran ? k % 2 * 3 + k / 2 : k];
                    const float narrow = (float)value;
                    uint64_t bits = (uint64_t)value;
                    uint32_t narrow_bits;
                    if (types[t][1] == 'f' && size == 8)
                        memcpy(&bits, &value, 8);
                    if (types[t][1] == 'f' && size == 4) {
                        memcpy(&narrow_bits, &narrow, 4);
                        bits = narrow_bits;
                    }
                    for (size_t b = 0; b < size; b++)
                        data[k * size + (types[t][0] == '>' ? size - 1 - b : b)] =
                            (unsigned char)(bits >> 8 * b);
                }
                char *header =
                    memory_format("{'descr': '%s', 'fortran_order': %s, 'shape': (2, 3), }   \n",
                                  types[t], fortran ? "True" : "False");
                write_npy(version, header, data, 6 * size);
                assert_grid(six, 2, 3);
                free(header);
            }
    static const int8_t negative[2] = {-1, -128};
    static const double values[2] = {-1, -128};
    write_npy(1, "{'shape': (2,), 'descr': '|i1', 'fortran_order': False}\n", negative, 2);
    assert_grid(values, 1, 2);
}

static void test_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"1,2,3\n4,5,100\n", "1 2 3\r\n4 5 100\r\n",
                                        "# six\n\n 1, 2 ,3 \n4\t5e0,\t1e2"};
    for (size_t k = 0; k < COUNT(texts); k++) {
        write_bytes(texts[k], strlen(texts[k]));
        assert_grid(six, 2, 3);
    }
    static const struct {
        const char *text, *part;
    } bad[] = {{"", "no numbers"},
               {"# nothing\n", "no numbers"},
               {"1,2\n3\n", ":2: 1 numbers, expected 2"},
               {"1,,2\n", ":1: '', expected a finite number"},
               {"1,2,\n", ":1: '', expected"},
               {"1,nan\n", "'nan'"},
               {"1,inf\n", "'inf'"},
               {"1,2k\n", "'2k'"},
               {"row,column\n", ":1: 'row'"}};
    for (size_t k = 0; k < COUNT(bad); k++) {
        write_bytes(bad[k].text, strlen(bad[k].text));
        assert_refused(bad[k].part);
    }
    write_bytes("1,2\n3,\0 4\n", 10);
    assert_refused(":2: a NUL byte");
}

/* Headers that promise what the file has not, or what no reader should take. */
static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *header, *part;
    } bad[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }\n", "48 bytes of data"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\n", "expected 32"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999, 99999), }\n", "of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551617, 6), }\n",
         "of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 6), }\n", "of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 3), }\n", "of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 3), }\n", "of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", "of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2", "of shape"},
        {"{'descr': '<f8', 'fortran_order': False}", "of shape"},
        {"{'descr': '<f8', 'shape': (2, 3), }\n", "fortran_order"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }\n", "of type '<c8'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }\n", "of type"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2, 3), }\n", "of type"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }\n", "of type"},
        {"", "of type"},
    };
    for (size_t k = 0; k < COUNT(bad); k++) {
        write_npy(1 + (int)k % 3, bad[k].header, six, sizeof six);
        assert_refused(bad[k].part);
    }
    write_npy(4, bad[0].header, six, sizeof six);
    assert_refused("version 4");
    unsigned char begin[14] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 255, 255, 255, 255, '{', '}'};
    for (size_t n = 6; n <= sizeof begin; n++) {
        write_bytes(begin, n);
        assert_refused(".npy");
    }
    struct number_grid *g;
    struct error error;
    assert_int_equal(number_grid_read(folder, &g, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "not a regular file");
    char *none = memory_format("%s/none", folder);
    assert_int_equal(number_grid_read(none, &g, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "cannot be read");
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
