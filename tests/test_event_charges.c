/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capacitors in the event engine: energies of one that charges through resistors against the closed form,
 * on ramps from jumps to 1000 time constants; what they store; readings of slow ones; and runs in which a
 * state moves while a fast one charges. */
#include "array_run.h"
#include "device/library/library_make.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

#define R1 1000.0  /* [ohm] from the port */
#define R2 3000.0  /* [ohm] to ground */
#define FARAD 1e-9 /* [F] beside R2 */

/* A port behind R1 on R2 beside a capacitor. */
enum { DRIVE, FIRST, SECOND, CAPACITOR, PARTS };
static struct circuit *divider(int part[PARTS])
{
    struct circuit *c = circuit_new("divider");
    const int p = circuit_node(c, "p"), m = circuit_node(c, "m");
    const int port = circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
    part[DRIVE] = c->ports[port].source;
    part[FIRST] = circuit_resistor(c, "r1", p, m, R1, CLASS_DRIVER);
    part[SECOND] = circuit_resistor(c, "r2", m, 0, R2, CLASS_MEMRISTOR);
    part[CAPACITOR] = circuit_capacitor(c, "c1", m, 0, FARAD, CLASS_LINE);
    return c;
}

/* The port goes from v0 to v1 within `edge` and stays, the capacitor's voltage *u follows.  By the closed
 * form of u, u = slope (t - T) + u0 + (u(0) - u0 + slope T) exp(-t/T) on a ramp whose resting voltage begins
 * at u0; energies by Simpson's rule over PIECES. */
#define PIECES 20000
static void add_stretch(double v0, double v1, double h, double *u, double energy[PARTS])
{
    const double part = R2 / (R1 + R2), T = FARAD * R1 * part, slope = part * (v1 - v0) / h,
                 u0 = part * v0, left = *u - u0 + slope * T;
    for (int k = 0; k <= 2 * PIECES; k++) {
        const double t = h * k / (2. * PIECES), v = v0 + (v1 - v0) * t / h;
        const double now = u0 + slope * (t - T) + left * exp(-t / T), through = (v - now) / R1;
        const double weight = h / (6. * PIECES) * (k == 0 || k == 2 * PIECES ? 1 : k % 2 ? 4 : 2);
        energy[DRIVE] -= weight * v * through;
        energy[FIRST] += weight * R1 * through * through;
        energy[SECOND] += weight * now * now / R2;
        if (k == 2 * PIECES)
            *u = now;
    }
}

/* A pulse, and one that is not taken back.  Charge moves on the ramp and behind it; while the network
 * stays the same what is booked is the closed form, to what of the charge the pulse's end cuts off. */
static void test_divider(void **state)
{
    (void)state;
    const double T = FARAD * R1 * R2 / (R1 + R2);
    static const double edges[] = {0, 0.01, 0.3, 1, 5, 100, 1000}, volts[] = {1, 0, -0.5};
    for (size_t k = 0; k < COUNT(edges); k++) {
        const double edge = edges[k] * T, width = edge + 30 * T;
        double energy[PARTS] = {0}, u = 0, before = 0;
        int part[PARTS];
        struct circuit *c = divider(part);
        struct array_run r =
            array_run("event", &engine_defaults, c, COUNT(volts), volts, width, edge);
        for (size_t i = 0; i < COUNT(volts); i++) {
            if (edge > 0)
                add_stretch(before, volts[i], edge, &u, energy);
            add_stretch(volts[i], volts[i], width - edge, &u, energy);
            before = volts[i];
        }
        energy[CAPACITOR] = 0.5 * FARAD * u * u;
        for (int e = 0; e < PARTS; e++)
            ASSERT_NEAR(r.energy[part[e]], energy[e], 1e-7 * fabs(energy[DRIVE]));
        array_run_free(&r);
        circuit_free(c);
    }
}

/* A branch that ends in a capacitor: only its charging goes through R1 and R2.  Ramps and holds as above, with
 * exp(-t/T) squared in closed form. */
