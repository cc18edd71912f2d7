/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the engine `ida` finds the point at which a run begins: each of its methods alone, circuits
 * that defeat one and not the next, and one that has no operating point. */
#include "circuit/mismatch.h"
#include "classifier_parts.h"
#include "engine/dae/operating_point.h"
#include "engine/drive_log.h"
#include "learn/training.h"

#define SUPPLY 3.3 /* [V] */

/* A circuit's system with the guess of `ida`: every node at half the supply. */
struct problem {
    struct circuit *circuit;
    struct dae *dae;
    struct sparse_lu *lu;
    double *y; /* n */
};

static void guess(struct problem *p)
{
    const struct dae *d = p->dae;
    memset(p->y, 0, d->n * sizeof *p->y);
    for (size_t k = 0; k < d->n_roots; k++)
        p->y[k] = 0.5 * SUPPLY;
    for (size_t k = 0; k < d->n_states; k++)
        p->y[d->n - d->n_states + k] = d->circuit->elements[d->circuit->state_elements[k]].x0;
}

static struct problem pose(struct circuit *c)
{
    struct error error = {{0}};
    struct problem p = {.circuit = c, .dae = dae_new(c, &error)};
    if (!p.dae)
        fail_msg("%s", error.text);
    for (size_t k = 0; k < c->n_ports; k++) {
        p.dae->to[c->ports[k].source] = c->ports[k].idle;
        if (c->ports[k].enable >= 0)
            p.dae->to[c->ports[k].enable] = 1;
    }
    p.lu = sparse_lu_new((int64_t)p.dae->n, p.dae->columns, p.dae->rows);
    assert_non_null(p.lu);
    p.y = NEW(p.dae->n, double);
    guess(&p);
    return p;
}

static void release(struct problem *p)
{
    free(p->y);
    sparse_lu_free(p->lu);
    dae_free(p->dae);
}

/* The solution by this method alone, from the guess. */
static enum status solve(struct problem *p, enum operating_method method,
                         struct operating_report *report, struct error *error)
{
    guess(p);
    return operating_point(method, p->dae, p->lu, p->y, report, error);
}

static double at(const struct problem *p, const char *node)
{
    return p->dae->values[circuit_node(p->circuit, node)];
}

/* v(out) against ground rises from 0 to `high` while v(p, n) goes from `low` to low + width. */
static void comparator(struct circuit *c, const char *name, int out, int p, int n, double low,
                       double width, double high)
{
    struct transfer_table table = {2, NEW(2, double), NEW(2, double)};
    table.x[0] = low, table.x[1] = low + width;
    table.y[1] = high;
    const struct element e = {
        .kind = ELEMENT_TRANSFER, .class = CLASS_NEURON, .node = {out, 0, p, n}, .table = table};
    circuit_add(c, name, &e, false);
}

#define WIDTH 1e-5 /* [V] in which a comparator switches: an amplification of 330,000 */

/* `in` followed by a comparator through 1 kohm, loaded by another: v(x) = v(out) / 2, which reaches
 * half the supply at most, and within that
 * v(out) = K (v(in) - v(x) + WIDTH / 2), K = SUPPLY / WIDTH. */
static void follower(struct circuit *c, int in)
{
    const int x = circuit_node(c, "x"), out = circuit_node(c, "out");
    comparator(c, "comparator", out, in, x, -WIDTH / 2, WIDTH, SUPPLY);
    circuit_resistor(c, "rout", out, x, 1e3, CLASS_NEURON);
    circuit_resistor(c, "rload", x, 0, 1e3, CLASS_NEURON);
}

static double followed(double in)
{
    const double k = SUPPLY / WIDTH;
    return 0.5 * k * (in + WIDTH / 2) / (1 + 0.5 * k);
}

/* A trigger, whose input y = (3 v(low) + v(high)) / 4 raises v(high) to the supply above
 * `threshold`, and a follower of (v(high) + v(bias)) / 2 + shift. */
