/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error estimates of energies against errors that are known: every circuit here has energies from a
 * closed form, or from GSL's Runge-Kutta of order 8 (tolerance 1e-13) on equations written here.
 *
 * What a training prints as "error est. [J]" is training_error(): what the engine says of its energies
 * [q], and what its tolerance leaves open [t].  In each class, wherever the true error is above 1e-12 of
 * the energy,
 *
 *     true error <= q + t              it is a bound
 *     q <= 100 max(true error, t)      and one that says something: errors that happen to cancel, and
 *                                      solutions far better than their tolerance, stand behind t
 *     true error <= q                  where energies come from states or voltages that the engine
 *                                      knows exactly (`exact`): quadrature alone is left
 *     q <= 100 true error              of these, where ida's steps are not shortened for the energies:
 *                                      it shortens them by what is likely at worst, and on a smooth ramp
 *                                      of the voltage is then far better than that
 *
 * ngspice is left out: what its own steps miss of a law that is an expression (0.1 of an energy here) it
 * does not say. */
#include <stdlib.h>

#include "engine/event/event_account.h"
#include "learn/training.h"
#include "testing.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

enum { PHASES = 2, PARTS = 2 };

struct ramp {
    double volt, duration, edge; /* [V], [s], [s] */
};

/* A port that starts at `idle` and goes through the phases; on it, behind `ohm`, a device or a
 * capacitor.  A second device of the same dopant may lie at a constant voltage. */
struct known {
    const char *name, *dopant;
    double ohm, farad, x0, idle; /* [ohm], [F], 1, [V] */
    struct ramp phases[PHASES];
    double volt2, x02;           /* of the second device [V], 1; 0 V: none */
    bool exact_event, exact_ida; /* the engine's part alone bounds the error */
    bool shortened;              /* ida's steps, for the energies */
};

static const struct known table[] = {
    {.name = "R and C", .ohm = 1e3, .farad = 1e-9, .phases = {{1, 3e-6, 1e-6}, {-0.5, 3e-6, 1e-7}}},
    {.name = "constant voltage, settles within a few steps",
     .dopant = "Cr",
     .x0 = 0.1,
     .idle = 0.3,
     .phases = {{0.3, 1e-3, 0}},
     .exact_event = 1,
     .exact_ida = 1},
    {.name = "constant voltage, still moves at the end",
     .dopant = "mms-demo",
     .x0 = 0.1,
     .idle = 0.3,
     .phases = {{0.3, 1e-3, 0}}},
    {.name = "two devices of different rates",
     .dopant = "mms-demo",
     .x0 = 0.1,
     .idle = 0.3,
     .phases = {{0.3, 1e-3, 0}},
     .volt2 = 0.2,
     .x02 = 0.3,
     .exact_event = 1},
    {.name = "ramp there and back",
     .dopant = "Cr",
     .x0 = 0.1,
     .phases = {{0.3, 1e-4, 1e-4}, {-0.3, 1e-4, 1e-4}},
     .exact_event = 1},
    {.name = "ramp there and back on device and resistor",
     .dopant = "Cr",
     .ohm = 5e3,
     .x0 = 0.1,
     .phases = {{0.3, 1e-4, 1e-4}, {-0.3, 1e-4, 1e-4}}},
    {.name = "ramp so short that the state hardly moves",
     .dopant = "Cr",
     .x0 = 0.1,
     .phases = {{0.3, 1e-7, 1e-7}},
     .exact_event = 1},
    {.name = "ramp through zero",
     .dopant = "W-sdc",
     .x0 = 0.2,
     .idle = -0.3,
     .phases = {{0.3, 1e-4, 1e-4}},
     .exact_event = 1},
    {.name = "ramp through zero, too short to move",
     .dopant = "W-sdc",
     .x0 = 0.2,
     .idle = -0.3,
     .phases = {{0.3, 1e-9, 1e-9}},
     .exact_event = 1,
     .exact_ida = 1,
     .shortened = 1},
    {.name = "pulses on device and resistor",
     .dopant = "Cr",
     .ohm = 5e3,
     .x0 = 0.1,
     .phases = {{0.4, 1e-3, 1e-6}, {-0.3, 1e-3, 1e-6}}},
    {.name = "pulses on device and small resistor",
     .dopant = "W",
     .ohm = 500,
     .x0 = 0.1,
     .phases = {{0.4, 1e-3, 1e-6}, {-0.3, 1e-3, 1e-6}}},
    {.name = "ramp of a curved device and a resistor",
     .dopant = "WOx",
     .ohm = 5e3,
     .x0 = 0.2,
     .phases = {{0.5, 1e-3, 1e-3}},
     .exact_event = 1},
    {.name = "ramp of a device that is curved little",
     .dopant = "yakopcic-demo",
     .ohm = 5e3,
     .x0 = 0.2,
     .phases = {{0.5, 1e-3, 1e-3}},
     .exact_event = 1},
};

