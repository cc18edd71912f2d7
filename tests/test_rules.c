/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What learning rules are made of, without a circuit: gradients against differences of the error,
 * the rules' signs and clips, drawn images against their distribution, the controller's instrument
 * against its definition, conductance errors against their moments. */
#include "base/random.h"
#include "learn/conductance_error.h"
#include "learn/gradient.h"
#include "learn/image_set.h"
#include "learn/instrument.h"
#include "learn/rule.h"
#include "learn/targets.h"
#include "learn_fixtures.h"
#include "rule_find.h"
#include "study/experiment/learning.h"
#include "testing.h"

#include <gsl/gsl_cdf.h>

/* Outputs of all neurons for these pixels, as gradient.h defines them. */
static double forward(const struct gradient_network *n, const double *w,
                      struct gradient_readings *r)
{
    for (size_t l = 0; l < n->n_layers; l++) {
        const size_t rows = n->sizes[l], columns = n->sizes[l + 1];
        for (size_t j = 0; j < columns; j++) {
            double s = 0, slope;
            for (size_t i = 0; i < rows; i++)
                s += w[i * columns + j] * (l == 0 ? r->pixels[i] : r->output[l - 1][i] - 0.5);
            r->output[l][j] = transfer_value(&n->transfer[l], s, &slope);
        }
        w += rows * columns;
    }
    return r->output[n->n_layers - 1][0];
}

/* d(y - 1)^2/dw by central differences, h = 1e-5, for gradients of 0.1 and more: the cubic's second
 * derivative jumps at its points, by less than 10, which costs h times the jump: 1e-4; truncation and
 * rounding are far below. */
static void test_gradient(void **state)
{
    (void)state;
    static const size_t shapes[][CLASSIFIER_LAYERS_MAX + 1] = {
        {9, 1}, {9, 3, 1}, {9, 5, 1}, {9, 4, 3, 1}};
    static const size_t layers[] = {1, 2, 2, 3};
    struct transfer transfer[] = {ideal_transfer(), ideal_transfer(), ideal_transfer()};
    gsl_rng *rng = random_stream(21, 0, RANDOM_TEST);
    for (size_t k = 0; k < COUNT(shapes); k++) {
        const struct gradient_network n = {
            .n_layers = layers[k], .sizes = shapes[k], .transfer = transfer};
        size_t n_weights = 0;
        for (size_t l = 0; l < layers[k]; l++)
            n_weights += shapes[k][l] * shapes[k][l + 1];
        for (int repeat = 0; repeat < 5; repeat++) {
            double w[64], gradient[64] = {0}, pixels[IMAGE_PIXELS], largest = 0;
            struct gradient_readings r = {.pixels = pixels};
            assert_true(n_weights <= COUNT(w));
            for (size_t i = 0; i < n_weights; i++)
                w[i] = 0.4 * gsl_rng_uniform(rng) - 0.2;
            for (size_t i = 0; i < IMAGE_PIXELS; i++)
                pixels[i] = 1.6 * gsl_rng_uniform(rng) - 0.3;
            const double y = forward(&n, w, &r);
            gradient_add(&n, w, &r, 2 * (y - 1), gradient);
            for (size_t i = 0; i < n_weights; i++) {
                const double h = 1e-5, middle = w[i];
                w[i] = middle + h;
                const double up = pow(forward(&n, w, &r) - 1, 2);
                w[i] = middle - h;
                const double down = pow(forward(&n, w, &r) - 1, 2);
                w[i] = middle;
                ASSERT_NEAR(gradient[i], (up - down) / (2 * h), 1e-4);
                largest = fmax(largest, fabs(gradient[i]));
            }
            assert_true(largest > 0.1);
        }
    }
    gsl_rng_free(rng);
    for (size_t l = 0; l < COUNT(transfer); l++)
        transfer_free(&transfer[l]);
}

/* A neuron at the end of its curve: no slope, and so no gradient, but for the least that is asked
 * for; the slope from an output is that at the s which gives it, to 1e-6 of 1.5. */
static void test_slope(void **state)
{
    (void)state;
    struct transfer t = ideal_transfer();
    for (double s = -0.9; s < 0.9; s += 0.0371) {
        double slope;
        const double h = transfer_value(&t, s, &slope);
        ASSERT_NEAR(transfer_slope_at(&t, h), slope, 2e-6);
    }
    ASSERT_NEAR(transfer_steepest(&t), 1.5, 0.02); /* 6/4, of a curve through points 0.025 apart */
    assert_true(transfer_slope_at(&t, 2) < 1e-3 && transfer_slope_at(&t, -2) < 1e-3);
    static const size_t sizes[] = {9, 1};
    static const double pixels[IMAGE_PIXELS] = {1}, w[IMAGE_PIXELS];
    const struct gradient_readings r = {.pixels = pixels, .output = {{1.5}}};
    struct gradient_network n = {.n_layers = 1, .sizes = sizes, .transfer = &t};
    double gradient[IMAGE_PIXELS] = {0};
    n.least_slope[0] = 0.25;
    gradient_add(&n, w, &r, 2, gradient);
    ASSERT_NEAR(gradient[0], 0.5, 1e-15);
    ASSERT_NEAR(gradient[1], 0, 0);
    transfer_free(&t);
}

