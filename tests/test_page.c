/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts in pages: nothing that goes in can leave its place; and the size of a page, whose waveforms
 * are decimated to fit. */
#include "report/csv_read.h"
#include "report/page/html.h"
#include "report/page/page_wave.h"
#include "testing.h"

#include <sys/resource.h>

typedef void writer(const char *text, FILE *out);

static char *written(writer *write, const char *text)
{
    char *bytes = NULL;
    size_t n;
    FILE *out = open_memstream(&bytes, &n);
    write(text, out);
    assert_int_equal(fclose(out), 0);
    return bytes;
}

static void texts_are_escaped(void **state)
{
    (void)state;
    static const struct {
        writer *write;
        const char *text, *wanted;
    } cases[] = {
        {html_text, "a<b>&\"'`=", "a&#60;b&#62;&#38;&#34;&#39;&#96;&#61;"},
        {html_text, "1 µS °", "1 µS °"},
        {html_text, "\x01\x7f", "\xef\xbf\xbd\xef\xbf\xbd"},
        /* overlong '<', a surrogate, a lone byte, a character cut short */
        {html_text, "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd"},
        {html_text, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {html_text, "\xff<", "\xef\xbf\xbd&#60;"},
        {html_text, "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {html_json, "</script>", "\"\\u003c\\u002fscript\\u003e\""},
        {html_json, "\\\"\n\xe2\x80\xa8", "\"\\u005c\\u0022\\u000a\\u2028\""},
        {html_json, "\xc3", "\"\\ufffd\""},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char *text = written(cases[k].write, cases[k].text);
        assert_string_equal(text, cases[k].wanted);
        free(text);
    }
}

static void quantities_have_prefixes(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *unit;
        int digits;
        const char *wanted;
    } cases[] = {
        {0.0119067, "J", 4, "11.91\xc2\xa0mJ"},
        {0, "V", 3, "0\xc2\xa0V"},
        {999.96e-6, "A", 4, "1\xc2\xa0mA"},
        {-2.5e3, "V", 3, "-2.5\xc2\xa0kV"},
        {130e-12, "J", 2, "130\xc2\xa0pJ"},
        {0.125, "", 2, "0.12"},
        {NAN, "J", 3, "–"},
        {87.154e-18, "J", 5, "87.154\xc2\xa0\x61J"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        char *bytes = NULL;
        size_t n;
        FILE *out = open_memstream(&bytes, &n);
        html_quantity(cases[k].value, cases[k].unit, cases[k].digits, out);
        fclose(out);
        assert_string_equal(bytes, cases[k].wanted);
        free(bytes);
    }
}

static void base64_is_that_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t k = 0; k < COUNT(vectors); k++) {
        char *bytes = NULL;
        size_t n;
        FILE *out = open_memstream(&bytes, &n);
        html_base64((const unsigned char *)vectors[k][0], strlen(vectors[k][0]), out);
        fclose(out);
        assert_string_equal(bytes, vectors[k][1]);
        free(bytes);
    }
}

static void csv_is_read_back(void **state)
{
    (void)state;
    static const char *const names[] = {"a \"b\"", "c,d", "e"};
    char *folder = folder_make(), *bytes = NULL;
    size_t n;
    struct table *t = table_new(3, names, NULL), *back;
    struct error error = {0};
    table_row(t);
    table_text(t, 0, "x,\"y\"");
    table_number(t, 1, 1.0 / 3);
    table_row(t);
    table_text(t, 2, "\"");
    FILE *out = open_memstream(&bytes, &n);
    table_csv(t, out);
    fclose(out);
    char *path = file_write(folder, "t.csv", bytes, n);
    ASSERT_DONE(csv_read(path, &back, &error), error);
    assert_int_equal(back->n_rows, 2);
    for (size_t k = 0; k < 3; k++)
        assert_string_equal(back->names[k], names[k]);
    assert_string_equal(csv_text(back, 0, "a \"b\""), "x,\"y\"");
    assert_true(csv_number(back, 0, "c,d") == 1.0 / 3);
    assert_true(isnan(csv_number(back, 1, "c,d")) && isnan(csv_number(back, 0, "none")));
    assert_string_equal(csv_text(back, 1, "e"), "\"");
    table_free(t);
    table_free(back);
    free(bytes);
    free(path);
    folder_remove(folder);
}

#define POINTS 1000000
#define SIGNALS 40
#define PAGE_MAX 15000000      /* bytes */
#define MEMORY_MAX (300 << 10) /* KiB */

/* Noise is what packs worst. */
static char *noise_file(const char *folder)
{
    char *path = memory_format("%s/noise.raw", folder);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fprintf(out,
            "Title: noise\nPlotname: Transient Analysis\nFlags: real\nNo. Variables: %d\n"
            "No. Points: %d\nVariables:\n\t0\ttime\ttime\n",
            SIGNALS + 1, POINTS);
    for (int k = 1; k <= SIGNALS; k++)
        fprintf(out, "\t%d\tv(%d)\tvoltage\n", k, k);
    fputs("Binary:\n", out);
    uint32_t seed = 1;
    for (int p = 0; p < POINTS; p++) {
        double row[SIGNALS + 1] = {1e-6 * p};
        for (int k = 1; k <= SIGNALS; k++)
            row[k] = (seed = seed * 1664525 + 1013904223) / 4294967296.0;
        assert_int_equal(fwrite(row, sizeof row, 1, out), 1);
    }
    assert_int_equal(fclose(out), 0);
    return path;
}

static void million_points_fit_into_a_page(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = noise_file(folder);
    struct error error = {0};
    struct raw_file *f;
    size_t signals[SIGNALS];
    struct rusage used;
    for (size_t k = 0; k < SIGNALS; k++)
        signals[k] = k + 1;
    ASSERT_DONE(raw_read_open(path, 1, &f, &error), error);
    FILE *out = tmpfile();
    const struct page_wave wave = {.file = f,
                                   .n_signals = SIGNALS,
                                   .signals = signals,
                                   .n_points = POINTS,
                                   .command = "silverbar wave noise.raw"};
    page_begin("noise", out);
    ASSERT_DONE(page_wave(&wave, out, &error), error);
    page_end(out);
    assert_true(ftell(out) > 10000 && ftell(out) <= PAGE_MAX);
    fclose(out);
    raw_read_close(f);
    assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
#ifndef __SANITIZE_ADDRESS__
    assert_true(used.ru_maxrss <= MEMORY_MAX);
#endif
    free(path);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(quantities_have_prefixes),
        cmocka_unit_test(base64_is_that_of_rfc_4648),
        cmocka_unit_test(csv_is_read_back),
        cmocka_unit_test(million_points_fit_into_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
