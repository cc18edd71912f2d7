/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a regular file, which may be packed by gzip. */
#ifndef SILVERBAR_BASE_BYTES_BYTES_H
#define SILVERBAR_BASE_BYTES_BYTES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct bytes {
    size_t n;
    uint8_t *a; /* n */
};

/* Read a file of at most `most` bytes, counted when unpacked, so that a small packed file cannot fill the
 * memory.  *bytes is to be freed in any case. */
enum status bytes_read(const char *path, size_t most, struct bytes *bytes, struct error *error);
void bytes_free(struct bytes *bytes);

#endif
