/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network without capacitors: in which order it is solved, and its solution against closed forms. */
#include "array_run.h"
#include "base/random.h"
#include "engine/event/network/network_internal.h"

#include <gsl/gsl_linalg.h>

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
    circuit_port(c, "in", k->in, (struct port_driver){.class = CLASS_DRIVER});
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
    network_spread(n, live, n->moves);
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

/* Kirchhoff's current law at every node that is solved, and the equations of controlled outputs, as
 * the elements themselves give them: f [n], and their derivatives by these nodes' voltages, j [n x n]. */
struct dense {
    const struct circuit *circuit;
    const double *v;
    const int *row; /* n_nodes: of a solved node, or -1 */
    gsl_vector *f;
    gsl_matrix *j;
};

static void enter(const struct dense *d, int row, int node, double value)
{
    if (row >= 0 && d->row[node] >= 0)
        *gsl_matrix_ptr(d->j, (size_t)row, (size_t)d->row[node]) += value;
}

/* i and its derivative by v(c) - v(e), from node p to node q. */
static void enter_current(const struct dense *d, const bool *output, int p, int q, int c, int e,
                          double i, double g)
{
    const int ends[2] = {p, q};
    for (int k = 0; k < 2; k++) {
        const int row = output[ends[k]] ? -1 : d->row[ends[k]];
        const double sign = k == 0 ? 1 : -1;
        if (row < 0)
            continue;
        *gsl_vector_ptr(d->f, (size_t)row) += sign * i;
        enter(d, row, c, sign * g);
        enter(d, row, e, -sign * g);
    }
}

static void enter_element(const struct dense *d, const bool *output, const struct element *e)
{
    const double *v = d->v;
    const int *n = e->node;
    const double u = v[n[0]] - v[n[1]], control = v[n[2]] - v[n[3]];
    double g, value;
    switch (e->kind) {
    case ELEMENT_RESISTOR:
    case ELEMENT_SWITCH:
        g = e->kind == ELEMENT_RESISTOR ? 1 / e->value : switch_conductance(e->value, control);
        enter_current(d, output, n[0], n[1], n[0], n[1], g * u, g);
        break;
    case ELEMENT_MEMRISTOR: {
        const struct model_value i = e->dopant->model->current(
            e->dopant->constants, u, v[circuit_state_value(d->circuit, e->state)]);
        enter_current(d, output, n[0], n[1], n[0], n[1], i.f, i.df_dv);
        break;
    }
    case ELEMENT_VCCS:
        enter_current(d, output, n[0], n[1], n[2], n[3], e->value * control, e->value);
        break;
    case ELEMENT_VCVS:
    case ELEMENT_TRANSFER:
        g = e->value;
        value =
            e->kind == ELEMENT_VCVS ? g * control : transfer_table_value(&e->table, control, &g);
        if (d->row[n[0]] < 0)
            break;
        *gsl_vector_ptr(d->f, (size_t)d->row[n[0]]) += u - value;
        enter(d, d->row[n[0]], n[0], 1);
        enter(d, d->row[n[0]], n[1], -1);
        enter(d, d->row[n[0]], n[2], -g);
        enter(d, d->row[n[0]], n[3], g);
        break;
    default:
        break; /* a source: its node is known */
    }
}

/* The largest change [V] that Newton's method with all derivatives would still make. */
static double left_over(const struct network *n)
{
    const struct circuit *c = n->circuit;
    int *row = NEW(c->n_nodes, int);
    bool *output = NEW(c->n_nodes, bool);
    size_t size = 0;
    for (size_t i = 0; i < c->n_nodes; i++)
        row[i] = i > 0 && !n->known[i] ? (int)size++ : -1;
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == ELEMENT_VCVS || c->elements[k].kind == ELEMENT_TRANSFER)
            output[c->elements[k].node[0]] = true;
    const struct dense d = {c, n->values, row, gsl_vector_calloc(size),
                            gsl_matrix_calloc(size, size)};
    for (size_t k = 0; k < c->n_elements; k++)
        enter_element(&d, output, &c->elements[k]);
    gsl_permutation *p = gsl_permutation_alloc(size);
    int sign;
    gsl_linalg_LU_decomp(d.j, p, &sign);
    gsl_linalg_LU_svx(d.j, p, d.f);
    const double largest = fmax(gsl_vector_max(d.f), -gsl_vector_min(d.f));
    gsl_permutation_free(p);
    gsl_matrix_free(d.j);
    gsl_vector_free(d.f);
    free(row);
    free(output);
    return largest;
}

