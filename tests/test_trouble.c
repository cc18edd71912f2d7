/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the native engines cannot solve: each failure in both ends with its status, within a budget,
 * and with a message that says where: node or device, voltage, state, time, phase and the option
 * that may help. */
#include "base/clock.h"
#include "engine/drive_log.h"
#include "testing.h"

#define PARTS 6
#define OPTION "; another --reltol"

static struct dopant *chromium;
static const char *const engines[] = {"ida", "event"};

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &chromium, &error), error);
    free(devices);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dopant_free(chromium);
    return 0;
}

/* One SET pulse of `volt` at all ports, in this engine: the status and, of a failure, all parts of
 * its message. */
static void assert_fails(const char *engine, const struct circuit *c, double volt,
                         const struct engine_options *options, enum status expected,
                         const char *const parts[PARTS])
{
    struct error error = {{0}};
    struct engine_report report;
    struct drive *drives = NEW(c->n_ports, struct drive);
    for (size_t p = 0; p < c->n_ports; p++)
        drives[p].volt = volt;
    struct phase phase = {.kind = PHASE_SET,
                          .section = SECTION_TRAINING,
                          .duration = 1e-3,
                          .edge = 1e-6,
                          .device = 0,
                          .drive = drives};
    struct drive_log log = {.n_ports = c->n_ports, .n = 1, .phases = &phase};
    const struct controller controller = drive_log_controller(&log);
    const double begin = clock_now();
    const enum status status =
        engine_run(engine_find(engine), c, &controller, options, &report, &error);
    if (status != expected)
        fail_msg("%s: status %d, expected %d: %s", engine, status, expected, error.text);
    for (int i = 0; i < PARTS && parts[i]; i++)
        if (!strstr(error.text, parts[i]))
            fail_msg("%s: '%s' lacks '%s'", engine, error.text, parts[i]);
    assert_true(clock_now() - begin < 60); /* it takes less than 2 s, with sanitizers too */
    free(drives);
}

/* Laws that fail in one way each at 0.8 V: rates [1/s] of a device that starts at 0.2. */
static struct model_value not_finite(const double *c, double v, double x)
{
    (void)c, (void)x;
    return (struct model_value){v > 0.5 ? NAN : 0, 0, 0};
}

static struct model_value beyond_one(const double *c, double v, double x)
{
    (void)c, (void)x;
    return (struct model_value){v > 0.1 ? 5e6 : 0, 0, 0};
}

static struct model_value below_zero(const double *c, double v, double x)
{
    (void)c, (void)x;
    return (struct model_value){v > 0.1 ? -5e6 : 0, 0, 0};
}

/* No solution goes on from x = 0.3. */
static struct model_value to_and_fro(const double *c, double v, double x)
{
    (void)c;
    return (struct model_value){v > 0.1 ? (x < 0.3 ? 1e6 : -1e6) : 0, 0, 0};
}

/* The slope at x = 0.3 is infinite. */
static struct model_value singular_rate(const double *c, double v, double x)
{
    (void)c;
    const double d = 0.3 - x;
    return (struct model_value){v > 0.1 ? 1e3 / (d * d) : 0, 0, v > 0.1 ? 2e3 / (d * d * d) : 0};
}

static struct model_value no_current(const double *c, double v, double x)
{
    (void)c;
    return (struct model_value){v > 0.5 ? NAN : 1e-3 * v * x, 1e-3 * x, 1e-3 * v};
}

typedef struct model_value law(const double *c, double v, double x);

