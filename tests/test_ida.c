/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The differential-algebraic system behind the engine `ida`, and that engine against ngspice on the
 * whole classifier: the same drive must give the same states and energies. */
#include "base/random.h"
#include "classifier_parts.h"
#include "engine/dae/dae.h"
#include "engine/dae/dirk.h"
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "learn/training.h"
#include "ledger_sections.h"

static struct image_pair images;

static int set_up(void **state)
{
    struct error error;
    ASSERT_DONE(images_read("T/X", &images, &error), error);
    return parts_read(state);
}

static int tear_down(void **state)
{
    images_free(&images);
    return parts_free(state);
}

static struct classifier_options classifier_options(void)
{
    static const double x0[30] = {0.01, 0.2, 0.03, 0.4, 0.05, 0.9};
    return parts_options(x0);
}

/* The Jacobian against central differences of the residual, at random voltages within the supply
 * and random states, over all elements of the classifier.  A step of 1e-6 V: the second difference
 * of the square law is zero; rounding of mA in 1e-6 V leaves 1e-7 S; the exponential of a diode
 * that the random voltages turn on is steeper, so 1e-5 of the entry is added; a state's rate of
 * 1e5/s has a last place of 1e-11/s, which is 1e-9 of it in 2 h. */
static void test_jacobian(void **state)
{
    (void)state;
    const struct classifier_options o = classifier_options();
    struct classifier k;
    struct error error = {{0}};
    ASSERT_DONE(classifier_build(&o, &k, &error), error);
    struct dae *d = dae_new(k.circuit, &error);
    assert_non_null(d);
    const size_t n = d->n;
    double *y = NEW(n, double), *slope = NEW(n, double), *plus = NEW(n, double),
           *minus = NEW(n, double), *entries = NEW(d->n_entries + 1, double);
    gsl_rng *rng = random_stream(1, 0, RANDOM_TEST);
    const double h = 1e-6, c = 1e7;
    for (int trial = 0; trial < 3; trial++) {
        for (size_t i = 0; i < n; i++) {
            y[i] = i < d->n_roots ? 0.6 + 2.1 * gsl_rng_uniform(rng) : gsl_rng_uniform(rng);
            slope[i] = 0;
        }
        dae_jacobian(d, 0, c, y, entries);
        for (size_t j = 0; j < n; j++) {
            const double before = y[j];
            y[j] = before + h, slope[j] = c * h;
            dae_residual(d, 0, y, slope, plus);
            y[j] = before - h, slope[j] = -c * h;
            dae_residual(d, 0, y, slope, minus);
            y[j] = before, slope[j] = 0;
            int64_t at = d->columns[j];
            for (size_t i = 0; i < n; i++) {
                const double numeric = (plus[i] - minus[i]) / (2 * h);
                double exact = 0;
                if (at < d->columns[j + 1] && (size_t)d->rows[at] == i)
                    exact = entries[at++];
                ASSERT_NEAR(exact, numeric, 2e-7 + 1e-5 * fabs(exact) + 1e-9 * fabs(plus[i]));
            }
        }
    }
    gsl_rng_free(rng);
    free(y);
    free(slope);
    free(plus);
    free(minus);
    free(entries);
    dae_free(d);
    classifier_free(&k);
}

/* A run without a unique solution, or with something that only SPICE knows, is refused by name. */
static void test_refused(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct circuit *c = circuit_new("loop");
    const int a = circuit_node(c, "a");
    circuit_voltage(c, "v1", a, 0, 1, CLASS_DRIVER);
    circuit_voltage(c, "v2", a, 0, 2, CLASS_DRIVER);
    assert_null(dae_new(c, &error));
    ASSERT_NAMES(error.text, "v2");
    ASSERT_NAMES(error.text, "loop of voltage sources");
    circuit_free(c);

    c = circuit_new("opaque");
    const struct element opaque = {.kind = ELEMENT_OPAQUE};
    circuit_add(c, "xn1", &opaque, false);
    assert_null(dae_new(c, &error));
    ASSERT_NAMES(error.text, "xn1");
    circuit_free(c);
}

struct last_values {
    const struct circuit *circuit;
    double *values;
};

static void keep(void *data, const struct interval *i)
{
    struct last_values *l = data;
    memcpy(l->values, i->values, circuit_n_values(l->circuit) * sizeof *l->values);
}

