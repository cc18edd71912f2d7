/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a deck are refused with a message, or become lines of which each is an element or a card
 * that is known to be harmless. */
#include "circuit/user_deck.h"
#include "fuzz.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What makes ngspice run commands or open files by its first word. */
static const char *const commands[] = {".control", ".endc",      ".include", ".inc",  ".lib",
                                       ".exec",    ".codemodel", ".hdl",     ".osdi", "*"};

static void check_line(const char *line)
{
    assert(isalpha((unsigned char)*line) || *line == '.');
    assert(!strpbrk(line, "\n\"`"));
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++) {
        const size_t m = strlen(commands[k]);
        assert(strncasecmp(line, commands[k], m) != 0 || isalnum((unsigned char)line[m]));
    }
}

/* Lines that are taken over together with their origin. */
static void check_lines(const struct user_deck *deck, char **lines, size_t *origin)
{
    assert(strcmp(lines[0], "* a deck") == 0);
    for (size_t i = 1; lines[i]; i++) {
        check_line(lines[i]);
        assert(origin[i] == SIZE_MAX || origin[i] < deck->text->n_lines);
        free(lines[i]);
    }
    free(lines[0]);
    free(lines);
    free(origin);
}

static void use(const struct user_deck *deck)
{
    size_t *origin;
    char **probes, **lines = user_deck_probe_lines(deck, deck->n_analyses, &probes, &origin);
    check_lines(deck, lines, origin);
    for (size_t i = 0; i < deck->n_senses; i++)
        free(probes[i]);
    free(probes);
    double *initial = calloc(deck->n_senses + 1, sizeof *initial);
    for (size_t a = 0; a <= deck->n_analyses; a++) {
        lines = user_deck_lines(deck, a, initial, &origin);
        check_lines(deck, lines, origin);
        if (a == 1)
            break; /* the others are like it */
    }
    free(initial);
}

void fuzz_deck(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("deck", bytes, n);
    struct error error = {0};
    struct user_deck *deck;
    const enum status status = user_deck_read(path, false, &deck, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0] && !deck));
    if (deck) {
        assert(!deck->control);
        use(deck);
    }
    user_deck_free(deck);
    free(path);
}