static void test_laws(void **state)
{
    (void)state;
    static const struct {
        law *rate, *current; /* NULL: chromium's */
        const char *parts[COUNT(engines)][PARTS];
    } cases[] = {
        {not_finite,
         NULL,
         {{"the law of m1 gives nan at 0.", " V, state 0.2", "at t = ", "set phase", OPTION},
          {"the law of m1 gives nan at 0.", " V, state 0.2", "at t = ", "set phase", OPTION}}},
        {beyond_one,
         NULL,
         {{"state of m1, 1.", ", at 0.", " V at t = ", "set phase", OPTION},
          {"state of m1 is 1.", " at 0.", " V at t = ", "set phase", OPTION}}},
        {below_zero,
         NULL,
         {{"state of m1, -0.", ", at 0.", " V at t = ", "set phase", OPTION},
          {"state of m1 is -0.", " at 0.", " V at t = ", "set phase", OPTION}}},
        {to_and_fro,
         NULL,
         {{"state of m1, 0.", ", at 0.", " V; too many steps at t = ", "set phase", OPTION},
          {"too many steps; m1 moves by ", "1e+06/s at 0.", " V, state 0.", "at t = ", OPTION}}},
        /* both step over the pole and find the state beyond 1 */
        {singular_rate,
         NULL,
         {{"state of m1, 1.", ", at 0.", " V at t = ", "set phase", OPTION},
          {"state of m1 is 1.", " at 0.", " V at t = ", "set phase", OPTION}}},
        /* event measures the conductance of an ohmic device at 1 V, before it begins */
        {NULL,
         no_current,
         {{"the law of m1 gives nan at 0.5", " V, state 0.", "step collapses at t = ", OPTION},
          {"the law of m1 gives nan at 1 V, state 0.2", "before the first phase", OPTION}}},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct model broken = *chromium->model;
        struct dopant d = *chromium;
        d.model = &broken;
        broken.rate = cases[k].rate ? cases[k].rate : broken.rate;
        broken.current = cases[k].current ? cases[k].current : broken.current;
        struct circuit *c = circuit_new("broken law");
        const int in = circuit_node(c, "in"), top = circuit_node(c, "top");
        circuit_port(c, "in", in, (struct port_driver){.class = CLASS_DRIVER});
        circuit_resistor(c, "r1", in, top, 100, CLASS_LINE);
        circuit_memristor(c, "m1", top, 0, &d, 0.2);
        for (size_t e = 0; e < COUNT(engines); e++)
            assert_fails(engines[e], c, 0.8, &engine_defaults, STATUS_NUMERICAL, cases[k].parts[e]);
        circuit_free(c);
    }
}

static void add(struct circuit *c, const char *name, struct element e)
{
    circuit_add(c, name, &e, false);
}

/* What floats, hanging on a port through nothing that conducts. */
static void capacitors(struct circuit *c, int top)
{
    const int a = circuit_node(c, "a");
    circuit_capacitor(c, "c1", top, a, 1e-12, CLASS_LINE);
    circuit_capacitor(c, "c2", a, 0, 1e-12, CLASS_LINE);
}

static void island(struct circuit *c, int top)
{
    (void)top;
    circuit_memristor(c, "m1", circuit_node(c, "a"), circuit_node(c, "a2"), chromium, 0.2);
}

static void current_into_nothing(struct circuit *c, int top)
{
    (void)top;
    add(c, "i1",
        (struct element){
            .kind = ELEMENT_CURRENT, .node = {0, circuit_node(c, "a")}, .value = 1e-3});
}

/* What has no solution, or more than one. */
static void follows_itself(struct circuit *c, int top)
{
    const int a = circuit_node(c, "a");
    circuit_resistor(c, "r2", top, a, 1e3, CLASS_LINE);
    add(c, "e1", (struct element){.kind = ELEMENT_VCVS, .node = {a, 0, a, 0}, .value = 1});
}

static void cancelled(struct circuit *c, int top)
{
    const int a = circuit_node(c, "a");
    circuit_resistor(c, "r2", top, a, 1024, CLASS_LINE);
    add(c, "g1",
        (struct element){.kind = ELEMENT_VCCS, .node = {a, 0, a, 0}, .value = -1.0 / 1024});
}

static void loop(struct circuit *c, int top)
{
    circuit_voltage(c, "v2", top, 0, 1, CLASS_DRIVER);
}

