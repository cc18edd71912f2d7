/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The static solver of crossbars with line resistance: published currents, Kirchhoff's law, the
 * laws of linear networks, KLU, and input that no solver can take.  Both of its methods. */
#include "engine/dae/sparse_lu.h"
#include "lines_array.h"

/* badcrossbar's own example (D. Joksas, A. Mehonic, SoftwareX 12, 100617, 2020). */
static void test_anchor(void **state)
{
    (void)state;
    static const double ohm[] = {345, 903, 755, 257, 646, 652, 401, 508,
                                 166, 454, 442, 874, 190, 244, 635};
    static const double volt[] = {1.5, 2.3, 1.7};
    static const double ampere[] = {0.011585025421546973, 0.009190641636252413,
                                    0.015115681173257949, 0.025833208221257207,
                                    0.00981179288265744};
    for (enum method method = 0; method < METHODS; method++) {
        struct array a = array_new(3, 5, 0.5, 0.5);
        for (size_t k = 0; k < 15; k++)
            a.g[k] = 1 / ohm[k];
        for (size_t i = 0; i < 3; i++)
            drive_row(&a, i, volt[i], 0.5);
        ground_columns(&a, 0.5);
        solve(&a, method);
        for (size_t j = 0; j < 5; j++)
            ASSERT_NEAR(a.vc[10 + j] / 0.5, ampere[j], 1e-12 * ampere[j]);
        assert_kirchhoff(&a);
        array_free(&a);
    }
}

static const struct {
    size_t m, n;
} sizes[] = {{1, 1}, {1, 7}, {7, 1}, {9, 5}, {5, 9}, {8, 8}, {40, 40}, {3, 200}, {200, 3}};

/* The same equations by KLU.  1e-11 of the volt: the residual allows 1e-12 of the sources, and a
 * current of that size at the far end of 200 segments makes ten times as much voltage. */
static void against_klu(const struct array *a)
{
    const size_t mn = a->m * a->n, n = 2 * mn;
    int64_t *columns = NEW(n + 1, int64_t), *rows = NEW(4 * n, int64_t);
    double *entries = NEW(4 * n, double), *x = NEW(n, double);
    int64_t at = 0;
    for (size_t u = 0; u < n; u++) {
        const bool row = u < mn;
        const size_t k = u % mn, i = k / a->n, j = k % a->n, step = row ? 1 : a->n;
        const bool first = row ? j == 0 : i == 0, last = row ? j + 1 == a->n : i + 1 == a->m;
        const double c = 1 / (row ? a->row_ohm : a->column_ohm);
        const double own = (row ? a->row_ground : a->column_ground)[k] + a->g[k];
        columns[u] = at;
        if (!row)
            rows[at] = (int64_t)k, entries[at++] = -a->g[k];
        if (!first)
            rows[at] = (int64_t)(u - step), entries[at++] = -c;
        rows[at] = (int64_t)u, entries[at++] = own + c * (!first + !last);
        if (!last)
            rows[at] = (int64_t)(u + step), entries[at++] = -c;
        if (row)
            rows[at] = (int64_t)(u + mn), entries[at++] = -a->g[k];
        x[u] = (row ? a->row_source : a->column_source)[k];
    }
    columns[n] = at;
    struct sparse_lu *lu = sparse_lu_new((int64_t)n, columns, rows);
    assert_non_null(lu);
    assert_true(sparse_lu_factor(lu, entries) && sparse_lu_solve(lu, x));
    for (size_t k = 0; k < mn; k++) {
        ASSERT_NEAR(a->vr[k], x[k], 1e-11);
        ASSERT_NEAR(a->vc[k], x[k + mn], 1e-11);
    }
    sparse_lu_free(lu);
    free(columns);
    free(rows);
    free(entries);
    free(x);
}

static void test_klu(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (enum method method = 0; method < METHODS; method++) {
            struct array a = array_new(sizes[s].m, sizes[s].n, 1, 0.3);
            randomize(&a);
            for (size_t k = 0; k < a.m * a.n; k += 3) { /* anything anywhere */
                a.row_source[k] += 1e-3 * gsl_rng_uniform(rng);
                a.column_source[k] -= 1e-3 * gsl_rng_uniform(rng);
                a.column_ground[k] += 1e-2 * gsl_rng_uniform(rng);
            }
            solve(&a, method);
            assert_kirchhoff(&a);
            against_klu(&a);
            if (method != ELIMINATION) { /* a second solution starts from the first */
                solve(&a, method);
                assert_int_equal(a.report.iterations, 0);
            }
            array_free(&a);
        }
}