/* ------------------------------------------------------------------------------------ right answers */

struct course {
    const struct known *k;
    const struct dopant *d;
    double t0, from, slope; /* of the drive in this piece */
};

/* Voltage of the device behind k->ohm at u, by Newton's method within a bracket. */
static double device_volt(const struct course *c, double u, double x)
{
    if (!(c->k->ohm > 0))
        return u;
    double v = u / 2, low = fmin(0, u), high = fmax(0, u);
    for (int i = 0; i < 200; i++) {
        const struct model_value f = c->d->model->current(c->d->constants, v, x);
        const double over = f.f * c->k->ohm + v - u;
        *(over > 0 ? &high : &low) = v;
        double next = v - over / (1 + f.df_dv * c->k->ohm);
        if (!(next > low && next < high))
            next = 0.5 * (low + high);
        if (fabs(next - v) <= 1e-16)
            break;
        v = next;
    }
    return v;
}

/* y: state or voltage of the capacitor; second state; energies of both parts. */
static int rates(double t, const double *y, double *dy, void *data)
{
    const struct course *c = data;
    const double u = c->from + c->slope * (t - c->t0);
    dy[1] = 0;
    if (!c->d) {
        const double i = (u - y[0]) / c->k->ohm;
        dy[0] = i / c->k->farad;
        dy[2] = y[0] * i;
        dy[3] = (u - y[0]) * i;
        return GSL_SUCCESS;
    }
    const struct model *m = c->d->model;
    const double v = device_volt(c, u, y[0]), i = m->current(c->d->constants, v, y[0]).f;
    dy[0] = m->rate(c->d->constants, v, y[0]).f;
    dy[2] = (u - v) * i;
    dy[3] = v * i;
    if (c->k->volt2 > 0) {
        dy[1] = m->rate(c->d->constants, c->k->volt2, y[1]).f;
        dy[3] += c->k->volt2 * m->current(c->d->constants, c->k->volt2, y[1]).f;
    }
    return GSL_SUCCESS;
}

/* Smooth pieces one after the other. */
static void answer(const struct known *k, const struct dopant *d, double energy[PARTS])
{
    struct course c = {.k = k, .d = d};
    double t = 0, y[4] = {d ? k->x0 : k->idle, k->x02, 0, 0}, volt = k->idle;
    for (int p = 0; p < PHASES && k->phases[p].duration > 0; p++) {
        const struct ramp *f = &k->phases[p];
        const double spans[2] = {f->edge, f->duration - f->edge};
        for (int part = 0; part < 2; part++) {
            const double from = part == 0 ? volt : f->volt;
            if (!(spans[part] > 0))
                continue;
            c.t0 = t;
            c.from = from;
            c.slope = (f->volt - from) / spans[part];
            gsl_odeiv2_system s = {rates, NULL, 4, &c};
            gsl_odeiv2_driver *driver = gsl_odeiv2_driver_alloc_y_new(
                &s, gsl_odeiv2_step_rk8pd, spans[part] / 1000, 1e-30, 1e-13);
            assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, t + spans[part], y), GSL_SUCCESS);
            gsl_odeiv2_driver_free(driver);
        }
        volt = f->volt;
    }
    energy[0] = y[2];
    energy[1] = y[3];
}