static struct circuit *trigger_and_follower(double low_volt, double threshold, double bias_volt,
                                            double shift)
{
    struct circuit *c = circuit_new("trigger and follower");
    const int y = circuit_node(c, "y"), high = circuit_node(c, "high"),
              low = circuit_node(c, "low"), bias = circuit_node(c, "bias"),
              mean = circuit_node(c, "mean"), level = circuit_node(c, "level");
    circuit_voltage(c, "vdd", circuit_node(c, "vdd"), 0, SUPPLY, CLASS_DRIVER);
    circuit_voltage(c, "vlow", low, 0, low_volt, CLASS_DRIVER);
    circuit_voltage(c, "vbias", bias, 0, bias_volt, CLASS_DRIVER);
    circuit_voltage(c, "vshift", level, mean, shift, CLASS_DRIVER);
    comparator(c, "trigger", high, y, 0, threshold, WIDTH, SUPPLY);
    circuit_resistor(c, "rback", high, y, 30e3, CLASS_NEURON);
    circuit_resistor(c, "rlow", low, y, 10e3, CLASS_NEURON);
    circuit_resistor(c, "rhigh", high, mean, 100, CLASS_NEURON);
    circuit_resistor(c, "rbias", bias, mean, 100, CLASS_NEURON);
    follower(c, level);
    return c;
}

/* The phase in which nothing happens, in `ida`. */
static enum status run(const struct circuit *c, struct engine_report *report, struct error *error)
{
    struct drive *drives = NEW(c->n_ports, struct drive);
    struct phase phase = {.kind = PHASE_IDLE, .duration = 1e-6, .edge = 1e-9, .device = -1};
    phase.drive = drives;
    struct drive_log log = {.n_ports = c->n_ports, .n = 1, .phases = &phase};
    const struct controller controller = drive_log_controller(&log);
    const enum status status =
        engine_run(engine_find("ida"), c, &controller, &engine_defaults, report, error);
    free(drives);
    return status;
}

#define NEURONS 300
#define COLUMN_OHM 44e3 /* with 2 kohm of feedback 1 V bring 45 mV, all that a neuron takes */

/* Neurons with their reference amplifiers, each with 1 V in front of both columns, whose
 * transistors differ as much as in a bad process (A_VT = 20 mV um, A_beta = 4 % um): Newton's method alone does
 * not find all of them, the paths find every one, and what is found is the same. */
static void test_mismatched_neurons(void **state)
{
    (void)state;
    size_t direct = 0;
    for (uint32_t i = 0; i < NEURONS; i++) {
        struct error error = {{0}};
        const struct mismatch own = {2e-8, 4e-8, 1, i, 0}, reference_own = {2e-8, 4e-8, 1, i, 1};
        const struct neuron_kind kind = {
            .file = neuron, .mismatch = &own, .reference_mismatch = &reference_own};
        struct circuit *c = circuit_new("mismatched neuron");
        const int column = circuit_node(c, "col"), reference_column = circuit_node(c, "colref"),
                  reference = circuit_node(c, "ref"), out = circuit_node(c, "out");
        neuron_supply(c, SUPPLY);
        circuit_port(c, "in", column,
                     (struct port_driver){
                         .ohm = COLUMN_OHM, .idle = 0.5 * SUPPLY + 1, .class = CLASS_DRIVER});
        circuit_port(c, "inref", reference_column,
                     (struct port_driver){
                         .ohm = COLUMN_OHM, .idle = 0.5 * SUPPLY + 1, .class = CLASS_DRIVER});
        ASSERT_DONE(neuron_add_reference(c, &kind,
                                         &(struct neuron_terminals){.name = "1",
                                                                    .column = reference_column,
                                                                    .output = reference,
                                                                    .rf = 2e3},
                                         &error),
                    error);
        ASSERT_DONE(neuron_add(c, &kind,
                               &(struct neuron_terminals){.name = "1",
                                                          .column = column,
                                                          .reference = reference,
                                                          .output = out,
                                                          .rf = 2e3},
                               &error),
                    error);
        struct problem p = pose(c);
        double path = NAN;
        for (int m = OPERATING_METHODS - 1; m >= 0; m--) {
            struct operating_report report;
            const enum status status = solve(&p, (enum operating_method)m, &report, &error);
            if (m != OPERATING_DIRECT)
                ASSERT_DONE(status, error);
            if (status == STATUS_OK && m < OPERATING_METHODS - 1)
                ASSERT_NEAR(at(&p, "out"), path, 1e-9);
            path = status == STATUS_OK ? at(&p, "out") : path;
            direct += m == OPERATING_DIRECT && status == STATUS_OK;
        }
        release(&p);
        circuit_free(c);
    }
    assert_in_range(direct, 1, NEURONS - 1);
}

