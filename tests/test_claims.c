/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of the verdicts on claims: Holm's adjustment against a worked example, and each verdict from
 * figures made by hand. */
#include "study/claims/claims_figure.h"
#include "testing.h"

#include <math.h>

/* 0.005 of 4, 0.01 of 3, 0.03 of 2, and 0.04, which may not be less than the one before. */
static void test_holm(void **state)
{
    (void)state;
    double p[] = {0.01, 0.04, 0.03, 0.005};
    static const double adjusted[] = {0.03, 0.06, 0.06, 0.02};
    claim_holm(COUNT(p), p);
    for (size_t k = 0; k < COUNT(p); k++)
        ASSERT_NEAR(p[k], adjusted[k], 1e-15);
    double large[] = {0.7, 0.6};
    claim_holm(COUNT(large), large);
    ASSERT_NEAR(large[0], 1, 0);
    ASSERT_NEAR(large[1], 1, 0);
}

/* A figure whose interval is `low` to `high`. */
static struct figure of(double low, double high, double at_limit)
{
    return (struct figure){.interval = {0.5 * (low + high), low, high, 100}, .at_limit = at_limit};
}

static void test_verdicts(void **state)
{
    (void)state;
    struct claim_pair pairs[] = {{.variation = (char *)""},
                                 {.variation = (char *)"a=1"},
                                 {.variation = (char *)"b=2"},
                                 {.variation = (char *)"spread 1"},
                                 {.variation = (char *)"spread 2"}};
    struct claim claim = {.text = {.low = 1, .high = 2},
                          .n_pairs = 5,
                          .n_variations = 2,
                          .n_spreads = 2,
                          .pairs = pairs};
    static const struct {
        double low, high, at_limit, a, b, p;
        bool compare_only;
        const char *verdict;
    } cases[] = {
        {1.1, 1.3, NAN, 1.5, 1.9, 0.01, false, "consistent"},
        {1.1, 1.3, 0.9, 1.5, 1.9, 0.01, false, "consistent"},
        {1.1, 1.3, 0.91, 1.5, 1.9, 0.01, false, "saturated"},
        {1.1, 1.3, NAN, 1.5, 2.1, 0.01, false, "depends on b=2"},
        {1.1, 1.3, NAN, 0.9, 2.1, 0.01, false, "depends on a=1, b=2"},
        {1.1, 1.3, NAN, 1.5, 1.9, 0.06, false, "not testable"},
        {0.9, 1.3, NAN, 1.5, 1.9, 0.01, false, "not testable"},
        {0.2, 0.9, NAN, 0.5, 0.9, 0.01, false, "contradicted"},
        {2.2, 2.9, NAN, 1.5, 1.9, 0.01, false, "contradicted"},
        {2.2, 2.9, NAN, 1.5, 1.9, 0.2, false, "not testable"},
        {1.1, 1.3, NAN, 1.5, 1.9, 0.01, true, "not testable"},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const struct figure figures[] = {
            of(cases[k].low, cases[k].high, cases[k].at_limit), of(cases[k].a, cases[k].a, NAN),
            of(cases[k].b, cases[k].b, NAN), of(5, 5, 1), of(5, 5, 0.5)};
        claim.text.compare_only = cases[k].compare_only;
        char *verdict = claim_verdict(&claim, figures, cases[k].p);
        assert_string_equal(verdict, cases[k].verdict);
        free(verdict);
    }
    /* the least spread that is not at the limit, if one is not */
    const struct figure some[] = {of(1, 2, 1), of(1, 2, NAN), of(1, 2, NAN), of(1, 2, 0.95),
                                  of(1, 2, 0.9)},
                        none[] = {of(1, 2, 1), of(1, 2, NAN), of(1, 2, NAN), of(1, 2, 0.95),
                                  of(1, 2, 0.91)};
    assert_int_equal(claim_spread(&claim, some), 4);
    assert_int_equal(claim_spread(&claim, none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holm),
        cmocka_unit_test(test_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