/* ------------------------------------------------------------------------------------------- engines */

struct script {
    size_t n, next;
    const struct ramp *phases; /* n */
};

static bool play(void *data, const struct reading *reading, struct phase *next)
{
    struct script *s = data;
    (void)reading;
    if (s->next == s->n || !(s->phases[s->next].duration > 0))
        return false;
    const struct ramp *f = &s->phases[s->next++];
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = f->duration;
    next->edge = f->edge;
    next->drive[0].volt = f->volt;
    return true;
}

/* Tolerances as they are usually given together, and last that of a user who gives --reltol alone: states
 * are known to vntol only then. */
static const struct {
    double reltol, vntol;
} tolerances[] = {{1e-2, 1e-5}, {1e-3, 1e-6}, {1e-4, 1e-7},
                  {1e-5, 1e-8}, {1e-6, 1e-9}, {1e-8, 1e-6}};

/* The account of the circuit over the phases; training_error() works on it.  Its ledger is to be freed. */
static struct training run(const struct circuit *c, const char *engine, size_t tolerance, size_t n,
                           const struct ramp *phases)
{
    struct training t = {.ledger = ledger_new(c, NULL), .options.solver = engine_defaults};
    const struct recorder recorder = ledger_recorder(t.ledger);
    struct script script = {.n = n, .phases = phases};
    const struct controller controller = {.step = play, .data = &script};
    struct engine_report report;
    struct error error = {{0}};
    t.options.solver.reltol = tolerances[tolerance].reltol;
    t.options.solver.vntol = tolerances[tolerance].vntol;
    t.options.solver.recorders = &recorder;
    t.options.solver.n_recorders = 1;
    ASSERT_DONE(engine_run(engine_find(engine), c, &controller, &t.options.solver, &report, &error),
                error);
    t.options.solver.recorders = NULL;
    return t;
}

struct case_of {
    const char *name, *engine;
    size_t tolerance;
    bool exact, shortened;
};

/* One class of one run.  Returns false, and says so, if the estimate is no bound or says nothing. */
static bool holds(const struct training *t, enum energy_class class, double right,
                  const struct case_of *of)
{
    const struct ledger_total total = ledger_section(t->ledger, SECTION_TRAINING);
    const double wrong = fabs(ledger_class(&total, class) - right), q = total.error_by_class[class],
                 all = training_error(t, class), open = all - q;
    if (wrong <= 1e-12 * fabs(right))
        return true;
    const bool good = wrong <= all && q <= 100 * fmax(wrong, open) &&
                      (!of->exact || (wrong <= q && (of->shortened || q <= 100 * wrong)));
    if (!good)
        print_error("%s, %s, reltol %g, %s: %.3g J, wrong by %.2g of it; engine's estimate %.2g, "
                    "with its tolerance %.2g\n",
                    of->name, of->engine, t->options.solver.reltol, energy_class_name(class), right,
                    wrong / fabs(right), q / fabs(right), all / fabs(right));
    return good;
}

static struct circuit *build(const struct known *k, const struct dopant *d)
{
    struct circuit *c = circuit_new(k->name);
    const int p = circuit_node(c, "p"), m = d && k->ohm > 0 ? circuit_node(c, "m") : p;
    circuit_port(c, "p", p, (struct port_driver){d ? 0 : k->ohm, false, k->idle, CLASS_DRIVER});
    if (!d)
        circuit_capacitor(c, "c1", p, 0, k->farad, CLASS_LINE);
    if (m != p)
        circuit_resistor(c, "r1", p, m, k->ohm, CLASS_LINE);
    if (d)
        circuit_memristor(c, "xm1", m, 0, d, k->x0);
    if (k->volt2 > 0) {
        const int q = circuit_node(c, "q");
        circuit_voltage(c, "v2", q, 0, k->volt2, CLASS_DRIVER);
        circuit_memristor(c, "xm2", q, 0, d, k->x02);
    }
    return c;
}

