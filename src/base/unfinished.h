/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders of a run that are not finished: PREFIX and six letters or digits.  Each is locked
 * (flock(2)) as long as its process lives, so that the next run of the same name knows what killed ones
 * have left, and removes it. */
#ifndef SILVERBAR_BASE_UNFINISHED_H
#define SILVERBAR_BASE_UNFINISHED_H

#include <stdbool.h>

/* Remove what was left, and make a new file (folder: one of those), for this user only.  Returns a
 * descriptor, of a file to write, that holds the lock until all copies of it are closed; *path is to
 * free().  -1: errno says why, and *path is NULL. */
int unfinished_file(const char *prefix, char **path);
int unfinished_folder(const char *prefix, char **path);

/* The same of a folder below TMPDIR, for what the user does not see. */
int unfinished_scratch(char **path);

/* Remove what was left of a name that has also an ending; and lock one's own.  -1: it is not there. */
void unfinished_remove(const char *prefix, const char *ending);
int unfinished_lock(const char *path);

#endif
