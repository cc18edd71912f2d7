/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model `volatile' as an element of circuits in all engines, against GSL's integration of the same
 * equations, and against published and prototype values. */
#include "circuit/circuit.h"
#include "device/library/library_make.h"
#include "device/model/volatile.h"
#include "engine/dae/dae.h"
#include "engine/engine.h"
#include "volatile_reference.h"

#define SPIKE_CURRENT 5e-6 /* [A] */

struct solver {
    const char *engine;
    struct engine_options options;
};

static struct engine_options tight(void)
{
    struct engine_options o = engine_defaults;
    o.reltol = 1e-6;
    o.vntol = 1e-9;
    o.step_max = 2e-3;
    return o;
}

/* What the recorder follows. */
struct follower {
    const struct circuit *circuit;
    const struct element *device;
    const struct volatile_set *set;
    struct course course;
};

static double value(const struct follower *f, const struct interval *i, int hidden)
{
    return i->values[circuit_hidden_value(f->circuit, f->device->hidden + hidden)];
}

static void follow(void *data, const struct interval *i)
{
    struct follower *f = data;
    struct course *c = &f->course;
    const struct element *e = f->device;
    const double v = i->values[e->node[0]] - i->values[e->node[1]],
                 x = i->values[circuit_state_value(f->circuit, e->state)],
                 above = x * f->set->n - f->set->nth,
                 ampere = e->dopant->model->current(e->dopant->constants, v, x).f;
    course_add(c, i->t1, above, fabs(ampere));
    c->volt = v;
    c->rho_v = value(f, i, 0);
    c->rho_i = value(f, i, 1);
    c->energy += interval_energy(i, (size_t)(e - f->circuit->elements));
}

static struct dopant *dopant_of(const struct volatile_set *set)
{
    const struct dopant_setting settings[] = {
        {"va", set->va},           {"voff", set->voff},         {"n", set->n},
        {"nth", set->nth},         {"gstep", set->gstep},       {"gpar", set->gpar},
        {"kappa_v", set->kappa_v}, {"tau_v", set->tau_v},       {"kappa_i", set->kappa_i},
        {"tau_i", set->tau_i},     {"rth", set->rth},           {"temp", set->temp},
        {"rates", set->rates},     {"polarity", set->polarity}, {"series", set->series}};
    char *devices = source_path("devices");
    struct dopant *d;
    struct error error = {{0}};
    ASSERT_DONE(dopant_make(set->library, devices, COUNT(settings), settings, &d, &error), error);
    free(devices);
    return d;
}

struct drive_script {
    double volt, duration;
    int next;
};

static bool hold(void *data, const struct reading *reading, struct phase *next)
{
    (void)reading;
    struct drive_script *s = data;
    if (s->next++ > 0)
        return false;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->drive[0].volt = s->volt;
    next->duration = s->duration;
    next->edge = 1e-6;
    return true;
}

/* The case by an engine, from 0 V on. */
static struct course course_by(const struct volatile_case *c, const struct solver *s)
{
    struct error error = {{0}};
    struct dopant *dopant = dopant_of(c->set);
    struct circuit *circuit = circuit_new("volatile");
    const int top = circuit_node(circuit, "top");
    circuit_port(circuit, "in", top, (struct port_driver){.ohm = c->ohm, .class = CLASS_DRIVER});
    if (c->farad > 0)
        circuit_capacitor(circuit, "cm", top, 0, c->farad, CLASS_DRIVER);
    const int device = circuit_memristor(circuit, "x1", top, 0, dopant, c->x0);
    struct follower f = {.circuit = circuit,
                         .device = &circuit->elements[device],
                         .set = c->set,
                         .course = {.threshold = SPIKE_CURRENT}};
    const struct recorder recorder = {follow, &f};
    struct engine_options o = s->options;
    o.n_recorders = 1;
    o.recorders = &recorder;
    struct drive_script script = {c->volt, c->duration, 0};
    const struct controller controller = {hold, &script, NULL};
    struct engine_report report;
    ASSERT_DONE(engine_run(engine_find(s->engine), circuit, &controller, &o, &report, &error),
                error);
    circuit_free(circuit);
    dopant_free(dopant);
    return f.course;
}

/* Every spike's largest and when it begins; the state at the end; the energy.  1e-3, as asked of the
 * engines: their own tolerance is 1e-4 a step at most, and a spike grows what was wrong before it. */
static void assert_course(const struct course *got, const struct course *wanted, const char *what)
{
    print_message("%s: %.1f %.1f, from %.4f s, %.1f at the end, rho %.4f, %.5g J\n", what,
                  got->peak[0], got->peak[1], got->rise_t[0], got->above, got->rho_i, got->energy);
    assert_int_equal(got->n_rises, wanted->n_rises);
    assert_int_equal(got->n_spikes, wanted->n_spikes);
    for (size_t k = 0; k < wanted->n_peaks && k < 3; k++)
        ASSERT_NEAR(got->peak[k], wanted->peak[k], 1e-3 * wanted->peak[k]);
    for (size_t k = 0; k < wanted->n_rises && k < 3; k++)
        ASSERT_NEAR(got->rise_t[k], wanted->rise_t[k], 1e-3 * wanted->rise_t[k]);
    ASSERT_NEAR(got->above, wanted->above, 1e-3 * wanted->peak[1]);
    ASSERT_NEAR(got->rho_v, wanted->rho_v, 1e-3 * wanted->rho_v);
    ASSERT_NEAR(got->rho_i, wanted->rho_i, 1e-3 * wanted->rho_i);
    ASSERT_NEAR(got->volt, wanted->volt, 1e-3 * fabs(wanted->volt));
    ASSERT_NEAR(got->energy, wanted->energy, 1e-3 * wanted->energy);
}

static void compare(const struct volatile_case *c, const struct course *wanted, const char *engine,
                    enum engine_method method)
{
    struct solver s = {engine, engine_defaults};
    s.options.method = method;
    const struct course got = course_by(c, &s);
    char *what = memory_format("%s%s", engine, method == METHOD_BDF ? " bdf" : "");
    assert_course(&got, wanted, what);
    free(what);
}

/* The spiking set at an ideal source, by which peaks and moments are known from two other programs. */
static void test_spikes(void **state)
{
    (void)state;
    const struct volatile_case c = {&spiking, -0.18, 0, 0, 0.8099, 5};
    const struct course r = volatile_reference(&c, 25000, SPIKE_CURRENT);
    ASSERT_NEAR(r.peak[0], 12299.4, 0.5);
    ASSERT_NEAR(r.peak[1], 5798.8, 1);
    ASSERT_NEAR(r.peak[2], 3760, 1);
    ASSERT_NEAR(r.rise_t[0], 1.422, 1e-3);
    ASSERT_NEAR(r.above, 1110, 3);
    ASSERT_NEAR(r.rho_i, 25.71, 0.01);
    compare(&c, &r, "ngspice", METHOD_ONESTEP);
    compare(&c, &r, "ida", METHOD_ONESTEP);
    compare(&c, &r, "ida", METHOD_BDF);
    compare(&c, &r, "event", METHOD_ONESTEP);
}

/* Behind 1 kohm: a load line, and with 10 uF across the device a membrane. */
static void test_circuit(void **state)
{
    (void)state;
    struct volatile_case c = {&spiking, -0.18, 1e3, 0, 0.8099, 5};
    const struct course line = volatile_reference(&c, 25000, SPIKE_CURRENT);
    compare(&c, &line, "ngspice", METHOD_ONESTEP);
    compare(&c, &line, "ida", METHOD_ONESTEP);
    compare(&c, &line, "event", METHOD_ONESTEP);
    c.farad = 1e-5;
    const struct course membrane = volatile_reference(&c, 25000, SPIKE_CURRENT);
    ASSERT_NEAR(membrane.peak[0], 12382, 1);
    ASSERT_NEAR(membrane.peak[1], 5618, 1);
    ASSERT_NEAR(membrane.rise_t[0], 1.382, 1e-3);
    ASSERT_NEAR(membrane.above, 1333, 2);
    compare(&c, &membrane, "ngspice", METHOD_ONESTEP);
    compare(&c, &membrane, "ida", METHOD_ONESTEP);
    compare(&c, &membrane, "ida", METHOD_BDF);
}

/* The device of volatile.h, in its mean form, after `duration' at constant voltage. */
static struct volatile_device alone(const struct volatile_law *law, const struct volatile_case *c)
{
    struct volatile_device d = {.law = law, .method = VOLATILE_MEAN, .n = round(c->x0 * c->set->n)};
    volatile_drive(&d, 0, c->volt);
    volatile_touch(&d, c->duration);
    return d;
}

