/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reader of netlist files: the shipped ones against a plain count of their lines, names against
 * what ngspice 39.3 prints (`show all`, `print all`), and hostile files, each with the parts that
 * its message must name. */
#include "base/random.h"
#include "base/text_file.h"
#include "circuit/circuit.h"
#include "circuit/subcircuit.h"
#include "circuit/subcircuit_internal.h"
#include "engine/engine.h"
#include "hostile_netlists.h"
#include "testing.h"

#include <sys/wait.h>

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

/* Read `text` as folder/a.sub. */
static enum status read_text(const char *text, size_t n, struct subcircuit_file **file,
                             struct error *error)
{
    char *path = file_write(folder, "a.sub", text, n);
    enum status status = subcircuit_read(path, file, error);
    assert_true((status == STATUS_OK) == (*file != NULL));
    free(path);
    return status;
}

static const struct element *element_named(const struct circuit *c, const char *name)
{
    for (size_t k = 0; k < c->n_elements; k++)
        if (strcmp(c->elements[k].name, name) == 0)
            return &c->elements[k];
    fail_msg("no element named %s", name);
    return NULL;
}

/* Expand subcircuit `name` between nodes t1, t2, ... as instance x1. */
static struct circuit *expand(const struct subcircuit_file *file, const char *name,
                              const struct parameter_value *given, size_t n_given)
{
    struct error error = {{0}};
    struct circuit *c = circuit_new("test");
    int nodes[16];
    const int n = subcircuit_terminals(file, name);
    assert_in_range(n, 1, 16);
    for (int i = 0; i < n; i++)
        nodes[i] = circuit_nodef(c, "t%d", i + 1);
    ASSERT_DONE(subcircuit_add(c,
                               &(struct subcircuit_instance){.file = file,
                                                             .subcircuit = name,
                                                             .name = "x1",
                                                             .n_nodes = (size_t)n,
                                                             .nodes = nodes,
                                                             .n_parameters = n_given,
                                                             .parameters = given,
                                                             .class = CLASS_NEURON},
                               &error),
                error);
    return c;
}

/* Lines of .subckt `name` in the file that start with `letter`. */
static size_t lines_of(const struct text_file *text, const char *name, char letter)
{
    size_t count = 0;
    bool inside = false;
    for (size_t i = 0; i < text->n_lines; i++) {
        char word[64] = "", second[64] = "";
        sscanf(text->lines[i], "%63s %63s", word, second);
        if (strcmp(word, ".subckt") == 0)
            inside = strcmp(second, name) == 0;
        else if (inside && word[0] == letter)
            count++;
    }
    return count;
}

static size_t elements_of(const struct circuit *c, enum element_kind kind)
{
    size_t count = 0;
    for (size_t k = 0; k < c->n_elements; k++)
        count += c->elements[k].kind == kind;
    return count;
}

/* The shipped netlists are taken, and expand to as many transistors, resistors, capacitors and
 * controlled sources as their lines say (counts: exact). */
static void test_shipped(void **state)
{
    (void)state;
    static const struct {
        const char *file, *name, *inner;
        int terminals;
    } shipped[] = {
        {"netlists/neuron.sub", "tia", NULL, 7},
        {"netlists/neuron.sub", "refamp", "tia", 5},
        {"netlists/neuron.sub", "neuron", "tia", 6},
        {"netlists/switches.sub", "tgate", NULL, 5},
    };
    static const struct {
        char letter;
        enum element_kind kind;
    } kinds[] = {{'m', ELEMENT_MOSFET},
                 {'r', ELEMENT_RESISTOR},
                 {'c', ELEMENT_CAPACITOR},
                 {'e', ELEMENT_VCVS}};
    for (size_t k = 0; k < COUNT(shipped); k++) {
        struct error error = {{0}};
        struct subcircuit_file *file;
        struct text_file *text;
        char *path = source_path(shipped[k].file);
        ASSERT_DONE(subcircuit_read(path, &file, &error), error);
        ASSERT_DONE(text_file_read(path, &text, &error), error);
        assert_int_equal(subcircuit_terminals(file, shipped[k].name), shipped[k].terminals);
        assert_int_equal(subcircuit_terminals(file, "none"), -1);
        bool unsupported = true;
        ASSERT_DONE(subcircuit_check(file, shipped[k].name, &unsupported, &error), error);
        assert_false(unsupported);
        struct circuit *c = expand(file, shipped[k].name, NULL, 0);
        for (size_t i = 0; i < COUNT(kinds); i++) {
            size_t expected = lines_of(text, shipped[k].name, kinds[i].letter);
            if (shipped[k].inner)
                expected += lines_of(text, shipped[k].inner, kinds[i].letter);
            assert_int_equal(elements_of(c, kinds[i].kind), expected);
        }
        circuit_free(c);
        text_file_free(text);
        subcircuit_free(file);
        free(path);
    }
}

