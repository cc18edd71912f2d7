/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All images go through the network together, unit after unit, so that the loops run over images. */
#include "learn/targets.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/wide.h"
#include "circuit/classifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INITIAL 0.3 /* weights start uniformly in [-INITIAL, INITIAL] */
#define RATE 0.5    /* step length */
#define MOMENTUM 0.9

/* A half of a binary image is one of few patterns, so the first layer's weighted sums, and the sums of
 * slopes over images, are formed once for each pattern of each half instead of for each image. */
#define HALF_BITS 5
#define HALF (1u << HALF_BITS)

/* Signals of all n images in the network of one set of weights.  Rows of n numbers, a row for each unit. */
struct batch {
    const struct targets_options *o;
    size_t n;
    double *weight[IMAGE_CLASSES];             /* n each: probability with the class */
    double *pixels;                            /* sizes[0] rows; NULL: binary ones, by patterns */
    int *pattern[2];                           /* n each, of its halves */
    double *sums[2], *slopes[2];               /* sizes[1] rows of HALF each */
    double *signal[CLASSIFIER_LAYERS_MAX + 1]; /* [l]: sizes[l] rows: what layer l's rows carry */
    double *slope[CLASSIFIER_LAYERS_MAX];      /* [l]: sizes[l + 1] rows */
    double *delta[CLASSIFIER_LAYERS_MAX];      /* [l]: likewise, of the loss by the units' sums */
    double *scratch;                           /* n */
};

static bool half_has(size_t half, unsigned pattern, size_t row)
{
    return row / HALF_BITS == half && (pattern >> (row % HALF_BITS) & 1);
}

/* Pattern of a half of an image: bit k is row half * HALF_BITS + k. */
static int half_pattern(const struct targets_options *o, unsigned image, size_t half)
{
    unsigned pattern = 0;
    for (size_t k = 0; k < HALF_BITS && half * HALF_BITS + k < o->sizes[0]; k++)
        pattern |= (unsigned)image_pixel(image, half * HALF_BITS + k) << k;
    return (int)pattern;
}

static void batch_new(struct batch *b, const struct targets_options *o, size_t n)
{
    *b = (struct batch){.o = o, .n = n, .scratch = NEW(n, double)};
    for (size_t class = 0; class < IMAGE_CLASSES; class ++)
        b->weight[class] = NEW(n, double);
    for (size_t l = 0; l < o->n_layers; l++) {
        const size_t count = o->sizes[l + 1] * n;
        b->signal[l + 1] = NEW(count, double);
        b->slope[l] = NEW(count, double);
        b->delta[l] = NEW(count, double);
    }
    for (size_t half = 0; half < 2; half++) {
        b->pattern[half] = NEW(n, int);
        b->sums[half] = NEW(o->sizes[1] * HALF, double);
        b->slopes[half] = NEW(o->sizes[1] * HALF, double);
    }
}

static void batch_free(struct batch *b)
{
    for (size_t class = 0; class < IMAGE_CLASSES; class ++)
        free(b->weight[class]);
    for (size_t l = 0; l < b->o->n_layers; l++) {
        free(b->signal[l + 1]);
        free(b->slope[l]);
        free(b->delta[l]);
    }
    for (size_t half = 0; half < 2; half++) {
        free(b->pattern[half]);
        free(b->sums[half]);
        free(b->slopes[half]);
    }
    free(b->pixels);
    free(b->scratch);
}

static void add_image(struct batch *b, unsigned image, double p0, double p1)
{
    b->weight[0][b->n] = p0;
    b->weight[1][b->n] = p1;
    for (size_t half = 0; half < 2; half++)
        b->pattern[half][b->n] = half_pattern(b->o, image, half);
    b->n++;
}

/* All images that flips can make, or those drawn. */
static void batch_images(struct batch *b, const struct targets_options *o)
{
    if (!o->drawn) {
        double(*weight)[IMAGE_COUNT] = memory_new(IMAGE_CLASSES, sizeof *weight);
        images_weights(o->images, o->train_noise, weight);
        batch_new(b, o, IMAGE_COUNT);
        b->n = 0;
        for (unsigned image = 0; image < IMAGE_COUNT; image++)
            if (weight[0][image] + weight[1][image] > 0)
                add_image(b, image, weight[0][image], weight[1][image]);
        free(weight);
        return;
    }
    const struct image_set *set = o->drawn;
    batch_new(b, o, set->n);
    b->pixels = NEW(o->sizes[0] * set->n, double);
    for (size_t k = 0; k < set->n; k++) {
        for (size_t class = 0; class < IMAGE_CLASSES; class ++)
            b->weight[class][k] = set->weight[class][k];
        for (size_t i = 0; i < o->sizes[0]; i++)
            b->pixels[i * set->n + k] = set->pixels[k][i];
    }
}

