/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Foundation: random streams against published known answers, SPICE numbers against the decimal
 * values that they mean, tables against RFC 4180 and RFC 8259, error texts that name file and line.
 */
#include "base/random.h"
#include "base/spice_number.h"
#include "base/table.h"
#include "base/text_file.h"
#include "report/json.h"
#include "testing.h"

#include <sys/stat.h>

/* Known answers of Random123's own test file kat_vectors, philox4x32 with 10 rounds: integers,
 * hence exact. */
static void test_philox_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, /* digits of pi */
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t k = 0; k < COUNT(known); k++) {
        uint32_t out[4];
        philox4x32(known[k].counter, known[k].key, out);
        assert_memory_equal(out, known[k].out, sizeof out);
    }
}

/* A stream is the blocks of its counter {block, sample, purpose, 0} under the key {seed low, seed
 * high}, in order: the contract that makes any worker draw the same numbers.  Exact. */
static void test_stream_is_named(void **state)
{
    (void)state;
    const uint64_t seed = 0x123456789abcdef0u;
    gsl_rng *rng = random_stream(seed, 77, RANDOM_TEST);
    const uint32_t key[2] = {0x9abcdef0u, 0x12345678u};
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t out[4];
        philox4x32((const uint32_t[4]){block, 77, RANDOM_TEST, 0}, key, out);
        for (int i = 0; i < 4; i++)
            assert_int_equal(gsl_rng_get(rng), out[i]);
    }
    gsl_rng_free(rng);
}

static double correlation(gsl_rng *a, gsl_rng *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (gsl_rng_uniform(a) - 0.5) * (gsl_rng_uniform(b) - 0.5);
    return 12 * sum / (double)n;
}

/* Streams whose names differ in one part only, seed bits above 32 included, are uncorrelated: the
 * coefficient of n pairs of independent uniforms has the standard deviation 1/sqrt(n); 5 of them
 * fail once in two million.  The same name gives the same numbers: coefficient 1 to 5 %. */
static void test_streams_differ(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        uint32_t sample;
        enum random_purpose purpose;
    } names[] = {
        {1, 0, RANDOM_TEST},
        {2, 0, RANDOM_TEST},
        {1 + (UINT64_C(1) << 32), 0, RANDOM_TEST},
        {1 + (UINT64_C(1) << 63), 0, RANDOM_TEST},
        {1, 1, RANDOM_TEST},
        {1, 0x80000000u, RANDOM_TEST},
        {1, 0, RANDOM_WEIGHTS},
        {1, 0, RANDOM_INITIAL_STATE},
    };
    const size_t n = 10000;
    for (size_t i = 0; i < COUNT(names); i++)
        for (size_t j = 0; j < COUNT(names); j++) {
            gsl_rng *a = random_stream(names[i].seed, names[i].sample, names[i].purpose);
            gsl_rng *b = random_stream(names[j].seed, names[j].sample, names[j].purpose);
            if (i == j)
                ASSERT_NEAR(correlation(a, b, n), 1, 0.05);
            else
                ASSERT_NEAR(correlation(a, b, n), 0, 5 / sqrt((double)n));
            gsl_rng_free(a);
            gsl_rng_free(b);
        }
}

/* U(0, 1): moments E[u^k] = 1/(k + 1), and no correlation with the number before.  The tolerance is
 * five standard deviations of a mean of n, Var(u^k) = 1/(2k + 1) - 1/(k + 1)^2. */
static void test_uniform_moments(void **state)
{
    (void)state;
    const size_t n = 1000000;
    double moment[5] = {0}, product = 0, before = 0.5, lowest = 1, highest = 0;
    gsl_rng *rng = random_stream(3, 0, RANDOM_TEST);
    for (size_t i = 0; i < n; i++) {
        const double u = gsl_rng_uniform(rng);
        for (int k = 1; k <= 4; k++)
            moment[k] += pow(u, k) / (double)n;
        product += (u - 0.5) * (before - 0.5) / (double)n;
        before = u;
        lowest = fmin(lowest, u);
        highest = fmax(highest, u);
    }
    gsl_rng_free(rng);
    for (int k = 1; k <= 4; k++) {
        const double mean = 1.0 / (k + 1);
        ASSERT_NEAR(moment[k], mean, 5 * sqrt((1.0 / (2 * k + 1) - mean * mean) / (double)n));
    }
    ASSERT_NEAR(product, 0, 5 / 12.0 / sqrt((double)n));
    assert_true(lowest >= 0 && highest < 1);
    /* P(min > 20/n) = e^-20 */
    assert_true(lowest < 20.0 / (double)n && highest > 1 - 20.0 / (double)n);
}

