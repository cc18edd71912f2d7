/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images and labels from files as data sets are published in: IDX (MNIST and its like), CIFAR-10 and CIFAR-100
 * in their binary form, NumPy's .npy, text with an image a line; IDX and CIFAR also packed by gzip. */
#ifndef SILVERBAR_LEARN_DATA_DATA_SET_H
#define SILVERBAR_LEARN_DATA_DATA_SET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATA_BYTES_MAX ((size_t)1 << 31) /* of a file, unpacked */
#define DATA_DIMS_MAX 8
#define DATA_LABELS_MAX 65536

/* Numbers as they stand in the file: bytes 0 to 255, or floats. */
struct data_set {
    size_t n;                           /* images */
    size_t n_dims, dims[DATA_DIMS_MAX]; /* of an image */
    size_t size;                        /* their product */
    uint8_t *bytes;                     /* n x size, or NULL */
    double *numbers;                    /* n x size, or NULL */
    uint32_t *labels;                   /* n, or NULL: in a file of their own */
};

/* Read a file of images; those of CIFAR bring their labels, of CIFAR-100 the fine ones.  Errors name the
 * file and what was expected.  *set is to be freed in any case. */
enum status data_set_read(const char *path, struct data_set *set, struct error *error);

/* Read the labels of its images from a file of IDX, .npy or text, in place of those it has. */
enum status data_set_read_labels(const char *path, struct data_set *set, struct error *error);
void data_set_free(struct data_set *set);

/* All labels are below `classes`; `path` is for the message. */
enum status data_set_check_labels(const struct data_set *set, const char *path, size_t classes,
                                  struct error *error);

/* Can an image be one of that shape?  The dimensions other than 1 are the same, or one of both is a plain
 * list of as many numbers. */
bool data_set_fits(const struct data_set *set, size_t n_dims, const size_t *dims);

/* (scale number - mean) / std, as torchvision's ToTensor and Normalize: mean and std by channel, the first
 * dimension of an image; n_channels 0: 0 and 1. */
struct data_scaling {
    double scale; /* 0: 1/255 of bytes, 1 of floats */
    size_t n_channels;
    const double *mean, *std; /* n_channels */
};

/* `count` images from `first` on, scaled: count x size.  n_channels divides size. */
void data_set_take(const struct data_set *set, const struct data_scaling *scaling, size_t first,
                   size_t count, double *out);

#endif
