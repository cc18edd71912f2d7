/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A SPICE card: a line with its continuation lines, cut into tokens. */
#ifndef SILVERBAR_DEVICE_LIBRARY_LIBRARY_CARD_H
#define SILVERBAR_DEVICE_LIBRARY_LIBRARY_CARD_H

#include "device/library/library_text.h"

#include <stdbool.h>
#include <stddef.h>

struct token {
    char *text;
    int line;
};

struct card {
    const char *path;
    int line, depth; /* of the first line */
    size_t n, capacity;
    struct token *tokens; /* n */
};

/* Read the next card from line *next on, which moves past it; comments and blank lines are skipped.
 * A comment that starts with "*@" is a card of its own.  False at the end of the text. */
bool card_next(const struct library_text *text, size_t *next, struct card *card);
void card_clear(struct card *card);

/* Token i, or "nothing"; and the line it stands on. */
const char *card_token(const struct card *card, size_t i);
int card_line(const struct card *card, size_t i);

/* Whether tokens i, i + 1, i + 2 read "name = value". */
bool card_assigns(const struct card *card, size_t i);

#endif
