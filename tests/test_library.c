/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsilverbar as a host sees it, through src/include/silverbar.h alone: closed forms, the account of a
 * training, two runs at once, refusals, and memory that runs out. */
#include "include/silverbar.h"
#include "testing.h"

#include <locale.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ASSERT_WORKS(call)                                                                         \
    do {                                                                                           \
        if ((call) != SILVERBAR_OK)                                                                \
            fail_msg("%s: %s", #call, e.text);                                                     \
    } while (0)

static struct silverbar_error e;

static struct silverbar_circuit *divider(void)
{
    struct silverbar_circuit *c;
    ASSERT_WORKS(silverbar_circuit_new("divider", 300.15, &c, &e));
    ASSERT_WORKS(silverbar_add_port(c, "in", "top", 0, 0, &e));
    ASSERT_WORKS(silverbar_add_resistor(c, "1", "top", "middle", 3e3, "line", &e));
    ASSERT_WORKS(silverbar_add_resistor(c, "2", "middle", "0", 1e3, "reference", &e));
    ASSERT_WORKS(silverbar_add_voltage_probe(c, "middle", "middle", &e));
    ASSERT_WORKS(silverbar_add_current_probe(c, "current", "in", &e));
    return c;
}

/* 1 V on 4 kohm for 1 ms, without edge: 0.25 V, 0.25 mA and 0.25 uJ, a quarter of it in the lower
 * resistor; then a ramp that the stop ends half way. */
static void test_divider(void **state)
{
    (void)state;
    static const char *const engines[] = {"ngspice", "ida", "event"};
    struct silverbar_circuit *c = divider();
    const struct silverbar_options o = {.step_max = 1e-5};
    for (size_t k = 0; k < COUNT(engines); k++) {
        struct silverbar_engine *s;
        int stopped = 0;
        ASSERT_WORKS(silverbar_engine_open(c, engines[k], &o, &s, &e));
        const size_t in = (size_t)silverbar_number(c, SILVERBAR_PORT, "in"),
                     node = (size_t)silverbar_number(c, SILVERBAR_NODE, "middle");
        assert_true(isnan(silverbar_reading(s, 0)));
        ASSERT_WORKS(silverbar_drive(s, in, 1, &e));
        ASSERT_WORKS(silverbar_phase(s, "set", "training", 1e-3, 1e-9, 0, NULL, &stopped, &e));
        assert_int_equal(stopped, -1);
        ASSERT_NEAR(silverbar_reading(s, 0), 0.25, 1e-6);
        ASSERT_NEAR(silverbar_reading(s, 1), -0.25e-3, 1e-9);
        ASSERT_NEAR(silverbar_voltage(s, node), 0.25, 1e-6);
        ASSERT_NEAR(silverbar_energy(s, NULL, NULL, NULL), 0.25e-6, 1e-11);
        ASSERT_NEAR(silverbar_energy(s, "training", "set", "reference"), 0.0625e-6, 1e-11);
        ASSERT_NEAR(silverbar_energy(s, "inference", NULL, NULL), 0, 0);
        ASSERT_NEAR(silverbar_delivered(s, "training"), 0.25e-6, 1e-11);
        assert_true(isnan(silverbar_energy(s, NULL, "sleep", NULL)));
        const struct silverbar_stop stop = {SILVERBAR_NODE, node, 0.125, 0};
        ASSERT_WORKS(silverbar_drive(s, in, 0, &e));
        ASSERT_WORKS(silverbar_phase(s, "read", "after", 2e-3, 1e-3, 1, &stop, &stopped, &e));
        assert_int_equal(stopped, 0);
        ASSERT_NEAR(silverbar_time(s), 1.5e-3, 1.1e-5);
        silverbar_engine_close(s);
    }
    silverbar_circuit_free(c);
}

/* What cannot be: a status and a message; and a circuit that an engine has does not change. */
static void test_refused(void **state)
{
    (void)state;
    struct silverbar_circuit *c = divider();
    struct silverbar_engine *s;
    const struct silverbar_options loose = {.reltol = 0.5};
    assert_int_equal(silverbar_add_resistor(c, "1", "a", "0", 1, "line", &e), SILVERBAR_INPUT);
    ASSERT_NAMES(e.text, "there already");
    assert_int_equal(silverbar_add_resistor(c, "3", "a", "0", NAN, "line", &e), SILVERBAR_INPUT);
    assert_int_equal(silverbar_add_resistor(c, "3", "a", "0", 1, "lines", &e), SILVERBAR_INPUT);
    ASSERT_NAMES(e.text, "memristor, select");
    assert_int_equal(silverbar_add_resistor(c, "3\n.control", "a", "0", 1, "line", &e),
                     SILVERBAR_INPUT);
    assert_int_equal(silverbar_add_memristor(c, "m", "middle", "0", "Unobtainium", 0, &e),
                     SILVERBAR_INPUT);
    assert_int_equal(silverbar_add_memristor(c, "m", "middle", "0", "Cr", 2, NULL),
                     SILVERBAR_INPUT);
    assert_int_equal(silverbar_engine_open(c, "spice", NULL, &s, &e), SILVERBAR_INPUT);
    assert_null(s);
    assert_int_equal(silverbar_engine_open(c, "event", &loose, &s, &e), SILVERBAR_INPUT);
    ASSERT_NAMES(e.text, "reltol");
    ASSERT_WORKS(silverbar_engine_open(c, "event", NULL, &s, &e));
    assert_int_equal(silverbar_add_resistor(c, "4", "a", "0", 1, "line", &e), SILVERBAR_INPUT);
    ASSERT_NAMES(e.text, "must not change");
    assert_int_equal(silverbar_phase(s, "set", "training", 1e-6, 1e-3, 0, NULL, NULL, &e),
                     SILVERBAR_INPUT);
    ASSERT_NAMES(e.text, "longer than its phase");
    silverbar_engine_close(s);
    silverbar_circuit_free(c);
    struct silverbar_training *t;
    const char *settings[] = {"programming.tolerance=2"};
    assert_int_equal(silverbar_training_open(NULL, 1, settings, 0, &t, &e), SILVERBAR_INPUT);
    ASSERT_NAMES(e.text, "programming.tolerance");
    assert_null(t);
    silverbar_training_close(t);
    silverbar_circuit_free(NULL);
    silverbar_engine_close(NULL);
}

static struct silverbar_training *open_training(int seed)
{
    struct silverbar_training *t;
    char *text = memory_format("seed=%d", seed);
    const char *settings[] = {text, "engine.name=event"};
    ASSERT_WORKS(silverbar_training_open(NULL, 2, settings, 0, &t, &e));
    free(text);
    return t;
}

/* One step of a rule: pulse a device, read it, show an image; returns all that came of it. */
static double step(struct silverbar_training *t, size_t device)
{
    double pixels[9], output, siemens;
    assert_int_equal(silverbar_training_image(t, device % 2, 0, pixels), SILVERBAR_OK);
    ASSERT_WORKS(silverbar_training_pulse(t, device, 0.36, 1e-3, &e));
    ASSERT_WORKS(silverbar_training_read(t, device, &siemens, &e));
    ASSERT_WORKS(silverbar_training_show(t, pixels, &output, &e));
    return output + siemens;
}

/* Two trainings in turn do what each does alone; and what sources deliver is what elements absorb. */
static void test_two_at_once(void **state)
{
    (void)state;
    enum { STEPS = 6 };
    double alone[2][STEPS];
    for (int k = 0; k < 2; k++) {
        struct silverbar_training *t = open_training(k + 1);
        assert_int_equal(silverbar_training_devices(t), 30);
        for (size_t i = 0; i < STEPS; i++)
            alone[k][i] = step(t, i);
        const double in = silverbar_training_delivered(t, NULL),
                     out = silverbar_training_energy(t, NULL, NULL, NULL);
        assert_true(in > 0);
        ASSERT_NEAR(out, in, 1e-6 * in);
        assert_true(silverbar_training_energy(t, "training", "set", "memristor") > 0);
        silverbar_training_close(t);
    }
    struct silverbar_training *t[2] = {open_training(1), open_training(2)};
    for (size_t i = 0; i < STEPS; i++)
        for (int k = 0; k < 2; k++)
            ASSERT_NEAR(step(t[k], i), alone[k][i], 0);
    silverbar_training_close(t[0]);
    silverbar_training_close(t[1]);
}

static int end_at_ten(void *data, size_t device, size_t pulses, double seconds, double joule)
{
    (void)device, (void)seconds, (void)joule;
    size_t *seen = data;
    *seen = pulses;
    return pulses >= 10;
}

/* The testbench's own rule: its account is the program's, in any locale of the host; a callback may
 * end it. */
static void test_run(void **state)
{
    (void)state;
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is there: numbers with a comma */
    struct silverbar_training *t = open_training(1);
    double unused;
    assert_true(isnan(silverbar_training_figure(t, "energy_J")));
    ASSERT_WORKS(silverbar_training_run(t, NULL, NULL, &e));
    ASSERT_NEAR(silverbar_training_figure(t, "energy_J"),
                silverbar_training_delivered(t, "training"), 1e-6 * 1e-2);
    ASSERT_NEAR(silverbar_training_figure(t, "accuracy_clean"), 1, 0);
    ASSERT_NEAR(silverbar_training_figure(t, "devices_within_tolerance"), 30, 0);
    assert_int_equal(silverbar_training_read(t, 0, &unused, &e), SILVERBAR_INPUT);
    silverbar_training_close(t);
    size_t seen = 0;
    t = open_training(1);
    assert_int_equal(silverbar_training_run(t, end_at_ten, &seen, &e), SILVERBAR_INTERRUPTED);
    assert_int_equal(seen, 10);
    silverbar_training_close(t);
    setlocale(LC_ALL, "C");
}

#if !defined __SANITIZE_ADDRESS__
static void say_so(size_t bytes)
{
    (void)bytes;
    _exit(42);
}

/* Memory runs out in a child process; the host's handler is what ends it.  Not under the address
 * sanitizer, whose own memory is beyond any limit. */
static void test_out_of_memory(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        silverbar_on_out_of_memory(say_so);
        setrlimit(RLIMIT_AS, &(struct rlimit){1 << 20, 1 << 20});
        struct silverbar_circuit *c = divider();
        for (int k = 0; k < 1 << 20; k++) {
            char name[32];
            snprintf(name, sizeof name, "x%d", k);
            silverbar_add_resistor(c, name, "top", "0", 1, "line", NULL);
        }
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divider),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_run),
#if !defined __SANITIZE_ADDRESS__
        cmocka_unit_test(test_out_of_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
