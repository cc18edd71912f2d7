/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the devices of a crossbar see by its scheme: with ideal lines each of them is driven by known
 * voltages, and its state follows from the model's closed form. */
#include "base/spice_number.h"
#include "study/experiment/crossbar_testbench.h"
#include "testing.h"

#define AMPLITUDE 0.2
#define WIDTH 20e-3
#define READ_TIME 1e-4

static struct dopant *dopant;
static char *devices;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    devices = source_path("devices");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dopant_free(dopant);
    free(devices);
    return 0;
}

/* 2 x 2, one SET pulse a device (its target is out of reach of one, and the limit is one), after and
 * before which it is read.  Device k sees, while m is pulsed: all of V, `near` where they share a line,
 * `far` where they share none; and the read voltage whenever its row is read.  Edges of 10 ns of 20 ms;
 * drivers of 1 mohm.  1e-3 of the conductance: the event engine's tolerance of 1e-4 of a state a step
 * over nine phases. */
static void check(enum crossbar_scheme scheme, double near, double far)
{
    struct variation_source *source;
    struct variation variation;
    struct error error = {{0}};
    const struct variation_circuit circuit = {dopant, devices, TEMPERATURE_NOMINAL, NULL};
    ASSERT_DONE(variation_open(&variation_defaults, &circuit, &source, &error), error);
    ASSERT_DONE(variation_draw(source, 4, 0, (struct random_sample){1, 0}, &variation, &error),
                error);
    struct crossbar_testbench_options o = {.rows = 2,
                                           .columns = 2,
                                           .driver_ohm = 1e-3,
                                           .scheme = scheme,
                                           .dopant = dopant,
                                           .kelvin = TEMPERATURE_NOMINAL,
                                           .x0_max = 0.02,
                                           .program = program_defaults,
                                           .read_volt = 0.1,
                                           .read_time = READ_TIME,
                                           .edge = 1e-8,
                                           .engine = engine_find("event"),
                                           .solver = engine_defaults,
                                           .variation = &variation,
                                           .seed = 1};
    o.program.pulse_limit = 1;
    o.program.tolerance = 1e-4;
    o.program.amplitude_start[PROGRAM_SET] = AMPLITUDE;
    o.program.width = WIDTH;
    struct crossbar_testbench b;
    ASSERT_DONE(crossbar_testbench_run(&o, &b, &error), error);
    assert_int_equal(b.pulses[PROGRAM_SET], 4);
    double disturbed = 0; /* by what is done to the others */
    for (size_t k = 0; k < 4; k++) {
        double x = b.circuit->elements[b.devices[k]].x0, alone = x;
        for (size_t m = 0; m < 4; m++) {
            const bool row = k / 2 == m / 2, column = k % 2 == m % 2;
            const double volt = AMPLITUDE * (row && column ? 1 : row || column ? near : far);
            const double *c = dopant->constants;
            for (int read = 0; read < 2; read++) {
                x = dopant->model->jump(c, row ? 0.1 : 0, x, READ_TIME);
                if (read == 0)
                    x = dopant->model->jump(c, volt, x, WIDTH);
            }
            if (row && column)
                alone = dopant->model->jump(c, volt, alone, WIDTH);
        }
        const double g = dopant->model->current(dopant->constants, 0.1, x).f / 0.1;
        ASSERT_NEAR(b.done[k].end, g, 1e-3 * g);
        disturbed = fmax(disturbed, fabs(x / alone - 1));
    }
    assert_true(disturbed > 0.01); /* the law is seen at work */
    crossbar_testbench_free(&b);
    variation_free(&variation);
    variation_close(source);
}

static void test_half(void **state)
{
    (void)state;
    check(SCHEME_HALF, 0.5, 0);
}

static void test_third(void **state)
{
    (void)state;
    check(SCHEME_THIRD, 1. / 3, -1. / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_half), cmocka_unit_test(test_third)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
