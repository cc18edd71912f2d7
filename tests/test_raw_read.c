/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw files in the forms that ngspice and LTspice write, made here from the same numbers: all read
 * back to them.  A file cut at any byte, or with any byte of its header changed, is either read or
 * refused with a message. */
#include "testing.h"
#include "wave/decimate.h"
#include "wave/measure.h"
#include "wave/raw_read.h"

#include <math.h>

#define POINTS 7

struct form {
    const char *name, *flags, *command;
    bool wide, ascii, floats, columns, complex;
};

static const struct form forms[] = {
    {"ngspice binary", "real", "version 39", false, false, false, false, false},
    {"ngspice ASCII", "real", "version 39", false, true, false, false, false},
    {"ngspice complex", "complex", "version 39", false, false, false, false, true},
    {"ngspice complex ASCII", "complex", "version 39", false, true, false, false, true},
    {"LTspice", "real forward", "Linear Technology Corporation LTspice XVII", true, false, true,
     false, false},
    {"LTspice, plain header", "real forward", "Linear Technology Corporation LTspice IV", false,
     false, true, false, false},
    {"LTspice double", "real forward double", "LTspice XVII", true, false, false, false, false},
    {"LTspice fastaccess", "real forward fastaccess", "LTspice XVII", true, false, true, true,
     false},
    {"LTspice complex", "complex forward log", "LTspice XVII", true, false, false, false, true},
    {"LTspice ASCII", "real forward", "LTspice XVII", true, true, true, false, false},
};

/* Numbers that a float holds exactly. */
static double number(int variable, int part, int point)
{
    return variable == 0 ? (part ? 0 : 0.25 * point)
                         : ldexp(3 * variable + point * point, -variable) - 5 + 2 * part;
}

static void put_text(const struct form *f, const char *text, FILE *out)
{
    for (; *text; text++) {
        fputc(*text, out);
        if (f->wide)
            fputc(0, out);
    }
}

static void put_number(const struct form *f, int variable, int point, FILE *out)
{
    for (int part = 0; part <= f->complex; part++) {
        const double d = number(variable, part, point);
        const float s = (float)d;
        if (f->floats && variable > 0)
            fwrite(&s, sizeof s, 1, out);
        else
            fwrite(&d, sizeof d, 1, out);
    }
}

static void put_ascii(const struct form *f, FILE *out)
{
    for (int p = 0; p < POINTS; p++) {
        char text[64];
        snprintf(text, sizeof text, "%d", p);
        put_text(f, text, out);
        for (int v = 0; v < 3; v++) {
            if (f->complex)
                snprintf(text, sizeof text, "\t%.17g,%.17g\n", number(v, 0, p), number(v, 1, p));
            else
                snprintf(text, sizeof text, "\t%.17g\n", number(v, 0, p));
            put_text(f, text, out);
        }
    }
}

static void put_plot(const struct form *f, FILE *out)
{
    char *head = memory_format("Title: * a deck\nDate: now\nPlotname: Transient Analysis\n"
                               "Flags: %s\nNo. Variables: 3\nNo. Points: %12d\nOffset: 0\n"
                               "Command: %s\nVariables:\n\t0\ttime\ttime\n\t1\tV(out)\tvoltage\n"
                               "\t2\tI(R1)\tdevice_current\n%s\n",
                               f->flags, POINTS, f->command, f->ascii ? "Values:" : "Binary:");
    put_text(f, head, out);
    free(head);
    if (f->ascii)
        put_ascii(f, out);
    for (int p = 0; !f->ascii && !f->columns && p < POINTS; p++)
        for (int v = 0; v < 3; v++)
            put_number(f, v, p, out);
    for (int v = 0; f->columns && v < 3; v++)
        for (int p = 0; p < POINTS; p++)
            put_number(f, v, p, out);
}

static char *make(const struct form *f, int plots, size_t *n)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, n);
    for (int k = 0; k < plots; k++)
        put_plot(f, out);
    assert_int_equal(fclose(out), 0);
    return bytes;
}

static struct raw_file *open_form(const char *folder, const struct form *f, int plots, int plot)
{
    struct raw_file *raw;
    struct error error = {0};
    size_t n;
    char *bytes = make(f, plots, &n), *path = file_write(folder, "a.raw", bytes, n);
    ASSERT_DONE(raw_read_open(path, (size_t)plot, &raw, &error), error);
    free(path);
    free(bytes);
    return raw;
}