/* Whatever has changed since the factors were made - ports that open and close, voltages, states from
 * end to end, gains that saturate - the solution is within the tolerance.  That is of each voltage as
 * the solver estimates it; factors up to a fifth off may leave a quarter more.  Ports are driven with
 * middle +- span [V].  Returns the largest change that was left over. */
static double run_changes(const struct circuit *c, double middle, double span, double tolerance,
                          gsl_rng *rng)
{
    struct error error = {{0}};
    struct network *n = network_new(c, &error);
    double worst = 0;
    assert_non_null(n);
    for (size_t k = 0; k < c->n_states; k++)
        n->values[circuit_state_value(c, (int)k)] = 0.5;
    for (int change = 0; change < 400; change++) {
        n->t0 = change;
        n->edge = 0.1;
        for (size_t k = 0; k < c->n_elements; k++)
            n->from[k] = n->to[k];
        for (size_t k = 0; k < c->n_elements && change == 0; k++)
            if (element_is_source(&c->elements[k]) && !c->elements[k].external)
                n->from[k] = n->to[k] = c->elements[k].value;
        /* every second time a single port opens or closes, and nothing else */
        const size_t only = gsl_rng_uniform_int(rng, c->n_ports);
        for (size_t k = 0; k < c->n_ports; k++) {
            const struct port *p = &c->ports[k];
            if (change % 2 == 0 && gsl_rng_uniform(rng) < 0.5)
                n->to[p->source] = middle + span * (2 * gsl_rng_uniform(rng) - 1);
            if (p->enable >= 0 && (change % 2 ? k == only : gsl_rng_uniform(rng) < 0.5))
                n->to[p->enable] =
                    change % 2 ? !(n->to[p->enable] > 0.5) : gsl_rng_uniform(rng) < 0.5;
        }
        for (size_t k = 0; k < c->n_states && change % 2 == 0; k++)
            if (gsl_rng_uniform(rng) < 0.2)
                n->values[circuit_state_value(c, (int)k)] = gsl_rng_uniform(rng);
        network_phase(n);
        for (size_t k = 0; k < n->n_components; k++)
            n->live[k] = true;
        network_live(n, NULL);
        network_sources(n, n->t0 + n->edge);
        if (!network_solve(n, tolerance))
            fail_msg("change %d: no solution", change);
        double *ampere = NEW(n->n_flows + n->n_outflows + 1, double);
        network_currents(n, ampere);
        free(ampere);
        worst = fmax(worst, left_over(n));
    }
    network_free(n);
    return worst;
}

/* A controlled current between two of four nodes that resistors of 1 kohm hold, controlled by any pair
 * of them, with up to 20 mS either way: the network is linear, so is found however strong the feedback.
 * A wrong derivative of the controlled current leaves l = 2 g r / (1 + 2 g r) of an error in each
 * iteration, with r the inverse's entry, which is more than 1 or stays above what 200 iterations need in
 * hundreds of these networks. */
static void test_feedback(void **state)
{
    (void)state;
    enum { NODES = 4, NETWORKS = 300 };
    gsl_rng *rng = random_stream(2, 0, RANDOM_TEST);
    for (int k = 0; k < NETWORKS; k++) {
        struct circuit *c = circuit_new("feedback");
        int node[NODES + 1] = {0};
        for (int i = 1; i <= NODES; i++)
            node[i] = circuit_nodef(c, "n%d", i);
        circuit_port(c, "p", circuit_node(c, "in"),
                     (struct port_driver){0, false, 0, CLASS_DRIVER});
        circuit_resistor(c, "rin", circuit_node(c, "in"), node[1], 1e3, CLASS_LINE);
        for (int i = 1; i <= NODES; i++) {
            char name[16];
            snprintf(name, sizeof name, "r%d", i);
            circuit_resistor(c, name, node[i], node[(i + 1) % (NODES + 1)], 1e3, CLASS_LINE);
        }
        int at[4];
        for (int i = 0; i < 4; i++)
            do
                at[i] = (int)gsl_rng_uniform_int(rng, NODES + 1);
            while (i % 2 == 1 && at[i] == at[i - 1]);
        control(c, "g1", ELEMENT_VCCS, node[at[0]], node[at[1]], node[at[2]], node[at[3]],
                20e-3 * (2 * gsl_rng_uniform(rng) - 1));
        struct error error = {{0}};
        struct network *n = network_new(c, &error);
        assert_non_null(n);
        const int source = c->ports[0].source;
        n->from[source] = n->to[source] = 0.3;
        network_phase(n);
        for (size_t i = 0; i < n->n_components; i++)
            n->live[i] = true;
        network_live(n, NULL);
        network_sources(n, 1);
        if (!network_solve(n, 1e-9))
            fail_msg("network %d: no solution", k);
        ASSERT_NEAR(left_over(n), 0, 1e-9);
        network_free(n);
        circuit_free(c);
    }
    gsl_rng_free(rng);
}

