/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders that appear under their name only when they are complete: they are written under
 * NAME.unfinished-XXXXXX beside it, which is renamed, or removed when anything has failed.  What killed runs
 * have left of the same name is removed at the beginning (base/unfinished.h). */
#ifndef SILVERBAR_REPORT_NEW_FILE_H
#define SILVERBAR_REPORT_NEW_FILE_H

#include "base/error.h"

#include <stdio.h>

struct new_file {
    FILE *file;
    char *path, *temporary; /* NULL: standard output, or nothing has begun */
    int lock;               /* descriptor that holds the lock; -1: none */
};

/* Begin a file, which may replace a regular file; `path` NULL: standard output.  On failure nothing
 * has begun. */
enum status new_file_begin(const char *path, struct new_file *output, struct error *error);

/* With STATUS_OK give the file its name, else remove it; returns the status of all.  Does nothing where
 * nothing has begun. */
enum status new_file_end(struct new_file *output, enum status status, struct error *error);

struct new_folder {
    char *path, *temporary; /* NULL: nothing has begun */
    int lock;               /* descriptor that holds the lock */
};

/* Begin a folder, which must not exist.  On failure nothing has begun. */
enum status new_folder_begin(const char *path, struct new_folder *folder, struct error *error);

/* Give the folder its name; on failure it is removed.  Does nothing where nothing has begun. */
enum status new_folder_end(struct new_folder *folder, struct error *error);

/* Remove the folder unless it has its name already. */
void new_folder_abandon(struct new_folder *folder);

/* A file in the folder, to be closed by new_folder_close(); NULL: it cannot be written. */
FILE *new_folder_open(const struct new_folder *folder, const char *name, struct error *error);

/* Close it; returns `status`, or that not all could be written. */
enum status new_folder_close(FILE *file, const char *name, enum status status, struct error *error);

#endif