static void test_end(void **state)
{
    (void)state;
    const double ohm = R1 + R2, T = FARAD * ohm;
    static const double edges[] = {0.01, 0.3, 1, 5, 100};
    for (size_t k = 0; k < COUNT(edges); k++) {
        const double edge = edges[k] * T, width = edge + 30 * T, volts[] = {1, -0.5};
        struct circuit *c = circuit_new("end");
        const int p = circuit_node(c, "p"), m = circuit_node(c, "m"), n = circuit_node(c, "n");
        const int port = circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER}),
                  parts[] = {c->ports[port].source, circuit_resistor(c, "r1", p, m, R1, CLASS_LINE),
                             circuit_resistor(c, "r2", m, n, R2, CLASS_LINE),
                             circuit_capacitor(c, "c1", n, 0, FARAD, CLASS_LINE)};
        struct array_run r =
            array_run("event", &engine_defaults, c, COUNT(volts), volts, width, edge);
        /* v - u on a ramp of slope s: s T (1 - exp(-t/T)); behind it d exp(-t/T) */
        double heat = 0;
        for (size_t i = 0; i < COUNT(volts); i++) {
            const double z = edge / T, s = (volts[i] - (i > 0 ? volts[i - 1] : 0)) / edge,
                         d = -s * T * expm1(-z);
            heat += s * s * T * T * (edge + 2 * T * expm1(-z) - T / 2 * expm1(-2 * z)) / ohm +
                    d * d * T / 2 / ohm;
        }
        ASSERT_NEAR(r.energy[parts[1]] + r.energy[parts[2]], heat, 1e-7 * heat);
        ASSERT_NEAR(r.energy[parts[1]], heat * R1 / ohm, 1e-7 * heat);
        ASSERT_NEAR(r.energy[parts[3]], 0.5 * FARAD * 0.25, 1e-7 * heat);
        ASSERT_NEAR(-r.energy[parts[0]], heat + 0.5 * FARAD * 0.25, 1e-7 * heat);
        array_run_free(&r);
        circuit_free(c);
    }
}

/* A port that opens while the other moves: the node, half of whose FARAD is to the other port, is held by a
 * driver, then by R2 alone.  Another node is a thousand times as fast. */
#define DRIVER 50.0 /* [ohm] */
#define FAST 1e-3   /* of FARAD, behind R1 from the first port */
enum { A, SWITCH, B, TO_B, TO_FAST, FROM_FAST, OPENING_PARTS };
struct opening {
    double from[2], to[2], enable[2], h; /* [V, s] */
};
static int opening_rates(double t, const double y[], double rate[], void *data)
{
    const struct opening *o = data;
    const double part = fmin(1, t / o->h), a = o->from[0] + part * (o->to[0] - o->from[0]),
                 b = o->from[1] + part * (o->to[1] - o->from[1]),
                 on = o->enable[0] + part * (o->enable[1] - o->enable[0]);
    const double through = (a - y[0]) * (1e-9 + (1 / DRIVER - 1e-9) * on), out = (y[0] - b) / R2,
                 aside = (y[0] - y[1]) / R1, back = y[1] / R1;
    const double slope = t < o->h ? (o->to[1] - o->from[1]) / o->h : 0;
    rate[0] = (through - out - aside + 0.5 * FARAD * slope) / FARAD;
    rate[1] = (aside - back) / (FAST * FARAD);
    double *power = rate + 2;
    power[A] = -a * through;
    power[SWITCH] = (a - y[0]) * through;
    power[B] = b * (out + 0.5 * FARAD * (rate[0] - slope));
    power[TO_B] = out * out * R2;
    power[TO_FAST] = aside * aside * R1;
    power[FROM_FAST] = back * back * R1;
    return GSL_SUCCESS;
}

/* Phases of `width` with edges of `edge`: A closed at 1 V, B at 0.3 V; then A open, B at -0.5 V. */
static void opening_expected(double edge, double width, double energy[OPENING_PARTS])
{
    const double volts[3][2] = {{0, 0}, {1, 0.3}, {1, -0.5}}, enable[3] = {1, 1, 0};
    double y[2 + OPENING_PARTS] = {0};
    for (int k = 0; k < 2; k++) {
        struct opening o = {{volts[k][0], volts[k][1]},
                            {volts[k + 1][0], volts[k + 1][1]},
                            {enable[k], enable[k + 1]},
                            edge};
        gsl_odeiv2_system system = {opening_rates, NULL, 2 + OPENING_PARTS, &o};
        gsl_odeiv2_driver *driver = gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd,
                                                                  edge / 1000, 1e-20, 1e-12);
        double t = 0;
        assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, edge, y), GSL_SUCCESS);
        gsl_odeiv2_driver_reset(driver);
        assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, width, y), GSL_SUCCESS);
        gsl_odeiv2_driver_free(driver);
    }
    memcpy(energy, y + 2, OPENING_PARTS * sizeof *energy);
}

