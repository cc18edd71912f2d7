/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a plot in a raw file, as lines "Key: value" in ASCII or UTF-16 (little endian). */
#ifndef SILVERBAR_WAVE_RAW_HEADER_H
#define SILVERBAR_WAVE_RAW_HEADER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define RAW_VARIABLES_MAX 1000000
#define RAW_LINE_MAX 65536 /* bytes of a line of the header */
#define RAW_TOKEN_MAX 512  /* bytes of a word among ASCII values, with the NUL */

struct raw_header_reader {
    const char *path;
    FILE *file;
    off_t bytes; /* size of the file */
    bool wide;   /* UTF-16 */
    int line;    /* number of the line last read, from 1 */
    char text[RAW_LINE_MAX];
};

struct raw_header {
    char *title, *plot_name;
    bool complex, binary, fast_access, is_double, ltspice, stepped;
    bool counted; /* has No. Points; 0 in a file whose writer was stopped */
    size_t n_points, n_variables;
    struct {
        char *name, *type;
    } * variables; /* n_variables */
};

/* Open a regular file.  End the reader in any case. */
enum status raw_header_begin(const char *path, struct raw_header_reader *reader,
                             struct error *error);
void raw_header_end(struct raw_header_reader *reader);

/* The next header; the file then stands at the first byte of data.  Free it in any case. */
enum status raw_header_read(struct raw_header_reader *reader, struct raw_header *header,
                            struct error *error);
void raw_header_free(struct raw_header *header);

/* Is there anything but white space behind the data?  Stands at it then. */
bool raw_header_more(struct raw_header_reader *reader);

/* Does a header begin here, a line "Key: value"? */
bool raw_header_begins(struct raw_header_reader *reader);

/* Takes blanks and a comma, if they come next in this line. */
bool raw_header_comma(struct raw_header_reader *reader);

/* The next word among ASCII values; false at the end of the file or for a word too long. */
bool raw_header_token(struct raw_header_reader *reader, char token[RAW_TOKEN_MAX]);

#endif