/* Manhattan: against the sign, a full step whatever the size, nothing below the least share.  Delta:
 * -rate x gradient in units of the clip, which is never passed. */
static void test_changes(void **state)
{
    (void)state;
    struct learning_options o = learning_defaults;
    const struct rule *manhattan = rule_find("manhattan"), *delta = rule_find("delta");
    ASSERT_NEAR(manhattan->change(&o, 0, 1e-9, 1), -1, 0);
    ASSERT_NEAR(manhattan->change(&o, 0, -1, 1), 1, 0);
    ASSERT_NEAR(manhattan->change(&o, 0, 0, 1), 0, 0);
    ASSERT_NEAR(manhattan->change(&o, 0, 0, 0), 0, 0);
    ASSERT_NEAR(manhattan->change(&o, 2, 1, 1), -o.decay * o.decay, 1e-15);
    ASSERT_NEAR(manhattan->full(&o), o.step, 0);
    o.least = 0.1;
    ASSERT_NEAR(manhattan->change(&o, 0, 0.09, 1), 0, 0);
    ASSERT_NEAR(manhattan->change(&o, 0, 0.11, 1), -1, 0);
    ASSERT_NEAR(manhattan->change(&o, 0, 0.0009, 0.01), 0, 0); /* a share of the largest */
    ASSERT_NEAR(manhattan->change(&o, 0, 0.0011, 0.01), -1, 0);
    o.least = 0;
    o.rate = 3;
    o.clip = 0.15;
    ASSERT_NEAR(delta->full(&o), 0.15, 0);
    ASSERT_NEAR(delta->change(&o, 0, 0.01, 1) * delta->full(&o), -0.03, 1e-15);
    ASSERT_NEAR(delta->change(&o, 0, -0.02, 1) * delta->full(&o), 0.06, 1e-15);
    ASSERT_NEAR(delta->change(&o, 0, 1, 1), -1, 0);
    ASSERT_NEAR(delta->change(&o, 0, -1, 1), 1, 0);
    o.least = 0.5;
    ASSERT_NEAR(delta->change(&o, 0, 0.01, 1), 0, 0);
    assert_null(rule_find("hebb"));
    /* the key's choices are the table */
    size_t n = 0;
    for (; rule_table[n]; n++)
        assert_string_equal(learning_rules[n], rule_table[n]->name);
    assert_null(learning_rules[n]);
}

/* Drawn images: mean and variance of a pixel b under flips p and noise sigma are b + p (1 - 2b) and
 * p (1 - p) + sigma^2, to five deviations of their estimates (the driver's limits, six sigma away,
 * are not felt).  The weights are those of equal classes.  Without noise but flips the limit is that
 * of images.h. */
static void test_draws(void **state)
{
    (void)state;
    struct image_pair pair;
    struct error error;
    ASSERT_DONE(images_read("T/X", &pair, &error), error);
    const struct image_noise noise = {.flips = 0.1, .sigma = 0.05, .draws = 40000};
    struct image_set set;
    gsl_rng *rng = random_stream(22, 0, RANDOM_TEST);
    image_set_make(&pair, &noise, rng, &set);
    assert_int_equal(set.n, noise.draws);
    assert_false(set.exact);
    double weights = 0;
    for (size_t i = 0; i < IMAGE_PIXELS; i++)
        for (size_t class = 0; class < IMAGE_CLASSES; class ++) {
            double sum = 0, squares = 0;
            for (size_t k = 0; k < set.n; k++) {
                const double of = set.weight[class][k] * IMAGE_CLASSES;
                sum += of * set.pixels[k][i];
                squares += of * set.pixels[k][i] * set.pixels[k][i];
                weights += set.weight[class][k] / IMAGE_PIXELS;
            }
            const double b = image_pixel(pair.classes[class].prototypes[0], i), p = noise.flips,
                         variance = p * (1 - p) + 0.05 * 0.05, n = 0.5 * (double)set.n;
            ASSERT_NEAR(sum, b + p * (1 - 2 * b), 5 * sqrt(variance / n));
            /* fourth moment of a flip: p(1-p)(1 - 3p(1-p)) */
            const double fourth = p * (1 - p) * (1 - 3 * p * (1 - p)) + 0.01;
            ASSERT_NEAR(squares - sum * sum, variance, 5 * sqrt(fourth / n));
        }
    ASSERT_NEAR(weights, 1, 1e-9);
    image_set_free(&set);
    const struct image_noise flips = {.flips = 0.1, .draws = 40000};
    image_set_make(&pair, &flips, rng, &set);
    /* posteriors are between 1/2 and 1, with a deviation below 0.15 */
    ASSERT_NEAR(set.limit, images_limit(&pair, 0.1), 5 * 0.15 / sqrt(40000.));
    image_set_free(&set);
    const struct image_noise exact = {.flips = 0.1};
    image_set_make(&pair, &exact, NULL, &set);
    assert_true(set.exact && set.n == IMAGE_COUNT);
    ASSERT_NEAR(set.limit, images_limit(&pair, 0.1), 0);
    image_set_free(&set);
    gsl_rng_free(rng);
    images_free(&pair);
}