static void every_form_gives_the_numbers(void **state)
{
    (void)state;
    char *folder = folder_make();
    for (size_t k = 0; k < COUNT(forms); k++)
        for (int plot = 1; plot <= 3; plot++) {
            struct error error = {0};
            struct raw_file *raw = open_form(folder, &forms[k], 3, plot);
            assert_int_equal(raw->n_plots, 3);
            assert_int_equal(raw->n_points, POINTS);
            assert_string_equal(raw->title, "* a deck");
            for (int v = 0; v < 3; v++)
                for (int part = 0; part <= (forms[k].complex && v > 0); part++) {
                    static const char *const names[][2] = {
                        {"time", ""}, {"v(out)", "vi(out)"}, {"i(r1)", "im(I(R1))"}};
                    const size_t s = raw_read_find(raw, names[v][part]);
                    assert_true(s < raw->n_signals);
                    double *column = raw_read_column(raw, s, &error);
                    assert_non_null(column);
                    for (int p = 0; p < POINTS; p++)
                        if (column[p] != number(v, part, p))
                            fail_msg("%s: %s[%d] = %.17g, expected %.17g", forms[k].name,
                                     raw->signals[s].name, p, column[p], number(v, part, p));
                    free(column);
                }
            raw_read_close(raw);
        }
    folder_remove(folder);
}

static void magnitude_decibel_and_phase(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct raw_file *raw = open_form(folder, &forms[2], 1, 1);
    static const char *const names[] = {"vm(out)", "vdb(out)", "vp(out)"};
    for (int k = 0; k < 3; k++) {
        struct error error = {0};
        double *column = raw_read_column(raw, raw_read_find(raw, names[k]), &error);
        for (int p = 0; p < POINTS; p++) {
            const double re = number(1, 0, p), im = number(1, 1, p),
                         wanted[] = {sqrt(re * re + im * im), 10 * log10(re * re + im * im),
                                     atan2(im, re) * 180 / acos(-1)};
            ASSERT_NEAR(column[p], wanted[k], 1e-12);
        }
        free(column);
    }
    raw_read_close(raw);
    folder_remove(folder);
}

static void read_or_refused(const char *folder, const char *bytes, size_t n, bool refused,
                            const char *what)
{
    struct raw_file *raw;
    struct error error = {0};
    char *path = file_write(folder, "bad.raw", bytes, n);
    const enum status status = raw_read_open(path, 1, &raw, &error);
    if (status == STATUS_OK) {
        struct decimated d;
        const size_t last = raw->n_signals - 1;
        if (refused)
            fail_msg("%s: %zu bytes were read", what, n);
        ASSERT_DONE(decimate(raw, &(struct raw_block){0, raw->n_points, 1, &last}, 3, &d, &error),
                    error);
        decimated_free(&d);
        raw_read_close(raw);
    } else {
        assert_int_equal(status, STATUS_INPUT);
        assert_null(raw);
        ASSERT_NAMES(error.text, "bad.raw");
    }
    free(path);
}

static void cut_at_every_byte_is_refused(void **state)
{
    (void)state;
    char *folder = folder_make();
    for (size_t k = 0; k < COUNT(forms); k++) {
        size_t n;
        char *bytes = make(&forms[k], 1, &n);
        /* of the last number of an ASCII file some digits and the line's end may be missing */
        const size_t whole = forms[k].ascii ? n - (forms[k].wide ? 52 : 26) : n;
        for (size_t cut = 0; cut < whole; cut++)
            read_or_refused(folder, bytes, cut, true, forms[k].name);
        free(bytes);
    }
    folder_remove(folder);
}

static void any_byte_changed_ends_well(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0, '\n', '9', '-', 0xff};
    char *folder = folder_make();
    for (size_t k = 0; k < COUNT(forms); k++) {
        size_t n;
        char *bytes = make(&forms[k], 1, &n);
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < COUNT(changes); c++) {
                const char kept = bytes[i];
                bytes[i] = (char)changes[c];
                read_or_refused(folder, bytes, n, false, forms[k].name);
                bytes[i] = kept;
            }
        free(bytes);
    }
    folder_remove(folder);
}

static void decimation_keeps_every_extreme(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct raw_file *raw = open_form(folder, &forms[0], 1, 1);
    const size_t signal = 1;
    for (size_t bins = 1; bins <= POINTS + 1; bins++) {
        struct decimated d;
        struct error error = {0};
        ASSERT_DONE(decimate(raw, &(struct raw_block){0, POINTS, 1, &signal}, bins, &d, &error),
                    error);
        assert_true(d.n_bins <= bins);
        for (size_t b = 0; b < d.n_bins; b++) {
            double low = INFINITY, high = -INFINITY;
            for (size_t p = b * d.per_bin; p < (b + 1) * d.per_bin && p < POINTS; p++) {
                low = fmin(low, number(1, 0, (int)p));
                high = fmax(high, number(1, 0, (int)p));
            }
            assert_true(fmin(d.value[2 * b], d.value[2 * b + 1]) == low);
            assert_true(fmax(d.value[2 * b], d.value[2 * b + 1]) == high);
            assert_true(d.begin[b] == number(0, 0, (int)(b * d.per_bin)));
        }
        decimated_free(&d);
    }
    raw_read_close(raw);
    folder_remove(folder);
}

