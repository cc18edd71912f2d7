/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expansion of subcircuit definitions into the elements of a circuit, with the names that SPICE
 * gives them: node a of instance x1 is "x1.a", transistor m2 in it is "m.x1.m2", and transistor m3
 * of instance x4 in x1 is "m.x1.m.x4.m3". */
#include "base/memory.h"
#include "base/spice_number.h"
#include "circuit/subcircuit.h"
#include "circuit/subcircuit_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define ELEMENTS_MAX 20000 /* of one expansion: a few lines can ask for billions */
#define LOCAL_MAX 64       /* parameters visible in one subcircuit */

/* One instance while it is expanded. */
struct scope {
    struct circuit *circuit;
    const struct subcircuit_file *file;
    const struct definition *definition;
    const char *instance;
    const int *nodes; /* definition->n_terminals */
    enum energy_class class;
    size_t n_parameters;
    struct parameter_value parameters[LOCAL_MAX];
    int depth;
    size_t first_element;                 /* number of the expansion's first element */
    struct mismatch_draw *draw;           /* of transistors' deviations; NULL: none */
    const struct statement **unsupported; /* gets the first that only SPICE understands */
    struct error *error;
};

static enum status expand(struct scope *scope);
static enum status open_scope(struct scope *scope, const struct parameter_value *given,
                              size_t n_given);

static enum status beyond_subset(const struct scope *s, const struct statement *at,
                                 const char *what);

static enum status value_of(const struct scope *s, const struct statement *at, const char *word,
                            double *value)
{
    size_t n = strlen(word);
    if (word[0] == '{' && word[strcspn(word, "+-*/^()?:<>!&|")])
        return beyond_subset(s, at, "an expression");
    if (word[0] != '{') {
        if (spice_number(word, value))
            return STATUS_OK;
        return fail_at(s->error, at->file, at->line,
                       "'%s' in %s, expected a number or {name} of a parameter", word,
                       at->words[0]);
    }
    for (size_t i = s->n_parameters; i-- > 0 && word[n - 1] == '}';)
        if (strlen(s->parameters[i].name) == n - 2 &&
            strncmp(s->parameters[i].name, word + 1, n - 2) == 0) {
            *value = s->parameters[i].value;
            return STATUS_OK;
        }
    return fail_at(s->error, at->file, at->line, "unknown parameter %s in %s", word, at->words[0]);
}

static enum status set_parameter(struct scope *s, const struct statement *at, const char *name,
                                 double value)
{
    if (s->n_parameters == LOCAL_MAX)
        return fail_at(s->error, at->file, at->line, "more than %d parameters", LOCAL_MAX);
    s->parameters[s->n_parameters++] = (struct parameter_value){name, value};
    return STATUS_OK;
}

/* Does a .subckt line give this parameter a default? */
static bool has_parameter(const struct statement *header, const char *name)
{
    for (size_t i = 2; i + 1 < header->n; i++)
        if (strcmp(header->words[i + 1], "=") == 0 && strcmp(header->words[i], name) == 0)
            return true;
    return false;
}

