/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capacitors of the event engine that are too slow to be charged at once: closed forms, other engines. */
#include "array_run.h"
#include "device/library/library_make.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_odeiv2.h>

#define R1 1000.0  /* [ohm] from the port */
#define R2 3000.0  /* [ohm] to ground */
#define FARAD 1e-9 /* [F] beside R2 */

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

/* The port goes from v0 to v1 in h seconds; *u follows, in closed form: u = line(t) + left exp(-t/T), and
 * integrals of the products of 1, t and the exponential. */
static void add_stretch(double v0, double v1, double h, double *u, double energy[PARTS])
{
    const double part = R2 / (R1 + R2), T = FARAD * R1 * part, z = h / T, rise = part * (v1 - v0);
    const double line = part * v0 - rise / z,
                 left = *u - line; /* the line at 0, its change `rise' */
    const double one = -expm1(-z) / z, along = (one - exp(-z)) / z, two = -expm1(-2 * z) / (2 * z);
    const double first =
        h * (v0 * (v0 - line) / R1 + ((v1 - v0) * (v0 - line) + v0 * (v1 - v0 - rise)) / R1 / 2 +
             (v1 - v0) * (v1 - v0 - rise) / R1 / 3 - left * (v0 * one + (v1 - v0) * along) / R1);
    const double square = line * line + line * rise + rise * rise / 3 +
                          2 * left * (line * one + rise * along) + left * left * two,
                 mean = v0 * line + (v0 * rise + (v1 - v0) * line) / 2 + (v1 - v0) * rise / 3 +
                        left * (v0 * one + (v1 - v0) * along),
                 drive = (v0 * v0 + v0 * v1 + v1 * v1) / 3;
    energy[DRIVE] -= first;
    energy[FIRST] += h * (drive - 2 * mean + square) / R1;
    energy[SECOND] += h * square / R2;
    *u = line + rise + left * exp(-z);
}

/* Ramps and holds from a hundredth of the time constant on, and a jump; at the two sides of the rule, a tenth
 * of the edge, the capacitor has a memory and is charged at once.  With a memory the closed form, but for
 * what its differences lose at h/T = 0.01, 1e-16 (T/h)^3; without, what of its charge a pulse's end cuts
 * off. */
static void test_divider(void **state)
{
    (void)state;
    const double T = FARAD * R1 * R2 / (R1 + R2);
    static const double edges[] = {0, 0.01, 0.3, 1, 5, 9.9, 10.1, 100}, widths[] = {0.03, 1, 30},
                        volts[] = {1, 0, -0.5, -0.5};
    for (size_t k = 0; k < COUNT(edges); k++)
        for (size_t w = 0; w < COUNT(widths); w++) {
            const double edge = edges[k] * T, width = edge + widths[w] * T;
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
            const bool at_once = (edges[k] > 10 || edges[k] <= 0) && widths[w] > 10;
            for (int e = 0; e < PARTS; e++)
                ASSERT_NEAR(r.energy[part[e]], energy[e],
                            (at_once ? 1e-7 : 1e-9) * fabs(energy[DRIVE]));
            ASSERT_NEAR(r.values[c->elements[part[CAPACITOR]].node[0]], u, 1e-9);
            array_run_free(&r);
            circuit_free(c);
        }
}

/* Three capacitors that act on each other: a port behind R1 on the first, R2 from there to the second, and a
 * transconductor from the second to the third, the middle one in a cascade of resistors without capacitors.
 * Against the exponential of the matrix; energies by Boole's rule over pieces of it. */
enum { A, B, C, STATES };
#define SIZE (STATES + 2) /* with the time and 1 */
#define LEAK 20e3         /* [ohm] beside the third */
#define GM 2e-4           /* [S] */
#define BOOLE 400
enum { SOURCE, TO_A, A_TO_B, GROUND_B, TRANSCONDUCTOR, GROUND_C, CHAIN_PARTS };
static const double chain_farad[STATES] = {1e-9, 3e-10, 2e-9};

