/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/user_deck.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\f\v,()"
#define WORDS_MAX 4096 /* of one line */

/* A word of a line; '=' is a word of its own. */
struct word {
    size_t at, n;
};

static const struct kind {
    char letter;
    const char *name;
    enum user_role role;
    size_t least, most; /* nodes; more than `least` if a model of the deck stands behind them */
    size_t usual;       /* if no such model is found */
    bool series;        /* of two nodes: what goes in at the first comes out at the second */
} kinds[] = {
    {'r', "resistor", USER_ABSORBS, 2, 2, 2, true},
    {'c', "capacitor", USER_STORES, 2, 2, 2, true},
    {'l', "inductor", USER_STORES, 2, 2, 2, true},
    {'v', "voltage source", USER_DELIVERS, 2, 2, 2, true},
    {'i', "current source", USER_DELIVERS, 2, 2, 2, true},
    {'d', "diode", USER_ABSORBS, 2, 3, 2, true},
    {'m', "MOSFET", USER_ABSORBS, 3, 7, 4, false},
    {'q', "bipolar transistor", USER_ABSORBS, 3, 5, 3, false},
    {'j', "JFET", USER_ABSORBS, 3, 3, 3, false},
    {'z', "MESFET", USER_ABSORBS, 3, 3, 3, false},
    {'b', "behavioural source", USER_ABSORBS, 2, 2, 2, true},
    {'e', "controlled source", USER_ABSORBS, 2, 2, 2, true},
    {'f', "controlled source", USER_ABSORBS, 2, 2, 2, true},
    {'g', "controlled source", USER_ABSORBS, 2, 2, 2, true},
    {'h', "controlled source", USER_ABSORBS, 2, 2, 2, true},
    {'s', "switch", USER_ABSORBS, 2, 2, 2, true},
    {'w', "switch", USER_ABSORBS, 2, 2, 2, true},
    {'t', "line", USER_ABSORBS, 4, 4, 4, false},
    {'o', "line", USER_ABSORBS, 4, 4, 4, false},
    {'u', "line", USER_ABSORBS, 3, 3, 3, false},
    {'x', "subcircuit", USER_ABSORBS, 0, WORDS_MAX, 0, false},
};

static const char *const analysis_names[] = {"op", "dc", "ac", "tran"};

const char *user_analysis_name(enum user_analysis_kind kind)
{
    return analysis_names[kind];
}

/* What is being read. */
struct reader {
    struct user_deck *deck;
    size_t n_models, models_capacity;
    char **models;
    bool *coupled; /* n_lines: no plain inductor */
    size_t capacity[6];
    struct word *words; /* WORDS_MAX of the line at hand */
    size_t n_words;
    struct error *error;
};

static void split(struct reader *r, const char *s)
{
    r->n_words = 0;
    for (size_t i = 0; s[i] && r->n_words < WORDS_MAX;) {
        i += strspn(s + i, BLANKS);
        const size_t n = s[i] == '=' ? 1 : strcspn(s + i, BLANKS "=");
        if (n > 0)
            r->words[r->n_words++] = (struct word){i, n};
        i += n;
    }
}

