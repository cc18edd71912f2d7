/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Level-1 MOS: what any transistor keeps (Kirchhoff, symmetry, scaling), known values by hand, and
 * derivatives.  test_device_law compares it with ngspice. */
#include "device/mos1.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DRAIN, GATE, SOURCE, BULK };

#define VT 0.025864925786328753 /* kT/q at 300.15 K [V] */
#define GMIN 1e-12              /* [S] */
#define N_RANDOM 5000

static const struct mos1_model models[] = {
    {.type = 1, .vto = 0.5, .kp = 170e-6, .lambda = 0.08, .phi = 0.6, .is = 1e-14},
    {.type = -1, .vto = -0.65, .kp = 58e-6, .lambda = 0.10, .phi = 0.6, .is = 1e-14},
    {.type = 1, .vto = 0.7, .kp = 110e-6, .lambda = 0.04, .gamma = 0.4, .phi = 0.7, .is = 1e-15},
    {.type = -1, .vto = -0.7, .kp = 50e-6, .lambda = 0.05, .gamma = 0.57, .phi = 0.8, .is = 1e-15},
};
#define N_MODELS (sizeof models / sizeof models[0])

/* Currents into the four terminals [A] and, for each, its derivatives by the terminal voltages [S]. */
struct mos1_value {
    double i[4];
    double di_dv[4][4];
};

static struct mos1_value mos1_evaluate(const struct mos1_model *model,
                                       const struct mos1_geometry *geometry, double vt, double gmin,
                                       const double v[4])
{
    const struct mos1_device p = mos1_prepare(model, geometry, vt, gmin);
    struct mos1_value r = {0};
    r.i[DRAIN] = mos1_channel_current(&p, v);
    r.i[SOURCE] = -r.i[DRAIN];
    if (mos1_channel_conductances(&p, v, r.di_dv[DRAIN]))
        for (int k = 0; k < 4; k++)
            r.di_dv[SOURCE][k] = -r.di_dv[DRAIN][k];

    static const int junctions[2] = {DRAIN, SOURCE};
    for (int k = 0; k < 2; k++) {
        const int t = junctions[k];
        const double i = mos1_diode_current(&p, v[BULK] - v[t]),
                     g = mos1_diode_conductance(&p, v[BULK] - v[t]) + gmin;
        r.i[BULK] += i;
        r.i[t] -= i;
        r.di_dv[BULK][BULK] += g;
        r.di_dv[BULK][t] -= g;
        r.di_dv[t][BULK] -= g;
        r.di_dv[t][t] += g;
    }
    return r;
}

static unsigned short seed[3] = {4, 5, 6};

/* Terminal voltages of a transistor in use: any order, bulk diodes at most 0.5 V forward. */
static void random_voltages(const struct mos1_model *m, double v[4])
{
    for (int k = 0; k < 4; k++)
        v[k] = 3.3 * erand48(seed);
    double low = fmin(v[DRAIN] * m->type, v[SOURCE] * m->type);
    v[BULK] = m->type * (low + 0.5 - 3.5 * erand48(seed));
}

static void assert_close(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%.17g, expected %.17g +- %.3g", got, wanted, tolerance);
}

/* NMOS, vto 0.5, kp 170u, lambda 0.08, w/l 10, m 2, by hand: beta = 3.4e-3 A/V^2.
 * Saturation at vgs 1, vds 2: beta/2 0.25 1.16.  Triode at vgs 1.5, vds 0.5: beta 0.5 0.75 1.04.
 * Cut-off at vgs 0.4.  The bulk diode of the drain adds gmin vds + m is.  Tolerance: rounding. */
static void test_known_values(void **state)
{
    (void)state;
    const struct mos1_geometry g = {.w = 10e-6, .l = 1e-6, .m = 2};
    double i[4], leak = 2e-14;
    mos1_currents(&models[0], &g, VT, GMIN, (double[4]){2, 1, 0, 0}, i);
    assert_close(i[DRAIN], 3.4e-3 / 2 * 0.25 * 1.16 + 2e-12 + leak, 1e-18);
    assert_true(i[GATE] == 0);
    mos1_currents(&models[0], &g, VT, GMIN, (double[4]){.5, 1.5, 0, 0}, i);
    assert_close(i[DRAIN], 3.4e-3 * 0.5 * 0.75 * 1.04 + .5e-12 + leak, 1e-18);
    mos1_currents(&models[0], &g, VT, GMIN, (double[4]){2, .4, 0, 0}, i);
    assert_close(i[DRAIN], 2e-12 + leak, 1e-25);
    /* body effect: gamma 0.4, phi 0.7, vsb 1: threshold 0.7 + 0.4 (sqrt 1.7 - sqrt 0.7) */
    const struct mos1_geometry one = {.w = 1e-6, .l = 1e-6, .m = 1};
    double vov = 2 - 0.7 - 0.4 * (1.3038404810405297 - 0.8366600265340756);
    mos1_currents(&models[2], &one, VT, 0, (double[4]){3, 2, 0, -1}, i);
    assert_close(i[DRAIN], 110e-6 / 2 * vov * vov * 1.12 + 1e-15, 1e-18);
    /* forward diode: is (e^(0.4/vt) - 1) into the bulk, twice */
    mos1_currents(&models[2], &one, VT, 0, (double[4]){0, 0, 0, .4}, i);
    assert_close(i[BULK], 2e-15 * expm1(.4 / VT), 1e-18 * i[BULK] * 1e6);
}

