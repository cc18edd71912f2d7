/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Engines through engine/engine.h: closed forms of an R-C circuit and of the memristor and the
 * contract of phases, which hold for every engine; and every way in which a run of ngspice can
 * fail. */
#include "circuit/subcircuit.h"
#include "engine_script.h"
#include "ledger_sections.h"

#include <errno.h>
#include <sys/stat.h>

static char *folder; /* TMPDIR of the runs */
static const char *engine = "ngspice";
static enum engine_method method;

static int set_up(void **state)
{
    (void)state;
    folder = folder_make();
    return setenv("TMPDIR", folder, 1);
}

static int use_event(void **state)
{
    (void)state;
    engine = "event";
    return 0;
}

static int use_ida(void **state)
{
    (void)state;
    engine = "ida";
    method = METHOD_ONESTEP;
    return 0;
}

static int use_bdf(void **state)
{
    (void)state;
    engine = "ida";
    method = METHOD_BDF;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

/* Run; afterwards there is no child and the temporary folder is empty. */
static enum status run(const struct circuit *c, struct script *s, struct engine_options options,
                       struct error *error)
{
    s->ledger = ledger_new(c, NULL);
    const struct recorder recorders[] = {{watch, s}, ledger_recorder(s->ledger)};
    options.recorders = recorders;
    options.n_recorders = 2;
    options.method = method;
    const struct controller controller = {.step = play, .data = s};
    struct engine_report report;
    enum status status = engine_run(engine_find(engine), c, &controller, &options, &report, error);
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    assert_int_equal(rmdir(folder), 0); /* empty */
    assert_int_equal(mkdir(folder, 0700), 0);
    if (status == STATUS_OK) {
        assert_int_equal(report.points, s->n_points);
        assert_int_equal(report.phases, s->n);
    }
    return status;
}

#define OHM 1e3
#define FARAD 1e-9
#define TAU (OHM * FARAD)

/* A port behind 1 kohm on 1 nF; the first probe is the capacitor's voltage. */
static struct circuit *rc(struct script *s)
{
    struct circuit *c = circuit_new("rc");
    const int out = circuit_node(c, "out");
    circuit_port(c, "p", out, (struct port_driver){.ohm = OHM, .class = CLASS_DRIVER});
    circuit_capacitor(c, "c1", out, 0, FARAD, CLASS_LINE);
    s->value = circuit_probe_value(c, circuit_voltage_probe(c, "out", out));
    return c;
}

static struct engine_options fine(double step_max)
{
    struct engine_options o = engine_defaults;
    o.reltol = 1e-5;
    o.step_max = step_max;
    o.time_limit = 60;
    return o;
}

/* Voltage of the capacitor while and after the drive ramps from 0 to 1 V within `edge`. */
static double ramp_response(double t, double edge)
{
    const double lag = TAU / edge * expm1(-fmin(t, edge) / TAU);
    return t < edge ? t / edge + lag : 1 + lag * exp(-(t - edge) / TAU);
}

/* Every point of the step response against the closed form; the reading against its mean over the
 * last 10 %, (1/0.2 tau) of the integral from 1.8 to 2 tau: 7e-3 from the last value; the source's
 * energy against what R dissipates and C stores (C/2 v^2).  Steps of tau/200: a second-order method
 * is off by (1/200)^2 = 2.5e-5 times a number near one; 1e-4. */
static void test_rc(void **state)
{
    (void)state;
    static struct script s;
    s = (struct script){.n = 1, .steps = {{1, 2 * TAU, 0.1 * TAU}}};
    struct circuit *c = rc(&s);
    struct error error = {{0}};
    ASSERT_DONE(run(c, &s, fine(TAU / 200), &error), error);
    assert_true(s.n_points > 300);
    for (size_t k = 0; k < s.n_points; k++)
        ASSERT_NEAR(s.v[k], ramp_response(s.t[k] - s.t0[0], 0.1 * TAU), 1e-4);
    const double end = s.t1[0] - s.t0[0], begin = 0.9 * end;
    const double fall = ramp_response(begin, 0.1 * TAU) - ramp_response(end, 0.1 * TAU);
    const double mean = 1 + TAU / (end - begin) * fall;
    ASSERT_NEAR(s.mean[0], mean, 1e-4);
    assert_true(fabs(s.v[s.n_points - 1] - mean) > 5e-3);
    const struct ledger_total total = ledger_section(s.ledger, SECTION_TRAINING), *t = &total;
    const double last = s.v[s.n_points - 1];
    ASSERT_NEAR(ledger_class(t, CLASS_LINE), 0.5 * FARAD * last * last, 1e-6 * FARAD);
    ASSERT_NEAR(t->delivered, ledger_class(t, CLASS_LINE) + ledger_class(t, CLASS_DRIVER),
                1e-4 * t->delivered);
    assert_true(t->delivered > 0.8 * FARAD && ledger_class(t, CLASS_DRIVER) > 0.3 * FARAD);
    ledger_free(s.ledger);
    circuit_free(c);
}

/* Phases begin where the last ended and last what was asked, to 1e-12 s; an edge ends on a point.
 * The run is a function of its inputs: a second one gives the same bytes. */
static void test_phase_times(void **state)
{
    (void)state;
    static struct script s[2];
    static const double durations[] = {1e-6, 100e-6, 3.7e-6, 10e-3, 1e-6, 200e-3, 5e-6};
    for (int i = 0; i < 2; i++) {
        s[i] = (struct script){.n = COUNT(durations)};
        for (size_t k = 0; k < s[i].n; k++) {
            s[i].steps[k].duration = durations[k];
            s[i].steps[k].edge = 0.3e-6;
            s[i].steps[k].volt = k % 2 ? 0 : 1;
        }
        struct circuit *c = rc(&s[i]);
        for (size_t k = 0; k < c->n_elements; k++) /* `event` wants it charged in each phase */
            if (c->elements[k].kind == ELEMENT_CAPACITOR)
                c->elements[k].value = 1e-3 * FARAD;
        struct error error = {{0}};
        ASSERT_DONE(run(c, &s[i], engine_defaults, &error), error);
        ledger_free(s[i].ledger);
        circuit_free(c);
    }
    for (size_t k = 0; k < s[0].n; k++) {
        ASSERT_NEAR(s[0].t1[k] - s[0].t0[k], durations[k], 1e-12);
        if (k > 0)
            ASSERT_NEAR(s[0].t0[k], s[0].t1[k - 1], 0);
        double nearest = INFINITY;
        for (size_t i = s[0].points_before[k]; i < s[0].points_before[k + 1]; i++)
            nearest = fmin(nearest, fabs(s[0].t[i] - s[0].t0[k] - 0.3e-6));
        ASSERT_NEAR(nearest, 0, 1e-12);
    }
    assert_int_equal(s[0].n_points, s[1].n_points);
    assert_memory_equal(s[0].t, s[1].t, s[0].n_points * sizeof *s[0].t);
    assert_memory_equal(s[0].v, s[1].v, s[0].n_points * sizeof *s[0].v);
}

/* A stop ends its phase at the first accepted point past the level, rising or falling; that is at
 * most one step (tau/50) after the closed form's crossing, tau ln 2 and tau ln (v0/0.2). */
static void test_stops(void **state)
{
    (void)state;
    static struct script s;
    s = (struct script){.n = 2, .steps = {{1, 10 * TAU, 1e-12}, {0, 10 * TAU, 1e-12}}};
    struct circuit *c = rc(&s);
    s.steps[0].n_stops = s.steps[1].n_stops = 1;
    s.steps[0].stop = (struct phase_stop){s.value, 0.5, true};
    s.steps[1].stop = (struct phase_stop){s.value, 0.2, false};
    struct error error = {{0}};
    ASSERT_DONE(run(c, &s, fine(TAU / 50), &error), error);
    const size_t first = s.points_before[1], second = s.points_before[2];
    for (size_t k = 0; k < first; k++)
        assert_int_equal(s.v[k] >= 0.5, k == first - 1);
    for (size_t k = first; k < second; k++)
        assert_int_equal(s.v[k] <= 0.2, k == second - 1);
    ASSERT_NEAR(s.t1[0], s.t[first - 1], 0);
    const double crossing[] = {TAU * log(2), TAU * log(s.v[first - 1] / 0.2)};
    for (int k = 0; k < 2; k++) { /* 2e-4 tau for the solver's own error */
        const double late = s.t1[k] - s.t0[k] - crossing[k];
        assert_true(late > -2e-4 * TAU && late < TAU / 50 + 2e-4 * TAU);
    }
    ledger_free(s.ledger);
    s.next = s.n_points = 0;
    s.steps[0].stop.value = 0; /* ground is not solved for */
    assert_int_equal(run(c, &s, fine(TAU / 50), &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "not solved for");
    ledger_free(s.ledger);
    circuit_free(c);
}

/* Pulses at constant voltage: state against the model's exact jump, reading against its current.
 * The 10 ns edge moves x by less than rate x edge = 1e-4; reltol 1e-5 adds less; 3e-4 of x's range.
 */
static void test_memristor(void **state)
{
    (void)state;
    static const struct {
        double volt, duration;
    } pulses[] = {{0.1, 100e-6}, {0.36, 0.5e-3}, {0.1, 100e-6}, {-0.11, 1e-3},
                  {0.03, 1e-3},  {0.42, 0.1e-3}, {-1, 0.1e-3}};
    static struct script s;
    struct error error = {{0}};
    struct dopant *d;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &d, &error), error);
    struct circuit *c = circuit_new("memristor");
    const int node = circuit_node(c, "p"),
              port = circuit_port(c, "p", node, (struct port_driver){.class = CLASS_MEMRISTOR});
    const int element = circuit_memristor(c, "xm1", node, 0, d, 0.2);
    circuit_current_probe(c, "i", c->ports[port].source);
    s = (struct script){.n = COUNT(pulses)};
    s.value = circuit_state_value(c, c->elements[element].state);
    for (size_t k = 0; k < s.n; k++) {
        s.steps[k].volt = pulses[k].volt;
        s.steps[k].duration = pulses[k].duration;
        s.steps[k].edge = 10e-9;
    }
    ASSERT_DONE(run(c, &s, fine(2e-6), &error), error);
    double x = 0.2, moved = 0;
    for (size_t k = 0; k < s.n; k++) {
        const double before = x, found = s.v[s.points_before[k + 1] - 1];
        x = d->model->jump(d->constants, pulses[k].volt, x, pulses[k].duration);
        moved += fabs(x - before);
        ASSERT_NEAR(found, x, 3e-4);
        const double x_read =
            d->model->jump(d->constants, pulses[k].volt, before, 0.95 * pulses[k].duration);
        const double i = d->model->current(d->constants, pulses[k].volt, x_read).f;
        ASSERT_NEAR(s.mean[k], -i, 1e-2 * fabs(i)); /* x bends within the last tenth */
        x = found;
    }
    assert_true(moved > 1);
    ledger_free(s.ledger);
    circuit_free(c);
    dopant_free(d);
    free(devices);
}

