/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's deck as lines for ngspice. */
#include "base/memory.h"
#include "base/spice_number.h"
#include "circuit/deck_words.h"
#include "circuit/user_deck.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of a probe [F]: its current at 1 V in 1 fs is 1e-15 A. */
#define PROBE "1e-30"

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

/* True if the element's currents are sensed by sources that were put in. */
static bool is_sensed(const struct user_deck *d, const struct user_element *e)
{
    return e->senses[0][0] == 'v' && strncmp(e->senses[0] + 1, d->prefix, strlen(d->prefix)) == 0;
}

/* The node that sensing source i of the element leads to. */
static const char *node_before(const struct user_element *e, size_t i)
{
    return e->nodes[e->series ? 1 : i];
}

/* With `uic' the node behind a source must begin at the voltage of the node before it.  A .ic in a
 * subcircuit sets the node behind the source, so the node before it gets the value here, too; 0 V is
 * written as well, because it may overrule the subcircuit's .ic.  The lines are put beside the element's,
 * in the same branch of .if; the last of several .ic for a node counts. */
static void add_initial(struct lines *l, const struct user_deck *d, const struct user_element *e,
                        size_t i, double v)
{
    const char *node = node_before(e, i), *inner = e->senses[i] + 1;
    if (d->initial_inside && strcmp(node, "0") != 0)
        add(l, memory_format(".ic v(%s)=%.17g v(%s)=%.17g", inner, v, node, v), e->line);
    else if (d->initial_inside || v < 0 || v > 0)
        add(l, memory_format(".ic v(%s)=%.17g", inner, v), e->line);
}

/* Without `uic' ngspice holds the nodes of .ic by conductances of 1e10 S while it looks for the operating
 * point.  A subcircuit's .ic for its terminal holds the node behind the source only.  The node before it
 * would be known only to 1e-3, or held at another value, so both are held at the same voltage. */
static void hold_initial(struct lines *l, const struct user_element *e, size_t i, double v)
{
    if (v < 0 || v > 0)
        add(l,
            memory_format(".ic v(%s)=%.17g v(%s)=%.17g", e->senses[i] + 1, v, node_before(e, i), v),
            e->line);
}

/* The element's line with its nodes led through the sources that sense its currents. */
static char *sensed_line(const struct user_deck *d, const struct user_element *e)
{
    const char *s = d->text->lines[e->line].text;
    const size_t replaced = e->series ? 1 : 0; /* of two nodes the second */
    size_t length = strlen(s) + 1, done = 0;
    for (size_t i = replaced; i < e->n_nodes; i++)
        length += strlen(e->senses[i - replaced]) + 1;
    char *text = NEW(length, char), *end = text;
    for (size_t i = replaced; i < e->n_nodes; i++) {
        const struct user_span *span = &e->spans[i];
        end = mempcpy(end, s + done, span->at - done);
        end = stpcpy(end, e->senses[i - replaced] + 1);
        if (span->n == 0)
            *end++ = ' ';
        done = span->at + span->n;
    }
    strcpy(end, s + done);
    return text;
}

