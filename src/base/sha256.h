/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 by libmd; the only file that knows it. */
#ifndef SILVERBAR_BASE_SHA256_H
#define SILVERBAR_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_BYTES 32

void sha256(const void *bytes, size_t n, unsigned char digest[SHA256_BYTES]);

/* Of a file, in hexadecimal; false, with errno, if it cannot be read. */
bool sha256_file(const char *path, char hex[2 * SHA256_BYTES + 1]);

#endif
