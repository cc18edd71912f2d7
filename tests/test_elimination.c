/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elimination on a fixed pattern: the solution solves, and graphs of known fill fill as they must. */
#include "base/memory.h"
#include "base/random.h"
#include "engine/event/network/elimination.h"
#include "testing.h"

#include <float.h>

static void add(struct elimination_pattern *p, size_t row, size_t column)
{
    p->entries = memory_grow(p->entries, &p->capacity, p->n_entries + 1, sizeof *p->entries);
    p->entries[p->n_entries++] = (struct elimination_position){(int)row, (int)column};
}

static void edge(struct elimination_pattern *p, size_t a, size_t b)
{
    add(p, a, b);
    add(p, b, a);
}

/* Entries of the factors after reordering by least degree. */
static size_t filled(const struct elimination_pattern *p)
{
    int *order = NEW(p->n, int), *place = NEW(p->n, int);
    bool *there = NEW(p->n, bool);
    elimination_order(p, order);
    for (size_t k = 0; k < p->n; k++) {
        assert_false(there[order[k]]); /* a permutation */
        there[order[k]] = true;
        place[order[k]] = (int)k;
    }
    struct elimination_pattern sorted = {.n = p->n};
    for (size_t k = 0; k < p->n_entries; k++)
        add(&sorted, (size_t)place[p->entries[k].row], (size_t)place[p->entries[k].column]);
    struct elimination *e = elimination_new(&sorted);
    const size_t n = e->n_entries;
    elimination_free(e);
    free(sorted.entries);
    free(order);
    free(place);
    free(there);
    return n;
}

/* A tree does not fill, whatever its shape (Parter, SIAM Rev. 3:119, 1961); a ring of n fills n - 3
 * edges, as its triangulation has 2 n - 3; a complete graph has nothing to fill. */
static void test_fill(void **state)
{
    (void)state;
    for (size_t n = 4; n < 200; n += 13) {
        gsl_rng *rng = random_stream(n, 0, RANDOM_INITIAL_STATE);
        struct elimination_pattern tree = {.n = n}, ring = {.n = n}, all = {.n = n};
        for (size_t i = 0; i < n; i++) {
            if (i > 0)
                edge(&tree, i, gsl_rng_uniform_int(rng, i));
            edge(&ring, i, (i + 1) % n);
            for (size_t j = 0; j < i; j++)
                edge(&all, i, j);
        }
        assert_int_equal(filled(&tree), n + 2 * (n - 1));
        assert_int_equal(filled(&ring), n + 2 * (2 * n - 3));
        assert_int_equal(filled(&all), n * n);
        free(tree.entries);
        free(ring.entries);
        free(all.entries);
        gsl_rng_free(rng);
    }
}

/* Random matrices, not symmetric, some with rows that 64 divides: A x against b.  Their diagonal
 * dominates, so that the rounding of A x - b is some n times DBL_EPSILON of the largest row. */
static void test_solution(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 17, 63, 64, 65, 128, 150};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        const size_t n = sizes[s];
        gsl_rng *rng = random_stream(n, 1, RANDOM_INITIAL_STATE);
        double *a = NEW(n * n, double), *b = NEW(n, double), *x = NEW(n, double);
        struct elimination_pattern p = {.n = n};
        for (size_t k = 0; k < 3 * n; k++) {
            const size_t i = gsl_rng_uniform_int(rng, n), j = gsl_rng_uniform_int(rng, n);
            add(&p, i, j);
            a[i * n + j] = i == j ? 0 : gsl_rng_uniform(rng) - 0.5;
        }
        for (size_t i = 0; i < n; i++) {
            double sum = 1;
            for (size_t j = 0; j < n; j++)
                sum += fabs(a[i * n + j]);
            a[i * n + i] = sum;
            x[i] = b[i] = gsl_rng_uniform(rng) - 0.5;
        }
        struct elimination *e = elimination_new(&p);
        double *entries = NEW(e->n_entries + 1, double);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                if (elimination_place(e, i, j) < (int)e->n_entries)
                    entries[elimination_place(e, i, j)] = a[i * n + j];
                else
                    ASSERT_NEAR(a[i * n + j], 0, 0); /* nothing of the pattern is lost */
        assert_true(elimination_factor(e, entries));
        elimination_solve(e, entries, x);
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += a[i * n + j] * x[j];
            ASSERT_NEAR(sum, b[i], (double)n * DBL_EPSILON * a[i * n + i]);
        }
        for (size_t k = 0; k < e->n_entries; k++)
            entries[k] = 0;
        assert_false(elimination_factor(e, entries)); /* singular */
        elimination_free(e);
        free(entries);
        free(p.entries);
        free(a);
        free(b);
        free(x);
        gsl_rng_free(rng);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_solution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
