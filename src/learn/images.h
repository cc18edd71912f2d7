/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binary 3x3 images of two classes, and accuracy under pixel flips without sampling error: there
 * are only 512 images, so the circuit is evaluated on all of them once and each is weighted with
 * its probability under every noise. */
#ifndef SILVERBAR_LEARN_IMAGES_H
#define SILVERBAR_LEARN_IMAGES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define IMAGE_PIXELS 9
/* All images; bit 8 of an image's number is the top left pixel, bit 0 the last. */
#define IMAGE_COUNT 512
#define IMAGE_CLASSES 2

struct image_class {
    char *name;
    size_t n;
    unsigned *prototypes; /* n numbers of images */
};

struct image_pair {
    struct image_class classes[IMAGE_CLASSES];
};

/* `what`: two letters of the built-in set as "T/X", or a file: for each of two classes a line
 * "class NAME" and one or more blocks of three lines of three 0/1, blank lines between.  On failure
 * *pair is zeroed. */
enum status images_read(const char *what, struct image_pair *pair, struct error *error);
void images_free(struct image_pair *pair);

/* Does `what` name two letters, or a file? */
bool images_are_letters(const char *what);
bool images_name_file(const char *what);

/* The built-in letters, for help texts. */
const char *images_letters(void);

static inline bool image_pixel(unsigned image, size_t pixel)
{
    return image >> (IMAGE_PIXELS - 1 - pixel) & 1;
}

/* weight[class][image]: probability of class (1/2) and image when each pixel of a prototype flips
 * with probability p. */
void images_weights(const struct image_pair *pair, double p,
                    double weight[IMAGE_CLASSES][IMAGE_COUNT]);

/* Share classified right at flip probability p, where decision[image] is the class (0, 1). */
double images_accuracy(const struct image_pair *pair, double p, const unsigned char *decision);

/* The best that any classifier can reach at p. */
double images_limit(const struct image_pair *pair, double p);

#endif
