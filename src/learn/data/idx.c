/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IDX, as published with MNIST (Y. LeCun, C. Cortes, C. J. C. Burges): type 8 is an unsigned byte, 9 a
 * signed one, 11, 12 integers of 2 and 4 bytes, 13, 14 floats of 4 and 8; all big-endian. */
#include "learn/data/data_readers.h"

#include "base/memory.h"

#include <string.h>

static size_t type_size(int type)
{
    static const struct {
        int type;
        size_t size;
    } types[] = {{8, 1}, {9, 1}, {11, 2}, {12, 4}, {13, 4}, {14, 8}};
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
        if (types[k].type == type)
            return types[k].size;
    return 0;
}

static uint64_t big_endian(const uint8_t *from, size_t size)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < size; k++)
        bits = bits << 8 | from[k];
    return bits;
}

bool idx_begins(const struct bytes *b, struct idx_header *h)
{
    if (b->n < 8 || b->a[0] != 0 || b->a[1] != 0)
        return false;
    *h =
        (struct idx_header){.type = b->a[2], .n_dims = b->a[3], .n = 1, .size = type_size(b->a[2])};
    h->begin = 4 + 4 * h->n_dims;
    if (h->size == 0 || h->n_dims < 1 || h->n_dims > DATA_DIMS_MAX || b->n < h->begin)
        return false;
    for (size_t d = 0; d < h->n_dims; d++) {
        h->dims[d] = (size_t)big_endian(b->a + 4 + 4 * d, 4);
        if (h->dims[d] == 0 || h->dims[d] > DATA_BYTES_MAX / h->n)
            return false;
        h->n *= h->dims[d];
    }
    return true;
}

bool idx_fits(const struct bytes *b, const struct idx_header *h)
{
    return (b->n - h->begin) % h->size == 0 && (b->n - h->begin) / h->size == h->n;
}

static double number(const struct idx_header *h, const uint8_t *from)
{
    const uint64_t bits = big_endian(from, h->size);
    const uint32_t low = (uint32_t)bits;
    float single;
    double value;
    switch (h->type) {
    case 9:
        return (int8_t)bits;
    case 11:
        return (int16_t)bits;
    case 12:
        return (int32_t)bits;
    case 13:
        memcpy(&single, &low, sizeof single);
        return (double)single;
    case 14:
        memcpy(&value, &bits, sizeof value);
        return value;
    default:
        return (double)bits;
    }
}

static enum status refuse(const char *path, const struct bytes *b, const struct idx_header *h,
                          struct error *error)
{
    return fail(error, STATUS_INPUT,
                "%s: IDX of %zu numbers of %zu bytes, with %zu bytes of data: cut off, or too long",
                path, h->n, h->size, b->n - h->begin);
}

enum status idx_images(const char *path, const struct bytes *b, struct data_set *set,
                       struct error *error)
{
    struct idx_header h;
    if (!idx_begins(b, &h) || !idx_fits(b, &h))
        return refuse(path, b, &h, error);
    if (h.n_dims < 2)
        return fail(error, STATUS_INPUT,
                    "%s: IDX of one dimension, expected images: are these the labels?", path);
    set->n = h.dims[0];
    set->n_dims = h.n_dims - 1;
    set->size = h.n / h.dims[0];
    memcpy(set->dims, h.dims + 1, set->n_dims * sizeof *set->dims);
    if (h.type == 8) {
        set->bytes = NEW(h.n, uint8_t);
        memcpy(set->bytes, b->a + h.begin, h.n);
        return STATUS_OK;
    }
    set->numbers = NEW(h.n, double);
    for (size_t k = 0; k < h.n; k++)
        set->numbers[k] = number(&h, b->a + h.begin + k * h.size);
    return STATUS_OK;
}

enum status idx_labels(const char *path, const struct bytes *b, size_t *n, uint32_t **labels,
                       struct error *error)
{
    struct idx_header h;
    if (!idx_begins(b, &h) || !idx_fits(b, &h))
        return refuse(path, b, &h, error);
    if (h.n_dims != 1)
        return fail(error, STATUS_INPUT,
                    "%s: IDX of %zu dimensions, expected labels: are these the images?", path,
                    h.n_dims);
    *n = h.n;
    *labels = NEW(h.n, uint32_t);
    for (size_t k = 0; k < h.n; k++) {
        const double v = number(&h, b->a + h.begin + k * h.size);
        if (!(v >= 0 && v < DATA_LABELS_MAX && v == (double)(uint32_t)v))
            return fail(error, STATUS_INPUT,
                        "%s: label %zu is %g, expected a whole number below %d", path, k + 1, v,
                        DATA_LABELS_MAX);
        (*labels)[k] = (uint32_t)v;
    }
    return STATUS_OK;
}
