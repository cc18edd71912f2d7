/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of the engine `ida` by each of its methods against closed forms, element by element: linear
 * circuits behind kinks and jumps of the drive, switches that open, a memristor whose state moves.
 * GSL integrates the closed forms of power. */
#include "array_run.h"

#include <gsl/gsl_integration.h>

#define TOLERANCE 3 /* of reltol, that an energy may be wrong by */

static const double reltols[] = {1e-3, 1e-4, 1e-6, 1e-8};

static struct engine_options options(int method, double reltol)
{
    struct engine_options o = engine_defaults;
    o.method = (enum engine_method)method;
    o.reltol = reltol;
    o.vntol = 1e-2 * reltol;
    o.time_limit = 60;
    return o;
}

typedef double power(double t, void *data);

static double integral(power *p, void *data, double t0, double t1)
{
    gsl_integration_workspace *w = gsl_integration_workspace_alloc(1000);
    gsl_function f = {p, data};
    double sum, error;
    assert_int_equal(
        gsl_integration_qag(&f, t0, t1, 0, 1e-11, 1000, GSL_INTEG_GAUSS31, w, &sum, &error), 0);
    gsl_integration_workspace_free(w);
    return sum;
}

/* A port behind r on a node with a load and a capacitor to ground; the node's voltage v obeys
 * tau v' = k u - v with k = load/(r + load), tau = c r k, and u, the drive, goes from 0 to `volt`
 * within `edge` and stays. */
struct rc {
    double r, load, farad, edge, volt;
};

static double rc_drive(const struct rc *q, double t)
{
    return t < q->edge ? q->volt * t / q->edge : q->volt;
}

static double rc_voltage(const struct rc *q, double t)
{
    const double k = q->load / (q->r + q->load), tau = q->farad * q->r * k;
    if (q->edge <= 0)
        return -k * q->volt * expm1(-t / tau);
    const double lag = tau / q->edge * expm1(-fmin(t, q->edge) / tau);
    return k * q->volt * (t < q->edge ? t / q->edge + lag : 1 + lag * exp(-(t - q->edge) / tau));
}

static double rc_power_r(double t, void *data)
{
    const struct rc *q = data;
    const double u = rc_drive(q, t) - rc_voltage(q, t);
    return u * u / q->r;
}

static double rc_power_load(double t, void *data)
{
    const struct rc *q = data;
    return pow(rc_voltage(q, t), 2) / q->load;
}

/* Over [0, width], which the corner of the drive and multiples of tau divide. */
static double rc_energy(power *p, struct rc *q, double width)
{
    const double tau = q->farad * q->r * q->load / (q->r + q->load);
    double sum = 0, begin = 0;
    for (int part = 0; part < 2; part++) {
        const double end = part == 0 ? q->edge : width, origin = begin;
        for (double length = tau; begin < end; length *= 4) {
            const double next = fmin(end, origin + length);
            sum += integral(p, q, begin, next);
            begin = next;
        }
    }
    return sum;
}

static void test_rc(void **state)
{
    (void)state;
    static const struct rc circuits[] = {
        {50, 10e3, 1e-12, 1e-6, 1}, /* a line: settled at once */
        {1e3, 10e3, 1e-9, 1e-6, 1}, /* as slow as the edge */
        {1e3, 1e6, 1e-9, 1e-9, -1}, /* slower by 1000 */
        {20e3, 1e3, 2e-12, 0, 0.5}, /* a jump */
        {500, 100e3, 1e-9, 0, 1},
    };
    const double width = 20e-6;
    for (int m = 0; engine_methods[m]; m++)
        for (size_t k = 0; k < COUNT(circuits) * COUNT(reltols); k++) {
            struct rc q = circuits[k / COUNT(reltols)];
            const double reltol = reltols[k % COUNT(reltols)];
            struct circuit *c = circuit_new("rc");
            const int out = circuit_node(c, "out");
            const int in = circuit_node(c, "in");
            circuit_port(c, "p", in, (struct port_driver){0, false, 0, CLASS_DRIVER});
            const int r = circuit_resistor(c, "r1", in, out, q.r, CLASS_SELECT),
                      load = circuit_resistor(c, "r2", out, 0, q.load, CLASS_REFERENCE),
                      c1 = circuit_capacitor(c, "c1", out, 0, q.farad, CLASS_LINE);
            const struct engine_options o = options(m, reltol);
            struct array_run run = array_run("ida", &o, c, 1, &q.volt, width, q.edge);
            const double by_r = rc_energy(rc_power_r, &q, width),
                         by_load = rc_energy(rc_power_load, &q, width),
                         stored = 0.5 * q.farad * pow(rc_voltage(&q, width), 2),
                         most = TOLERANCE * reltol;
            ASSERT_NEAR(run.energy[r], by_r, most * by_r);
            ASSERT_NEAR(run.energy[load], by_load, most * by_load);
            ASSERT_NEAR(run.energy[c1], stored, most * stored);
            ASSERT_NEAR(run.energy[c->ports[0].source], -(by_r + by_load + stored),
                        most * (by_r + by_load + stored));
            array_run_free(&run);
            circuit_free(c);
        }
}

/* A port at 1 V on a load, which opens within the edge: conductance is linear in time, the currents
 * follow at once, and nothing has a derivative, so that only the test of energies holds BDF. */
struct opening {
    double r, load, edge;
};

static double opening_current(const struct opening *q, double t)
{
    const double g = switch_conductance(q->r, fmax(0, 1 - t / q->edge));
    return 1 / (1 / g + q->load);
}

static double opening_power_switch(double t, void *data)
{
    const struct opening *q = data;
    const double i = opening_current(q, t);
    return i * (1 - i * q->load);
}

