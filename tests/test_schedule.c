/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules of a sweep on more workers than there are, against their bounds. */
#include "sweep/schedule.h"

#include "testing.h"

/* Bounds of any schedule: no more than workers/time, no more than 1/row; and this one comes within 2 %
 * of the lower of them, away from where they meet.  The 2 % are the begin and the end of 300 samples a
 * worker. */
static void test_schedule(void **state)
{
    (void)state;
    static const double equal[] = {5e-3}, mixed[] = {1e-3, 9e-3, 5e-3, 2e-3, 8e-3};
    static const size_t workers[] = {1, 2, 64, 2000};
    const struct schedule_costs costs = {1e-5, 0};
    for (size_t i = 0; i < COUNT(workers); i++)
        for (int m = 0; m < 2; m++) {
            const size_t n = 300 * workers[i];
            const struct schedule s =
                schedule_replay(workers[i], n, m ? COUNT(mixed) : 1, m ? mixed : equal, &costs);
            const double bound = fmin((double)workers[i] / 5e-3, 1 / costs.row);
            assert_true((double)n / s.wall <= bound * (1 + 1e-9));
            ASSERT_NEAR((double)n / s.wall / bound, 1, 0.02);
            ASSERT_NEAR(s.efficiency, 5e-3 * (double)n / s.wall / (double)workers[i], 1e-9);
            ASSERT_NEAR(s.coordinator, costs.row * (double)n / s.wall, 1e-9);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_schedule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