static const char nested[] = "* numbers, parameters and forms that SPICE takes\n"
                             ".PARAM Scale = 3 other=2k\n"
                             ".model NM NMOS (LEVEL=1 VTO=.4 KP=100u)\n"
                             ".SUBCKT Inner A b PARAMS: r=1k c = {scale}\n"
                             "R1 A Mid {r} ; the first\n"
                             "* a comment between a card and its continuation\n"
                             "\n"
                             "M3 a mid 0 0 nm\n"
                             "* half way\n"
                             "+ w=2u $ more\n"
                             "+ l = 1u m={c}\n"
                             "V9 mid b dc 0\n"
                             "g1 a b mid 0 1m\n"
                             ".ENDS Inner\n"
                             ".subckt outer a b r=5\n"
                             "x4 a q inner r={r}\n"
                             "x5 q b inner\n"
                             "v8 q k 0.25\r\n"
                             "r2 k b {other}\n"
                             "c7 b gnd 1p\n"
                             "e6 z 0 q b 2\n"
                             "r3 z 0 1meg\n"
                             ".ends\n";

/* Names as ngspice gives them (an element of x4 in x1: letter, path, name), parameters by scope:
 * instance over default over file, and the values of the text: one rounding. */
static void test_nested(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct subcircuit_file *file;
    ASSERT_DONE(read_text(nested, strlen(nested), &file, &error), error);
    const struct parameter_value given = {"r", 7};
    struct circuit *c = expand(file, "OUTER", &given, 1);
    assert_int_equal(c->n_elements, 13);
    static const struct {
        const char *name;
        enum element_kind kind;
        double value;
        const char *nodes[4];
    } expected[] = {
        {"r.x1.x4.r1", ELEMENT_RESISTOR, 7, {"t1", "x1.x4.mid"}},
        {"r.x1.x5.r1", ELEMENT_RESISTOR, 1000, {"x1.q", "x1.x5.mid"}},
        {"v.x1.x4.v9", ELEMENT_VOLTAGE, 0, {"x1.x4.mid", "x1.q"}},
        {"v.x1.v8", ELEMENT_VOLTAGE, 0.25, {"x1.q", "x1.k"}},
        {"r.x1.r2", ELEMENT_RESISTOR, 2000, {"x1.k", "t2"}},
        {"r.x1.r3", ELEMENT_RESISTOR, 1e6, {"x1.z", "0"}},
        {"c.x1.c7", ELEMENT_CAPACITOR, 1e-12, {"t2", "0"}},
        {"e.x1.e6", ELEMENT_VCVS, 2, {"x1.z", "0", "x1.q", "t2"}},
        {"g.x1.x4.g1", ELEMENT_VCCS, 1e-3, {"t1", "x1.q", "x1.x4.mid", "0"}},
        {"m.x1.x5.m3", ELEMENT_MOSFET, 0, {"x1.q", "x1.x5.mid", "0", "0"}},
    };
    for (size_t k = 0; k < COUNT(expected); k++) {
        const struct element *e = element_named(c, expected[k].name);
        assert_int_equal(e->kind, expected[k].kind);
        ASSERT_NEAR(e->value, expected[k].value, 2.3e-16 * expected[k].value);
        for (int i = 0; i < 4 && expected[k].nodes[i]; i++)
            assert_string_equal(c->node_names[e->node[i]], expected[k].nodes[i]);
        assert_int_equal(e->class, CLASS_NEURON);
    }
    const struct element *m = element_named(c, "m.x1.x4.m3");
    ASSERT_NEAR(m->geometry.w, 2e-6, 1e-21);
    ASSERT_NEAR(m->geometry.l, 1e-6, 1e-21);
    ASSERT_NEAR(m->geometry.m, 3, 0);
    assert_int_equal(m->mos->type, 1);
    ASSERT_NEAR(m->mos->vto, 0.4, 1e-16);
    ASSERT_NEAR(m->mos->kp, 100e-6, 1e-19);
    ASSERT_NEAR(m->mos->phi, 0.6, 0); /* SPICE's default */
    circuit_free(c);
    subcircuit_free(file);
}