/* Charge does not pile up: currents into the four terminals add to nothing, and neither does a
 * common shift of all voltages change them.  Tolerance: rounding of the largest term. */
static void test_kirchhoff(void **state)
{
    (void)state;
    const struct mos1_geometry g = {.w = 3e-6, .l = 1e-6, .m = 4};
    for (size_t m = 0; m < N_MODELS; m++)
        for (int n = 0; n < N_RANDOM; n++) {
            double v[4];
            random_voltages(&models[m], v);
            struct mos1_value r = mos1_evaluate(&models[m], &g, VT, GMIN, v);
            double sum = 0, size = 0;
            for (int t = 0; t < 4; t++) {
                sum += r.i[t];
                size = fmax(size, fabs(r.i[t]));
            }
            assert_close(sum, 0, 4e-16 * size);
            for (int t = 0; t < 4; t++) {
                double row = 0, column = 0, row_size = 0, column_size = 0;
                for (int k = 0; k < 4; k++) {
                    row += r.di_dv[t][k];
                    column += r.di_dv[k][t];
                    row_size = fmax(row_size, fabs(r.di_dv[t][k]));
                    column_size = fmax(column_size, fabs(r.di_dv[k][t]));
                }
                assert_close(row, 0, 1e-15 * row_size);
                assert_close(column, 0, 1e-15 * column_size);
            }
        }
}

/* Source and drain are one another's names: exchanged voltages give exchanged currents, exactly.
 * A PMOS is an NMOS with all voltages and currents reversed, exactly. */
static void test_symmetry(void **state)
{
    (void)state;
    const struct mos1_geometry g = {.w = 3e-6, .l = 1e-6, .m = 1};
    for (size_t m = 0; m < N_MODELS; m++)
        for (int n = 0; n < N_RANDOM; n++) {
            double v[4], i[4], j[4];
            random_voltages(&models[m], v);
            mos1_currents(&models[m], &g, VT, GMIN, v, i);
            const double w[4] = {v[SOURCE], v[GATE], v[DRAIN], v[BULK]};
            mos1_currents(&models[m], &g, VT, GMIN, w, j);
            assert_true(i[DRAIN] == j[SOURCE] && i[SOURCE] == j[DRAIN]);
            assert_close(i[BULK], j[BULK], 1e-15 * fabs(i[BULK]));
            struct mos1_model other = models[m];
            other.type = -other.type;
            other.vto = -other.vto;
            const double u[4] = {-v[0], -v[1], -v[2], -v[3]};
            mos1_currents(&other, &g, VT, GMIN, u, j);
            for (int t = 0; t < 4; t++)
                assert_true(i[t] == -j[t]);
        }
}

/* Derivatives against central differences.  The largest error of a difference over step h is the
 * diode's h^2/(6 vt^2) of its slope, 2.5e-8 for h = 1e-5 V, and rounding of i over h.  Points
 * within h of vds = 0 or of the diodes' -3 vt are left out; a few lie within h of vov = 0 or vov =
 * vds, where the slope bends by up to beta h. */
static void test_jacobian(void **state)
{
    (void)state;
    const struct mos1_geometry g = {.w = 3e-6, .l = 1e-6, .m = 1};
    const double h = 1e-5;
    int used = 0, corners = 0;
    for (size_t m = 0; m < N_MODELS; m++)
        for (int n = 0; n < N_RANDOM; n++) {
            double v[4], up[4], down[4];
            random_voltages(&models[m], v);
            double u1 = models[m].type * (v[BULK] - v[DRAIN]) + 3 * VT;
            double u2 = models[m].type * (v[BULK] - v[SOURCE]) + 3 * VT;
            if (fmin(fabs(v[DRAIN] - v[SOURCE]), fmin(fabs(u1), fabs(u2))) < 2 * h)
                continue;
            struct mos1_value r = mos1_evaluate(&models[m], &g, VT, GMIN, v);
            used++;
            for (int k = 0; k < 4; k++) {
                double w[4] = {v[0], v[1], v[2], v[3]};
                w[k] = v[k] + h;
                mos1_currents(&models[m], &g, VT, GMIN, w, up);
                w[k] = v[k] - h;
                mos1_currents(&models[m], &g, VT, GMIN, w, down);
                for (int t = 0; t < 4; t++) {
                    double wanted = (up[t] - down[t]) / (2 * h);
                    double tolerance = 1e-7 * fabs(wanted) + 1e-15 * fabs(r.i[t]) / h;
                    corners += !(fabs(r.di_dv[t][k] - wanted) <= tolerance);
                    assert_close(r.di_dv[t][k], wanted, tolerance + models[m].kp * 3 * h);
                }
            }
        }
    assert_true(used > (int)N_MODELS * N_RANDOM * 9 / 10);
    assert_true(corners <= 8); /* of 16 x 20 000 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_kirchhoff),
        cmocka_unit_test(test_symmetry),
        cmocka_unit_test(test_jacobian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