/* Voltages of a sum of sources are the sum of voltages (1e-11 V as above); the current at the
 * bottom of column j for a volt on row i is that at the left end of row i for a volt at column j. */
static void test_linear(void **state)
{
    (void)state;
    for (enum method method = 0; method < METHODS; method++) {
        struct array a = array_new(12, 7, 2, 1);
        randomize(&a);
        solve(&a, method);
        double sum[12 * 7] = {0}, all[12 * 7], source[12 * 7];
        memcpy(all, a.vc, sizeof all);
        memcpy(source, a.row_source, sizeof source);
        double forth[12][7];
        for (size_t i = 0; i < a.m; i++) {
            memset(a.row_source, 0, sizeof source);
            a.row_source[i * a.n] = source[i * a.n];
            solve(&a, method);
            for (size_t k = 0; k < a.m * a.n; k++)
                sum[k] += a.vc[k];
            for (size_t j = 0; j < a.n; j++)
                forth[i][j] = a.vc[(a.m - 1) * a.n + j] / 3 * (1.0 / 3 / source[i * a.n]);
        }
        for (size_t k = 0; k < a.m * a.n; k++)
            ASSERT_NEAR(sum[k], all[k], 1e-11);
        memset(a.row_source, 0, sizeof source);
        for (size_t j = 0; j < a.n; j++) {
            memset(a.column_source, 0, sizeof source);
            a.column_source[(a.m - 1) * a.n + j] = 1.0 / 3;
            solve(&a, method);
            for (size_t i = 0; i < a.m; i++)
                ASSERT_NEAR(a.vr[i * a.n] / 3, forth[i][j], 1e-11 * forth[i][j] + 1e-13);
        }
        array_free(&a);
    }
}

/* With ideal columns nothing but its own row's resistance sets a row apart: permuting rows leaves
 * the columns' currents and permutes the voltages along rows.  Sums in another order: 1e-13 V. */
static void test_permuted_rows(void **state)
{
    (void)state;
    for (int ideal_rows = 0; ideal_rows < 2; ideal_rows++) {
        struct array a = array_new(10, 6, ideal_rows ? 0 : 4, 0),
                     b = array_new(10, 6, ideal_rows ? 0 : 4, 0);
        randomize(&a);
        ground_columns(&b, 3);
        for (size_t i = 0; i < a.m; i++) {
            const size_t to = (7 * i + 3) % a.m;
            memcpy(b.g + to * a.n, a.g + i * a.n, a.n * sizeof *a.g);
            drive_row(&b, to, a.row_source[i * a.n] * 3, 3);
        }
        solve(&a, CHOSEN);
        solve(&b, CHOSEN);
        for (size_t i = 0; i < a.m; i++)
            for (size_t j = 0; j < a.n; j++) {
                const size_t k = i * a.n + j, to = (7 * i + 3) % a.m * a.n + j;
                ASSERT_NEAR(b.vr[to], a.vr[k], 1e-12);
                ASSERT_NEAR(b.vc[to], a.vc[k], 1e-12);
                ASSERT_NEAR(a.vc[k], a.vc[j], 0);
                if (ideal_rows)
                    ASSERT_NEAR(a.vr[k], a.vr[i * a.n], 0);
            }
        for (size_t j = 0; j < a.n; j++) { /* Kirchhoff's law of a column */
            double current = 0;
            for (size_t i = 0; i < a.m; i++)
                current += a.g[i * a.n + j] * (a.vr[i * a.n + j] - a.vc[i * a.n + j]);
            ASSERT_NEAR(current, a.vc[j] / 3, 1e-12);
        }
        array_free(&a);
        array_free(&b);
    }
}

