/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event engine's energies on ramps: of devices whose current is not proportional to their voltage,
 * and of such whose states move. */
#include "array_run.h"

/* From one voltage to another: through 0 V, so that beginning, middle and end lie on a straight line or
 * not, from it, and beside it. */
static const struct ramp {
    double from, to; /* [V] */
} ramps[] = {{-0.3, 0.3}, {0.3, -0.3}, {-0.3, 0.2},  {-0.1, 0.35},  {-0.5, 0.5}, {0.6, -0.6},
             {0, 0.5},    {0, -0.5},   {-0.02, 0.6}, {-0.05, 0.05}, {-0.7, 0.7}};

static struct dopant *device(const char *name)
{
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error;
    ASSERT_DONE(dopant_read(name, devices, &d, &error), error);
    free(devices);
    return d;
}

/* A port at `idle`, and between it and ground: */
typedef void network(struct circuit *c, int p, const struct dopant *d, double x0);

static void alone(struct circuit *c, int p, const struct dopant *d, double x0)
{
    circuit_memristor(c, "xm1", p, 0, d, x0);
}

static void behind(struct circuit *c, int p, const struct dopant *d, double x0, double ohm)
{
    const int m = circuit_node(c, "m");
    circuit_resistor(c, "r1", p, m, ohm, CLASS_LINE);
    circuit_memristor(c, "xm1", m, 0, d, x0);
}

static void behind_500(struct circuit *c, int p, const struct dopant *d, double x0)
{
    behind(c, p, d, x0, 500);
}

static void behind_5k(struct circuit *c, int p, const struct dopant *d, double x0)
{
    behind(c, p, d, x0, 5e3);
}

static void against_each_other(struct circuit *c, int p, const struct dopant *d, double x0)
{
    const int m = circuit_node(c, "m");
    circuit_memristor(c, "xm1", p, m, d, x0);
    circuit_memristor(c, "xm2", 0, m, d, 1.5 * x0);
}

/* Their voltages pass zero one after the other. */
static void several(struct circuit *c, int p, const struct dopant *d, double x0)
{
    const int q = circuit_node(c, "q"), m = circuit_node(c, "m"), n = circuit_node(c, "n");
    circuit_voltage(c, "v1", q, 0, 0.1, CLASS_DRIVER);
    circuit_memristor(c, "xm1", p, q, d, x0);
    circuit_resistor(c, "r1", p, m, 300, CLASS_LINE);
    circuit_memristor(c, "xm2", m, n, d, 0.7 * x0);
    circuit_memristor(c, "xm3", n, 0, d, 1.4 * x0);
    circuit_memristor(c, "xm4", n, q, d, 1.2 * x0);
}

/* One ramp of `edge` seconds, and a little more. */
static struct array_run run(const char *engine, double reltol, double part, network *build,
                            const struct dopant *d, double x0, const struct ramp *r, double edge)
{
    struct circuit *c = circuit_new("ramp");
    const int p = circuit_node(c, "p");
    circuit_port(c, "p", p, (struct port_driver){.idle = r->from, .class = CLASS_DRIVER});
    build(c, p, d, x0);
    struct engine_options o = engine_defaults;
    o.reltol = reltol;
    o.vntol = 1e-3 * reltol;
    if (part > 0)
        o.step_max = edge * part;
    if (strcmp(engine, "ida") == 0)
        o.abstol = 1e-8 * reltol;
    return array_run(engine, &o, c, 1, &r->to, 1.112 * edge, edge);
}

static void discard(struct array_run *r)
{
    struct circuit *c = (struct circuit *)(uintptr_t)r->circuit;
    array_run_free(r);
    circuit_free(c);
}

/* By how much the energies of all elements are wrong at most: of their own, or of a source, which gives
 * and takes, of all that is dissipated. */
static double largest(const struct array_run *r, const struct array_run *reference)
{
    const struct circuit *c = r->circuit;
    double most = 0, dissipated = 0;
    for (size_t e = 0; e < c->n_elements; e++)
        if (!element_is_source(&c->elements[e]))
            dissipated += reference->energy[e];
    for (size_t e = 0; e < c->n_elements; e++)
        most = fmax(most,
                    fabs(r->energy[e] - reference->energy[e]) /
                        (element_is_source(&c->elements[e]) ? dissipated : reference->energy[e]));
    return most;
}

