/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/data_path.h"

#include "base/data_path.h"

char *data_path(const char *name)
{
    return data_path_for("/proc/self/exe", name);
}