/* Each method alone on the transistors of a classifier whose memristors have states of their own,
 * its ports at rest and closed: the same voltages.  Changes of 1e-10 V end the iterations; the worst
 * node, high ohmic behind a stage of high gain, may be some of them off. */
static void test_methods_agree(void **state)
{
    (void)state;
    static const char *const names[] = {"direct", "gmin stepping", "source stepping"};
    struct error error = {{0}};
    static const double x0[30] = {0.01, 0.2, 0.03, 0.4, 0.05, 0.9};
    const struct classifier_options o = parts_options(x0);
    struct classifier k;
    ASSERT_DONE(classifier_build(&o, &k, &error), error);
    struct problem p = pose(k.circuit);
    double *direct = NEW(p.dae->n, double);
    for (int m = 0; m < OPERATING_METHODS; m++) {
        struct operating_report report;
        ASSERT_DONE(solve(&p, (enum operating_method)m, &report, &error), error);
        assert_string_equal(report.method, names[m]);
        assert_true(report.iterations > report.steps);
        assert_true((report.steps > 0) == (m != OPERATING_DIRECT));
        if (m == OPERATING_DIRECT)
            memcpy(direct, p.y, p.dae->n * sizeof *p.y);
        for (size_t i = 0; i < p.dae->n_roots; i++)
            ASSERT_NEAR(p.y[i], direct[i], 1e-9);
    }
    free(direct);
    release(&p);
    classifier_free(&k);
}

/* Newton's method alone goes to and fro over the step of the comparator; along a path it is met
 * slowly enough.  Closed form of a linear circuit; changes of 1e-10 V end the iterations: 1e-9 V. */
