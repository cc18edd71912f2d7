/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks of trees and weak links: Kirchhoff's law at the solution, and what is no such network. */
#include "base/memory.h"
#include "base/random.h"
#include "circuit/crossbar.h"
#include "engine/event/network/line_trees.h"
#include "engine/event/network/network_internal.h"
#include "testing.h"

#define KNOWN_VOLT 0.3 /* [V] of all known nodes */

struct net {
    size_t n, n_links, capacity;
    struct line_trees_link *links;
};

static void add(struct net *t, size_t a, size_t b, double strong)
{
    t->links = memory_grow(t->links, &t->capacity, t->n_links + 1, sizeof *t->links);
    t->links[t->n_links++] = (struct line_trees_link){(int)a, (int)b, strong};
}

/* Lines of a rows x columns crossbar, all or the first row alone held at their first nodes, devices
 * at 9 of 10 crossings. */
static struct net crossbar(size_t rows, size_t columns, bool floating, gsl_rng *rng)
{
    struct net t = {.n = 2 * rows * columns};
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t red = i * columns + j, black = rows * columns + red;
            if (j > 0 || i == 0 || !floating)
                add(&t, red, j > 0 ? red - 1 : t.n, 1);
            if (i > 0 || !floating)
                add(&t, black, i > 0 ? black - columns : t.n, 1);
            if (gsl_rng_uniform(rng) < 0.9 || i == 0 || j == 0)
                add(&t, red, black, 0);
        }
    return t;
}

/* Trees of any shape, of 1 to 30 nodes; each weak link leads from an even to an odd one. */
static struct net trees(size_t n_trees, gsl_rng *rng)
{
    struct net t = {0};
    size_t *begin = NEW(n_trees + 1, size_t);
    for (size_t k = 0; k < n_trees; k++) {
        begin[k + 1] = t.n = begin[k] + 1 + gsl_rng_uniform_int(rng, 30);
        for (size_t i = begin[k] + 1; i < t.n; i++)
            add(&t, i, begin[k] + gsl_rng_uniform_int(rng, i - begin[k]), 1);
    }
    for (size_t k = 0; k < n_trees; k++)
        add(&t, begin[k] + gsl_rng_uniform_int(rng, begin[k + 1] - begin[k]), t.n, 0);
    for (size_t k = 0; k < 2 * t.n; k++) {
        const size_t even = gsl_rng_uniform_int(rng, (n_trees + 1) / 2) * 2,
                     odd = gsl_rng_uniform_int(rng, n_trees / 2) * 2 + 1;
        add(&t, begin[even] + gsl_rng_uniform_int(rng, begin[even + 1] - begin[even]),
            begin[odd] + gsl_rng_uniform_int(rng, begin[odd + 1] - begin[odd]), 0);
    }
    free(begin);
    return t;
}

static double largest_voltage(const struct line_trees *f)
{
    double largest = 0;
    for (size_t i = 0; i < f->n; i++)
        largest = fmax(largest, fabs(f->v[i]));
    return largest;
}

/* Kirchhoff's law at all nodes: voltages are asked to be within 1e-14 of their largest, so are wrong by
 * twice that across a link, and half as much again for rounding.  Then, from other guesses, voltages
 * within the tolerances that are asked for. */