/* An open port is 1 Gohm: at 1 V on a grounded kilohm it carries 1 nA; bound 2 nA.  Closed, Ohm's
 * law; both to 1e-6 for the solver's nanoamperes. */
static void test_open_port(void **state)
{
    (void)state;
    static struct script s;
    s = (struct script){.n = 2, .steps = {{1, 10e-6, 1e-6, true}, {1, 10e-6, 1e-6, false}}};
    struct circuit *c = circuit_new("open");
    const int node = circuit_node(c, "a"),
              port = circuit_port(
                  c, "p", node,
                  (struct port_driver){
                      .ohm = 50, .openable = true, .idle = 1, .class = CLASS_MEMRISTOR});
    circuit_resistor(c, "r1", node, 0, OHM, CLASS_LINE);
    circuit_current_probe(c, "i", c->ports[port].source);
    struct error error = {{0}};
    ASSERT_DONE(run(c, &s, engine_defaults, &error), error);
    assert_true(fabs(s.mean[0]) < 2e-9 && fabs(s.mean[0]) > 0.5e-9);
    ASSERT_NEAR(s.mean[1], -1 / (OHM + 50), 1e-6 / OHM);
    ledger_free(s.ledger);
    circuit_free(c);
}

/* The netlist `text` (.subckt a p n), opaque, on the R-C circuit. */
static enum status run_opaque(const char *text, double *energy, struct error *error)
{
    static struct script s;
    s = (struct script){.n = 1, .steps = {{1, 1e-3, 1e-6}}};
    struct subcircuit_file *file;
    char *other = folder_make(), *path = file_write(other, "a.sub", text, strlen(text));
    ASSERT_DONE(subcircuit_read(path, &file, error), *error);
    struct circuit *c = rc(&s);
    const int nodes[] = {circuit_node(c, "out"), 0};
    ASSERT_DONE(subcircuit_add(c,
                               &(struct subcircuit_instance){.file = file,
                                                             .subcircuit = "a",
                                                             .name = "xa",
                                                             .n_nodes = 2,
                                                             .nodes = nodes,
                                                             .class = CLASS_NEURON,
                                                             .opaque = true},
                               error),
                *error);
    struct engine_options options = engine_defaults;
    options.time_limit = 20;
    enum status status = run(c, &s, options, error);
    *energy = ledger_section_class(s.ledger, SECTION_TRAINING, CLASS_NEURON);
    ledger_free(s.ledger);
    circuit_free(c);
    subcircuit_free(file);
    free(path);
    folder_remove(other);
    return status;
}