/* name = value pairs of `at` from word `first` on, evaluated in `from`, defined in `to`. */
static enum status read_pairs(struct scope *from, struct scope *to, const struct statement *at,
                              size_t first)
{
    for (size_t i = first; i < at->n; i += 3) {
        double value;
        if (strcmp(at->words[i], "params:") == 0) {
            i -= 2;
            continue;
        }
        if (i + 2 >= at->n || strcmp(at->words[i + 1], "=") != 0)
            return fail_at(from->error, at->file, at->line, "'%s' in %s, expected name=value",
                           at->words[i], at->words[0]);
        enum status status = value_of(from, at, at->words[i + 2], &value);
        if (status == STATUS_OK)
            status = set_parameter(to, at, at->words[i], value);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static int node_of(const struct scope *s, const char *name)
{
    const struct statement *header = &s->definition->header;
    for (size_t i = 0; i < s->definition->n_terminals; i++)
        if (strcmp(header->words[2 + i], name) == 0)
            return s->nodes[i];
    if (strcmp(name, "0") == 0 || strcmp(name, "gnd") == 0)
        return 0;
    return circuit_nodef(s->circuit, "%s.%s", s->instance, name);
}

static const struct statement *find_model(const struct scope *s, const char *name)
{
    const struct definition *d = s->definition;
    for (size_t i = 0; i < d->n_statements; i++)
        if (strcmp(d->statements[i].words[0], ".model") == 0 && d->statements[i].n > 1 &&
            strcmp(d->statements[i].words[1], name) == 0)
            return &d->statements[i];
    for (size_t i = 0; i < s->file->n_statements; i++)
        if (strcmp(s->file->statements[i].words[0], ".model") == 0 &&
            s->file->statements[i].n > 1 && strcmp(s->file->statements[i].words[1], name) == 0)
            return &s->file->statements[i];
    return NULL;
}

/* "R, C, ..., M (level 1)": what the table of elements takes, to be freed. */
static char *cards_taken(void)
{
    char *text = memory_string("");
    for (int kind = 0; kind < ELEMENT_KINDS; kind++) {
        const struct element_card *card = &element_table[kind]->card;
        if (!card->letter)
            continue;
        char *longer = memory_format("%s%c%s, ", text, toupper((unsigned char)card->letter),
                                     card->note ? card->note : "");
        free(text);
        text = longer;
    }
    return text;
}

static enum status beyond_subset(const struct scope *s, const struct statement *at,
                                 const char *what)
{
    char *taken = cards_taken();
    *s->unsupported = at;
    fail_at(s->error, at->file, at->line,
            "%s is not taken by the native engines, expected %sX, .model, .param; --engine ngspice "
            "runs it",
            what, taken);
    free(taken);
    return STATUS_INPUT;
}

/* The model of a transistor: made once and shared, or its own where it deviates. */
static enum status mos_model(const struct scope *s, const struct statement *at, const char *name,
                             const struct mos1_geometry *geometry, const struct mos1_model **model)
{
    const struct statement *m = find_model(s, name);
    if (!m)
        return fail_at(s->error, at->file, at->line, "no .model %s for %s", name, at->words[0]);
    struct mos1_model value = {.type = 0, .kp = 2e-5, .phi = 0.6, .is = 1e-14};
    if (m->n > 2 && strcmp(m->words[2], "nmos") == 0)
        value.type = 1;
    else if (m->n > 2 && strcmp(m->words[2], "pmos") == 0)
        value.type = -1;
    else
        return beyond_subset(s, m, "a .model that is neither NMOS nor PMOS");
    const struct {
        const char *name;
        double *target;
    } known[] = {{"vto", &value.vto},     {"kp", &value.kp},   {"lambda", &value.lambda},
                 {"gamma", &value.gamma}, {"phi", &value.phi}, {"is", &value.is}};
    for (size_t i = 3; i < m->n; i += 3) {
        double number;
        if (i + 2 >= m->n || strcmp(m->words[i + 1], "=") != 0)
            return fail_at(s->error, m->file, m->line, "'%s' in .model %s, expected name=value",
                           m->words[i], name);
        enum status status = value_of(s, m, m->words[i + 2], &number);
        if (status != STATUS_OK)
            return status;
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(known[k].name, m->words[i]) != 0)
            k++;
        if (k < sizeof known / sizeof known[0])
            *known[k].target = number;
        else if (strcmp(m->words[i], "level") != 0 || number != 1)
            return beyond_subset(s, m, m->words[i]);
    }
    struct circuit *c = s->circuit;
    if (s->draw && !mismatch_next(s->draw, geometry, &value))
        return fail_at(s->error, at->file, at->line,
                       "mismatch turns KP of %s in %s to %g, expected more than 0: A_beta is too "
                       "large for its gate",
                       at->words[0], s->instance, value.kp);
    for (size_t i = 0; i < c->n_models && !s->draw; i++)
        if (memcmp(c->models[i], &value, sizeof value) == 0) {
            *model = c->models[i];
            return STATUS_OK;
        }
    c->models = memory_grow(c->models, &c->capacity.models, c->n_models + 1, sizeof *c->models);
    c->models[c->n_models] = NEW(1, struct mos1_model);
    *c->models[c->n_models] = value;
    *model = c->models[c->n_models++];
    return STATUS_OK;
}

/* Most elements stand in the file of the one before: they share its name. */
static void set_place(struct circuit *c, const struct statement *at, struct element *e)
{
    const char *last = c->n_elements > 0 ? c->elements[c->n_elements - 1].file : NULL;
    e->file = last && strcmp(last, at->file) == 0 ? last : circuit_own(c, memory_string(at->file));
    e->line = at->line;
}

static enum status add(const struct scope *s, const struct statement *at, struct element *e)
{
    e->class = s->class;
    if (s->circuit->n_elements - s->first_element >= ELEMENTS_MAX)
        return fail_at(s->error, at->file, at->line, "instance %s has more than %d elements",
                       s->instance, ELEMENTS_MAX);
    char *name = memory_format("%c.%s.%s", at->words[0][0], s->instance, at->words[0]);
    set_place(s->circuit, at, e);
    circuit_add(s->circuit, name, e, s->draw != NULL);
    free(name);
    return STATUS_OK;
}

/* name=value pairs of the card behind word `first`. */
static enum status read_parameters(const struct scope *s, const struct statement *at, size_t first,
                                   const struct element_card *card, struct element *e)
{
    for (size_t i = first; i < at->n; i += 3) {
        double value;
        size_t k = 0;
        if (i + 2 >= at->n || strcmp(at->words[i + 1], "=") != 0)
            return fail_at(s->error, at->file, at->line, "'%s' in %s, expected name=value",
                           at->words[i], at->words[0]);
        enum status status = value_of(s, at, at->words[i + 2], &value);
        if (status != STATUS_OK)
            return status;
        if (!(value > 0))
            return fail_at(s->error, at->file, at->line, "%s=%g in %s, expected a positive value",
                           at->words[i], value, at->words[0]);
        while (k < card->n_parameters && strcmp(card->parameters[k].name, at->words[i]) != 0)
            k++;
        if (k == card->n_parameters)
            return beyond_subset(s, at, at->words[i]);
        memcpy((char *)e + card->parameters[k].offset, &value, sizeof value);
    }
    return STATUS_OK;
}

/* The elements that the card names, of the same instance. */
static enum status read_partners(const struct scope *s, const struct statement *at,
                                 const struct element_card *card, struct element *e)
{
    const struct circuit *c = s->circuit;
    for (int i = 0; i < card->n_partners; i++) {
        const char *word = at->words[1 + card->n_nodes + i];
        char *name = memory_format("%c.%s.%s", word[0], s->instance, word);
        size_t k = s->first_element;
        while (k < c->n_elements && strcmp(c->elements[k].name, name) != 0)
            k++;
        free(name);
        if (k == c->n_elements || c->elements[k].kind != card->partner)
            return fail_at(s->error, at->file, at->line, "%s names %s, expected an %s of %s",
                           at->words[0], word, element_table[card->partner]->name,
                           s->definition->name);
        if (i > 0 && e->partner[0] == (int)k)
            return fail_at(s->error, at->file, at->line, "%s names %s twice, expected two %ss",
                           at->words[0], word, element_table[card->partner]->name);
        e->partner[i] = (int)k;
    }
    return STATUS_OK;
}

/* NAME nodes... partners... value, or NAME nodes... model parameter=value... */
static enum status element(const struct scope *s, const struct statement *at,
                           enum element_kind kind)
{
    const struct element_card *card = &element_table[kind]->card;
    struct element e = element_table[kind]->initial;
    size_t value = 1 + (size_t)card->n_nodes + (size_t)card->n_partners;
    e.kind = kind;
    if (value < at->n && card->dc && strcmp(at->words[value], "dc") == 0)
        value++;
    if (at->n > value + 1 && !card->model)
        return beyond_subset(s, at, "a parameter behind the value");
    if (at->n < value + 1)
        return fail_at(s->error, at->file, at->line, "%s has %zu words, expected %s", at->words[0],
                       at->n, card->expected);
    for (int i = 0; i < card->n_nodes; i++)
        e.node[i] = node_of(s, at->words[1 + i]);
    enum status status = read_partners(s, at, card, &e);
    if (status != STATUS_OK)
        return status;
    status = card->model ? read_parameters(s, at, value + 1, card, &e)
                         : value_of(s, at, at->words[value], &e.value);
    if (status == STATUS_OK && card->model)
        status = mos_model(s, at, at->words[value], &e.geometry, &e.mos);
    if (status != STATUS_OK)
        return status;
    if (card->range && !(e.value > card->least && e.value < card->most))
        return fail_at(s->error, at->file, at->line, "%s has value %g, expected %s", at->words[0],
                       e.value, card->range);
    return add(s, at, &e);
}

static enum status inner_instance(struct scope *s, const struct statement *at)
{
    size_t end = 1;
    while (end < at->n && strcmp(at->words[end], "params:") != 0 &&
           !(end + 1 < at->n && strcmp(at->words[end + 1], "=") == 0))
        end++;
    const struct definition *d = end > 2 ? definition_find(s->file, at->words[end - 1]) : NULL;
    if (!d)
        return fail_at(s->error, at->file, at->line, "%s: no .subckt %s in the file", at->words[0],
                       at->words[end - 1]);
    if (d->n_terminals != end - 2)
        return fail_at(s->error, at->file, at->line,
                       "%s has %zu nodes, expected %zu for .subckt %s", at->words[0], end - 2,
                       d->n_terminals, d->name);
    if (s->depth >= DEPTH_MAX)
        return fail_at(s->error, at->file, at->line, "instances nested more than %d deep",
                       DEPTH_MAX);
    int *nodes = NEW(d->n_terminals, int);
    for (size_t i = 0; i < d->n_terminals; i++)
        nodes[i] = node_of(s, at->words[1 + i]);
    char *name = memory_format("%s.%s", s->instance, at->words[0]);
    struct scope inner = *s;
    inner.definition = d;
    inner.instance = name;
    inner.nodes = nodes;
    inner.n_parameters = 0;
    inner.depth = s->depth + 1;
    enum status status = open_scope(&inner, NULL, 0);
    for (size_t i = end; i + 1 < at->n && status == STATUS_OK; i++)
        if (strcmp(at->words[i + 1], "=") == 0 && !has_parameter(&d->header, at->words[i]))
            status = fail_at(s->error, at->file, at->line, ".subckt %s has no parameter '%s'",
                             d->name, at->words[i]);
    if (status == STATUS_OK)
        status = read_pairs(s, &inner, at, end);
    if (status == STATUS_OK)
        status = expand(&inner);
    free(name);
    free(nodes);
    return status;
}

/* The kind whose cards begin with that letter; ELEMENT_KINDS: none. */
static int kind_of(char letter)
{
    int kind = 0;
    while (kind < ELEMENT_KINDS && (!letter || element_table[kind]->card.letter != letter))
        kind++;
    return kind;
}

static enum status statement(struct scope *s, const struct statement *at)
{
    const char letter = at->words[0][0];
    if (letter == 'x')
        return inner_instance(s, at);
    if (strcmp(at->words[0], ".model") == 0)
        return STATUS_OK;
    if (strcmp(at->words[0], ".param") == 0)
        return read_pairs(s, s, at, 1);
    const int kind = kind_of(letter);
    return kind < ELEMENT_KINDS ? element(s, at, (enum element_kind)kind)
                                : beyond_subset(s, at, at->words[0]);
}

/* Cards that name other elements come after all others, wherever they stand. */
static enum status expand(struct scope *s)
{
    enum status status = STATUS_OK;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < s->definition->n_statements && status == STATUS_OK; i++) {
            const struct statement *at = &s->definition->statements[i];
            const int kind = kind_of(at->words[0][0]);
            const bool names = kind < ELEMENT_KINDS && element_table[kind]->card.n_partners > 0;
            if (names == (pass == 1))
                status = statement(s, at);
        }
    return status;
}

