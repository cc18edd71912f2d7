/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/directory.h"

#include <dirent.h>
#include <unistd.h>

void directory_remove(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}
