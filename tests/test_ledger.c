/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The energy account: booking of made-up intervals against sums done here, and the quadrature with
 * its error estimate against integrals known in closed form. */
#include <stdlib.h>

#include "base/random.h"
#include "engine/ledger.h"
#include "engine/spice/quadrature.h"
#include "ledger_sections.h"
#include "testing.h"

enum { DRIVER, LINE, SWITCH, SUPPLY, NEURON, BOUNDARY, CAPACITOR, ELEMENTS };

/* One element a role: driver and supply deliver, a boundary lies between array and supply side. */
static struct circuit *roles(void)
{
    struct circuit *c = circuit_new("roles");
    const int a = circuit_node(c, "a"), b = circuit_node(c, "b"), s = circuit_node(c, "s");
    assert_int_equal(circuit_voltage(c, "vd", a, 0, 1, CLASS_DRIVER), DRIVER);
    assert_int_equal(circuit_resistor(c, "rl", a, b, 1, CLASS_LINE), LINE);
    assert_int_equal(circuit_resistor(c, "rs", a, b, 1, CLASS_SELECT), SWITCH);
    assert_int_equal(circuit_voltage(c, "vs", s, 0, 1, CLASS_NEURON), SUPPLY);
    assert_int_equal(circuit_resistor(c, "rn", s, 0, 1, CLASS_NEURON), NEURON);
    assert_int_equal(circuit_boundary(c, "vb", b, s), BOUNDARY);
    assert_int_equal(circuit_capacitor(c, "cl", b, 0, 1, CLASS_LINE), CAPACITOR);
    return c;
}

static void book(struct ledger *l, enum phase_section section, enum phase_kind kind, double t0,
                 double t1, const double *energy, const double *error, bool ends)
{
    static const double none[ELEMENTS];
    double class_error[ENERGY_CLASSES];
    unsigned char *classes = energy_classes(l->circuit);
    energy_sum_classes(ELEMENTS, classes, error ? error : none, class_error);
    free(classes);
    const struct phase phase = {.kind = kind, .section = section};
    const struct recorder r = ledger_recorder(l);
    r.take(r.data, &(struct interval){.t0 = t0,
                                      .t1 = t1,
                                      .energy = energy,
                                      .class_error = class_error,
                                      .phase = &phase,
                                      .ends_phase = ends});
}

/* Absorbed energies go to class, kind and section, deliveries apart; powers of two, so sums are
 * exact. */