/* initial[n_senses]: [V], or NULL. */
static void add_sensed(struct lines *l, const struct user_deck *d, const struct user_element *e,
                       const double *initial, bool uic)
{
    add(l, sensed_line(d, e), e->line);
    for (size_t i = 0; i < e->n_senses; i++) {
        const char *node = node_before(e, i), *inner = e->senses[i] + 1;
        add(l,
            e->series ? memory_format("%s %s %s 0", e->senses[i], inner, node)
                      : memory_format("%s %s %s 0", e->senses[i], node, inner),
            e->line);
        if (initial && uic)
            add_initial(l, d, e, i, initial[i]);
        else if (initial && e->is_subcircuit)
            hold_initial(l, e, i, initial[i]);
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

bool user_deck_says_uic(const struct user_deck *d)
{
    bool uic = d->control_uic;
    for (size_t i = 0; i < d->n_analyses; i++)
        uic = uic || d->analyses[i].uic; /* `run' in a .control block */
    return uic;
}

static bool begins_with_uic(const struct user_deck *d, size_t analysis)
{
    return analysis < d->n_analyses ? d->analyses[analysis].uic : user_deck_says_uic(d);
}

bool user_deck_needs_initial(const struct user_deck *d, size_t analysis)
{
    if (d->n_senses == 0)
        return false;
    if (begins_with_uic(d, analysis))
        return d->initial;
    return d->initial_inside && analysis < d->n_analyses &&
           d->analyses[analysis].kind == ANALYSIS_TRAN;
}

/* sensed: with the sources that sense currents. */
static char **make_lines(const struct user_deck *d, size_t analysis, bool sensed,
                         const double *initial, size_t **origin)
{
    struct lines l = {0};
    bool *skip = find_skipped(d, analysis);
    const bool uic = begins_with_uic(d, analysis);
    size_t k = 0;
    add(&l, memory_string("* a deck"), SIZE_MAX);
    for (size_t i = 0; i < d->text->n_lines; i++) {
        if (k < d->n_elements && d->elements[k].line == i) {
            if (sensed && is_sensed(d, &d->elements[k]))
                add_sensed(&l, d, &d->elements[k], initial ? initial + d->elements[k].first : NULL,
                           uic);
            else
                add(&l, memory_string(d->text->lines[i].text), i);
            k++;
        } else if (!skip[i] && sensed && d->instead[i]) {
            if (d->instead[i][0])
                add(&l, memory_string(d->instead[i]), i);
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

char **user_deck_lines(const struct user_deck *d, size_t analysis, const double *initial,
                       size_t **origin)
{
    return make_lines(d, analysis, true, initial, origin);
}

char **user_deck_plain_lines(const struct user_deck *d, size_t analysis, size_t **origin)
{
    return make_lines(d, analysis, false, NULL, origin);
}

/* skip[n_lines] for probes: no analysis but one, no measure, no command but those that go before the
 * circuit is read; without `uic' no first guess. */
static bool *find_unprobed(const struct user_deck *d, bool uic)
{
    bool *skip = find_skipped(d, d->n_analyses);
    for (size_t i = 0; i < d->text->n_lines; i++) {
        const struct deck_line *line = &d->text->lines[i];
        if (!uic && strncasecmp(line->text, ".nodeset", 8) == 0)
            skip[i] = true;
        if (line->control)
            skip[i] = skip[i] || !(strncasecmp(line->text, ".control", 8) == 0 ||
                                   strncasecmp(line->text, ".endc", 5) == 0 ||
                                   strncasecmp(line->text, "pre_", 4) == 0);
        else if (line->text[0] == '*')
            skip[i] = true;
    }
    for (size_t i = 0; i < d->n_analyses; i++)
        skip[d->analyses[i].line] = true;
    for (size_t i = 0; i < d->n_measures; i++)
        skip[d->measures[i].line] = true;
    return skip;
}

char **user_deck_probe_lines(const struct user_deck *d, size_t analysis, char ***probes,
                             size_t **origin)
{
    struct lines l = {0};
    bool *skip = find_unprobed(d, begins_with_uic(d, analysis));
    size_t k = 0;
    *probes = NEW(d->n_senses, char *);
    add(&l, memory_string("* a deck"), SIZE_MAX);
    for (size_t i = 0; i < d->text->n_lines; i++) {
        if (!skip[i])
            add(&l, memory_string(d->text->lines[i].text), i);
        if (k == d->n_elements || d->elements[k].line != i)
            continue;
        const struct user_element *e = &d->elements[k++];
        for (size_t j = 0; j < e->n_senses; j++) {
            const char *node = node_before(e, j), *inner = e->senses[j] + 1;
            (*probes)[e->first + j] = memory_format("@c%s[ic]", inner);
            if (is_sensed(d, e)) /* not against ground, which may have a value too */
                add(&l, memory_format("c%s %s %sreference " PROBE, inner, node, d->prefix), i);
        }
    }
    add(&l, memory_string(".tran 1p 1p uic"), SIZE_MAX);
    add(&l, memory_string(".end"), SIZE_MAX);
    free(skip);
    *origin = l.origin;
    return l.lines;
}

/* Of `.tran STEP STOP [FROM [MAX]] [uic]'. */
char *user_deck_tran_line(const struct user_deck *d, size_t analysis, double step_max)
{
    const char *s = d->text->lines[d->analyses[analysis].line].text;
    struct deck_words words = {0};
    char *number[3] = {NULL}, value[32], *text = NULL;
    size_t n = 0;
    deck_words_split(&words, s);
    while (n < 3 && n + 1 < words.n && !deck_word_is(&words, s, n + 1, "uic")) {
        number[n] = deck_word(&words, s, n + 1);
        n++;
    }
    double unused;
    bool plain = n >= 2;
    for (size_t k = 0; k < n; k++)
        plain = plain && spice_number(number[k], &unused);
    if (plain)
        text = memory_format(".tran %s %s %s %s%s", number[0], number[1], n > 2 ? number[2] : "0",
                             number_text(step_max, value), d->analyses[analysis].uic ? " uic" : "");
    for (size_t k = 0; k < n; k++)
        free(number[k]);
    free(words.list);
    return text;
}

void user_deck_write(const struct user_deck *d, FILE *out)
{
    fprintf(out, "%s\n", d->text->title);
    for (size_t i = 0; i < d->text->n_lines; i++)
        fprintf(out, "%s\n", d->text->lines[i].text);
    fputs(".end\n", out);
}