/* What SPICE's scale factors mean.  One rounding of the product: 1 unit in the last place. */
static void test_spice_number_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},          {"-0.5", -0.5},    {"+3", 3},           {".5", 0.5},
        {"5.", 5},         {"2.2k", 2200},    {"2.2K", 2200},      {"10meg", 1e7},
        {"10MEG", 1e7},    {"10Meg", 1e7},    {"10m", 1e-2},       {"10M", 1e-2},
        {"1mil", 25.4e-6}, {"1MIL", 25.4e-6}, {"1t", 1e12},        {"1g", 1e9},
        {"33u", 33e-6},    {"4.7n", 4.7e-9},  {"5p", 5e-12},       {"60f", 60e-15},
        {"2a", 2e-18},     {"5pF", 5e-12},    {"1kohm", 1e3},      {"1megohm", 1e6},
        {"1mA", 1e-3},     {"3.3V", 3.3},     {"1ohm", 1},         {"1e-9", 1e-9},
        {"1E3k", 1e6},     {"1e+3", 1e3},     {"-1.5meg", -1.5e6}, {"1F", 1e-15},
    };
    for (size_t k = 0; k < COUNT(good); k++) {
        double value = -77;
        if (!spice_number(good[k].text, &value))
            fail_msg("'%s' is refused", good[k].text);
        ASSERT_NEAR(value, good[k].value, fabs(good[k].value) * 2.3e-16);
    }
}

/* Everything else is refused and leaves the value alone: the grammar of spice_number.h. */
static void test_spice_number_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      " ",      "k",      "abc",    "1 ",       " 1",     "1 k",  "1k5",       "1.2.3",
        "--1",   "+-1",    "1_000",  "1,5",    "0x10",     "-0x1p3", "nan",  "inf",       "-inf",
        "1e999", "-1e999", "1e300t", "1e+",    "1e-",      "1%",     "{x}",  "1u\n",      ".",
        "-",     "1k-",    "1e5e5.", "NAN(1)", "infinity", "0X1",    "\xff", "1\xc2\xb5",
    };
    for (size_t k = 0; k < COUNT(bad); k++) {
        double value = -77;
        if (spice_number(bad[k], &value))
            fail_msg("'%s' is taken as %g", bad[k], value);
        assert_true(value == -77);
    }
    double value = -77;
    assert_false(plain_number("1k", &value));
    assert_false(plain_number("1e999", &value));
    assert_false(plain_number("0x10", &value));
    assert_true(value == -77);
    assert_true(plain_number("-1e-3", &value) && value == -1e-3);
}

/* Of the mantissa, without zeros at either end. */
static int significant_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

/* Text of a number reads back as exactly that double, and none of fewer significant digits, up to
 * 15, does: IEEE 754 gives every decimal of 15 digits back, so there is one such text. */
static void test_number_text(void **state)
{
    (void)state;
    gsl_rng *rng = random_stream(4, 0, RANDOM_TEST);
    char text[32], shorter[32];
    for (int i = 0; i < 50000; i++) {
        const uint64_t bits = (uint64_t)gsl_rng_get(rng) << 32 | gsl_rng_get(rng);
        double value, plain, spice;
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 0) /* short ones as well */
            value = (double)(int64_t)(bits >> 44) * pow(10, (double)(bits % 31) - 15);
        if (!isfinite(value))
            continue;
        assert_ptr_equal(number_text(value, text), text);
        assert_true(strlen(text) < sizeof text);
        assert_true(plain_number(text, &plain) && plain == value);
        assert_true(spice_number(text, &spice) && spice == value);
        if (fpclassify(value) != FP_NORMAL)
            continue;
        for (int digits = 1; digits <= 15 && value != 0; digits++) {
            snprintf(shorter, sizeof shorter, "%.*g", digits, value);
            if (strtod(shorter, NULL) == value) {
                assert_int_equal(significant_digits(text), digits);
                break;
            }
        }
    }
    gsl_rng_free(rng);
    assert_string_equal(number_text(0.1, text), "0.1");
}

static struct table *sample_table(void)
{
    static const char *const names[] = {"name", "energy_J", "a,b"};
    struct table *t = table_new(3, names, (const int[]){0, 3, 0});
    table_row(t);
    table_text(t, 0, "say \"hi\", twice");
    table_number(t, 1, 1.0 / 3);
    table_row(t);
    table_text(t, 0, "two\nlines");
    table_number(t, 2, -2.5e-9);
    table_row(t);
    table_number(t, 1, NAN);
    table_number(t, 2, INFINITY);
    return t;
}

/* RFC 4180: a field with comma, quote or line end is quoted and its quotes doubled; an empty or
 * missing value is an empty field; numbers in CSV are exact whatever the digits of print. */
static void test_table_csv(void **state)
{
    (void)state;
    struct table *t = sample_table();
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    table_csv(t, out);
    fclose(out);
    assert_string_equal(text, "name,energy_J,\"a,b\"\n"
                              "\"say \"\"hi\"\", twice\",0.3333333333333333,\n"
                              "\"two\nlines\",,-2.5e-09\n"
                              ",,inf\n");
    free(text);
    assert_int_equal(table_column(t, "energy_J"), 1);
    table_free(t);
    table_free(NULL);
}

/* The same table for people: columns line up, so all lines have one length where the last column is
 * aligned right; energy_J shows its three significant digits. */
