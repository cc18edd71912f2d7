/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_BASE_DIRECTORY_H
#define SILVERBAR_BASE_DIRECTORY_H

#include "base/error.h"

#include <stdbool.h>

/* May a file from elsewhere name this path?  It lies in the folder of `file` or below, with all symbolic
 * links followed: in that by which the file was named, or where it really is.  True also of a path where
 * nothing is. */
bool directory_keeps(const char *file, const char *path);

/* The path of a file of a folder that may come from elsewhere, to free() in any case.  STATUS_INPUT: a
 * symbolic link leads it out of the folder.  STATUS_OK also where nothing is. */
enum status directory_file(const char *folder, const char *name, char **path, struct error *error);

/* Remove a folder and the files in it (not folders); what cannot be removed stays. */
void directory_remove(const char *path);

#endif
