/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tiles suffer from: noise of reads against the nodal equations of a small tile, solved densely by GSL;
 * drift and disturbance against closed forms and GSL's integration; stuck devices, lines of results,
 * intervals and probabilities against figures worked out by hand. */
#include "base/random.h"
#include "base/spice_number.h"
#include "infer/converter.h"
#include "infer/device_drift.h"
#include "infer/effects.h"
#include "infer/read_noise.h"
#include "infer/retune.h"
#include "infer/row_use.h"
#include "testing.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_odeiv2.h>

/* ---------------------------------------------------------------------------------- a tile's noise */

enum { M = 4, N = 3, NODES = 2 * M * N };
static const double siemens[M * N] = {100e-6, 20e-6, 55e-6, 35e-6, 80e-6, 10e-6,
                                      60e-6,  45e-6, 90e-6, 15e-6, 70e-6, 25e-6};
static const double volts[M] = {0.1, 0.05, 0, 0.2};

static size_t row_node(size_t i, size_t j)
{
    return i * N + j;
}

static size_t column_node(size_t i, size_t j)
{
    return M * N + i * N + j;
}

static void join(gsl_matrix *k, size_t a, size_t b, double g)
{
    *gsl_matrix_ptr(k, a, a) += g;
    *gsl_matrix_ptr(k, b, b) += g;
    *gsl_matrix_ptr(k, a, b) -= g;
    *gsl_matrix_ptr(k, b, a) -= g;
}

/* Currents into the senses with v at the drivers and e at the senses, by the nodal matrix of all nodes. */
static void solve(const struct lines_array *a, const double *g, const double *v, const double *e,
                  double current[N])
{
    gsl_matrix *k = gsl_matrix_calloc(NODES, NODES);
    gsl_vector *b = gsl_vector_calloc(NODES), *x = gsl_vector_alloc(NODES);
    gsl_permutation *p = gsl_permutation_alloc(NODES);
    const double near = 1 / (a->driver_ohm + a->row_ohm), end = 1 / (a->sense_ohm + a->column_ohm);
    int sign;
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            join(k, row_node(i, j), column_node(i, j), g[i * N + j]);
            if (j > 0)
                join(k, row_node(i, j - 1), row_node(i, j), 1 / a->row_ohm);
            if (i > 0)
                join(k, column_node(i - 1, j), column_node(i, j), 1 / a->column_ohm);
        }
    for (size_t i = 0; i < M; i++) {
        *gsl_matrix_ptr(k, row_node(i, 0), row_node(i, 0)) += near;
        *gsl_vector_ptr(b, row_node(i, 0)) += near * v[i];
    }
    for (size_t j = 0; j < N; j++) {
        *gsl_matrix_ptr(k, column_node(M - 1, j), column_node(M - 1, j)) += end;
        *gsl_vector_ptr(b, column_node(M - 1, j)) += end * e[j];
    }
    gsl_linalg_LU_decomp(k, p, &sign);
    gsl_linalg_LU_solve(k, p, b, x);
    for (size_t j = 0; j < N; j++)
        current[j] = end * (gsl_vector_get(x, column_node(M - 1, j)) - e[j]);
    gsl_matrix_free(k);
    gsl_vector_free(b);
    gsl_vector_free(x);
    gsl_permutation_free(p);
}

static const struct lines_array tile = {.rows = M,
                                        .columns = N,
                                        .g = siemens,
                                        .row_ohm = 200,
                                        .column_ohm = 300,
                                        .driver_ohm = 500,
                                        .sense_ohm = 100};

/* v' Q v of a column. */
static double variance(const struct read_noise *noise, size_t column, const double *v)
{
    double sum = 0;
    for (size_t i = 0; i < M; i++)
        for (size_t k = 0; k < M; k++)
            sum += noise->form[(column * M + i) * M + k] * v[i] * v[k];
    return sum;
}

static void test_device_noise(void **state)
{
    const double sigma = 0.07, none[N] = {0};
    struct error error = {{0}};
    double wanted[N] = {0};
    (void)state;
    for (size_t d = 0; d < M * N; d++) { /* dI/dg, by differences of fourth order */
        double g[M * N], at[4][N];
        static const double steps[4] = {-2, -1, 1, 2};
        for (size_t s = 0; s < 4; s++) {
            memcpy(g, siemens, sizeof g);
            g[d] *= 1 + 1e-3 * steps[s];
            solve(&tile, g, volts, none, at[s]);
        }
        for (size_t j = 0; j < N; j++) {
            const double slope = (at[0][j] - 8 * at[1][j] + 8 * at[2][j] - at[3][j]) / (12 * 1e-3);
            wanted[j] += slope * sigma * slope * sigma;
        }
    }
    struct read_noise *noise = read_noise_new(M, N, false, true);
    const struct read_noise_tile t = {&tile, 0, N, 1, sigma, 0};
    ASSERT_DONE(read_noise_add(noise, &t, &error), error);
    for (size_t j = 0; j < N; j++)
        ASSERT_NEAR(variance(noise, j, volts), wanted[j], 1e-8 * wanted[j]);
    read_noise_free(noise);
}

