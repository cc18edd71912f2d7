/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's deck as it goes to ngspice: sources that sense currents are in series with the terminals,
 * and nothing else is changed; and a confined process opens nothing. */
#include "circuit/user_deck.h"
#include "engine/spice/confine.h"
#include "testing.h"

#include <fcntl.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

/* Write text to a fresh file and read it as a deck. */
static struct user_deck *read_text(const char *text, bool trusted, struct error *error)
{
    char path[] = "/tmp/test_user_deck-XXXXXX";
    struct user_deck *deck;
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    const enum status status = user_deck_read(path, trusted, &deck, error);
    assert_int_equal(status == STATUS_OK, deck != NULL);
    unlink(path);
    return deck;
}

static void check_lines(const char *text, size_t analysis, const char *const *wanted)
{
    struct error error = {0};
    struct user_deck *deck = read_text(text, false, &error);
    if (!deck)
        fail_msg("%s", error.text);
    size_t *origin, n = 0;
    char **lines = user_deck_lines(deck, analysis, NULL, &origin);
    for (; lines[n] && wanted[n]; n++)
        assert_string_equal(lines[n], wanted[n]);
    assert_null(lines[n]);
    assert_null(wanted[n]);
    for (size_t i = 0; i < n; i++)
        free(lines[i]);
    free(lines);
    free(origin);
    user_deck_free(deck);
}

static void elements_are_sensed(void **state)
{
    (void)state;
    static const char text[] = "a title\n"
                               "V1 in 0 dc 1\n"
                               "R1 (in Out) 1K ; what it is\n"
                               "c1 out GND 1n ic = 2 $ comment\n"
                               "* comment\n"
                               "M1 d g s b nm\n"
                               "+ w=1u // and more\n"
                               "q1 c b e npn\n"
                               "q2 c b e sub npn 2\n"
                               "x1 a sub1\n"
                               "x2 a b sub1 p = 1 q=2\n"
                               "a1 [a] [b] model\n"
                               ".model npn npn\n"
                               ".subckt sub1 a\n"
                               "rinner a 0 1\n"
                               ".ends\n"
                               ".tran 1n 1u\n"
                               ".op\n"
                               ".print tran v(in)\n"
                               ".meas tran x max v(in)\n"
                               ".save v(in) @m1[id]\n"
                               ".end\n"
                               "behind the end\n";
    static const char *const tran[] = {
        "* a deck",
        "V1 in 0 dc 1",
        "R1 (in sb_1_0) 1K",
        "vsb_1_0 sb_1_0 out 0",
        "c1 out sb_2_0 1n ic = 2",
        "vsb_2_0 sb_2_0 0 0",
        "M1 sb_3_0 sb_3_1 sb_3_2 sb_3_3 nm  w=1u",
        "vsb_3_0 d sb_3_0 0",
        "vsb_3_1 g sb_3_1 0",
        "vsb_3_2 s sb_3_2 0",
        "vsb_3_3 b sb_3_3 0",
        "q1 sb_4_0 sb_4_1 sb_4_2 npn",
        "vsb_4_0 c sb_4_0 0",
        "vsb_4_1 b sb_4_1 0",
        "vsb_4_2 e sb_4_2 0",
        "q2 sb_5_0 sb_5_1 sb_5_2 sb_5_3 npn 2",
        "vsb_5_0 c sb_5_0 0",
        "vsb_5_1 b sb_5_1 0",
        "vsb_5_2 e sb_5_2 0",
        "vsb_5_3 sub sb_5_3 0",
        "x1 sb_6_0 sub1",
        "vsb_6_0 a sb_6_0 0",
        "x2 sb_7_0 sb_7_1 sub1 p = 1 q=2",
        "vsb_7_0 a sb_7_0 0",
        "vsb_7_1 b sb_7_1 0",
        "a1 [a] [b] model",
        ".model npn npn",
        ".subckt sub1 a",
        "rinner a 0 1",
        ".ends",
        ".tran 1n 1u",
        ".meas tran x max v(in)",
        ".save all",
        ".save @m1[id]",
        ".end",
        NULL,
    };
    check_lines(text, 0, tran);
}

static void check_texts(char **got, const char *const *wanted)
{
    size_t n = 0;
    for (; got[n] && wanted[n]; n++)
        assert_string_equal(got[n], wanted[n]);
    assert_null(got[n]);
    assert_null(wanted[n]);
    for (size_t i = 0; i < n; i++)
        free(got[i]);
    free(got);
}