struct replay_result {
    struct ledger *ledger;
    double *values;
};

static struct replay_result run_log(const char *engine, struct engine_options options,
                                    const struct circuit *c, struct drive_log *log)
{
    struct error error = {{0}};
    struct engine_report report;
    struct replay_result r = {ledger_new(c, NULL), NEW(circuit_n_values(c), double)};
    struct last_values last = {c, r.values};
    const struct recorder recorders[] = {ledger_recorder(r.ledger), {keep, &last}};
    const struct controller controller = drive_log_controller(log);
    options.recorders = recorders;
    options.n_recorders = 2;
    ASSERT_DONE(engine_run(engine_find(engine), c, &controller, &options, &report, &error), error);
    return r;
}

/* The powers of the engine's own pass over the elements against the laws of circuit_power(). */
static void test_power(void **state)
{
    (void)state;
    const struct classifier_options o = classifier_options();
    struct classifier k;
    struct error error = {{0}};
    ASSERT_DONE(classifier_build(&o, &k, &error), error);
    struct dae *d = dae_new(k.circuit, &error);
    assert_non_null(d);
    const size_t n = k.circuit->n_elements;
    double *y = NEW(d->n, double), *slope = NEW(d->n, double), *residual = NEW(d->n, double),
           *power = NEW(n, double), *expected = NEW(n, double);
    gsl_rng *rng = random_stream(2, 0, RANDOM_TEST);
    for (int trial = 0; trial < 3; trial++) {
        for (size_t i = 0; i < d->n; i++) {
            y[i] = i < d->n_roots ? 0.6 + 2.1 * gsl_rng_uniform(rng) : gsl_rng_uniform(rng);
            slope[i] = 1e6 * gsl_rng_uniform(rng);
        }
        dae_values(d, 0, y, slope, residual, power);
        circuit_power(k.circuit, d->values, expected);
        for (size_t i = 0; i < n; i++)
            ASSERT_NEAR(power[i], expected[i], 1e-12 * fabs(expected[i]) + 1e-18);
    }
    gsl_rng_free(rng);
    free(y);
    free(slope);
    free(residual);
    free(power);
    free(expected);
    dae_free(d);
    classifier_free(&k);
}

static struct engine_options tight_options(void)
{
    struct engine_options tight = engine_defaults;
    tight.reltol = 1e-6;
    tight.vntol = 1e-8;
    tight.abstol = 1e-12;
    return tight;
}

/* A whole training run in ida, then its drive in ngspice at reltol 1e-6: states within 1e-3, and
 * energies of every class that the array dissipates.  Lines only store: what is left on 1 pF
 * depends on how the run starts.  References conduct in inference alone: before, only GMIN and the
 * currents of open switches, which are of the order of ngspice's abstol. */
static void test_training_replay(void **state)
{
    (void)state;
    struct training_options o = training_defaults();
    o.classifier = classifier_options();
    o.images = &images;
    o.engine = engine_find("ida");
    if (is_short())
        o.program.pulse_limit = 2;
    struct training t;
    struct error error = {{0}};
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    const struct circuit *c = t.classifier.circuit;
    struct drive_log log;
    struct last_values last = {c, NEW(circuit_n_values(c), double)};
    drive_log_new(&log, c);
    const struct recorder recorders[] = {drive_log_recorder(&log), {keep, &last}};
    ASSERT_DONE(training_run(&t, recorders, 2, &error), error);
    if (!is_short()) {
        assert_int_equal(t.n_settled, 30);
        assert_true(log.n > 1000);
    }
    struct replay_result r = run_log("ngspice", tight_options(), c, &log);
    for (size_t s = 0; s < c->n_states; s++) {
        const double x = r.values[circuit_state_value(c, (int)s)];
        ASSERT_NEAR(last.values[circuit_state_value(c, (int)s)], x, 1e-3 * x);
    }
    static const int sections[] = {SECTION_TRAINING, SECTION_INFERENCE};
    static const enum energy_class classes[] = {CLASS_MEMRISTOR, CLASS_SELECT, CLASS_DRIVER,
                                                CLASS_NEURON, CLASS_REFERENCE};
    for (size_t i = 0; i < COUNT(sections); i++)
        for (size_t k = 0; k < COUNT(classes); k++) {
            if (sections[i] == SECTION_TRAINING && classes[k] == CLASS_REFERENCE)
                continue;
            const double e = ledger_section_class(r.ledger, sections[i], classes[k]);
            ASSERT_NEAR(ledger_section_class(t.ledger, sections[i], classes[k]), e, 1e-3 * e);
        }
    /* an account of its own: nothing here comes from ngspice */
    assert_true(ledger_residual_supply(t.ledger) < 1e-6);
    assert_true(ledger_residual_array(t.ledger) < 1e-4);
    ledger_free(r.ledger);
    free(r.values);
    free(last.values);
    drive_log_free(&log);
    training_free(&t);
}