/* Lines of a microohm are nearly ideal: voltages differ by currents of mA in some microohms. */
static void test_ideal_limit(void **state)
{
    (void)state;
    for (int k = 1; k < 4; k++) {
        struct array a = array_new(9, 11, k & 1 ? 0 : 2, k & 2 ? 0 : 2),
                     b = array_new(9, 11, k & 1 ? 1e-6 : 2, k & 2 ? 1e-6 : 2);
        randomize(&a);
        memcpy(b.g, a.g, 99 * sizeof *a.g);
        for (size_t i = 0; i < a.m; i++)
            drive_row(&b, i, a.row_source[i * a.n] * 3, 3);
        ground_columns(&b, 3);
        solve(&a, CHOSEN);
        solve(&b, CHOSEN);
        for (size_t i = 0; i < 99; i++) {
            ASSERT_NEAR(a.vr[i], b.vr[i], 1e-7);
            ASSERT_NEAR(a.vc[i], b.vc[i], 1e-7);
        }
        array_free(&a);
        array_free(&b);
    }
}

/* Rows become columns: swapping the electrodes of every device and mirroring the array at its
 * diagonal changes nothing; nor does the sign of all sources but for the sign. */
static void test_swapped(void **state)
{
    (void)state;
    for (enum method method = 0; method < METHODS; method++) {
        struct array a = array_new(6, 15, 2, 0.7), b = array_new(15, 6, 0.7, 2);
        randomize(&a);
        for (size_t i = 0; i < a.m; i++)
            for (size_t j = 0; j < a.n; j++) {
                const size_t k = i * a.n + j, t = j * a.m + i;
                b.g[t] = a.g[k];
                b.row_ground[t] = a.column_ground[k];
                b.column_ground[t] = a.row_ground[k];
                b.column_source[t] = -a.row_source[k];
            }
        solve(&a, method);
        solve(&b, method);
        for (size_t i = 0; i < a.m; i++)
            for (size_t j = 0; j < a.n; j++) {
                ASSERT_NEAR(b.vc[j * a.m + i], -a.vr[i * a.n + j], 1e-11);
                ASSERT_NEAR(b.vr[j * a.m + i], -a.vc[i * a.n + j], 1e-11);
            }
        array_free(&a);
        array_free(&b);
    }
}

/* Five equal rows between ideal columns are one row of five times the conductances. */
static void test_parallel(void **state)
{
    (void)state;
    struct array one = array_new(1, 8, 0.4, 0), five = array_new(5, 8, 2, 0);
    for (size_t k = 0; k < 40; k++)
        five.g[k] = (one.g[k % 8] = 1e-4 * (double)(1 + k % 8)) / 5;
    drive_row(&one, 0, 0.8, 0.6);
    ground_columns(&one, 1);
    ground_columns(&five, 1);
    for (size_t i = 0; i < 5; i++)
        drive_row(&five, i, 0.8, 3);
    solve(&one, CHOSEN);
    solve(&five, CHOSEN);
    for (size_t k = 0; k < 40; k++) {
        ASSERT_NEAR(five.vr[k], one.vr[k % 8], 1e-12);
        ASSERT_NEAR(five.vc[k], one.vc[k % 8], 1e-12);
    }
    array_free(&one);
    array_free(&five);
}

/* Devices of 1 ohm beside 1 Tohm and none at all, segments of 1 mohm to 1 Mohm. */
static void test_extremes(void **state)
{
    (void)state;
    static const double segments[] = {1e-3, 1, 1e6};
    for (size_t s = 0; s < 9; s++)
        for (enum method method = 0; method < METHODS; method++) {
            struct array a = array_new(17, 23, segments[s / 3], segments[s % 3]);
            randomize(&a);
            for (size_t k = 0; k < a.m * a.n; k++) {
                const double u = gsl_rng_uniform(rng);
                a.g[k] = u < 0.3 ? 1 : u < 0.6 ? 1e-12 : 0;
            }
            solve(&a, method);
            assert_kirchhoff(&a);
            array_free(&a);
        }
    struct array a = array_new(20, 20, 1, 1); /* no devices at all: rows at their drivers' volts */
    randomize(&a);
    memset(a.g, 0, 400 * sizeof *a.g);
    solve(&a, CHOSEN);
    for (size_t k = 0; k < 400; k++) {
        ASSERT_NEAR(a.vr[k], 3 * a.row_source[k / 20 * 20], 1e-12);
        ASSERT_NEAR(a.vc[k], 0, 1e-12);
    }
    memset(a.row_source, 0, 400 * sizeof *a.g); /* and no sources: all zero */
    solve(&a, CHOSEN);
    for (size_t k = 0; k < 400; k++)
        ASSERT_NEAR(a.vr[k], 0, 0);
    array_free(&a);
}

