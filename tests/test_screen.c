/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen before ngspice: each control byte in each kind of file, what may and may not stand in a
 * line, and the limits of a worker. */
#include "base/spice_screen.h"
#include "circuit/subcircuit.h"
#include "circuit/subcircuit_internal.h"
#include "circuit/user_deck.h"
#include "device/library/library.h"
#include "engine/spice/confine.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* --- files by the readers that hand them to ngspice */

static enum status read_deck(const char *path, struct error *error)
{
    struct user_deck *deck;
    const enum status status = user_deck_read(path, false, &deck, error);
    user_deck_free(deck);
    return status;
}

static enum status read_netlist(const char *path, struct error *error)
{
    struct subcircuit_file *file;
    const enum status status = subcircuit_read(path, &file, error);
    subcircuit_free(file);
    return status;
}

static enum status read_library(const char *path, struct error *error)
{
    struct dopant *dopant;
    const enum status status = dopant_read(path, folder, &dopant, error);
    dopant_free(dopant);
    return status;
}

/* Each text has %s where something is put in: in line 3. */
static const struct {
    const char *name, *text;
    enum status (*read)(const char *path, struct error *error);
} files[] = {
    {"screen.cir", "title\nr1 a 0 1\n%s\nv1 a 0 1\n.op\n.end\n", read_deck},
    {"screen.sub", ".subckt a p n\nr1 p n 1k\n%s\n.ends\n", read_netlist},
    {"screen.lib",
     "* a device\n.subckt D p n x0=0.01\n%s\nxm p n x mmsdz x0={x0} ron=500 roff=50k tau=160u "
     "von=0.3 "
     "voff=0.1 vton=26m vtoff=26m vdz=0.1\n.subckt mmsdz p n x\n.ends mmsdz\n.ends\n",
     read_library},
};

/* Read file k with `line` of n bytes in it. */
static enum status read_with(size_t k, const char *line, size_t n, struct error *error)
{
    char text[1024];
    const char *gap = strstr(files[k].text, "%s");
    const size_t before = (size_t)(gap - files[k].text), after = strlen(gap + 2);
    assert_true(before + n + after < sizeof text);
    memcpy(text, files[k].text, before);
    memcpy(text + before, line, n);
    memcpy(text + before + n, gap + 2, after);
    char *path = file_write(folder, files[k].name, text, before + n + after);
    *error = (struct error){{0}};
    const enum status status = files[k].read(path, error);
    free(path);
    return status;
}

static void assert_refused(size_t k, const char *line, size_t n, const char *piece)
{
    struct error error;
    char place[64];
    snprintf(place, sizeof place, "%s:3: ", files[k].name);
    const enum status status = read_with(k, line, n, &error);
    if (status != STATUS_INPUT || !strstr(error.text, place) || !strstr(error.text, piece))
        fail_msg("%s: status %d, '%s', expected '%s%s'", files[k].name, (int)status, error.text,
                 place, piece);
}

/* Every byte below 0x20 and 0x7f, before a comment that ngspice runs, within a comment and within an
 * element: refused with its line and its number.  A tab is white space, a line feed ends the line. */
static void control_bytes(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(files); k++)
        for (int byte = 0; byte < 0x80; byte++) {
            if ((byte >= 0x20 && byte != 0x7f) || byte == '\n' || byte == '\t')
                continue;
            const char *const around[] = {"@*#shell true", " @*#shell true", "* a@ comment",
                                          "r2 0@ 0 1k", "* last @"};
            char line[64], piece[32];
            snprintf(piece, sizeof piece, "%s 0x%02x", byte ? "control byte" : "NUL byte", byte);
            for (size_t i = 0; i < COUNT(around); i++) {
                const size_t n = strlen(around[i]);
                memcpy(line, around[i], n + 1);
                *strchr(line, '@') = (char)byte;
                if (byte == '\r' && line[n - 1] == '\r')
                    continue; /* CR LF */
                assert_refused(k, line, n, piece);
            }
        }
}

/* Line ends of DOS, tabs and letters beyond ASCII stay what they are. */
static void harmless_bytes(void **state)
{
    (void)state;
    static const char *const lines[] = {"* a comment\r", "*\ta comment",   "* 5 \xc2\xb5S", "",
                                        " \t ",          "* # a title # *"};
    struct error error;
    for (size_t k = 0; k < COUNT(files); k++)
        for (size_t i = 0; i < COUNT(lines); i++)
            ASSERT_DONE(read_with(k, lines[i], strlen(lines[i]), &error), error);
}