/* Parameters of the file, the definition's defaults, and what the instance gives. */
static enum status open_scope(struct scope *s, const struct parameter_value *given, size_t n_given)
{
    for (size_t i = 0; i < s->file->n_statements; i++) {
        const struct statement *at = &s->file->statements[i];
        if (strcmp(at->words[0], ".param") == 0) {
            enum status status = read_pairs(s, s, at, 1);
            if (status != STATUS_OK)
                return status;
        } else if (strcmp(at->words[0], ".model") != 0) {
            return beyond_subset(s, at, at->words[0]);
        }
    }
    const struct statement *header = &s->definition->header;
    enum status status = read_pairs(s, s, header, 2 + s->definition->n_terminals);
    for (size_t i = 0; i < n_given && status == STATUS_OK; i++)
        status = has_parameter(header, given[i].name)
                     ? set_parameter(s, header, given[i].name, given[i].value)
                     : fail_at(s->error, header->file, header->line,
                               ".subckt %s has no parameter '%s', expected %s=... in its header",
                               s->definition->name, given[i].name, given[i].name);
    return status;
}

/* As subcircuit_check(); *unsupported: the first statement that only SPICE understands, or NULL. */
static enum status check(const struct subcircuit_file *file, const char *name,
                         const struct statement **unsupported, struct error *error)
{
    *unsupported = NULL;
    struct circuit *scratch = circuit_new("check");
    const int n = subcircuit_terminals(file, name);
    if (n < 0) {
        circuit_free(scratch);
        return fail_at(error, file->path, 1, "no .subckt %s in the file", name);
    }
    int *nodes = NEW((size_t)n, int);
    for (int i = 0; i < n; i++)
        nodes[i] = circuit_nodef(scratch, "terminal%d", i);
    struct scope s = {.circuit = scratch,
                      .file = file,
                      .definition = definition_find(file, name),
                      .instance = "x",
                      .nodes = nodes,
                      .class = CLASS_NEURON,
                      .unsupported = unsupported,
                      .error = error};
    enum status status = open_scope(&s, NULL, 0);
    if (status == STATUS_OK)
        status = expand(&s);
    free(nodes);
    circuit_free(scratch);
    return status;
}