/* Two classes at a distance d in Gaussian noise: no classifier is better than Phi(d/(2 sigma)); four
 * pixels of T and X differ, d = 2.  Limiting the pixels loses information, so the limit of a set is
 * below it and above what the sum of the four pixels gives.  Five deviations of 40000 draws. */
static void test_gaussian_limit(void **state)
{
    (void)state;
    struct image_pair pair;
    struct error error;
    ASSERT_DONE(images_read("T/X", &pair, &error), error);
    const unsigned t = pair.classes[0].prototypes[0], x = pair.classes[1].prototypes[0];
    static const double sigmas[] = {0.3, 0.5, 0.8};
    double last = 1;
    for (size_t s = 0; s < COUNT(sigmas); s++) {
        const struct image_noise noise = {.sigma = sigmas[s], .draws = 40000};
        struct image_set set;
        gsl_rng *rng = random_stream(23, (uint32_t)s, RANDOM_TEST);
        image_set_make(&pair, &noise, rng, &set);
        gsl_rng_free(rng);
        unsigned char *decision = NEW(set.n, unsigned char);
        for (size_t k = 0; k < set.n; k++) {
            double votes = 0;
            for (size_t i = 0; i < IMAGE_PIXELS; i++) {
                assert_true(set.pixels[k][i] >= PIXEL_MIN && set.pixels[k][i] <= PIXEL_MAX);
                votes += (set.pixels[k][i] - 0.5) * (image_pixel(x, i) - (double)image_pixel(t, i));
            }
            decision[k] = votes > 0;
        }
        size_t right;
        const double accuracy = image_set_accuracy(&set, decision, &right),
                     slack = 5 * 0.5 / sqrt(40000.);
        ASSERT_NEAR(accuracy, (double)right / (double)set.n, 1e-9);
        assert_true(set.limit < gsl_cdf_ugaussian_P(1 / sigmas[s]) + slack);
        assert_true(set.limit > accuracy - slack);
        assert_true(set.limit < last && set.limit > 0.7);
        last = set.limit;
        free(decision);
        image_set_free(&set);
    }
    images_free(&pair);
}

/* n bits: 2^n levels with both ends among them, nothing further off than half a step inside, the end
 * beyond; of signed readings likewise.  An amplitude is a multiple of full scale/2^n, never 0. */
static void test_converters(void **state)
{
    (void)state;
    const struct instrument ideal = {0}, coarse = {.adc_bits = 3, .dac_bits = 4};
    ASSERT_NEAR(instrument_read(&ideal, NULL, 0.123, 1), 0.123, 0);
    ASSERT_NEAR(instrument_amplitude(&ideal, 0.123, 1), 0.123, 0);
    double last = -1;
    int levels = 0;
    for (double v = -0.2; v < 2.5; v += 0.001) {
        const double got = instrument_read(&coarse, NULL, v, 2);
        if (v >= 0 && v <= 2)
            ASSERT_NEAR(got, v, 0.5 * 2 / 7 + 1e-12);
        ASSERT_NEAR(got * 7 / 2, round(got * 7 / 2), 1e-12);
        levels += got > last;
        last = got;
    }
    assert_int_equal(levels, 8);
    ASSERT_NEAR(last, 2, 0);
    ASSERT_NEAR(instrument_read(&coarse, NULL, -1, 2), 0, 0);
    ASSERT_NEAR(instrument_read_signed(&coarse, NULL, -9, 2), -2, 0);
    ASSERT_NEAR(instrument_read_signed(&coarse, NULL, 9, 2), 2, 0);
    ASSERT_NEAR(instrument_read_signed(&coarse, NULL, 0.1, 2), 2. / 7, 1e-15);
    ASSERT_NEAR(instrument_amplitude(&coarse, 0.12, 1), 2. / 16, 1e-15);
    ASSERT_NEAR(instrument_amplitude(&coarse, 0.001, 1), 1. / 16, 1e-15);
    ASSERT_NEAR(instrument_amplitude(&coarse, 1, 1), 1, 0);
}