#define WAVE_POINTS_MAX 100000

struct wave {
    size_t value, n;
    double *t, *v; /* WAVE_POINTS_MAX */
};

static void take_wave(void *data, const struct interval *i)
{
    struct wave *w = data;
    assert_in_range(w->n, 0, WAVE_POINTS_MAX - 1);
    w->t[w->n] = i->t1;
    w->v[w->n++] = i->values[w->value];
}

/* Linear between points; *k: where to begin to look. */
static double wave_at(const struct wave *w, double t, size_t *k)
{
    while (*k + 2 < w->n && w->t[*k + 1] < t)
        ++*k;
    const double *x = w->t + *k, *v = w->v + *k;
    return x[1] > x[0] ? v[0] + (v[1] - v[0]) * (t - x[0]) / (x[1] - x[0]) : v[1];
}

/* A neuron whose input current steps up, down and back, in both engines, and by both
 * methods of ida, at reltol 1e-6: the root
 * mean square over time of the difference of its outputs, 0.1 % of their swing. */
static void test_step_response(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct circuit *c = circuit_new("neuron");
    const struct neuron_kind kind = {.file = neuron};
    neuron_supply(c, NEURON_SUPPLY);
    const int column = circuit_node(c, "col"), reference = circuit_node(c, "vref"),
              out = circuit_node(c, "out");
    circuit_port(c, "in", column,
                 (struct port_driver){.ohm = 10e3, .idle = NEURON_GROUND, .class = CLASS_DRIVER});
    circuit_capacitor(c, "ccol", column, 0, 1e-12, CLASS_LINE);
    ASSERT_DONE(neuron_add_reference(c, &kind,
                                     &(struct neuron_terminals){.name = "1",
                                                                .column = circuit_node(c, "colr"),
                                                                .output = reference,
                                                                .rf = 2e3},
                                     &error),
                error);
    ASSERT_DONE(
        neuron_add(
            c, &kind,
            &(struct neuron_terminals){
                .name = "1", .column = column, .reference = reference, .output = out, .rf = 2e3},
            &error),
        error);
    static const double volts[] = {0, 0.15, -0.15, 0.03, 0};
    struct drive drives[COUNT(volts)] = {{0}};
    struct phase phases[COUNT(volts)];
    for (size_t k = 0; k < COUNT(volts); k++) {
        drives[k].volt = NEURON_GROUND + volts[k];
        phases[k] = (struct phase){.kind = PHASE_INFER,
                                   .section = SECTION_INFERENCE,
                                   .duration = k == 0 ? 50e-6 : 5e-6,
                                   .edge = 100e-9,
                                   .device = -1,
                                   .drive = &drives[k]};
    }
    static const char *const engines[] = {"ngspice", "ida", "ida"};
    static const enum engine_method methods[] = {0, METHOD_ONESTEP, METHOD_BDF};
    struct wave waves[COUNT(engines)];
    for (size_t k = 0; k < COUNT(engines); k++) {
        struct drive_log log = {.n_ports = 1, .n = COUNT(volts), .phases = phases};
        const struct controller controller = drive_log_controller(&log);
        struct engine_report report;
        waves[k] = (struct wave){(size_t)out, 0, NEW(WAVE_POINTS_MAX, double),
                                 NEW(WAVE_POINTS_MAX, double)};
        const struct recorder recorder = {take_wave, &waves[k]};
        struct engine_options tight = tight_options();
        tight.method = methods[k];
        tight.step_max = 20e-9; /* points near enough for lines between them */
        tight.recorders = &recorder;
        tight.n_recorders = 1;
        ASSERT_DONE(engine_run(engine_find(engines[k]), c, &controller, &tight, &report, &error),
                    error);
    }
    const double begin = 45e-6, end = waves[0].t[waves[0].n - 1];
    for (size_t k = 1; k < COUNT(engines); k++) {
        double sum = 0, low = INFINITY, high = -INFINITY;
        size_t at = 0;
        for (size_t i = 1; i < waves[0].n; i++) {
            const double t = waves[0].t[i], v = waves[0].v[i];
            if (t < begin)
                continue; /* ngspice begins without an operating point */
            const double difference = wave_at(&waves[k], t, &at) - v;
            sum += difference * difference * (t - waves[0].t[i - 1]);
            low = fmin(low, v);
            high = fmax(high, v);
        }
        assert_true(high - low > 0.03);
        assert_true(sqrt(sum / (end - begin)) < 1e-3 * (high - low));
    }
    for (size_t k = 0; k < COUNT(engines); k++) {
        free(waves[k].t);
        free(waves[k].v);
    }
    circuit_free(c);
}