struct chain {
    double v, y[SIZE]; /* the port's voltage, and voltages behind it [V] */
    double energy[CHAIN_PARTS];
};

static void chain_power(const double *y, double v, double *power)
{
    power[SOURCE] = -v * (v - y[A]) / R1;
    power[TO_A] = (v - y[A]) * (v - y[A]) / R1;
    power[A_TO_B] = (y[A] - y[B]) * (y[A] - y[B]) / (2 * R2);
    power[GROUND_B] = y[B] * y[B] / R2;
    power[TRANSCONDUCTOR] = -y[C] * GM * y[B];
    power[GROUND_C] = y[C] * y[C] / LEAK;
}

/* Through h seconds, in which the port goes to v1. */
static void chain_go(struct chain *c, double v1, double h)
{
    static const double weights[] = {7, 32, 12, 32, 7};
    const double step = h / (4 * BOOLE), slope = (v1 - c->v) / h;
    double m[SIZE * SIZE] = {0}, e[SIZE * SIZE];
#define AT(i, j) m[(i)*SIZE + (j)]
    AT(A, A) = -(1 / R1 + 1 / (2 * R2)) / chain_farad[A];
    AT(A, B) = 1 / (2 * R2) / chain_farad[A];
    AT(A, STATES) = slope / R1 / chain_farad[A];
    AT(A, STATES + 1) = c->v / R1 / chain_farad[A];
    AT(B, A) = 1 / (2 * R2) / chain_farad[B];
    AT(B, B) = -(1 / (2 * R2) + 1 / R2) / chain_farad[B];
    AT(C, B) = GM / chain_farad[C];
    AT(C, C) = -1 / LEAK / chain_farad[C];
    AT(STATES, STATES + 1) = 1;
#undef AT
    for (int k = 0; k < SIZE * SIZE; k++)
        m[k] *= step;
    gsl_matrix_view from = gsl_matrix_view_array(m, SIZE, SIZE),
                    to = gsl_matrix_view_array(e, SIZE, SIZE);
    gsl_linalg_exponential_ss(&from.matrix, &to.matrix, GSL_PREC_DOUBLE);
    c->y[STATES] = 0;
    c->y[STATES + 1] = 1;
    for (int k = 0; k <= 4 * BOOLE; k++) {
        double power[CHAIN_PARTS], next[SIZE] = {0};
        chain_power(c->y, c->v + slope * step * k, power);
        const double weight = k % 4 || k == 0 || k == 4 * BOOLE ? weights[k % 4] : 14;
        for (int p = 0; p < CHAIN_PARTS; p++)
            c->energy[p] += weight * step * 2 / 45 * power[p];
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++)
                next[i] += e[i * SIZE + j] * c->y[j];
        if (k < 4 * BOOLE)
            memcpy(c->y, next, sizeof next);
    }
    c->v = v1;
}

