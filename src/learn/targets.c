/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/targets.h"

#include "base/memory.h"
#include "base/random.h"
#include "circuit/classifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_MAX 64 /* of a layer */
#define INITIAL 0.3  /* weights start uniformly in [-INITIAL, INITIAL] */
#define RATE 0.5     /* step length */
#define MOMENTUM 0.9

struct activity {
    double signal[CLASSIFIER_LAYERS_MAX + 1][UNITS_MAX]; /* what the rows of a layer carry */
    double slope[CLASSIFIER_LAYERS_MAX][UNITS_MAX];
    double output;
};

/* Rows of the first layer are 0 or 1: their sums, and the gradient by their weights, are made of
 * the two halves of an image, each of which is one of a few patterns. */
#define HALF_BITS 5
#define HALF (1u << HALF_BITS)
struct halves {
    double part[2][HALF][UNITS_MAX];
};

static bool half_has(size_t half, unsigned pattern, size_t row)
{
    return row / HALF_BITS == half && (pattern >> (row % HALF_BITS) & 1);
}

/* Pattern of a half of an image: bit k is row half * HALF_BITS + k. */
static unsigned half_pattern(const struct targets_options *o, unsigned image, size_t half)
{
    unsigned pattern = 0;
    for (size_t k = 0; k < HALF_BITS && half * HALF_BITS + k < o->sizes[0]; k++)
        pattern |= (unsigned)image_pixel(image, half * HALF_BITS + k) << k;
    return pattern;
}

static void half_sums(const struct targets_options *o, const double *w, struct halves *h)
{
    const size_t n = o->sizes[1];
    for (size_t half = 0; half < 2; half++)
        for (unsigned p = 0; p < HALF; p++)
            for (size_t j = 0; j < n; j++) {
                h->part[half][p][j] = 0;
                for (size_t i = 0; i < o->sizes[0]; i++)
                    if (half_has(half, p, i))
                        h->part[half][p][j] += w[i * n + j];
            }
}

static void forward(const struct targets_options *o, const double *w, const double *low,
                    const double *high, struct activity *a)
{
    a->signal[0][0] = 0; /* the first layer's rows are in low and high */
    for (size_t l = 0; l < o->n_layers; l++) {
        const size_t m = o->sizes[l], n = o->sizes[l + 1];
        for (size_t j = 0; j < n; j++) {
            double s = l == 0 ? low[j] + high[j] : 0;
            for (size_t i = 0; i < m && l > 0; i++)
                s += w[i * n + j] * a->signal[l][i];
            const double h = transfer_value(&o->transfer[l], s, &a->slope[l][j]);
            a->signal[l + 1][j] = h - 0.5;
        }
        w += m * n;
    }
    a->output = a->signal[o->n_layers][0] + 0.5;
}

double targets_output(const struct targets_options *o, const double *weights, unsigned image)
{
    struct activity a;
    struct halves *h = NEW(1, struct halves);
    half_sums(o, weights, h);
    forward(o, weights, h->part[0][half_pattern(o, image, 0)],
            h->part[1][half_pattern(o, image, 1)], &a);
    free(h);
    return a.output;
}

/* Add factor * d(output)/dw to the gradient; of the first layer, to low[] and high[]. */
static void backward(const struct targets_options *o, const double *weights,
                     const struct activity *a, double factor, size_t n_weights, double *gradient,
                     double *low, double *high)
{
    double delta[UNITS_MAX], below[UNITS_MAX];
    const double *w = weights + n_weights;
    double *g = gradient + n_weights;
    delta[0] = factor;
    for (size_t l = o->n_layers; l-- > 0;) {
        const size_t m = o->sizes[l], n = o->sizes[l + 1];
        w -= m * n;
        g -= m * n;
        for (size_t j = 0; j < n; j++)
            delta[j] *= a->slope[l][j];
        for (size_t j = 0; j < n && l == 0; j++) {
            low[j] += delta[j];
            high[j] += delta[j];
        }
        for (size_t i = 0; i < m && l > 0; i++) {
            below[i] = 0;
            for (size_t j = 0; j < n; j++) {
                g[i * n + j] += delta[j] * a->signal[l][i];
                below[i] += delta[j] * w[i * n + j];
            }
        }
        for (size_t i = 0; i < m && l > 0; i++)
            delta[i] = below[i];
    }
}

static size_t n_steps(const struct targets_options *o)
{
    return o->steps ? o->steps : TARGETS_STEPS;
}

static void take_step(double *w, const double *gradient, double *velocity, size_t n_weights)
{
    for (size_t k = 0; k < n_weights; k++) {
        velocity[k] = MOMENTUM * velocity[k] - RATE * gradient[k];
        w[k] = fmin(1, fmax(-1, w[k] + velocity[k]));
    }
}