#define ROWS 3
#define COLUMNS 9
#define PULSES 4

/* A crossbar of memristors and resistances alone: pulses with edges of 1 us, whole array selected.
 * At most 25 steps a phase, a pulse or a pause, at an error of the states of 1e-3; looser tolerances
 * take fewer steps, and every one keeps its promise. */
static void test_crossbar_steps(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("crossbar");
    struct error error = {{0}};
    for (int i = 0; i < ROWS; i++) {
        char name[32];
        snprintf(name, sizeof name, "r%d", i);
        circuit_port(c, name, circuit_nodef(c, "n%d_0", i),
                     (struct port_driver){.ohm = 50, .class = CLASS_DRIVER});
        for (int j = 0; j < COLUMNS; j++) {
            const int top = circuit_nodef(c, "n%d_%d", i, j),
                      bottom = circuit_nodef(c, "m%d_%d", i, j);
            snprintf(name, sizeof name, "rt%d_%d", i, j);
            if (j > 0)
                circuit_resistor(c, name, circuit_nodef(c, "n%d_%d", i, j - 1), top, 2, CLASS_LINE);
            snprintf(name, sizeof name, "rb%d_%d", i, j);
            circuit_resistor(c, name, bottom, i > 0 ? circuit_nodef(c, "m%d_%d", i - 1, j) : 0, 2,
                             CLASS_LINE);
            snprintf(name, sizeof name, "m%d_%d", i, j);
            circuit_memristor(c, name, top, bottom, dopant, 0.02 * (i + 1));
        }
    }
    struct drive drives[2 * PULSES][ROWS] = {{{0}}};
    struct phase phases[2 * PULSES];
    for (int k = 0; k < 2 * PULSES; k++) {
        for (int i = 0; i < ROWS; i++)
            drives[k][i].volt = k % 2 ? 0 : 0.45 + 0.05 * i;
        phases[k] = (struct phase){.kind = k % 2 ? PHASE_IDLE : PHASE_SET,
                                   .section = SECTION_TRAINING,
                                   .duration = k % 2 ? 100e-6 : 10e-3,
                                   .edge = 1e-6,
                                   .device = -1,
                                   .drive = drives[k]};
    }
    struct drive_log log = {.n_ports = ROWS, .n = 2 * PULSES, .phases = phases};
    static const double reltol[] = {1e-7, 1e-5, 1e-4, 1e-3};
    double x[COUNT(reltol)][ROWS * COLUMNS];
    size_t points[COUNT(reltol)];
    for (size_t k = 0; k < COUNT(reltol); k++) {
        struct last_values last = {c, NEW(circuit_n_values(c), double)};
        const struct recorder recorder = {keep, &last};
        struct engine_options options = engine_defaults;
        options.reltol = reltol[k];
        options.vntol = fmin(options.vntol, reltol[k] * 1e-2);
        options.recorders = &recorder;
        options.n_recorders = 1;
        struct engine_report report;
        const struct controller controller = drive_log_controller(&log);
        ASSERT_DONE(engine_run(engine_find("ida"), c, &controller, &options, &report, &error),
                    error);
        points[k] = report.points;
        for (size_t s = 0; s < c->n_states; s++) {
            x[k][s] = last.values[circuit_state_value(c, (int)s)];
            ASSERT_NEAR(x[k][s], x[0][s], 2 * reltol[k] * x[0][s]);
        }
        free(last.values);
        assert_true(k == 0 || points[k] < points[k - 1]);
    }
    assert_true(x[0][0] > 0.05); /* the pulses have done something */
    assert_true(points[COUNT(reltol) - 1] <= 25 * 2 * PULSES);
    circuit_free(c);
}