static void test_chain(void **state)
{
    (void)state;
    static const double volts[] = {1, -0.4, -0.4}, edges[] = {0.01, 1, 4}, widths[] = {0.02, 1, 20};
    const double T = R1 * chain_farad[A];
    for (size_t k = 0; k < COUNT(edges) * COUNT(widths); k++) {
        const double edge = edges[k % COUNT(edges)] * T,
                     width = edge + widths[k / COUNT(edges)] * T;
        struct circuit *c = circuit_new("chain");
        const int p = circuit_node(c, "p"), a = circuit_node(c, "a"), b = circuit_node(c, "b"),
                  ab = circuit_node(c, "ab"), last = circuit_node(c, "c");
        const int nodes[STATES] = {a, b, last};
        const int port = circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
        int part[CHAIN_PARTS] = {[SOURCE] = c->ports[port].source};
        part[TO_A] = circuit_resistor(c, "r1", p, a, R1, CLASS_DRIVER);
        part[A_TO_B] = circuit_resistor(c, "r2", a, ab, R2, CLASS_MEMRISTOR);
        const int half = circuit_resistor(c, "r3", ab, b, R2, CLASS_MEMRISTOR);
        part[GROUND_B] = circuit_resistor(c, "r4", b, 0, R2, CLASS_LINE);
        part[TRANSCONDUCTOR] = circuit_add(c, "g1",
                                           &(struct element){ELEMENT_VCCS, .class = CLASS_NEURON,
                                                             .node = {0, last, b, 0}, .value = GM},
                                           true);
        part[GROUND_C] = circuit_resistor(c, "r5", last, 0, LEAK, CLASS_REFERENCE);
        circuit_capacitor(c, "ca", 0, a, chain_farad[A], CLASS_LINE);
        circuit_capacitor(c, "cb", b, 0, chain_farad[B], CLASS_LINE);
        circuit_capacitor(c, "cc", last, 0, chain_farad[C], CLASS_LINE);
        struct chain expected = {0};
        for (size_t i = 0; i < COUNT(volts); i++) {
            chain_go(&expected, volts[i], edge);
            chain_go(&expected, volts[i], width - edge);
        }
        struct array_run r =
            array_run("event", &engine_defaults, c, COUNT(volts), volts, width, edge);
        for (int i = 0; i < STATES; i++)
            ASSERT_NEAR(r.values[nodes[i]], expected.y[i], 1e-9);
        r.energy[part[A_TO_B]] += r.energy[half];
        for (int e = 0; e < CHAIN_PARTS; e++)
            ASSERT_NEAR(r.energy[part[e]], expected.energy[e], 1e-8 * fabs(expected.energy[e]));
        array_run_free(&r);
        circuit_free(c);
    }
}

/* A memristor beside a capacitor, behind a resistor: state and voltage move each other.  mms-demo by the
 * closed form of its rates. */
#define RON 500.0
#define ROFF 1500.0
#define BARRIER 0.27 /* [V] */
#define VT 0.0257    /* [V] */
#define TAU 1e-4     /* [s] */
#define X0 0.1
enum { LOAD_SOURCE, LOAD, DEVICE, LOAD_PARTS };
struct load {
    double from, to, h, farad; /* [V, V, s, F] */
};
static int load_rates(double t, const double y[], double rate[], void *data)
{
    const struct load *l = data;
    const double v = l->from + (l->to - l->from) * fmin(1, t / l->h),
                 g = y[1] / RON + (1 - y[1]) / ROFF, i = (v - y[0]) / R1;
    rate[0] = (i - g * y[0]) / l->farad;
    rate[1] =
        ((1 - y[1]) / (1 + exp((BARRIER - y[0]) / VT)) - y[1] / (1 + exp((BARRIER + y[0]) / VT))) /
        TAU;
    rate[2 + LOAD_SOURCE] = -v * i;
    rate[2 + LOAD] = i * i * R1;
    rate[2 + DEVICE] = y[0] * y[0] * g;
    return GSL_SUCCESS;
}

/* Where the capacitor is the slower one, as fast, and the faster one.  Voltage and state to 3 reltol, energies
 * to their class's estimate and reltol, against GSL's integration; and likewise against `ida'. */
