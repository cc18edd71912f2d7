/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which lines of a deck are harmless: what ngspice 39 does with each kind was read in its manual
 * (chapters 2, 4 to 8, 11 and 12) and tried.  The list says what may pass, not what may not. */
#include "circuit/deck_text.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const char *const cards[] = {
    ".ac", ".backanno", ".csparam", ".dc", ".else", ".elseif", ".endif", ".endl", ".ends",
    ".four", ".func", ".global", ".ic", ".if", ".meas", ".measure", ".model", ".nodeset", ".op",
    ".opt", ".option", ".options", ".param", ".params", ".plot", ".print", ".probe", ".save",
    ".subckt", ".temp", ".tran", ".width",
    /* harmless, but refused later: not run here */
    ".disto", ".noise", ".pss", ".pz", ".sens", ".sp", ".tf",
};
/* clang-format on */

/* Code models that open files or start programs, also without a parameter that names one. */
static const char *const models[] = {
    "filesource", "file_source", "d_source", "d_state", "d_process",
    "d_cosim",    "table2d",     "table3d",  "d_vpi",   "d_osdi",
};

/* Parameters of elements and models that name one. */
static const char *const parameters[] = {
    "file",         "wavefile", "input_file", "state_file", "source_file",
    "process_file", "filename", "file_name",  "simulation", "noisefile",
};

static bool listed(const char *const *list, size_t n, const char *word, size_t length)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == length && strncasecmp(list[i], word, length) == 0)
            return true;
    return false;
}
#define LISTED(list, word, length) listed(list, sizeof list / sizeof list[0], word, length)

static enum status refuse(const struct deck_text *t, const struct deck_line *l, const char *what,
                          size_t n, const char *reason, struct error *error)
{
    return fail_at(error, t->files[l->file], l->line, "'%.*s' %s, or --trust", (int)n, what,
                   reason);
}

enum status deck_line_screen(const struct deck_text *t, const struct deck_line *l,
                             struct error *error)
{
    const char *s = l->text;
    const size_t n = strcspn(s, " \t\f\v");
    if (l->control || strncasecmp(s, ".control", 8) == 0)
        return refuse(t, l, s, n, "runs commands, expected a deck without it", error);
    if (*s == '*')
        return refuse(t, l, s, n, "is a comment that ngspice runs, expected a deck without it",
                      error);
    if (*s == '.' && !LISTED(cards, s, n))
        return refuse(t, l, s, n, "is not known to be harmless, expected a card such as .tran",
                      error);
    if (*s != '.' && !isalpha((unsigned char)*s))
        return refuse(t, l, s, n, "is not known to be harmless, expected an element or a card",
                      error);
    /* a parameter may be a text, and a text may name a model or a parameter */
    const char *quote = strpbrk(s, "\"`");
    if (quote)
        return refuse(t, l, quote, strcspn(quote, " \t"), "is a text, expected none in a deck",
                      error);
    for (const char *p = s; *p;) {
        const size_t blank = strcspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        p += blank;
        size_t length = 0;
        while (isalnum((unsigned char)p[length]) || p[length] == '_')
            length++;
        if (LISTED(models, p, length) || LISTED(parameters, p, length))
            return refuse(t, l, p, length, "opens files or runs programs, expected none such",
                          error);
        p += length;
    }
    return STATUS_OK;
}
