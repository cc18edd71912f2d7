/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/data_path.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *data_path_for(const char *binary, const char *name)
{
    /* from bin/ and lib/, from lib/x86_64-linux-gnu/ */
    static const char *const shares[] = {"../share", "../../share"};
    const char *given = getenv("SILVERBAR_DATA");
    char folder[PATH_MAX], build[PATH_MAX];
    if (given && *given)
        return memory_format("%s/%s", given, name);
    if (!binary || !realpath(binary, folder))
        return memory_format("%s/%s", SB_DATA_DIR, name);
    *strrchr(folder, '/') = 0;
    const size_t n = realpath(SB_BUILD_DIR, build) ? strlen(build) : 0;
    if (n > 0 && strncmp(folder, build, n) == 0 && (folder[n] == '/' || !folder[n]))
        return memory_format("%s/%s", SB_SOURCE_DIR, name);
    for (size_t k = 0; k < sizeof shares / sizeof shares[0]; k++) {
        char *moved = memory_format("%s/%s/silverbar/%s", folder, shares[k], name);
        if (access(moved, R_OK) == 0)
            return moved;
        free(moved);
    }
    return memory_format("%s/%s", SB_DATA_DIR, name);
}
