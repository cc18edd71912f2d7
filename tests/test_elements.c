/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The differential-algebraic system over every kind of element and every model of a memristor, at
 * random parameters, voltages and states within their bounds. */
#include "base/random.h"
#include "engine/dae/dae.h"
#include "testing.h"

#define TRIALS 20

static gsl_rng *rng;

static double uniform(double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

static double decade(double low, double high)
{
    return exp(uniform(log(low), log(high)));
}

static void random_dopant(const struct model *m, struct dopant *d)
{
    *d = (struct dopant){.model = m};
    for (size_t k = 0; k < m->n_parameters; k++) {
        const struct model_parameter *p = &m->parameters[k];
        d->parameters[k] = p->min > 0 ? decade(p->min, p->max) : uniform(p->min, p->max);
    }
    m->prepare(d->parameters, d->constants);
}

static void add(struct circuit *c, const char *name, struct element e)
{
    circuit_add(c, name, &e, false);
}

/* One element of every kind that an engine of ours solves, each between nodes that others hold. */
static struct circuit *every_element(const struct dopant *d, const struct mos1_model *mos)
{
    static const double table[2][4] = {{-1, -0.2, 0.3, 1}, {-0.4, -0.1, 0.3, 0.35}};
    double *x = NEW(4, double), *y = NEW(4, double); /* the circuit's from now on */
    memcpy(x, table[0], sizeof table[0]);
    memcpy(y, table[1], sizeof table[1]);
    struct circuit *c = circuit_new("every element");
    const int p = circuit_node(c, "p"), a = circuit_node(c, "a"), b = circuit_node(c, "b"),
              g = circuit_node(c, "g"), u = circuit_node(c, "u"), w = circuit_node(c, "w");
    circuit_port(c, "in", p, decade(1, 1e3), true, 0.2, CLASS_DRIVER);
    circuit_voltage(c, "vsupply", g, w, uniform(-1, 1), CLASS_DRIVER);
    circuit_resistor(c, "rpa", p, a, decade(10, 1e5), CLASS_LINE);
    circuit_resistor(c, "rb", b, 0, decade(10, 1e5), CLASS_LINE);
    circuit_resistor(c, "rw", w, 0, decade(10, 1e5), CLASS_LINE);
    circuit_resistor(c, "ru", u, a, decade(10, 1e5), CLASS_LINE);
    circuit_capacitor(c, "cab", a, b, decade(1e-15, 1e-9), CLASS_LINE);
    circuit_capacitor(c, "cpw", p, w, decade(1e-15, 1e-9), CLASS_LINE);
    circuit_memristor(c, "xm1", a, b, d, 0.5);
    add(c, "i1", (struct element){.kind = ELEMENT_CURRENT, .node = {b, w}, .value = 1e-4});
    add(c, "g1", (struct element){.kind = ELEMENT_VCCS, .node = {a, w, b, p}, .value = 2e-4});
    add(c, "e1", (struct element){.kind = ELEMENT_VCVS, .node = {u, b, a, w}, .value = -3});
    add(c, "s1", (struct element){.kind = ELEMENT_SWITCH, .node = {a, w, g, b}, .value = 500});
    const int t = circuit_node(c, "t");
    circuit_resistor(c, "rt", t, a, decade(10, 1e5), CLASS_LINE);
    add(c, "t1",
        (struct element){.kind = ELEMENT_TRANSFER, .node = {t, 0, w, b}, .table = {4, x, y}});
    add(c, "m1",
        (struct element){.kind = ELEMENT_MOSFET,
                         .node = {a, g, w, 0},
                         .mos = mos,
                         .geometry = {decade(1e-6, 1e-4), 1e-6, 1 + gsl_rng_uniform_int(rng, 3)}});
    return c;
}

struct point {
    double *y, *slope, *plus, *minus, *entries, *power; /* n, n, n, n, entries + 1, elements */
};

static void random_point(const struct dae *d, struct point *q)
{
    for (size_t i = 0; i < d->n; i++) {
        q->y[i] = i < d->n_roots           ? uniform(-0.7, 0.7)
                  : i < d->n - d->n_states ? uniform(-1e-3, 1e-3)
                                           : uniform(0, 1);
        q->slope[i] = i < d->n_roots ? uniform(-1e6, 1e6) : uniform(-1, 1);
    }
}

/* Column j against central differences, at the best of some steps: a wrong derivative agrees at
 * none.  h^2 f'''/6 at the best step, beside what rounding leaves of the two residuals. */
static double mismatch(struct dae *d, struct point *q, size_t j, double c)
{
    const double before = q->y[j], slope = q->slope[j];
    double best = INFINITY;
    for (double h = 1e-3; h > 1e-8; h /= 4) {
        q->y[j] = before + h, q->slope[j] = slope + c * h;
        dae_residual(d, 0, q->y, q->slope, q->plus);
        q->y[j] = before - h, q->slope[j] = slope - c * h;
        dae_residual(d, 0, q->y, q->slope, q->minus);
        q->y[j] = before, q->slope[j] = slope;
        double largest = 0, wrong = 0;
        int64_t at = d->columns[j];
        for (size_t i = 0; i < d->n; i++) {
            const double numeric = (q->plus[i] - q->minus[i]) / (2 * h);
            const double noise = 16 * 2.3e-16 * (fabs(q->plus[i]) + fabs(q->minus[i])) / h;
            double exact = 0;
            if (at < d->columns[j + 1] && (size_t)d->rows[at] == i)
                exact = q->entries[at++];
            largest = fmax(largest, fabs(exact));
            wrong = fmax(wrong, fabs(exact - numeric) - noise);
        }
        best = fmin(best, wrong / (largest + 1e-300));
    }
    return best;
}

/* Tellegen's theorem at any voltages: what all elements and sources take, capacitors too, is what
 * the nodes are left with, voltage times residual; only where the residual is zero is it zero.
 * Sums of powers of 1 W at most, rounded: 1e-12 of their sizes. */
static void assert_tellegen(struct dae *d, struct point *q)
{
    const struct circuit *c = d->circuit;
    double sum = 0, sizes = 0;
    dae_values(d, 0, q->y, q->slope, q->plus, q->power);
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        double power = q->power[k];
        if (e->kind == ELEMENT_CAPACITOR)
            power = e->value * (d->values[e->node[0]] - d->values[e->node[1]]) *
                    (d->slopes[e->node[0]] - d->slopes[e->node[1]]);
        sum += power;
        sizes += fabs(power);
    }
    for (size_t k = 0; k < d->n_roots; k++) {
        sum -= q->y[k] * q->plus[k];
        sizes += fabs(q->y[k] * q->plus[k]);
    }
    assert_true(sizes > 1e-9);
    ASSERT_NEAR(sum, 0, 1e-12 * sizes);
}

