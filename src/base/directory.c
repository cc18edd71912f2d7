/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/directory.h"

#include "base/memory.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is `real`, a path without symbolic links, in the folder or below? */
static bool lies_in(const char *real, const char *name)
{
    char *folder = realpath(name, NULL);
    const size_t n = folder ? strlen(folder) : 0;
    const bool is = n > 0 && strncmp(real, folder, n) == 0 && (n == 1 || real[n] == '/');
    free(folder);
    return is;
}

/* Is `real` in the folder of `file` or below? */
static bool lies_beside(const char *real, const char *file)
{
    const char *slash = strrchr(file, '/');
    char *name = slash ? memory_string_n(file, (size_t)(slash - file) + 1) : memory_string(".");
    const bool beside = lies_in(real, name);
    free(name);
    return beside;
}

bool directory_keeps(const char *file, const char *path)
{
    char *real = realpath(path, NULL), *self = realpath(file, NULL);
    const bool keeps = !real || lies_beside(real, file) || (self && lies_beside(real, self));
    free(real);
    free(self);
    return keeps;
}

enum status directory_file(const char *folder, const char *name, char **path, struct error *error)
{
    *path = memory_format("%s/%s", folder, name);
    char *real = realpath(*path, NULL);
    const bool keeps = !real || lies_in(real, folder);
    free(real);
    return keeps ? STATUS_OK
                 : fail(error, STATUS_INPUT,
                        "%s: a symbolic link that leaves the folder, expected a file in it", *path);
}

void directory_remove(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}