enum status subcircuit_check(const struct subcircuit_file *file, const char *name,
                             bool *unsupported, struct error *error)
{
    const struct statement *at;
    const enum status status = check(file, name, &at, error);
    *unsupported = at != NULL;
    return status;
}

char *subcircuit_title(const struct subcircuit_file *file, const char *name)
{
    const struct definition *d = definition_find(file, name);
    return d ? memory_format("%s:%d: .subckt %s", d->header.file, d->header.line, name)
             : memory_format("%s: .subckt %s", file->path, name);
}

/* What makes the file one for SPICE only, wherever it stands in it. */
static const struct statement *first_unsupported(const struct subcircuit_file *file)
{
    const struct statement *at = NULL;
    for (size_t i = 0; i < file->n_definitions && !at; i++)
        check(file, file->definitions[i].name, &at, NULL);
    return at;
}

/* 0 V sources in front of every terminal; the instance's power is v.i there. */
static void measure_terminals(struct circuit *c, const struct subcircuit_instance *x, int *inner)
{
    const size_t n = x->n_nodes;
    int *ammeters = circuit_own(c, NEW(n, int)), *terminals = circuit_own(c, NEW(n, int));
    for (size_t i = 0; i < n; i++) {
        inner[i] = terminals[i] = circuit_nodef(c, "%s_t%zu", x->name, i + 1);
        char *name = memory_format("vt%zu_%s", i + 1, x->name);
        ammeters[i] = circuit_boundary(c, name, x->nodes[i], inner[i]);
        c->elements[ammeters[i]].boundary = false;
        c->elements[ammeters[i]].class = x->class;
        free(name);
    }
    struct element e = {ELEMENT_OPAQUE, .class = x->class, .n_terminals = n, .ammeters = ammeters,
                        .terminals = terminals};
    const struct statement *at = first_unsupported(x->file);
    if (at)
        set_place(c, at, &e);
    circuit_add(c, x->name, &e, false);
}

