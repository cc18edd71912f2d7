/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The circuit in memory: powers against a network solved by hand and Tellegen's theorem, and the
 * classifier against its own count and laws. */
#include "base/random.h"
#include "circuit/deck.h"
#include "classifier_parts.h"
#include "engine/engine.h"

static struct classifier build(struct classifier_options *options)
{
    static const double x0[64] = {0.01, 0.02, 0.03, 0.04, 0.05};
    struct error error;
    struct classifier k;
    options->dopant = dopant;
    options->neuron.file = neuron;
    options->switches = switches;
    options->x0 = x0;
    ASSERT_DONE(classifier_build(options, &k, &error), error);
    return k;
}

/* 10 V - 1k - node 2 - 1k - ground; 2 mA into node 2; v(3) = v(2)/2 behind 1k from node 2; a
 * transconductance of 0.25 mS takes 2.5 mA from node 2.  Kirchhoff at node 2, in mA and V:
 * (10 - v) + 2 - v - v/2 - 2.5 = 0, v = 3.8.  Powers by hand [mW]; 1e-12 covers their rounding. */
static void test_power_by_hand(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("hand");
    const int n1 = circuit_node(c, "1"), n2 = circuit_node(c, "2"), n3 = circuit_node(c, "3");
    const struct element current = {ELEMENT_CURRENT, .node = {0, n2}, .value = 2e-3},
                         half = {ELEMENT_VCVS, .node = {n3, 0, n2, 0}, .value = 0.5},
                         trans = {ELEMENT_VCCS, .node = {n2, 0, n1, 0}, .value = 0.25e-3},
                         closed = {ELEMENT_SWITCH, .node = {n1, 0, n1, 0}, .value = 1e6},
                         open = {ELEMENT_SWITCH, .node = {n1, 0, 0, n1}, .value = 1e6};
    circuit_voltage(c, "v1", n1, 0, 10, CLASS_DRIVER);
    circuit_resistor(c, "r1", n1, n2, 1e3, CLASS_LINE);
    circuit_resistor(c, "r2", n2, 0, 1e3, CLASS_LINE);
    circuit_resistor(c, "r3", n2, n3, 1e3, CLASS_LINE);
    circuit_add(c, "i1", &current, true);
    circuit_add(c, "e1", &half, true);
    circuit_add(c, "g1", &trans, true);
    circuit_capacitor(c, "c1", n1, 0, 1e-9, CLASS_LINE);
    circuit_add(c, "s1", &closed, true);
    circuit_add(c, "s2", &open, true);
    assert_int_equal(circuit_n_values(c), 4 + 2);
    const double leak = 1e-4 + 1e-7; /* of the switches, 1 Mohm and 1 Gohm at 10 V [W] */
    const double values[] = {0, 10, 3.8, 1.9, -6.2e-3 - leak / 10, 1.9e-3};
    const double expected[] = {-62e-3 - leak, 38.44e-3, 14.44e-3, 3.61e-3, -7.6e-3,
                               3.61e-3,       9.5e-3,   0,        1e-4,    1e-7};
    double power[10], sum = 0;
    assert_int_equal(c->n_elements, 10);
    circuit_power(c, values, power);
    for (int k = 0; k < 10; k++) {
        ASSERT_NEAR(power[k], expected[k], 1e-12);
        sum += power[k];
    }
    ASSERT_NEAR(sum, 0, 1e-12); /* Tellegen */
    for (size_t k = 0; k < c->n_elements; k++)
        assert_int_equal(element_is_source(&c->elements[k]), k == 0 || k == 4);
    circuit_free(c);
}

/* Nothing dissipates at zero voltage, whatever the states: exact zeros. */
static void test_power_at_zero(void **state)
{
    (void)state;
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    struct circuit *c = k.circuit;
    double *values = NEW(circuit_n_values(c), double), *power = NEW(c->n_elements, double);
    for (size_t s = 0; s < c->n_states; s++)
        values[circuit_state_value(c, (int)s)] = 0.03 * (double)s;
    circuit_power(c, values, power);
    for (size_t i = 0; i < c->n_elements; i++)
        if (power[i] != 0)
            fail_msg("%s absorbs %g W at zero voltage", c->elements[i].name, power[i]);
    free(values);
    free(power);
    classifier_free(&k);
}