static void check(const struct net *t, double device, gsl_rng *rng)
{
    struct line_trees *f = line_trees_new(t->n, t->n_links, t->links);
    assert_non_null(f);
    double *g = NEW(t->n_links, double), *leaving = NEW(t->n + 1, double), largest = 0;
    double *exact = NEW(t->n, double), *siemens = NEW(t->n + 1, double);
    for (size_t k = 0; k < t->n_links; k++) {
        const bool line = t->links[k].strong > 0 || t->links[k].b == (int)t->n;
        g[k] = (line ? 1 : device) * (0.1 + gsl_rng_uniform(rng));
        f->g[f->slot[k]] = g[k];
    }
    for (size_t k = 0; k < f->n_ground; k++)
        f->f[f->ground[k]] += g[f->grounds[k]] * KNOWN_VOLT;
    for (size_t i = 0; i < t->n; i++) {
        const double in = gsl_rng_uniform(rng) - 0.5; /* [A] besides */
        f->f[f->place[i]] += in;
        leaving[i] -= in;
        f->v[f->place[i]] = NAN;
    }
    for (size_t i = f->n_red; i < t->n; i++)
        f->v[i] = gsl_rng_uniform(rng); /* any guess will do */
    assert_true(line_trees_factor(f));
    line_trees_margin(f);
    assert_true(line_trees_solve(f, 1e-12, 1000));
    assert_true(line_trees_solve(f, 1e-14 * largest_voltage(f), 1000));
    for (size_t k = 0; k < t->n_links; k++) {
        const struct line_trees_link *l = &t->links[k];
        const double va = f->v[f->place[l->a]],
                     vb = l->b < (int)t->n ? f->v[f->place[l->b]] : KNOWN_VOLT;
        const double i = g[k] * (va - vb);
        leaving[l->a] += i;
        leaving[l->b] -= i;
        siemens[l->a] += g[k];
        siemens[l->b] += g[k];
        largest = fmax(largest, fabs(i));
    }
    assert_true(largest > 0.01);
    for (size_t i = 0; i < t->n; i++)
        ASSERT_NEAR(leaving[i], 0, 3e-14 * largest_voltage(f) * siemens[i]);
    memcpy(exact, f->v, t->n * sizeof *exact);
    for (double tolerance = 1; tolerance > 1e-9; tolerance *= 0.1) {
        for (size_t i = f->n_red; i < t->n; i++)
            f->v[i] = exact[i] + (gsl_rng_uniform(rng) < 0.1 ? 1 : 1e-3) * gsl_rng_uniform(rng);
        assert_true(line_trees_solve(f, tolerance, 1000));
        for (size_t i = 0; i < t->n; i++)
            ASSERT_NEAR(f->v[i], exact[i], tolerance);
    }
    free(exact);
    free(siemens);
    line_trees_free(f);
    free(g);
    free(leaving);
}

static void test_kirchhoff(void **state)
{
    (void)state;
    static const size_t sides[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 3}, {7, 4}, {30, 4}, {16, 16}};
    static const double devices[] = {0, 1e-4, 1e-2, 1, 30}; /* [S], weak beside the lines or not */
    gsl_rng *rng = random_stream(1, 0, RANDOM_INITIAL_STATE);
    for (size_t d = 0; d < COUNT(devices); d++) {
        for (size_t s = 0; s < COUNT(sides); s++) {
            for (int floating = 0; floating <= (devices[d] > 0); floating++) {
                const struct net t = crossbar(sides[s][0], sides[s][1], floating, rng);
                check(&t, devices[d], rng);
                free(t.links);
            }
        }
        for (size_t k = 2; k < 20; k++) {
            const struct net t = trees(k, rng);
            check(&t, devices[d], rng);
            free(t.links);
        }
    }
    gsl_rng_free(rng);
}

/* The margin is found for conductances that then change by up to a sixth: solutions stay within the
 * tolerance.  One device between a row that is held and a column that is held as well (M = (d/(g + d))^2)
 * or hangs on the device alone (M = d/(g + d)): what the iteration sees of an error e is (1 - M) e, and
 * what it leaves is M e, without the slack of larger networks.  A margin kept without its factor of safety
 * lets errors of 1.3 and 1.9 tolerances through. */
static void test_margin(void **state)
{
    (void)state;
    const double tolerance = 1e-6, part = 0.16;
    gsl_rng *rng = random_stream(3, 0, RANDOM_TEST);
    for (int floating = 0; floating < 2; floating++) {
        const struct net t = crossbar(1, 1, floating, rng);
        struct line_trees *f = line_trees_new(t.n, t.n_links, t.links);
        assert_non_null(f);
        for (int changed = 0; changed < 2; changed++) {
            for (size_t k = 0; k < t.n_links; k++) {
                const bool held = t.links[k].b == (int)t.n;
                f->g[f->slot[k]] = held ? (changed ? 1 - part : 1)
                                        : (floating ? 30 : 0.05) * (changed ? 1 + part : 1);
            }
            assert_true(line_trees_factor(f));
            if (!changed)
                line_trees_margin(f);
        }
        assert_true(floating ? f->margin < 0.1 : f->margin > 0.99);
        for (size_t i = 0; i < f->n_ground; i++)
            f->f[f->ground[i]] = KNOWN_VOLT * (1 - part);
        /* no current flows: all nodes are at the known voltage */
        for (double much = 0.5; much < 1000; much *= 1.01) {
            for (size_t i = 0; i < t.n; i++)
                f->v[i] = KNOWN_VOLT + much * tolerance;
            assert_true(line_trees_solve(f, tolerance, 1000));
            for (size_t i = 0; i < t.n; i++)
                ASSERT_NEAR(f->v[i], KNOWN_VOLT, tolerance);
        }
        line_trees_free(f);
        free(t.links);
    }
    gsl_rng_free(rng);
}