static struct volatile_law law_of(const struct volatile_set *s)
{
    struct volatile_law l = volatile_titania;
    l.rates = s->rates > 0 ? VOLATILE_FERMI : VOLATILE_ARRHENIUS;
    l.polarity = s->polarity > 0 ? VOLATILE_SETS : VOLATILE_RESETS;
    l.va = s->va, l.voff = s->voff, l.temp = s->temp;
    l.n = s->n, l.nth = s->nth, l.gstep = s->gstep, l.gpar = s->gpar;
    l.kappa_v = s->kappa_v, l.tau_v = s->tau_v, l.kappa_i = s->kappa_i, l.tau_i = s->tau_i;
    l.rth = s->rth, l.series = s->series;
    return l;
}

/* Heat, disruption by voltage (drift acceleration), both kinds of rates and polarities, a series resistance:
 * against the device alone, brought up to date at the end in one go; its sub-steps leave 4e-4. */
static void test_single_device(void **state)
{
    (void)state;
    struct volatile_set sets[6] = {titania, titania, titania, titania, titania, spiking};
    struct volatile_case cases[6] = {
        {&sets[0], 0.1, 0, 0, 0.525, 2},  {&sets[1], 0.6, 0, 0, 0.9, 0.5},
        {&sets[2], -0.1, 0, 0, 0.525, 2}, {&sets[3], 0.1, 0, 0, 0.525, 2},
        {&sets[4], 0.3, 0, 0, 0.6, 10},   {&sets[5], -0.18, 0, 0, 0.8099, 2},
    };
    sets[1].kappa_v = 0, sets[1].rth = 4e4;
    sets[2].polarity = 1;
    sets[3].rates = 1;
    sets[4].rth = 4e6;
    sets[5].series = 1e3;
    for (size_t k = 0; k < COUNT(cases); k++) {
        const struct volatile_case *c = &cases[k];
        const struct volatile_law law = law_of(c->set);
        const struct volatile_device d = alone(&law, c);
        const double start = c->x0 * c->set->n - c->set->nth, wanted = d.n - c->set->nth;
        static const char *const engines[] = {"ida", "event", "ngspice"};
        for (size_t e = 0; e < COUNT(engines); e++) {
            const struct solver s = {engines[e], tight()};
            const struct course got = course_by(c, &s);
            print_message("%zu %s: %.3f, alone %.3f, from %.1f\n", k, engines[e], got.above, wanted,
                          start);
            assert_true(fabs(wanted - start) > 1);
            ASSERT_NEAR(got.above, wanted, 1e-3 * fabs(wanted - start));
            ASSERT_NEAR(got.rho_v, d.rho_v, 1e-3 * d.rho_v);
            ASSERT_NEAR(got.rho_i, d.rho_i, 1e-3 * d.rho_i);
        }
    }
}

