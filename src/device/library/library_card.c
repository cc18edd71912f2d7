/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/library/library_card.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void card_clear(struct card *card)
{
    for (size_t i = 0; i < card->n; i++)
        free(card->tokens[i].text);
    free(card->tokens);
    *card = (struct card){0};
}

/* Append a line's tokens: words between blanks and commas, each '=' one of its own. */
static void append(struct card *card, const char *text, int line)
{
    for (const char *p = text; *p && *p != ';';) {
        if (*p == '$' && (p == text || isspace((unsigned char)p[-1])))
            return;
        size_t n = strcspn(p, " \t,=;");
        if (n == 0 && *p != '=') {
            p++;
            continue;
        }
        n += n == 0;
        card->tokens =
            memory_grow(card->tokens, &card->capacity, card->n + 1, sizeof *card->tokens);
        card->tokens[card->n++] = (struct token){.text = memory_string_n(p, n), .line = line};
        p += n;
    }
}

bool card_next(const struct library_text *text, size_t *next, struct card *card)
{
    card_clear(card);
    for (; *next < text->n_lines; ++*next) {
        const struct library_line *line = &text->lines[*next];
        const char *start = line->text + strspn(line->text, " \t");
        bool annotation = strncmp(start, "*@", 2) == 0;
        if (!*start || (*start == '*' && !annotation))
            continue;
        if (card->n > 0 && *start != '+')
            return true;
        if (card->n == 0)
            *card = (struct card){.path = line->path, .line = line->number, .depth = line->depth};
        append(card, start + (card->n > 0), line->number);
        if (annotation) {
            ++*next;
            return true;
        }
    }
    return card->n > 0;
}

const char *card_token(const struct card *card, size_t i)
{
    return i < card->n ? card->tokens[i].text : "nothing";
}

int card_line(const struct card *card, size_t i)
{
    return i < card->n ? card->tokens[i].line : card->line;
}

bool card_assigns(const struct card *card, size_t i)
{
    return i + 2 < card->n && *card_token(card, i) != '=' && *card_token(card, i + 1) == '=' &&
           *card_token(card, i + 2) != '=';
}
