/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converters by their tables of codes, energies of the survey's figures, and exact high quantiles. */
#include "base/random.h"
#include "infer/converter.h"
#include "infer/top_values.h"
#include "testing.h"

/* 3 bits, R = 1: codes at and beside every threshold that matters. */
static void test_adc(void **state)
{
    static const struct {
        double value;
        long code;
        bool clips;
    } cases[] = {{-1.2, -4, true},   {-1, -4, false},     {-0.9, -4, false},  {-0.875, -3, false},
                 {-0.63, -3, false}, {-0.126, -1, false}, {-0.125, 0, false}, {0, 0, false},
                 {0.1249, 0, false}, {0.125, 1, false},   {0.374, 1, false},  {0.375, 2, false},
                 {0.8749, 3, false}, {0.875, 3, true},    {5, 3, true}};
    const struct adc adc = {3, 1};
    (void)state;
    for (size_t k = 0; k < COUNT(cases); k++) {
        const double value = cases[k].value, wanted = (double)cases[k].code / 4;
        double five[] = {value, value, value, value, value}, sums[] = {0, 1, 2, 3, 4, 5};
        assert_int_equal(adc_code(&adc, value), cases[k].code);
        assert_int_equal(adc_convert(&adc, 5, -2, five, sums), cases[k].clips ? 5 : 0);
        for (size_t i = 0; i < 5; i++) {
            ASSERT_NEAR(five[i], wanted, 0);
            ASSERT_NEAR(sums[i], (double)i - 2 * wanted, 0);
        }
        ASSERT_NEAR(sums[5], 5, 0);
    }
    for (size_t k = 0; k < COUNT(cases);
         k++) { /* ranges 1, 10, 100; factors 1, 2, 3, of half size */
        const double range[] = {1, 10, 100}, factor[] = {1, 2, 3};
        const struct adc_row row = {3, 0.5, range, factor};
        double three[3], sums[] = {0, 1, 2};
        for (size_t i = 0; i < 3; i++)
            three[i] = range[i] * cases[k].value;
        assert_int_equal(adc_convert_row(&row, 3, three, sums), cases[k].clips ? 3 : 0);
        for (size_t i = 0; i < 3; i++) {
            ASSERT_NEAR(three[i], range[i] * (double)cases[k].code / 4, 0);
            ASSERT_NEAR(sums[i], (double)i + 0.5 * factor[i] * three[i], 0);
        }
    }
    /* R is a scale: the same codes for R = 10 uA */
    const struct adc micro = {3, 10e-6};
    assert_int_equal(adc_code(&micro, -6.3e-6), -3);
    assert_int_equal(adc_code(&micro, 3.74e-6), 1);
}

/* 3 bits at 0.1 V: 0, 14.2857 ... 100 mV; half of the largest is code 4. */
static void test_dac(void **state)
{
    (void)state;
    for (int code = 0; code <= 7; code++) {
        const double x[] = {2.0 * code / 7, 2.0 * (code - 0.49) / 7, 2.0 * (code + 0.49) / 7};
        double v[3];
        dac_convert(3, 2, 3, x, v);
        for (size_t k = 0; k < 3; k++)
            ASSERT_NEAR(0.1 * v[k], code * 0.0142857142857142857, 1e-16);
    }
    const double beyond[] = {-1, 1, 2, 2.5};
    double v[4];
    assert_int_equal(dac_convert(3, 2, 4, beyond, v), 2);
    ASSERT_NEAR(v[0], 0, 0);
    ASSERT_NEAR(v[1], 4.0 / 7, 1e-16);
    ASSERT_NEAR(v[3], 1, 0);
    assert_int_equal(dac_convert(0, 2, 4, beyond, v), 2);
    ASSERT_NEAR(v[3], 1.25, 0);
    assert_int_equal(dac_convert_signed(3, 2, 4, beyond, v), 1);
    assert_int_equal(dac_convert_signed(3, 1, 4, beyond, v), 2); /* -1 and 1 are the range itself */
    ASSERT_NEAR(v[0], -1, 0);
    ASSERT_NEAR(v[3], 1, 0);
}

/* 8.8 pJ at 8 bits, 5.3 pJ at 6, 44 pJ at 10. */
static void test_energy(void **state)
{
    (void)state;
    ASSERT_NEAR(adc_energy(8), 8.8e-12, 0.1e-12);
    ASSERT_NEAR(adc_energy(6), 5.3e-12, 0.1e-12);
    ASSERT_NEAR(adc_energy(10), 44e-12, 0.1e-12);
    ASSERT_NEAR(adc_energy(7), 128 * 83e-15, 1e-18);
    ASSERT_NEAR(adc_energy(9), 512 * 34e-15, 1e-18);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Against sorting all, or every seventh. */
static void test_quantile(void **state)
{
    static const double quantiles[] = {1, 0.9999, 0.999, 0.99, 0.5};
    gsl_rng *rng = random_stream(1, 0, RANDOM_TEST);
    double all[5000];
    (void)state;
    for (size_t total = 1; total <= COUNT(all); total = 7 * total + 3)
        for (size_t q = 0; q < 2 * COUNT(quantiles); q++) {
            const double quantile = quantiles[q / 2];
            const size_t every = q % 2 ? 7 : 1;
            struct top_values t;
            size_t n = 0;
            top_values_init(&t, quantile, total, every);
            for (size_t k = 0; k < total; k++) {
                const double v = floor(100 * gsl_rng_uniform(rng)) / 10;
                if (k % every == 0)
                    all[n++] = v;
                top_values_add(&t, v);
            }
            qsort(all, n, sizeof *all, by_size);
            const double place = quantile * (double)(n - 1);
            const size_t low = (size_t)place, high = low + 1 < n ? low + 1 : low;
            ASSERT_NEAR(top_values_quantile(&t),
                        all[low] + (place - (double)low) * (all[high] - all[low]), 1e-12);
            top_values_free(&t);
        }
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adc),
        cmocka_unit_test(test_dac),
        cmocka_unit_test(test_energy),
        cmocka_unit_test(test_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
