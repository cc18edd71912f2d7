/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reader of devices/NAME.lib: every shipped file, and hostile ones, each with the parts that its
 * message must name. */
#include "base/memory.h"
#include "device/library/library.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *devices; /* the shipped folder */
static char *folder;  /* a temporary one */

static void write_file(const char *name, const char *text, size_t size)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    free(path);
}

static void assert_parameters_equal(const struct dopant *a, const struct dopant *b)
{
    assert_ptr_equal(a->model, b->model);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->state_node, b->state_node);
    for (size_t k = 0; k < a->model->n_parameters; k++)
        assert_true(a->parameters[k] == b->parameters[k]);
    assert_true(a->g_min == b->g_min && a->g_max == b->g_max);
}

/* Each shipped file is read; its text stands alone (read back from another folder it says the
 * same), and its constants are those of its parameters. */
static void test_shipped(void **state)
{
    (void)state;
    DIR *d = opendir(devices);
    if (!d)
        fail_msg("no folder '%s': SB_SRC names the source root", devices);
    size_t count = 0;
    for (struct dirent *e; (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 4, ".lib") != 0)
            continue;
        struct error error = {{0}};
        struct dopant *dopant, *copy;
        char *stem = memory_string_n(e->d_name, n - 4);
        if (dopant_read(stem, devices, &dopant, &error) != STATUS_OK)
            fail_msg("%s", error.text);
        assert_null(strstr(dopant->text, ".include"));
        assert_string_equal(dopant->state_node, "x");
        double c[MODEL_CONSTANTS_MAX];
        dopant->model->prepare(dopant->parameters, c);
        for (double v = -0.5; v <= 0.5; v += 0.125)
            assert_true(dopant->model->rate(dopant->constants, v, 0.5).f ==
                        dopant->model->rate(c, v, 0.5).f);
        write_file("copy.lib", dopant->text, strlen(dopant->text));
        if (dopant_read("copy", folder, &copy, &error) != STATUS_OK)
            fail_msg("%s", error.text);
        assert_parameters_equal(dopant, copy);
        dopant_free(dopant);
        dopant_free(copy);
        free(stem);
        count++;
    }
    closedir(d);
    assert_true(count >= 9);
}

