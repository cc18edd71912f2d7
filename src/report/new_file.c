/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/new_file.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Permissions as for a file that open() makes. */
static mode_t permitted(mode_t mode)
{
    const mode_t mask = umask(0); /* can only be read by setting it */
    umask(mask);
    return mode & ~mask;
}

static enum status close_file(FILE *file, const char *name, enum status status, struct error *error)
{
    const bool failed = fflush(file) != 0 || ferror(file);
    if ((fclose(file) != 0 || failed) && status == STATUS_OK)
        status = fail(error, STATUS_INPUT, "%s: write error: %s", name, strerror(errno));
    return status;
}

/* What a file or folder is made with: unfinished_file(), unfinished_folder(). */
typedef int maker(const char *prefix, char **temporary);

static int make(maker *function, const char *path, char **temporary)
{
    char *prefix = memory_format("%s.unfinished-", path);
    const int descriptor = function(prefix, temporary);
    free(prefix);
    return descriptor;
}

enum status new_file_begin(const char *path, struct new_file *o, struct error *error)
{
    struct stat info;
    *o = (struct new_file){.file = stdout, .lock = -1};
    if (!path)
        return STATUS_OK;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return fail(error, STATUS_INPUT, "%s: expected the name of a regular file", path);
    const int descriptor = make(unfinished_file, path, &o->temporary);
    o->file = NULL;
    if (descriptor >= 0 && fchmod(descriptor, permitted(0666)) == 0)
        o->file = fdopen(descriptor, "wb");
    if (o->file) {
        o->path = memory_string(path);
        o->lock = fcntl(descriptor, F_DUPFD_CLOEXEC, 0); /* holds the lock when `file` is closed */
        return STATUS_OK;
    }
    fail(error, STATUS_INPUT, "%s: cannot be written: %s", path, strerror(errno));
    if (descriptor >= 0) {
        unlink(o->temporary);
        close(descriptor);
    }
    free(o->temporary);
    *o = (struct new_file){.lock = -1};
    return STATUS_INPUT;
}

enum status new_file_end(struct new_file *o, enum status status, struct error *error)
{
    if (!o->path)
        return status;
    /* on the disk before it takes the name: else a power cut could leave neither the old file nor the new one */
    if (status == STATUS_OK && (fflush(o->file) != 0 || fsync(fileno(o->file)) != 0))
        status = fail(error, STATUS_INPUT, "%s: write error: %s", o->path, strerror(errno));
    status = close_file(o->file, o->path, status, error);
    if (status == STATUS_OK && rename(o->temporary, o->path) != 0)
        status = fail(error, STATUS_INPUT, "%s: cannot be written: %s", o->path, strerror(errno));
    if (status != STATUS_OK)
        unlink(o->temporary);
    if (o->lock >= 0)
        close(o->lock);
    free(o->path);
    free(o->temporary);
    *o = (struct new_file){.lock = -1};
    return status;
}

static void release(struct new_folder *o)
{
    if (o->temporary)
        close(o->lock);
    free(o->path);
    free(o->temporary);
    *o = (struct new_folder){0};
}

enum status new_folder_begin(const char *path, struct new_folder *o, struct error *error)
{
    struct stat info;
    *o = (struct new_folder){0};
    if (lstat(path, &info) == 0)
        return fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                    path);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    o->path = memory_string_n(path, n);
    o->lock = make(unfinished_folder, o->path, &o->temporary);
    if (o->lock >= 0 && chmod(o->temporary, permitted(0777)) == 0)
        return STATUS_OK;
    fail(error, STATUS_INPUT, "%s: cannot be made: %s", path, strerror(errno));
    new_folder_abandon(o);
    return STATUS_INPUT;
}

void new_folder_abandon(struct new_folder *o)
{
    if (o->temporary)
        directory_remove(o->temporary);
    release(o);
}

enum status new_folder_end(struct new_folder *o, struct error *error)
{
    if (!o->temporary)
        return STATUS_OK;
    if (renameat2(AT_FDCWD, o->temporary, AT_FDCWD, o->path, RENAME_NOREPLACE) == 0) {
        release(o);
        return STATUS_OK;
    }
    const enum status status =
        fail(error, STATUS_INPUT, "%s: cannot be made: %s", o->path, strerror(errno));
    new_folder_abandon(o);
    return status;
}

FILE *new_folder_open(const struct new_folder *o, const char *name, struct error *error)
{
    char *path = memory_format("%s/%s", o->temporary, name);
    FILE *file = fopen(path, "w");
    free(path);
    if (!file)
        fail(error, STATUS_INPUT, "%s: cannot be written: %s", name, strerror(errno));
    return file;
}

enum status new_folder_close(FILE *file, const char *name, enum status status, struct error *error)
{
    return close_file(file, name, status, error);
}
