/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading of whole crossbars: published and exact answers, closed forms where resistances are 0, the
 * laws of resistor networks, and a dense nodal analysis of random arrays, against which every
 * current must lie within the bound that comes with it. */
#include "base/random.h"
#include "engine/lines/lines_read.h"
#include "testing.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An array without switches or open lines. */
#define ARRAY(m, n, devices, row, column, driver, sense)                                           \
    {                                                                                              \
        .rows = m, .columns = n, .g = devices, .row_ohm = row, .column_ohm = column,               \
        .driver_ohm = driver, .sense_ohm = sense                                                   \
    }

#define TOLERANCE 1e-12
static const enum lines_method methods[] = {LINES_ELIMINATION, LINES_GRADIENTS, LINES_CHEAPER};

static gsl_rng *rng;

static int set_up(void **state)
{
    (void)state;
    rng = random_stream(20, 0, RANDOM_INITIAL_STATE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

struct reading {
    size_t n;
    double *current, *bound, *row_volt, *column_volt;
};

static struct reading read_array(const struct lines_array *a, enum lines_method method, size_t n,
                                 const double *volts, double tolerance)
{
    const size_t mn = a->rows * a->columns;
    struct reading r = {n, NEW(n * a->columns, double), NEW(n * a->columns, double),
                        NEW(n * mn, double), NEW(n * mn, double)};
    struct lines_answer answer = {r.current, r.bound, r.row_volt, r.column_volt, 0};
    struct lines_reader *reader;
    struct error error = {{0}};
    ASSERT_DONE(lines_reader_new(a, method, n, true, &reader, &error), error);
    ASSERT_DONE(lines_solve_many(reader, n, volts, tolerance, &answer, &error), error);
    lines_reader_free(reader);
    return r;
}

static void reading_free(struct reading *r)
{
    free(r->current);
    free(r->bound);
    free(r->row_volt);
    free(r->column_volt);
}

/* badcrossbar's own example, a segment 0.5 ohm (D. Joksas, A. Mehonic, SoftwareX 12:100617, 2020):
 * its output currents, printed to 17 digits by another program; 12 of them are asked for. */
static void test_badcrossbar(void **state)
{
    (void)state;
    static const double ohm[15] = {345, 903, 755, 257, 646, 652, 401, 508,
                                   166, 454, 442, 874, 190, 244, 635};
    static const double volts[3] = {1.5, 2.3, 1.7};
    static const double amps[5] = {0.011585025421546973, 0.009190641636252413, 0.015115681173257949,
                                   0.025833208221257207, 0.00981179288265744};
    double g[15];
    for (size_t k = 0; k < 15; k++)
        g[k] = 1 / ohm[k];
    const struct lines_array a = ARRAY(3, 5, g, 0.5, 0.5, 0, 0);
    for (size_t k = 0; k < COUNT(methods); k++) {
        struct reading r = read_array(&a, methods[k], 1, volts, TOLERANCE);
        for (size_t j = 0; j < 5; j++)
            ASSERT_NEAR(r.current[j], amps[j], 1e-12 * amps[j]);
        reading_free(&r);
    }
}

static const double tile_g[12] = {100e-6, 20e-6, 55e-6, 35e-6, 80e-6, 10e-6,
                                  60e-6,  45e-6, 90e-6, 15e-6, 70e-6, 25e-6};
static const struct lines_array tile = ARRAY(4, 3, tile_g, 2, 3, 50, 20);

/* The 4 x 3 array above with drivers of 50 ohm and senses of 20 ohm, solved in rational arithmetic
 * and rounded to 16 digits (to 13 for single rows). */
static void test_rational(void **state)
{
    (void)state;
    static const double volts[5][4] = {
        {0.1, 0.05, 0, 0.2}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    static const double amps[5][3] = {
        {1.454748641208161e-05, 1.977128412196318e-05, 1.086686619558194e-05},
        {9.849878742264e-05, 1.970573360233e-05, 5.422349401167e-05},
        {3.457464104296e-05, 7.902221630087e-05, 9.887565045921e-06},
        {5.908112472338e-05, 4.430045137764e-05, 8.865139555396e-05},
        {1.484437808834e-05, 6.924799973344e-05, 2.475069271059e-05}};
    static const double driver[4] = {1.727124053239244e-05, 6.152992558692706e-06,
                                     -6.681012208550551e-08, 2.182821376062710e-05};
    for (size_t k = 0; k < COUNT(methods); k++) {
        struct reading r = read_array(&tile, methods[k], 5, volts[0], TOLERANCE);
        for (size_t v = 0; v < 5; v++)
            for (size_t j = 0; j < 3; j++)
                ASSERT_NEAR(r.current[v * 3 + j], amps[v][j], 1e-12 * amps[v][j]);
        for (size_t i = 0; i < 4; i++) {
            double amp = 0;
            for (size_t j = 0; j < 3; j++)
                amp += tile_g[i * 3 + j] * (r.row_volt[i * 3 + j] - r.column_volt[i * 3 + j]);
            ASSERT_NEAR(amp, driver[i], 1e-12 * fabs(driver[i]));
        }
        reading_free(&r);
    }
}

/* Dense nodal analysis in any order of nodes.  A resistance of 0 makes one node of two; potentials of
 * sources and of the senses are known.  GSL's LU factors, refined with residuals in long double. */
struct network {
    size_t n, *parent;
    long double *known; /* NAN: not known */
};

static size_t root(struct network *w, size_t k)
{
    while (w->parent[k] != k)
        k = w->parent[k] = w->parent[w->parent[k]];
    return k;
}

static void unite(struct network *w, size_t a, size_t b)
{
    a = root(w, a);
    b = root(w, b);
    if (a == b)
        return;
    if (!isnan((double)w->known[a]))
        w->parent[b] = a;
    else
        w->parent[a] = b;
}

struct resistor {
    size_t a, b;
    double ohm, siemens; /* ohm < 0: siemens */
};

/* Currents into the senses of columns for one vector. */
static void dense(const struct lines_array *a, const double *volts, long double *current,
                  long double *row_volt, long double *column_volt)
{
    const size_t m = a->rows, n = a->columns, mn = m * n;
    /* nodes: rows, columns, behind drivers, sources, before senses, senses */
    const size_t driver = 2 * mn, source = driver + m, before = source + m, sense = before + n,
                 all = sense + n;
    struct network w = {all, NEW(all, size_t), NEW(all, long double)};
    struct resistor *r = NEW(3 * mn + 2 * (m + n), struct resistor);
    size_t count = 0;
    for (size_t k = 0; k < all; k++) {
        w.parent[k] = k;
        w.known[k] = k >= sense ? 0 : k >= source && k < before ? volts[k - source] : NAN;
    }
    for (size_t i = 0; i < m; i++) {
        r[count++] = (struct resistor){source + i, driver + i, a->driver_ohm, 0};
        r[count++] = (struct resistor){driver + i, i * n, a->row_ohm, 0};
        for (size_t j = 0; j + 1 < n; j++)
            r[count++] = (struct resistor){i * n + j, i * n + j + 1, a->row_ohm, 0};
    }
    for (size_t j = 0; j < n; j++) {
        r[count++] = (struct resistor){before + j, sense + j, a->sense_ohm, 0};
        r[count++] = (struct resistor){mn + (m - 1) * n + j, before + j, a->column_ohm, 0};
        for (size_t i = 0; i + 1 < m; i++)
            r[count++] = (struct resistor){mn + i * n + j, mn + (i + 1) * n + j, a->column_ohm, 0};
    }
    for (size_t k = 0; k < mn; k++)
        r[count++] = (struct resistor){k, mn + k, -1, a->g[k]};
    for (size_t k = 0; k < count; k++)
        if (r[k].ohm == 0)
            unite(&w, r[k].a, r[k].b);
    size_t unknowns = 0, *index = NEW(all, size_t);
    for (size_t k = 0; k < all; k++)
        if (root(&w, k) == k && isnan((double)w.known[k]))
            index[k] = unknowns++;
    long double *x = NEW(unknowns + 1, long double), *left = NEW(unknowns + 1, long double);
    gsl_matrix *lu = gsl_matrix_calloc(unknowns + 1, unknowns + 1);
    gsl_vector *step = gsl_vector_calloc(unknowns + 1);
    gsl_permutation *order = gsl_permutation_alloc(unknowns + 1);
    gsl_matrix_set(lu, unknowns, unknowns, 1); /* one that is never empty */
    for (int pass = 0; pass < 8; pass++) {
        memset(left, 0, (unknowns + 1) * sizeof *left);
        for (size_t k = 0; k < count; k++) {
            const size_t p = root(&w, r[k].a), q = root(&w, r[k].b);
            const bool up = isnan((double)w.known[p]), uq = isnan((double)w.known[q]);
            if (p == q)
                continue;
            const long double c = r[k].ohm < 0 ? r[k].siemens : 1 / (long double)r[k].ohm;
            const long double i =
                c * ((up ? x[index[p]] : w.known[p]) - (uq ? x[index[q]] : w.known[q]));
            if (up)
                left[index[p]] -= i;
            if (uq)
                left[index[q]] += i;
            if (pass > 0)
                continue;
            if (up)
                *gsl_matrix_ptr(lu, index[p], index[p]) += (double)c;
            if (uq)
                *gsl_matrix_ptr(lu, index[q], index[q]) += (double)c;
            if (up && uq) {
                *gsl_matrix_ptr(lu, index[p], index[q]) -= (double)c;
                *gsl_matrix_ptr(lu, index[q], index[p]) -= (double)c;
            }
        }
        int sign;
        if (pass == 0)
            gsl_linalg_LU_decomp(lu, order, &sign);
        for (size_t k = 0; k < unknowns; k++)
            gsl_vector_set(step, k, (double)left[k]);
        gsl_linalg_LU_svx(lu, order, step);
        for (size_t k = 0; k < unknowns; k++)
            x[k] += (long double)gsl_vector_get(step, k);
    }
    for (size_t k = 0; k < 2 * mn; k++) {
        const size_t p = root(&w, k);
        (k < mn ? row_volt : column_volt)[k % mn] =
            isnan((double)w.known[p]) ? x[index[p]] : w.known[p];
    }
    for (size_t j = 0; j < n; j++) {
        current[j] = 0;
        for (size_t i = 0; i < m; i++)
            current[j] +=
                (long double)a->g[i * n + j] * (row_volt[i * n + j] - column_volt[i * n + j]);
        if (a->sense_ohm + a->column_ohm > 0)
            current[j] = column_volt[(m - 1) * n + j] /
                         ((long double)a->sense_ohm + (long double)a->column_ohm);
    }
    gsl_matrix_free(lu);
    gsl_vector_free(step);
    gsl_permutation_free(order);
    free(index);
    free(x);
    free(left);
    free(r);
    free(w.parent);
    free(w.known);
}

#define VECTORS 11 /* more than one pass of lanes */

static void compare(const struct lines_array *a, const double *volts, double tolerance)
{
    const size_t m = a->rows, n = a->columns, mn = m * n;
    long double *current = NEW(n, long double), *vr = NEW(mn, long double),
                *vc = NEW(mn, long double);
    for (size_t k = 0; k < COUNT(methods); k++) {
        struct reading r = read_array(a, methods[k], VECTORS, volts, tolerance);
        for (size_t v = 0; v < VECTORS; v++) {
            dense(a, volts + v * m, current, vr, vc);
            for (size_t j = 0; j < n; j++) {
                const double error = fabs((double)(r.current[v * n + j] - current[j]));
                const double bound = r.bound[v * n + j];
                /* the reference's own rounding is 1e-19 V/ohm of the lines */
                if (!(error <= bound + 1e-18))
                    fail_msg("%zux%zu, %g %g %g %g ohm, method %zu, vector %zu: current %zu is "
                             "%.17g, off by %g, bound %g",
                             m, n, a->row_ohm, a->column_ohm, a->driver_ohm, a->sense_ohm, k, v, j,
                             r.current[v * n + j], error, bound);
                /* all of one sign: no cancellation excuses a bound, nor do gradients' own rounding
                 * errors, which lines of 20 kohm magnify, if elimination may help */
                if (v % 2 == 0 && methods[k] != LINES_GRADIENTS)
                    assert_true(bound <= tolerance * fabs(r.current[v * n + j]));
            }
            for (size_t i = 0; i < mn; i++) {
                ASSERT_NEAR(r.row_volt[v * mn + i], (double)vr[i], fmax(tolerance, 1e-13));
                ASSERT_NEAR(r.column_volt[v * mn + i], (double)vc[i], fmax(tolerance, 1e-13));
            }
        }
        reading_free(&r);
    }
    free(current);
    free(vr);
    free(vc);
}

/* Sizes of methods shapes, resistances of which each may be 0, conductances over five decades with
 * some of 0; even vectors positive, odd ones of methods signs. */
static void test_dense(void **state)
{
    (void)state;
    static const double ohms[] = {0, 0, 0.7, 30, 2e4};
    static const double tolerances[] = {1e-3, 1e-7, 1e-12};
    for (size_t round = 0; round < 120; round++) {
        const size_t m = 1 + gsl_rng_uniform_int(rng, 9), n = 1 + gsl_rng_uniform_int(rng, 9);
        double *g = NEW(m * n, double), *volts = NEW(VECTORS * m, double);
        for (size_t k = 0; k < m * n; k++)
            g[k] = gsl_rng_uniform(rng) < 0.1 ? 0 : pow(10, -7 + 5 * gsl_rng_uniform(rng));
        for (size_t k = 0; k < VECTORS * m; k++)
            volts[k] = gsl_rng_uniform(rng) - (k / m % 2 == 0 ? 0 : 0.5);
        const struct lines_array a = ARRAY(m, n, g, ohms[gsl_rng_uniform_int(rng, COUNT(ohms))],
                                           ohms[gsl_rng_uniform_int(rng, COUNT(ohms))],
                                           ohms[gsl_rng_uniform_int(rng, COUNT(ohms))],
                                           ohms[gsl_rng_uniform_int(rng, COUNT(ohms))]);
        compare(&a, volts, tolerances[round % COUNT(tolerances)]);
        free(g);
        free(volts);
    }
}

static double *random_conductances(size_t n)
{
    double *g = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        g[k] = 1e-6 * pow(300, gsl_rng_uniform(rng));
    return g;
}

/* Reading at 1e-3 and at 1e-12, 32 x 32 and 128 x 128 with segments of 1 ohm: each current within the
 * tolerance of the elimination's, whose entries are right to rounding, and within its own bound. */
static void test_tolerance(void **state)
{
    (void)state;
    static const size_t sides[] = {32, 128};
    static const double tolerances[] = {1e-3, 1e-6, 1e-12};
    for (size_t s = 0; s < COUNT(sides); s++) {
        const size_t n = sides[s];
        double *g = random_conductances(n * n), *volts = NEW(n, double);
        for (size_t i = 0; i < n; i++)
            volts[i] = 0.1;
        const struct lines_array a = ARRAY(n, n, g, 1, 1, 0, 0);
        struct reading exact = read_array(&a, LINES_ELIMINATION, 1, volts, TOLERANCE);
        for (size_t t = 0; t < COUNT(tolerances); t++) {
            struct reading r = read_array(&a, LINES_GRADIENTS, 1, volts, tolerances[t]);
            for (size_t j = 0; j < n; j++) {
                assert_true(exact.current[j] > 1e-5);
                assert_true(r.bound[j] <= tolerances[t] * r.current[j]);
                ASSERT_NEAR(r.current[j], exact.current[j], r.bound[j] + exact.bound[j]);
            }
            reading_free(&r);
        }
        reading_free(&exact);
        free(g);
        free(volts);
    }
}

/* Superposition, and reciprocity: the current into sense j for 1 V at driver i is that out of
 * driver i for 1 V at sense j, which is the transposed array's. */
static void test_linear(void **state)
{
    (void)state;
    enum { M = 7, N = 12 };
    double *g = random_conductances(M * N), transposed[N * M], unit[M * M] = {0}, both[N * N] = {0};
    for (size_t k = 0; k < M * N; k++)
        transposed[k % N * M + k / N] = g[k];
    for (size_t i = 0; i < M; i++)
        unit[i * M + i] = 1;
    for (size_t j = 0; j < N; j++)
        both[j * N + j] = 1;
    /* turned by a half circle, sense j is at the left end of a row of its own */
    double turned[N * M];
    for (size_t k = 0; k < N * M; k++)
        turned[N * M - 1 - k] = transposed[k];
    const struct lines_array a = ARRAY(M, N, g, 3, 0.4, 11, 70),
                             b = ARRAY(N, M, turned, 0.4, 3, 70, 11);
    for (size_t k = 0; k < COUNT(methods); k++) {
        double volts[M], sum[N] = {0};
        for (size_t i = 0; i < M; i++)
            volts[i] = gsl_rng_uniform(rng);
        struct reading w = read_array(&a, methods[k], M, unit, TOLERANCE);
        struct reading all = read_array(&a, methods[k], 1, volts, TOLERANCE);
        struct reading back = read_array(&b, methods[k], N, both, TOLERANCE);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < N; j++) {
                const double forth = w.current[i * N + j];
                sum[j] += volts[i] * forth;
                ASSERT_NEAR(back.current[(N - 1 - j) * M + M - 1 - i], forth,
                            2 * TOLERANCE * forth);
            }
        for (size_t j = 0; j < N; j++)
            ASSERT_NEAR(all.current[j], sum[j], 2 * TOLERANCE * sum[j]);
        reading_free(&w);
        reading_free(&all);
        reading_free(&back);
    }
    free(g);
}

/* With ideal columns, permuting rows and their voltages permutes nothing but the rows. */
static void test_permuted(void **state)
{
    (void)state;
    enum { M = 10, N = 6 };
    double *g = random_conductances(M * N), moved[M * N], volts[M], moved_volts[M];
    for (size_t i = 0; i < M; i++) {
        const size_t to = (7 * i + 3) % M;
        volts[i] = gsl_rng_uniform(rng);
        moved_volts[to] = volts[i];
        memcpy(moved + to * N, g + i * N, N * sizeof *g);
    }
    const struct lines_array a = ARRAY(M, N, g, 4, 0, 1, 5), b = ARRAY(M, N, moved, 4, 0, 1, 5);
    for (size_t k = 0; k < COUNT(methods); k++) {
        struct reading one = read_array(&a, methods[k], 1, volts, TOLERANCE);
        struct reading other = read_array(&b, methods[k], 1, moved_volts, TOLERANCE);
        for (size_t j = 0; j < N; j++)
            ASSERT_NEAR(one.current[j], other.current[j], 2 * TOLERANCE * one.current[j]);
        reading_free(&one);
        reading_free(&other);
    }
    free(g);
}

/* Closed forms of what resistances of 0 leave: all of them, I(j) = sum g V; lines and senses, where a
 * row is a divider V/(1 + R sum g); lines and drivers, where a column is one. */
static void test_ideal(void **state)
{
    (void)state;
    enum { M = 5, N = 8 };
    const double ohm = 900;
    double *g = random_conductances(M * N), volts[M];
    for (size_t i = 0; i < M; i++)
        volts[i] = 0.1 + gsl_rng_uniform(rng);
    for (size_t k = 0; k < COUNT(methods); k++)
        for (int which = 0; which < 3; which++) {
            const struct lines_array a =
                ARRAY(M, N, g, 0, 0, which == 1 ? ohm : 0, which == 2 ? ohm : 0);
            struct reading r = read_array(&a, methods[k], 1, volts, TOLERANCE);
            for (size_t j = 0; j < N; j++) {
                double current = 0, column = 0;
                for (size_t i = 0; i < M; i++) {
                    double row = 0;
                    for (size_t c = 0; c < N; c++)
                        row += g[i * N + c];
                    current += g[i * N + j] * volts[i] / (which == 1 ? 1 + ohm * row : 1);
                    column += g[i * N + j];
                }
                current /= which == 2 ? 1 + ohm * column : 1;
                ASSERT_NEAR(r.current[j], current, TOLERANCE * current);
            }
            reading_free(&r);
        }
    free(g);
}

/* What sources deliver is what devices, segments, drivers and senses turn into heat. */
static void test_energy(void **state)
{
    (void)state;
    enum { M = 9, N = 14 };
    double *g = random_conductances(M * N), volts[M];
    const struct lines_array a = ARRAY(M, N, g, 6, 2, 40, 15);
    for (size_t i = 0; i < M; i++)
        volts[i] = gsl_rng_uniform(rng) - 0.3;
    for (size_t k = 0; k < COUNT(methods); k++) {
        struct reading r = read_array(&a, methods[k], 1, volts, TOLERANCE);
        double delivered = 0, heat = 0;
        for (size_t i = 0; i < M; i++) {
            const double *v = r.row_volt + i * N, first = (volts[i] - v[0]) / 46;
            delivered += volts[i] * first;
            heat += first * first * 46;
            for (size_t j = 0; j < N; j++) {
                const double *c = r.column_volt + i * N + j, device = v[j] - *c;
                heat += g[i * N + j] * device * device;
                heat += j + 1 < N ? pow(v[j] - v[j + 1], 2) / 6 : 0;
                heat += i + 1 < M ? pow(c[0] - c[N], 2) / 2 : *c * *c / 17;
            }
        }
        ASSERT_NEAR(heat, delivered, 1e-12 * delivered);
        reading_free(&r);
    }
    free(g);
}

/* i = g sinh(b v) / b; b = 0: g v. */
struct sinh_law {
    const double *g;
    double b;
};

static void sinh_devices(void *data, size_t n, const double *v, double *current, double *slope)
{
    const struct sinh_law *law = data;
    for (size_t k = 0; k < n; k++) {
        current[k] = law->b > 0 ? law->g[k] * sinh(law->b * v[k]) / law->b : law->g[k] * v[k];
        slope[k] = law->g[k] * cosh(law->b * v[k]);
    }
}

/* Devices of any law, with each of the resistances 0 or not: at the voltages found, ohmic devices of
 * the same current over voltage have the same currents, by elimination. */
static void test_law(void **state)
{
    (void)state;
    enum { M = 6, N = 4 };
    double *g = random_conductances(M * N), secant[M * N], volts[M], current[N], bound[N],
           vr[M * N], vc[M * N];
    for (size_t i = 0; i < M; i++)
        volts[i] = i == 2 ? 0 : gsl_rng_uniform(rng) - 0.3;
    for (int which = 0; which < 32; which++) {
        struct sinh_law law = {g, which & 16 ? 8 : 0};
        const struct lines_array a = ARRAY(M, N, secant, which & 1 ? 7 : 0, which & 2 ? 12 : 0,
                                           which & 4 ? 90 : 0, which & 8 ? 30 : 0);
        const struct lines_devices devices = {sinh_devices, &law};
        struct lines_answer answer = {current, bound, vr, vc, 0};
        struct error error = {{0}};
        ASSERT_DONE(lines_solve_law(&a, &devices, volts, TOLERANCE, &answer, &error), error);
        for (size_t k = 0; k < M * N; k++) {
            const double v = vr[k] - vc[k];
            secant[k] = law.b > 0 && v != 0 ? g[k] * sinh(law.b * v) / (law.b * v) : g[k];
        }
        struct reading r = read_array(&a, LINES_ELIMINATION, 1, volts, TOLERANCE);
        for (size_t j = 0; j < N; j++) {
            /* TOLERANCE of the smallest current, and what rounding of 1 V leaves in 7 ohm */
            assert_true(bound[j] <= 1e-12 * fabs(current[j]) + 1e-14);
            ASSERT_NEAR(current[j], r.current[j], bound[j] + r.bound[j] + 1e-17);
        }
        for (size_t k = 0; k < M * N; k++) {
            ASSERT_NEAR(vr[k], r.row_volt[k], 1e-11);
            ASSERT_NEAR(vc[k], r.column_volt[k], 1e-11);
        }
        reading_free(&r);
    }
    free(g);
}

/* Numbers that are none are refused with their place. */
static void test_refused(void **state)
{
    (void)state;
    static const double numbers[] = {NAN, INFINITY, -1e-6};
    double g[6] = {1e-4, 1e-4, 1e-4, 1e-4, 1e-4, 1e-4}, volts[2] = {0.1, 0.2}, out[6];
    struct lines_reader *reader;
    struct error error;
    struct lines_answer answer = {.current = out, .bound = out + 3};
    for (size_t k = 0; k < COUNT(numbers); k++) {
        g[4] = numbers[k];
        assert_int_equal(lines_reader_new(&(struct lines_array)ARRAY(2, 3, g, 1, 1, 0, 0),
                                          LINES_CHEAPER, 1, false, &reader, &error),
                         STATUS_INPUT);
        ASSERT_NAMES(error.text, "row 2, column 2: conductance");
        assert_null(reader);
    }
    g[4] = 1e-4;
    assert_int_equal(lines_reader_new(&(struct lines_array)ARRAY(2, 3, g, 1, 1, -1, 0),
                                      LINES_CHEAPER, 1, false, &reader, &error),
                     STATUS_INPUT);
    ASSERT_NAMES(error.text, "driver resistance is -1");
    ASSERT_DONE(lines_reader_new(&(struct lines_array)ARRAY(2, 3, g, 1, 1, 0, 0), LINES_CHEAPER, 1,
                                 false, &reader, &error),
                error);
    volts[1] = NAN;
    assert_int_equal(lines_solve_many(reader, 1, volts, 1e-6, &answer, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "vector 1, row 2: voltage");
    volts[1] = 0;
    assert_int_equal(lines_solve_many(reader, 1, volts, 0, &answer, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "tolerance is 0");
    lines_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_badcrossbar), cmocka_unit_test(test_rational),
        cmocka_unit_test(test_dense),       cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_linear),      cmocka_unit_test(test_permuted),
        cmocka_unit_test(test_ideal),       cmocka_unit_test(test_energy),
        cmocka_unit_test(test_law),         cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