static void test_load_line(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("mms-demo", devices, &d, &error), error);
    static const double volts[] = {0.7, -0.6, 0.9}, farads[] = {1e-6, 1e-7, 1e-8},
                        reltols[] = {1e-3, 1e-4, 1e-6};
    const double edge = 2e-5, width = 3e-4;
    for (size_t k = 0; k < COUNT(farads) * COUNT(reltols); k++) {
        const double farad = farads[k % COUNT(farads)], reltol = reltols[k / COUNT(farads)];
        double y[2 + LOAD_PARTS] = {0, X0}, before = 0;
        for (size_t i = 0; i < COUNT(volts); i++) {
            struct load l = {before, volts[i], edge, farad};
            gsl_odeiv2_system system = {load_rates, NULL, 2 + LOAD_PARTS, &l};
            gsl_odeiv2_driver *driver =
                gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-9, 1e-20, 1e-12);
            double t = 0;
            assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, edge, y), GSL_SUCCESS);
            gsl_odeiv2_driver_reset(driver);
            assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, width, y), GSL_SUCCESS);
            gsl_odeiv2_driver_free(driver);
            before = volts[i];
        }
        assert_true(fabs(y[1] - X0) > 0.02);
        struct circuit *c = circuit_new("load");
        const int p = circuit_node(c, "p"), m = circuit_node(c, "m");
        const int port = circuit_port(c, "p", p, (struct port_driver){.class = CLASS_REFERENCE});
        const int part[LOAD_PARTS] = {c->ports[port].source,
                                      circuit_resistor(c, "r1", p, m, R1, CLASS_DRIVER),
                                      circuit_memristor(c, "xm1", m, 0, d, X0)};
        circuit_capacitor(c, "c1", m, 0, farad, CLASS_LINE);
        struct engine_options o = engine_defaults;
        o.reltol = reltol;
        o.vntol = 1e-2 * reltol;
        struct array_run r = array_run("event", &o, c, COUNT(volts), volts, width, edge);
        ASSERT_NEAR(r.values[m], y[0], 3 * reltol);
        ASSERT_NEAR(r.values[circuit_state_value(c, 0)], y[1], 3 * reltol);
        for (int e = LOAD; e < LOAD_PARTS; e++)
            ASSERT_NEAR(r.energy[part[e]], y[2 + e],
                        r.class_error[c->elements[part[e]].class] + reltol * y[2 + e]);
        ASSERT_NEAR(r.energy[part[LOAD_SOURCE]], y[2 + LOAD_SOURCE],
                    3 * reltol * fabs(y[2 + LOAD_SOURCE]));
        o.reltol = 1e-7;
        struct array_run ida = array_run("ida", &o, c, COUNT(volts), volts, width, edge);
        ASSERT_NEAR(r.values[m], ida.values[m], 3 * reltol);
        for (int e = 0; e < LOAD_PARTS; e++)
            ASSERT_NEAR(r.energy[part[e]], ida.energy[part[e]],
                        3 * reltol * fabs(ida.energy[part[e]]));
        array_run_free(&ida);
        array_run_free(&r);
        circuit_free(c);
    }
    dopant_free(d);
    free(devices);
}

/* A plan of phases at the first ports, and where each has ended. */
#define PLAN_MOST 6
#define PLAN_PORTS 2
struct plan {
    size_t n, next;
    struct {
        double volt[PLAN_PORTS], duration, edge;
        const struct phase_stop *stop; /* or NULL */
    } phases[PLAN_MOST];
    double t[PLAN_MOST];                       /* end of each [s] */
    double mean[PLAN_MOST], second[PLAN_MOST]; /* readings of the first two probes */
    int stop[PLAN_MOST];
    const double *values;
};
static bool plan_step(void *data, const struct reading *reading, struct phase *next)
{
    struct plan *p = data;
    if (reading) {
        p->t[p->next - 1] = reading->t1;
        p->mean[p->next - 1] = reading->mean[0];
        p->second[p->next - 1] = reading->mean[1];
        p->stop[p->next - 1] = reading->stop;
    }
    if (p->next == p->n)
        return false;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = p->phases[p->next].duration;
    next->edge = p->phases[p->next].edge;
    next->stops = p->phases[p->next].stop;
    next->n_stops = next->stops != NULL;
    for (int k = 0; k < PLAN_PORTS; k++)
        next->drive[k].volt = p->phases[p->next].volt[k];
    p->next++;
    return true;
}
static enum status plan_play(struct plan *p, const char *engine, const struct circuit *c,
                             struct error *error)
{
    struct engine_report report;
    p->next = 0;
    return engine_run(engine_find(engine), c, &(struct controller){plan_step, p, NULL},
                      &engine_defaults, &report, error);
}

