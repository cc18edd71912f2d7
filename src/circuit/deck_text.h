/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any SPICE deck as logical lines: continued lines joined, comments gone, included files put in
 * place.  Unless the deck is trusted, what does not pass the screen (base/spice_screen.h) is refused,
 * and no included file may lie outside of the deck's folder. */
#ifndef SILVERBAR_CIRCUIT_DECK_TEXT_H
#define SILVERBAR_CIRCUIT_DECK_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct deck_line {
    char *text;
    size_t file;  /* index into files */
    int line;     /* of its beginning, from 1 */
    bool control; /* inside of a .control block */
};

struct deck_text {
    char *title; /* the first line, as it is */
    size_t n_files, files_capacity;
    char **files; /* n_files: paths; files[0] is the deck */
    size_t n_lines, capacity;
    struct deck_line *lines; /* n_lines; without .include, .lib and .end */
};

/* On failure *text is NULL. */
enum status deck_text_read(const char *path, bool trusted, struct deck_text **text,
                           struct error *error);
void deck_text_free(struct deck_text *text);

/* The same, for a line of `.include` or `.lib` to be replaced: the file's name and section (NULL:
 * none), to be freed.  False: it is neither. */
bool deck_line_include(const char *line, char **file, char **section);

#endif
