/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_BASE_DIRECTORY_H
#define SILVERBAR_BASE_DIRECTORY_H

#include <stdbool.h>

/* May a file from elsewhere name this path?  It lies in the folder of `file` or below, with all symbolic
 * links followed: in that by which the file was named, or where it really is.  True also of a path where
 * nothing is. */
bool directory_keeps(const char *file, const char *path);

/* Remove a folder and the files in it (not folders); what cannot be removed stays. */
void directory_remove(const char *path);

#endif
