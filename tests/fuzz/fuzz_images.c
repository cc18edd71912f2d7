/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of images are refused with a message, or become two classes without a common
 * image. */
#include "fuzz.h"
#include "learn/images.h"

#include <assert.h>
#include <stdlib.h>

static void use(const struct image_pair *pair)
{
    const struct image_class *c = pair->classes;
    for (size_t i = 0; i < c[0].n; i++)
        for (size_t j = 0; j < c[1].n; j++)
            assert(c[0].prototypes[i] != c[1].prototypes[j]);
    assert(c[0].n && c[1].n && c[0].name && c[1].name);
    const double limit = images_limit(pair, 0.1);
    assert(limit >= 0.5 && limit <= 1);
}

void fuzz_images(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("images", bytes, n);
    struct error error = {0};
    struct image_pair pair;
    const enum status status = images_read(path, &pair, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0]));
    if (status == STATUS_OK)
        use(&pair);
    images_free(&pair);
    free(path);
}
