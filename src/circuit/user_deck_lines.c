/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's deck as lines for ngspice. */
#include "base/memory.h"
#include "circuit/user_deck.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\f\v,()"

struct lines {
    char **lines;
    size_t *origin;
    size_t n, capacity, origin_capacity;
};

static void add(struct lines *l, char *text, size_t origin)
{
    l->lines = memory_grow(l->lines, &l->capacity, l->n + 2, sizeof *l->lines);
    l->origin = memory_grow(l->origin, &l->origin_capacity, l->n + 2, sizeof *l->origin);
    l->origin[l->n] = origin;
    l->lines[l->n++] = text;
    l->lines[l->n] = NULL;
}

/* The element's line with its nodes led through the sources that sense its currents. */
static void add_sensed(struct lines *l, const struct user_deck *d, const struct user_element *e)
{
    const char *s = d->text->lines[e->line].text, *p = s + strcspn(s, BLANKS "=");
    char *text = memory_string_n(s, (size_t)(p - s));
    const size_t replaced = e->series ? 1 : 0; /* of two nodes the second */
    for (size_t i = 0; i < e->n_nodes; i++) {
        const size_t gap = strspn(p, BLANKS), n = strcspn(p + gap, BLANKS "=");
        char *more = i >= replaced
                         ? memory_format("%s%.*s%s", text, (int)gap, p, e->senses[i - replaced] + 1)
                         : memory_format("%s%.*s", text, (int)(gap + n), p);
        free(text);
        text = more;
        p += gap + n;
    }
    add(l, memory_format("%s%s", text, p), e->line);
    free(text);
    for (size_t i = 0; i < e->n_senses; i++) {
        const char *node = e->nodes[i + replaced], *inner = e->senses[i] + 1;
        add(l,
            e->series ? memory_format("%s %s %s 0", e->senses[i], inner, node)
                      : memory_format("%s %s %s 0", e->senses[i], node, inner),
            e->line);
    }
}

/* skip[n_lines]: cards that do not belong to this analysis, or that do nothing. */
static bool *find_skipped(const struct user_deck *d, size_t analysis)
{
    const bool all = analysis == d->n_analyses;
    bool *skip = NEW(d->text->n_lines, bool);
    for (size_t i = 0; i < d->n_analyses; i++)
        skip[d->analyses[i].line] = !all && i != analysis;
    for (size_t i = 0; i < d->n_measures; i++)
        skip[d->measures[i].line] = !all && d->measures[i].kind != d->analyses[analysis].kind;
    for (size_t i = 0; i < d->n_saves; i++)
        skip[d->saves[i].line] = true; /* all together, at the end */
    for (size_t i = 0; i < d->n_ignored; i++)
        skip[d->ignored[i]] = true;
    return skip;
}

char **user_deck_lines(const struct user_deck *d, size_t analysis, size_t **origin)
{
    struct lines l = {0};
    bool *skip = find_skipped(d, analysis);
    size_t k = 0;
    add(&l, memory_string("* a deck"), SIZE_MAX);
    for (size_t i = 0; i < d->text->n_lines; i++) {
        if (k < d->n_elements && d->elements[k].line == i) {
            if (d->elements[k].senses[0][0] == 'v' &&
                strncmp(d->elements[k].senses[0] + 1, d->prefix, strlen(d->prefix)) == 0)
                add_sensed(&l, d, &d->elements[k]);
            else
                add(&l, memory_string(d->text->lines[i].text), i);
            k++;
        } else if (!skip[i]) {
            add(&l, memory_string(d->text->lines[i].text), i);
        }
    }
    /* with `all' also what the energies need; the rest is left out of the files */
    add(&l, memory_string(".save all"), SIZE_MAX);
    for (size_t i = 0; i < d->n_saves; i++)
        if (d->saves[i].name[0] == '@')
            add(&l, memory_format(".save %s", d->saves[i].name), d->saves[i].line);
    add(&l, memory_string(".end"), SIZE_MAX);
    free(skip);
    *origin = l.origin;
    return l.lines;
}

void user_deck_write(const struct user_deck *d, FILE *out)
{
    fprintf(out, "%s\n", d->text->title);
    for (size_t i = 0; i < d->text->n_lines; i++)
        fprintf(out, "%s\n", d->text->lines[i].text);
    fputs(".end\n", out);
}
