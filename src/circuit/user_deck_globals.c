/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/user_deck_globals.h"

#include "base/memory.h"
#include "circuit/deck_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What may stand before and behind a node's name, in an expression too. */
#define BOUNDS DECK_BLANKS "={}'\"*/+-;[]"

/* All definitions of one name. */
struct subcircuit {
    char *name;
    bool *uses;         /* n_names */
    const char **names; /* n: those that it uses */
    size_t n;
};

/* `x1 ... CALLEE' within a subcircuit. */
struct call {
    size_t from, line; /* index of the subcircuit; of the line */
    char *callee;
};

struct user_globals {
    struct user_deck *deck;
    size_t n_names, names_capacity;
    char **names; /* n_names, in lower case, sorted */
    size_t n_subcircuits, subcircuits_capacity;
    struct subcircuit *subcircuits; /* sorted */
    size_t n_calls, calls_capacity;
    struct call *calls;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct subcircuit *)a)->name, ((const struct subcircuit *)b)->name);
}

static bool is_card(const char *line, const char *card)
{
    const size_t n = strlen(card);
    return strncasecmp(line, card, n) == 0 && (!line[n] || strchr(DECK_BLANKS, line[n]));
}

static void find_names(struct user_globals *g, struct deck_words *w)
{
    const struct deck_text *t = g->deck->text;
    for (size_t i = 0; i < t->n_lines; i++) {
        const char *s = t->lines[i].text;
        if (t->lines[i].control || !is_card(s, ".global"))
            continue;
        deck_words_split(w, s);
        for (size_t k = 1; k < w->n; k++)
            if (!deck_word_is(w, s, k, "0") && !deck_word_is(w, s, k, "gnd")) {
                g->names =
                    memory_grow(g->names, &g->names_capacity, g->n_names + 1, sizeof *g->names);
                g->names[g->n_names++] = deck_word(w, s, k);
            }
    }
    if (g->n_names == 0)
        return;
    qsort(g->names, g->n_names, sizeof *g->names, by_text);
    size_t n = 1;
    for (size_t i = 1; i < g->n_names; i++)
        if (strcmp(g->names[i], g->names[n - 1]) != 0)
            g->names[n++] = g->names[i];
        else
            free(g->names[i]);
    g->n_names = n;
}

/* Index of a name, or n_names. */
static size_t find_name(const struct user_globals *g, const char *name)
{
    char *const *found = bsearch(&name, g->names, g->n_names, sizeof *g->names, by_text);
    return found ? (size_t)(found - g->names) : g->n_names;
}

static struct subcircuit *find_subcircuit(const struct user_globals *g, const char *name)
{
    const struct subcircuit key = {.name = (char *)(uintptr_t)name};
    return bsearch(&key, g->subcircuits, g->n_subcircuits, sizeof key, by_name);
}

static void find_subcircuits(struct user_globals *g, struct deck_words *w)
{
    const struct deck_text *t = g->deck->text;
    for (size_t i = 0; i < t->n_lines; i++) {
        const char *s = t->lines[i].text;
        if (t->lines[i].control || !is_card(s, ".subckt"))
            continue;
        deck_words_split(w, s);
        g->subcircuits = memory_grow(g->subcircuits, &g->subcircuits_capacity, g->n_subcircuits + 1,
                                     sizeof *g->subcircuits);
        g->subcircuits[g->n_subcircuits++] = (struct subcircuit){.name = deck_word(w, s, 1)};
    }
    if (g->n_subcircuits == 0)
        return;
    qsort(g->subcircuits, g->n_subcircuits, sizeof *g->subcircuits, by_name);
    size_t n = 1;
    for (size_t i = 1; i < g->n_subcircuits; i++)
        if (strcmp(g->subcircuits[i].name, g->subcircuits[n - 1].name) != 0)
            g->subcircuits[n++] = g->subcircuits[i];
        else
            free(g->subcircuits[i].name);
    g->n_subcircuits = n;
    for (size_t k = 0; k < n; k++)
        g->subcircuits[k].uses = NEW(g->n_names, bool);
}

/* Any word that is a global's name; one too many is a node without current. */
static void note_uses(struct user_globals *g, bool *uses, const char *s)
{
    for (const char *p = s; *(p += strspn(p, BOUNDS));) {
        const size_t n = strcspn(p, BOUNDS), whole = strcspn(p, DECK_BLANKS "=");
        char *part = deck_lower(p, n), *word = deck_lower(p, whole); /* a node may be named v+ */
        const size_t k = find_name(g, part), k2 = find_name(g, word);
        if (k < g->n_names)
            uses[k] = true;
        if (k2 < g->n_names)
            uses[k2] = true;
        free(part);
        free(word);
        p += n;
    }
}

/* calls(i, from, data) for each line of the deck: from is the subcircuit that it is in, or SIZE_MAX. */
static void each_line(struct user_globals *g, struct deck_words *w,
                      void (*take)(struct user_globals *g, struct deck_words *w, size_t line,
                                   size_t from))
{
    const struct deck_text *t = g->deck->text;
    size_t depth = 0, capacity = 0, *inside = NULL; /* depth: subcircuits may stand in each other */
    for (size_t i = 0; i < t->n_lines; i++) {
        const char *s = t->lines[i].text;
        if (t->lines[i].control || *s == '*')
            continue;
        if (is_card(s, ".subckt")) {
            deck_words_split(w, s);
            char *name = deck_word(w, s, 1);
            inside = memory_grow(inside, &capacity, depth + 1, sizeof *inside);
            inside[depth++] = (size_t)(find_subcircuit(g, name) - g->subcircuits);
            free(name);
        }
        take(g, w, i, depth > 0 ? inside[depth - 1] : SIZE_MAX);
        if (is_card(s, ".ends") && depth > 0)
            depth--;
    }
    free(inside);
}