/* Switches that jump, at rest and without feedback: each is on with the probability p of the closed form,
 * independently, so that n is binomial: mean N p, variance N p (1 - p).  Over 300 runs: within four
 * standard errors. */
static void test_binomial(void **state)
{
    (void)state;
    enum { RUNS = 300 };
    struct volatile_set set = titania;
    set.kappa_v = 0, set.nth = 0, set.n = 200;
    const struct volatile_case c = {&set, 0.8, 0, 0, 0.6, 3};
    const struct volatile_law law = law_of(&set);
    const struct two_state r = volatile_rates(&law, c.volt, 1);
    const double stays = 1 - r.b / (r.a + r.b) * -expm1(-(r.a + r.b) * c.duration);
    const double mean = 0.6 * set.n * stays, variance = mean * (1 - stays);
    assert_true(stays > 0.2 && stays < 0.8 && r.a * c.duration < 1e-6);
    double sum = 0, squares = 0;
    for (int k = 0; k < RUNS; k++) {
        struct solver s = {"event", engine_defaults};
        s.options.switches = set.n;
        s.options.seed = 100 + (uint64_t)k;
        s.options.step_max = 0.1;
        const double n = course_by(&c, &s).above;
        assert_true(fabs(n - round(n)) < 1e-9);
        sum += n;
        squares += (n - mean) * (n - mean);
    }
    print_message("mean %.3f of %.3f, variance %.3f of %.3f\n", sum / RUNS, mean, squares / RUNS,
                  variance);
    ASSERT_NEAR(sum / RUNS, mean, 4 * sqrt(variance / RUNS));
    ASSERT_NEAR(squares / RUNS, variance, 4 * variance * sqrt(2. / RUNS));
}