static char *lower(const char *s, size_t n)
{
    char *word = memory_string_n(s, n);
    for (char *p = word; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return word;
}

static char *word_at(const struct reader *r, const char *s, size_t k)
{
    return k < r->n_words ? lower(s + r->words[k].at, r->words[k].n) : memory_string("");
}

static bool is_model(const struct reader *r, const char *s, size_t k)
{
    for (size_t i = 0; k < r->n_words && i < r->n_models; i++)
        if (strlen(r->models[i]) == r->words[k].n &&
            strncasecmp(r->models[i], s + r->words[k].at, r->words[k].n) == 0)
            return true;
    return false;
}

/* How many nodes the element at hand has; 0: it cannot be told. */
static size_t count_nodes(const struct reader *r, const struct kind *k, const char *s)
{
    if (k->letter == 'x') { /* what stands before the subcircuit's name, which parameters follow */
        size_t n = 1;
        while (n < r->n_words && s[r->words[n].at] != '=' &&
               !(r->words[n].n == 7 && strncasecmp(s + r->words[n].at, "params:", 7) == 0))
            n++;
        if (n < r->n_words && s[r->words[n].at] == '=')
            n--;
        return n < 3 ? 0 : n - 2;
    }
    size_t n = k->usual;
    for (size_t i = k->least; k->most > k->least && i <= k->most; i++)
        if (is_model(r, s, i + 1)) {
            n = i;
            break;
        }
    return r->n_words > n ? n : 0;
}

/* The value of `c1 a b 5n ic=1' and the like. */
static double plain_value(const struct reader *r, const char *s)
{
    double value = NAN;
    char *word = word_at(r, s, 3), *ic = word_at(r, s, 4);
    const bool alone =
        r->n_words == 4 || (r->n_words == 7 && strcmp(ic, "ic") == 0 && s[r->words[5].at] == '=');
    if (!alone || !spice_number(word, &value))
        value = NAN;
    free(word);
    free(ic);
    return value;
}

static void add_text(char ***list, size_t *n, size_t *capacity, char *text)
{
    *list = memory_grow(*list, capacity, *n + 1, sizeof **list);
    (*list)[(*n)++] = text;
}

static void add_element(struct reader *r, size_t line)
{
    struct user_deck *d = r->deck;
    const char *s = d->text->lines[line].text;
    const char letter = (char)tolower((unsigned char)*s);
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].letter == letter)
            kind = &kinds[i];
    const size_t n = kind ? count_nodes(r, kind, s) : 0;
    if (letter == 'k') /* couples inductors, at whose terminals its energy is booked */
        return;
    if (n == 0) {
        add_text(&d->unbooked, &d->n_unbooked, &r->capacity[0], word_at(r, s, 0));
        return;
    }
    d->elements = memory_grow(d->elements, &r->capacity[1], d->n_elements + 1, sizeof *d->elements);
    const size_t number = d->n_elements++;
    struct user_element *e = &d->elements[number];
    *e = (struct user_element){.name = word_at(r, s, 0),
                               .kind = kind->name,
                               .role = kind->role,
                               .line = line,
                               .n_nodes = n,
                               .nodes = NEW(n, char *),
                               .series = kind->series && n == 2,
                               .is_subcircuit = letter == 'x',
                               .n_senses = kind->series && n == 2 ? 1 : n,
                               .value = NAN};
    for (size_t i = 0; i < n; i++) {
        e->nodes[i] = word_at(r, s, i + 1);
        if (strcmp(e->nodes[i], "gnd") == 0)
            strcpy(e->nodes[i], "0");
    }
    e->first = d->n_senses;
    d->n_senses += e->n_senses;
    e->senses = NEW(e->n_senses, char *);
    for (size_t i = 0; i < e->n_senses; i++)
        e->senses[i] = letter == 'v' ? memory_string(e->name)
                                     : memory_format("v%s%zu_%zu", d->prefix, number, i);
    if (letter == 'c' || (letter == 'l' && !r->coupled[line]))
        e->value = plain_value(r, s);
}

static void add_saves(struct reader *r, size_t line)
{
    struct user_deck *d = r->deck;
    const char *s = d->text->lines[line].text;
    for (const char *p = s + strcspn(s, " \t\f\v"); *(p += strspn(p, " \t\f\v,"));) {
        size_t n = 0, depth = 0; /* v(a, b) is one */
        for (; p[n] && (depth > 0 || !strchr(" \t\f\v,", p[n])); n++)
            depth += p[n] == '(' ? 1 : p[n] == ')' && depth > 0 ? (size_t)-1 : 0;
        d->saves = memory_grow(d->saves, &r->capacity[2], d->n_saves + 1, sizeof *d->saves);
        d->saves[d->n_saves++] = (struct user_save){lower(p, n), line};
        p += n;
    }
}