/* y += a x */
WIDE static void add_multiple(size_t n, double a, const double *restrict x, double *restrict y)
{
    for (size_t k = 0; k < n; k++)
        y[k] += a * x[k];
}

WIDE static void add_patterns(const struct batch *b, const double *restrict low,
                              const double *restrict high, double *restrict sum)
{
    const int *restrict p = b->pattern[0], *restrict q = b->pattern[1];
    for (size_t k = 0; k < b->n; k++)
        sum[k] = low[p[k]] + high[q[k]];
}

/* Sums of unit j of the first layer. */
static void first_sums(const struct batch *b, const double *w, size_t j, double *sum)
{
    const size_t m = b->o->sizes[0], n = b->o->sizes[1];
    if (b->pixels) {
        memset(sum, 0, b->n * sizeof *sum);
        for (size_t i = 0; i < m; i++)
            add_multiple(b->n, w[i * n + j], b->pixels + i * b->n, sum);
        return;
    }
    for (size_t half = 0; half < 2; half++)
        for (unsigned p = 0; p < HALF; p++) {
            double *part = &b->sums[half][j * HALF + p];
            *part = 0;
            for (size_t i = 0; i < m; i++)
                if (half_has(half, p, i))
                    *part += w[i * n + j];
        }
    add_patterns(b, b->sums[0] + j * HALF, b->sums[1] + j * HALF, sum);
}

WIDE static void about_zero(size_t n, double *restrict x)
{
    for (size_t k = 0; k < n; k++)
        x[k] -= 0.5;
}

static void forward(const struct batch *b, const double *w)
{
    const struct targets_options *o = b->o;
    for (size_t l = 0; l < o->n_layers; l++) {
        const size_t m = o->sizes[l], n = o->sizes[l + 1];
        for (size_t j = 0; j < n; j++) {
            double *h = b->signal[l + 1] + j * b->n;
            if (l == 0)
                first_sums(b, w, j, b->scratch);
            else
                memset(b->scratch, 0, b->n * sizeof *b->scratch);
            for (size_t i = 0; i < m && l > 0; i++)
                add_multiple(b->n, w[i * n + j], b->signal[l] + i * b->n, b->scratch);
            transfer_values(&o->transfer[l], b->n, b->scratch, h, b->slope[l] + j * b->n);
            about_zero(b->n, h);
        }
        w += m * n;
    }
}

static double output(const struct batch *b, size_t k)
{
    return b->signal[b->o->n_layers][k] + 0.5;
}

static double loss(const struct batch *b)
{
    double sum = 0;
    for (size_t k = 0; k < b->n; k++) {
        const double y = output(b, k);
        sum += b->weight[0][k] * y * y + b->weight[1][k] * (y - 1) * (y - 1);
    }
    return sum;
}

/* delta of the output: the loss by the output, times the slope. */
WIDE static void output_delta(const struct batch *b)
{
    const size_t last = b->o->n_layers - 1;
    const double *restrict h = b->signal[last + 1], *restrict slope = b->slope[last],
                           *restrict p0 = b->weight[0], *restrict p1 = b->weight[1];
    double *restrict delta = b->delta[last];
    for (size_t k = 0; k < b->n; k++) {
        const double y = h[k] + 0.5;
        delta[k] = 2 * (p0[k] * y + p1[k] * (y - 1)) * slope[k];
    }
}

WIDE static void multiply(size_t n, const double *restrict x, double *restrict y)
{
    for (size_t k = 0; k < n; k++)
        y[k] *= x[k];
}

#define LANES 4 /* independent partial sums: one sum alone waits for every addition */