static void test_table_print(void **state)
{
    (void)state;
    static const char *const names[] = {"device", "conductance_S"};
    struct table *t = table_new(2, names, (const int[]){0, 3});
    for (int i = 0; i < 12; i++) {
        char name[16];
        snprintf(name, sizeof name, "xm%d", i);
        table_row(t);
        table_text(t, 0, name);
        table_number(t, 1, 1e-6 / 3 * i);
    }
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    table_print(t, out);
    fclose(out);
    const size_t length = strcspn(text, "\n");
    size_t lines = 0;
    for (const char *p = text; *p; p += strcspn(p, "\n") + 1, lines++)
        assert_int_equal(strcspn(p, "\n"), length);
    assert_int_equal(lines, 13);
    ASSERT_NAMES(text, "device");
    ASSERT_NAMES(text, " 3.33e-07\n");
    free(text);
    table_free(t);
}

/* RFC 8259: quotes and line ends are escaped; what is no number, infinite or missing is null, as
 * JSON has neither; a number reads back exactly. */
static void test_table_json(void **state)
{
    (void)state;
    struct table *t = sample_table();
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(json_write_table(t, out));
    fclose(out);
    ASSERT_NAMES(text, "\"name\": \"say \\\"hi\\\", twice\"");
    ASSERT_NAMES(text, "two\\nlines");
    ASSERT_NAMES(text, "\"a,b\": null");
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    const char *number = strstr(text, "\"energy_J\": ");
    assert_non_null(number);
    assert_true(strtod(number + 12, NULL) == 1.0 / 3);
    assert_true(text[0] == '[' && text[size - 1] == '\n' && text[size - 2] == ']');
    free(text);
    table_free(t);
}

/* Text files: lines without their ends (LF, CR LF, none at the end); what is no text file is an
 * input error that names the path. */
static void test_text_file(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct error error;
    struct text_file *file;
    char *path = file_write(folder, "good", "one\r\n\ntwo\n three", 16);
    ASSERT_DONE(text_file_read(path, &file, &error), error);
    assert_int_equal(file->n_lines, 4);
    assert_string_equal(file->lines[0], "one");
    assert_string_equal(file->lines[1], "");
    assert_string_equal(file->lines[2], "two");
    assert_string_equal(file->lines[3], " three");
    assert_int_equal(file->size, 16);
    text_file_free(file);
    free(path);
    path = file_write(folder, "empty", "", 0);
    ASSERT_DONE(text_file_read(path, &file, &error), error);
    assert_int_equal(file->n_lines, 0);
    text_file_free(file);
    free(path);
    text_file_free(NULL);

    char *nul = file_write(folder, "nul", "a\0b\n", 4), *big = file_write(folder, "big", "x", 1);
    char *none = memory_format("%s/none", folder);
    assert_int_equal(truncate(big, (16 << 20) + 1), 0);
    const struct {
        const char *path, *part;
    } bad[] = {{nul, "NUL"}, {big, "bytes"}, {none, "No such file"}, {folder, "regular file"}};
    for (size_t k = 0; k < COUNT(bad); k++) {
        file = (struct text_file *)&error;
        assert_int_equal(text_file_read(bad[k].path, &file, &error), STATUS_INPUT);
        assert_null(file);
        ASSERT_NAMES(error.text, bad[k].path);
        ASSERT_NAMES(error.text, bad[k].part);
    }
    free(nul);
    free(big);
    free(none);
    folder_remove(folder);
}

/* "file:line: text" as compilers write it; too long a text is cut, never overrun; every status has
 * a text of its own; exit codes are those of the manual page. */
static void test_error_texts(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(fail_at(&error, "dir/a.sub", 12, "r1 has value %g", -2.0), STATUS_INPUT);
    assert_string_equal(error.text, "dir/a.sub:12: r1 has value -2");
    assert_int_equal((fail)(&error, STATUS_NUMERICAL, "%s", "no"), STATUS_NUMERICAL);
    assert_string_equal(error.text, "no");
    assert_int_equal((fail)(NULL, STATUS_UNTRUSTED, "%d", 1), STATUS_UNTRUSTED);
    char *name = memory_new(5001, 1);
    memset(name, 'x', 5000);
    fail_at(&error, name, 1, "%s", name);
    assert_true(strlen(error.text) < sizeof error.text);
    (fail)(&error, STATUS_INPUT, "%s", name);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    free(name);
    static const enum status all[] = {STATUS_OK, STATUS_NUMERICAL, STATUS_INPUT, STATUS_UNTRUSTED,
                                      STATUS_INTERRUPTED};
    static const int codes[] = {0, 1, 2, 3, 130};
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(all[i], codes[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(status_text(all[i]), status_text(all[j]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_stream_is_named),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_uniform_moments),
        cmocka_unit_test(test_spice_number_values),
        cmocka_unit_test(test_spice_number_refuses),
        cmocka_unit_test(test_number_text),
        cmocka_unit_test(test_table_csv),
        cmocka_unit_test(test_table_print),
        cmocka_unit_test(test_table_json),
        cmocka_unit_test(test_text_file),
        cmocka_unit_test(test_error_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