/* The energy of a device whose state is still, between two known nodes: by its law alone, Simpson's sum
 * over 2000 pieces of the ramp. */
static double by_law(const struct dopant *d, double x, const struct ramp *r, double edge)
{
    enum { N = 2000 };
    double sum = 0;
    for (int k = 0; k <= 2 * N; k++) {
        const double v = r->from + (r->to - r->from) * k / (2. * N);
        const double weight = k == 0 || k == 2 * N ? 1 : k % 2 ? 4 : 2;
        sum += weight * v * d->model->current(d->constants, v, x).f;
    }
    return edge / (6. * N) * sum +
           0.112 * edge * r->to * d->model->current(d->constants, r->to, x).f;
}

/* Ramps too short for states to move.  The energy of every element is wrong by no more than reltol,
 * against steps of at most 1/512 of the ramp; these against the law alone, within what states do move,
 * and against the other native engine, whose energies are of the fifth degree. */
static void test_curved(void **state)
{
    (void)state;
    static const char *const names[] = {"W-sdc",         "WOx",          "gmms-demo",
                                        "mmsx-demo",     "Cr",           "metaswitch-demo",
                                        "yakopcic-demo", "iondrift-demo"};
    static network *const networks[] = {alone, behind_500, behind_5k, against_each_other, several};
    const double edge = 1e-9;
    for (size_t n = 0; n < COUNT(names); n++) {
        struct dopant *d = device(names[n]);
        const double x0 = strcmp(names[n], "metaswitch-demo") == 0 ? 0.6 : 0.2;
        for (size_t k = 0; k < COUNT(networks) * COUNT(ramps); k++) {
            network *const build = networks[k / COUNT(ramps)];
            const struct ramp *r = &ramps[k % COUNT(ramps)];
            struct array_run f = run("event", 1e-8, 1. / 512, build, d, x0, r, edge);
            if (build == alone) {
                const double x = f.values[circuit_state_value(f.circuit, 0)];
                ASSERT_NEAR(f.energy[1], by_law(d, x0, r, edge),
                            (1e-6 + 2 * fabs(x / x0 - 1)) * f.energy[1]);
            }
            if (build == behind_500 && k % 3 == 0) {
                struct array_run i = run("ida", 1e-6, 1. / 64, build, d, x0, r, edge);
                ASSERT_NEAR(largest(&i, &f), 0, 2e-5);
                discard(&i);
            }
            for (int tolerance = 2; tolerance < 5; tolerance++) {
                const double reltol = pow(10, -tolerance);
                struct array_run a = run("event", reltol, 0, build, d, x0, r, edge);
                const double error = largest(&a, &f);
                if (!(error <= reltol))
                    fail_msg("%s, network %zu, %g to %g V, reltol %g: energy wrong by %.3g",
                             names[n], k / COUNT(ramps), r->from, r->to, reltol, error);
                discard(&a);
            }
            discard(&f);
        }
        dopant_free(d);
    }
}

/* Every ramp of a long run is as good as the first: 3000 of them through zero. */
static void test_many(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct dopant *d = device("W-sdc");
    struct circuit *c = circuit_new("ramps");
    const int p = circuit_node(c, "p");
    circuit_port(c, "p", p, (struct port_driver){.idle = -0.3, .class = CLASS_DRIVER});
    circuit_memristor(c, "xm1", p, 0, d, 0.2);
    double *volts = NEW(N, double), energy = 0;
    const double edge = 1e-12;
    for (size_t k = 0; k < N; k++) {
        volts[k] = k % 2 ? -0.3 : 0.3;
        energy += by_law(d, 0.2, &(struct ramp){-volts[k], volts[k]}, edge);
    }
    struct engine_options o = engine_defaults;
    o.reltol = 1e-2;
    o.vntol = 1e-4;
    struct array_run r = array_run("event", &o, c, N, volts, 1.112 * edge, edge);
    ASSERT_NEAR(r.energy[1], energy, o.reltol * energy);
    array_run_free(&r);
    free(volts);
    circuit_free(c);
    dopant_free(d);
}