/* A thousand million switches that jump at random follow their mean: their noise is 3e-5 of n - nth at the
 * first peak, and a draw whose mean is not that of the step would show. */
static void test_many(void **state)
{
    (void)state;
    struct volatile_set set = spiking;
    set.n = 1e9, set.nth = 8e8, set.gstep = 1e-11;
    const struct volatile_case c = {&set, -0.18, 0, 0, 0.8099, 5};
    struct solver s = {"event", engine_defaults};
    s.options.switches = set.n;
    const struct course wanted = volatile_reference(&c, 25000, SPIKE_CURRENT),
                        got = course_by(&c, &s);
    for (size_t k = 0; k < 2; k++) {
        print_message("%.0f of %.0f\n", got.peak[k], wanted.peak[k]);
        ASSERT_NEAR(got.peak[k], wanted.peak[k], 1e-3 * wanted.peak[k]);
    }
    ASSERT_NEAR(got.rho_i, wanted.rho_i, 1e-3 * wanted.rho_i);
}

/* Spikes in 20 s by single events of the device alone. */
static size_t spikes_alone(const struct volatile_case *c, unsigned long seed)
{
    const struct volatile_law law = law_of(c->set);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, seed);
    struct volatile_device d = {
        .law = &law, .method = VOLATILE_SINGLE, .rng = rng, .n = round(c->x0 * c->set->n)};
    struct course r = {.threshold = SPIKE_CURRENT};
    volatile_drive(&d, 0, c->volt);
    for (int k = 1; k * 2e-3 <= c->duration; k++) {
        volatile_touch(&d, k * 2e-3);
        course_add(&r, k * 2e-3, d.n - law.nth, fabs(c->volt) * volatile_conductance(&law, d.n));
    }
    gsl_rng_free(rng);
    return r.n_spikes;
}

/* Chance sustains the spikes that the mean damps: 4 in 20 s in the mean, more the fewer switches there are
 * (20 to 36 of a thousand in most runs).  Means over runs, by the engine and by single events of the
 * device alone, within four standard errors of their difference. */
static void test_chance(void **state)
{
    (void)state;
    const int runs = is_short() ? 4 : 16;
    struct volatile_set set = spiking;
    const struct volatile_case c = {&set, -0.18, 0, 0, 0.8099, 20};
    const struct course mean = volatile_reference(&c, 20000, SPIKE_CURRENT);
    assert_int_equal(mean.n_spikes, 4);
    for (int thousands = 100; thousands >= 1; thousands /= 10) {
        set.n = 1e3 * thousands, set.nth = 0.8 * set.n, set.gstep = 1e-2 / set.n;
        double sum[2] = {0}, squares[2] = {0};
        for (int k = 0; k < runs; k++) {
            struct solver s = {"event", engine_defaults};
            s.options.switches = set.n;
            s.options.seed = 1 + (uint64_t)k;
            const double count[2] = {(double)course_by(&c, &s).n_spikes,
                                     (double)spikes_alone(&c, 1 + (unsigned long)k)};
            for (int i = 0; i < 2; i++) {
                sum[i] += count[i];
                squares[i] += count[i] * count[i];
            }
        }
        double error = 0;
        for (int i = 0; i < 2; i++)
            error += (squares[i] - sum[i] * sum[i] / runs) / (runs * (runs - 1.));
        print_message("%d thousand switches: %.2f spikes, alone %.2f, +- %.2f\n", thousands,
                      sum[0] / runs, sum[1] / runs, sqrt(error));
        ASSERT_NEAR(sum[0] / runs, sum[1] / runs, 4 * sqrt(error));
        assert_true(sum[0] / runs > 2 * 4);
    }
}

/* The 2 x 2 array of the main set on lines of 50 ohm: pulses of +-50 mV on one row and one column select a
 * device, V/2 is across two others. */
struct array {
    struct circuit *circuit;
    int devices[4];
};

