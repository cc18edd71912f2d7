/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Newton's method around the static solver of crossbars: every model, a diode, what it refuses. */
#include "device/library/library.h"
#include "lines_array.h"

/* What the devices' slopes and currents leave: Kirchhoff's law of the nonlinear crossbar, for each
 * model of the table at random states.  Then the electrodes swapped, i(v) -> -i(-v), in the
 * transposed array at the opposite voltage: 1e-10 V, where slopes are 1e-5 S and sources 1 A. */
static void mirrored_law(void *data, size_t n, const double *v, double *current, double *slope)
{
    const struct lines_model *m = data;
    for (size_t k = 0; k < n; k++) {
        const struct model_value i = m->model->current(m->constants, -v[k], m->x[k]);
        current[k] = -i.f;
        slope[k] = i.df_dv;
    }
}

static enum status newton(struct array *a, lines_law *law, void *data, struct error *error)
{
    struct lines_problem p = problem(a);
    p.law = law;
    p.data = data;
    return lines_newton(a->lines, &p, TOLERANCE, &(struct lines_voltages){a->vr, a->vc}, &a->report,
                        error);
}

static void newton_of(const struct lines_model *model, const double *swapped_x)
{
    struct array a = array_new(12, 9, 2, 1), b = array_new(9, 12, 1, 2);
    struct error error = {{0}};
    randomize(&a);
    for (size_t k = 0; k < 108; k++) {
        const size_t t = k % 9 * 12 + k / 9;
        b.row_ground[t] = a.column_ground[k];
        b.column_ground[t] = a.row_ground[k];
        b.column_source[t] = -a.row_source[k];
    }
    struct lines_model swapped = *model;
    swapped.x = swapped_x;
    ASSERT_DONE(newton(&a, lines_model_law, (void *)model, &error), error);
    ASSERT_DONE(newton(&b, mirrored_law, &swapped, &error), error);
    for (size_t k = 0; k < 108; k++) {
        const size_t t = k % 9 * 12 + k / 9;
        const double v = a.vr[k] - a.vc[k];
        a.g[k] = v != 0 ? model->model->current(model->constants, v, model->x[k]).f / v : 0;
        ASSERT_NEAR(b.vc[t], -a.vr[k], 1e-10);
        ASSERT_NEAR(b.vr[t], -a.vc[k], 1e-10);
    }
    assert_kirchhoff(&a);
    assert_true(a.report.steps > 0 && a.report.residual <= TOLERANCE);
    array_free(&a);
    array_free(&b);
}

static void test_newton(void **state)
{
    (void)state;
    static const char *const dopants[] = {"Cr", "W", "mms-demo", "gmms-demo", "Cr-vteam"};
    char *devices = source_path("devices");
    for (size_t d = 0; d < COUNT(dopants); d++) {
        struct dopant *dopant;
        struct error error = {{0}};
        ASSERT_DONE(dopant_read(dopants[d], devices, &dopant, &error), error);
        double x[108], swapped[108];
        for (size_t k = 0; k < 108; k++)
            swapped[k % 9 * 12 + k / 9] = x[k] = gsl_rng_uniform(rng);
        const struct lines_model model = {dopant->model, dopant->constants, 0, x};
        newton_of(&model, swapped);
        dopant_free(dopant);
    }
    free(devices);
}

/* i = 1 nA (exp(v / 25.85 mV) - 1), a diode, at 1 V: from 0 V Newton's full step is 1e7 A off. */
static void diode(void *data, size_t n, const double *v, double *current, double *slope)
{
    (void)data;
    for (size_t k = 0; k < n; k++) {
        current[k] = 1e-9 * expm1(v[k] / 0.02585);
        slope[k] = 1e-9 / 0.02585 * exp(v[k] / 0.02585);
    }
}

static void falling(void *data, size_t n, const double *v, double *current, double *slope)
{
    (void)data;
    for (size_t k = 0; k < n; k++) {
        current[k] = k == 4 ? -1e-3 * v[k] : 1e-3 * v[k];
        slope[k] = k == 4 ? -1e-3 : 1e-3;
    }
}

/* One diode behind 3 + 3 ohm at 1 V, against bisection of its one equation; then a falling
 * characteristic is refused with its place. */
static void test_diode(void **state)
{
    (void)state;
    struct array a = array_new(1, 1, 1, 1), b = array_new(3, 3, 1, 1);
    struct error error = {{0}};
    drive_row(&a, 0, 1, 3);
    ground_columns(&a, 3);
    ASSERT_DONE(newton(&a, diode, NULL, &error), error);
    double low = 0, high = 1;
    for (int k = 0; k < 60; k++) {
        const double v = 0.5 * (low + high);
        *((1 - v) / 6 > 1e-9 * expm1(v / 0.02585) ? &low : &high) = v;
    }
    ASSERT_NEAR(a.vr[0] - a.vc[0], low, 1e-11);
    randomize(&b);
    assert_int_equal(newton(&b, falling, NULL, &error), STATUS_NUMERICAL);
    ASSERT_NAMES(error.text, "device (2, 2)");
    array_free(&a);
    array_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newton),
        cmocka_unit_test(test_diode),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