/* Ramps on which states settle: energies of all elements within 2 reltol, as the states are. */
static void test_moving(void **state)
{
    (void)state;
    static const char *const names[] = {"C", "Cr", "W-sdc"};
    static network *const networks[] = {alone, behind_500, behind_5k};
    const double edge = 1e-4;
    for (size_t n = 0; n < COUNT(names); n++) {
        struct dopant *d = device(names[n]);
        for (size_t k = 0; k < COUNT(networks) * COUNT(ramps); k++) {
            network *const build = networks[k / COUNT(ramps)];
            const struct ramp *r = &ramps[k % COUNT(ramps)];
            struct array_run f = run("event", 1e-7, 1. / 512, build, d, 0.2, r, edge);
            for (int tolerance = 2; tolerance < 5; tolerance++) {
                const double reltol = pow(10, -tolerance);
                struct array_run a = run("event", reltol, 0, build, d, 0.2, r, edge);
                const double error = largest(&a, &f);
                if (!(error <= 2 * reltol))
                    fail_msg("%s, network %zu, %g to %g V, reltol %g: energy wrong by %.3g",
                             names[n], k / COUNT(ramps), r->from, r->to, reltol, error);
                discard(&a);
            }
            discard(&f);
        }
        dopant_free(d);
    }
}

/* Steps of the third order: a hundred times tighter, 100^(1/3) = 4.6 times as many, and some for where
 * a rate has a kink.  The second order would want ten times as many, 1e5 at last. */
static void test_tight(void **state)
{
    (void)state;
    struct dopant *d = device("W-vteam");
    size_t points[2];
    for (int k = 0; k < 2; k++) {
        struct array_run r =
            run("event", k ? 1e-8 : 1e-6, 0, alone, d, 0.2, &(struct ramp){-0.7, 0.7}, 1e-4);
        points[k] = r.n_points;
        discard(&r);
    }
    assert_true(points[1] < 6 * points[0]);
    dopant_free(d);
}

/* Ramps over which the rates grow by e^20, short ones and such that the states settle on the way: steps
 * that the tolerance allows against 64 or more a ramp. */
static void test_steep(void **state)
{
    (void)state;
    struct dopant *chromium = device("Cr");
    static const double edges[] = {1e-6, 20e-6, 200e-6};
    double x0[27];
    for (size_t k = 0; k < 27; k++)
        x0[k] = 0.02 + 0.1 * (double)(k * 7 % 11) / 10;
    const struct crossbar_options a = {.rows = 3,
                                       .columns = 9,
                                       .dopant = chromium,
                                       .x0 = x0,
                                       .row_ohm = 2,
                                       .column_ohm = 2,
                                       .driver_ohm = 20};
    for (size_t k = 0; k < COUNT(edges); k++)
        for (int tolerance = 2; tolerance < 5; tolerance++) {
            struct circuit *c = circuit_new("array");
            struct crossbar array;
            struct error error = {{0}};
            ASSERT_DONE(crossbar_build(c, &a, &array, &error), error);
            double *volts = NEW(5 * c->n_ports, double), moved = 0;
            for (size_t phase = 0; phase < 5; phase++) {
                volts[phase * c->n_ports + (size_t)array.row_ports[1]] = phase == 2 ? -0.15 : 0.3;
                volts[phase * c->n_ports + (size_t)array.column_ports[phase]] =
                    phase == 2 ? 0.15 : -0.25;
            }
            struct engine_options o = engine_defaults, fine;
            o.reltol = pow(10, -tolerance);
            o.vntol = 1e-9;
            fine = o;
            fine.reltol = 1e-8;
            fine.step_max = edges[k] / 64;
            const double duration = edges[k] + 1e-6;
            struct array_run r = array_run("event", &o, c, 5, volts, duration, edges[k]),
                             f = array_run("event", &fine, c, 5, volts, duration, edges[k]);
            assert_true(4 * r.n_points < f.n_points);
            for (size_t d = 0; d < 27; d++) {
                const size_t x = circuit_state_value(c, c->elements[array.devices[d]].state);
                ASSERT_NEAR(r.values[x], f.values[x], o.reltol * f.values[x]);
                moved = fmax(moved, fabs(f.values[x] / x0[d] - 1));
            }
            assert_true(moved > (k == 0 ? 0.05 : 0.5));
            for (size_t e = 0; e < c->n_elements; e++)
                ASSERT_NEAR(r.energy[e], f.energy[e], 2 * o.reltol * fabs(f.energy[e]) + 1e-18);
            array_run_free(&r);
            array_run_free(&f);
            free(volts);
            circuit_free(c);
        }
    dopant_free(chromium);
}

