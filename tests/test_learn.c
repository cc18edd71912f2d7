/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning without a circuit: images against exact probabilities, write-verify programming against
 * its rules and on simulated devices, offline targets against the limit of any classifier. */
#include "base/random.h"
#include "learn/images.h"
#include "learn/latency.h"
#include "learn/program.h"
#include "learn/targets.h"
#include "learn_fixtures.h"
#include "testing.h"

static struct image_pair read_pair(const char *what)
{
    struct image_pair pair;
    struct error error;
    ASSERT_DONE(images_read(what, &pair, &error), error);
    return pair;
}

/* T = 111/010/010 and X = 101/010/101: bit 8 is the top left pixel; four pixels differ. */
static void test_letters(void **state)
{
    (void)state;
    struct image_pair pair = read_pair("t/X");
    assert_string_equal(pair.classes[0].name, "T");
    assert_int_equal(pair.classes[0].n, 1);
    const unsigned t = pair.classes[0].prototypes[0], x = pair.classes[1].prototypes[0];
    assert_int_equal(t, 0722); /* octal: a row a digit */
    assert_int_equal(x, 0525);
    assert_int_equal(__builtin_popcount(t ^ x), 4);
    assert_true(image_pixel(t, 0) && image_pixel(t, 1) && !image_pixel(t, 3));
    images_free(&pair);
}

/* Probability of an image: p^k (1 - p)^(9 - k) for k flipped pixels, halved for two equal classes.
 * All weights add up to 1.  The limit for two prototypes with four different pixels is
 * 1 - [4 p^3 (1 - p) + p^4 + 3 p^2 (1 - p)^2]: three or four of the four flipped, and half of the
 * ties at two; the best decision reaches it and its opposite misses by as much.  1e-14: rounding of
 * sums of 512. */
static void test_exact_accuracy(void **state)
{
    (void)state;
    struct image_pair pair = read_pair("T/X");
    static double weight[IMAGE_CLASSES][IMAGE_COUNT];
    static const double noises[] = {0, 0.05, 0.1, 0.15, 0.3, 0.5};
    for (size_t k = 0; k < COUNT(noises); k++) {
        const double p = noises[k], q = 1 - p;
        unsigned char best[IMAGE_COUNT], worst[IMAGE_COUNT];
        double sum = 0;
        images_weights(&pair, p, weight);
        for (unsigned image = 0; image < IMAGE_COUNT; image++) {
            double to[2];
            for (int c = 0; c < 2; c++) {
                const int flips = __builtin_popcount(image ^ pair.classes[c].prototypes[0]);
                ASSERT_NEAR(weight[c][image], 0.5 * pow(p, flips) * pow(q, 9 - flips), 1e-15);
                sum += weight[c][image];
                to[c] = flips;
            }
            best[image] = to[1] < to[0];
            worst[image] = !best[image];
        }
        const double limit = 1 - (4 * p * p * p * q + p * p * p * p + 3 * p * p * q * q);
        ASSERT_NEAR(sum, 1, 1e-14);
        ASSERT_NEAR(images_limit(&pair, p), limit, 1e-14);
        ASSERT_NEAR(images_accuracy(&pair, p, best), limit, 1e-14);
        ASSERT_NEAR(images_accuracy(&pair, p, worst), 1 - limit, 1e-14);
    }
    images_free(&pair);
}

/* Image files: several prototypes a class share its half of the probability; what is malformed
 * names file and line. */
