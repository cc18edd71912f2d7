/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/user_deck.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "circuit/deck_words.h"
#include "circuit/user_deck_globals.h"
#include "circuit/user_deck_ports.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NODES_MAX SIZE_MAX /* as many as stand there */

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
    {'p', "line", USER_ABSORBS, 4, NODES_MAX, 0, false},
    {'y', "line", USER_ABSORBS, 4, 4, 4, false},
    {'a', "code model", USER_ABSORBS, 0, NODES_MAX, 0, false},
    {'x', "subcircuit", USER_ABSORBS, 0, NODES_MAX, 0, false},
};

static const char *const analysis_names[] = {"op", "dc", "ac", "tran"};

const char *user_analysis_name(enum user_analysis_kind kind)
{
    return analysis_names[kind];
}

/* `.model NAME TYPE' */
struct model {
    char *name, *type; /* in lower case */
};

/* What is being read. */
struct reader {
    struct user_deck *deck;
    struct user_globals *globals; /* or NULL */
    size_t n_models, models_capacity;
    struct model *models; /* n_models, sorted */
    size_t n_coupled, coupled_capacity;
    char **coupled; /* n_coupled, sorted: inductors that are no plain ones */
    size_t capacity[6];
    struct deck_words words; /* of the line at hand */
    size_t branches;         /* of .if that are open */
    struct error *error;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct model *)a)->name, ((const struct model *)b)->name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL: the deck has no such model. */
static const struct model *find_model(const struct reader *r, const char *name)
{
    const struct model key = {.name = (char *)(uintptr_t)name};
    return r->n_models > 0 ? bsearch(&key, r->models, r->n_models, sizeof key, by_name) : NULL;
}

static bool is_model(const struct reader *r, const char *s, size_t k)
{
    char *name = deck_word(&r->words, s, k);
    const bool is = find_model(r, name) != NULL;
    free(name);
    return is;
}

/* Number of nodes of the current element; 0: unknown. */
static size_t count_nodes(const struct reader *r, const struct kind *k, const char *s)
{
    if (k->letter == 'x') { /* what stands before the subcircuit's name, which parameters follow */
        const size_t callee = deck_words_callee(&r->words, s);
        return callee < 2 ? 0 : callee - 1;
    }
    size_t n = k->usual;
    const size_t most = k->most < r->words.n ? k->most : r->words.n;
    for (size_t i = k->least; k->most > k->least && i <= most; i++)
        if (is_model(r, s, i + 1)) {
            n = i;
            break;
        }
    return r->words.n > n ? n : 0;
}

/* The nodes that follow each other in the line, and the global nodes that a subcircuit uses; *spans: their
 * positions in the line, to be freed. */
static size_t find_nodes(const struct reader *r, const struct kind *k, const char *s,
                         struct user_span **spans, const char *const **global)
{
    size_t n = count_nodes(r, k, s), n_global = 0;
    *spans = NULL;
    *global = NULL;
    if (k->letter == 'x') {
        const size_t callee = deck_words_callee(&r->words, s);
        char *name = deck_word(&r->words, s, callee);
        n_global = callee > 0 ? user_globals_of(r->globals, name, global) : 0;
        free(name);
        *spans = NEW(n + n_global, struct user_span);
        for (size_t i = 0; i < n_global; i++)
            (*spans)[n + i] = (struct user_span){r->words.list[callee].at, 0};
    } else {
        *spans = NEW(n, struct user_span);
    }
    for (size_t i = 0; i < n; i++)
        (*spans)[i] = (struct user_span){r->words.list[i + 1].at, r->words.list[i + 1].n};
    return n + n_global;
}

static bool is_ground(const char *name, size_t n)
{
    return (n == 1 && *name == '0') || (n == 3 && strncasecmp(name, "gnd", 3) == 0);
}

/* Ports of a code model other than ground, where the power is 0.  SIZE_MAX: they are unknown. */
static size_t find_ports(const struct reader *r, const char *s, struct user_span **spans)
{
    size_t n, kept = 0;
    char *name = user_deck_port_model(s);
    const struct model *m = find_model(r, name);
    const bool known = user_deck_ports(s, m ? m->type : NULL, &n, spans);
    free(name);
    for (size_t i = 0; known && i < n; i++)
        if (!is_ground(s + (*spans)[i].at, (*spans)[i].n))
            (*spans)[kept++] = (*spans)[i];
    return known ? kept : SIZE_MAX;
}