/* The estimate of an element's class, which it has alone, as test_energy_error wants it: with what the
 * tolerance leaves open a bound, and at most 100 times the error (4 to 60 times where it is the larger one). */
static void assert_estimated(const struct array_run *r, int element, double right, double reltol)
{
    const double wrong = fabs(r->energy[element] - right),
                 estimate = r->class_error[r->circuit->elements[element].class];
    assert_true(wrong > 1e-12 * right);
    assert_true(wrong <= estimate + reltol * right);
    assert_true(estimate <= 100 * wrong);
}

static void test_opening(void **state)
{
    (void)state;
    const double T = FARAD * R2;
    static const double edges[] = {0.01, 0.3, 1, 5, 100}, volts[] = {1, 0.3, NAN, -0.5},
                        reltols[] = {1e-4, 1e-6};
    for (size_t k = 0; k < COUNT(edges); k++) {
        const double edge = edges[k] * T, width = edge + 30 * T;
        double energy[OPENING_PARTS];
        opening_expected(edge, width, energy);
        for (size_t r = 0; r < COUNT(reltols); r++) {
            struct circuit *c = circuit_new("opening");
            const int p = circuit_node(c, "p"), m = circuit_node(c, "m"), f = circuit_node(c, "f");
            const struct port_driver driver = {DRIVER, true, 0, CLASS_DRIVER};
            const int a = circuit_port(c, "a", m, driver),
                      b = circuit_port(c, "b", p, (struct port_driver){.class = CLASS_REFERENCE});
            int part[OPENING_PARTS] = {[A] = c->ports[a].source, [B] = c->ports[b].source};
            for (size_t e = 0; e < c->n_elements; e++)
                if (c->elements[e].kind == ELEMENT_SWITCH)
                    part[SWITCH] = (int)e;
            part[TO_B] = circuit_resistor(c, "r2", m, p, R2, CLASS_MEMRISTOR);
            part[TO_FAST] = circuit_resistor(c, "r3", m, f, R1, CLASS_SELECT);
            part[FROM_FAST] = circuit_resistor(c, "r4", f, 0, R1, CLASS_LINE);
            circuit_capacitor(c, "cm", m, 0, 0.5 * FARAD, CLASS_LINE);
            circuit_capacitor(c, "cp", p, m, 0.5 * FARAD, CLASS_LINE);
            circuit_capacitor(c, "cf", 0, f, FAST * FARAD, CLASS_LINE);
            struct engine_options options = engine_defaults;
            options.reltol = reltols[r];
            struct array_run run = array_run("event", &options, c, 2, volts, width, edge);
            for (int e = 0; e < OPENING_PARTS; e++)
                ASSERT_NEAR(run.energy[part[e]], energy[e], 3 * reltols[r] * fabs(energy[e]));
            for (int e = TO_B; e < OPENING_PARTS; e++)
                assert_estimated(&run, part[e], energy[e], reltols[r]);
            array_run_free(&run);
            circuit_free(c);
        }
    }
}

/* Floating crossbars, with and without lines, in which a device is set and read: every class of energy is that
 * of `ida`. */