/* The definition, if it is there with that number of terminals. */
static enum status find(const struct subcircuit_file *file, const char *name, size_t n_nodes,
                        const struct definition **definition, struct error *error)
{
    const struct definition *d = *definition = definition_find(file, name);
    if (!d)
        return fail_at(error, file->path, 1, "no .subckt %s in the file", name);
    if (d->n_terminals != n_nodes)
        return fail_at(error, d->header.file, d->header.line,
                       ".subckt %s has %zu terminals, expected %zu", name, d->n_terminals, n_nodes);
    return STATUS_OK;
}

/* Its elements; `d`: its definition. */
static enum status add_elements(struct circuit *c, const struct subcircuit_instance *i,
                                const struct definition *d, struct error *error)
{
    const struct statement *unsupported = NULL;
    struct scope s = {.circuit = c,
                      .file = i->file,
                      .definition = d,
                      .instance = i->name,
                      .nodes = i->nodes,
                      .class = i->class,
                      .first_element = c->n_elements,
                      .draw = i->mismatch ? mismatch_begin(i->mismatch) : NULL,
                      .unsupported = &unsupported,
                      .error = error};
    enum status status = open_scope(&s, i->parameters, i->n_parameters);
    if (status == STATUS_OK)
        status = expand(&s);
    if (s.draw)
        mismatch_end(s.draw);
    return status;
}