static enum status add_measure(struct reader *r, size_t line)
{
    struct user_deck *d = r->deck;
    const struct deck_line *l = &d->text->lines[line];
    char *kind = word_at(r, l->text, 1);
    for (size_t k = 0; k < ANALYSIS_KINDS; k++)
        if (strcmp(kind, analysis_names[k]) == 0 && r->n_words > 3) {
            d->measures =
                memory_grow(d->measures, &r->capacity[3], d->n_measures + 1, sizeof *d->measures);
            d->measures[d->n_measures++] =
                (struct user_measure){word_at(r, l->text, 2), (enum user_analysis_kind)k, line};
            free(kind);
            return STATUS_OK;
        }
    free(kind);
    return fail_at(r->error, d->text->files[l->file], l->line,
                   "expected .measure op|dc|ac|tran NAME WHAT");
}

static void add_ignored(struct reader *r, size_t line)
{
    struct user_deck *d = r->deck;
    d->ignored = memory_grow(d->ignored, &r->capacity[5], d->n_ignored + 1, sizeof *d->ignored);
    d->ignored[d->n_ignored++] = line;
}

/* Is `uic' one of the words at hand? */
static bool says_uic(const struct reader *r, const char *s)
{
    for (size_t k = 1; k < r->n_words; k++)
        if (r->words[k].n == 3 && strncasecmp(s + r->words[k].at, "uic", 3) == 0)
            return true;
    return false;
}

/* Of `.tran STEP STOP [FROM [MAX]] [uic]'. */
static double first_point(const struct reader *r, const char *s)
{
    double from = 0;
    char *word = word_at(r, s, 3);
    if (r->n_words > 3 && strcmp(word, "uic") != 0 && !spice_number(word, &from))
        from = NAN;
    free(word);
    return from;
}

/* .ic or .nodeset, wherever it stands. */
static void note_initial(struct user_deck *d, const char *s, bool inside)
{
    const size_t n = strcspn(s, BLANKS);
    if ((n == 3 && strncasecmp(s, ".ic", n) == 0) ||
        (n == 8 && strncasecmp(s, ".nodeset", n) == 0)) {
        d->initial = true;
        d->initial_inside = d->initial_inside || inside;
    }
}

/* A card outside of subcircuits. */
static enum status add_card(struct reader *r, size_t line)
{
    static const char *const printing[] = {".print", ".plot",  ".four",
                                           ".width", ".probe", ".backanno"};
    static const char *const others[] = {".disto", ".noise", ".pz", ".sens", ".sp", ".tf", ".pss"};
    struct user_deck *d = r->deck;
    const struct deck_line *l = &d->text->lines[line];
    enum status status = STATUS_OK;
    char *card = word_at(r, l->text, 0);
    for (size_t k = 0; k < ANALYSIS_KINDS; k++)
        if (strcmp(card + 1, analysis_names[k]) == 0) {
            d->analyses =
                memory_grow(d->analyses, &r->capacity[4], d->n_analyses + 1, sizeof *d->analyses);
            struct user_analysis *a = &d->analyses[d->n_analyses++];
            *a = (struct user_analysis){.kind = (enum user_analysis_kind)k, .line = line};
            if (k == ANALYSIS_TRAN) {
                a->uic = says_uic(r, l->text);
                a->from = first_point(r, l->text);
            }
        }
    for (size_t k = 0; k < sizeof printing / sizeof printing[0]; k++)
        if (strcmp(card, printing[k]) == 0)
            add_ignored(r, line);
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
        if (strcmp(card, others[k]) == 0)
            status = fail_at(r->error, d->text->files[l->file], l->line,
                             "%s, expected .op, .dc, .ac, .tran and .save", card);
    if (strcmp(card, ".save") == 0)
        add_saves(r, line);
    if (strncmp(card, ".meas", 5) == 0)
        status = add_measure(r, line);
    free(card);
    return status;
}