/* Smallest eigenvalue of a line of n nodes and segments of c, driven through one at its end [S]. */
static double softest(double c, size_t n)
{
    return c * pow(2 * sin(M_PI_2 / (2 * (double)n + 1)), 2);
}

/* Conjugate gradients end when theory says: the preconditioned matrix has its eigenvalues in
 * [1 - a b, 1] with a = g/(g + softest mode of a row), b of a column, so that k iterations leave at
 * most 2 q^k of the error, q = (1 - s)/(1 + s), s^2 = 1 - a b (Chebyshev's bound); from its norm to
 * that of the residual the condition's root, 1/s, comes in again.  It takes a third of that, as
 * few modes are soft. */
static void test_iterations(void **state)
{
    (void)state;
    static const struct {
        size_t m, n;
        double ohm, g;
    } cases[] = {{64, 64, 1, 1e-3},
                 {64, 64, 100, 1e-3},
                 {128, 32, 10, 1e-4},
                 {20, 90, 30, 1e-2},
                 {512, 512, 1, 1e-4}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        const double ohm = cases[k].ohm, g = cases[k].g;
        struct array a = array_new(cases[k].m, cases[k].n, ohm, ohm);
        for (size_t i = 0; i < a.m * a.n; i++)
            a.g[i] = g * (1 - 0.01 * gsl_rng_uniform(rng));
        for (size_t i = 0; i < a.m; i++)
            drive_row(&a, i, gsl_rng_uniform(rng), ohm);
        ground_columns(&a, ohm);
        solve(&a, GRADIENTS);
        assert_kirchhoff(&a);
        const double least = 1 - g / (g + softest(1 / ohm, a.n)) * g / (g + softest(1 / ohm, a.m));
        const double q = (1 - sqrt(least)) / (1 + sqrt(least));
        const double most = log(2 / TOLERANCE / sqrt(least)) / -log(q) + 2;
        assert_in_range(a.report.iterations, 2, (size_t)most);
        array_free(&a);
    }
}

/* A staircase: row i meets columns i and i + 1 alone, and only the last column is grounded, so that
 * every line reaches ground through all that follow it; 1 A into row 1 flows through all of them. */