/* A chain whose input may open, and whose amplifier saturates. */
static struct circuit *saturating_chain(void)
{
    struct chain k;
    struct circuit *c = chain(&k);
    struct element e = {.kind = ELEMENT_TRANSFER, .class = CLASS_NEURON, .node = {0, 0, k.b, 0}};
    e.node[0] = circuit_node(c, "d");
    e.table = (struct transfer_table){4, NEW(4, double), NEW(4, double)};
    const double x[] = {-2, -0.2, 0.2, 2}, y[] = {-1, -0.98, 0.98, 1};
    memcpy(e.table.x, x, sizeof x);
    memcpy(e.table.y, y, sizeof y);
    circuit_add(c, "et", &e, true);
    circuit_port(c, "p2", circuit_node(c, "in2"),
                 (struct port_driver){.ohm = 10, .openable = true, .class = CLASS_DRIVER});
    circuit_resistor(c, "rin2", circuit_node(c, "in2"), k.a, IN_OHM, CLASS_LINE);
    circuit_resistor(c, "rback", circuit_node(c, "d"), circuit_node(c, "in2"), 100 * IN_OHM,
                     CLASS_LINE);
    circuit_resistor(c, "rd", k.c, circuit_node(c, "in2"), 100 * IN_OHM, CLASS_LINE);
    return c;
}

/* By elimination (ideal lines: few nodes) and by the line trees, devices ohmic and not, drivers
 * strong and weak beside the lines. */
static void test_changes(void **state)
{
    (void)state;
    static const char *const names[] = {"C", "Cr-vteam", "yakopcic-demo"};
    static const double driver_ohm[] = {1e-2, 50}, line_ohm[] = {0, 2};
    const double tolerance = 1e-9;
    char *devices = source_path("devices");
    gsl_rng *rng = random_stream(1, 0, RANDOM_TEST);
    for (size_t i = 0; i < COUNT(names) * COUNT(driver_ohm) * COUNT(line_ohm); i++) {
        struct error error;
        struct dopant *d;
        ASSERT_DONE(dopant_read(names[i % COUNT(names)], devices, &d, &error), error);
        const double line = line_ohm[i / COUNT(names) % COUNT(line_ohm)];
        const size_t side = line > 0 ? 6 : 4;
        double *x0 = NEW(side * side, double);
        const struct crossbar_options o = {.rows = side,
                                           .columns = side,
                                           .dopant = d,
                                           .x0 = x0,
                                           .row_ohm = line,
                                           .column_ohm = line,
                                           .driver_ohm =
                                               driver_ohm[i / (COUNT(names) * COUNT(line_ohm))],
                                           .openable = true};
        struct crossbar array;
        struct circuit *c = circuit_new("changes");
        ASSERT_DONE(crossbar_build(c, &o, &array, &error), error);
        const double left = run_changes(c, 0, 1, tolerance, rng);
        if (!(left <= 2 * tolerance))
            fail_msg("%s, lines of %g ohm, drivers of %g: %.3g V left over, allowed %g",
                     names[i % COUNT(names)], line, o.driver_ohm, left, 2 * tolerance);
        circuit_free(c);
        dopant_free(d);
        free(x0);
    }
    struct circuit *c = saturating_chain();
    ASSERT_NEAR(run_changes(c, SUPPLY / 2, 0.2, tolerance, rng), 0, 2 * tolerance);
    circuit_free(c);
    gsl_rng_free(rng);
    free(devices);
}