static void test_image_files(void **state)
{
    (void)state;
    char *folder = folder_make();
    static const char good[] = "\nclass upright\r\n111\n010 \n010\n\n010\n010\n111\n\n"
                               "class crossed\n101\n010\n101\n\n\n";
    char *path = file_write(folder, "pair", good, strlen(good));
    struct image_pair pair = read_pair(path);
    assert_string_equal(pair.classes[0].name, "upright");
    assert_int_equal(pair.classes[0].n, 2);
    assert_int_equal(pair.classes[0].prototypes[1], 0227);
    static double weight[IMAGE_CLASSES][IMAGE_COUNT];
    images_weights(&pair, 0, weight);
    ASSERT_NEAR(weight[0][0227], 0.25, 0);
    ASSERT_NEAR(weight[1][0525], 0.5, 0);
    images_free(&pair);
    int failures = 0;
    for (size_t k = 0; k < COUNT(bad_images); k++) {
        free(path);
        path = file_write(folder, "pair", bad_images[k].text, strlen(bad_images[k].text));
        struct error error = {{0}};
        const enum status status = images_read(path, &pair, &error);
        const bool right = status == STATUS_INPUT && !pair.classes[0].prototypes &&
                           strstr(error.text, bad_images[k].part);
        if (!right)
            print_error("status %d, '%s' lacks '%s' for\n%s\n", (int)status, error.text,
                        bad_images[k].part, bad_images[k].text);
        failures += !right;
    }
    static const char *const bad[] = {"T/?", "T/T", "1/X", "", "/no/such/file", "/tmp"};
    for (size_t k = 0; k < COUNT(bad); k++) {
        struct error error = {{0}};
        assert_int_equal(images_read(bad[k], &pair, &error), STATUS_INPUT);
        assert_true(error.text[0] && !pair.classes[0].prototypes);
    }
    free(path);
    folder_remove(folder);
    assert_int_equal(failures, 0);
}

/* Feed readings in units of the target and compare the pulses asked for; amplitudes to rounding. */
static void play(struct programmer *p, const struct program_options *o, size_t n,
                 const struct expected_pulse *steps)
{
    programmer_start(p, o, 1e-4);
    for (size_t k = 0; k < n; k++) {
        struct program_pulse pulse = {0};
        const bool more = programmer_next(p, steps[k].reading * 1e-4, &pulse);
        if (more != (steps[k].amplitude > 0) ||
            (more && (pulse.direction != steps[k].direction ||
                      fabs(pulse.amplitude - steps[k].amplitude) > 1e-12 || pulse.width != 10e-3)))
            fail_msg("step %zu: %d, direction %d, %g V, %g s; expected direction %d, %g V", k, more,
                     (int)pulse.direction, pulse.amplitude, pulse.width, (int)steps[k].direction,
                     steps[k].amplitude);
    }
}

/* The rules of program.h, reading by reading. */
static void test_program_rules(void **state)
{
    (void)state;
    struct programmer p;
    struct program_options o = program_defaults;
    /* gaps in ln: a pulse from gap a to gap b closes (a - b)/a */
    const struct expected_pulse log_gap[] = {
        {exp(-2), PROGRAM_SET, 0.12},    /* the start */
        {exp(-1.42), PROGRAM_SET, 0.14}, /* closed 29 %: 20 mV more */
        {exp(-0.98), PROGRAM_SET, 0.14}, /* closed 31 %: the same */
        {exp(-0.99), PROGRAM_SET, 0.16}, /* lost ground */
        {exp(0.5), PROGRAM_RESET, 0.06}, /* overshot: SET back to 0.12 V, its step 10 mV */
        {exp(0.4), PROGRAM_RESET, 0.08}, /* 20 % */
        {exp(-0.3), PROGRAM_SET, 0.12},  /* overshot: RESET back to 0.04 V, step 10 mV */
        {exp(-0.25), PROGRAM_SET, 0.13}, /* 17 % */
        {exp(0.2), PROGRAM_RESET, 0.04}, /* SET back to 0.11 V, step 5 mV */
        {exp(0.19), PROGRAM_RESET, 0.05}, {1 - 0.0501, PROGRAM_SET, 0.11},
        {1 + 0.0499, PROGRAM_SET, 0}, /* within 5 % */
    };
    play(&p, &o, COUNT(log_gap), log_gap);
    assert_true(p.settled);
    assert_int_equal(p.pulses, COUNT(log_gap) - 1);
    /* |G/T - 1| from 0.8 to 0.6 closes 25 %, where ln G closes 43 % */
    const struct expected_pulse raised[] = {{0.2, PROGRAM_SET, 0.12}, {0.4, PROGRAM_SET, 0.14}};
    const struct expected_pulse kept[] = {{0.2, PROGRAM_SET, 0.12}, {0.4, PROGRAM_SET, 0.12}};
    play(&p, &o, 2, kept);
    o.gap = GAP_LINEAR;
    play(&p, &o, 2, raised);
    /* no current at all is a distance too */
    const struct expected_pulse zero[] = {{0, PROGRAM_SET, 0.12}, {0, PROGRAM_SET, 0.12 + 0.02}};
    play(&p, &o, 2, zero);
    o.gap = GAP_LOG;
    play(&p, &o, 1, zero);
}