static void test_thermal_noise(void **state)
{
    const double none[M] = {0};
    struct error error = {{0}};
    struct read_noise *noise = read_noise_new(M, N, false, false);
    const struct read_noise_tile t = {&tile, 0, N, 1, 0, 4 * BOLTZMANN * 300 / 2e-7};
    (void)state;
    ASSERT_DONE(read_noise_add(noise, &t, &error), error);
    for (size_t j = 0; j < N; j++) {
        double e[N] = {0}, current[N];
        e[j] = 1;
        solve(&tile, siemens, none, e, current);
        const double wanted = 4 * BOLTZMANN * 300 * -current[j] / 2e-7;
        ASSERT_NEAR(noise->thermal[j], wanted, 1e-10 * wanted);
    }
    read_noise_free(noise);
}

/* Without resistances each column has its own devices; draws have that spread. */
static void test_square(void **state)
{
    struct lines_array ideal = tile;
    struct error error = {{0}};
    gsl_rng *rng = random_stream(3, 0, RANDOM_TEST);
    enum { READS = 20000 };
    double *current = NEW(READS, double), *v = NEW(READS * M, double);
    (void)state;
    ideal.row_ohm = ideal.column_ohm = ideal.driver_ohm = ideal.sense_ohm = 0;
    struct read_noise *square = read_noise_new(M, N, true, true),
                      *full = read_noise_new(M, N, false, true);
    const struct read_noise_tile t = {&ideal, 0, N, 0.5, 0.1, 0};
    ASSERT_DONE(read_noise_add(square, &t, &error), error);
    ASSERT_DONE(read_noise_add(full, &t, &error), error);
    for (size_t r = 0; r < READS; r++)
        memcpy(v + r * M, volts, sizeof volts);
    for (size_t j = 0; j < N; j++) {
        double wanted = 0, seen[2] = {0};
        for (size_t i = 0; i < M; i++)
            wanted += pow(0.1 * 0.5 * siemens[i * N + j] * volts[i], 2);
        ASSERT_NEAR(variance(full, j, volts), wanted, 1e-12 * wanted);
        for (size_t way = 0; way < 2; way++) {
            const struct read_noise_reads reads = {READS, 1, M, 1, v};
            memset(current, 0, READS * sizeof *current);
            read_noise_draw(way == 0 ? square : full, j, &reads, rng, current);
            for (size_t r = 0; r < READS; r++)
                seen[way] += current[r] * current[r] / READS;
            ASSERT_NEAR(seen[way], wanted, 4 * sqrt(2.0 / READS) * wanted);
        }
    }
    read_noise_free(square);
    read_noise_free(full);
    gsl_rng_free(rng);
    free(current);
    free(v);
}

/* ------------------------------------------------------------------------- states that move */

static struct dopant *dopant_named(const char *name)
{
    struct dopant *d;
    struct error error = {{0}};
    char *devices = source_path("devices");
    ASSERT_DONE(dopant_read(name, devices, &d, &error), error);
    free(devices);
    return d;
}

/* From x = 0.05 by 1 s at 0.1 V, and by a mixture; the rates alone are integrated. */
struct mixture {
    const struct dopant *dopant;
    const struct device_use *use;
};

static int rate(double t, const double x[], double dx[], void *data)
{
    const struct mixture *m = data;
    (void)t;
    dx[0] = 0;
    for (size_t k = 0; k < m->use->n; k++)
        dx[0] +=
            m->use->time[k] * m->dopant->model->rate(m->dopant->constants, m->use->volt[k], x[0]).f;
    return GSL_SUCCESS;
}

static double integrate(const struct dopant *d, const struct device_use *use, double x)
{
    struct mixture m = {d, use};
    gsl_odeiv2_system system = {rate, NULL, 1, &m};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rkf45, 1e-4, 1e-13, 1e-11);
    double t = 0;
    assert_int_equal(gsl_odeiv2_driver_apply(driver, &t, 1, &x), GSL_SUCCESS);
    gsl_odeiv2_driver_free(driver);
    return x;
}