/* A transistor behind a resistor, on ramps of its drain that pass from triode to saturation and back, against
 * a sum over 10000 points at which the divider is solved by bisection; gates of 0.3 V and 0.5 V above the
 * threshold, where most of a ramp lies in saturation. */
#define BETA 2e-4   /* [A/V^2] of the channel */
#define VTO 0.5     /* [V] */
#define DRAIN 20e3  /* [ohm] */
#define PIECES 5000 /* Simpson's, a ramp */
static double channel(double v, double over)
{
    return BETA * (v < over ? v * (over - v / 2) : over * over / 2);
}
static double drain_at(double u, double over)
{
    double low = 0, high = u;
    for (int k = 0; k < 60; k++) {
        const double v = 0.5 * (low + high);
        *((u - v) / DRAIN > channel(v, over) ? &low : &high) = v;
    }
    return 0.5 * (low + high);
}
enum { DRIVEN, DROP, CHANNEL, SHARES };
static void add_ramp(struct ramp r, double over, double h, double energy[SHARES])
{
    for (int k = 0; k <= 2 * PIECES; k++) {
        const double u = r.from + k / (2. * PIECES) * (r.to - r.from), v = drain_at(u, over),
                     i = (u - v) / DRAIN,
                     weight = h / (6. * PIECES) *
                              (k == 0 || k == 2 * PIECES ? 1
                               : k % 2                   ? 4
                                                         : 2);
        energy[DRIVEN] -= weight * u * i;
        energy[DROP] += weight * i * i * DRAIN;
        energy[CHANNEL] += weight * v * i;
    }
}
static void test_channel(void **state)
{
    (void)state;
    static const struct mos1_model model = {.type = 1, .vto = VTO, .kp = BETA / 2, .phi = 0.6};
    static const double overs[] = {0.3, 0.5}, reltols[] = {1e-3, 1e-4}, edge = 1e-3, hold = 1e-6;
    for (size_t k = 0; k < COUNT(overs) * COUNT(reltols); k++) {
        const double over = overs[k / 2], gate = VTO + over,
                     volts[] = {0, gate, 3.3, gate, 0.2, gate, 3, gate};
        struct circuit *c = circuit_new("channel");
        const int p = circuit_node(c, "p"), d = circuit_node(c, "d"), g = circuit_node(c, "g");
        int part[SHARES];
        const int port = circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
        circuit_port(c, "g", g, (struct port_driver){.class = CLASS_REFERENCE});
        const struct element e = {.kind = ELEMENT_MOSFET,
                                  .class = CLASS_SELECT,
                                  .node = {d, g, 0, 0},
                                  .mos = &model,
                                  .geometry = {2e-6, 1e-6, 1}};
        part[DRIVEN] = c->ports[port].source;
        part[DROP] = circuit_resistor(c, "r1", p, d, DRAIN, CLASS_LINE);
        part[CHANNEL] = circuit_add(c, "mn", &e, true);
        double expected[SHARES] = {0};
        for (int i = 2; i < 8; i += 2) {
            add_ramp((struct ramp){volts[i - 2], volts[i]}, over, edge, expected);
            add_ramp((struct ramp){volts[i], volts[i]}, over, hold, expected);
        }
        struct engine_options options = engine_defaults;
        options.reltol = reltols[k % 2];
        struct array_run r = array_run("event", &options, c, 4, volts, edge + hold, edge);
        for (int i = 0; i < SHARES; i++)
            ASSERT_NEAR(r.energy[part[i]], expected[i], 3 * options.reltol * fabs(expected[i]));
        array_run_free(&r);
        circuit_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curved), cmocka_unit_test(test_many),  cmocka_unit_test(test_moving),
        cmocka_unit_test(test_tight),  cmocka_unit_test(test_steep), cmocka_unit_test(test_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