/* A device that never moves: the amplitude rises by 20 mV to its limit, the pulses end at theirs,
 * unsettled. */
static void test_program_limits(void **state)
{
    (void)state;
    struct programmer p;
    struct program_pulse pulse;
    programmer_start(&p, &program_defaults, 1e-4);
    for (size_t k = 0; k < program_defaults.pulse_limit; k++) {
        assert_true(programmer_next(&p, 2e-4, &pulse));
        assert_int_equal(pulse.direction, PROGRAM_RESET);
        ASSERT_NEAR(pulse.amplitude, fmin(0.06 + 0.02 * (double)k, 1.0), 1e-12);
    }
    assert_false(programmer_next(&p, 2e-4, &pulse));
    assert_false(p.settled);
    assert_int_equal(p.pulses, 200);
}

/* A device that overshoots every time: steps halve down to 1 mV, the amplitude stays at 1 mV or
 * above, and from the sixth reversal on (20, 10, 5, 2.5, 1.25, 1 mV) the width halves down to its
 * floor, under amplitude+width only. */
static void test_program_floors(void **state)
{
    (void)state;
    for (int policy = POLICY_AMPLITUDE; policy <= POLICY_AMPLITUDE_WIDTH; policy++) {
        struct program_options o = program_defaults;
        o.policy = (enum program_policy)policy;
        struct programmer p;
        struct program_pulse pulse;
        programmer_start(&p, &o, 1e-4);
        double amplitude[2] = {0.12, 0.06}, step[2] = {0.02, 0.02}, width[2] = {10e-3, 10e-3};
        int reversals[2] = {0};
        for (int k = 0; k < 60; k++) {
            const int d = k % 2;
            if (k > 0) { /* the other direction overshot */
                amplitude[!d] = fmax(amplitude[!d] - 2 * step[!d], 1e-3);
                step[!d] = fmax(step[!d] / 2, 1e-3);
                if (++reversals[!d] > 5 && policy == POLICY_AMPLITUDE_WIDTH)
                    width[!d] = fmax(width[!d] / 2, 10e-6);
            }
            assert_true(programmer_next(&p, d ? 2e-4 : 0.5e-4, &pulse));
            assert_int_equal(pulse.direction, d ? PROGRAM_RESET : PROGRAM_SET);
            ASSERT_NEAR(pulse.amplitude, amplitude[d], 1e-12);
            ASSERT_NEAR(pulse.width, width[d], 1e-12);
        }
        ASSERT_NEAR(pulse.width, policy == POLICY_AMPLITUDE ? 10e-3 : 10e-6, 1e-12);
    }
}

/* The default policy settles every device at random targets in its window: 50 each of the three
 * materials, the exact law with 500 ohm in series, and then the reading is within the tolerance. */