static void test_use(void **state)
{
    static const char *const names[] = {"Cr", "W", "C"};
    static const double after[] = {0.0915579, 0.249148, 0.243778};
    const double volt = 0.1, second = 1, many[] = {0.1, -0.15, 0.06}, times[] = {0.5, 0.02, 3};
    (void)state;
    for (size_t k = 0; k < COUNT(names); k++) {
        struct dopant *d = dopant_named(names[k]);
        const struct device_use one = device_use_of(d, 1, &volt, &second),
                                three = device_use_of(d, 3, many, times);
        ASSERT_NEAR(device_use_state(&one, 0.05), after[k], 1e-6);
        ASSERT_NEAR(device_use_state(&three, 0.05), integrate(d, &three, 0.05), 1e-9);
        const double rest = 0;
        const struct device_use idle = device_use_of(d, 1, &rest, &second);
        assert_false(device_use_moves(&idle));
        assert_true(device_use_moves(&one));
        ASSERT_NEAR(device_use_conductance(&idle, 0.03, 50e-6), 50e-6, 0);
        dopant_free(d);
    }
    /* a law without closed form */
    struct dopant *d = dopant_named("vteam-demo");
    const double set = 1.0, time = 1e-3;
    const struct device_use pulse = device_use_of(d, 1, &set, &time);
    const double x = device_use_state(&pulse, 0.3);
    ASSERT_NEAR(x, integrate(d, &pulse, 0.3), 1e-8);
    dopant_free(d);
}

static void test_row_use(void **state)
{
    struct row_use *use = NEW(1, struct row_use);
    const double fractions[] = {0, 1, 1, -1, 0.2, 0.6001};
    double volt[2 * ROW_USE_PARTS + 1], seconds[2 * ROW_USE_PARTS + 1];
    (void)state;
    row_use_add(use, 6, 1, fractions);
    row_use_add(use, 3, 2, fractions); /* 0, 1, 0.2 */
    assert_int_equal(row_use_times(use, 0.1, 1e-7, volt, seconds), 4);
    const double wanted[4][2] = {{-0.1, 1e-7}, {0.02, 2e-7}, {0.06, 1e-7}, {0.1, 3e-7}};
    for (size_t k = 0; k < 4; k++) {
        ASSERT_NEAR(volt[k], wanted[k][0], 1e-15);
        ASSERT_NEAR(seconds[k], wanted[k][1], 1e-20);
    }
    free(use);
}

/* ------------------------------------------------------------------------------ devices of pairs */

enum { DEVICES = 20000 };

static struct tile_cells programmed(const struct tile_options *o, const double *share)
{
    const struct lines_array a = {.rows = 100, .columns = 200};
    const struct tile_streams streams = {{7, 2}, 11};
    struct tile_cells c = {.n = DEVICES};
    struct error error = {{0}};
    ASSERT_DONE(tile_cells_program(o, &a, &streams, share, &c, &error), error);
    return c;
}

static void test_stuck(void **state)
{
    struct tile_options o = {.mapping = {.g_min = 10e-6,
                                         .g_max = 110e-6,
                                         .stuck_on = 0.1,
                                         .stuck_off = 0.05,
                                         .compensate = true}};
    double *share = NEW(DEVICES, double);
    size_t on = 0, off = 0;
    (void)state;
    for (size_t k = 0; k < DEVICES; k++)
        share[k] = 2.0 * (double)k / DEVICES - 1;
    struct tile_cells c = programmed(&o, share);
    for (size_t k = 0; k < DEVICES; k++) {
        const double plus = c.programmed[0][k], minus = c.programmed[1][k];
        for (size_t s = 0; s < 2; s++) {
            const double g = c.programmed[s][k];
            on += c.stuck[s][k] && g > 100e-6;
            off += c.stuck[s][k] && g < 20e-6;
            if (c.stuck[s][k])
                assert_true(g == 10e-6 || g == 110e-6);
        }
        if (c.stuck[0][k] && c.stuck[1][k])
            continue;
        /* the difference is right, or the partner is at an end of the window on the way to it */
        const double wrong = plus - minus - 100e-6 * share[k];
        const double partner = c.stuck[0][k] ? minus : plus;
        if (fabs(wrong) > 1e-18)
            assert_true((c.stuck[0][k] || c.stuck[1][k]) &&
                        (partner == 10e-6 || partner == 110e-6));
    }
    /* 40,000 devices: within four sigma */
    ASSERT_NEAR((double)on, 4000, 4 * sqrt(3600));
    ASSERT_NEAR((double)off, 2000, 4 * sqrt(1900));
    tile_cells_free(&c);
    free(share);
}