/* A name that no word of the deck begins with. */
static void choose_prefix(struct reader *r)
{
    const struct deck_text *t = r->deck->text;
    for (size_t k = 0;; k++) {
        bool taken = false;
        if (k == 0)
            strcpy(r->deck->prefix, "sb_");
        else
            snprintf(r->deck->prefix, sizeof r->deck->prefix, "sb%zu_", k);
        for (size_t i = 0; i < t->n_lines && !taken; i++)
            taken = strcasestr(t->lines[i].text, r->deck->prefix) != NULL;
        if (!taken)
            return;
    }
}

/* Models, and inductors that `k1 la lb 0.9' couples. */
static void look_ahead(struct reader *r)
{
    const struct deck_text *t = r->deck->text;
    r->coupled = NEW(t->n_lines, bool);
    for (size_t i = 0; i < t->n_lines; i++) {
        const char *s = t->lines[i].text;
        if (strncasecmp(s, ".model", 6) == 0) {
            split(r, s);
            if (r->n_words > 1)
                add_text(&r->models, &r->n_models, &r->models_capacity, word_at(r, s, 1));
        } else if (*s == 'k' || *s == 'K') {
            split(r, s);
            for (size_t k = 1; k < r->n_words; k++)
                for (size_t j = 0; j < t->n_lines; j++) {
                    const char *l = t->lines[j].text;
                    const size_t n = strcspn(l, BLANKS);
                    if (n == r->words[k].n && strncasecmp(l, s + r->words[k].at, n) == 0)
                        r->coupled[j] = true;
                }
        }
    }
}

static enum status read_deck(struct reader *r)
{
    const struct deck_text *t = r->deck->text;
    enum status status = STATUS_OK;
    size_t depth = 0;
    choose_prefix(r);
    look_ahead(r);
    for (size_t i = 0; i < t->n_lines && status == STATUS_OK; i++) {
        const char *s = t->lines[i].text;
        if (t->lines[i].control || *s == '*') {
            r->deck->control = true;
            split(r, s);
            r->deck->control_uic = r->deck->control_uic || says_uic(r, s);
            continue;
        }
        note_initial(r->deck, s, depth > 0);
        if (strncasecmp(s, ".subckt", 7) == 0) {
            depth++;
        } else if (strncasecmp(s, ".ends", 5) == 0) {
            depth -= depth > 0;
        } else if (depth == 0) {
            split(r, s);
            if (r->n_words == 0)
                status = fail_at(r->error, t->files[t->lines[i].file], t->lines[i].line,
                                 "'%s', expected an element or a card", s);
            else if (*s == '.')
                status = add_card(r, i);
            else
                add_element(r, i);
        }
    }
    if (status == STATUS_OK && r->deck->n_analyses == 0 && !r->deck->control)
        status = fail(r->error, STATUS_INPUT, "%s: no analysis, expected .op, .dc, .ac or .tran",
                      t->files[0]);
    return status;
}

enum status user_deck_read(const char *path, bool trusted, struct user_deck **deck,
                           struct error *error)
{
    *deck = NULL;
    struct user_deck *d = NEW(1, struct user_deck);
    enum status status = deck_text_read(path, trusted, &d->text, error);
    if (status == STATUS_OK) {
        struct reader r = {.deck = d, .words = NEW(WORDS_MAX, struct word), .error = error};
        status = read_deck(&r);
        for (size_t i = 0; i < r.n_models; i++)
            free(r.models[i]);
        free(r.models);
        free(r.coupled);
        free(r.words);
    }
    if (status == STATUS_OK)
        *deck = d;
    else
        user_deck_free(d);
    return status;
}

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

void user_deck_free(struct user_deck *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_elements; i++) {
        free(d->elements[i].name);
        free_texts(d->elements[i].nodes, d->elements[i].n_nodes);
        free_texts(d->elements[i].senses, d->elements[i].n_senses);
    }
    for (size_t i = 0; i < d->n_measures; i++)
        free(d->measures[i].name);
    for (size_t i = 0; i < d->n_saves; i++)
        free(d->saves[i].name);
    free(d->elements);
    free(d->analyses);
    free(d->measures);
    free(d->saves);
    free_texts(d->unbooked, d->n_unbooked);
    free(d->ignored);
    deck_text_free(d->text);
    free(d);
}