/* A ring of lines; three lines of which each sees both others; a line that nothing holds. */
static void test_refused(void **state)
{
    (void)state;
    struct net ring = {.n = 4}, three = {.n = 3}, floating = {.n = 4};
    for (size_t i = 0; i < 4; i++)
        add(&ring, i, (i + 1) % 4, 1);
    assert_null(line_trees_new(ring.n, ring.n_links, ring.links));
    for (size_t i = 0; i < 3; i++) {
        add(&three, i, 3, 1);
        add(&three, i, (i + 1) % 3, 0);
    }
    assert_null(line_trees_new(three.n, three.n_links, three.links));
    add(&floating, 0, 1, 1);
    add(&floating, 2, 3, 1);
    add(&floating, 0, 4, 1);
    struct line_trees *f = line_trees_new(floating.n, floating.n_links, floating.links);
    assert_non_null(f);
    for (size_t k = 0; k < floating.n_links; k++)
        f->g[f->slot[k]] = 1;
    assert_false(line_trees_factor(f));
    line_trees_free(f);
    free(ring.links);
    free(three.links);
    free(floating.links);
}

/* An array, ohmic or not, in the network of the event engine, whose line trees are taken away: elimination gives the same
 * voltages, to the tolerance that was asked for and the rounding of factors, 1e-9 V of 0.3 V.  Lines
 * of 100 kohm between devices of 300 ohm want more iterations than the line trees are given. */
static void check_fallback(const char *name, bool floating)
{
    static const double ohms[] = {1, 30, 1e5};
    enum { ROWS = 24, COLUMNS = 20 };
    for (size_t k = 0; k < COUNT(ohms); k++) {
        double x0[ROWS * COLUMNS];
        for (size_t i = 0; i < COUNT(x0); i++)
            x0[i] = (double)(i % 7) / 6;
        struct error error = {{0}};
        struct dopant *d;
        char *devices = source_path("devices");
        ASSERT_DONE(dopant_read(name, devices, &d, &error), error);
        const struct crossbar_options o = {.rows = ROWS,
                                           .columns = COLUMNS,
                                           .dopant = d,
                                           .x0 = x0,
                                           .row_ohm = ohms[k],
                                           .column_ohm = ohms[k],
                                           .driver_ohm = 50,
                                           .openable = floating};
        struct circuit *c = circuit_new("array");
        struct crossbar a;
        ASSERT_DONE(crossbar_build(c, &o, &a, &error), error);
        struct network *n = network_new(c, &error);
        assert_non_null(n);
        for (size_t i = 0; i < ROWS; i++) {
            const int source = c->ports[a.row_ports[i]].source;
            n->from[source] = n->to[source] = i % 5 == 0 ? KNOWN_VOLT : 0;
        }
        for (size_t i = 0; i < c->n_ports && floating; i++) {
            const int enable = c->ports[i].enable;
            n->from[enable] = n->to[enable] =
                (int)i == a.row_ports[0] || (int)i == a.column_ports[0];
        }
        double *by_trees = NEW(c->n_nodes, double), *ampere = NEW(c->n_elements, double);
        network_phase(n);
        assert_int_equal(n->n_components, 1);
        assert_non_null(n->components[0].trees);
        n->live[0] = true;
        assert_true(network_solve(n, 1e-12));
        assert_int_equal(n->components[0].trees == NULL, ohms[k] > 1e4);
        network_currents(n, ampere);
        memcpy(by_trees, n->values, c->n_nodes * sizeof *by_trees);
        network_lines_free(n->components[0].trees);
        n->components[0].trees = NULL;
        for (size_t i = 0; i < n->components[0].n_nodes; i++)
            n->values[n->order[i]] = 0;
        assert_true(network_solve(n, 1e-12));
        network_currents(n, ampere);
        for (size_t i = 0; i < c->n_nodes; i++)
            ASSERT_NEAR(n->values[i], by_trees[i], 1e-9);
        network_free(n);
        circuit_free(c);
        dopant_free(d);
        free(devices);
        free(by_trees);
        free(ampere);
    }
}

static void test_fallback(void **state)
{
    (void)state;
    for (int floating = 0; floating < 2; floating++) {
        check_fallback("Cr", floating);
        check_fallback("W-sdc", floating);
        check_fallback("yakopcic-demo", floating);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kirchhoff),
        cmocka_unit_test(test_margin),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_fallback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