static void test_booking(void **state)
{
    (void)state;
    struct circuit *c = roles();
    struct ledger *l = ledger_new(c, NULL);
    const double first[ELEMENTS] = {-8, 1, 2, -16, 4, 3, 0.5},
                 second[ELEMENTS] = {-4, 0.25, 1, 2, 8, -1, -0.125}; /* the supply takes 2 back */
    const double instant[ELEMENTS] = {99, 99, 99, 99, 99, 99, 99};
    book(l, SECTION_START, PHASE_IDLE, 0, 0, instant, NULL, false); /* the initial point */
    book(l, SECTION_START, PHASE_IDLE, 0, 1, first, NULL, true);
    book(l, SECTION_TRAINING, PHASE_SET, 1, 2, first, NULL, false);
    book(l, SECTION_TRAINING, PHASE_SET, 2, 3, second, NULL, true);
    book(l, SECTION_TRAINING, PHASE_READ, 3, 4, second, NULL, true);
    book(l, SECTION_INFERENCE, PHASE_INFER, 4, 6, first, NULL, true);
    const struct ledger_total total = ledger_section(l, SECTION_TRAINING), *t = &total;
    ASSERT_NEAR(t->by_class[PHASE_SET][CLASS_LINE], 1 + 0.5 + 0.25 - 0.125, 0);
    ASSERT_NEAR(t->by_class[PHASE_SET][CLASS_SELECT], 3, 0);
    ASSERT_NEAR(t->by_class[PHASE_SET][CLASS_NEURON], 12, 0);
    ASSERT_NEAR(t->by_class[PHASE_SET][CLASS_DRIVER], 0, 0);
    ASSERT_NEAR(t->by_class[PHASE_READ][CLASS_SELECT], 1, 0);
    ASSERT_NEAR(t->by_class[PHASE_RESET][CLASS_SELECT], 0, 0);
    ASSERT_NEAR(ledger_class(t, CLASS_SELECT), 4, 0);
    ASSERT_NEAR(ledger_kind(t, PHASE_READ), 0.25 + 1 + 8 - 0.125, 0);
    ASSERT_NEAR(ledger_energy(t), 7.5 + 2 * 9.125, 0);
    ASSERT_NEAR(t->delivered, 24 + 2 * 2, 0);
    ASSERT_NEAR(t->delivered_drivers, 8 + 2 * 4, 0);
    ASSERT_NEAR(t->delivered_supply, 16 - 2 * 2, 0);
    ASSERT_NEAR(t->array_in, (8 - 3) + 2 * (4 + 1), 0); /* less what crosses to the supply side */
    ASSERT_NEAR(t->array_absorbed, 3.5 + 2 * 1.125, 0);
    ASSERT_NEAR(t->t0, 1, 0);
    ASSERT_NEAR(t->t1, 4, 0);
    ASSERT_NEAR(ledger_section(l, SECTION_INFERENCE).by_class[PHASE_INFER][CLASS_SELECT], 2, 0);
    assert_true(ledger_section(l, SECTION_AFTER).t0 < 0);
    ASSERT_NEAR(ledger_section(l, SECTION_START).delivered, 24, 0);
    for (int k = 0; k < ELEMENTS; k++)
        ASSERT_NEAR(ledger_element(l, SECTION_TRAINING, (size_t)k), first[k] + 2 * second[k], 0);
    ledger_free(l);
    ledger_free(NULL);
    circuit_free(c);
}

/* Every class under every kind of phase in every section has a sum of its own, of energies and of
 * estimated errors: two elements a class, and energies that are distinct powers of 3 below 2^53, so that
 * sums are exact and no other sum of them is the same. */
static void test_every_class(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("classes");
    const int a = circuit_node(c, "a");
    double energy[2 * ENERGY_CLASSES], size = 1;
    for (int k = 0; k < 2 * ENERGY_CLASSES; k++, size *= 3) {
        char name[16];
        snprintf(name, sizeof name, "r%d", k);
        circuit_resistor(c, name, a, 0, 1, (enum energy_class)(k % ENERGY_CLASSES));
        energy[k] = size;
    }
    for (int section = 0; section < PHASE_SECTIONS; section++)
        for (int kind = 0; kind < PHASE_KINDS; kind++) {
            struct ledger *l = ledger_new(c, NULL);
            const struct phase phase = {.kind = (enum phase_kind)kind,
                                        .section = (enum phase_section)section};
            const struct recorder r = ledger_recorder(l);
            double error[ENERGY_CLASSES];
            for (int class = 0; class < ENERGY_CLASSES; class ++)
                error[class] = (class % 2 ? -1 : 1) * (class + 1);
            r.take(r.data, &(struct interval){.t1 = 1,
                                              .energy = energy,
                                              .class_error = error,
                                              .phase = &phase,
                                              .ends_phase = true});
            for (int other = 0; other < PHASE_SECTIONS; other++) {
                const struct ledger_total t = ledger_section(l, (enum phase_section)other);
                const double here = other == section;
                double all = 0, array = 0;
                for (int class = 0; class < ENERGY_CLASSES; class ++) {
                    const double right = here * (energy[class] + energy[class + ENERGY_CLASSES]);
                    for (int k = 0; k < PHASE_KINDS; k++)
                        ASSERT_NEAR(t.by_class[k][class], k == kind ? right : 0, 0);
                    ASSERT_NEAR(ledger_class(&t, (enum energy_class) class), right, 0);
                    ASSERT_NEAR(ledger_section_class(l, (enum phase_section)other,
                                                     (enum energy_class) class),
                                right, 0);
                    ASSERT_NEAR(t.error_by_class[class], here * (class + 1), 0);
                    all += right;
                    array += class == CLASS_NEURON ? 0 : right;
                }
                ASSERT_NEAR(ledger_kind(&t, (enum phase_kind)kind), all, 0);
                ASSERT_NEAR(ledger_energy(&t), all, 0);
                ASSERT_NEAR(t.array_absorbed, array, 0);
            }
            ledger_free(l);
        }
    circuit_free(c);
}

