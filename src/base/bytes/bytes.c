/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes/bytes.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PIECE (1u << 20) /* bytes asked for at a time */

void bytes_free(struct bytes *b)
{
    free(b->a);
    *b = (struct bytes){0};
}

/* gzread() passes what does not begin as a gzip file through as it is. */
static enum status read_all(const char *path, gzFile in, size_t most, struct bytes *b,
                            struct error *error)
{
    size_t capacity = 0;
    for (;;) {
        b->a = memory_grow(b->a, &capacity, b->n + PIECE, 1);
        const int got = gzread(in, b->a + b->n, PIECE);
        int code = Z_OK;
        const char *text = gzerror(in, &code);
        if (got < 0 || code != Z_OK)
            return fail(error, STATUS_INPUT, "%s: read error: %s", path,
                        code == Z_ERRNO ? strerror(errno) : text);
        if (got == 0)
            return STATUS_OK;
        b->n += (size_t)got;
        if (b->n > most)
            return fail(error, STATUS_INPUT, "%s: more than %zu bytes, expected at most that", path,
                        most);
    }
}

enum status bytes_read(const char *path, size_t most, struct bytes *b, struct error *error)
{
    struct stat info;
    *b = (struct bytes){0};
    /* not blocking: a pipe without a writer must not stop the program before it is refused */
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(descriptor);
        return fail(error, STATUS_INPUT, "%s: not a regular file", path);
    }
    gzFile in = gzdopen(descriptor, "rb");
    if (!in) {
        close(descriptor);
        return fail(error, STATUS_NUMERICAL, "%s: no memory to read it", path);
    }
    const enum status status = read_all(path, in, most, b, error);
    gzclose(in);
    return status;
}