static void test_staircase(void **state)
{
    (void)state;
    for (enum method method = 0; method < METHODS; method++) {
        struct array a = array_new(6, 7, 1, 1);
        for (size_t i = 0; i < a.m; i++)
            a.g[i * a.n + i] = a.g[i * a.n + i + 1] = 1e-3;
        a.column_ground[(a.m - 1) * a.n + a.n - 1] = 1;
        a.row_source[0] = 1;
        solve(&a, method);
        assert_kirchhoff(&a);
        ASSERT_NEAR(a.vc[(a.m - 1) * a.n + a.n - 1], 1, 1e-9);
        a.g[5 * a.n + 6] = 0; /* the last step is missing */
        struct error error;
        assert_int_equal(try(&a, CHOSEN, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, "row 1 floats");
        array_free(&a);
    }
}

/* The tolerance is one of the columns' currents, each: of 32 x 32 with segments of 1 ohm, where the
 * sources' V/R are thousands of times larger, against the solution at 1e-12; and the bound holds. */
static void test_tolerance(void **state)
{
    (void)state;
    static const double tolerances[] = {1e-3, 1e-6, 1e-9};
    struct array a = array_new(32, 32, 1, 1), b = array_new(32, 32, 1, 1);
    struct error error = {{0}};
    randomize(&a);
    memcpy(b.g, a.g, 32 * 32 * sizeof *a.g);
    for (size_t i = 0; i < 32; i++)
        drive_row(&b, i, a.row_source[i * 32] * 3, 3);
    ground_columns(&b, 3);
    solve(&b, CHOSEN);
    for (size_t t = 0; t < COUNT(tolerances); t++) {
        const struct lines_problem p = problem(&a);
        const struct lines_voltages v = {a.vr, a.vc};
        memset(a.vr, 0, 32 * 32 * sizeof *a.vr);
        memset(a.vc, 0, 32 * 32 * sizeof *a.vc);
        ASSERT_DONE(lines_solve(a.lines, &p, tolerances[t], &v, &a.report, &error), error);
        for (size_t k = 31 * 32; k < 32 * 32; k++) {
            const double off = fabs(a.vc[k] - b.vc[k]) / 3;
            assert_true(off <= a.report.bound + b.report.bound);
            assert_true(a.report.bound <= tolerances[t] * a.vc[k] / 3);
        }
    }
    array_free(&a);
    array_free(&b);
}

/* Numbers that are none, lines that float: a status that names the place, and it ends. */
static void test_refused(void **state)
{
    (void)state;
    static const double numbers[] = {NAN, INFINITY, -INFINITY, -1};
    struct array a = array_new(6, 9, 1, 1);
    struct error error;
    double *const arrays[] = {a.g,  a.row_ground, a.column_ground, a.row_source, a.column_source,
                              a.vr, a.vc};
    static const char *const names[] = {"device",          "row's ground",    "column's ground",
                                        "row's source",    "column's source", "row's voltage",
                                        "column's voltage"};
    for (size_t k = 0; k < COUNT(arrays); k++)
        for (size_t v = 0; v < (k < 3 ? 4 : 3); v++) {
            randomize(&a);
            const double before = arrays[k][4 * 9 + 7];
            arrays[k][4 * 9 + 7] = numbers[v];
            assert_int_equal(try(&a, CHOSEN, &error), STATUS_INPUT);
            ASSERT_NAMES(error.text, "crossing (5, 8)");
            ASSERT_NAMES(error.text, names[k]);
            arrays[k][4 * 9 + 7] = before;
        }
    randomize(&a); /* a row without a driver hangs on its devices; without these it floats */
    a.row_ground[3 * 9] = a.row_source[3 * 9] = 0;
    solve(&a, CHOSEN);
    assert_kirchhoff(&a);
    memset(a.g + 3 * 9, 0, 9 * sizeof *a.g);
    assert_int_equal(try(&a, CHOSEN, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "row 4 floats");
    randomize(&a);
    memset(a.row_ground, 0, 54 * sizeof *a.g);
    memset(a.column_ground, 0, 54 * sizeof *a.g);
    assert_int_equal(try(&a, CHOSEN, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "row 1 floats");
    randomize(&a); /* row 2 and column 3 reach each other, and nothing else */
    a.row_ground[9] = 0;
    for (size_t k = 0; k < 54; k++)
        a.g[k] = (k / 9 == 1) == (k % 9 == 2) ? a.g[k] : 0;
    a.column_ground[5 * 9 + 2] = 0;
    assert_int_equal(try(&a, CHOSEN, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "row 2 floats");
    randomize(&a); /* numbers whose squares overflow */
    a.row_source[2 * 9 + 3] = -1e160;
    assert_int_equal(try(&a, CHOSEN, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "crossing (3, 4): row's source is -1e+160");
    a.row_source[2 * 9 + 3] = 0;
    for (size_t k = 0; k < 54; k++) /* a ground that pivots lose */
        a.row_ground[k] = a.column_ground[k] = 0;
    a.row_ground[0] = 1e-30;
    a.row_source[0] = 1;
    assert_int_equal(try(&a, CHOSEN, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "not solved");
    const struct lines_problem p = problem(&a);
    const struct lines_voltages v = {a.vr, a.vc};
    assert_int_equal(lines_solve(a.lines, &p, 0, &v, &a.report, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "tolerance is 0");
    array_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor),      cmocka_unit_test(test_klu),
        cmocka_unit_test(test_linear),      cmocka_unit_test(test_permuted_rows),
        cmocka_unit_test(test_ideal_limit), cmocka_unit_test(test_swapped),
        cmocka_unit_test(test_parallel),    cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_iterations),  cmocka_unit_test(test_staircase),
        cmocka_unit_test(test_tolerance),   cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