static void add_classes(const struct array_run *r, double energy[ENERGY_CLASSES])
{
    for (size_t k = 0; k < r->circuit->n_elements; k++)
        if (!element_is_source(&r->circuit->elements[k]))
            energy[r->circuit->elements[k].class] += r->energy[k];
}
static void test_floating(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct error error = {{0}};
    static const struct {
        const char *dopant;
        size_t rows, columns;
        double line_ohm, driver_ohm, edge, set; /* [ohm, s, V] */
    } cases[] = {{"Cr", 1, 2, 0.2, 1.8, 16e-9, 0.3},
                 {"Sn", 2, 5, 1, 2e-3, 1.4e-9, 0.3},
                 {"C-vteam", 7, 9, 20, 4e-3, 0.5e-6, 0.15},
                 {"W", 5, 8, 0, 30, 50e-9, 0.3}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct dopant *d;
        ASSERT_DONE(dopant_read(cases[k].dopant, devices, &d, &error), error);
        const size_t rows = cases[k].rows, columns = cases[k].columns, n = rows * columns;
        double *x0 = NEW(n, double);
        for (size_t i = 0; i < n; i++)
            x0[i] = 0.02 * (double)(1 + i * 7 % 11) / 11;
        struct circuit *c = circuit_new("floating");
        struct crossbar a;
        ASSERT_DONE(crossbar_build(c,
                                   &(struct crossbar_options){.rows = rows,
                                                              .columns = columns,
                                                              .dopant = d,
                                                              .x0 = x0,
                                                              .row_ohm = cases[k].line_ohm,
                                                              .column_ohm = cases[k].line_ohm,
                                                              .driver_ohm = cases[k].driver_ohm,
                                                              .column_farad = 1e-12,
                                                              .openable = true},
                                   &a, &error),
                    error);
        /* every other pulse reads the first device, whose lines alone are closed, or once sets it; then all
         * rest: more ramps than are solved in any case */
        enum { PULSES = 24, SETS = 13 };
        double *volts = NEW(PULSES * c->n_ports, double);
        for (size_t i = 1; i < PULSES; i += 2) {
            for (size_t port = 0; port < c->n_ports; port++)
                volts[i * c->n_ports + port] = NAN;
            volts[i * c->n_ports + (size_t)a.row_ports[0]] = i == SETS ? cases[k].set : 0.1;
            volts[i * c->n_ports + (size_t)a.column_ports[0]] = 0;
        }
        struct engine_options options = engine_defaults;
        options.reltol = 1e-6;
        struct array_run reference =
            array_run("ida", &options, c, PULSES, volts, 1e-3, cases[k].edge);
        double expected[ENERGY_CLASSES] = {0}, all = 0;
        add_classes(&reference, expected);
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            all += expected[class];
        static const double reltols[] = {1e-4, 1e-5};
        for (size_t r = 0; r < COUNT(reltols); r++) {
            options.reltol = reltols[r];
            struct array_run run =
                array_run("event", &options, c, PULSES, volts, 1e-3, cases[k].edge);
            double energy[ENERGY_CLASSES] = {0};
            add_classes(&run, energy);
            for (int class = 0; class < ENERGY_CLASSES; class ++)
                ASSERT_NEAR(energy[class], expected[class],
                            3 * reltols[r] * expected[class] + 1e-9 * all);
            array_run_free(&run);
        }
        array_run_free(&reference);
        circuit_free(c);
        free(volts);
        free(x0);
        dopant_free(d);
    }
    free(devices);
}

/* A device whose state moves while the drive rises and another port opens: what flows through the capacitor's
 * own resistor goes with the slope of the node's voltage, a part of which the state makes.  mms-demo by the
 * closed form of its rates.  The engine leaves out that the state lags by T, 4e-3 of the ramp: 1e-3 of the
 * energies, and more of the resistor's, which goes with the square of a slope. */
#define RON 500.     /* [ohm] */
#define ROFF 1500.   /* [ohm] */
#define BARRIER 0.27 /* [V] */
#define VT 0.0257    /* [V] */
#define TAU 1e-4     /* [s] */
#define SMALL (0.3 * FARAD)
#define HOLDING                                                                                    \
    1e6 /* [ohm] across the capacitor: what no current can leave is no part of the network */
