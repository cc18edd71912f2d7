/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of images or of labels are refused with a message, or become finite numbers. */
#include "base/memory.h"
#include "fuzz.h"
#include "learn/data/data_set.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static void use(const struct data_set *s)
{
    size_t size = 1;
    for (size_t d = 0; d < s->n_dims; d++)
        size *= s->dims[d];
    assert(s->n > 0 && s->n_dims > 0 && size == s->size && !s->bytes != !s->numbers);
    const struct data_scaling plain = {.scale = 1};
    double *out = NEW(s->size, double);
    data_set_take(s, &plain, s->n - 1, 1, out);
    for (size_t k = 0; k < s->size; k++)
        assert(isfinite(out[k]));
    free(out);
    for (size_t k = 0; s->labels && k < s->n; k++)
        assert(s->labels[k] < 100); /* of CIFAR */
}

void fuzz_data(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("data", bytes, n);
    struct error error = {0};
    struct data_set set, three = {.n = 3};
    enum status status = data_set_read(path, &set, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0]));
    if (status == STATUS_OK)
        use(&set);
    error.text[0] = 0;
    status = data_set_read_labels(path, &three, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0]));
    for (size_t k = 0; status == STATUS_OK && k < three.n; k++)
        assert(three.labels[k] < DATA_LABELS_MAX);
    data_set_free(&set);
    data_set_free(&three);
    free(path);
}