/* A capacitor behind R1, emptied by a switch of 10 ohm that the second port closes. */
static struct circuit *emptied(double idle)
{
    struct circuit *c = circuit_new("emptied");
    const int p = circuit_node(c, "p"), m = circuit_node(c, "m");
    const int port =
        circuit_port(c, "p", p, (struct port_driver){.idle = idle, .class = CLASS_DRIVER});
    circuit_logic_port(c, "empty");
    circuit_resistor(c, "r1", p, m, R1, CLASS_LINE);
    circuit_capacitor(c, "c1", m, 0, FARAD, CLASS_LINE);
    circuit_add(c, "b1",
                &(struct element){ELEMENT_SWITCH, .class = CLASS_SELECT,
                                  .node = {m, 0, circuit_node(c, "empty")}, .value = 10},
                true);
    circuit_voltage_probe(c, "m", m);
    circuit_current_probe(c, "i", c->ports[port].source);
    return c;
}

/* Charging in closed form, from 0 V at the end of the ramp's first part: v (1 - exp(-t/T)) behind a jump.
 * A stop is found to vntol, and counts only when it is crossed: the next phase begins above it.  Readings
 * are means of the last tenth by Simpson's rule: (0.1 z)^4/2880 of the change. */
static void test_stops(void **state)
{
    (void)state;
    struct circuit *c = emptied(0);
    struct error error = {{0}};
    const size_t m = (size_t)circuit_node(c, "m");
    const double g = 1 / R1 + 1 / CIRCUIT_R_OPEN, T = FARAD / g, v = 1 / R1 / g;
    const struct phase_stop rising = {m, 0.4, true}, falling = {m, 0.3, false};
    struct plan p = {.n = 4,
                     .phases = {{{1, 0}, 3 * T, 0, &rising},
                                {{1, 0}, 0.5 * T, 0, &rising},
                                {{0, 0}, 5 * T, 0, &falling},
                                {{0, 0}, 2 * T, 0, NULL}}};
    ASSERT_DONE(plan_play(&p, "event", c, &error), error);
    const double first = T * log(v / (v - 0.4)), above = v + (0.4 - v) * exp(-0.5),
                 down = T * log(above / 0.3);
    assert_int_equal(p.stop[0], 0);
    assert_int_equal(p.stop[1], -1);
    assert_int_equal(p.stop[2], 0);
    const double sure = 2 * engine_defaults.vntol * T / 0.3;
    ASSERT_NEAR(p.t[0], first, sure);
    ASSERT_NEAR(p.t[1] - p.t[0], 0.5 * T, 1e-15);
    ASSERT_NEAR(p.t[2] - p.t[1], down, 2 * sure);
    const double mean = 0.3 * (exp(-1.8) - exp(-2)) / 0.2;
    ASSERT_NEAR(p.mean[3], mean, 1e-6 + engine_defaults.vntol);
    ASSERT_NEAR(p.second[3], mean / R1,
                (1e-6 + engine_defaults.vntol) / R1); /* out of the port at 0 V */
    circuit_free(c);
}

/* Engines begin at the operating point, with the capacitor at 0.8 V, or at 0 V: behind a phase that empties it
 * they agree: exp of minus 30 time constants of the closed switch is 1e-13. */