static void take_uses(struct user_globals *g, struct deck_words *w, size_t line, size_t from)
{
    const char *s = g->deck->text->lines[line].text;
    if (from == SIZE_MAX || is_card(s, ".subckt") || is_card(s, ".ends"))
        return;
    note_uses(g, g->subcircuits[from].uses, s);
    if (*s != 'x' && *s != 'X')
        return;
    deck_words_split(w, s);
    g->calls = memory_grow(g->calls, &g->calls_capacity, g->n_calls + 1, sizeof *g->calls);
    g->calls[g->n_calls++] = (struct call){from, line, deck_word(w, s, deck_words_callee(w, s))};
}

/* A subcircuit uses also the global nodes that the subcircuits it calls use. */
static void spread(struct user_globals *g)
{
    for (bool more = true, back = false; more; back = !back) {
        more = false;
        for (size_t k = 0; k < g->n_calls; k++) {
            const struct call *c = &g->calls[back ? g->n_calls - 1 - k : k];
            const struct subcircuit *callee = find_subcircuit(g, c->callee);
            for (size_t i = 0; callee && i < g->n_names; i++)
                if (callee->uses[i] && !g->subcircuits[c->from].uses[i])
                    g->subcircuits[c->from].uses[i] = more = true;
        }
    }
    for (size_t k = 0; k < g->n_subcircuits; k++) {
        struct subcircuit *s = &g->subcircuits[k];
        s->names = NEW(g->n_names, const char *);
        for (size_t i = 0; i < g->n_names; i++)
            if (s->uses[i])
                s->names[s->n++] = g->names[i];
    }
}

/* The line with the names put in at this byte. */
static char *with_names(const char *s, size_t at, const struct subcircuit *sub)
{
    char *text = memory_string_n(s, at);
    for (size_t i = 0; i < sub->n; i++) {
        char *more =
            memory_format("%s%s%s ", text, at == strlen(s) && i == 0 ? " " : "", sub->names[i]);
        free(text);
        text = more;
    }
    char *whole = memory_format("%s%s", text, s + at);
    free(text);
    return whole;
}

/* Rename a formal node that has the name of a global one: ngspice would take it for the global node. */
static char *without_formals(const struct user_globals *g, struct deck_words *w, const char *s)
{
    const size_t n = deck_words_before_parameters(w, s);
    char *text = memory_string("");
    size_t done = 0;
    for (size_t k = 2; k < n; k++) {
        char *word = deck_word(w, s, k);
        if (find_name(g, word) < g->n_names) {
            char *more = memory_format("%s%.*s%sformal_%zu", text, (int)(w->list[k].at - done),
                                       s + done, g->deck->prefix, k);
            free(text);
            text = more;
            done = w->list[k].at + w->list[k].n;
        }
        free(word);
    }
    char *whole = memory_format("%s%s", text, s + done);
    free(text);
    return whole;
}

static void take_header(struct user_globals *g, struct deck_words *w, size_t line, size_t from)
{
    const char *s = g->deck->text->lines[line].text;
    if (from == SIZE_MAX || !is_card(s, ".subckt"))
        return;
    deck_words_split(w, s);
    char *renamed = without_formals(g, w, s);
    deck_words_split(w, renamed);
    const size_t n = deck_words_before_parameters(w, renamed),
                 at = n < w->n ? w->list[n].at : strlen(renamed);
    g->deck->instead[line] = with_names(renamed, at, &g->subcircuits[from]);
    free(renamed);
}

static void rewrite(struct user_globals *g, struct deck_words *w)
{
    const struct deck_text *t = g->deck->text;
    for (size_t i = 0; i < t->n_lines; i++)
        if (!t->lines[i].control && is_card(t->lines[i].text, ".global"))
            g->deck->instead[i] = memory_string("");
    each_line(g, w, take_header);
    for (size_t k = 0; k < g->n_calls; k++) {
        const struct subcircuit *callee = find_subcircuit(g, g->calls[k].callee);
        const char *s = t->lines[g->calls[k].line].text;
        if (!callee || callee->n == 0)
            continue;
        deck_words_split(w, s);
        g->deck->instead[g->calls[k].line] =
            with_names(s, w->list[deck_words_callee(w, s)].at, callee);
    }
}

struct user_globals *user_globals_read(struct user_deck *deck)
{
    struct deck_words w = {0};
    struct user_globals *g = NEW(1, struct user_globals);
    g->deck = deck;
    find_names(g, &w);
    if (g->n_names > 0)
        find_subcircuits(g, &w);
    if (g->n_subcircuits > 0) {
        each_line(g, &w, take_uses);
        spread(g);
        rewrite(g, &w);
    }
    free(w.list);
    if (g->n_subcircuits > 0)
        return g;
    user_globals_free(g);
    return NULL;
}

void user_globals_free(struct user_globals *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_names; i++)
        free(g->names[i]);
    for (size_t k = 0; k < g->n_subcircuits; k++) {
        free(g->subcircuits[k].name);
        free(g->subcircuits[k].uses);
        free(g->subcircuits[k].names);
    }
    for (size_t k = 0; k < g->n_calls; k++)
        free(g->calls[k].callee);
    free(g->names);
    free(g->subcircuits);
    free(g->calls);
    free(g);
}

size_t user_globals_of(const struct user_globals *g, const char *subcircuit,
                       const char *const **names)
{
    const struct subcircuit *s = g ? find_subcircuit(g, subcircuit) : NULL;
    *names = s ? s->names : NULL;
    return s ? s->n : 0;
}
