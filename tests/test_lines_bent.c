/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crossbars of devices that are not ohmic, many vectors at once: Newton's method with each, powers that add
 * up, the bound of the iteration, ohmic devices, what is refused. */
#include "base/random.h"
#include "engine/lines/lines_bent.h"
#include "testing.h"

static gsl_rng *rng;

static int set_up(void **state)
{
    (void)state;
    rng = random_stream(12, 0, RANDOM_TEST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

/* i = g sinh(b v)/b, each vector times its own factor; b = 0: ohmic. */
struct sinh_law {
    double *g, b;
    const double *factor; /* of each vector, or NULL */
};

static void sinh_of(void *data, const struct lines_bent_at *at, const double *v, double *current,
                    double *slope)
{
    const struct sinh_law *l = data;
    for (size_t r = 0; r < at->n; r++) {
        const double g = l->g[at->device] *
                         (l->factor && at->first != BENT_NO_VECTOR ? l->factor[at->first + r] : 1);
        current[r] = l->b > 0 ? g * sinh(l->b * v[r]) / l->b : g * v[r];
        slope[r] = g * cosh(l->b * v[r]);
    }
}

/* The same for one vector. */
struct single {
    const struct sinh_law *law;
    size_t vector;
};

static void sinh_single(void *data, size_t n, const double *v, double *current, double *slope)
{
    const struct single *s = data;
    for (size_t k = 0; k < n; k++) {
        const struct lines_bent_at at = {k, s->vector, 1};
        sinh_of((void *)(uintptr_t)s->law, &at, v + k, current + k, slope + k);
    }
}

static struct sinh_law random_law(size_t n, double b)
{
    struct sinh_law l = {NEW(n, double), b, NULL};
    for (size_t k = 0; k < n; k++)
        l.g[k] = 20e-6 + 180e-6 * gsl_rng_uniform(rng);
    return l;
}

static double *random_volts(size_t n, double low, double high)
{
    double *v = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        v[k] = low + (high - low) * gsl_rng_uniform(rng);
    return v;
}

/* Currents of Newton's method, vector after vector. */
static double *newton(const struct lines_array *a, const struct sinh_law *law, size_t n,
                      const double *volts)
{
    const size_t cells = a->rows * a->columns;
    double *all = NEW(n * a->columns, double), *row = NEW(cells, double),
           *column = NEW(cells, double), *bound = NEW(a->columns, double);
    for (size_t r = 0; r < n; r++) {
        struct single s = {law, r};
        struct lines_answer answer = {all + r * a->columns, bound, row, column, 0};
        const struct lines_devices devices = {sinh_single, &s};
        struct error error = {{0}};
        ASSERT_DONE(lines_solve_law(a, &devices, volts + r * a->rows, 1e-12, &answer, &error),
                    error);
    }
    free(row);
    free(column);
    free(bound);
    return all;
}

#define VECTORS 9

struct reading {
    double *current, delivered[VECTORS], factor;
    struct lines_bent_answer answer;
};

static struct reading read_bent(const struct lines_array *a,
                                const struct lines_bent_devices *devices, const double *volts,
                                double tolerance)
{
    struct reading r = {.current = NEW(VECTORS * a->columns, double)};
    struct lines_bent *bent;
    struct error error = {{0}};
    ASSERT_DONE(lines_bent_new(a, devices, &bent, &error), error);
    r.factor = lines_bent_factor(bent);
    r.answer = (struct lines_bent_answer){.current = r.current, .delivered = r.delivered};
    /* the batch before was a smaller one */
    ASSERT_DONE(lines_bent_read(bent, 2, volts, tolerance, &r.answer, &error), error);
    ASSERT_DONE(lines_bent_read(bent, VECTORS, volts, tolerance, &r.answer, &error), error);
    lines_bent_free(bent);
    return r;
}

static void assert_closed(const struct reading *r)
{
    double delivered = 0, heat = 0;
    for (size_t k = 0; k < VECTORS; k++)
        delivered += r->delivered[k];
    for (size_t k = 0; k < LINES_CLASSES; k++)
        heat += r->answer.power[k];
    ASSERT_NEAR(heat, delivered, 1e-11 * delivered);
}

static const struct {
    size_t rows, columns;
    double row_ohm, column_ohm, driver_ohm, sense_ohm, b, low, high;
    bool newton;
} cases[] = {
    {1, 1, 2, 3, 50, 20, 5, 0, 0.2, false},     {4, 3, 2, 3, 50, 20, 5, 0, 0.2, false},
    {3, 7, 10, 1, 0, 0, 13, 0, 0.1, false},     {12, 5, 5, 5, 0, 20, 5, -0.1, 0.1, false},
    {6, 6, 0, 3, 50, 20, 5, 0, 0.2, false},     {6, 6, 2, 0, 50, 20, 5, 0, 0.2, false},
    {6, 6, 0, 0, 50, 20, 5, 0, 0.2, false},     {6, 6, 2, 0, 0, 0, 5, 0, 0.2, false},
    {6, 6, 0, 0, 0, 0, 5, 0, 0.2, false},       {5, 8, 100, 100, 100, 100, 5, 0, 0.3, false},
    {8, 8, 300, 300, 1e3, 1e3, 13, 0, 1, true}, {5, 4, 0, 200, 1e3, 0, 13, -0.5, 0.5, true},
};

static void test_against_newton(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        const size_t m = cases[c].rows, n = cases[c].columns;
        const struct lines_array a = {.rows = m,
                                      .columns = n,
                                      .row_ohm = cases[c].row_ohm,
                                      .column_ohm = cases[c].column_ohm,
                                      .driver_ohm = cases[c].driver_ohm,
                                      .sense_ohm = cases[c].sense_ohm};
        struct sinh_law law = random_law(m * n, cases[c].b);
        double factor[VECTORS], *volts = random_volts(VECTORS * m, cases[c].low, cases[c].high);
        for (size_t r = 0; r < VECTORS; r++)
            factor[r] = 0.9 + 0.2 * gsl_rng_uniform(rng);
        law.factor = factor;
        const struct lines_bent_devices devices = {sinh_of,       &law, cases[c].low,
                                                   cases[c].high, 0,    0.1};
        struct reading r = read_bent(&a, &devices, volts, 1e-13);
        double *expected = newton(&a, &law, VECTORS, volts);
        for (size_t k = 0; k < VECTORS * n; k++)
            ASSERT_NEAR(r.current[k], expected[k], 1e-10 * fabs(expected[k]) + 1e-18);
        assert_int_equal(r.factor > BENT_FACTOR_MOST, cases[c].newton);
        assert_int_equal(r.answer.steps == 0, cases[c].newton);
        assert_closed(&r);
        free(r.current);
        free(expected);
        free(volts);
        free(law.g);
    }
}

/* e of sinh is (cosh(b V) - 1)/(cosh(b V) + 1), and an ideal array has kappa = 0: any voltage is given.  One device
 * behind a resistance R has kappa = g_c R/(1 + g_c R). */
static void test_factor(void **state)
{
    (void)state;
    struct sinh_law law = {(double[]){100e-6}, 5, NULL};
    const struct lines_bent_devices devices = {sinh_of, &law, 0, 0.2, 0, 0};
    struct lines_array a = {.rows = 1, .columns = 1};
    const double bend = (cosh(1) - 1) / (cosh(1) + 1), g = 100e-6 * (cosh(1) + 1) / 2;
    for (double ohm = 0; ohm <= 1e6; ohm = ohm > 0 ? 10 * ohm : 100) {
        struct lines_bent *bent;
        struct error error = {{0}};
        a.driver_ohm = ohm;
        ASSERT_DONE(lines_bent_new(&a, &devices, &bent, &error), error);
        const double kappa = g * ohm / (1 + g * ohm), factor = lines_bent_factor(bent);
        assert_true(factor >= kappa * bend && factor <= 1.03 * kappa * bend);
        lines_bent_free(bent);
    }
}

/* At each tolerance the voltages, and so the power of the devices, are as near as was asked. */
static void test_tolerance(void **state)
{
    (void)state;
    const struct lines_array a = {.rows = 16,
                                  .columns = 16,
                                  .row_ohm = 5,
                                  .column_ohm = 5,
                                  .driver_ohm = 100,
                                  .sense_ohm = 100};
    struct sinh_law law = random_law(256, 5);
    double *volts = random_volts(VECTORS * 16, 0, 0.4);
    const struct lines_bent_devices devices = {sinh_of, &law, 0, 0.4, 0, 0};
    struct reading exact = read_bent(&a, &devices, volts, 1e-14);
    size_t steps = 0;
    for (double tolerance = 1e-2; tolerance > 1e-13; tolerance /= 100) {
        struct reading r = read_bent(&a, &devices, volts, tolerance);
        double worst = 0;
        for (size_t k = 0; k < VECTORS * 16; k++)
            worst = fmax(worst, fabs(r.current[k] / exact.current[k] - 1));
        assert_true(worst <= 4 * tolerance && r.answer.steps >= steps);
        steps = r.answer.steps;
        free(r.current);
    }
    assert_true(steps >= 3 && exact.factor > 0.1);
    free(exact.current);
    free(volts);
    free(law.g);
}

static void test_ohmic(void **state)
{
    (void)state;
    struct lines_array a = {
        .rows = 5, .columns = 9, .row_ohm = 2, .column_ohm = 3, .driver_ohm = 50, .sense_ohm = 20};
    struct sinh_law law = random_law(45, 0);
    double *volts = random_volts(VECTORS * 5, 0, 1);
    const struct lines_bent_devices devices = {sinh_of, &law, 0, 1, 0, 0};
    struct reading r = read_bent(&a, &devices, volts, 1e-12);
    struct lines_forms *f;
    struct error error = {{0}};
    a.g = law.g;
    ASSERT_DONE(lines_forms_new(&a, true, &f, &error), error);
    double power = 0;
    for (size_t k = 0; k < VECTORS; k++) {
        const double *v = volts + k * 5;
        for (size_t j = 0; j < 9; j++) {
            double sum = 0;
            for (size_t i = 0; i < 5; i++)
                sum += f->w[j * 5 + i] * v[i];
            ASSERT_NEAR(r.current[k * 9 + j], sum, 1e-14 * sum);
        }
        power += lines_forms_at(5, f->power[LINES_DEVICES], v);
    }
    ASSERT_NEAR(r.answer.power[LINES_DEVICES], power, 1e-13 * power);
    assert_true(r.answer.steps == 1 && r.factor == 0);
    lines_forms_free(f);
    free(r.current);
    free(volts);
    free(law.g);
}

/* A current that falls beyond 0.1 V. */
static void falling(void *data, const struct lines_bent_at *at, const double *v, double *current,
                    double *slope)
{
    (void)data;
    for (size_t r = 0; r < at->n; r++) {
        slope[r] = at->device == 4 && fabs(v[r]) > 0.1 ? -1e-6 : 1e-5;
        current[r] = 1e-5 * v[r];
    }
}

static void test_refused(void **state)
{
    (void)state;
    const struct lines_array a = {
        .rows = 2, .columns = 3, .row_ohm = 2, .column_ohm = 3, .driver_ohm = 50, .sense_ohm = 20};
    struct lines_array large = {.rows = 1 << 15,
                                .columns = 1 << 15,
                                .row_ohm = 2,
                                .column_ohm = 3,
                                .driver_ohm = 50,
                                .sense_ohm = 20},
                       bad = {.rows = 2,
                              .columns = 3,
                              .row_ohm = -2,
                              .column_ohm = 3,
                              .driver_ohm = 50,
                              .sense_ohm = 20};
    struct lines_bent_devices devices = {falling, NULL, 0, 0.2, 0, 0};
    struct lines_bent *bent;
    struct error error = {{0}};
    assert_int_equal(lines_bent_new(&a, &devices, &bent, &error), STATUS_NUMERICAL);
    assert_non_null(strstr(error.text, "device (2, 2)"));
    assert_null(bent);
    devices.high = 0.1;
    ASSERT_DONE(lines_bent_new(&a, &devices, &bent, &error), error);
    lines_bent_free(bent);
    assert_int_equal(lines_bent_new(&large, &devices, &bent, &error), STATUS_INPUT);
    assert_non_null(strstr(error.text, "GB"));
    assert_int_equal(lines_bent_new(&bad, &devices, &bent, &error), STATUS_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_newton), cmocka_unit_test(test_factor),
        cmocka_unit_test(test_tolerance),      cmocka_unit_test(test_ohmic),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
