/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text file in memory, split into lines; for readers that name file and line. */
#ifndef SILVERBAR_BASE_TEXT_FILE_H
#define SILVERBAR_BASE_TEXT_FILE_H

#include "base/error.h"

#include <stddef.h>

struct text_file {
    char *path;
    size_t size; /* bytes in `text`, without the final NUL */
    char *text;  /* whole content as read */
    size_t n_lines;
    char **lines; /* n_lines NUL-terminated lines without line ends (CR LF accepted) */
};

/* Read a regular file of at most 16 MiB without NUL bytes.  On failure *file is NULL. */
enum status text_file_read(const char *path, struct text_file **file, struct error *error);
void text_file_free(struct text_file *file);

#endif
