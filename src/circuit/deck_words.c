/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/deck_words.h"

#include "base/memory.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void deck_words_split(struct deck_words *w, const char *s)
{
    w->n = 0;
    for (size_t i = 0; s[i];) {
        i += strspn(s + i, DECK_BLANKS);
        const size_t n = s[i] == '=' ? 1 : strcspn(s + i, DECK_BLANKS "=");
        if (n > 0) {
            w->list = memory_grow(w->list, &w->capacity, w->n + 1, sizeof *w->list);
            w->list[w->n++] = (struct deck_word){i, n};
        }
        i += n;
    }
}

char *deck_lower(const char *s, size_t n)
{
    char *word = memory_string_n(s, n);
    for (char *p = word; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return word;
}

char *deck_word(const struct deck_words *w, const char *s, size_t k)
{
    return k < w->n ? deck_lower(s + w->list[k].at, w->list[k].n) : memory_string("");
}

bool deck_word_is(const struct deck_words *w, const char *s, size_t k, const char *word)
{
    return k < w->n && w->list[k].n == strlen(word) &&
           strncasecmp(s + w->list[k].at, word, w->list[k].n) == 0;
}

size_t deck_words_before_parameters(const struct deck_words *w, const char *s)
{
    for (size_t k = 1; k < w->n; k++) {
        if (s[w->list[k].at] == '=')
            return k - 1;
        if (deck_word_is(w, s, k, "params:"))
            return k;
    }
    return w->n;
}

size_t deck_words_callee(const struct deck_words *w, const char *s)
{
    const size_t n = deck_words_before_parameters(w, s);
    return n < 2 ? 0 : n - 1;
}
