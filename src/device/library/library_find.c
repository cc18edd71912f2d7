/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/library/library_find.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool ends_in_lib(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcasecmp(name + n - 4, ".lib") == 0;
}

static int is_library(const struct dirent *entry)
{
    return ends_in_lib(entry->d_name);
}

bool library_names_file(const char *what)
{
    return strchr(what, '/') || ends_in_lib(what);
}

enum status library_find(const char *what, const char *directory, char **path, struct error *error)
{
    *path = NULL;
    if (library_names_file(what)) {
        *path = memory_string(what);
        return STATUS_OK;
    }
    struct dirent **entries;
    int n = scandir(directory, &entries, is_library, alphasort);
    if (n < 0)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", directory, strerror(errno));
    size_t length = strlen(what);
    const char *found = NULL;
    bool exact = false;
    char known[512] = "";
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        size_t stem = strlen(name) - 4, used = strlen(known);
        snprintf(known + used, sizeof known - used, " %.*s", (int)stem, name);
        if (stem != length || strncasecmp(name, what, length) != 0)
            continue;
        bool same = strncmp(name, what, length) == 0;
        if (!found || (same && !exact))
            found = name;
        exact = exact || same;
    }
    enum status status = STATUS_OK;
    if (found)
        *path = memory_format("%s/%s", directory, found);
    else
        status = fail(error, STATUS_INPUT, "%s: found no dopant '%s', expected one of%s", directory,
                      what, *known ? known : " none: there is no .lib file");
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return status;
}
