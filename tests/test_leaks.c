/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What flows where nothing should, in the event engine: bulk diodes of transistors that are off, and a device
 * behind an open switch, which moves all the same; against closed forms and GSL's integrations. */
#include "array_run.h"
#include "device/library/library_make.h"
#include "engine/event/event_leaks.h"

#include <gsl/gsl_integration.h>

#define IS 1e-12   /* [A] as much as gmin draws at 1 V */
#define PARALLEL 3 /* transistors */
#define VT 0.02585 /* [V] kT/q */

static const struct mos1_model models[] = {
    {.type = 1, .vto = 0.5, .kp = 1e-4, .phi = 0.6, .is = IS},
    {.type = -1, .vto = -0.5, .kp = 1e-4, .phi = 0.6, .is = IS}};

/* A transistor of each type between p and q; the bulk of the second is at b. */
enum { N, P, TYPES };
struct bulks {
    struct circuit *circuit;
    int p, q, gate, bulk[TYPES], element[TYPES];
};
static struct bulks bulks_new(void)
{
    struct circuit *c = circuit_new("bulks");
    struct bulks s = {.circuit = c};
    s.p = circuit_node(c, "p");
    s.q = circuit_node(c, "q");
    s.gate = circuit_node(c, "gate");
    s.bulk[P] = circuit_node(c, "b");
    circuit_port(c, "p", s.p, (struct port_driver){.class = CLASS_DRIVER});
    circuit_port(c, "q", s.q, (struct port_driver){.class = CLASS_DRIVER});
    circuit_port(c, "gate", s.gate, (struct port_driver){.class = CLASS_DRIVER});
    circuit_port(c, "b", s.bulk[P], (struct port_driver){.class = CLASS_DRIVER});
    for (int k = 0; k < TYPES; k++) {
        const struct element e = {.kind = ELEMENT_MOSFET,
                                  .class = CLASS_SELECT,
                                  .node = {s.p, s.gate, s.q, s.bulk[k]},
                                  .mos = &models[k],
                                  .geometry = {2e-6, 1e-6, PARALLEL}};
        s.element[k] = circuit_add(c, k == N ? "mn" : "mp", &e, true);
    }
    return s;
}

/* Power of a diode whose forward voltage goes from u0 to u1 within a second [W]. */
struct diode {
    double u0, u1;
};
static double diode_power(double t, void *data)
{
    const struct diode *d = data;
    const double u = d->u0 + t * (d->u1 - d->u0);
    return u * (PARALLEL * IS * expm1(u / VT) + CIRCUIT_GMIN * u);
}
static double diode_energy(double u0, double u1, double h)
{
    struct diode d = {u0, u1};
    double energy, error;
    gsl_integration_workspace *w = gsl_integration_workspace_alloc(100);
    gsl_integration_qag(&(gsl_function){diode_power, &d}, 0, 1, 0, 1e-12, 100, GSL_INTEG_GAUSS61, w,
                        &energy, &error);
    gsl_integration_workspace_free(w);
    return h * energy;
}

/* Ramps and holds of all nodes, by the law of the diodes less their power where they rest.  Reverse voltages
 * are 0.7 V and more, at which exp(u/VT) is 1e-12. */
static void test_bulk_diodes(void **state)
{
    (void)state;
    struct bulks s = bulks_new();
    struct error error = {{0}};
    struct network *n = network_new(s.circuit, &error);
    assert_non_null(n);
    network_phase(n);
    static const struct {
        double p, q, b, h; /* [V, s] at the end */
    } moments[] = {
        {1.1, 0.8, 3.3, 0}, {2.2, 0.7, 3, 1e-6}, {2.2, 0.7, 3, 4e-3}, {0.9, 1.9, 3.3, 2e-3}};
    double energy[TYPES] = {0};
    double u[TYPES][2] = {{0}}, rest[TYPES] = {0};
    struct event_leaks l;
    event_leaks_new(&l, n);
    assert_int_equal(l.n, TYPES);
    double *taken = NEW(s.circuit->n_elements, double);
    for (size_t i = 0; i < COUNT(moments); i++) {
        const double h = moments[i].h;
        n->values[s.p] = moments[i].p;
        n->values[s.q] = moments[i].q;
        n->values[s.bulk[P]] = moments[i].b;
        if (i == 0) {
            event_leaks_rest(&l, n);
            event_leaks_take(&l, n->values, 0);
        } else if (i == 2)
            event_leaks_stay(&l, h);
        else
            event_leaks_take(&l, n->values, h);
        for (int k = 0; k < TYPES; k++) {
            const double sign = models[k].type, bulk = k == N ? 0 : moments[i].b,
                         now[2] = {sign * (bulk - moments[i].p), sign * (bulk - moments[i].q)};
            if (i == 0)
                rest[k] = diode_energy(now[0], now[0], 1) + diode_energy(now[1], now[1], 1);
            for (int end = 0; end < 2; end++) {
                if (i > 0)
                    energy[k] += diode_energy(u[k][end], now[end], h);
                u[k][end] = now[end];
            }
            energy[k] -= rest[k] * h;
        }
        if (i == 1) /* what was handed out is not handed out again */
            event_leaks_hand_out(&l, taken);
    }
    event_leaks_hand_out(&l, taken);
    event_leaks_hand_out(&l, taken);
    for (int k = 0; k < TYPES; k++) {
        assert_true(fabs(energy[k]) > 1e-15);
        ASSERT_NEAR(taken[s.element[k]], energy[k], 1e-10 * fabs(energy[k]));
    }
    free(taken);
    event_leaks_free(&l);
    network_free(n);
    circuit_free(s.circuit);
}

