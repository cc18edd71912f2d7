/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of images and labels: the published layouts byte by byte, the same images in several forms,
 * torchvision's scaling by its formula, and files that lie. */
#include "learn/data/data_set.h"
#include "testing.h"

#include <zlib.h>

static char *folder;

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

static char *write_gzip(const char *name, const void *bytes, size_t n)
{
    char *path = memory_format("%s/%s", folder, name);
    gzFile out = gzopen(path, "wb");
    assert_int_equal(gzwrite(out, bytes, (unsigned)n), n);
    assert_int_equal(gzclose(out), Z_OK);
    return path;
}

static struct data_set read_set(char *path)
{
    struct data_set s;
    struct error error = {{0}};
    ASSERT_DONE(data_set_read(path, &s, &error), error);
    free(path);
    return s;
}

/* Two images of 2 x 3: bytes 0 to 11. */
static const unsigned char idx[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0,  0,
                                    0, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
/* Labels 9, 0, 4 of three. */
static const unsigned char idx_label[] = {0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 4};

static void assert_images(const struct data_set *s)
{
    double out[12];
    const struct data_scaling plain = {.scale = 1};
    assert_int_equal(s->n, 2);
    assert_int_equal(s->n_dims, 2);
    assert_int_equal(s->dims[0], 2);
    assert_int_equal(s->dims[1], 3);
    data_set_take(s, &plain, 0, 2, out);
    for (int k = 0; k < 12; k++)
        ASSERT_NEAR(out[k], k, 0);
}

/* The same images in all forms and types. */
static void test_forms(void **state)
{
    (void)state;
    struct data_set s = read_set(file_write(folder, "idx", (const char *)idx, sizeof idx));
    assert_images(&s);
    data_set_free(&s);
    s = read_set(write_gzip("idx.gz", idx, sizeof idx));
    assert_images(&s);
    data_set_free(&s);
    static const struct {
        int type, size;
    } types[] = {{9, 1}, {11, 2}, {12, 4}, {13, 4}, {14, 8}};
    for (size_t t = 0; t < COUNT(types); t++) {
        unsigned char bytes[16 + 12 * 8];
        memcpy(bytes, idx, 16);
        bytes[2] = (unsigned char)types[t].type;
        for (int k = 0; k < 12; k++) {
            const float f = (float)k;
            const double d = k;
            uint32_t f_bits;
            uint64_t bits = (uint64_t)k;
            memcpy(&f_bits, &f, 4);
            if (types[t].type == 13)
                bits = f_bits;
            else if (types[t].type == 14)
                memcpy(&bits, &d, 8);
            for (int i = 0; i < types[t].size; i++)
                bytes[16 + k * types[t].size + i] =
                    (unsigned char)(bits >> 8 * (types[t].size - 1 - i));
        }
        s = read_set(
            file_write(folder, "typed", (const char *)bytes, 16 + 12 * (size_t)types[t].size));
        assert_images(&s);
        data_set_free(&s);
    }
    static const char head[] = "\x93NUMPY\1\0\x48\0{'descr': '|u1', 'fortran_order': True, "
                               "'shape': (2, 2, 3), }        \n";
    /* Fortran order: image fastest, then row, then column */
    static const char data[] = {0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11};
    char npy[sizeof head - 1 + sizeof data];
    memcpy(npy, head, sizeof head - 1);
    npy[8] = (char)(sizeof head - 1 - 10);
    memcpy(npy + sizeof head - 1, data, sizeof data);
    s = read_set(file_write(folder, "a.npy", npy, sizeof npy));
    assert_images(&s);
    assert_non_null(s.bytes); /* so that the scale is 1/255 */
    data_set_free(&s);
    s = read_set(file_write(folder, "text", "0,1,2,3,4,5\n6 7 8 9 10 11\n", 26));
    assert_int_equal(s.n_dims, 1);
    s.n_dims = 2;
    s.dims[0] = 2;
    s.dims[1] = 3;
    assert_images(&s);
    data_set_free(&s);
}

static void test_labels(void **state)
{
    (void)state;
    static const char *const text = "9\n0\n4\n";
    struct error error = {{0}};
    char *paths[] = {file_write(folder, "l", (const char *)idx_label, sizeof idx_label),
                     write_gzip("l.gz", idx_label, sizeof idx_label),
                     file_write(folder, "l.txt", text, strlen(text)),
                     file_write(folder, "row.txt", "9,0,4\n", 6)};
    for (size_t k = 0; k < COUNT(paths); k++) {
        struct data_set s = read_set(file_write(folder, "three", "1,2\n3,4\n5,6\n", 12));
        ASSERT_DONE(data_set_read_labels(paths[k], &s, &error), error);
        assert_int_equal(s.labels[0], 9);
        assert_int_equal(s.labels[1], 0);
        assert_int_equal(s.labels[2], 4);
        ASSERT_DONE(data_set_check_labels(&s, "l", 10, &error), error);
        assert_int_equal(data_set_check_labels(&s, "l", 9, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, "l: label 1 is 9, expected 0 to 8");
        data_set_free(&s);
        free(paths[k]);
    }
}

/* Records as published: label (of CIFAR-100 coarse, then fine), 1024 red, green, blue, row by row. */
static void test_cifar(void **state)
{
    (void)state;
    for (size_t labels = 1; labels <= 2; labels++) {
        const size_t record = labels + 3072;
        char *bytes = NEW(2 * record, char);
        for (size_t r = 0; r < 2; r++) {
            bytes[r * record] = 7;
            bytes[r * record + labels - 1] = (char)(labels == 1 ? 3 + r : 98 + r);
            for (size_t k = 0; k < 3072; k++)
                bytes[r * record + labels + k] = (char)(k / 1024 * 100 + k / 32 % 32 + r);
        }
        struct data_set s = read_set(labels == 1 ? file_write(folder, "cifar", bytes, 2 * record)
                                                 : write_gzip("cifar.gz", bytes, 2 * record));
        assert_int_equal(s.n, 2);
        assert_int_equal(s.n_dims, 3);
        assert_int_equal(s.labels[1], labels == 1 ? 4 : 99);
        /* torchvision: (x / 255 - mean) / std by channel */
        const double mean[] = {0.5, 0.4, 0.3}, std[] = {0.2, 0.25, 0.5};
        const struct data_scaling scaling = {0, 3, mean, std};
        double *out = NEW(3072, double);
        data_set_take(&s, &scaling, 1, 1, out);
        for (size_t k = 0; k < 3072; k++)
            ASSERT_NEAR(out[k],
                        ((double)(k / 1024 * 100 + k / 32 % 32 + 1) / 255 - mean[k / 1024]) /
                            std[k / 1024],
                        1e-15);
        const size_t same[] = {1, 3, 32, 32}, other[] = {32, 32, 3}, list[] = {3072};
        assert_true(data_set_fits(&s, 4, same));
        assert_true(data_set_fits(&s, 1, list));
        assert_false(data_set_fits(&s, 3, other));
        free(out);
        data_set_free(&s);
        /* a label beyond its class: no CIFAR */
        bytes[record] = labels == 1 ? 10 : 20;
        char *path = file_write(folder, "bad", bytes, 2 * record);
        struct error error = {{0}};
        assert_int_equal(data_set_read(path, &s, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, "bad: not images");
        data_set_free(&s);
        free(path);
        free(bytes);
    }
}

static void refuse(char *path, bool labels, const char *part)
{
    struct data_set s = {0};
    struct error error = {{0}};
    if (labels)
        s.n = 3;
    const enum status status =
        labels ? data_set_read_labels(path, &s, &error) : data_set_read(path, &s, &error);
    if (status != STATUS_INPUT || strncmp(error.text, path, strlen(path)) != 0 ||
        !strstr(error.text, part))
        fail_msg("status %d, '%s', expected '%s'", status, error.text, part);
    data_set_free(&s);
    free(path);
}

static char *changed(const unsigned char *bytes, size_t n, size_t at, int byte)
{
    char copy[64];
    memcpy(copy, bytes, n);
    copy[at] = (char)byte;
    return file_write(folder, "changed", copy, n);
}

static void test_refused(void **state)
{
    (void)state;
    refuse(file_write(folder, "empty", "", 0), false, "not images");
    refuse(file_write(folder, "word", "hello", 5), false, "not images");
    refuse(file_write(folder, "cut", (const char *)idx, sizeof idx - 1), false,
           "IDX of 12 numbers of 1 bytes, with 11 bytes");
    refuse(changed(idx, sizeof idx, 4, 255), false, "not images"); /* 4e9 images */
    refuse(changed(idx, sizeof idx, 7, 3), false, "IDX of 18 numbers");
    refuse(changed(idx, sizeof idx, 7, 0), false, "not images");
    refuse(changed(idx, sizeof idx, 2, 10), false, "not images"); /* type */
    refuse(file_write(folder, "l", (const char *)idx_label, sizeof idx_label), false,
           "are these the labels?");
    refuse(file_write(folder, "i", (const char *)idx, sizeof idx), true, "are these the images?");
    refuse(changed(idx_label, sizeof idx_label, 7, 2), true, "IDX of 2 numbers");
    refuse(file_write(folder, "t", "1\n2\n", 4), true, "2 labels, expected 3");
    refuse(file_write(folder, "t", "1\n2.5\n3\n", 8), true, "label 2 is 2.5");
    refuse(file_write(folder, "t", "1\n-1\n3\n", 7), true, "label 2 is -1");
    refuse(file_write(folder, "t", "1\n65536\n3\n", 10), true, "label 2 is 65536");
    refuse(file_write(folder, "t", "1,2\n3,4\n", 8), true, "expected one label an image");
    unsigned char floats[] = {0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0x7f, 0xc0, 0, 0};
    refuse(file_write(folder, "f", (const char *)floats, sizeof floats), false,
           "image 1, number 1 is nan");
    refuse(memory_string(folder), false, "not a regular file");
    /* a packed file that was cut off */
    char packed[64];
    char *path = write_gzip("z", idx, sizeof idx);
    FILE *in = fopen(path, "rb");
    const size_t n = fread(packed, 1, sizeof packed, in);
    fclose(in);
    free(path);
    refuse(file_write(folder, "z", packed, n - 4), false, "read error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_cifar),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