static void test_elements(void **state)
{
    (void)state;
    for (const struct model *const *m = model_table; *m; m++)
        for (int trial = 0; trial < TRIALS; trial++) {
            struct dopant dopant;
            struct error error = {{0}};
            random_dopant(*m, &dopant);
            const struct mos1_model mos = {.type = trial % 2 ? 1 : -1,
                                           .vto = trial % 2 ? 0.3 : -0.3,
                                           .kp = decade(1e-5, 1e-3),
                                           .lambda = uniform(0, 0.1),
                                           .gamma = trial % 4 < 2 ? 0 : 0.4,
                                           .phi = 0.6,
                                           .is = 1e-14};
            struct circuit *c = every_element(&dopant, &mos);
            bool present[ELEMENT_KINDS] = {false};
            for (size_t k = 0; k < c->n_elements; k++)
                present[c->elements[k].kind] = true;
            for (int kind = 0; kind < ELEMENT_OPAQUE; kind++)
                assert_true(present[kind]);
            struct dae *d = dae_new(c, &error);
            if (!d)
                fail_msg("%s", error.text);
            struct point q = {NEW(d->n, double),
                              NEW(d->n, double),
                              NEW(d->n, double),
                              NEW(d->n, double),
                              NEW(d->n_entries + 1, double),
                              NEW(c->n_elements, double)};
            const double speed = decade(1e3, 1e9);
            random_point(d, &q);
            dae_jacobian(d, 0, speed, q.y, q.entries);
            for (size_t j = 0; j < d->n; j++) {
                const double wrong = mismatch(d, &q, j, speed);
                if (!(wrong < 1e-6))
                    fail_msg("%s, trial %d, unknown %zu: %g of the largest", (*m)->name, trial, j,
                             wrong);
            }
            assert_tellegen(d, &q);
            double *const all[] = {q.y, q.slope, q.plus, q.minus, q.entries, q.power};
            for (size_t k = 0; k < COUNT(all); k++)
                free(all[k]);
            dae_free(d);
            circuit_free(c);
        }
}

static int set_up(void **state)
{
    (void)state;
    rng = random_stream(7, 0, RANDOM_TEST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_elements)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