static void test_program_devices(void **state)
{
    (void)state;
    static const char *const names[] = {"W", "Cr", "C"};
    char *devices = source_path("devices");
    gsl_rng *rng = random_stream(9, 0, RANDOM_TEST);
    for (size_t m = 0; m < COUNT(names); m++) {
        struct dopant *d;
        struct error error;
        ASSERT_DONE(dopant_read(names[m], devices, &d, &error), error);
        size_t pulses = 0;
        for (int n = 0; n < 50; n++) {
            const double target = d->g_min + (d->g_max - d->g_min) * gsl_rng_uniform(rng);
            double x = 0.02 * gsl_rng_uniform(rng);
            struct programmer p;
            struct program_pulse pulse;
            programmer_start(&p, &program_defaults, target);
            while (programmer_next(&p, branch_conductance(d, x), &pulse))
                x = branch_pulse(
                    d, x, pulse.direction == PROGRAM_SET ? pulse.amplitude : -pulse.amplitude,
                    pulse.width);
            if (!p.settled)
                fail_msg("%s does not settle at %g S", names[m], target);
            ASSERT_NEAR(branch_conductance(d, x) / target, 1, program_defaults.tolerance);
            pulses += p.pulses;
        }
        assert_in_range(pulses, 50, 50 * 40); /* not by luck, not by exhaustion */
        dopant_free(d);
    }
    gsl_rng_free(rng);
    free(devices);
}

static double loss_of(const struct targets_options *o, const double *w)
{
    static double weight[IMAGE_CLASSES][IMAGE_COUNT];
    images_weights(o->images, o->train_noise, weight);
    double loss = 0;
    for (unsigned image = 0; image < IMAGE_COUNT; image++) {
        const double y = network_output(o, w, image);
        loss += weight[0][image] * y * y + weight[1][image] * (y - 1) * (y - 1);
    }
    return loss;
}

/* With the ideal sigmoid h = s(6 s): the loss is the expectation in targets.h (rounding); weights
 * lie within [-1, 1]; descent has arrived, that is, by central differences no weight can improve
 * the loss by more than 1e-3 a unit (at the start: 0.1), or only by leaving [-1, 1]; the decisions
 * reach the limit of any classifier to 1e-3; same seed, same bytes; other seed, other weights. */
static void test_targets(void **state)
{
    (void)state;
    struct image_pair pair = read_pair("T/X");
    struct transfer transfer[2] = {ideal_transfer(), ideal_transfer()};
    static const size_t sizes[] = {9, 3, 1};
    double before[30] = {0};
    for (uint64_t seed = 1; seed <= 5; seed++) {
        const struct targets_options o = {.n_layers = 2,
                                          .sizes = sizes,
                                          .transfer = transfer,
                                          .images = &pair,
                                          .train_noise = 0.1,
                                          .seed = seed};
        double w[30], again[30], loss, same_loss;
        targets_train(&o, w, &loss);
        ASSERT_NEAR(loss, loss_of(&o, w), 1e-12);
        for (int k = 0; k < 30; k++) {
            assert_true(w[k] >= -1 && w[k] <= 1);
            double moved[30];
            const double h = 1e-5;
            memcpy(moved, w, sizeof moved);
            moved[k] = w[k] + h;
            double slope = loss_of(&o, moved);
            moved[k] = w[k] - h;
            slope = (slope - loss_of(&o, moved)) / (2 * h);
            if (!(fabs(slope) < 1e-3 || (w[k] == 1 && slope < 0) || (w[k] == -1 && slope > 0)))
                fail_msg("seed %d: dE/dw%d = %g at w = %g", (int)seed, k, slope, w[k]);
        }
        unsigned char decision[IMAGE_COUNT];
        for (unsigned image = 0; image < IMAGE_COUNT; image++)
            decision[image] = network_output(&o, w, image) > 0.5;
        ASSERT_NEAR(images_accuracy(&pair, 0.1, decision), images_limit(&pair, 0.1), 1e-3);
        if (seed < 3) {
            targets_train(&o, again, &same_loss);
            assert_memory_equal(w, again, sizeof w);
            assert_true(loss == same_loss);
        }
        assert_memory_not_equal(w, before, sizeof w);
        memcpy(before, w, sizeof w);
    }
    transfer_free(&transfer[0]);
    transfer_free(&transfer[1]);
    images_free(&pair);
}

/* Slope against central differences (h = 1e-6: 1e-7 of truncation and rounding), through the
 * measured points, constant outside, monotone; the sigmoid between its points to 1e-3. */
