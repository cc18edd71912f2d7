/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats of data_set.h. */
#ifndef SILVERBAR_LEARN_DATA_DATA_READERS_H
#define SILVERBAR_LEARN_DATA_DATA_READERS_H

#include "base/bytes/bytes.h"
#include "learn/data/data_set.h"

/* What the header of an IDX file says: 0, 0, type, number of dimensions, then these, big-endian. */
struct idx_header {
    int type;
    size_t n_dims, dims[DATA_DIMS_MAX];
    size_t n;     /* their product */
    size_t size;  /* bytes of a number */
    size_t begin; /* of the numbers */
};

/* False: the bytes do not begin as an IDX file. */
bool idx_begins(const struct bytes *bytes, struct idx_header *header);
/* Does the file end where its header says? */
bool idx_fits(const struct bytes *bytes, const struct idx_header *header);
enum status idx_images(const char *path, const struct bytes *bytes, struct data_set *set,
                       struct error *error);
/* *labels: n of them, to free(). */
enum status idx_labels(const char *path, const struct bytes *bytes, size_t *n, uint32_t **labels,
                       struct error *error);

/* Records of a label and 3 x 32 x 32 bytes: channels red, green, blue; two labels in CIFAR-100.  False:
 * the bytes are no such records, and nothing was read. */
bool cifar_images(const struct bytes *bytes, struct data_set *set);

#endif