/* An interval too short for its end to differ from its beginning, as late in a long run: nothing that
 * it carries is lost, and it ends its phase. */
static void test_no_time(void **state)
{
    (void)state;
    struct circuit *c = roles();
    struct ledger *l = ledger_new(c, NULL);
    const double first[ELEMENTS] = {-8, 1, 2, -16, 4, 3, 0.5},
                 error[ELEMENTS] = {[LINE] = 0.25, [NEURON] = -0.5};
    book(l, SECTION_TRAINING, PHASE_SET, 1, 2, first, error, false);
    book(l, SECTION_TRAINING, PHASE_SET, 2, 2, first, error, true);
    book(l, SECTION_INFERENCE, PHASE_READ, 2, 2, first, NULL, true);
    const struct ledger_total t = ledger_section(l, SECTION_TRAINING),
                              i = ledger_section(l, SECTION_INFERENCE);
    ASSERT_NEAR(ledger_class(&t, CLASS_NEURON), 8, 0);
    ASSERT_NEAR(t.delivered, 48, 0);
    ASSERT_NEAR(t.error_by_class[CLASS_LINE], 0.5, 0);
    ASSERT_NEAR(t.error_by_class[CLASS_NEURON], 1, 0);
    ASSERT_NEAR(ledger_class(&i, CLASS_NEURON), 4, 0);
    ASSERT_NEAR(i.t0, 2, 0);
    ASSERT_NEAR(i.t1, 2, 0);
    ledger_free(l);
    circuit_free(c);
}

/* |delivered - absorbed|/delivered of training or inference, whichever is larger; start and after
 * are left out: by hand, to rounding; 0 of nothing is 0; a balanced account is 0. */
static void test_residuals(void **state)
{
    (void)state;
    struct circuit *c = roles();
    struct ledger *l = ledger_new(c, NULL);
    ASSERT_NEAR(ledger_residual_supply(l), 0, 0);
    ASSERT_NEAR(ledger_residual_array(l), 0, 0);
    /* driver 10 = line 3 + select 2 + stored 1 + 4 into the supply side, which with 6 makes 10 */
    const double balanced[ELEMENTS] = {-10, 3, 2, -6, 10, 4, 1};
    const double garbage[ELEMENTS] = {7, 7, 7, 7, 7, 7, 7};
    book(l, SECTION_TRAINING, PHASE_SET, 0, 1, balanced, NULL, true);
    book(l, SECTION_INFERENCE, PHASE_INFER, 1, 2, balanced, NULL, true);
    book(l, SECTION_START, PHASE_IDLE, 2, 3, garbage, NULL, true);
    book(l, SECTION_AFTER, PHASE_READ, 3, 4, garbage, NULL, true);
    ASSERT_NEAR(ledger_residual_supply(l), 0, 1e-15);
    ASSERT_NEAR(ledger_residual_array(l), 0, 1e-15);
    /* 0.5 lost in a neuron: only the supply's account sees it; 15.5 absorbed of 16 delivered */
    const double neuron[ELEMENTS] = {0, 0, 0, 0, -0.5, 0, 0};
    book(l, SECTION_INFERENCE, PHASE_INFER, 4, 5, neuron, NULL, true);
    ASSERT_NEAR(ledger_residual_supply(l), 0.5 / 16, 1e-15);
    ASSERT_NEAR(ledger_residual_array(l), 0, 1e-15);
    /* 0.25 too much in a line: 6.25 absorbed of the 6 that enter the array */
    const double line[ELEMENTS] = {0, 0.25, 0, 0, 0, 0, 0};
    book(l, SECTION_TRAINING, PHASE_READ, 5, 6, line, NULL, true);
    ASSERT_NEAR(ledger_residual_array(l), 0.25 / 6, 1e-15);
    ASSERT_NEAR(ledger_residual_supply(l), 0.5 / 16, 1e-15); /* inference's is the larger */
    ledger_free(l);
    circuit_free(c);
}