/* The value of `c1 a b 5n ic=1' and the like. */
static double plain_value(const struct reader *r, const char *s)
{
    double value = NAN;
    char *word = deck_word(&r->words, s, 3), *ic = deck_word(&r->words, s, 4);
    const bool alone = r->words.n == 4 ||
                       (r->words.n == 7 && strcmp(ic, "ic") == 0 && s[r->words.list[5].at] == '=');
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

static void name_senses(struct user_deck *d, struct user_element *e, size_t number, bool own)
{
    e->first = d->n_senses;
    d->n_senses += e->n_senses;
    e->senses = NEW(e->n_senses, char *);
    for (size_t i = 0; i < e->n_senses; i++)
        e->senses[i] =
            own ? memory_string(e->name) : memory_format("v%s%zu_%zu", d->prefix, number, i);
}

static void add_element(struct reader *r, size_t line)
{
    struct user_deck *d = r->deck;
    const char *s = d->text->lines[line].text;
    const char letter = (char)tolower((unsigned char)*s);
    const struct kind *kind = NULL;
    struct user_span *spans = NULL;
    const char *const *global = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].letter == letter)
            kind = &kinds[i];
    if (letter == 'k') /* its energy is booked at the terminals of the inductors that it couples */
        return;
    size_t n = !kind           ? 0
               : letter == 'a' ? find_ports(r, s, &spans)
                               : find_nodes(r, kind, s, &spans, &global);
    if (n == 0 && letter == 'a') { /* digital: no current flows into it */
        free(spans);
        return;
    }
    if (n == 0 || n == SIZE_MAX) {
        add_text(&d->unbooked, &d->n_unbooked, &r->capacity[0], deck_word(&r->words, s, 0));
        free(spans);
        return;
    }
    d->elements = memory_grow(d->elements, &r->capacity[1], d->n_elements + 1, sizeof *d->elements);
    const size_t number = d->n_elements++;
    struct user_element *e = &d->elements[number];
    *e = (struct user_element){.name = deck_word(&r->words, s, 0),
                               .kind = kind->name,
                               .role = kind->role,
                               .line = line,
                               .n_nodes = n,
                               .nodes = NEW(n, char *),
                               .spans = spans,
                               .series = kind->series && n == 2,
                               .is_subcircuit = letter == 'x',
                               .conditional = r->branches > 0,
                               .n_senses = kind->series && n == 2 ? 1 : n,
                               .resistance = NAN,
                               .value = NAN};
    for (size_t i = 0, k = 0; i < n; i++) {
        const char *at = s + spans[i].at;
        e->nodes[i] = spans[i].n == 0             ? memory_string(global[k++])
                      : is_ground(at, spans[i].n) ? memory_string("0")
                                                  : deck_lower(at, spans[i].n);
    }
    name_senses(d, e, number, letter == 'v');
    e->coupled = letter == 'l' && r->n_coupled > 0 &&
                 bsearch(&e->name, r->coupled, r->n_coupled, sizeof *r->coupled, by_text);
    if (letter == 'r')
        e->resistance = plain_value(r, s);
    if (letter == 'c' || (letter == 'l' && !e->coupled))
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
        d->saves[d->n_saves++] = (struct user_save){deck_lower(p, n), line};
        p += n;
    }
}