static void test_circuits(void **state)
{
    (void)state;
    static const struct {
        void (*build)(struct circuit *c, int top);
        enum status status;
        const char *parts[COUNT(engines)][PARTS];
    } cases[] = {
        {capacitors, STATUS_NUMERICAL, {{"singular at node a, which floats"}, {"node a floats"}}},
        {island, STATUS_NUMERICAL, {{"singular at node a, which floats"}, {"node a floats"}}},
        {current_into_nothing,
         STATUS_NUMERICAL,
         {{"singular at node a, which floats"}, {"node a floats"}}},
        {follows_itself,
         STATUS_NUMERICAL,
         {{"singular at e1, whose current has no unique value"},
          {"no solution around node a, ", " V before the first phase", OPTION}}},
        {cancelled,
         STATUS_NUMERICAL,
         {{"singular at node a"}, {"no solution around node a, ", " V before", OPTION}}},
        {loop,
         STATUS_INPUT,
         {{"v2 closes a loop of voltage sources"}, {"v2 closes a loop of voltage sources"}}},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct circuit *c = circuit_new("no solution");
        const int top = circuit_node(c, "top");
        circuit_port(c, "in", top, (struct port_driver){.class = CLASS_DRIVER});
        circuit_resistor(c, "r1", top, 0, 1e3, CLASS_LINE);
        cases[k].build(c, top);
        for (size_t e = 0; e < COUNT(engines); e++)
            assert_fails(engines[e], c, 0.5, &engine_defaults, cases[k].status, cases[k].parts[e]);
        circuit_free(c);
    }
}

/* v(a) = f(v(b)) with v(b) = v(a) + v(in).  At the operating point f is flat; once v(b) is beyond
 * 0.25 V its slope is 1, so that v(a) drops out of its own equation, whatever the step.  With powers
 * of two 1 - f' is zero and not an error of rounding. */
static void test_singular_on_the_way(void **state)
{
    (void)state;
    static const double x[] = {0, 0.25, 1.25, 2}, y[] = {0.125, 0.125, 1.125, 1.125};
    static const char *const parts[PARTS] = {"the matrix is singular at ",
                                             "the step collapses at t = ", "set phase", OPTION};
    struct transfer_table f = {COUNT(x), NEW(COUNT(x), double), NEW(COUNT(y), double)};
    memcpy(f.x, x, sizeof x);
    memcpy(f.y, y, sizeof y);
    struct circuit *c = circuit_new("singular on the way");
    const int in = circuit_node(c, "in"), a = circuit_node(c, "a"), b = circuit_node(c, "b");
    circuit_port(c, "in", in, (struct port_driver){.class = CLASS_DRIVER});
    add(c, "b1", (struct element){.kind = ELEMENT_TRANSFER, .node = {a, 0, b, 0}, .table = f});
    add(c, "e1", (struct element){.kind = ELEMENT_VCVS, .node = {b, a, in, 0}, .value = 1});
    circuit_resistor(c, "r1", b, 0, 1024, CLASS_LINE);
    assert_fails("ida", c, 0.5, &engine_defaults, STATUS_NUMERICAL, parts);
    circuit_free(c);
}

/* A drive that is not finite, and a clock that has run out, however few the steps of a phase. */
static void test_drive_and_clock(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("device");
    const int top = circuit_node(c, "top");
    circuit_port(c, "in", top, (struct port_driver){.ohm = 50, .class = CLASS_DRIVER});
    circuit_memristor(c, "m1", top, 0, chromium, 0.1);
    struct engine_options late = engine_defaults;
    late.time_limit = 0;
    late.step_max = 1e-7;
    for (size_t e = 0; e < COUNT(engines); e++) {
        assert_fails(engines[e], c, NAN, &engine_defaults, STATUS_NUMERICAL,
                     (const char *const[PARTS]){"port in shall be driven with nan V",
                                                "at t = ", "set phase of device m1"});
        assert_fails(engines[e], c, INFINITY, &engine_defaults, STATUS_NUMERICAL,
                     (const char *const[PARTS]){"port in shall be driven with inf V"});
        assert_fails(engines[e], c, 0.5, &late, STATUS_NUMERICAL,
                     (const char *const[PARTS]){"time limit of 0 s passed ", "set phase",
                                                "; another --time-limit may help"});
    }
    circuit_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_circuits),
        cmocka_unit_test(test_singular_on_the_way),
        cmocka_unit_test(test_drive_and_clock),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