/* A passive element never delivers: at random voltages between 0 and 3.3 V resistors, switches,
 * transistors and memristors absorb, and changing all voltages by one constant changes no power
 * (1e-9 relative: cancellation of 3 V against differences of microvolts is far smaller). */
static void test_power_passive_and_invariant(void **state)
{
    (void)state;
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    struct circuit *c = k.circuit;
    double *values = NEW(circuit_n_values(c), double), *power = NEW(c->n_elements, double),
           *shifted = NEW(c->n_elements, double);
    gsl_rng *rng = random_stream(6, 0, RANDOM_TEST);
    for (size_t i = 1; i < c->n_nodes; i++)
        values[i] = 3.3 * gsl_rng_uniform(rng);
    for (size_t s = 0; s < c->n_states; s++)
        values[circuit_state_value(c, (int)s)] = gsl_rng_uniform(rng);
    circuit_power(c, values, power);
    for (size_t i = 0; i < c->n_nodes; i++)
        values[i] += 0.7;
    circuit_power(c, values, shifted);
    for (size_t i = 0; i < c->n_elements; i++) {
        const enum element_kind kind = c->elements[i].kind;
        if (kind == ELEMENT_RESISTOR || kind == ELEMENT_SWITCH || kind == ELEMENT_MOSFET ||
            kind == ELEMENT_MEMRISTOR) {
            if (!(power[i] >= 0))
                fail_msg("%s delivers %g W", c->elements[i].name, -power[i]);
            ASSERT_NEAR(shifted[i], power[i], 1e-9 * power[i] + 1e-20);
        }
    }
    gsl_rng_free(rng);
    free(values);
    free(power);
    free(shifted);
    classifier_free(&k);
}

static size_t cards_starting(const struct circuit *c, const char *start)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_cards; i++)
        n += c->cards[i].text && strncmp(c->cards[i].text, start, strlen(start)) == 0;
    return n;
}

/* 9-3-1 with one memristor a synapse: 9*3 + 3*1 = 30 devices, 3 + 1 neurons, a reference amplifier
 * a layer, 9 + 3 row drivers, 3 + 1 column drivers, a select line a device and one for infer. */
static void test_classifier_counts(void **state)
{
    (void)state;
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    const struct circuit *c = k.circuit;
    assert_int_equal(k.n_devices, 30);
    assert_int_equal(c->n_states, 30);
    assert_int_equal(cards_starting(c, "xn"), 4);
    assert_int_equal(cards_starting(c, "xa"), 2);
    assert_int_equal(c->n_ports, 12 + 4 + 30 + 1);
    size_t references = 0;
    for (size_t i = 0; i < c->n_elements; i++)
        references += strncmp(c->elements[i].name, "rref", 4) == 0;
    assert_int_equal(references, 12);
    for (size_t d = 0; d < 30; d++) { /* row-major, first layer first */
        const struct classifier_address a = classifier_address(&k, d);
        assert_int_equal(a.layer, d >= 27);
        assert_int_equal(a.row, d < 27 ? d / 3 : d - 27);
        assert_int_equal(a.column, d < 27 ? d % 3 : 0);
        char name[32];
        snprintf(name, sizeof name, "xm%zu_%zu_%zu", a.layer + 1, a.row + 1, a.column + 1);
        const struct element *e = &c->elements[classifier_device(&k, d)];
        assert_string_equal(e->name, name);
        assert_int_equal(e->state, d);
        ASSERT_NEAR(e->x0, options.x0[d], 0);
        snprintf(name, sizeof name, "s%zu_%zu_%zu", a.layer + 1, a.row + 1, a.column + 1);
        const struct classifier_layer *layer = &k.layers[a.layer];
        const int select = layer->crossbar.selects[a.row * layer->crossbar.columns + a.column];
        assert_string_equal(c->ports[select].name, name);
        assert_true(c->ports[select].logic);
    }
    for (size_t d = 0; d < 12; d++) { /* only hidden rows and the columns may be opened */
        const struct port *row = &c->ports[k.layers[d >= 9].row_ports[d < 9 ? d : d - 9]];
        assert_int_equal(row->enable >= 0, d >= 9);
        ASSERT_NEAR(row->idle, NEURON_GROUND, 0);
    }
    for (size_t j = 0; j < 4; j++)
        assert_true(c->ports[k.layers[j == 3].column_ports[j % 3]].enable >= 0);
    assert_string_equal(c->ports[k.infer_port].name, "infer");
    classifier_free(&k);
}

