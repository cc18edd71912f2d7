/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/image_set.h"

#include "base/memory.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

bool image_noise_drawn(const struct image_noise *noise)
{
    return noise->sigma > 0 || noise->draws > 0;
}

void image_draw(const struct image_pair *pair, const struct image_noise *noise, gsl_rng *rng,
                size_t class, double pixels[IMAGE_PIXELS])
{
    const struct image_class *c = &pair->classes[class];
    const unsigned image = c->prototypes[gsl_rng_uniform_int(rng, c->n)];
    for (size_t i = 0; i < IMAGE_PIXELS; i++) {
        const bool flip = gsl_rng_uniform(rng) < noise->flips;
        pixels[i] = image_pixel(image, i) != flip;
        if (noise->sigma > 0)
            pixels[i] =
                fmin(PIXEL_MAX,
                     fmax(PIXEL_MIN, pixels[i] + gsl_ran_gaussian_ziggurat(rng, noise->sigma)));
    }
}

/* Density of a pixel around `bit`; at the drivers' limits the probability beyond. */
static double likelihood(const struct image_noise *noise, double pixel, double bit)
{
    if (!(noise->sigma > 0))
        return pixel == bit; /* both are 0 or 1, never computed */
    return pixel <= PIXEL_MIN   ? gsl_cdf_gaussian_P(pixel - bit, noise->sigma)
           : pixel >= PIXEL_MAX ? gsl_cdf_gaussian_Q(pixel - bit, noise->sigma)
                                : gsl_ran_gaussian_pdf(pixel - bit, noise->sigma);
}

double image_posterior(const struct image_pair *pair, const struct image_noise *noise,
                       const double pixels[IMAGE_PIXELS])
{
    double of_class[IMAGE_CLASSES];
    for (int c = 0; c < IMAGE_CLASSES; c++) {
        of_class[c] = 0;
        for (size_t k = 0; k < pair->classes[c].n; k++) {
            double product = 1;
            for (size_t i = 0; i < IMAGE_PIXELS; i++) {
                const bool bit = image_pixel(pair->classes[c].prototypes[k], i);
                product *= (1 - noise->flips) * likelihood(noise, pixels[i], bit) +
                           noise->flips * likelihood(noise, pixels[i], !bit);
            }
            of_class[c] += product / (double)pair->classes[c].n;
        }
    }
    return of_class[1] / (of_class[0] + of_class[1]);
}

static void new_set(struct image_set *set, size_t n)
{
    set->n = n;
    set->pixels = memory_new(n, sizeof *set->pixels);
    for (int c = 0; c < IMAGE_CLASSES; c++)
        set->weight[c] = NEW(n, double);
}

static void make_exact(const struct image_pair *pair, const struct image_noise *noise,
                       struct image_set *set)
{
    double weight[IMAGE_CLASSES][IMAGE_COUNT];
    new_set(set, IMAGE_COUNT);
    set->exact = true;
    images_weights(pair, noise->flips, weight);
    for (unsigned image = 0; image < IMAGE_COUNT; image++) {
        for (size_t i = 0; i < IMAGE_PIXELS; i++)
            set->pixels[image][i] = image_pixel(image, i);
        for (int c = 0; c < IMAGE_CLASSES; c++)
            set->weight[c][image] = weight[c][image];
    }
    set->limit = images_limit(pair, noise->flips);
}

void image_set_make(const struct image_pair *pair, const struct image_noise *noise, gsl_rng *rng,
                    struct image_set *set)
{
    *set = (struct image_set){0};
    if (!image_noise_drawn(noise)) {
        make_exact(pair, noise, set);
        return;
    }
    new_set(set, noise->draws ? noise->draws : IMAGE_DRAWS_DEFAULT);
    for (size_t k = 0; k < set->n; k++) {
        const size_t class = k % IMAGE_CLASSES;
        image_draw(pair, noise, rng, class, set->pixels[k]);
        set->weight[class][k] = 1 / (double)set->n;
        const double posterior = image_posterior(pair, noise, set->pixels[k]);
        set->limit += fmax(posterior, 1 - posterior) / (double)set->n;
    }
}

void image_set_free(struct image_set *set)
{
    free(set->pixels);
    for (int c = 0; c < IMAGE_CLASSES; c++)
        free(set->weight[c]);
    *set = (struct image_set){0};
}

double image_set_accuracy(const struct image_set *set, const unsigned char *decision, size_t *right)
{
    double sum = 0;
    size_t n = 0;
    for (size_t k = 0; k < set->n; k++) {
        const double weight = set->weight[decision[k]][k];
        sum += weight;
        n += weight > 0;
    }
    if (right)
        *right = set->exact ? 0 : n;
    return sum;
}