static struct array array_new(const struct dopant *dopant)
{
    struct array a = {.circuit = circuit_new("array")};
    struct circuit *c = a.circuit;
    int line[2][2];
    for (int k = 0; k < 4; k++) {
        char *name = memory_format("%s%d", k < 2 ? "row" : "column", k % 2 + 1);
        line[k / 2][k % 2] = circuit_node(c, name);
        circuit_port(c, name, line[k / 2][k % 2],
                     (struct port_driver){.ohm = 50, .class = CLASS_DRIVER});
        free(name);
    }
    for (int k = 0; k < 4; k++) {
        char *name = memory_format("x%d%d", k / 2 + 1, k % 2 + 1);
        a.devices[k] = circuit_memristor(c, name, line[0][k / 2], line[1][k % 2], dopant, 0.525);
        free(name);
    }
    return a;
}

static bool pulse(void *data, const struct reading *reading, struct phase *next)
{
    (void)reading;
    int *count = data;
    const bool up = *count % 2 == 0;
    if (*count == 10)
        return false;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->drive[0].volt = up ? 0.05 : 0;
    next->drive[2].volt = up ? -0.05 : 0;
    next->edge = 1e-3;
    next->duration = up ? 0.151 : *count == 9 ? 26.3 - 4 * 5.263 - 0.151 : 5.263 - 0.151;
    ++*count;
    return true;
}

struct states {
    const struct array *array;
    double above[4], rho_most[4];
};

static void keep_states(void *data, const struct interval *i)
{
    struct states *s = data;
    const struct circuit *c = s->array->circuit;
    for (int k = 0; k < 4; k++) {
        const struct element *e = &c->elements[s->array->devices[k]];
        s->above[k] = i->values[circuit_state_value(c, e->state)] * titania.n - titania.nth;
        s->rho_most[k] = fmax(s->rho_most[k], i->values[circuit_hidden_value(c, e->hidden)]);
    }
}

static struct states array_run(const char *engine, double switches, uint64_t seed)
{
    struct error error = {{0}};
    struct dopant *dopant = dopant_of(&titania);
    const struct array a = array_new(dopant);
    struct states s = {.array = &a};
    const struct recorder recorder = {keep_states, &s};
    struct engine_options o = tight();
    o.recorders = &recorder;
    o.n_recorders = 1;
    o.switches = switches;
    o.seed = seed;
    o.step_max = 0.01;
    int count = 0;
    const struct controller controller = {pulse, &count, NULL};
    struct engine_report report;
    ASSERT_DONE(engine_run(engine_find(engine), a.circuit, &controller, &o, &report, &error),
                error);
    circuit_free(a.circuit);
    dopant_free(dopant);
    s.array = NULL;
    return s;
}

/* Each device by each engine; and by a deck in stock ngspice at reltol 1e-5, whose own error is 2e-3 of the
 * way of the selected device. */
static void test_array(void **state)
{
    (void)state;
    static const char *const engines[] = {"ida", "event", "ngspice"};
    static const double known[4] = {430.56, 495.55, 495.55, 499.99};
    struct states first = {0};
    for (size_t e = 0; e < COUNT(engines); e++) {
        const struct states s = array_run(engines[e], 0, 1);
        print_message("%s: %.3f %.3f %.3f %.3f, rho up to %.4f %.4f\n", engines[e], s.above[0],
                      s.above[1], s.above[2], s.above[3], s.rho_most[0], s.rho_most[1]);
        if (e == 0)
            first = s;
        for (int k = 0; k < 4; k++) {
            ASSERT_NEAR(s.above[k], known[k], 2e-3 * fabs(500 - known[k]) + 0.01);
            ASSERT_NEAR(s.above[k], first.above[k], 1e-3 * fabs(500 - first.above[k]) + 1e-3);
        }
        ASSERT_NEAR(s.rho_most[0], 1.687, 1e-3);
        ASSERT_NEAR(s.rho_most[1], 0.841, 1e-3);
    }
}