static struct model_value broken_rate(const double *c, double v, double x)
{
    (void)c;
    return (struct model_value){v > 0.5 ? NAN : v < 0 ? 5e6 : 0, 0, x < 0 ? 1 : 0};
}

/* A law that gives NaN, and one that drives its state out of [0, 1]: device, voltage, state, time and
 * the option. */
static void test_broken_law(void **state)
{
    (void)state;
    struct model broken = *dopant->model;
    broken.rate = broken_rate;
    struct dopant d = *dopant;
    d.model = &broken;
    static const struct {
        double volt;
        const char *part;
    } cases[] = {{0.8, "law of m1 gives nan at"}, {-0.8, "state of m1, "}};
    for (size_t k = 0; k < COUNT(cases); k++)
        for (int way = 0; way < 3; way++) { /* tight, with longer growth of steps, and by BDF */
            struct error error = {{0}};
            struct drive drive = {cases[k].volt, false};
            struct phase phase = {.kind = PHASE_SET,
                                  .section = SECTION_TRAINING,
                                  .duration = 1e-3,
                                  .edge = 1e-6,
                                  .device = 0,
                                  .drive = &drive};
            struct drive_log log = {.n_ports = 1, .n = 1, .phases = &phase};
            const struct controller controller = drive_log_controller(&log);
            struct engine_report report;
            struct engine_options o = engine_defaults;
            o.reltol = way == 1 ? 1e-2 : 1e-4;
            o.method = way == 2 ? METHOD_BDF : METHOD_ONESTEP;
            struct circuit *c = circuit_new("broken");
            const int top = circuit_node(c, "top"), in = circuit_node(c, "in");
            circuit_port(c, "in", in, (struct port_driver){.class = CLASS_DRIVER});
            circuit_resistor(c, "r1", in, top, 100, CLASS_LINE);
            circuit_memristor(c, "m1", top, 0, &d, 0.2);
            assert_int_equal(engine_run(engine_find("ida"), c, &controller, &o, &report, &error),
                             STATUS_NUMERICAL);
            ASSERT_NAMES(error.text, cases[k].part);
            ASSERT_NAMES(error.text, " V");
            ASSERT_NAMES(error.text, "t = ");
            ASSERT_NAMES(error.text, "set phase");
            ASSERT_NAMES(error.text, "--reltol");
            circuit_free(c);
        }
}

/* One step of dirk.h from a kink on 1 kohm and 1 nF, whose port has stepped by 1 V: halving the
 * step takes its error, of order 2, and the estimate, of order 3, to an eighth, within the next
 * term's h/tau.  The estimate is of the error's size. */
static void test_dirk(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct circuit *c = circuit_new("rc");
    const int in = circuit_node(c, "in"), out = circuit_node(c, "out");
    circuit_port(c, "in", in, (struct port_driver){.class = CLASS_DRIVER});
    circuit_resistor(c, "r1", in, out, 1e3, CLASS_LINE);
    circuit_capacitor(c, "c1", out, 0, 1e-9, CLASS_LINE);
    struct dae *d = dae_new(c, &error);
    assert_non_null(d);
    assert_int_equal(d->n, 1);
    d->to[c->ports[0].source] = 1;
    struct rosenbrock r;
    assert_true(rosenbrock_new(&r, d));
    const double tau = 1e-6, y = 0.25, weight = 1e12;
    double last = NAN, last_estimate = NAN;
    for (double h = 0.2e-6; h > 0.02e-6; h /= 2) {
        assert_true(dirk_step(&r, 0, h, &y, NULL, &weight));
        const double wrong = fabs(r.y1[0] - (1 - 0.75 * exp(-h / tau))),
                     estimate = fabs(r.error[0]);
        assert_true(wrong > 1e-9 && estimate > 0.5 * wrong && estimate < 4 * wrong);
        if (!isnan(last)) {
            ASSERT_NEAR(last / wrong, 8, 8 * 2 * h / tau);
            ASSERT_NEAR(last_estimate / estimate, 8, 8 * 2 * h / tau);
        }
        last = wrong;
        last_estimate = estimate;
        r.known = false;
    }
    rosenbrock_free(&r);
    dae_free(d);
    circuit_free(c);
}