/* g[j] = sum over images of x times row j of delta; image after image. */
static void inner_products(size_t n, size_t n_rows, const double *x, const double *delta, double *g)
{
    for (size_t first = 0; first < n_rows; first += LANES) {
        const size_t rows = n_rows - first < LANES ? n_rows - first : LANES;
        const double *row[LANES];
        double sum[LANES] = {0};
        for (size_t j = 0; j < LANES; j++)
            row[j] = delta + (first + (j < rows ? j : 0)) * n;
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < LANES; j++)
                sum[j] += row[j][k] * x[k];
        for (size_t j = 0; j < rows; j++)
            g[first + j] = sum[j];
    }
}

/* Gradient by the first layer's weights. */
static void first_gradient(const struct batch *b, double *gradient)
{
    const size_t m = b->o->sizes[0], n = b->o->sizes[1];
    for (size_t i = 0; i < m && b->pixels; i++)
        inner_products(b->n, n, b->pixels + i * b->n, b->delta[0], gradient + i * n);
    if (b->pixels)
        return;
    for (size_t half = 0; half < 2; half++) {
        double *slopes = b->slopes[half];
        memset(slopes, 0, n * HALF * sizeof *slopes);
        for (size_t k = 0; k < b->n; k++)
            for (size_t j = 0; j < n; j++)
                slopes[j * HALF + (size_t)b->pattern[half][k]] += b->delta[0][j * b->n + k];
    }
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double *g = &gradient[i * n + j];
            *g = 0;
            for (unsigned p = 0; p < HALF; p++)
                if (half_has(i / HALF_BITS, p, i))
                    *g += b->slopes[i / HALF_BITS][j * HALF + p];
        }
}

static void backward(const struct batch *b, const double *weights, size_t n_weights,
                     double *gradient)
{
    const struct targets_options *o = b->o;
    const double *w = weights + n_weights;
    double *g = gradient + n_weights;
    output_delta(b);
    for (size_t l = o->n_layers; l-- > 1;) {
        const size_t m = o->sizes[l], n = o->sizes[l + 1];
        w -= m * n;
        g -= m * n;
        for (size_t i = 0; i < m; i++) {
            double *below = b->delta[l - 1] + i * b->n;
            inner_products(b->n, n, b->signal[l] + i * b->n, b->delta[l], g + i * n);
            memset(below, 0, b->n * sizeof *below);
            for (size_t j = 0; j < n; j++)
                add_multiple(b->n, w[i * n + j], b->delta[l] + j * b->n, below);
            multiply(b->n, b->slope[l - 1] + i * b->n, below);
        }
    }
    first_gradient(b, gradient);
}

static void take_step(double *w, const double *gradient, double *velocity, size_t n_weights)
{
    for (size_t k = 0; k < n_weights; k++) {
        velocity[k] = MOMENTUM * velocity[k] - RATE * gradient[k];
        w[k] = fmin(1, fmax(-1, w[k] + velocity[k]));
    }
}

/* From w on; returns the loss at the end. */
static double descend(const struct batch *b, size_t n_weights, double *w)
{
    const size_t steps = b->o->steps ? b->o->steps : TARGETS_STEPS;
    double *gradient = NEW(n_weights, double), *velocity = NEW(n_weights, double);
    for (size_t step = 0; step < steps; step++) {
        forward(b, w);
        backward(b, w, n_weights, gradient);
        take_step(w, gradient, velocity, n_weights);
    }
    forward(b, w);
    free(gradient);
    free(velocity);
    return loss(b);
}

void targets_train(const struct targets_options *o, double *weights, double *least)
{
    struct batch b;
    size_t n = 0;
    for (size_t l = 0; l < o->n_layers; l++)
        n += o->sizes[l] * o->sizes[l + 1];
    double *w = NEW(n, double);
    const size_t starts = o->starts ? o->starts : TARGETS_STARTS;
    batch_images(&b, o);
    *least = INFINITY;
    for (uint32_t start = 0; start < starts; start++) {
        gsl_rng *rng = random_stream(o->seed, (uint32_t)starts * o->sample + start, RANDOM_WEIGHTS);
        for (size_t k = 0; k < n; k++)
            w[k] = INITIAL * (2 * gsl_rng_uniform(rng) - 1);
        gsl_rng_free(rng);
        const double found = descend(&b, n, w);
        if (found < *least) {
            *least = found;
            memcpy(weights, w, n * sizeof *w);
        }
    }
    batch_free(&b);
    free(w);
}
