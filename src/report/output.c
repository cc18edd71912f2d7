/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/output.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"
#include "report/json.h"

#include <errno.h>
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

enum status output_file(const char *path, struct output *o, struct error *error)
{
    struct stat info;
    *o = (struct output){.file = -1, .lock = -1};
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return fail(error, STATUS_INPUT, "%s: expected the name of a regular file", path);
    o->path = memory_string(path);
    char *prefix = memory_format("%s.unfinished-", path);
    o->file = unfinished_file(prefix, &o->temporary);
    free(prefix);
    if (o->file >= 0 && fchmod(o->file, permitted(0666)) == 0)
        return STATUS_OK;
    const enum status status =
        fail(error, STATUS_INPUT, "%s: cannot be made: %s", path, strerror(errno));
    output_abandon(o);
    return status;
}

enum status output_folder(const char *path, struct output *o, struct error *error)
{
    struct stat info;
    *o = (struct output){.file = -1, .lock = -1};
    if (lstat(path, &info) == 0)
        return fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                    path);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    o->path = memory_string_n(path, n);
    char *prefix = memory_format("%s.unfinished-", o->path);
    o->lock = unfinished_folder(prefix, &o->temporary);
    free(prefix);
    if (o->lock >= 0 && chmod(o->temporary, permitted(0777)) == 0)
        return STATUS_OK;
    const enum status status =
        fail(error, STATUS_INPUT, "%s: cannot be made: %s", path, strerror(errno));
    output_abandon(o);
    return status;
}

static bool ends_in(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

/* The output, or a file `name` in it. */
static FILE *open_file(const struct output *o, const char *name)
{
    if (o->file >= 0) {
        const int copy = dup(o->file);
        return copy >= 0 ? fdopen(copy, "w") : NULL;
    }
    char *path = memory_format("%s/%s", o->temporary, name);
    FILE *out = fopen(path, "w");
    free(path);
    return out;
}

static enum status close_file(FILE *out, const char *name, struct error *error)
{
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        return fail(error, STATUS_INPUT, "%s: write error: %s", name, strerror(errno));
    return STATUS_OK;
}

enum status output_table(struct output *o, const char *name, const struct table *t,
                         struct error *error)
{
    if (!o->temporary)
        return STATUS_OK;
    FILE *out = open_file(o, name);
    if (o->file >= 0)
        name = o->path;
    if (!out)
        return fail(error, STATUS_INPUT, "%s: cannot be written: %s", name, strerror(errno));
    if (ends_in(name, ".csv"))
        table_csv(t, out);
    else if (ends_in(name, ".json"))
        json_write_table(t, out);
    else
        table_print(t, out);
    return close_file(out, name, error);
}

enum status output_tables(struct output *o, const char *name, size_t n, const char *const *names,
                          struct table *const *tables, struct error *error)
{
    FILE *out = open_file(o, name);
    if (!out)
        return fail(error, STATUS_INPUT, "%s: cannot be written: %s", name, strerror(errno));
    json_write_tables(n, names, tables, out);
    return close_file(out, name, error);
}

static void release(struct output *o)
{
    if (o->file >= 0)
        close(o->file);
    if (o->lock >= 0)
        close(o->lock);
    free(o->path);
    free(o->temporary);
    *o = (struct output){.file = -1, .lock = -1};
}

enum status output_complete(struct output *o, struct error *error)
{
    if (!o->temporary)
        return STATUS_OK;
    if (rename(o->temporary, o->path) != 0) {
        const enum status status =
            fail(error, STATUS_INPUT, "%s: cannot be made: %s", o->path, strerror(errno));
        output_abandon(o);
        return status;
    }
    release(o);
    return STATUS_OK;
}

void output_abandon(struct output *o)
{
    if (o->temporary && o->file >= 0)
        unlink(o->temporary);
    else if (o->temporary)
        directory_remove(o->temporary);
    release(o);
}
