/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sha256.h"

#include <sha2.h>

void sha256(const void *bytes, size_t n, unsigned char digest[SHA256_BYTES])
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, n);
    SHA256Final(digest, &context);
}

bool sha256_file(const char *path, char hex[2 * SHA256_BYTES + 1])
{
    return SHA256File(path, hex) != NULL;
}