#define X0 0.1
enum { RISE, BEFORE, MOVING, BESIDE, MOVING_PARTS };
struct rise {
    double volt, h; /* [V, s] */
};
static int moving_rates(double t, const double y[], double rate[], void *data)
{
    const struct rise *r = data;
    const double v = r->volt * fmin(1, t / r->h), g = y[1] / RON + (1 - y[1]) / ROFF,
                 leaving =
                     1 / CIRCUIT_R_OPEN + (1 / R1 - 1 / CIRCUIT_R_OPEN) * fmax(0, 1 - t / r->h),
                 m = (v / R1 + y[0] / R1) / (2 / R1 + g + leaving), aside = (m - y[0]) / R1;
    rate[0] = (aside - y[0] / HOLDING) / SMALL;
    rate[1] =
        ((1 - y[1]) / (1 + exp((BARRIER - m) / VT)) - y[1] / (1 + exp((BARRIER + m) / VT))) / TAU;
    double *power = rate + 2;
    power[RISE] = -v * (v - m) / R1;
    power[BEFORE] = (v - m) * (v - m) / R1;
    power[MOVING] = m * m * g;
    power[BESIDE] = aside * aside * R1;
    return GSL_SUCCESS;
}
static void test_moving(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("mms-demo", devices, &d, &error), error);
    struct rise rise = {2, TAU};
    const double width = 1.2 * TAU;
    double y[2 + MOVING_PARTS] = {0, X0}, t = 0;
    gsl_odeiv2_system system = {moving_rates, NULL, 2 + MOVING_PARTS, &rise};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-9, 1e-20, 1e-12);
    assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, rise.h, y), GSL_SUCCESS);
    assert_true(y[1] > 4 * X0);
    gsl_odeiv2_driver_reset(driver);
    assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, width, y), GSL_SUCCESS);
    gsl_odeiv2_driver_free(driver);
    struct circuit *c = circuit_new("moving");
    const int p = circuit_node(c, "p"), m = circuit_node(c, "m"), f = circuit_node(c, "f");
    const int port = circuit_port(c, "p", p, (struct port_driver){.class = CLASS_REFERENCE});
    circuit_port(c, "m", m, (struct port_driver){R1, true, 0, CLASS_NEURON});
    const int part[MOVING_PARTS] = {c->ports[port].source,
                                    circuit_resistor(c, "r1", p, m, R1, CLASS_DRIVER),
                                    circuit_memristor(c, "xm1", m, 0, d, X0),
                                    circuit_resistor(c, "r2", m, f, R1, CLASS_SELECT)};
    circuit_capacitor(c, "c1", f, 0, SMALL, CLASS_LINE);
    circuit_resistor(c, "r3", f, 0, HOLDING, CLASS_LINE);
    const double volts[] = {0, 0, rise.volt, NAN};
    struct array_run r = array_run("event", &engine_defaults, c, 2, volts, width, rise.h);
    for (int e = 0; e < MOVING_PARTS; e++) {
        ASSERT_NEAR(r.energy[part[e]], y[2 + e], (e == BESIDE ? 1e-2 : 1e-3) * fabs(y[2 + e]));
    }
    array_run_free(&r);
    circuit_free(c);
    dopant_free(d);
    free(devices);
}

/* The reading of a slow capacitor is that of its charging: v (1 - exp(-t/T)), behind a ramp to v. */
static void test_reading(void **state)
{
    (void)state;
    const double T = FARAD * R1 * R2 / (R1 + R2), v = R2 / (R1 + R2);
    static const double widths[] = {3, 0.3, 11, 200};
    for (size_t k = 0; k < COUNT(widths); k++) {
        int part[PARTS];
        struct circuit *c = divider(part);
        circuit_voltage_probe(c, "m", circuit_node(c, "m"));
        const double width = widths[k] * T, edge = 0.1 * width, z = edge / T, volts[] = {1},
                     left = v * expm1(z) / z * exp(-width / T);
        struct array_run r = array_run("event", &engine_defaults, c, 1, volts, width, edge);
        ASSERT_NEAR(r.values[circuit_node(c, "m")], v - left, 1e-12);
        array_run_free(&r);
        circuit_free(c);
    }
}

/* One phase of `width` at `volt`. */
struct one {
    double volt, width;
    int begun;
};
static bool one_phase(void *data, const struct reading *reading, struct phase *next)
{
    struct one *o = data;
    (void)reading;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = o->width;
    next->edge = 0.1 * o->width;
    next->drive[0] = (struct drive){o->volt, false};
    return o->begun++ == 0;
}
static enum status run_one(const struct circuit *c, double volt, double width, struct error *error)
{
    struct one one = {volt, width, 0};
    struct engine_report report;
    return engine_run(engine_find("event"), c, &(struct controller){one_phase, &one, NULL},
                      &engine_defaults, &report, error);
}

/* A state that moves while its voltage still lags. */
static void test_state(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("Cr", devices, &d, &error), error);
    static const double farads[] = {1e-14, 1e-8};
    for (size_t k = 0; k < COUNT(farads); k++) {
        struct circuit *c = circuit_new("lag");
        const int p = circuit_node(c, "p"), m = circuit_node(c, "m");
        circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
        circuit_resistor(c, "r1", p, m, 1000, CLASS_LINE);
        circuit_memristor(c, "xm1", m, 0, d, 0.02);
        circuit_capacitor(c, "cp", m, 0, farads[k], CLASS_LINE);
        const enum status status = run_one(c, 0.5, 1e-3, &error);
        assert_int_equal(status, k == 0 ? STATUS_OK : STATUS_NUMERICAL);
        circuit_free(c);
    }
    assert_non_null(strstr(error.text, "capacitor cp charges in"));
    dopant_free(d);
    free(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divider), cmocka_unit_test(test_end),
        cmocka_unit_test(test_opening), cmocka_unit_test(test_floating),
        cmocka_unit_test(test_moving),  cmocka_unit_test(test_reading),
        cmocka_unit_test(test_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