/* Errors of one phase are one smooth integral's and keep their signs; those of phases add in
 * magnitude; sources' are not a class's.  Exact: powers of two. */
static void test_error_booking(void **state)
{
    (void)state;
    struct circuit *c = roles();
    struct ledger *l = ledger_new(c, NULL);
    const double energy[ELEMENTS] = {0}, up[ELEMENTS] = {64, 4, 1, 64, 2, 64, 0},
                 down[ELEMENTS] = {64, -1, -2, 64, -8, 64, 0};
    book(l, SECTION_TRAINING, PHASE_SET, 0, 1, energy, up, false);
    book(l, SECTION_TRAINING, PHASE_SET, 1, 2, energy, down, true);
    book(l, SECTION_TRAINING, PHASE_READ, 2, 3, energy, down, true);
    const struct ledger_total total = ledger_section(l, SECTION_TRAINING);
    const double *error = total.error_by_class;
    ASSERT_NEAR(error[CLASS_LINE], 3 + 1, 0);
    ASSERT_NEAR(error[CLASS_SELECT], 1 + 2, 0);
    ASSERT_NEAR(error[CLASS_NEURON], 6 + 8, 0);
    ASSERT_NEAR(error[CLASS_DRIVER], 0, 0);
    ledger_free(l);
    circuit_free(c);
}

/* 1 ohm whose voltage gives the wanted power. */
static struct circuit *one_ohm(void)
{
    struct circuit *c = circuit_new("one ohm");
    circuit_resistor(c, "r1", circuit_node(c, "a"), 0, 1, CLASS_LINE);
    return c;
}

/* 1 A through a source: a power that is no product of what is linear, so by trapezoids. */
static struct circuit *one_ampere(void)
{
    struct circuit *c = circuit_new("one ampere");
    const struct element e = {ELEMENT_CURRENT, .node = {circuit_node(c, "a"), 0}, .value = 1};
    circuit_add(c, "i1", &e, true);
    return c;
}

/* v = t at 1 ohm: the ramp is booked exactly at any steps, with nothing estimated; rounding only. */
static void test_quadrature_ramp(void **state)
{
    (void)state;
    struct circuit *c = one_ohm();
    struct quadrature *q = quadrature_new(c);
    gsl_rng *rng = random_stream(7, 0, RANDOM_TEST);
    double t = -2;
    quadrature_advance(q, t, (const double[]){0, t});
    for (int k = 0; k < 100; k++) {
        const double t1 = t + 0.01 + gsl_rng_uniform(rng);
        quadrature_advance(q, t1, (const double[]){0, t1});
        ASSERT_NEAR(q->energy[0], (t1 * t1 * t1 - t * t * t) / 3, 1e-10);
        ASSERT_NEAR(q->error[0], 0, 1e-9);
        t = t1;
    }
    gsl_rng_free(rng);
    quadrature_free(q);
    circuit_free(c);
}

/* p = t^2: trapezoids are off by h^3 p''/12 = h^3/6 exactly, and so is the estimate, at any steps:
 * rounding only. */