/* Every joule has its class: what a name says is what it is booked under. */
static void test_classifier_classes(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        enum energy_class class;
        bool array;
    } classes[] = {
        {"xm", CLASS_MEMRISTOR, true},   {"m.xs", CLASS_SELECT, true},
        {"e.xs", CLASS_SELECT, true},    {"m.xr", CLASS_SELECT, true},
        {"m.xc", CLASS_SELECT, true},    {"m.xf", CLASS_REFERENCE, true},
        {"rref", CLASS_REFERENCE, true}, {"m.xn", CLASS_NEURON, false},
        {"r.xn", CLASS_NEURON, false},   {"c.xn", CLASS_NEURON, false},
        {"m.xa", CLASS_NEURON, false},   {"rmid", CLASS_NEURON, false},
        {"rr1_", CLASS_DRIVER, true},    {"br2_", CLASS_DRIVER, true},
        {"bc1_", CLASS_DRIVER, true},    {"vs1_", CLASS_DRIVER, true},
        {"vr1_", CLASS_DRIVER, true},    {"ccol", CLASS_LINE, true},
        {"cref", CLASS_LINE, true},
    };
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    for (size_t i = 0; i < COUNT(classes); i++) {
        size_t found = 0;
        for (size_t e = 0; e < k.circuit->n_elements; e++) {
            const struct element *element = &k.circuit->elements[e];
            if (strncmp(element->name, classes[i].start, strlen(classes[i].start)) != 0)
                continue;
            found++;
            if (element->class != classes[i].class || element_in_array(element) != classes[i].array)
                fail_msg("%s is booked under %s", element->name, energy_class_name(element->class));
        }
        if (found == 0)
            fail_msg("no element '%s...'", classes[i].start);
    }
    classifier_free(&k);
}

/* Driver, switch, resistor and column driver in series conduct G_ref.  The switch by the triode
 * law, 1/R = KPn W/L (1.65 - 0.5) + KPp W/L (1.65 - 0.65) with the figures in switches.sub; 1e-3 of
 * it for the finite step at which it is measured, 1 mV over an overdrive of 1 V. */
static void test_reference(void **state)
{
    (void)state;
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    const double g = options.select_width / 1e-6 * (170e-6 * 1.15 + 58e-6 * 1.0);
    double ohm;
    struct error error;
    ASSERT_DONE(crossbar_switch_resistance(switches, options.select_width, NEURON_SUPPLY,
                                           NEURON_GROUND, &ohm, &error),
                error);
    ASSERT_NEAR(ohm, 1 / g, 1e-3 / g);
    ASSERT_NEAR(k.series_ohm, options.row_ohm + ohm + options.column_ohm, 1e-9);
    ASSERT_NEAR(k.g_ref, 0.5 * (dopant->g_max + dopant->g_min), 1e-18);
    ASSERT_NEAR(k.g_span, 0.5 * (dopant->g_max - dopant->g_min), 1e-18);
    size_t found = 0;
    for (size_t e = 0; e < k.circuit->n_elements; e++)
        if (strncmp(k.circuit->elements[e].name, "rref", 4) == 0) {
            found++;
            ASSERT_NEAR(1 / (k.circuit->elements[e].value + k.series_ohm), k.g_ref, 1e-12);
        }
    assert_int_equal(found, 12);
    classifier_free(&k);
}

struct lit {
    const struct classifier *k;
    double *mean;
};