/* What ngspice runs or opens, in each kind of file. */
static void commands(void **state)
{
    (void)state;
    static const struct {
        const char *line, *piece;
    } refused[] = {
        {"*#shell true", "that ngspice runs"},
        {" \t *#shell true", "that ngspice runs"},
        {"*# shell true", "that ngspice runs"},
        {".control", "'.control' runs commands"},
        {" .CoNTroL", "'.CoNTroL' runs commands"},
        {".controls", "runs commands"},
        {".con\n+trol", "'.con'"},
        {".exec x", "'.exec'"},
        {".codemodel x.cm", "'.codemodel'"},
        {".osdi x.osdi", "'.osdi'"},
        {".hdl x.va", "'.hdl'"},
        {".model m FileSource(amploffset=[0])", "'FileSource' opens files"},
        {".model m d_process(x=1)", "'d_process' opens files"},
        {"v2 b 0 pwl file=x", "'file' opens files"},
        {"r2 a 0 \"text\"", "is a text"},
        {"r2 a 0 `text`", "is a text"},
        {"(r2 a 0 1", "'(r2'"},
    };
    for (size_t k = 0; k < COUNT(files); k++)
        for (size_t i = 0; i < COUNT(refused); i++)
            assert_refused(k, refused[i].line, strlen(refused[i].line), refused[i].piece);
}

/* Words in comments are no words of the netlist, and do not reach ngspice. */
static void comments(void **state)
{
    (void)state;
    static const char line[] = "r2 p n 1k ; see the file \"x\" `y`";
    struct error error;
    struct subcircuit_file *file;
    ASSERT_DONE(read_with(1, line, strlen(line), &error), error);
    char *path = memory_format("%s/%s", folder, files[1].name);
    ASSERT_DONE(subcircuit_read(path, &file, &error), error);
    assert_non_null(strstr(file->text, "r2 p n 1k\n"));
    subcircuit_free(file);
    free(path);
}

/* The deck as it goes to ngspice. */
static void whole_decks(void **state)
{
    (void)state;
    static const char *const good[] = {"* title", "", ".param a=1", "r1 a 0", "+ 1k", ".end", NULL};
    static const struct {
        const char *line, *piece;
    } bad[] = {{"\f*#shell true", "control byte 0x0c"}, {"*#shell true", "that ngspice runs"},
               {" .control", "runs commands"},          {".include x", "'.include'"},
               {"r1 a 0 1\nr2 a 0 1", "byte 0x0a"},     {"r1 a 0 1\r", "byte 0x0d"}};
    struct error error = {{0}};
    ASSERT_DONE(spice_deck_screen(good, &error), error);
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *const lines[] = {"* title", bad[i].line, ".end", NULL};
        assert_int_equal(spice_deck_screen(lines, &error), STATUS_INPUT);
        assert_non_null(strstr(error.text, ":2: "));
        assert_non_null(strstr(error.text, bad[i].piece));
    }
}

/* --- a worker's limits, each tried in a child that ends with the number of what did not hold */

static void assert_child(int (*child)(void))
{
    int result;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(child());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

static int write_file(void)
{
    char *path = memory_format("%s/made", folder);
    const int file = open(path, O_WRONLY | O_CREAT, 0600);
    int pipes[2];
    signal(SIGXFSZ, SIG_IGN);
    confine_sizes();
    if (file < 0 || pipe(pipes) != 0)
        return 1;
    if (write(file, "x", 1) >= 0 || errno != EFBIG)
        return 2;
    return write(pipes[1], "x", 1) == 1 ? 0 : 3; /* no file */
}

/* No allocation of all memory that the machine has; one of 16 MiB goes on. */
static int allocate(void)
{
    confine_sizes();
    const size_t all = (size_t)sysconf(_SC_PAGESIZE) * (size_t)sysconf(_SC_PHYS_PAGES);
    void *volatile some = malloc(16u << 20);
    if (!some)
        return 1;
#ifndef __SANITIZE_ADDRESS__
    void *volatile too_much = malloc(all);
    if (too_much)
        return 2;
#else
    (void)all;
#endif
    return 0;
}

static int inherit(void)
{
    int keep[2], others[4];
    if (pipe(others) != 0 || pipe(keep) != 0 || pipe(others + 2) != 0)
        return 1;
    if (!confine_descriptors(keep[1], keep[0]))
        return 2;
    for (int i = 0; i < 4; i++)
        if (fcntl(others[i], F_GETFD) >= 0)
            return 3;
    char byte;
    if (write(keep[1], "x", 1) != 1 || read(keep[0], &byte, 1) != 1)
        return 4;
    return read(STDIN_FILENO, &byte, 1) == 0 && write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 5;
}

static void limits(void **state)
{
    (void)state;
    assert_child(write_file);
    assert_child(allocate);
    assert_child(inherit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_bytes), cmocka_unit_test(harmless_bytes),
        cmocka_unit_test(commands),      cmocka_unit_test(comments),
        cmocka_unit_test(whole_decks),   cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests_name("screen", tests, set_up, tear_down);
}