static enum status add_measure(struct reader *r, size_t line)
{
    struct user_deck *d = r->deck;
    const struct deck_line *l = &d->text->lines[line];
    char *kind = deck_word(&r->words, l->text, 1);
    for (size_t k = 0; k < ANALYSIS_KINDS; k++)
        if (strcmp(kind, analysis_names[k]) == 0 && r->words.n > 3) {
            d->measures =
                memory_grow(d->measures, &r->capacity[3], d->n_measures + 1, sizeof *d->measures);
            d->measures[d->n_measures++] = (struct user_measure){deck_word(&r->words, l->text, 2),
                                                                 (enum user_analysis_kind)k, line};
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

/* True if `uic' is one of the words of the current line. */
static bool says_uic(const struct reader *r, const char *s)
{
    for (size_t k = 1; k < r->words.n; k++)
        if (deck_word_is(&r->words, s, k, "uic"))
            return true;
    return false;
}

/* Of `.tran STEP STOP [FROM [MAX]] [uic]'. */
static double first_point(const struct reader *r, const char *s)
{
    double from = 0;
    char *word = deck_word(&r->words, s, 3);
    if (r->words.n > 3 && strcmp(word, "uic") != 0 && !spice_number(word, &from))
        from = NAN;
    free(word);
    return from;
}

/* .ic or .nodeset, wherever it stands. */
static void note_initial(struct user_deck *d, const char *s, bool inside)
{
    const size_t n = strcspn(s, DECK_BLANKS);
    if ((n == 3 && strncasecmp(s, ".ic", n) == 0) ||
        (n == 8 && strncasecmp(s, ".nodeset", n) == 0)) {
        d->initial = true;
        d->initial_inside = d->initial_inside || inside;
    }
}

/* Count the open branches of .if. */
static void note_branch(struct reader *r, const char *s)
{
    if (deck_word_is(&r->words, s, 0, ".if"))
        r->branches++;
    else if (deck_word_is(&r->words, s, 0, ".endif") && r->branches > 0)
        r->branches--;
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
    note_branch(r, l->text);
    char *card = deck_word(&r->words, l->text, 0);
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

/* k of each `sb_' (0) or `sbK_' in the text; taken[n]: noted if it is less than n, or NULL.  Returns how
 * many there are. */
static size_t note_prefixes(const char *s, size_t n, bool *taken)
{
    size_t found = 0;
    for (const char *p = s; (p = strcasestr(p, "sb")); p++) {
        char *end = (char *)(uintptr_t)(p + 2);
        const unsigned long k = isdigit((unsigned char)*end) ? strtoul(end, &end, 10) : 0;
        found += *end == '_';
        if (*end == '_' && taken && k < n)
            taken[k] = true;
    }
    return found;
}

/* A name that is in no word of the deck. */
static void choose_prefix(struct reader *r)
{
    const struct deck_text *t = r->deck->text;
    size_t n = 1, k = 0; /* of n names one is free */
    for (size_t i = 0; i < t->n_lines; i++)
        n += note_prefixes(t->lines[i].text, 0, NULL);
    bool *taken = NEW(n, bool);
    for (size_t i = 0; i < t->n_lines; i++)
        note_prefixes(t->lines[i].text, n, taken);
    while (taken[k])
        k++;
    free(taken);
    if (k == 0)
        strcpy(r->deck->prefix, "sb_");
    else
        snprintf(r->deck->prefix, sizeof r->deck->prefix, "sb%zu_", k);
}

/* Models, and inductors that `k1 la lb 0.9' couples. */
static void look_ahead(struct reader *r)
{
    const struct deck_text *t = r->deck->text;
    for (size_t i = 0; i < t->n_lines; i++) {
        const char *s = t->lines[i].text;
        if (strncasecmp(s, ".model", 6) == 0) {
            deck_words_split(&r->words, s);
            r->models =
                memory_grow(r->models, &r->models_capacity, r->n_models + 1, sizeof *r->models);
            r->models[r->n_models++] =
                (struct model){deck_word(&r->words, s, 1), deck_word(&r->words, s, 2)};
        } else if (*s == 'k' || *s == 'K') {
            deck_words_split(&r->words, s);
            for (size_t k = 1; k < r->words.n; k++)
                add_text(&r->coupled, &r->n_coupled, &r->coupled_capacity,
                         deck_word(&r->words, s, k));
        }
    }
    if (r->n_models > 0)
        qsort(r->models, r->n_models, sizeof *r->models, by_name);
    if (r->n_coupled > 0)
        qsort(r->coupled, r->n_coupled, sizeof *r->coupled, by_text);
}

/* A node whose voltage is a temperature and whose current is a heat flow: `thermal' behind the model of a
 * diode or MOSFET, or the fifth of a bipolar transistor. */
static bool has_thermal_node(const struct reader *r, const char *s)
{
    static const char letters[] = "dmDM";
    if (*s == 'q' || *s == 'Q')
        return is_model(r, s, 6);
    for (size_t k = 2; strchr(letters, *s) && k < r->words.n; k++)
        if (deck_word_is(&r->words, s, k, "thermal"))
            return true;
    return false;
}

static enum status read_deck(struct reader *r)
{
    const struct deck_text *t = r->deck->text;
    enum status status = STATUS_OK;
    size_t depth = 0;
    choose_prefix(r);
    look_ahead(r);
    r->deck->instead = NEW(t->n_lines, char *);
    r->globals = user_globals_read(r->deck);
    for (size_t i = 0; i < t->n_lines && status == STATUS_OK; i++) {
        const char *s = t->lines[i].text;
        if (t->lines[i].control || *s == '*') {
            r->deck->control = true;
            deck_words_split(&r->words, s);
            r->deck->control_uic = r->deck->control_uic || says_uic(r, s);
            continue;
        }
        note_initial(r->deck, s, depth > 0);
        deck_words_split(&r->words, s);
        if (r->deck->thermal == 0 && has_thermal_node(r, s))
            r->deck->thermal = i + 1;
        r->deck->noise = r->deck->noise || strcasestr(s, "trnoise") || strcasestr(s, "trrandom");
        if (strncasecmp(s, ".subckt", 7) == 0) {
            depth++;
        } else if (strncasecmp(s, ".ends", 5) == 0) {
            depth -= depth > 0;
        } else if (depth == 0) {
            if (r->words.n == 0)
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

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

enum status user_deck_read(const char *path, bool trusted, struct user_deck **deck,
                           struct error *error)
{
    *deck = NULL;
    struct user_deck *d = NEW(1, struct user_deck);
    enum status status = deck_text_read(path, trusted, &d->text, error);
    if (status == STATUS_OK) {
        struct reader r = {.deck = d, .error = error};
        status = read_deck(&r);
        for (size_t i = 0; i < r.n_models; i++) {
            free(r.models[i].name);
            free(r.models[i].type);
        }
        free(r.models);
        free_texts(r.coupled, r.n_coupled);
        user_globals_free(r.globals);
        free(r.words.list);
    }
    if (status == STATUS_OK)
        *deck = d;
    else
        user_deck_free(d);
    return status;
}

void user_deck_free(struct user_deck *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_elements; i++) {
        free(d->elements[i].name);
        free_texts(d->elements[i].nodes, d->elements[i].n_nodes);
        free_texts(d->elements[i].senses, d->elements[i].n_senses);
        free(d->elements[i].spans);
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
    if (d->instead)
        free_texts(d->instead, d->text->n_lines);
    deck_text_free(d->text);
    free(d);
}