/* A transconductance between solved nodes that follows solved nodes, with more feedback than the
 * resistors load it: Newton's method with its derivatives of the wrong sign diverges.  Voltages by
 * Kirchhoff's law in GSL; energies of a ramp from 0 V and a hold: powers of a linear circuit go with the
 * square of the drive, P (T - 2/3 edge).  1e-9: solver's tolerance, 1e-12 V, times the gain of the loop,
 * over the smallest voltage. */
static void test_feedback_energy(void **state)
{
    (void)state;
    enum { A, B, C, D, NODES };
    static const struct {
        int p, n; /* NODES: ground, NODES + 1: the drive */
        double ohm;
    } r[] = {{NODES + 1, A, 1e3}, {A, NODES, 4e3}, {B, NODES, 2e3}, {A, C, 2e3},
             {C, NODES, 3e3},     {B, D, 3e3},     {D, NODES, 5e3}};
    const double gain = 12e-3, volt = 0.8, width = 1e-3, edge = 1e-5;
    struct circuit *c = circuit_new("feedback");
    int node[NODES + 2] = {
        circuit_node(c, "a"), circuit_node(c, "b"), circuit_node(c, "c"), circuit_node(c, "d"), 0,
        circuit_node(c, "in")};
    circuit_port(c, "in", node[NODES + 1], (struct port_driver){.class = CLASS_DRIVER});
    gsl_matrix *m = gsl_matrix_calloc(NODES, NODES);
    gsl_vector *right = gsl_vector_calloc(NODES), *v = gsl_vector_calloc(NODES);
    gsl_permutation *order = gsl_permutation_alloc(NODES);
    for (size_t k = 0; k < COUNT(r); k++) {
        const int ends[2] = {r[k].p, r[k].n};
        char *name = memory_format("r%zu", k);
        circuit_resistor(c, name, node[r[k].p], node[r[k].n], r[k].ohm, CLASS_LINE);
        free(name);
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2 && ends[i] < NODES; j++) {
                const double g = (i == j ? 1 : -1) / r[k].ohm;
                if (ends[j] < NODES)
                    *gsl_matrix_ptr(m, (size_t)ends[i], (size_t)ends[j]) += g;
                else if (ends[j] == NODES + 1)
                    *gsl_vector_ptr(right, (size_t)ends[i]) -= g * volt;
            }
    }
    control(c, "g1", ELEMENT_VCCS, node[A], node[B], node[C], node[D], gain);
    *gsl_matrix_ptr(m, A, C) += gain;
    *gsl_matrix_ptr(m, A, D) -= gain;
    *gsl_matrix_ptr(m, B, C) -= gain;
    *gsl_matrix_ptr(m, B, D) += gain;
    int sign;
    gsl_linalg_LU_decomp(m, order, &sign);
    gsl_linalg_LU_solve(m, order, right, v);
    struct engine_options o = engine_defaults;
    o.reltol = 1e-9;
    o.vntol = 1e-12;
    struct array_run run = array_run("event", &o, c, 1, &volt, width, edge);
    for (size_t i = 0; i < NODES; i++)
        ASSERT_NEAR(run.values[node[i]], gsl_vector_get(v, i), 1e-9);
    const double hold = width - 2. / 3 * edge;
    const double i = gain * (gsl_vector_get(v, C) - gsl_vector_get(v, D)),
                 joule = i * (gsl_vector_get(v, A) - gsl_vector_get(v, B)) * hold;
    assert_true(fabs(joule) > 1e-9);
    ASSERT_NEAR(run.energy[c->n_elements - 1], joule, 1e-6 * fabs(joule));
    array_run_free(&run);
    gsl_matrix_free(m);
    gsl_vector_free(right);
    gsl_vector_free(v);
    gsl_permutation_free(order);
    circuit_free(c);
}

/* Bulk diodes of transistors at any voltages: what their leakage takes from the nodes is what it is booked
 * to absorb (Tellegen), to rounding; saturation currents, 1e-14 A, beside gmin v, 1e-12 A, are 1 % of it. */