/* Relative noise: mean and deviation of 20000 readings, to five deviations of each estimate. */
static void test_read_noise(void **state)
{
    (void)state;
    enum { N = 20000 };
    const struct instrument noisy = {.read_noise = 0.05};
    gsl_rng *rng = random_stream(24, 0, RANDOM_TEST);
    double sum = 0, squares = 0;
    for (int k = 0; k < N; k++) {
        const double e = instrument_read(&noisy, rng, 3e-4, 1) / 3e-4 - 1;
        sum += e;
        squares += e * e;
    }
    gsl_rng_free(rng);
    ASSERT_NEAR(sum / N, 0, 5 * 0.05 / sqrt(N));
    ASSERT_NEAR(sqrt(squares / N), 0.05, 5 * 0.05 / sqrt(2. * N));
}

/* The state that has a conductance, to 1e-12 of it; and an error of 15 %: its mean and deviation over
 * 20000 draws, to five deviations of each estimate, for three materials.  At the ends of the range
 * about half of the draws are limited, and flagged. */
static void test_conductance_error(void **state)
{
    (void)state;
    enum { N = 20000 };
    static const char *const names[] = {"W", "Cr", "C"};
    char *devices = source_path("devices");
    gsl_rng *rng = random_stream(25, 0, RANDOM_TEST);
    for (size_t m = 0; m < COUNT(names); m++) {
        struct dopant *d;
        struct error error;
        bool beyond;
        ASSERT_DONE(dopant_read(names[m], devices, &d, &error), error);
        const double v = 0.1, x = 0.1, g = d->model->current(d->constants, v, x).f / v;
        ASSERT_NEAR(state_of_conductance(d, v, g, &beyond), x, 1e-12);
        assert_false(beyond);
        double sum = 0, squares = 0;
        int limited = 0;
        for (int k = 0; k < N; k++) {
            const double to = conductance_error(d, v, x, 0.15, rng, &beyond);
            const double e = d->model->current(d->constants, v, to).f / v / g - 1;
            assert_false(beyond);
            sum += e;
            squares += e * e;
            const double end = conductance_error(d, v, k % 2, 0.15, rng, &beyond);
            limited += beyond;
            assert_true(end >= 0 && end <= 1);
            if (beyond)
                ASSERT_NEAR(end, k % 2, 0);
        }
        ASSERT_NEAR(sum / N, 0, 5 * 0.15 / sqrt(N));
        ASSERT_NEAR(sqrt(squares / N), 0.15, 5 * 0.15 / sqrt(2. * N));
        ASSERT_NEAR(limited, N / 2., 5 * sqrt(N / 4.));
        dopant_free(d);
    }
    gsl_rng_free(rng);
    free(devices);
}

/* Targets over drawn images reach the limit but for what 300 draws do not tell: the majority vote of
 * the four pixels in which the classes differ is the best decision, and 300 images show each of its
 * patterns but the rarest, whose probability is below 2 %. */
static void test_drawn_targets(void **state)
{
    (void)state;
    struct image_pair pair;
    struct error error;
    ASSERT_DONE(images_read("T/X", &pair, &error), error);
    struct transfer transfer[2] = {ideal_transfer(), ideal_transfer()};
    static const size_t sizes[] = {9, 3, 1};
    const struct image_noise noise = {.flips = 0.1, .draws = 300};
    struct image_set set;
    gsl_rng *rng = random_stream(26, 0, RANDOM_TEST);
    image_set_make(&pair, &noise, rng, &set);
    gsl_rng_free(rng);
    struct targets_options o = {.n_layers = 2,
                                .sizes = sizes,
                                .transfer = transfer,
                                .images = &pair,
                                .train_noise = 0.1,
                                .drawn = &set,
                                .seed = 1};
    double w[30], other[30], loss;
    targets_train(&o, w, &loss);
    unsigned char decision[IMAGE_COUNT];
    for (unsigned image = 0; image < IMAGE_COUNT; image++)
        decision[image] = network_output(&o, w, image) > 0.5;
    assert_true(images_accuracy(&pair, 0.1, decision) > images_limit(&pair, 0.1) - 0.02);
    o.sample = 1;
    targets_train(&o, other, &loss);
    assert_memory_not_equal(w, other, sizeof w);
    image_set_free(&set);
    transfer_free(&transfer[0]);
    transfer_free(&transfer[1]);
    images_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),       cmocka_unit_test(test_slope),
        cmocka_unit_test(test_changes),        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_gaussian_limit), cmocka_unit_test(test_converters),
        cmocka_unit_test(test_read_noise),     cmocka_unit_test(test_conductance_error),
        cmocka_unit_test(test_drawn_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