static void test_quadrature_parabola(void **state)
{
    (void)state;
    struct circuit *c = one_ampere();
    struct quadrature *q = quadrature_new(c);
    gsl_rng *rng = random_stream(7, 0, RANDOM_TEST);
    double t = 0.3, booked = 0, estimate = 0;
    quadrature_advance(q, t, (const double[]){0, t * t});
    assert_true(q->energy[0] == 0 && q->error[0] == 0);
    for (int pair = 0; pair < 50; pair++) {
        const double before = t;
        double pair_booked = 0, pair_error = 0;
        for (int k = 0; k < 2; k++) {
            const double h = 0.01 + gsl_rng_uniform(rng), t1 = t + h;
            quadrature_advance(q, t1, (const double[]){0, t1 * t1});
            ASSERT_NEAR(q->energy[0], (t1 * t1 * t1 - t * t * t) / 3 + h * h * h / 6, 1e-11);
            pair_booked += q->energy[0];
            pair_error += q->error[0];
            t = t1;
        }
        ASSERT_NEAR(pair_error, pair_booked - (t * t * t - before * before * before) / 3, 1e-9);
        booked += pair_booked;
        estimate += pair_error;
    }
    ASSERT_NEAR(estimate, booked - (t * t * t - 0.027) / 3, 1e-8);
    assert_true(estimate > 0.1); /* else the test says nothing */
    gsl_rng_free(rng);
    quadrature_free(q);
    circuit_free(c);
}

/* p = e^-t with steps that grow fourfold from pair to pair's end: the estimate has the sign and,
 * to first order in h, the size of the exact error.  h <= 0.2: p'' varies by h within a pair, 20 %.
 * Summed over the run it must be right to 10 %: the errors of single pairs have one sign. */
static void test_quadrature_exponential(void **state)
{
    (void)state;
    struct circuit *c = one_ohm();
    struct quadrature *q = quadrature_new(c);
    double t = 0, booked = 0, estimate = 0;
    quadrature_advance(q, t, (const double[]){0, 1});
    for (int pair = 0; pair < 40; pair++) {
        const double t0 = t;
        double pair_booked = 0, pair_error = 0;
        for (int k = 0; k < 2; k++) {
            t += (k == (pair & 1) ? 0.05 : 0.2) * (pair % 5 + 1) / 5;
            quadrature_advance(q, t, (const double[]){0, exp(-t / 2)}); /* p = v^2 */
            pair_booked += q->energy[0];
            pair_error += q->error[0];
        }
        const double exact = pair_booked - (exp(-t0) - exp(-t));
        assert_true(exact > 0);
        ASSERT_NEAR(pair_error, exact, 0.2 * exact);
        booked += pair_booked;
        estimate += pair_error;
    }
    ASSERT_NEAR(estimate, booked - (1 - exp(-t)), 0.1 * (booked - (1 - exp(-t))));
    quadrature_free(q);
    circuit_free(c);
}

/* A ramp of a resistive network in one step: source a, 1 ohm, a boundary, source c, whose voltages go
 * from (0, 1) to (2, 0) V, so that the current goes from -1 to 2 A and the first source has a current at
 * 0 V.  Delivered, crossing and dissipated: integrals of products of straight lines, int v i = h (2 v0
 * i0 + 2 v1 i1 + v0 i1 + v1 i0)/6. */
static void test_quadrature_sources(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("ramp");
    const int a = circuit_node(c, "a"), b = circuit_node(c, "b"), d = circuit_node(c, "c");
    circuit_voltage(c, "va", a, 0, 0, CLASS_DRIVER);
    circuit_resistor(c, "r", a, b, 1, CLASS_LINE);
    const int boundary = circuit_boundary(c, "vb", b, d);
    circuit_voltage(c, "vc", d, 0, 0, CLASS_NEURON);
    const size_t n = circuit_n_values(c);
    double *values = NEW(n, double);
    struct quadrature *q = quadrature_new(c);
    for (int k = 0; k < 2; k++) {
        const double va = 2 * k, vc = 1 - k, i = va - vc, currents[] = {-i, i, i};
        values[a] = va;
        values[b] = values[d] = vc;
        for (int j = 0; j < 3; j++)
            values[circuit_branch_value(c, j)] = currents[j];
        quadrature_advance(q, k, values);
    }
    ASSERT_NEAR(q->energy[0], -1, 1e-14);       /* int 2t (3t - 1) = 2 - 1 */
    ASSERT_NEAR(q->energy[1], 1, 1e-14);        /* int (3t - 1)^2 */
    ASSERT_NEAR(q->energy[boundary], 0, 1e-14); /* int (1 - t) (3t - 1) = 0 */
    ASSERT_NEAR(q->energy[3], 0, 1e-14);
    quadrature_free(q);
    free(values);
    circuit_free(c);
}

