/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images under noise, with their probabilities.
 *
 * Under pixel flips alone the 512 binary images with exact probabilities (images.h).  Under Gaussian
 * noise, or where a number of draws is asked for, images drawn from a random stream: class in turn,
 * prototype uniformly, each pixel flipped with probability p, then
 *
 *     pixel = bit + sigma N(0, 1), limited to what the row drivers give: PIXEL_MIN to PIXEL_MAX
 *
 * in units of the swing between a dark and a lit pixel.  The lower limit keeps a device inside the
 * dead zone of any dopant: at half the swing with reset polarity carbon loses a quarter of its
 * conductance in one image of 5 us. */
#ifndef SILVERBAR_LEARN_IMAGE_SET_H
#define SILVERBAR_LEARN_IMAGE_SET_H

#include "learn/images.h"

#include <gsl/gsl_rng.h>

#define PIXEL_MIN (-0.3)
#define PIXEL_MAX 1.3

struct image_noise {
    double flips; /* probability p */
    double sigma; /* of the Gaussian noise, in units of the swing */
    size_t draws; /* images drawn; under flips alone 0: all, exactly */
};

struct image_set {
    size_t n;
    bool exact;                     /* all binary images, image k at index k */
    double (*pixels)[IMAGE_PIXELS]; /* n */
    double *weight[IMAGE_CLASSES];  /* n: probability of class and image; drawn: 1/n or 0 */
    double limit;                   /* the best that any classifier can reach under this noise; of
                                        drawn images the mean of the larger posterior */
};

/* rng: of the draws; may be NULL for an exact set. */
void image_set_make(const struct image_pair *pair, const struct image_noise *noise, gsl_rng *rng,
                    struct image_set *set);
void image_set_free(struct image_set *set);

/* Draws where the noise needs some and none are asked for. */
#define IMAGE_DRAWS_DEFAULT 1000

/* Is a set under this noise drawn? */
bool image_noise_drawn(const struct image_noise *noise);

/* Draw one image of the class. */
void image_draw(const struct image_pair *pair, const struct image_noise *noise, gsl_rng *rng,
                size_t class, double pixels[IMAGE_PIXELS]);

/* Probability that an image belongs to class 1, both being as frequent. */
double image_posterior(const struct image_pair *pair, const struct image_noise *noise,
                       const double pixels[IMAGE_PIXELS]);

/* Share classified right, where decision[k] is the class of image k; of a drawn set *right, or NULL,
 * becomes the number of its images. */
double image_set_accuracy(const struct image_set *set, const unsigned char *decision,
                          size_t *right);

#endif
