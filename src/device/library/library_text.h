/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A .lib file with its .include lines replaced by the files' text, each line knowing where it came
 * from.  Included files lie in the folder of the file that names them. */
#ifndef SILVERBAR_DEVICE_LIBRARY_LIBRARY_TEXT_H
#define SILVERBAR_DEVICE_LIBRARY_LIBRARY_TEXT_H

#include "base/error.h"

#include <stddef.h>

struct library_line {
    char *text;
    const char *path; /* one of library_text.paths */
    int number;       /* of the line in its file, from 1 */
    int depth;        /* 0: the .lib itself */
};

struct library_text {
    size_t n_lines, capacity;
    struct library_line *lines; /* n_lines */
    size_t n_paths, paths_capacity;
    char **paths; /* n_paths */
    size_t size;  /* bytes of all lines with their line ends */
};

/* On failure *text is NULL. */
enum status library_text_read(const char *path, struct library_text **text, struct error *error);
void library_text_free(struct library_text *text);

/* All lines in one string, to free(). */
char *library_text_join(const struct library_text *text);

#endif