static int check_known(const struct known *k)
{
    static const char *const engines[] = {"ida", "event"};
    struct dopant *d = NULL;
    struct error error;
    char *devices = source_path("devices");
    if (k->dopant)
        ASSERT_DONE(dopant_read(k->dopant, devices, &d, &error), error);
    struct circuit *c = build(k, d);
    double right[PARTS];
    answer(k, d, right);
    int failures = 0;
    for (size_t e = 0; e < COUNT(engines); e++)
        for (size_t i = 0; i < COUNT(tolerances) && (d || e == 0); i++) {
            const struct case_of of = {k->name, engines[e], i,
                                       i + 1 < COUNT(tolerances) &&
                                           (e ? k->exact_event : k->exact_ida),
                                       e == 0 && k->shortened};
            struct training t = run(c, engines[e], i, PHASES, k->phases);
            if (right[0] > 0)
                failures += !holds(&t, CLASS_LINE, right[0], &of);
            failures += !holds(&t, d ? CLASS_MEMRISTOR : CLASS_DRIVER, right[1], &of);
            ledger_free(t.ledger);
        }
    circuit_free(c);
    dopant_free(d);
    free(devices);
    return failures;
}

static void test_known(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t k = 0; k < COUNT(table); k++)
        failures += check_known(&table[k]);
    assert_int_equal(failures, 0);
}

/* Energies that every rule here books exactly, as all voltages and currents are straight on a ramp and
 * constant else: resistors in series, and controlled currents g u into a resistor, whose power
 * v i = -g u R g u is negative, or between known nodes, which absorb V g u, or
 * V g w with w half the voltage of that resistor.
 * Tolerance 1e-10: the solvers of both engines leave 2e-11 of a voltage.  Nothing is estimated beyond. */
static const struct ramp straight[] = {{0.5, 2e-6, 2e-6}, {-0.3, 4e-6, 1e-6}};

static void test_straight(void **state)
{
    (void)state;
    const double siemens = 1e-3, ohm = 2e3, volt = 1.5;
    double first = 0, square = 0, from = 0; /* integrals of u and of its square */
    for (size_t k = 0; k < COUNT(straight); k++) {
        const struct ramp *r = &straight[k];
        first += 0.5 * r->edge * (from + r->volt) + (r->duration - r->edge) * r->volt;
        square += r->edge * (from * from + from * r->volt + r->volt * r->volt) / 3 +
                  (r->duration - r->edge) * r->volt * r->volt;
        from = r->volt;
    }
    static const char *const engines[] = {"ida", "event"};
    for (size_t e = 0; e < COUNT(engines); e++)
        for (size_t i = 0; i < COUNT(tolerances); i++) {
            struct circuit *c = circuit_new("straight");
            const int p = circuit_node(c, "p"), m = circuit_node(c, "m"), o = circuit_node(c, "o"),
                      v = circuit_node(c, "v");
            circuit_port(c, "p", p, (struct port_driver){0, false, 0, CLASS_DRIVER});
            circuit_resistor(c, "r1", p, m, ohm, CLASS_LINE);
            circuit_resistor(c, "r2", m, 0, 3 * ohm, CLASS_REFERENCE);
            circuit_voltage(c, "v1", v, 0, volt, CLASS_NEURON);
            struct element g = {.kind = ELEMENT_VCCS,
                                .class = CLASS_NEURON,
                                .node = {o, 0, p, 0},
                                .value = siemens};
            circuit_add(c, "g1", &g, true);
            circuit_resistor(c, "r3", o, 0, ohm, CLASS_SELECT);
            g.node[0] = v;
            g.class = CLASS_MEMRISTOR; /* a class of its own, to see it alone */
            circuit_add(c, "g2", &g, true);
            const struct element half = {.kind = ELEMENT_VCVS,
                                         .class = CLASS_NEURON,
                                         .node = {circuit_node(c, "h"), 0, o, 0},
                                         .value = 0.5};
            circuit_add(c, "e1", &half, true);
            g.node[2] = half.node[0];
            g.class = CLASS_DRIVER;
            circuit_add(c, "g3", &g, true);
            struct training t = run(c, engines[e], i, COUNT(straight), straight);
            const struct ledger_total total = ledger_section(t.ledger, SECTION_TRAINING);
            const double right[ENERGY_CLASSES] = {
                [CLASS_LINE] = square / (16 * ohm),
                [CLASS_REFERENCE] = 3 * square / (16 * ohm),
                [CLASS_SELECT] = siemens * siemens * ohm * square,
                [CLASS_NEURON] = -siemens * siemens * ohm * square,
                [CLASS_MEMRISTOR] = volt * siemens * first,
                [CLASS_DRIVER] = -volt * siemens * 0.5 * siemens * ohm * first};
            for (int class = 0; class < ENERGY_CLASSES; class ++) {
                const double allowed = 1e-10 * fabs(right[class]);
                ASSERT_NEAR(ledger_class(&total, (enum energy_class) class), right[class], allowed);
                ASSERT_NEAR(total.error_by_class[class], 0, allowed);
            }
            ledger_free(t.ledger);
            circuit_free(c);
        }
}