/* An ngspice file of n points of time and v(out). */
static struct raw_file *open_values(const char *folder, size_t n, const double *t, const double *v)
{
    char *bytes = NULL;
    size_t size;
    FILE *out = open_memstream(&bytes, &size);
    fprintf(out,
            "Title: * a deck\nDate: now\nPlotname: Transient Analysis\nFlags: real\n"
            "No. Variables: 2\nNo. Points: %zu\nCommand: version 39\nVariables:\n"
            "\t0\ttime\ttime\n\t1\tv(out)\tvoltage\nBinary:\n",
            n);
    for (size_t p = 0; p < n; p++) {
        fwrite(&t[p], sizeof t[p], 1, out);
        fwrite(&v[p], sizeof v[p], 1, out);
    }
    assert_int_equal(fclose(out), 0);
    char *path = file_write(folder, "a.raw", bytes, size);
    struct raw_file *raw;
    struct error error = {0};
    ASSERT_DONE(raw_read_open(path, 1, &raw, &error), error);
    free(path);
    free(bytes);
    return raw;
}

/* Both extremes of a bin stand in the order in which they come, whatever begins the bin; the widest
 * bin is the widest there is: 9 points, uneven in time, in bins of three. */
static void decimation_keeps_the_order(void **state)
{
    (void)state;
    static const double t[] = {0, 1, 2, 3, 5, 6, 7, 7.5, 8}, v[] = {3, 9, 1, NAN, -2, 8, 0, 5, -5},
                        wanted[] = {9, 1, -2, 8, 5, -5};
    char *folder = folder_make();
    struct raw_file *raw = open_values(folder, COUNT(t), t, v);
    struct error error = {0};
    struct decimated d;
    const size_t signal = 1;
    ASSERT_DONE(decimate(raw, &(struct raw_block){0, COUNT(t), 1, &signal}, 3, &d, &error), error);
    assert_int_equal(d.n_bins, 3);
    for (size_t k = 0; k < COUNT(wanted); k++)
        ASSERT_NEAR(d.value[k], wanted[k], 0);
    ASSERT_NEAR(d.widest, 4, 0); /* from 3 to 7 */
    decimated_free(&d);
    raw_read_close(raw);
    folder_remove(folder);
}

/* Where an extreme is reached more than once the last of them counts. */
static void the_last_extreme(void **state)
{
    (void)state;
    static const double t[] = {0, 1, 2, 3, 4, 5}, v[] = {1, 3, 1, 3, 1, 2};
    static const struct {
        const char *text;
        double value, at;
    } wanted[] = {{"max v(out)", 3, 3}, {"min v(out)", 1, 4}, {"max v(out) to=2.5", 3, 1}};
    char *folder = folder_make();
    struct raw_file *raw = open_values(folder, COUNT(t), t, v);
    for (size_t k = 0; k < COUNT(wanted); k++) {
        struct measure_result r;
        struct error error = {0};
        ASSERT_DONE(measure(raw, wanted[k].text, -INFINITY, INFINITY, &r, &error), error);
        ASSERT_NEAR(r.value, wanted[k].value, 0);
        ASSERT_NEAR(r.at, wanted[k].at, 0);
        free(r.name);
    }
    raw_read_close(raw);
    folder_remove(folder);
}

/* V(out) is (3 + p^2)/2 - 5 at t = p/4: its straight pieces cross 0 between p = 2 and 3, at
 * p = 2 + 1.5/2.5; the trapezoids of p^2 from 0 to 6 sum up to 73. */
static void measures_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } wanted[] = {
        {"when v(out)=0", 0.25 * (2 + 1.5 / 2.5)},
        {"avg v(out)", (73 / 2.0 + 6 * 1.5) / 6 - 5},
        {"x: max v(out) to=1", 4.5},
        {"trig at=0.5 targ V(OUT) val=14.5 cross=last", 1},
        {"find v(out) at=1.125", 7 - 0.25},
        {"pp v(out) from=0.25", 17.5},
    };
    char *folder = folder_make();
    struct raw_file *raw = open_form(folder, &forms[0], 1, 1);
    for (size_t k = 0; k < COUNT(wanted); k++) {
        struct measure_result r;
        struct error error = {0};
        ASSERT_DONE(measure(raw, wanted[k].text, -INFINITY, INFINITY, &r, &error), error);
        ASSERT_NEAR(r.value, wanted[k].value, 1e-12);
        free(r.name);
    }
    raw_read_close(raw);
    folder_remove(folder);
}

/* The most by which the middle between a bin's two values is off: half of the widest bin's difference. */
static void test_bound(void **state)
{
    (void)state;
    double value[] = {1, 4, 7, -1, 2, 3}; /* one signal, three bins */
    const struct decimated d = {.n_signals = 1, .n_bins = 3, .value = value};
    ASSERT_NEAR(decimated_bound(&d, 0), 4, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(every_form_gives_the_numbers),
        cmocka_unit_test(magnitude_decibel_and_phase),
        cmocka_unit_test(cut_at_every_byte_is_refused),
        cmocka_unit_test(any_byte_changed_ends_well),
        cmocka_unit_test(decimation_keeps_every_extreme),
        cmocka_unit_test(decimation_keeps_the_order),
        cmocka_unit_test(the_last_extreme),
        cmocka_unit_test(measures_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