static bool light_row(void *data, const struct reading *reading, struct phase *next)
{
    struct lit *lit = data;
    const struct classifier *k = lit->k;
    if (reading) {
        memcpy(lit->mean, reading->mean, k->circuit->n_probes * sizeof *lit->mean);
        return false;
    }
    for (size_t i = 0; i < k->circuit->n_ports; i++)
        next->drive[i].open = k->circuit->ports[i].enable >= 0;
    next->drive[k->layers[0].row_ports[4]].volt = NEURON_GROUND + CLASSIFIER_INPUT_VOLT;
    next->drive[k->infer_port].volt = NEURON_SUPPLY;
    next->kind = PHASE_INFER;
    next->duration = 20e-6;
    next->edge = 1e-6;
    return true;
}

/* The written deck runs in ngspice, and with one of nine rows lit the reference column, d above
 * signal ground, draws G (0.1 V - 9 d) with 1/G = 1/G_ref less the column's own resistance, which
 * lies behind d.  1 %: the switch sees 1.70 V instead of 1.65 V, some per cent of 131 of 3636 ohm.
 * |d| <= 1 mV: 27 uA over the 10 ohm of the column's switch, and as much for the amplifier. */
static void test_reference_current(void **state)
{
    (void)state;
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    struct circuit *c = k.circuit;
    size_t boundary = 0;
    while (boundary < c->n_elements && strcmp(c->elements[boundary].name, "vref1") != 0)
        boundary++;
    assert_true(boundary < c->n_elements && c->elements[boundary].boundary);
    const int current = circuit_current_probe(c, "current", (int)boundary),
              column = circuit_voltage_probe(c, "column", circuit_node(c, "ref1"));
    double *mean = NEW(c->n_probes, double);
    struct lit lit = {&k, mean};
    const struct controller controller = {.step = light_row, .data = &lit};
    struct engine_report report;
    struct error error;
    ASSERT_DONE(
        engine_run(engine_find("ngspice"), c, &controller, &engine_defaults, &report, &error),
        error);
    const double d = mean[column] - NEURON_GROUND;
    const double expected = (CLASSIFIER_INPUT_VOLT - 9 * d) / (1 / k.g_ref - options.column_ohm);
    ASSERT_NEAR(d, 0, 1e-3);
    ASSERT_NEAR(mean[current], expected, 0.01 * expected);
    free(mean);
    classifier_free(&k);
}

/* Sources that only drive gates and control terminals carry no current by construction: select
 * lines, infer, the enable sources of openable ports and the inverters of the switches; drivers of
 * rows and columns, boundaries and the supply do carry one. */
static void test_gate_drivers(void **state)
{
    (void)state;
    struct classifier_options options = classifier_defaults;
    struct classifier k = build(&options);
    const struct circuit *c = k.circuit;
    bool *gate = NEW(c->n_elements, bool);
    circuit_gate_drivers(c, gate);
    for (size_t p = 0; p < c->n_ports; p++) {
        assert_int_equal(gate[c->ports[p].source], c->ports[p].logic);
        assert_true(c->ports[p].enable < 0 || gate[c->ports[p].enable]);
    }
    for (size_t e = 0; e < c->n_elements; e++) {
        if (c->elements[e].kind == ELEMENT_VCVS)
            assert_true(gate[e]); /* enot */
        if (c->elements[e].boundary || strcmp(c->elements[e].name, "vdd") == 0)
            assert_false(gate[e]);
        if (gate[e])
            assert_true(c->elements[e].branch >= 0);
    }
    free(gate);
    classifier_free(&k);
}

/* A dopant without a window is bad input that names the file. */
static void test_no_window(void **state)
{
    (void)state;
    struct dopant without = *dopant;
    without.g_min = without.g_max = 0;
    struct classifier_options options = classifier_defaults;
    options.dopant = &without;
    options.switches = switches;
    options.neuron.file = neuron;
    struct classifier k;
    struct error error;
    assert_int_equal(classifier_build(&options, &k, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "Cr.lib");
    ASSERT_NAMES(error.text, "gmin");
    assert_null(k.circuit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_by_hand),
        cmocka_unit_test(test_power_at_zero),
        cmocka_unit_test(test_power_passive_and_invariant),
        cmocka_unit_test(test_classifier_counts),
        cmocka_unit_test(test_classifier_classes),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_reference_current),
        cmocka_unit_test(test_gate_drivers),
        cmocka_unit_test(test_no_window),
    };
    return cmocka_run_group_tests(tests, parts_read, parts_free);
}
