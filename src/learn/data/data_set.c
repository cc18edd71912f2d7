/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/data/data_set.h"

#include "base/memory.h"
#include "base/number_grid.h"
#include "learn/data/data_readers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void data_set_free(struct data_set *s)
{
    free(s->bytes);
    free(s->numbers);
    free(s->labels);
    *s = (struct data_set){0};
}

/* --------------------------------------------------------------------------------------- .npy */

static enum status grid_images(const char *path, struct data_set *s, struct error *error)
{
    struct number_grid *g;
    const enum status status = number_grid_read_dims(path, DATA_DIMS_MAX, &g, error);
    if (status != STATUS_OK)
        return status;
    const size_t n = g->rows * g->columns;
    s->n = g->rows;
    s->size = g->columns;
    s->n_dims = g->n_dims > 1 ? g->n_dims - 1 : 1;
    s->dims[0] = g->columns;
    for (size_t d = 1; d < g->n_dims; d++)
        s->dims[d - 1] = g->dims[d];
    s->numbers = g->a;
    g->a = NULL;
    if (g->n_dims > 1 && g->bytes) {
        s->bytes = NEW(n, uint8_t);
        for (size_t k = 0; k < n; k++)
            s->bytes[k] = (uint8_t)s->numbers[k];
        free(s->numbers);
        s->numbers = NULL;
    }
    const bool flat = g->n_dims < 2;
    number_grid_free(g);
    return flat ? fail(error, STATUS_INPUT,
                       "%s: .npy of one dimension, expected images: are these the labels?", path)
                : STATUS_OK;
}

static enum status grid_labels(const char *path, size_t *n, uint32_t **labels, struct error *error)
{
    struct number_grid *g;
    enum status status = number_grid_read(path, &g, error);
    if (status != STATUS_OK)
        return status;
    *n = g->rows * g->columns;
    *labels = NEW(*n, uint32_t);
    if (g->rows > 1 && g->columns > 1)
        status = fail(error, STATUS_INPUT, "%s: %zu x %zu numbers, expected one label an image",
                      path, g->rows, g->columns);
    for (size_t k = 0; k < *n && status == STATUS_OK; k++) {
        const double v = g->a[k];
        if (!(v >= 0 && v < DATA_LABELS_MAX && v == floor(v)))
            status =
                fail(error, STATUS_INPUT, "%s: label %zu is %g, expected a whole number below %d",
                     path, k + 1, v, DATA_LABELS_MAX);
        else
            (*labels)[k] = (uint32_t)v;
    }
    number_grid_free(g);
    return status;
}

/* -------------------------------------------------------------------------------------- files */

/* .npy and text go through number_grid.h. */
static bool is_grid(const struct bytes *b)
{
    if (b->n >= 6 && memcmp(b->a, "\x93NUMPY", 6) == 0)
        return true;
    for (size_t k = 0; k < b->n && k < 256; k++)
        if (!strchr("0123456789+-.eE, \t\r\n#", b->a[k]) || b->a[k] == 0)
            return b->a[0] == '#' && b->a[k] >= 32 && b->a[k] < 127;
    return b->n > 0;
}

static enum status check_numbers(const char *path, const struct data_set *s, struct error *error)
{
    for (size_t k = 0; s->numbers && k < s->n * s->size; k++)
        if (!isfinite(s->numbers[k]))
            return fail(error, STATUS_INPUT,
                        "%s: image %zu, number %zu is %g, expected a finite one", path,
                        k / s->size + 1, k % s->size + 1, s->numbers[k]);
    return STATUS_OK;
}

enum status data_set_read(const char *path, struct data_set *s, struct error *error)
{
    struct bytes b;
    struct idx_header h;
    *s = (struct data_set){0};
    enum status status = bytes_read(path, DATA_BYTES_MAX, &b, error);
    if (status == STATUS_OK) {
        const bool idx = idx_begins(&b, &h);
        if (is_grid(&b))
            status = grid_images(path, s, error);
        else if (idx && idx_fits(&b, &h))
            status = idx_images(path, &b, s, error);
        else if (!cifar_images(&b, s))
            status =
                idx ? idx_images(path, &b, s, error)
                    : fail(error, STATUS_INPUT,
                           "%s: not images: expected IDX, records of CIFAR, .npy or text", path);
    }
    bytes_free(&b);
    return status == STATUS_OK ? check_numbers(path, s, error) : status;
}

enum status data_set_read_labels(const char *path, struct data_set *s, struct error *error)
{
    struct bytes b;
    struct idx_header h;
    size_t n = 0;
    uint32_t *labels = NULL;
    enum status status = bytes_read(path, DATA_BYTES_MAX, &b, error);
    if (status == STATUS_OK)
        status = is_grid(&b)          ? grid_labels(path, &n, &labels, error)
                 : idx_begins(&b, &h) ? idx_labels(path, &b, &n, &labels, error)
                                      : fail(error, STATUS_INPUT,
                                             "%s: not labels: expected IDX, .npy or text", path);
    bytes_free(&b);
    if (status == STATUS_OK && n != s->n)
        status =
            fail(error, STATUS_INPUT, "%s: %zu labels, expected %zu, one an image", path, n, s->n);
    if (status != STATUS_OK) {
        free(labels);
        return status;
    }
    free(s->labels);
    s->labels = labels;
    return STATUS_OK;
}

enum status data_set_check_labels(const struct data_set *s, const char *path, size_t classes,
                                  struct error *error)
{
    for (size_t k = 0; k < s->n; k++)
        if (s->labels[k] >= classes)
            return fail(error, STATUS_INPUT, "%s: label %zu is %u, expected 0 to %zu: %zu classes",
                        path, k + 1, s->labels[k], classes - 1, classes);
    return STATUS_OK;
}

/* Of one dimension beside those of 1. */
static bool is_list(size_t n_dims, const size_t *dims)
{
    size_t longer = 0;
    for (size_t d = 0; d < n_dims; d++)
        longer += dims[d] > 1;
    return longer <= 1;
}

bool data_set_fits(const struct data_set *s, size_t n_dims, const size_t *dims)
{
    size_t size = 1, i = 0, j = 0;
    for (size_t d = 0; d < n_dims; d++)
        size *= dims[d];
    if (size != s->size)
        return false;
    if (is_list(n_dims, dims) || is_list(s->n_dims, s->dims))
        return true;
    for (;;) {
        while (i < n_dims && dims[i] == 1)
            i++;
        while (j < s->n_dims && s->dims[j] == 1)
            j++;
        if (i == n_dims || j == s->n_dims)
            return i == n_dims && j == s->n_dims;
        if (dims[i++] != s->dims[j++])
            return false;
    }
}

void data_set_take(const struct data_set *s, const struct data_scaling *scaling, size_t first,
                   size_t count, double *out)
{
    const double scale = scaling->scale > 0 ? scaling->scale : s->bytes ? 1.0 / 255 : 1;
    const size_t channel = scaling->n_channels > 0 ? s->size / scaling->n_channels : s->size;
    for (size_t k = 0; k < count * s->size; k++) {
        const size_t from = first * s->size + k, c = k % s->size / channel;
        const double x = scale * (s->bytes ? s->bytes[from] : s->numbers[from]);
        out[k] = scaling->n_channels > 0 ? (x - scaling->mean[c]) / scaling->std[c] : x;
    }
}
