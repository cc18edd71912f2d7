/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A logical line of a deck as words. */
#ifndef SILVERBAR_CIRCUIT_DECK_WORDS_H
#define SILVERBAR_CIRCUIT_DECK_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* What separates words, as it does for ngspice. */
#define DECK_BLANKS " \t\f\v,()"

/* '=' is a word of its own. */
struct deck_word {
    size_t at, n; /* bytes */
};

/* Begins zeroed; list is to be freed. */
struct deck_words {
    size_t n, capacity;
    struct deck_word *list; /* n */
};

void deck_words_split(struct deck_words *words, const char *line);

/* Word k in lower case, "" if there are fewer; to be freed. */
char *deck_word(const struct deck_words *words, const char *line, size_t k);

/* Is word k this one, in letters of either case? */
bool deck_word_is(const struct deck_words *words, const char *line, size_t k, const char *word);

/* How many words stand before the parameters, `NAME=VALUE' or `params:'. */
size_t deck_words_before_parameters(const struct deck_words *words, const char *line);

/* Of `x1 NODE... SUBCIRCUIT [parameters]': which word is the subcircuit's name; 0: none. */
size_t deck_words_callee(const struct deck_words *words, const char *line);

/* A copy of the first n bytes in lower case. */
char *deck_lower(const char *text, size_t n);

#endif