static void test_leakage(void **state)
{
    (void)state;
    static const struct mos1_model models[] = {
        {.type = 1, .vto = 0.5, .kp = 1e-4, .phi = 0.6, .is = 1e-14},
        {.type = -1, .vto = -0.5, .kp = 1e-4, .phi = 0.6, .is = 1e-14}};
    struct error error = {{0}};
    struct circuit *c = circuit_new("leakage");
    const int vdd = circuit_node(c, "vdd"), p = circuit_node(c, "p"), q = circuit_node(c, "q"),
              gate = circuit_node(c, "gate");
    circuit_voltage(c, "vdd", vdd, 0, SUPPLY, CLASS_NEURON);
    circuit_port(c, "p", p, (struct port_driver){0, false, 0, CLASS_DRIVER});
    circuit_logic_port(c, "gate");
    for (int k = 0; k < 2; k++) {
        const struct element e = {.kind = ELEMENT_MOSFET,
                                  .class = CLASS_SELECT,
                                  .node = {p, gate, q, k == 0 ? 0 : vdd},
                                  .mos = &models[k],
                                  .geometry = {2e-6, 1e-6, 3}};
        circuit_add(c, k == 0 ? "mn" : "mp", &e, true);
    }
    circuit_resistor(c, "r1", q, 0, 1e3, CLASS_LINE);
    struct network *n = network_new(c, &error);
    assert_non_null(n);
    network_phase(n);
    n->values[vdd] = SUPPLY;
    n->values[p] = 1.1;
    n->values[q] = 0.4;
    network_leakage(n);
    double taken = 0, absorbed = 0;
    for (size_t i = 0; i < c->n_nodes; i++)
        taken += n->values[i] * n->leak[i];
    for (size_t k = 0; k < c->n_elements; k++)
        absorbed += n->leak_power[k];
    assert_true(absorbed > 1e-12);
    ASSERT_NEAR(taken, absorbed, 1e-12 * absorbed);
    network_free(n);
    circuit_free(c);
}

/* Channels many at a time against the same law one at a time, which test_device_law compares with ngspice:
 * either polarity, drain and source either way round, off, in triode and in saturation, with channel-length
 * modulation.  To rounding of 1 mA; a channel that is off carries its 1 pS alone, to rounding of 1 pA. */
static void test_channels(void **state)
{
    (void)state;
    enum { CHANNELS = 200, NODES = 3 };
    gsl_rng *rng = random_stream(3, 0, RANDOM_TEST);
    int a[CHANNELS], b[CHANNELS], gate[CHANNELS], regions[2][2][3] = {{{0}}};
    double v[NODES * CHANNELS], beta[CHANNELS], vto[CHANNELS], lambda[CHANNELS], sign[CHANNELS],
        ampere[CHANNELS];
    for (int k = 0; k < CHANNELS; k++) {
        for (int node = 0; node < NODES; node++)
            v[NODES * k + node] = 3.3 * gsl_rng_uniform(rng);
        a[k] = NODES * k;
        b[k] = a[k] + 1;
        gate[k] = a[k] + 2;
        sign[k] = k % 2 ? -1 : 1;
        beta[k] = 1e-3;
        vto[k] = 0.5;
        lambda[k] = 0.1;
    }
    const struct network_channels c = {.n = CHANNELS,
                                       .a = a,
                                       .b = b,
                                       .gate = gate,
                                       .beta = beta,
                                       .vto = vto,
                                       .lambda = lambda,
                                       .sign = sign};
    network_channel_currents(&c, v, ampere);
    for (int k = 0; k < CHANNELS; k++) {
        const double u = v[a[k]] - v[b[k]], terminal[4] = {v[a[k]], v[gate[k]], v[b[k]], 0};
        const double source = sign[k] * fmin(sign[k] * v[a[k]], sign[k] * v[b[k]]),
                     over = sign[k] * (v[gate[k]] - source) - vto[k];
        const struct mos1_device one = {
            .sign = sign[k], .vto = vto[k], .beta = beta[k], .lambda = lambda[k]};
        const int region = over <= 0 ? 0 : fabs(u) < over ? 1 : 2;
        regions[k % 2][u > 0][region]++;
        ASSERT_NEAR(ampere[k], mos1_channel_current(&one, terminal) + NETWORK_CHANNEL_GMIN * u,
                    region ? 1e-17 : 1e-27);
    }
    for (int k = 0; k < 12; k++)
        assert_true(regions[k / 6][k / 3 % 2][k % 3] > 3);
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channels),        cmocka_unit_test(test_order),
        cmocka_unit_test(test_chain),           cmocka_unit_test(test_feedback),
        cmocka_unit_test(test_feedback_energy), cmocka_unit_test(test_leakage),
        cmocka_unit_test(test_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