static bool one_phase(void *data, const struct reading *reading, struct phase *next)
{
    double *mean = data;
    if (reading) {
        mean[0] = reading->mean[0];
        return false;
    }
    next->kind = PHASE_IDLE;
    next->duration = 1e-6;
    return true;
}

/* The engine finds every vector of nested instances under the names above.  1 V over 1 kohm, 1 kohm
 * and 2 kohm, 0 V sources between: 0.25 mA by Ohm's law; 1e-6 relative: a linear circuit at rest is
 * solved to rounding, GMIN and 1e12-ohm leaks add 1e-9. */
static void test_nested_runs(void **state)
{
    (void)state;
    static const char text[] = ".subckt inner a b\nr1 a m 1k\nv1 m b 0\n.ends\n"
                               ".subckt outer a b\nx1 a q inner\nx2 q r inner\nr2 r b 2k\n.ends\n";
    struct error error = {{0}};
    struct subcircuit_file *file;
    ASSERT_DONE(read_text(text, strlen(text), &file, &error), error);
    struct circuit *c = circuit_new("nested");
    const int nodes[] = {circuit_node(c, "top"), 0};
    const int source = circuit_voltage(c, "v0", nodes[0], 0, 1, CLASS_DRIVER);
    ASSERT_DONE(subcircuit_add(c,
                               &(struct subcircuit_instance){.file = file,
                                                             .subcircuit = "outer",
                                                             .name = "xo",
                                                             .n_nodes = 2,
                                                             .nodes = nodes,
                                                             .class = CLASS_NEURON},
                               &error),
                error);
    circuit_current_probe(c, "i", source);
    double mean[1] = {0};
    struct engine_report report;
    const struct controller controller = {.step = one_phase, .data = mean};
    ASSERT_DONE(
        engine_run(engine_find("ngspice"), c, &controller, &engine_defaults, &report, &error),
        error);
    ASSERT_NEAR(mean[0], -0.25e-3, 1e-6 * 0.25e-3);
    circuit_free(c);
    subcircuit_free(file);
}

/* The text for decks holds the included files in place and no .include. */
static void test_include(void **state)
{
    (void)state;
    static const char inner[] = ".subckt inner a b\nr1 a b 1k\n.ends\n";
    static const char outer[] =
        "  .INCLUDE \"in ner.sub\"\n.subckt outer a b\nx1 a b inner\n.ends\n";
    free(file_write(folder, "in ner.sub", inner, strlen(inner)));
    struct error error = {{0}};
    struct subcircuit_file *file;
    ASSERT_DONE(read_text(outer, strlen(outer), &file, &error), error);
    assert_non_null(strstr(file->text, inner));
    assert_null(strcasestr(file->text, ".include"));
    struct circuit *c = expand(file, "outer", NULL, 0);
    assert_int_equal(c->n_elements, 1);
    circuit_free(c);
    subcircuit_free(file);
}

/* Read and expand; what the message must say, and whether only our engines cannot run it. */
static void test_hostile(void **state)
{
    (void)state;
    static const char loop[] = ".include a.sub\n", bad[] = "* x\n\nr1 p n 1k\n";
    free(file_write(folder, "loop.sub", loop, strlen(loop)));
    free(file_write(folder, "bad.sub", bad, strlen(bad)));
    int failures = 0;
    for (size_t k = 0; k < COUNT(hostile); k++) {
        struct error error = {{0}};
        struct subcircuit_file *file;
        bool unsupported = false;
        enum status status = read_text(hostile[k].text, strlen(hostile[k].text), &file, &error);
        if (status == STATUS_OK)
            status = subcircuit_check(file, "a", &unsupported, &error);
        subcircuit_free(file);
        bool good = status == STATUS_INPUT && unsupported == (hostile[k].refusal == BEYOND) &&
                    !strchr(error.text, '\n');
        for (int i = 0; i < 3 && hostile[k].parts[i]; i++)
            good = good && strstr(error.text, hostile[k].parts[i]);
        if (!good)
            print_error("status %d, unsupported %d, message '%s' for\n%s\n", (int)status,
                        unsupported, error.text, hostile[k].text);
        failures += !good;
    }
    assert_int_equal(failures, 0);
}