/* Numbers as in the file; names without regard to case; a path as well as a name. */
static void test_values(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct dopant *by_name, *by_path;
    assert_int_equal(dopant_read("cR", devices, &by_name, &error), STATUS_OK);
    char *path = memory_format("%s/Cr.lib", devices);
    assert_int_equal(dopant_read(path, "/nonexistent", &by_path, &error), STATUS_OK);
    assert_parameters_equal(by_name, by_path);
    assert_string_equal(by_name->name, "Cr");
    assert_string_equal(by_name->model->name, "mmsdz");
    static const double wanted[] = {300,   220e3, .404, .139, 1.585e-4, .025864925786328753,
                                    .0162, .04};
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++)
        assert_true(fabs(by_name->parameters[k] / wanted[k] - 1) < 1e-15);
    assert_true(fabs(by_name->g_min / 50e-6 - 1) < 1e-15);
    assert_true(fabs(by_name->g_max / 500e-6 - 1) < 1e-15);
    free(path);
    dopant_free(by_name);
    dopant_free(by_path);

    static const char spread[] =
        "* spread over lines, defaults left out\n.SUBCKT D A B X0 = 0.5 ; ports\r\n"
        ".include m.sub\nXQ a b State MMSDZ x0={x0} RON = 1k $ on\n\n* half way\n"
        "+ roff=1meg,von=.3\n+ voff=.1 tau=1u\n.ends\n";
    write_file("d.lib", spread, strlen(spread));
    if (dopant_read("D", folder, &by_name, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_string_equal(by_name->state_node, "state");
    assert_true(fabs(by_name->parameters[1] - 1e6) < 1e-9);
    assert_true(fabs(by_name->parameters[5] - 0.025864925786328753) < 1e-17); /* kT/q */
    assert_true(by_name->g_min == 0 && by_name->g_max == 0);
    dopant_free(by_name);
}

#define HEAD ".subckt D p n x0=0.01\n.include m.sub\n"
#define REST " x0={x0} roff=1meg von=.3 voff=.1 tau=1u"
#define GOOD HEAD "xm p n x mmsdz ron=1k" REST "\n"

static const struct {
    const char *text, *parts[4]; /* parts of the message, up to NULL */
} malformed[] = {
    {"", {"bad.lib", "no .subckt"}},
    {"* nothing\n", {"bad.lib", "no .subckt"}},
    {GOOD, {"bad.lib", "expected .ends", "'D'"}},
    {GOOD ".ends\n" GOOD ".ends\n", {"bad.lib:5:", "second .subckt 'D'"}},
    {GOOD ".ends E\n", {"bad.lib:4:", ".ends E", "expected .ends D"}},
    {GOOD ".ends\n.ends\n", {"bad.lib:5:", ".ends without"}},
    {HEAD ".ends\n", {"bad.lib", "no instance"}},
    {".subckt D p n x0=0.01\nxm p n x mmsdz ron=1k" REST "\n.ends\n",
     {"bad.lib:2:", "no .subckt mmsdz", ".include mmsdz.sub"}},
    {GOOD "xk p n x mmsdz ron=1k" REST "\n.ends\n", {"bad.lib:4:", "second", "'xk'"}},
    {HEAD "r1 p n 1k\n.ends\n", {"bad.lib:3:", "'r1'", "expected one instance"}},
    {"r1 p n 1k\n" GOOD ".ends\n", {"bad.lib:1:", "'r1'", "outside"}},
    {HEAD "xm p n x foo ron=1k" REST "\n.ends\n", {"bad.lib:3:", "model 'foo'", "mmsdz", "vteam2"}},
    {HEAD "xm n p x mmsdz ron=1k" REST "\n.ends\n", {"bad.lib:3:", "xm n p", "'p n'"}},
    {HEAD "xm p n P mmsdz ron=1k" REST "\n.ends\n", {"bad.lib:3:", "'P' as state node"}},
    {HEAD "xm p n 0 mmsdz ron=1k" REST "\n.ends\n", {"bad.lib:3:", "'0' as state node"}},
    {HEAD "xm p n\n.ends\n", {"bad.lib:3:", "expected the ports"}},
    {HEAD "xm p n x mmsdz\n+" REST "\n.ends\n", {"bad.lib:3:", "no parameter 'ron'", "[ohm]"}},
    {HEAD "xm p n x mmsdz ron=1k foo=3" REST "\n.ends\n",
     {"bad.lib:3:", "unknown parameter 'foo'", "ron roff von"}},
    {HEAD "xm p n x mmsdz ron=1k\n+ ron=1k" REST "\n.ends\n",
     {"bad.lib:4:", "'ron' a second time"}},
    {HEAD "xm p n x mmsdz ron=1k x0={x0}" REST "\n.ends\n", {"bad.lib:3:", "'x0' a second time"}},
    {HEAD "xm p n x mmsdz x0=0.5 ron=1k\n.ends\n", {"bad.lib:3:", "x0=0.5", "expected x0={x0}"}},
    {HEAD "xm p n x mmsdz ron=1k\n.ends\n", {"bad.lib:3:", "without x0"}},
    {HEAD "xm p n x mmsdz ron=0" REST "\n.ends\n", {"bad.lib:3:", "ron=0", "expected 1 to 1e+12"}},
    {HEAD "xm p n x mmsdz ron=-5" REST "\n.ends\n", {"bad.lib:3:", "ron=-5", "expected 1 to"}},
    {HEAD "xm p n x mmsdz ron=nan" REST "\n.ends\n", {"bad.lib:3:", "ron=nan", "a number"}},
    {HEAD "xm p n x mmsdz ron=inf" REST "\n.ends\n", {"bad.lib:3:", "ron=inf", "a number"}},
    {HEAD "xm p n x mmsdz ron=1e999" REST "\n.ends\n", {"bad.lib:3:", "ron=1e999", "a number"}},
    {HEAD "xm p n x mmsdz ron={r}" REST "\n.ends\n", {"bad.lib:3:", "ron={r}", "a number"}},
    {HEAD "xm p n x mmsdz ron=" REST "\n.ends\n", {"bad.lib:3:", "ron=x0", "a number"}},
    {HEAD "xm p n x mmsdz ron" REST "\n.ends\n", {"bad.lib:3:", "'ron'", "name=value"}},
    {HEAD "xm p n x mmsdz ron=2meg" REST "\n.ends\n", {"bad.lib:3:", "ron < roff"}},
    {"*@ gmin 5u\n" GOOD ".ends\n", {"bad.lib:1:", "gmin", "expected both"}},
    {"*@ gmin 5u\n*@ gmax 5u\n" GOOD ".ends\n", {"bad.lib:2:", "gmin < gmax"}},
    {"*@ gmin 5u\n*@ gmax 2m\n" GOOD ".ends\n", {"bad.lib:2:", "0.002", "1/roff to 1/ron"}},
    {"*@ gmin .5u\n*@ gmax 1u\n" GOOD ".ends\n", {"bad.lib:2:", "5e-07", "1/roff to 1/ron"}},
    {"*@ gmin x\n" GOOD ".ends\n", {"bad.lib:1:", "gmin x", "positive number"}},
    {"*@ gmin 5u\n*@ gmin 5u\n" GOOD ".ends\n", {"bad.lib:2:", "gmin' a second time"}},
    {"*@ gmid 5u\n" GOOD ".ends\n", {"bad.lib:1:", "gmid", "gmax NUMBER"}},
    {".subckt\n", {"bad.lib:1:", ".subckt without a name"}},
    {".subckt D p n\n.ends\n", {"bad.lib:1:", "expected '.subckt NAME p n x0=NUMBER'"}},
    {".subckt D p p x0=0\n.ends\n", {"bad.lib:1:", "other ports"}},
    {".subckt D p n x0=2\n.ends\n", {"bad.lib:1:", "x0=2", "from 0 to 1"}},
    {".subckt D-x p n x0=0\n.ends\n", {"bad.lib:1:", "'D-x'", "letters"}},
    {".include none.sub\n" GOOD, {"bad.lib:1:", "none.sub", "cannot be read"}},
    {".include bad.lib\n", {"bad.lib:1:", "recursive"}},
    {".include loop.sub\n", {"bad.lib:1:", "loop.sub:1:", "recursive"}},
    {".include deep1.sub\n", {"bad.lib:1:", "deep8.sub:1:", "deeper than 8"}},
    {".include wide1.sub\n", {"bad.lib:1:", "expected a device library"}},
    {".include /etc/passwd\n", {"bad.lib:1:", "same folder"}},
    {".include ../m.sub\n", {"bad.lib:1:", "same folder"}},
    {".include\n", {"bad.lib:1:", "same folder"}},
    {".include m.sub\n" GOOD ".ends\n", {"m.sub:1:", "outside", "inside"}},
    {".include ends.sub\n", {"ends.sub:1:", ".ends without"}},
    {".if (1)\n" GOOD ".ends\n.endif\n", {"bad.lib:1:", "'.if'", "subcircuit of a model"}},
    {HEAD ".if (0)\nxm p n x mmsdz ron=1k" REST "\n.endif\n.ends\n", {"bad.lib:3:", "'.if'"}},
    {HEAD ".subckt q a\n.if (1)\n.ends\n", {"bad.lib:5:", "'.ends'", ".if of line 4", ".endif"}},
    {HEAD ".subckt q a\n.if (1)\n.if (1)\n", {"bad.lib:5:", "'.if'", ".endif before"}},
    {HEAD ".subckt q a\n.else\n", {"bad.lib:4:", "'.else'", ".if before"}},
    {HEAD ".subckt q a\n.if (1)\nr1 a 0 1\n", {"bad.lib:4:", ".endif behind"}},
    {HEAD ".subckt q a\n.IF (1)\n.param z=1\n", {"bad.lib:5:", "'.param'", ".if of line 4"}},
    {".control\nshell true\n.endc\n", {"bad.lib:1:", ".control"}},
    {GOOD "\x01\n.ends\n", {"bad.lib:4:", "byte 0x01", "text file"}},
};

static void assert_refused(const char *what, const char *const parts[4], const char *text)
{
    struct dopant *dopant = (struct dopant *)&malformed;
    struct error error = {{0}};
    assert_int_equal(dopant_read(what, folder, &dopant, &error), STATUS_INPUT);
    assert_null(dopant);
    for (int k = 0; k < 4 && parts[k]; k++)
        if (!strstr(error.text, parts[k]))
            fail_msg("message '%s' lacks '%s' for\n%s", error.text, parts[k], text);
    assert_null(strchr(error.text, '\n'));
}

static void test_malformed(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof malformed / sizeof malformed[0]; k++) {
        write_file("bad.lib", malformed[k].text, strlen(malformed[k].text));
        assert_refused("bad", malformed[k].parts, malformed[k].text);
    }
    write_file("bad.lib", "\177ELF\0\0", 6);
    assert_refused("bad", (const char *const[4]){"bad.lib", "NUL"}, "binary");
    assert_refused("xx", (const char *const[4]){"'xx'", "bad"}, "unknown dopant");
    assert_refused("./xx.lib", (const char *const[4]){"./xx.lib", "cannot be read"}, "no file");
}