/* What cannot be run says where and why. */
static void fail_all(enum engine_method method)
{
    struct error error = {{0}};
    struct drive drive = {0};
    struct phase phase = {.kind = PHASE_SET,
                          .section = SECTION_TRAINING,
                          .duration = 1e-3,
                          .edge = 1e-6,
                          .device = 0,
                          .drive = &drive};
    struct drive_log log = {.n_ports = 1, .n = 1, .phases = &phase};
    const struct controller controller = drive_log_controller(&log);
    struct engine_report report;
    const struct engine *ida = engine_find("ida");
    struct engine_options defaults = engine_defaults;
    defaults.method = method;

    struct circuit *c = circuit_new("floating");
    const int top = circuit_node(c, "top"), island = circuit_node(c, "island");
    circuit_port(c, "in", top, (struct port_driver){.ohm = 50, .class = CLASS_DRIVER});
    circuit_capacitor(c, "c1", top, island, 1e-12, CLASS_LINE);
    circuit_capacitor(c, "c2", island, 0, 1e-12, CLASS_LINE);
    assert_int_equal(engine_run(ida, c, &controller, &defaults, &report, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "island");
    ASSERT_NAMES(error.text, "floats");
    circuit_free(c);

    c = circuit_new("not finite");
    circuit_port(c, "in", circuit_node(c, "top"),
                 (struct port_driver){.ohm = 50, .class = CLASS_DRIVER});
    circuit_memristor(c, "m1", circuit_node(c, "top"), 0, dopant, 0.1);
    drive.volt = NAN;
    assert_int_equal(engine_run(ida, c, &controller, &defaults, &report, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "port in shall be driven with nan V");
    ASSERT_NAMES(error.text, "set phase of device");

    /* a clock that has run out ends it, however many steps there are */
    drive.volt = 0.5;
    struct engine_options hurried = defaults;
    hurried.time_limit = 0;
    hurried.step_max = 1e-7;
    assert_int_equal(engine_run(ida, c, &controller, &hurried, &report, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "time limit");
    circuit_free(c);
}

static void test_failures(void **state)
{
    (void)state;
    for (int m = 0; engine_methods[m]; m++)
        fail_all((enum engine_method)m);
}

/* Node voltages of the idle classifier after 100 us, where everything has settled, against ngspice
 * at reltol 1e-6: 10 uV.  Nodes that only GMIN and a switched-off transistor hold are left out. */
static void test_operating_point(void **state)
{
    (void)state;
    const struct classifier_options o = classifier_options();
    struct classifier k;
    struct error error = {{0}};
    ASSERT_DONE(classifier_build(&o, &k, &error), error);
    const struct circuit *c = k.circuit;
    struct drive *drive = NEW(c->n_ports, struct drive);
    for (size_t p = 0; p < c->n_ports; p++)
        drive[p].volt = c->ports[p].logic ? NEURON_SUPPLY : c->ports[p].idle;
    for (size_t l = 0; l < k.n_layers; l++)
        for (size_t j = 0; j < k.layers[l].crossbar.columns; j++)
            drive[k.layers[l].column_ports[j]].open = true;
    for (size_t i = 0; i < k.layers[1].crossbar.rows; i++)
        drive[k.layers[1].row_ports[i]].open = true;
    struct phase phase = {.kind = PHASE_INFER,
                          .section = SECTION_INFERENCE,
                          .duration = 100e-6,
                          .edge = 1e-6,
                          .device = -1,
                          .drive = drive};
    struct drive_log log = {.n_ports = c->n_ports, .n = 1, .phases = &phase};
    const struct engine_options tight = tight_options();
    struct replay_result a = run_log("ngspice", tight, c, &log), b = run_log("ida", tight, c, &log);
    size_t compared = 0;
    for (size_t i = 1; i < c->n_nodes; i++, compared++)
        if (fabs(a.values[i] - b.values[i]) > 10e-6)
            fail_msg("v(%s): ngspice %.9g V, ida %.9g V", c->node_names[i], a.values[i],
                     b.values[i]);
    assert_true(compared > 200);
    ledger_free(a.ledger);
    ledger_free(b.ledger);
    free(a.values);
    free(b.values);
    free(drive);
    classifier_free(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jacobian),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_dirk),
        cmocka_unit_test(test_broken_law),
        cmocka_unit_test(test_crossbar_steps),
        cmocka_unit_test(test_step_response),
        cmocka_unit_test(test_operating_point),
        cmocka_unit_test(test_training_replay),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
