/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/simulation_signals.h"

#include "base/memory.h"
#include "simulate/vector_index.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct choice {
    const struct user_deck *deck;
    size_t n;
    char *const *names;               /* n: of ngspice's vectors */
    const struct vector_index *index; /* of them */
    bool *shown;                      /* n */
    struct simulation_signals *signals;
};

static const char *type_of(const char *name)
{
    static const struct {
        const char *name, *type;
    } scales[] = {{"time", "time"},       {"frequency", "frequency"},   {"v-sweep", "voltage"},
                  {"i-sweep", "current"}, {"temp-sweep", "temp-sweep"}, {"res-sweep", "res-sweep"}};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++)
        if (strcmp(name, scales[i].name) == 0)
            return scales[i].type;
    const char *parameter = strchr(name, '[');
    if (*name == '@' && parameter)
        return parameter[1] == 'i' ? "current" : parameter[1] == 'v' ? "voltage" : "notype";
    return strstr(name, "#branch") ? "current" : "voltage";
}

const char *simulation_unit(const char *type)
{
    return strcmp(type, "voltage") == 0   ? "V"
           : strcmp(type, "current") == 0 ? "A"
           : strcmp(type, "time") == 0    ? "s"
                                          : "";
}

/* ngspice's vector as raw files name it. */
static char *shown_name(const struct choice *k, size_t vector, const char *given)
{
    const char *name = k->names[vector], *branch = strstr(name, "#branch");
    if (given)
        return memory_string(given);
    if (*name == '@' || strcmp(type_of(name), "voltage") != 0 || strcmp(name, "v-sweep") == 0)
        return branch ? memory_format("i(%.*s)", (int)(branch - name), name) : memory_string(name);
    return strncasecmp(name, "v(", 2) == 0 ? memory_format("v%s", name + 1)
                                           : memory_format("v(%s)", name);
}

static void show(struct choice *k, size_t vector, const char *given)
{
    if (k->shown[vector])
        return;
    k->shown[vector] = true;
    k->signals->variables[k->signals->n] =
        (struct raw_plot_variable){shown_name(k, vector, given), type_of(k->names[vector])};
    k->signals->vectors[k->signals->n++] = vector;
}

/* The current of an element that begins so: of what senses it, or its own.  False: no such element. */
static bool show_current(struct choice *k, const char *word, const char *element, size_t n)
{
    const struct user_deck *d = k->deck;
    char *name = memory_string_n(element, n);
    const struct user_element *found = NULL;
    for (size_t e = 0; e < d->n_elements && !found; e++)
        if (d->elements[e].series && strcmp(d->elements[e].name, name) == 0)
            found = &d->elements[e];
    size_t vector = found ? vector_of_branch(k->index, found->senses[0]) : k->n;
    if (vector == k->n)
        vector = vector_of_branch(k->index, name);
    if (vector < k->n)
        show(k, vector, word);
    free(name);
    return found || vector < k->n; /* without sensing sources an element's may not be there */
}

static void show_all(struct choice *k)
{
    const char *prefix = k->deck->prefix;
    const size_t n = strlen(prefix);
    for (size_t i = 0; i < k->n; i++)
        if (strncmp(k->names[i], prefix, n) != 0 &&
            !(k->names[i][0] == 'v' && strncmp(k->names[i] + 1, prefix, n) == 0))
            show(k, i, NULL);
}

/* What one word of `.save' names; false: no such. */
static bool show_saved(struct choice *k, const char *word)
{
    const size_t n = strlen(word);
    const bool call = n > 3 && word[1] == '(' && word[n - 1] == ')';
    size_t vector = k->n;
    if (strcmp(word, "all") == 0) {
        show_all(k);
        return true;
    }
    if (call && *word == 'i')
        return show_current(k, word, word + 2, n - 3);
    if (call && *word == 'v') { /* v(a) or v(a,b): both nodes */
        char *nodes = memory_string_n(word + 2, n - 3), *rest = nodes, *node;
        bool there = true;
        while ((node = strtok_r(NULL, ", ", &rest))) {
            vector = vector_of_node(k->index, node);
            there = there && (vector < k->n || strcmp(node, "0") == 0);
            if (vector < k->n)
                show(k, vector, NULL);
        }
        free(nodes);
        return there;
    }
    vector = vector_of_node(k->index, word);
    if (vector < k->n)
        show(k, vector, NULL);
    return vector < k->n;
}

enum status simulation_signals_choose(const struct user_deck *d, size_t n, char *const *names,
                                      struct simulation_signals *signals, struct error *error)
{
    struct vector_index *index = vector_index_new(n, names);
    struct choice k = {d, n, names, index, NEW(n, bool), signals};
    enum status status = STATUS_OK;
    *signals = (struct simulation_signals){.vectors = NEW(n + 1, size_t),
                                           .variables = NEW(n + 1, struct raw_plot_variable)};
    if (n > 0)
        show(&k, 0, NULL); /* the scale */
    if (d->n_saves == 0)
        show_all(&k);
    for (size_t i = 0; i < d->n_saves && status == STATUS_OK; i++)
        if (!show_saved(&k, d->saves[i].name)) {
            const struct deck_line *l = &d->text->lines[d->saves[i].line];
            status = fail_at(error, d->text->files[l->file], l->line,
                             "'%s', expected a node as v(NODE), a current as i(ELEMENT) of two "
                             "terminals, or @ELEMENT[PARAMETER]",
                             d->saves[i].name);
        }
    vector_index_free(index);
    free(k.shown);
    return status;
}

void simulation_signals_free(struct simulation_signals *signals)
{
    for (size_t i = 0; i < signals->n; i++)
        free(signals->variables[i].name);
    free(signals->variables);
    free(signals->vectors);
    *signals = (struct simulation_signals){0};
}