/* Across a kink no pair is formed: with a restart at the corner of p = |t - 1| (trapezoids exact on
 * both sides) nothing is estimated; without it the corner would look like an error of h/4. */
static void test_quadrature_restart(void **state)
{
    (void)state;
    struct circuit *c = one_ampere();
    for (int restart = 0; restart < 2; restart++) {
        struct quadrature *q = quadrature_new(c);
        double estimate = 0, booked = 0;
        for (int k = 0; k <= 6; k++) { /* corner after the third interval, inside a pair */
            const double t = k / 3.0;
            quadrature_advance(q, t, (const double[]){0, fabs(t - 1)});
            estimate += q->error[0];
            booked += q->energy[0];
            if (restart && k == 3)
                quadrature_restart(q);
        }
        ASSERT_NEAR(booked, 1, 1e-14);
        if (restart)
            ASSERT_NEAR(estimate, 0, 1e-14);
        else
            assert_true(fabs(estimate) > 0.01);
        quadrature_free(q);
    }
    circuit_free(c);
}

/* A capacitor's energy is C v^2/2 whatever the steps: exact to rounding, no estimated error. */
static void test_quadrature_capacitor(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("capacitor");
    circuit_capacitor(c, "c1", circuit_node(c, "a"), 0, 3, CLASS_LINE);
    struct quadrature *q = quadrature_new(c);
    gsl_rng *rng = random_stream(8, 0, RANDOM_TEST);
    double v = 2, t = 0, booked = 0;
    quadrature_advance(q, t, (const double[]){0, v});
    assert_true(q->energy[0] == 0);
    for (int k = 0; k < 100; k++) {
        const double before = v;
        v = 10 * gsl_rng_uniform(rng) - 5;
        t += gsl_rng_uniform(rng);
        quadrature_advance(q, t, (const double[]){0, v});
        ASSERT_NEAR(q->energy[0], 1.5 * (v * v - before * before), 1e-13);
        assert_true(q->error[0] == 0);
        booked += q->energy[0];
    }
    ASSERT_NEAR(booked, 1.5 * (v * v - 4), 1e-12);
    gsl_rng_free(rng);
    quadrature_free(q);
    quadrature_free(NULL);
    circuit_free(c);
}

/* Every element counts once in its class, at even and odd places, and those of no class nowhere. */
static void test_class_sums(void **state)
{
    (void)state;
    enum { N = 7 };
    const unsigned char classes[N] = {CLASS_LINE,   CLASS_LINE,     CLASS_DRIVER, CLASS_LINE,
                                      CLASS_SELECT, ENERGY_CLASSES, CLASS_DRIVER};
    const double error[N] = {1, 2, 4, 8, 16, 32, 64};
    for (size_t n = 0; n <= N; n++) {
        double sums[ENERGY_CLASSES], expected[ENERGY_CLASSES + 1] = {0};
        energy_sum_classes(n, classes, error, sums);
        for (size_t k = 0; k < n; k++)
            expected[classes[k]] += error[k];
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            ASSERT_NEAR(sums[class], expected[class], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_booking),
        cmocka_unit_test(test_class_sums),
        cmocka_unit_test(test_every_class),
        cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_residuals),
        cmocka_unit_test(test_error_booking),
        cmocka_unit_test(test_quadrature_ramp),
        cmocka_unit_test(test_quadrature_parabola),
        cmocka_unit_test(test_quadrature_exponential),
        cmocka_unit_test(test_quadrature_sources),
        cmocka_unit_test(test_quadrature_restart),
        cmocka_unit_test(test_quadrature_capacitor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