static void test_gmin_after_direct(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct engine_report report = {0};
    struct circuit *c = circuit_new("follower");
    const int in = circuit_node(c, "in");
    circuit_voltage(c, "vdd", circuit_node(c, "vdd"), 0, SUPPLY, CLASS_DRIVER);
    circuit_voltage(c, "vin", in, 0, 1, CLASS_DRIVER);
    follower(c, in);
    struct problem p = pose(c);
    assert_int_equal(solve(&p, OPERATING_DIRECT, &report.operating, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "comparator misses its voltage by");
    ASSERT_NAMES(error.text, "direct (from the guess, 100 iterations)");
    assert_null(report.operating.method);
    for (int m = OPERATING_GMIN; m < OPERATING_METHODS; m++) {
        ASSERT_DONE(solve(&p, (enum operating_method)m, &report.operating, &error), error);
        ASSERT_NEAR(at(&p, "x"), followed(1), 1e-9);
        ASSERT_NEAR(at(&p, "in"), 1, 0); /* all sources are at full strength again */
    }
    ASSERT_DONE(run(c, &report, &error), error);
    assert_string_equal(report.operating.method, "gmin stepping");
    assert_true(report.operating.steps > 0);
    release(&p);
    circuit_free(c);
}

/* At the guess the trigger is on; as gmin falls it has to let go, at once, and the follower, which
 * was at its limit, is far from where it has to be: the path ends where, with 10 k || 30 k = 1 / G,
 *
 *     y (G + gmin) = v(high) / 30 k + v(low) / 10 k + gmin guess = threshold (G + gmin).
 *
 * From zero the trigger is never on. */
static void test_sources_after_gmin(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct engine_report report = {0};
    const double threshold = 1.5, low = -0.6;
    struct circuit *c = trigger_and_follower(low, threshold, 1, 0.2);
    struct problem p = pose(c);
    assert_int_equal(solve(&p, OPERATING_DIRECT, &report.operating, &error), STATUS_NUMERICAL);
    assert_int_equal(solve(&p, OPERATING_GMIN, &report.operating, &error), STATUS_NUMERICAL);
    char end[40];
    snprintf(end, sizeof end, "gmin stepping (down to %.1e S",
             (threshold * 4 / 30e3 - SUPPLY / 30e3 - low / 10e3) / (0.5 * SUPPLY - threshold));
    ASSERT_NAMES(error.text, end);
    ASSERT_NAMES(error.text, "misses its voltage by");
    ASSERT_DONE(solve(&p, OPERATING_SOURCES, &report.operating, &error), error);
    ASSERT_NEAR(at(&p, "high"), 0, 1e-9);
    ASSERT_NEAR(at(&p, "x"), followed(0.7), 1e-9);
    ASSERT_DONE(run(c, &report, &error), error);
    assert_string_equal(report.operating.method, "source stepping");
    release(&p);
    circuit_free(c);
}

/* The trigger has to turn on, where 3/4 of v(low) reaches its threshold: at 3/4 of the sources; and
 * on the path of gmin, where y = threshold as before with v(high) = 0.  The operating point is there
 * all the same, and no other. */
static void test_none(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct engine_report report = {0};
    const double threshold = 1.8, low = 3.2;
    struct circuit *c = trigger_and_follower(low, threshold, 0, -0.2);
    assert_int_equal(run(c, &report, &error), STATUS_NUMERICAL);
    assert_null(report.operating.method);
    char end[40];
    snprintf(end, sizeof end, "gmin stepping (down to %.1e S",
             (low / 10e3 - threshold * 4 / 30e3) / (threshold - 0.5 * SUPPLY));
    ASSERT_NAMES(error.text, "no operating point");
    ASSERT_NAMES(error.text, "misses its voltage by");
    ASSERT_NAMES(error.text, "direct (from the guess, 100 iterations)");
    ASSERT_NAMES(error.text, end);
    ASSERT_NAMES(error.text, "source stepping (up to 75 % of all sources");
    ASSERT_NAMES(error.text, "--engine ngspice");
    circuit_free(c);
}

/* A port that a switch closes stays closed while sources are scaled. */
static void test_closed_port(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct operating_report report;
    struct circuit *c = circuit_new("port");
    const int a = circuit_node(c, "a");
    circuit_port(
        c, "in", a,
        (struct port_driver){.ohm = 1e3, .openable = true, .idle = 2, .class = CLASS_DRIVER});
    circuit_resistor(c, "r1", a, 0, 1e3, CLASS_LINE);
    struct problem p = pose(c);
    ASSERT_DONE(solve(&p, OPERATING_SOURCES, &report, &error), error);
    ASSERT_NEAR(at(&p, "a"), 1, 1e-9);
    /* a linear circuit all the way: from the second step on each begins on its solution */
    assert_int_equal(report.iterations, report.steps + 2);
    release(&p);
    circuit_free(c);
}

/* A node that no current can leave, by all methods: its name. */
static void test_floating(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct engine_report report;
    struct circuit *c = circuit_new("floating");
    const int top = circuit_node(c, "top"), island = circuit_node(c, "island");
    circuit_port(c, "in", top, (struct port_driver){.ohm = 50, .class = CLASS_DRIVER});
    circuit_capacitor(c, "c1", top, island, 1e-12, CLASS_LINE);
    assert_int_equal(run(c, &report, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "singular at node island");
    circuit_free(c);
}

static struct model_value no_current(const double *c, double v, double x)
{
    return (void)c, (void)x, (struct model_value){v * NAN, NAN, 0};
}

/* A law without a value: the device. */
static void test_broken_law(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct engine_report report;
    struct model broken = *model_table[0];
    struct dopant d = {.model = &broken};
    broken.current = no_current;
    struct circuit *c = circuit_new("broken");
    const int top = circuit_node(c, "top");
    circuit_port(c, "in", top, (struct port_driver){.ohm = 50, .idle = 0.1, .class = CLASS_DRIVER});
    circuit_memristor(c, "m1", top, 0, &d, 0.2);
    assert_int_equal(run(c, &report, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "law of m1 gives");
    ASSERT_NAMES(error.text, "state 0.2");
    circuit_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_agree),
        cmocka_unit_test(test_mismatched_neurons),
        cmocka_unit_test(test_gmin_after_direct),
        cmocka_unit_test(test_sources_after_gmin),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_closed_port),
        cmocka_unit_test(test_floating),
        cmocka_unit_test(test_broken_law),
    };
    return cmocka_run_group_tests(tests, parts_read, parts_free);
}