/* A capacitor beside each source that will sense says what the node behind it is to begin with. */
static void initial_values_go_behind_sources(void **state)
{
    (void)state;
    static const char text[] =
        "a title\nc1 0 Out 1n\nx1 out gnd s\n.subckt s a b\nr1 a b 1\n.ends\n"
        ".ic v(out)=1\n.op\n.meas tran x max v(out)\n.tran 1n 1u 0.5u UIC\n";
    static const char *const probing[] = {"* a deck",
                                          "c1 0 Out 1n",
                                          "csb_0_0 out sb_reference 1e-30",
                                          "x1 out gnd s",
                                          "csb_1_0 out sb_reference 1e-30",
                                          "csb_1_1 0 sb_reference 1e-30",
                                          ".subckt s a b",
                                          "r1 a b 1",
                                          ".ends",
                                          ".ic v(out)=1",
                                          ".tran 1p 1p uic",
                                          ".end",
                                          NULL};
    static const char *const names[] = {"@csb_0_0[ic]", "@csb_1_0[ic]", "@csb_1_1[ic]"};
    static const char *const run[] = {"* a deck",
                                      "c1 0 sb_0_0 1n",
                                      "vsb_0_0 sb_0_0 out 0",
                                      ".ic v(sb_0_0)=0.25",
                                      "x1 sb_1_0 sb_1_1 s",
                                      "vsb_1_0 out sb_1_0 0",
                                      ".ic v(sb_1_0)=0.25",
                                      "vsb_1_1 0 sb_1_1 0",
                                      ".subckt s a b",
                                      "r1 a b 1",
                                      ".ends",
                                      ".ic v(out)=1",
                                      ".meas tran x max v(out)",
                                      ".tran 1n 1u 0.5u UIC",
                                      ".save all",
                                      ".end",
                                      NULL};
    const double initial[] = {0.25, 0.25, 0};
    struct error error = {0};
    struct user_deck *deck = read_text(text, false, &error);
    if (!deck)
        fail_msg("%s", error.text);
    assert_false(user_deck_needs_initial(deck, 0));
    assert_true(user_deck_needs_initial(deck, 1));
    assert_int_equal(deck->n_senses, 3);
    assert_true(deck->analyses[1].from > 0.4e-6 && deck->analyses[1].from < 0.6e-6);
    size_t *origin;
    char **probes, **lines = user_deck_probe_lines(deck, 1, &probes, &origin);
    check_texts(lines, probing);
    free(origin);
    for (size_t i = 0; i < deck->n_senses; i++) {
        assert_string_equal(probes[i], names[i]);
        free(probes[i]);
    }
    free(probes);
    lines = user_deck_lines(deck, 1, initial, &origin);
    check_texts(lines, run);
    free(origin);
    user_deck_free(deck);
}

static void values_are_plain_or_none(void **state)
{
    (void)state;
    static const char text[] = "title\nc1 a 0 2n\nc2 a 0 {c}\nc3 a 0 1n m=2\nc4 a 0 1p ic=1\n"
                               "l1 a 0 1m\nl2 a 0 1m\nl3 a 0 1m\nk1 l1 L2 0.5\n.op\n";
    static const double wanted[] = {2e-9, NAN, NAN, 1e-12, NAN, NAN, 1e-3};
    struct error error = {0};
    struct user_deck *deck = read_text(text, false, &error);
    assert_non_null(deck);
    assert_int_equal(deck->n_elements, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++)
        assert_true(isnan(wanted[i]) ? isnan(deck->elements[i].value)
                                     : fabs(deck->elements[i].value / wanted[i] - 1) < 1e-12);
    user_deck_free(deck);
}

/* A deck that has our prefix gets another one. */
static void names_do_not_clash(void **state)
{
    (void)state;
    struct error error = {0};
    struct user_deck *deck = read_text("t\nr1 a SB_0_0 1\n.op\n", false, &error);
    assert_non_null(deck);
    assert_string_equal(deck->prefix, "sb1_");
    user_deck_free(deck);
}

/* Lines of a trusted deck are as they are, its .control blocks too. */
static void trusted_decks_keep_their_commands(void **state)
{
    (void)state;
    static const char text[] = "t\nr1 a 0 1\n.control\nrun ; plot $x // y\n* not dropped\n.endc\n";
    struct error error = {0};
    assert_null(read_text(text, false, &error));
    assert_non_null(strstr(error.text, ":3: '.control' runs commands"));
    struct user_deck *deck = read_text(text, true, &error);
    assert_non_null(deck);
    assert_true(deck->control);
    assert_int_equal(deck->text->n_lines, 5);
    assert_string_equal(deck->text->lines[2].text, "run ; plot $x // y");
    assert_string_equal(deck->text->lines[3].text, "* not dropped");
    user_deck_free(deck);
}

static void confined_processes_open_nothing(void **state)
{
    (void)state;
    int result;
    char *folder = folder_make(), *path = memory_format("%s/confined", folder);
    const pid_t child = fork();
    if (child == 0) {
        if (!confine_files())
            _exit(77); /* an older kernel */
        const bool reads = open("/etc/passwd", O_RDONLY) >= 0,
                   writes = open(path, O_WRONLY | O_CREAT, 0600) >= 0;
        execl("/bin/false", "false", (char *)NULL); /* would end with status 1 */
        _exit(2 * reads + 4 * writes);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    unlink(path); /* where it could be written */
    folder_remove(folder);
    free(path);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(result), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_sensed),
        cmocka_unit_test(initial_values_go_behind_sources),
        cmocka_unit_test(values_are_plain_or_none),
        cmocka_unit_test(names_do_not_clash),
        cmocka_unit_test(trusted_decks_keep_their_commands),
        cmocka_unit_test(confined_processes_open_nothing),
    };
    return cmocka_run_group_tests_name("user_deck", tests, NULL, NULL);
}