/* A file cut anywhere, or with any byte changed to a few others, is read or refused, never worse
 * (run under the sanitizers). */
static void test_damaged(void **state)
{
    (void)state;
    static const char text[] = "*@ gmin 5u\n*@ gmax 50u\n" GOOD ".ends D\n";
    size_t n = strlen(text);
    struct error error;
    struct dopant *dopant;
    for (size_t k = 0; k < n; k++) {
        write_file("bad.lib", text, k);
        if (dopant_read("bad", folder, &dopant, &error) == STATUS_OK)
            assert_true(k >= n - 3); /* ".ends", ".ends D" without its line end */
        dopant_free(dopant);
        for (const char *c = " =+{.\n"; *c; c++) {
            char copy[sizeof text];
            memcpy(copy, text, sizeof text);
            copy[k] = *c;
            write_file("bad.lib", copy, n);
            dopant_read("bad", folder, &dopant, &error);
            dopant_free(dopant);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    const char *root = getenv("SB_SRC");
    devices = memory_format("%s/devices", root ? root : ".");
    folder = memory_string("/tmp/test_device_library_XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    static const char model[] = ".subckt mmsdz p n x x0=0.01\n.ends mmsdz\n";
    write_file("m.sub", model, strlen(model));
    write_file("loop.sub", ".include bad.lib\n", 17);
    write_file("ends.sub", ".ends\n", 6);
    for (int k = 1; k <= 9; k++) {
        char name[32], text[256];
        snprintf(name, sizeof name, "deep%d.sub", k);
        snprintf(text, sizeof text, ".include deep%d.sub\n", k + 1);
        write_file(name, text, strlen(text));
        snprintf(name, sizeof name, "wide%d.sub", k);
        *text = 0;
        for (int j = 0; j < 8; j++)
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     k < 6 ? ".include wide%d.sub\n" : "* %d some text of a line\n", k + 1);
        write_file(name, text, strlen(text));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = memory_format("%s/%s", folder, e->d_name);
        if (*e->d_name != '.')
            unlink(path);
        free(path);
    }
    if (d)
        closedir(d);
    rmdir(folder);
    free(folder);
    free(devices);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
