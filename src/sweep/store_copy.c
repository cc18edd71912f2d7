/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/store_copy.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const parts[] = {"", "-journal", "-wal"};
#define N_PARTS (sizeof parts / sizeof *parts)
#define NAME "copy.db"

/* False: read or write error, with errno. */
static bool copy_bytes(FILE *in, FILE *out)
{
    char buffer[1 << 16];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, in)) > 0)
        if (fwrite(buffer, 1, n, out) != n)
            return false;
    return !ferror(in) && fflush(out) == 0;
}

/* Journal and log lie beside the file, which may come from elsewhere: a symbolic link is none of SQLite's
 * making, and must not be followed.  Nor is a pipe, which must not be waited for. */
static FILE *open_part(const char *path, bool follow)
{
    struct stat info;
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    if (file >= 0 && fstat(file, &info) == 0 && S_ISREG(info.st_mode))
        return fdopen(file, "r");
    if (file >= 0) {
        close(file);
        errno = EINVAL;
    }
    return NULL;
}

static bool copy_file(const char *from, const char *to, bool follow)
{
    FILE *in = open_part(from, follow), *out = in ? fopen(to, "wxe") : NULL;
    bool done = out && copy_bytes(in, out);
    if (out && fclose(out) != 0)
        done = false;
    if (in)
        fclose(in);
    return done;
}

enum status store_copy_make(const char *path, struct store_copy *copy, struct error *error)
{
    *copy = (struct store_copy){0};
    copy->lock = unfinished_scratch(&copy->folder, error);
    if (copy->lock < 0)
        return STATUS_INPUT;
    copy->path = memory_format("%s/" NAME, copy->folder);
    bool done = true;
    for (size_t i = 0; i < N_PARTS && done; i++) {
        char *from = memory_format("%s%s", path, parts[i]),
             *to = memory_format("%s%s", copy->path, parts[i]);
        done = copy_file(from, to, i == 0) || (i > 0 && errno == ENOENT);
        free(from);
        free(to);
    }
    if (done)
        return STATUS_OK;
    const enum status status =
        fail(error, STATUS_INPUT, "%s: cannot be copied to be read: %s", path, strerror(errno));
    store_copy_remove(copy);
    return status;
}

void store_copy_remove(struct store_copy *copy)
{
    if (copy->folder) {
        directory_remove(copy->folder);
        close(copy->lock);
    }
    free(copy->folder);
    free(copy->path);
    *copy = (struct store_copy){0};
}

/* SQLite's file format, 3: such a journal ends in its own magic number, the name before it. */
enum status store_journal_check(const char *path, struct error *error)
{
    static const unsigned char magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    unsigned char end[sizeof magic];
    char *name = memory_format("%s-journal", path);
    FILE *in = open_part(name, false);
    const bool opened = in || errno == ENOENT;
    const bool names = in && fseek(in, -(long)sizeof end, SEEK_END) == 0 && ftell(in) > 0 &&
                       fread(end, 1, sizeof end, in) == sizeof end &&
                       memcmp(end, magic, sizeof magic) == 0;
    if (in)
        fclose(in);
    free(name);
    if (!opened)
        return fail(error, STATUS_INPUT, "%s: its journal is no regular file, or cannot be read",
                    path);
    return names ? fail(error, STATUS_INPUT,
                        "%s: its journal names another one, expected one of `sweep'", path)
                 : STATUS_OK;
}
