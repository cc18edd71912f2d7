/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles of a network whose counts are known by hand: images of 28 x 28, convolutions of 3 x 3 to 16 and 32
 * channels with pools of 2 between, 1568 to 64 to 10; 105,744 weights. */
#include "infer/tile_plan.h"
#include "testing.h"

static const struct matrix_layer layers[] = {
    {.groups = 1, .rows = 9, .columns = 16, .reads = 784},
    {.groups = 1, .rows = 144, .columns = 32, .reads = 196},
    {.groups = 1, .rows = 1568, .columns = 64, .reads = 1},
    {.groups = 1, .rows = 64, .columns = 10, .reads = 1},
};

static struct tile_plan total(const struct tile_form *form)
{
    struct tile_plan sum = {0};
    for (size_t k = 0; k < COUNT(layers); k++) {
        const struct tile_plan p = tile_plan_make(form, &layers[k]);
        sum.tiles += p.tiles;
        sum.devices += p.devices;
        sum.reads += p.reads;
        sum.conversions += p.conversions;
    }
    return sum;
}

static void test_sizes(void **state)
{
    static const struct {
        size_t side;
        double pairs;
    } sizes[] = {{32, 106}, {64, 30}, {128, 17}, {256, 10}};
    (void)state;
    for (size_t k = 0; k < COUNT(sizes); k++) {
        const struct tile_form form = {.rows = sizes[k].side, .columns = sizes[k].side};
        const struct tile_plan p = total(&form);
        ASSERT_NEAR(p.tiles, 2 * sizes[k].pairs, 0);
        ASSERT_NEAR(p.devices, 211488, 0);
        ASSERT_NEAR(p.reads, 982, 0);
    }
    /* 784 x 16 + 196 x 32 x 3 + 64 x 25 + 10 */
    struct tile_form form = {.rows = 64, .columns = 64};
    ASSERT_NEAR(total(&form).conversions, 32970, 0);
    form.subtract = TILE_DIGITAL;
    ASSERT_NEAR(total(&form).conversions, 65940, 0);
    form.fill = TILE_PAD;
    ASSERT_NEAR(total(&form).devices, 60 * 64 * 64, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