static void test_transfer(void **state)
{
    (void)state;
    struct transfer t = ideal_transfer();
    gsl_rng *rng = random_stream(10, 0, RANDOM_TEST);
    double slope, unused;
    for (int k = 0; k < 1000; k++) {
        const double s = 3.9 * gsl_rng_uniform(rng) - 1.95, h = 1e-6;
        const double y = transfer_value(&t, s, &slope);
        const double difference =
            (transfer_value(&t, s + h, &unused) - transfer_value(&t, s - h, &unused)) / (2 * h);
        ASSERT_NEAR(slope, difference, 1e-4);
        assert_true(slope >= 0);
        ASSERT_NEAR(y, 1 / (1 + exp(-6 * s)), 1e-3);
    }
    for (size_t i = 0; i < t.curve.transfer.n; i++)
        ASSERT_NEAR(transfer_value(&t, t.curve.transfer.x[i], &slope), t.curve.transfer.y[i],
                    1e-15);
    ASSERT_NEAR(transfer_value(&t, 5, &slope), t.curve.transfer.y[t.curve.transfer.n - 1], 0);
    assert_true(slope == 0);
    ASSERT_NEAR(transfer_value(&t, -5, &slope), t.curve.transfer.y[0], 0);
    assert_true(slope == 0);
    /* many at once are the same numbers, whatever registers they are computed in */
    double at[203], h[COUNT(at)], slopes[COUNT(at)];
    for (size_t k = 0; k < COUNT(at); k++)
        at[k] = k == 0 ? NAN : -2.5 + 0.0247 * (double)k;
    transfer_values(&t, COUNT(at), at, h, slopes);
    for (size_t k = 0; k < COUNT(at); k++) {
        ASSERT_NEAR(h[k], transfer_value(&t, at[k], &slope), 0);
        ASSERT_NEAR(slopes[k], slope, 0);
    }
    gsl_rng_free(rng);
    transfer_free(&t);
}

/* v = end + a e^(-t/tau) from the wrong side of signal ground: the decision stands at tau ln(a/(end
 * - ground)), the output is within 1 % of the swing (0.6 mV) at tau ln(a/0.6 mV); both to 0.01 of
 * a step of the samples, as lines between them miss an exponential by (step/tau)/8 of a step, 6e-5.  The longest of several images counts, and only points of the image itself. */
static void test_latency(void **state)
{
    (void)state;
    static const struct {
        double end, a, tau;
    } images[] = {{0.02, -0.05, 2e-6}, {-0.03, 0.04, 1e-6}, {0.03, 0.0001, 1e-6}};
    struct latency l;
    latency_start(&l, 1, NEURON_GROUND);
    const double step = 1e-9; /* 40000 of them are 20 tau: the last value is the end's to 1e-10 */
    for (size_t k = 0; k < COUNT(images); k++) {
        const double begin = 0.5 + (double)k;
        for (int i = 1; i <= 40000; i++) {
            const double after = step * i;
            const double values[2] = {99, NEURON_GROUND + images[k].end +
                                              images[k].a * exp(-after / images[k].tau)};
            latency_take(&l, &(struct interval){.t0 = begin + step * (i - 1),
                                                .t1 = begin + after,
                                                .values = values,
                                                .ends_phase = i == 40000});
        }
        ASSERT_NEAR(l.decision, 2e-6 * log(0.05 / 0.02), 0.01 * step);
        ASSERT_NEAR(l.settling, 2e-6 * log(0.05 / 0.0006), 0.01 * step);
    }
    latency_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters),         cmocka_unit_test(test_exact_accuracy),
        cmocka_unit_test(test_image_files),     cmocka_unit_test(test_program_rules),
        cmocka_unit_test(test_program_limits),  cmocka_unit_test(test_program_floors),
        cmocka_unit_test(test_program_devices), cmocka_unit_test(test_targets),
        cmocka_unit_test(test_transfer),        cmocka_unit_test(test_latency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