/* What ngspice cannot read or solve is a numerical failure in ngspice's own words. */
static void test_bad_decks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {".subckt a p n\nx1 p n nosuch\n.ends\n", "nosuch"},
        {".subckt a p n\nb1 p n i=nosuch(v(p))\n.ends\n", "nosuch"},
        {".subckt a p n\nd1 p n nosuch\n.ends\n", "nosuch"},
        {".subckt a p n\nv1 p n 1\nv2 p n 2\n.ends\n", "singular"}, /* parallel sources */
        {".subckt a p n\nb1 q n v=v(q,n)>0.5 ? 0 : 1\nr1 q p 1k\n.ends\n", "Timestep too small"},
    };
    int failures = 0;
    double energy;
    for (size_t k = 0; k < COUNT(bad); k++) {
        struct error error = {{0}};
        const enum status status = run_opaque(bad[k].text, &energy, &error);
        const bool good = status == STATUS_NUMERICAL && strstr(error.text, bad[k].part);
        if (!good)
            print_error("status %d, '%s' lacks '%s' for\n%s", (int)status, error.text, bad[k].part,
                        bad[k].text);
        failures += !good;
    }
    assert_int_equal(failures, 0);
}

/* What only SPICE understands is booked by v i at its terminals: G v^2 with v = 1 V/(1 + 1 kohm G)
 * for 1 ms, G = 1 mS.  1 %: the edge and the rise of 1 us each, 0.1 %, and the solver's reltol. */
