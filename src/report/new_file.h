/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that appears under its name only when it is complete; or standard output. */
#ifndef SILVERBAR_REPORT_NEW_FILE_H
#define SILVERBAR_REPORT_NEW_FILE_H

#include "base/error.h"

#include <stdio.h>

struct new_file {
    FILE *file;
    char *path, *temporary; /* NULL: standard output */
    int lock;               /* descriptor that shows that this run lives; -1: none */
};

/* `path` NULL: standard output. */
enum status new_file_begin(const char *path, struct new_file *output, struct error *error);

/* With STATUS_OK give the file its name, else remove it; returns the status of all. */
enum status new_file_end(struct new_file *output, enum status status, struct error *error);

#endif