static int try_nothing(const char *text, size_t n)
{
    struct error error;
    struct subcircuit_file *file;
    bool unsupported;
    if (read_text(text, n, &file, &error) != STATUS_OK)
        return 1;
    int bad = 0;
    static const char *const names[] = {"a", "tia", "refamp", "neuron"};
    for (size_t k = 0; k < COUNT(names); k++)
        if (subcircuit_terminals(file, names[k]) >= 0)
            bad += subcircuit_check(file, names[k], &unsupported, &error) != STATUS_OK;
    subcircuit_free(file);
    return bad;
}

/* Binary files and lines of a megabyte are read or refused, never worse. */
static void test_huge_and_binary(void **state)
{
    (void)state;
    static const char elf[] = "\177ELF\2\1\1\0\0", latin[] = ".subckt \xe4 \xff \x80\n.ends\n";
    assert_int_equal(try_nothing(elf, sizeof elf), 1);
    try_nothing(latin, sizeof latin - 1);
    static const char *const heads[] = {"* ",
                                        ".subckt a p n\nr1 p n ",
                                        ".subckt a p n\n.ends\n.inc ",
                                        ".subckt a p n\n",
                                        ".subckt a p n\nr1 p n {",
                                        ".subckt "};
    static const char fills[] = "x=+ {";
    const size_t n = 1 << 20;
    char *text = memory_new(n + 64, 1);
    for (size_t k = 0; k < COUNT(heads); k++)
        for (const char *fill = fills; *fill; fill++) {
            const int used = sprintf(text, "%s", heads[k]);
            memset(text + used, *fill, n);
            strcpy(text + used + n, "\n.ends\n");
            try_nothing(text, strlen(text));
        }
    free(text);
}

/* 3000 copies of neuron.sub, each with one to four random bytes changed, inserted, removed or the
 * tail cut: read or refused, never worse (run under the sanitizers); most are harmed. */
static void test_mutations(void **state)
{
    (void)state;
    struct error error;
    struct text_file *file;
    char *path = source_path("netlists/neuron.sub");
    ASSERT_DONE(text_file_read(path, &file, &error), error);
    gsl_rng *rng = random_stream(5, 0, RANDOM_TEST);
    char *text = memory_new(file->size + 8, 1);
    size_t refused = 0;
    for (int trial = 0; trial < 3000; trial++) {
        const size_t n = hostile_mutate(rng, file->text, file->size, text);
        refused += try_nothing(text, n) > 0;
    }
    assert_in_range(refused, 300, 2999);
    gsl_rng_free(rng);
    free(text);
    text_file_free(file);
    free(path);
}

/* A file of a few lines must not ask for 1e9 elements or 1e7 files: refused within 3 s (a bound of
 * a million elements is reached in less), in a child that dies otherwise. */
static void test_bombs(void **state)
{
    (void)state;
    char *instances = hostile_instances();
    hostile_includes(folder);
    const char *const bombs[] = {instances, ".include w0.sub\n"};
    for (size_t k = 0; k < COUNT(bombs); k++) {
        int result = 0;
        const pid_t child = fork();
        if (child == 0) {
            alarm(3);
            _exit(try_nothing(bombs[k], strlen(bombs[k])) ? 42 : 0);
        }
        assert_int_equal(waitpid(child, &result, 0), child);
        if (!WIFEXITED(result) || WEXITSTATUS(result) != 42)
            fail_msg("bomb %zu is not refused: wait status 0x%x", k, (unsigned)result);
    }
    free(instances);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),     cmocka_unit_test(test_nested),
        cmocka_unit_test(test_nested_runs), cmocka_unit_test(test_include),
        cmocka_unit_test(test_hostile),     cmocka_unit_test(test_huge_and_binary),
        cmocka_unit_test(test_mutations),   cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