static double opening_power_load(double t, void *data)
{
    const struct opening *q = data;
    return pow(opening_current(q, t), 2) * q->load;
}

static void test_opening(void **state)
{
    (void)state;
    static const double loads[] = {50, 10e3, 1e6};
    const double volts[] = {NAN}, width = 11e-6;
    for (int m = 0; engine_methods[m]; m++)
        for (size_t k = 0; k < COUNT(loads) * COUNT(reltols); k++) {
            struct opening q = {50, loads[k / COUNT(reltols)], 1e-6};
            const double reltol = reltols[k % COUNT(reltols)];
            struct circuit *c = circuit_new("opening");
            const int out = circuit_node(c, "out");
            circuit_port(c, "p", out, (struct port_driver){q.r, true, 1, CLASS_SELECT});
            const int load = circuit_resistor(c, "r1", out, 0, q.load, CLASS_REFERENCE);
            const struct engine_options o = options(m, reltol);
            struct array_run run = array_run("ida", &o, c, 1, volts, width, q.edge);
            double by_switch = 0;
            for (size_t e = 0; e < c->n_elements; e++)
                if (c->elements[e].kind == ELEMENT_SWITCH)
                    by_switch += run.energy[e];
            const double found[] = {by_switch, run.energy[load]};
            power *const powers[] = {opening_power_switch, opening_power_load};
            for (size_t i = 0; i < COUNT(powers); i++) {
                const double expected =
                    integral(powers[i], &q, 0, q.edge) + integral(powers[i], &q, q.edge, width);
                ASSERT_NEAR(found[i], expected, TOLERANCE * reltol * expected);
            }
            assert_true(run.n_points < 1000); /* order 1 takes 20000 */
            array_run_free(&run);
            circuit_free(c);
        }
}

/* A memristor whose state moves, at a constant voltage from a jump on: by its law's own passage. */
struct passage {
    const struct dopant *dopant;
    double volt, x0;
};

static double passage_power(double t, void *data)
{
    const struct passage *q = data;
    const double *constants = q->dopant->constants;
    const double x = q->dopant->model->jump(constants, q->volt, q->x0, t);
    return q->volt * q->dopant->model->current(constants, q->volt, x).f;
}

static void test_memristor(void **state)
{
    (void)state;
    static const double volts[] = {0.36, -0.3, 0.5}, x0[] = {0.05, 0.6, 0.02};
    const double width = 0.5e-3;
    struct error error = {{0}};
    struct dopant *d;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &d, &error), error);
    for (int m = 0; engine_methods[m]; m++)
        for (size_t k = 0; k < COUNT(volts) * COUNT(reltols); k++) {
            struct passage q = {d, volts[k / COUNT(reltols)], x0[k / COUNT(reltols)]};
            const double reltol = reltols[k % COUNT(reltols)];
            struct circuit *c = circuit_new("memristor");
            const int node = circuit_node(c, "p");
            circuit_port(c, "p", node, (struct port_driver){0, false, 0, CLASS_DRIVER});
            const int e = circuit_memristor(c, "xm1", node, 0, d, q.x0);
            const struct engine_options o = options(m, reltol);
            struct array_run run = array_run("ida", &o, c, 1, &q.volt, width, 0);
            const double expected = integral(passage_power, &q, 0, width),
                         x = d->model->jump(d->constants, q.volt, q.x0, width);
            ASSERT_NEAR(run.energy[e], expected, TOLERANCE * reltol * expected);
            ASSERT_NEAR(run.values[circuit_state_value(c, 0)], x, TOLERANCE * reltol * x);
            array_run_free(&run);
            circuit_free(c);
        }
    dopant_free(d);
    free(devices);
}

/* Pulses without edges on a memristor behind a resistor, within the dead zone of its law: no state
 * moves, and each pulse takes v^2/R of the two. */
static void test_dead_zone(void **state)
{
    (void)state;
    const double volts[] = {-0.142055, 0, -0.142055, 0, -0.142055, 0}, width = 38.34e-6,
                 ohm = 276463, x0 = 0.01;
    struct error error = {{0}};
    struct dopant *d;
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read("W-leaky", devices, &d, &error), error);
    const double g = d->model->current(d->constants, -1e-3, x0).f / -1e-3;
    for (int m = 0; engine_methods[m]; m++)
        for (size_t k = 0; k < COUNT(reltols); k++) {
            struct circuit *c = circuit_new("dead zone");
            const int in = circuit_node(c, "in"), top = circuit_node(c, "top");
            circuit_port(c, "p", in, (struct port_driver){0, false, 0, CLASS_DRIVER});
            const int r = circuit_resistor(c, "r1", in, top, ohm, CLASS_LINE),
                      e = circuit_memristor(c, "xm1", top, 0, d, x0);
            const struct engine_options o = options(m, reltols[k]);
            struct array_run run = array_run("ida", &o, c, COUNT(volts), volts, width, 0);
            const double i = volts[0] / (ohm + 1 / g), time = width * COUNT(volts) / 2,
                         most = TOLERANCE * reltols[k];
            ASSERT_NEAR(run.values[circuit_state_value(c, 0)], x0, 1e-12);
            ASSERT_NEAR(run.energy[r], i * i * ohm * time, most * i * i * ohm * time);
            ASSERT_NEAR(run.energy[e], i * i / g * time, most * i * i / g * time);
            array_run_free(&run);
            circuit_free(c);
        }
    dopant_free(d);
    free(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rc), cmocka_unit_test(test_opening),
                                       cmocka_unit_test(test_memristor),
                                       cmocka_unit_test(test_dead_zone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
