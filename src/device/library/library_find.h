/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_DEVICE_LIBRARY_LIBRARY_FIND_H
#define SILVERBAR_DEVICE_LIBRARY_LIBRARY_FIND_H

#include "base/error.h"

#include <stdbool.h>

/* *path, to free(): `what` itself if it has a '/' or ends in ".lib", else what.lib in `directory`
 * without regard to case.  On failure *path is NULL and the error lists what is there. */
enum status library_find(const char *what, const char *directory, char **path, struct error *error);

/* Is `what` the name of a file, not of a library in the folder of devices? */
bool library_names_file(const char *what);

#endif
