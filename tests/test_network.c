/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network without capacitors: in which order it is solved, and its solution against closed forms. */
#include "array_run.h"
#include "engine/network.h"

#define SUPPLY 3.3
#define IN_OHM 1e3
#define FEEDBACK_OHM 10e3
#define GAIN 100  /* of the amplifier in its feedback loop */
#define STAGE 0.5 /* of the stage behind it */
#define LOAD_OHM 1e3
#define SIEMENS 2e-3

struct chain {
    int in, ref, a, out, stage, b, c;
};

static void control(struct circuit *c, const char *name, enum element_kind kind, int p, int n,
                    int cp, int cn, double value)
{
    const struct element e = {
        .kind = kind, .class = CLASS_NEURON, .node = {p, n, cp, cn}, .value = value};
    circuit_add(c, name, &e, true);
}

/* An inverting amplifier about half the supply; a stage that drives a divider; and a current that the
 * divider's node controls. */
static struct circuit *chain(struct chain *k)
{
    struct circuit *c = circuit_new("chain");
    const int vdd = circuit_node(c, "vdd");
    *k = (struct chain){circuit_node(c, "in"),  circuit_node(c, "ref"),   circuit_node(c, "a"),
                        circuit_node(c, "out"), circuit_node(c, "stage"), circuit_node(c, "b"),
                        circuit_node(c, "c")};
    circuit_voltage(c, "vdd", vdd, 0, SUPPLY, CLASS_NEURON);
    circuit_port(c, "in", k->in, 0, false, 0, CLASS_DRIVER);
    /* what is driven stands first: the order is not that of the elements */
    control(c, "g1", ELEMENT_VCCS, 0, k->c, k->b, 0, SIEMENS);
    circuit_resistor(c, "rc", k->c, 0, LOAD_OHM, CLASS_LINE);
    circuit_resistor(c, "rb1", k->stage, k->b, LOAD_OHM, CLASS_LINE);
    circuit_resistor(c, "rb2", k->b, 0, LOAD_OHM, CLASS_LINE);
    control(c, "e2", ELEMENT_VCVS, k->stage, 0, k->out, 0, STAGE);
    circuit_resistor(c, "rf", k->a, k->out, FEEDBACK_OHM, CLASS_NEURON);
    control(c, "e1", ELEMENT_VCVS, k->out, 0, k->ref, k->a, GAIN);
    circuit_resistor(c, "rin", k->in, k->a, IN_OHM, CLASS_LINE);
    circuit_resistor(c, "rr1", vdd, k->ref, LOAD_OHM, CLASS_NEURON);
    circuit_resistor(c, "rr2", k->ref, 0, LOAD_OHM, CLASS_NEURON);
    return c;
}

/* The loop is solved together; the stage is evaluated after it and before what it drives; the divider
 * of the reference and the node of the controlled current are components by themselves. */
static void test_order(void **state)
{
    (void)state;
    struct error error = {{0}};
    struct chain k;
    struct circuit *c = chain(&k);
    struct network *n = network_new(c, &error);
    assert_non_null(n);
    assert_true(network_phase(n));
    assert_int_equal(n->n_forward, 1);
    const struct network_forward *w = &n->forward[0];
    assert_int_equal(n->controls[w->control].out, k.stage);
    assert_int_equal(n->component[k.a], n->component[k.out]);
    assert_true(n->component[k.ref] < n->component[k.a]);
    assert_int_equal(w->by[0], n->component[k.out]);
    assert_true((size_t)n->component[k.out] < w->before);
    assert_true((size_t)n->component[k.b] >= w->before);
    assert_true(n->component[k.b] < n->component[k.c]);
    assert_true(n->component[k.stage] < 0);
    /* what moves at the input moves all but the reference */
    bool live[8] = {false};
    assert_true(n->n_components <= COUNT(live));
    live[n->component[k.a]] = true;
    network_spread(n, live, true);
    assert_true(live[n->component[k.b]] && live[n->component[k.c]]);
    assert_false(live[n->component[k.ref]]);
    network_free(n);
    circuit_free(c);
}

/* Voltages by Kirchhoff's and Ohm's laws, to rounding times the loop's gain. */
static void test_chain(void **state)
{
    (void)state;
    struct chain k;
    struct circuit *c = chain(&k);
    const double volts[] = {0.5, 1.7, 1.65};
    struct engine_options o = engine_defaults;
    o.reltol = 1e-9;
    o.vntol = 1e-12;
    for (size_t i = 0; i < COUNT(volts); i++) {
        struct array_run r = array_run("event", &o, c, i + 1, volts, 1e-3, 1e-6);
        const double in = volts[i], ref = SUPPLY / 2;
        const double a =
            (in / IN_OHM + GAIN * ref / FEEDBACK_OHM) / (1 / IN_OHM + (1 + GAIN) / FEEDBACK_OHM);
        const double out = GAIN * (ref - a), b = 0.5 * STAGE * out;
        ASSERT_NEAR(r.values[k.ref], ref, 1e-12);
        ASSERT_NEAR(r.values[k.a], a, 1e-11);
        ASSERT_NEAR(r.values[k.out], out, 1e-9);
        ASSERT_NEAR(r.values[k.stage], STAGE * out, 1e-9);
        ASSERT_NEAR(r.values[k.b], b, 1e-9);
        ASSERT_NEAR(r.values[k.c], SIEMENS * b * LOAD_OHM, 1e-9);
        array_run_free(&r);
    }
    circuit_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_chain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
