/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/data_path.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *data_path(const char *name)
{
    const char *given = getenv("SILVERBAR_DATA");
    if (given && *given)
        return memory_format("%s/%s", given, name);
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    char *slash = strrchr(program, '/');
    if (slash) {
        *slash = 0;
        char build[PATH_MAX];
        if (realpath(SB_BUILD_DIR, build) && strcmp(program, build) == 0)
            return memory_format("%s/%s", SB_SOURCE_DIR, name);
        char *moved = memory_format("%s/../share/silverbar/%s", program, name);
        if (access(moved, R_OK) == 0)
            return moved;
        free(moved);
    }
    return memory_format("%s/%s", SB_DATA_DIR, name);
}