static void test_beginnings(void **state)
{
    (void)state;
    const double T = FARAD * R1;
    struct plan p = {.n = 3,
                     .phases = {{{0.8, 1}, 31 * FARAD * 10 + 0.01 * T, 0.01 * T, NULL},
                                {{0.8, 0}, T, 0.01 * T, NULL},
                                {{-0.3, 0}, 0.2 * T, 0.01 * T, NULL}}};
    static const char *const engines[] = {"event", "ida"};
    double means[2][2][PLAN_MOST];
    for (int e = 0; e < 2; e++)
        for (int k = 0; k < 2; k++) {
            struct circuit *c = emptied(k == 0 ? 0 : 0.8);
            struct error error = {{0}};
            ASSERT_DONE(plan_play(&p, engines[e], c, &error), error);
            memcpy(means[e][k], p.mean, sizeof p.mean);
            circuit_free(c);
        }
    for (int i = 0; i < 3; i++) {
        ASSERT_NEAR(means[0][0][i], means[0][1][i], 0.1 * engine_defaults.reltol);
        for (int k = 0; k < 2; k++)
            ASSERT_NEAR(means[0][k][i], means[1][k][i], 3 * engine_defaults.reltol);
    }
    assert_true(means[0][0][1] > 0.4);
}

/* A fast capacitor beside a slow one takes of its charge: of 100 nF beside 10 ohm, charged within a fiftieth
 * of an edge, which moves by a twentieth of the slow one's voltage, 1/400 counts there.  Against ida. */
static void test_lender(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("lender");
    const int p = circuit_node(c, "p"), m = circuit_node(c, "m"), f = circuit_node(c, "f");
    circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
    circuit_resistor(c, "r1", p, m, R1, CLASS_LINE);
    circuit_resistor(c, "r2", m, f, 190, CLASS_SELECT);
    circuit_resistor(c, "r3", f, 0, 10, CLASS_REFERENCE);
    circuit_capacitor(c, "c1", m, 0, 1e-7, CLASS_LINE);
    circuit_capacitor(c, "c2", f, 0, 1e-7, CLASS_LINE);
    static const double volts[] = {1, 0.2};
    struct engine_options o = engine_defaults;
    o.reltol = 1e-7;
    o.vntol = 1e-9;
    struct array_run r = array_run("event", &o, c, COUNT(volts), volts, 1e-4, 5e-5),
                     ida = array_run("ida", &o, c, COUNT(volts), volts, 1e-4, 5e-5);
    ASSERT_NEAR(r.values[m], ida.values[m], 1e-6);
    for (size_t e = 0; e < c->n_elements; e++)
        ASSERT_NEAR(r.energy[e], ida.energy[e], 1e-5 * fabs(ida.energy[e]));
    array_run_free(&r);
    array_run_free(&ida);
    circuit_free(c);
}

/* Between two nodes that are both solved for, a slow capacitor is refused, with its name and constant; a fast
 * one is charged at once. */
static void test_refused(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct circuit *c = circuit_new("between");
        const int p = circuit_node(c, "p"), a = circuit_node(c, "a"), b = circuit_node(c, "b");
        circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
        circuit_logic_port(c, "unused");
        circuit_resistor(c, "r1", p, a, R1, CLASS_LINE);
        circuit_resistor(c, "r2", b, 0, R1, CLASS_LINE);
        circuit_resistor(c, "r3", a, b, 2 * R1, CLASS_LINE);
        circuit_capacitor(c, "cab", a, b, k == 0 ? FARAD : 1e-3 * FARAD, CLASS_LINE);
        circuit_voltage_probe(c, "a", a);
        circuit_voltage_probe(c, "b", b);
        struct plan plan = {.n = 1, .phases = {{{1, 0}, 1e-4, 1e-6, NULL}}};
        struct error error = {{0}};
        const enum status status = plan_play(&plan, "event", c, &error);
        assert_int_equal(status, k == 0 ? STATUS_INPUT : STATUS_OK);
        if (k == 0) {
            assert_non_null(strstr(error.text, "cab has a time constant of 1e-06 s"));
            assert_non_null(strstr(error.text, "use --engine ngspice or ida"));
        }
        circuit_free(c);
    }
}

/* What is not linear, against ida at 1e-8: nodes and states within 3 reltol, energies of classes within their
 * estimates and reltol. */