static void test_opaque_energy(void **state)
{
    (void)state;
    double energy;
    struct error error = {{0}};
    ASSERT_DONE(run_opaque(".subckt a p n\nb1 p n i=1e-3*v(p,n)\n.ends\n", &energy, &error), error);
    ASSERT_NEAR(energy, 1e-3 * 0.25 * 1e-3, 0.01 * 0.25e-6);
}

/* A worker that dies in mid-run (killed here as the kernel would) names signal and place. */
static void test_killed(void **state)
{
    (void)state;
    static struct script s;
    s = (struct script){.n = 1, .steps = {{1, 1000 * TAU, 1e-9}}, .kill_at = 20};
    struct circuit *c = rc(&s);
    struct error error = {{0}};
    assert_int_equal(run(c, &s, fine(TAU / 10), &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "Killed");
    ASSERT_NAMES(error.text, "set phase");
    ledger_free(s.ledger);
    circuit_free(c);
}

/* The same while it waits for an answer, in a program that leaves SIGPIPE as it is. */
static void test_killed_waiting(void **state)
{
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        static struct script s;
        s = (struct script){.n = 2, .steps = {{1, TAU, 1e-9}, {0, TAU, 1e-9}}};
        s.kill_in_controller = true;
        signal(SIGPIPE, SIG_DFL);
        struct error error = {{0}};
        const enum status status = run(rc(&s), &s, fine(TAU / 10), &error);
        _exit(status == STATUS_NUMERICAL && strstr(error.text, "Killed") ? 42 : 1);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    if (WIFSIGNALED(result)) {
        folder_remove(memory_string(folder)); /* what the dead child has left */
        mkdir(folder, 0700);
        fail_msg("the program died of %s", strsignal(WTERMSIG(result)));
    }
    assert_int_equal(WEXITSTATUS(result), 42);
}

/* A run past its time limit, and one that the user stops, end at once and say so. */
static void test_limits(void **state)
{
    (void)state;
    static struct script s;
    static volatile const int stop = 1;
    struct error error = {{0}};
    struct engine_options options = fine(TAU / 10);
    options.time_limit = 0;
    s = (struct script){.n = 1, .steps = {{1, 1000 * TAU, 1e-9}}};
    struct circuit *c = rc(&s);
    assert_int_equal(run(c, &s, options, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "time limit of 0 s");
    ledger_free(s.ledger);
    s.next = s.n_points = 0;
    options.time_limit = 60;
    options.interrupted = &stop;
    assert_int_equal(run(c, &s, options, &error), STATUS_INTERRUPTED);
    ledger_free(s.ledger);
    s.next = s.n_points = 0;
    options.interrupted = NULL;
    setenv("TMPDIR", "/nonexistent", 1);
    assert_int_equal(run(c, &s, options, &error), STATUS_INPUT);
    setenv("TMPDIR", folder, 1);
    ASSERT_NAMES(error.text, "/nonexistent");
    ledger_free(s.ledger);
    circuit_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rc),
        cmocka_unit_test(test_phase_times),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_memristor),
        cmocka_unit_test(test_open_port),
        cmocka_unit_test(test_bad_decks),
        cmocka_unit_test(test_opaque_energy),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_killed_waiting),
        cmocka_unit_test(test_limits),
        {"test_rc (ida)", test_rc, use_ida, NULL, NULL},
        {"test_phase_times (ida)", test_phase_times, use_ida, NULL, NULL},
        {"test_stops (ida)", test_stops, use_ida, NULL, NULL},
        {"test_memristor (ida)", test_memristor, use_ida, NULL, NULL},
        {"test_open_port (ida)", test_open_port, use_ida, NULL, NULL},
        {"test_rc (ida, BDF)", test_rc, use_bdf, NULL, NULL},
        {"test_phase_times (ida, BDF)", test_phase_times, use_bdf, NULL, NULL},
        {"test_stops (ida, BDF)", test_stops, use_bdf, NULL, NULL},
        {"test_memristor (ida, BDF)", test_memristor, use_bdf, NULL, NULL},
        {"test_open_port (ida, BDF)", test_open_port, use_bdf, NULL, NULL},
        {"test_phase_times (event)", test_phase_times, use_event, NULL, NULL},
        {"test_memristor (event)", test_memristor, use_event, NULL, NULL},
        {"test_open_port (event)", test_open_port, use_event, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