/* Integral of v i dv from 0 to V of a transistor by Shichman and Hodges, i = beta (o v - v^2/2)(1 + lambda
 * v) below v = o, and beta o^2/2 (1 + lambda v) above. */
static double transistor_integral(double beta, double lambda, double o, double end)
{
    const double v = fmin(end, o);
    const double below = o * pow(v, 3) / 3 + (lambda * o - 0.5) * pow(v, 4) / 4 -
                         0.5 * lambda * pow(v, 5) / 5,
                 above = 0.5 * o * o *
                         ((end * end - v * v) / 2 + lambda * (pow(end, 3) - pow(v, 3)) / 3);
    return beta * (below + above);
}

/* A transistor with its gate 1 V above its threshold, whose drain goes up until it saturates within a step;
 * at 1e-2 and 1e-3 ida books by Simpson's sum, else by Lobatto's.  (In triode alone the power is a
 * polynomial for which the rules are exact or nearly so, which powers at three or four moments cannot know:
 * estimates are far above the error there.) */
static void test_transistor(void **state)
{
    (void)state;
    static const double ends[] = {1.1, 1.2, 1.3, 1.4, 1.6, 2, 3, 3.3};
    const double beta = 1e-3, edge = 1e-6;
    int failures = 0;
    for (size_t e = 0; e < COUNT(ends); e++)
        for (size_t i = 0; i < COUNT(tolerances) - 1; i++) {
            struct circuit *c = circuit_new("transistor");
            const int p = circuit_node(c, "p"), gate = circuit_node(c, "g");
            static const struct mos1_model model = {
                .type = 1, .vto = 1, .kp = 1e-4, .lambda = 0.1, .phi = 0.6, .is = 1e-14};
            const struct element m = {.kind = ELEMENT_MOSFET,
                                      .class = CLASS_SELECT,
                                      .node = {p, gate, 0, 0},
                                      .mos = &model,
                                      .geometry = {10e-6, 1e-6, 1}};
            circuit_port(c, "p", p, (struct port_driver){0, false, 0, CLASS_DRIVER});
            circuit_voltage(c, "vg", gate, 0, 2, CLASS_DRIVER);
            circuit_add(c, "m1", &m, true);
            circuit_resistor(c, "r1", p, circuit_node(c, "q"), 1e3, CLASS_LINE);
            circuit_resistor(c, "r2", circuit_node(c, "q"), 0, 1e3, CLASS_LINE);
            const struct ramp ramp = {ends[e], edge, edge};
            struct training t = run(c, "ida", i, 1, &ramp);
            const double right =
                edge / ends[e] * transistor_integral(beta, model.lambda, 1, ends[e]);
            const struct case_of of = {"transistor on a ramp", "ida", i, true, i < 2};
            failures += !holds(&t, CLASS_SELECT, right, &of);
            ledger_free(t.ledger);
            circuit_free(c);
        }
    assert_int_equal(failures, 0);
}