static void assert_like_ida(struct circuit *c, size_t n, const double *volts)
{
    struct engine_options fine = engine_defaults;
    fine.reltol = 1e-8;
    fine.vntol = 1e-10;
    fine.abstol = 1e-14;
    struct array_run ida = array_run("ida", &fine, c, n, volts, 2e-4, 2e-6);
    unsigned char *classes = energy_classes(c);
    static const double reltols[] = {1e-3, 1e-4, 1e-6};
    for (size_t k = 0; k < COUNT(reltols); k++) {
        struct engine_options o = engine_defaults;
        o.reltol = reltols[k];
        o.vntol = 1e-2 * reltols[k];
        struct array_run r = array_run("event", &o, c, n, volts, 2e-4, 2e-6);
        for (size_t i = 1; i < c->n_nodes; i++)
            ASSERT_NEAR(r.values[i], ida.values[i], 3 * reltols[k]);
        for (size_t i = 0; i < c->n_states; i++)
            ASSERT_NEAR(r.values[circuit_state_value(c, (int)i)],
                        ida.values[circuit_state_value(c, (int)i)], 3 * reltols[k]);
        double wrong[ENERGY_CLASSES + 1] = {0}, all[ENERGY_CLASSES + 1] = {0};
        for (size_t e = 0; e < c->n_elements; e++) {
            wrong[classes[e]] += r.energy[e] - ida.energy[e];
            all[classes[e]] += fabs(ida.energy[e]);
        }
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            ASSERT_NEAR(wrong[class], 0, r.class_error[class] + reltols[k] * all[class]);
        array_run_free(&r);
    }
    array_run_free(&ida);
    free(classes);
    circuit_free(c);
}

/* Devices that are not ohmic before and beside a capacitor; and a transistor that samples a port and holds. */
static void test_nonlinear(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read("gmms-demo", devices, &d, &error), error);
    static const double farads[] = {1e-8, 1e-7}, volts[] = {0.5, -0.4, 0.6, 0},
                        held[] = {0.8, 3.3, 0.8, 0, 0.2, 0, 0.2, 3.3, 0.5, 0};
    for (size_t k = 0; k < COUNT(farads); k++) {
        struct circuit *c = circuit_new("nonlinear");
        const int p = circuit_node(c, "p"), q = circuit_node(c, "q"), m = circuit_node(c, "m");
        circuit_port(c, "p", p, (struct port_driver){.class = CLASS_DRIVER});
        circuit_resistor(c, "r1", p, q, 500, CLASS_LINE);
        circuit_resistor(c, "r2", q, m, 500, CLASS_SELECT);
        circuit_memristor(c, "xm1", m, 0, d, 0.1);
        circuit_memristor(c, "xm2", q, 0, d, 0.2);
        circuit_capacitor(c, "c1", m, 0, farads[k], CLASS_LINE);
        assert_like_ida(c, COUNT(volts), volts);
    }
    static const struct mos1_model nmos = {
        .type = 1, .vto = 0.5, .kp = 170e-6, .lambda = 0.08, .phi = 0.6, .is = 1e-14};
    struct circuit *c = circuit_new("sample");
    const int p = circuit_node(c, "p"), m = circuit_node(c, "m");
    circuit_port(c, "p", p, (struct port_driver){.ohm = 100, .class = CLASS_DRIVER});
    circuit_logic_port(c, "g");
    circuit_add(c, "m1",
                &(struct element){ELEMENT_MOSFET, .class = CLASS_SELECT,
                                  .node = {p, circuit_node(c, "g"), m, 0}, .mos = &nmos,
                                  .geometry = {10e-6, 1e-6, 1}},
                true);
    circuit_capacitor(c, "c1", m, 0, 1e-9, CLASS_LINE);
    circuit_resistor(c, "r1", m, 0, 1e6, CLASS_NEURON);
    assert_like_ida(c, COUNT(held) / 2, held);
    dopant_free(d);
    free(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divider),   cmocka_unit_test(test_chain),
        cmocka_unit_test(test_load_line), cmocka_unit_test(test_nonlinear),
        cmocka_unit_test(test_stops),     cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_lender),    cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