/* The instance's card, between these nodes, and the file's text. */
static void add_card(struct circuit *c, const struct subcircuit_instance *i, const int *nodes)
{
    char *line = memory_string(i->name);
    for (size_t k = 0; k < i->n_nodes; k++) {
        char *longer = memory_format("%s %s", line, c->node_names[nodes[k]]);
        free(line);
        line = longer;
    }
    char *card = memory_format("%s %s", line, definition_find(i->file, i->subcircuit)->name);
    for (size_t k = 0; k < i->n_parameters; k++) {
        char buffer[32];
        char *longer = memory_format("%s %s=%s", card, i->parameters[k].name,
                                     number_text(i->parameters[k].value, buffer));
        free(card);
        card = longer;
    }
    circuit_card(c, "%s", card);
    circuit_text(c, i->file->text);
    free(card);
    free(line);
}

enum status subcircuit_add(struct circuit *c, const struct subcircuit_instance *i,
                           struct error *error)
{
    const struct definition *d;
    enum status status = find(i->file, i->subcircuit, i->n_nodes, &d, error);
    if (status != STATUS_OK)
        return status;
    int *inner = NEW(i->n_nodes, int);
    memcpy(inner, i->nodes, i->n_nodes * sizeof *inner);
    if (i->opaque)
        measure_terminals(c, i, inner);
    else
        status = add_elements(c, i, d, error);
    if (!i->mismatch)
        add_card(c, i, inner);
    free(inner);
    return status;
}