static double descend(const struct targets_options *o, double weight[IMAGE_CLASSES][IMAGE_COUNT],
                      size_t n_weights, double *w)
{
    const size_t steps = n_steps(o);
    double *gradient = NEW(n_weights, double), *velocity = NEW(n_weights, double), loss = 0;
    struct halves *sums = NEW(1, struct halves), *slopes = NEW(1, struct halves);
    unsigned char patterns[2][IMAGE_COUNT];
    const size_t n = o->sizes[1];
    for (unsigned image = 0; image < IMAGE_COUNT; image++)
        for (size_t half = 0; half < 2; half++)
            patterns[half][image] = (unsigned char)half_pattern(o, image, half);
    for (size_t step = 0; step <= steps; step++) {
        memset(gradient, 0, n_weights * sizeof *gradient);
        memset(slopes, 0, sizeof *slopes);
        half_sums(o, w, sums);
        loss = 0;
        for (unsigned image = 0; image < IMAGE_COUNT; image++) {
            const double p0 = weight[0][image], p1 = weight[1][image];
            if (p0 + p1 == 0)
                continue;
            struct activity a;
            const unsigned low = patterns[0][image], high = patterns[1][image];
            forward(o, w, sums->part[0][low], sums->part[1][high], &a);
            const double y = a.output;
            loss += p0 * y * y + p1 * (y - 1) * (y - 1);
            backward(o, w, &a, 2 * (p0 * y + p1 * (y - 1)), n_weights, gradient,
                     slopes->part[0][low], slopes->part[1][high]);
        }
        for (size_t i = 0; i < o->sizes[0]; i++)
            for (unsigned p = 0; p < HALF; p++)
                for (size_t j = 0; j < n && half_has(i / HALF_BITS, p, i); j++)
                    gradient[i * n + j] += slopes->part[i / HALF_BITS][p][j];
        take_step(w, gradient, velocity, step < steps ? n_weights : 0);
    }
    free(gradient);
    free(velocity);
    free(sums);
    free(slopes);
    return loss;
}

/* The same descent over drawn images, whose pixels are any numbers. */
static double descend_drawn(const struct targets_options *o, size_t n_weights, double *w)
{
    static const double none[UNITS_MAX];
    const size_t steps = n_steps(o);
    const struct image_set *set = o->drawn;
    double *gradient = NEW(n_weights, double), *velocity = NEW(n_weights, double), loss = 0;
    const size_t m = o->sizes[0], n = o->sizes[1];
    for (size_t step = 0; step <= steps; step++) {
        memset(gradient, 0, n_weights * sizeof *gradient);
        loss = 0;
        for (size_t k = 0; k < set->n; k++) {
            const double p0 = set->weight[0][k], p1 = set->weight[1][k], *x = set->pixels[k];
            double sums[UNITS_MAX] = {0}, slopes[UNITS_MAX] = {0}, unused[UNITS_MAX];
            struct activity a;
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < n; j++)
                    sums[j] += w[i * n + j] * x[i];
            forward(o, w, sums, none, &a);
            const double y = a.output;
            loss += p0 * y * y + p1 * (y - 1) * (y - 1);
            memset(unused, 0, n * sizeof *unused);
            backward(o, w, &a, 2 * (p0 * y + p1 * (y - 1)), n_weights, gradient, slopes, unused);
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < n; j++)
                    gradient[i * n + j] += slopes[j] * x[i];
        }
        take_step(w, gradient, velocity, step < steps ? n_weights : 0);
    }
    free(gradient);
    free(velocity);
    return loss;
}

void targets_train(const struct targets_options *o, double *weights, double *loss)
{
    double(*weight)[IMAGE_COUNT] = memory_new(IMAGE_CLASSES, sizeof *weight);
    images_weights(o->images, o->train_noise, weight);
    size_t n = 0;
    for (size_t l = 0; l < o->n_layers; l++)
        n += o->sizes[l] * o->sizes[l + 1];
    double *w = NEW(n, double);
    const size_t starts = o->starts ? o->starts : TARGETS_STARTS;
    *loss = INFINITY;
    for (uint32_t start = 0; start < starts; start++) {
        gsl_rng *rng = random_stream(o->seed, (uint32_t)starts * o->sample + start, RANDOM_WEIGHTS);
        for (size_t k = 0; k < n; k++)
            w[k] = INITIAL * (2 * gsl_rng_uniform(rng) - 1);
        gsl_rng_free(rng);
        const double found = o->drawn ? descend_drawn(o, n, w) : descend(o, weight, n, w);
        if (found < *loss) {
            *loss = found;
            memcpy(weights, w, n * sizeof *w);
        }
    }
    free(w);
    free(weight);
}