/* The rules of one step of event, on three flows whose voltage and current are parabolas
 *     v = v0 + dv u + b (u^2 - u)     i = i0 + di u + c (u^2 - u)     u from 0 to 1
 * by the integral of their product, to rounding.  Without b and c all rules are exact.  With them Simpson's
 * sum misses what it estimates on a ramp, exactly.  A voltage that relaxes at constant current, whose mean is m
 * of its way, is booked exactly by that mean; a straight step whose voltage moves at its end alone is wrong
 * by less than its estimate, with the whole way bent. */
static void test_steps(void **state)
{
    (void)state;
    enum { FLOWS = 3 };
    static const double v0[FLOWS] = {0.2, -0.1, 1}, dv[FLOWS] = {0.3, 0.4, -2}, h = 1e-3,
                        i0[FLOWS] = {1e-3, 2e-3, -1e-3}, di[FLOWS] = {2e-3, -1e-3, 5e-3},
                        b[FLOWS] = {0.1, -0.2, 0.3}, c[FLOWS] = {1e-3, 1e-3, -2e-3};
    struct network n = {.n_flows = FLOWS};
    double space[11][FLOWS];
    for (int curved = 0; curved < 2; curved++) {
        struct event_account a = {.network = &n,
                                  .begin = {space[0], space[1], space[2]},
                                  .middle = {space[3], space[4], space[5]},
                                  .end = {space[6], space[7], space[8]},
                                  .step = space[9],
                                  .estimate = space[10]};
        const struct event_powers *const at[] = {&a.begin, &a.middle, &a.end};
        double exact[FLOWS];
        for (int k = 0; k < FLOWS; k++) {
            const double bend = curved ? b[k] : 0, curve = curved ? c[k] : 0;
            for (int p = 0; p < 3; p++) {
                const double u = 0.5 * p, w = u * u - u;
                at[p]->volt[k] = v0[k] + dv[k] * u + bend * w;
                at[p]->ampere[k] = i0[k] + di[k] * u + curve * w;
                at[p]->power[k] = at[p]->volt[k] * at[p]->ampere[k];
            }
            /* means of u^2, w, u w, w^2: 1/3, -1/6, -1/12, 1/30 */
            exact[k] = h * (v0[k] * i0[k] + (v0[k] * di[k] + i0[k] * dv[k]) / 2 +
                            dv[k] * di[k] / 3 - (v0[k] * curve + i0[k] * bend) / 6 -
                            (dv[k] * curve + di[k] * bend) / 12 + bend * curve / 30);
        }
        event_account_ramp(&a, h);
        for (int k = 0; k < FLOWS; k++)
            ASSERT_NEAR(a.estimate[k], fabs(a.step[k] - exact[k]), 1e-19);
        assert_int_equal(a.estimate[0] > 1e-10, curved);
        if (curved)
            continue;
        event_account_straight(&a, h, 0);
        for (int k = 0; k < FLOWS; k++)
            ASSERT_NEAR(a.step[k], exact[k], 1e-19);
        event_account_even(&a, h, 0.5, 0);
        for (int k = 0; k < FLOWS; k++)
            ASSERT_NEAR(a.step[k], exact[k], 1e-19);
        event_account_simpson(&a, h, 0);
        for (int k = 0; k < FLOWS; k++)
            ASSERT_NEAR(a.step[k], exact[k], 1e-19);
        for (int k = 0; k < FLOWS; k++) {
            a.end.ampere[k] = i0[k];
            a.end.power[k] = a.end.volt[k] * i0[k];
        }
        event_account_even(&a, h, 0.9, 0);
        for (int k = 0; k < FLOWS; k++)
            ASSERT_NEAR(a.step[k], h * i0[k] * (v0[k] + 0.9 * dv[k]), 1e-19);
        event_account_straight(&a, h, 1);
        for (int k = 0; k < FLOWS; k++)
            assert_true(fabs(a.step[k] - h * i0[k] * v0[k]) <= a.estimate[k] * (1 + 1e-12));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_straight),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_transistor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