/* The same by the engine: of a transistor that is off the diode at its drain, over pulses with edges and
 * through one on which nothing moves. */
static void test_transistor_off(void **state)
{
    (void)state;
    static const double volts[] = {1, 2.5, 2.5, 0.5}, width = 1e-3, edge = 1e-4;
    struct circuit *c = circuit_new("off");
    const int p = circuit_node(c, "p");
    circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
    circuit_resistor(c, "r1", p, 0, 1e6, CLASS_LINE); /* holds the node */
    const struct element e = {.kind = ELEMENT_MOSFET,
                              .class = CLASS_SELECT,
                              .node = {p, 0, 0, 0},
                              .mos = &models[N],
                              .geometry = {2e-6, 1e-6, PARALLEL}};
    const int mosfet = circuit_add(c, "mn", &e, true);
    struct array_run r = array_run("event", &engine_defaults, c, COUNT(volts), volts, width, edge);
    double energy = 0, before = 0;
    for (size_t k = 0; k < COUNT(volts); k++) {
        energy += diode_energy(-before, -volts[k], edge) +
                  diode_energy(-volts[k], -volts[k], width - edge);
        before = volts[k];
    }
    /* the engine takes expm1(u/VT) for -1 from 0 V on: on the ramp from there to v, that is too much by
     * IS v times the integral of w exp(-w v/VT) over w from 0 to 1, IS VT^2/v */
    ASSERT_NEAR(r.energy[mosfet], energy + PARALLEL * IS * VT * VT / volts[0] * edge,
                1e-9 * energy);
    array_run_free(&r);
    circuit_free(c);
}

/* mms-demo at 0 V: x goes to 1/2 with the time constant tau/2s.  Behind 1 Gohm, 1 V makes a microvolt. */
#define RON 500.
#define ROFF 1500.
#define TAU 1e-4
#define BARRIER 0.27
#define THERMAL 0.0257
#define X0 0.9
static double state_at(double t)
{
    const double s = 1 / (1 + exp(BARRIER / THERMAL));
    return 0.5 + (X0 - 0.5) * exp(-2 * s * t / TAU);
}
static double device_power(double t, void *volt)
{
    const double x = state_at(t), g = x / RON + (1 - x) / ROFF,
                 i = *(double *)volt / (CIRCUIT_R_OPEN + 1 / g);
    return i * i / g;
}
static double switch_power(double t, void *volt)
{
    const double x = state_at(t), g = x / RON + (1 - x) / ROFF,
                 i = *(double *)volt / (CIRCUIT_R_OPEN + 1 / g);
    return i * i * CIRCUIT_R_OPEN;
}
static double integral(double (*f)(double, void *), double volt, double from, double to)
{
    double sum, error;
    gsl_integration_workspace *w = gsl_integration_workspace_alloc(100);
    gsl_integration_qag(&(gsl_function){f, &volt}, from, to, 0, 1e-12, 100, GSL_INTEG_GAUSS61, w,
                        &sum, &error);
    gsl_integration_workspace_free(w);
    return sum;
}

/* A port that is open from begin to end, beside one that drives the device's other end. */
static void test_open_switch(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("mms-demo", devices, &d, &error), error);
    struct circuit *c = circuit_new("open");
    const int m = circuit_node(c, "m"), p = circuit_node(c, "p");
    const struct port_driver openable = {50, true, 0, CLASS_REFERENCE};
    circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
    circuit_port(c, "m", m, openable);
    const int device = circuit_memristor(c, "xm1", p, m, d, X0);
    const int x = circuit_state_value(c, c->elements[device].state);
    int key = -1;
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == ELEMENT_SWITCH)
            key = (int)k;
    assert_true(key >= 0);
    /* all phases at 1 V but the first, which is open at 0 V */
    static const double volts[] = {0, NAN, 1, NAN, 1, NAN}, width = 1;
    struct array_run r =
        array_run("event", &engine_defaults, c, COUNT(volts) / 2, volts, width, 1e-6);
    const double end = width * COUNT(volts) / 2;
    ASSERT_NEAR(r.values[x], state_at(end), engine_defaults.reltol * state_at(end));
    assert_true(X0 - state_at(end) > 0.1);
    const double of_device = integral(device_power, 1, width, end),
                 of_switch = integral(switch_power, 1, width, end);
    ASSERT_NEAR(r.energy[key], of_switch, 1e-5 * of_switch);
    ASSERT_NEAR(r.energy[device], of_device, 1e-3 * of_device);
    array_run_free(&r);
    circuit_free(c);
    dopant_free(d);
    free(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bulk_diodes),
                                       cmocka_unit_test(test_transistor_off),
                                       cmocka_unit_test(test_open_switch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