static void test_retention(void **state)
{
    struct tile_options o = {.mapping = {.g_min = 10e-6, .g_max = 110e-6},
                             .volt = 0.03,
                             .retention = {.time = 1e4,
                                           .law = RETENTION_POWER,
                                           .start = 1,
                                           .nu = 0.05,
                                           .spread = 0.01,
                                           .loss_time = 2e4}};
    const struct tile_streams streams = {{7, 2}, 11};
    double *share = NEW(DEVICES, double), sum = 0, squares = 0;
    double *const g[2] = {NEW(DEVICES, double), NEW(DEVICES, double)};
    size_t lost = 0;
    (void)state;
    for (size_t k = 0; k < DEVICES; k++)
        share[k] = 0.5;
    struct tile_cells c = programmed(&o, share);
    tile_cells_age(&o, &streams, &c, g);
    for (size_t k = 0; k < DEVICES; k++) {
        const double nu = -log(g[0][k] / 60e-6) / log(1e4);
        sum += nu;
        squares += (nu - 0.05) * (nu - 0.05);
    }
    ASSERT_NEAR(sum / DEVICES, 0.05, 4 * 0.01 / sqrt(DEVICES));
    ASSERT_NEAR(squares / DEVICES, 1e-4, 4 * sqrt(2.0 / DEVICES) * 1e-4);
    o.retention.law = RETENTION_LOSS;
    tile_cells_age(&o, &streams, &c, g);
    for (size_t k = 0; k < DEVICES; k++) {
        assert_true(g[0][k] == 10e-6 || g[0][k] == c.programmed[0][k]);
        lost += g[0][k] < 20e-6;
    }
    const double p = 1 - exp(-0.5);
    ASSERT_NEAR((double)lost, p * DEVICES, 4 * sqrt(p * (1 - p) * DEVICES));
    struct dopant *d = dopant_named("W"); /* at rest for ever */
    o.dopant = d;
    o.retention.law = RETENTION_DEVICE;
    tile_cells_age(&o, &streams, &c, g);
    for (size_t k = 0; k < DEVICES; k++)
        ASSERT_NEAR(g[1][k], c.programmed[1][k], 0);
    dopant_free(d);
    tile_cells_free(&c);
    free(g[0]);
    free(g[1]);
    free(share);
}

/* ------------------------------------------------------------------------------------ figures */

static void test_lines(void **state)
{
    const double wanted[] = {1, 10, 2, 20, 4, 40, 7, 71}; /* two columns, read by read */
    double read[8];
    (void)state;
    for (size_t way = 0; way < 2; way++) {
        struct retune *t = retune_new(2, way == 1);
        for (size_t k = 0; k < 8; k++)
            read[k] = 0.8 * wanted[k] + (k % 2 == 0 ? 0.3 : -2);
        retune_apply(t, 0, 4, 2, read);
        ASSERT_NEAR(read[0], 1.1, 1e-14); /* until lines are fitted, as it is */
        for (size_t c = 0; c < 2; c++)
            retune_see(t, c, 4, 2, read + c, wanted + c);
        retune_fit(t);
        double line[2], unused[4];
        for (size_t c = 0; c < 2; c++) {
            if (way == 0)
                gsl_fit_linear(read + c, 2, wanted + c, 2, 4, &line[0], &line[1], unused,
                               unused + 1, unused + 2, unused + 3);
            else
                gsl_fit_linear(read, 1, wanted, 1, 8, &line[0], &line[1], unused, unused + 1,
                               unused + 2, unused + 3);
            ASSERT_NEAR(t->gain[c], line[1], 1e-12);
            ASSERT_NEAR(t->offset[c], line[0], 1e-11);
        }
        for (size_t c = 0; c < 2; c++)
            retune_apply(t, c, 4, 2, read + c);
        for (size_t k = 0; way == 0 && k < 8; k++)
            ASSERT_NEAR(read[k], wanted[k], 1e-12);
        retune_free(t);
    }
}

static void test_figures(void **state)
{
    double low, high;
    (void)state;
    wilson_interval(8, 10, &low, &high);
    ASSERT_NEAR(low, 0.490162, 1e-6);
    ASSERT_NEAR(high, 0.943318, 1e-6);
    wilson_interval(0, 10, &low, &high);
    ASSERT_NEAR(low, 0, 1e-15);
    ASSERT_NEAR(high, 0.277533, 1e-6);
    ASSERT_NEAR(mcnemar_p(1, 9), 22.0 / 1024, 1e-12);
    ASSERT_NEAR(mcnemar_p(9, 1), 22.0 / 1024, 1e-12);
    ASSERT_NEAR(mcnemar_p(5, 5), 1, 0);
    ASSERT_NEAR(mcnemar_p(0, 0), 1, 0);
    const double x[] = {-2, -1, -0.3, 0, 0.12, 0.13, 1};
    const double codes[] = {-1, -1, -2.0 / 7, 0, 1.0 / 7, 1.0 / 7, 1};
    double v[7];
    assert_int_equal(dac_convert_signed(4, 1, 7, x, v), 1);
    for (size_t k = 0; k < 7; k++)
        ASSERT_NEAR(v[k], codes[k], 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_noise), cmocka_unit_test(test_thermal_noise),
        cmocka_unit_test(test_square),       cmocka_unit_test(test_use),
        cmocka_unit_test(test_row_use),      cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_retention),    cmocka_unit_test(test_lines),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