/* Jumps in the array: a stream a device, the same ones for the same seed. */
static void test_array_chance(void **state)
{
    (void)state;
    const struct states s = array_run("event", 2e4, 5), same = array_run("event", 2e4, 5),
                        other = array_run("event", 2e4, 6);
    print_message("%g %g %g %g\n", s.above[0], s.above[1], s.above[2], s.above[3]);
    assert_memory_equal(&s.above, &same.above, sizeof s.above);
    assert_true(s.above[0] != other.above[0] || s.above[1] != other.above[1]);
    assert_true(s.above[1] != s.above[2]); /* which are equal in the mean */
    /* some 70 switches leave, more come and go: a standard deviation below 20 */
    ASSERT_NEAR(s.above[0], 430.56, 80);
    ASSERT_NEAR(s.above[1], 495.55, 40);
}

/* Of the system behind ida: the Jacobian against central differences, the mass against the slope's part, at
 * random voltages and states.  1e-6: the third derivative at a step of 1e-5 and rounding in it. */
static void test_jacobian(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct volatile_set set = titania;
    set.kappa_i = 1e6, set.rth = 4e5;
    struct dopant *dopant = dopant_of(&set);
    const struct array a = array_new(dopant);
    struct dae *d = dae_new(a.circuit, &error);
    assert_non_null(d);
    assert_int_equal(d->n, 4 + 4 * 3);
    double *y = NEW(d->n, double), *slope = NEW(d->n, double), *up = NEW(d->n, double),
           *down = NEW(d->n, double), *entries = NEW(d->n_entries + 1, double);
    unsigned short seed[3] = {4, 5, 6};
    const double h = 1e-5, c = 100;
    for (size_t k = 0; k < d->n; k++)
        y[k] = k < 4 ? erand48(seed) - 0.5 : k < 8 ? 0.55 + 0.4 * erand48(seed) : 3 * erand48(seed);
    dae_jacobian(d, 0, c, y, entries);
    for (size_t j = 0; j < d->n; j++) {
        const double before = y[j];
        y[j] = before + h, slope[j] = c * h;
        dae_residual(d, 0, y, slope, up);
        y[j] = before - h, slope[j] = -c * h;
        dae_residual(d, 0, y, slope, down);
        y[j] = before, slope[j] = 0;
        int64_t at = d->columns[j];
        for (size_t i = 0; i < d->n; i++) {
            const bool there = at < d->columns[j + 1] && (size_t)d->rows[at] == i;
            const double exact = there ? entries[at++] : 0, numeric = (up[i] - down[i]) / (2 * h);
            ASSERT_NEAR(exact, numeric, 1e-6 * fabs(exact) + 1e-9 * (1 + fabs(up[i])));
        }
    }
    free(y);
    free(slope);
    free(up);
    free(down);
    free(entries);
    dae_free(d);
    circuit_free(a.circuit);
    dopant_free(dopant);
}

/* What no device is made of, by name, value and what was expected. */
static void test_bad_input(void **state)
{
    (void)state;
    static const struct {
        struct dopant_setting setting;
        const char *found, *expected;
    } bad[] = {
        {{"n", 2e9}, "n=2e+09", "1 to 1e+09"},         {{"tau_v", 0}, "tau_v=0", "1e-12 to 1e+12"},
        {{"tau_i", 0}, "tau_i=0", "1e-12 to 1e+12"},   {{"nth", 3e6}, "nth=3e+06", "at most n"},
        {{"polarity", 0.5}, "polarity=0.5", "0 or 1"}, {{"rates", 0.5}, "rates=0.5", "0 or 1"},
        {{"temp", 100}, "va=0", "100 k temp/q"},
    };
    char *devices = source_path("devices");
    for (size_t k = 0; k < COUNT(bad); k++) {
        const bool overflow = strcmp(bad[k].setting.name, "temp") == 0;
        const struct dopant_setting settings[] = {
            bad[k].setting, {"va", overflow ? 0 : 1}, {"voff", overflow ? -2 : -0.8}};
        struct error error = {{0}};
        struct dopant *d;
        assert_int_equal(
            dopant_make("volatile-spiking", devices, COUNT(settings), settings, &d, &error),
            STATUS_INPUT);
        assert_null(d);
        ASSERT_NAMES(error.text, bad[k].found);
        ASSERT_NAMES(error.text, bad[k].expected);
    }
    free(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jacobian), cmocka_unit_test(test_spikes),
        cmocka_unit_test(test_circuit),  cmocka_unit_test(test_single_device),
        cmocka_unit_test(test_array),    cmocka_unit_test(test_binomial),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_array_chance),
        cmocka_unit_test(test_chance),   cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
