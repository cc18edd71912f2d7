/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From text to subcircuit definitions; the expansion into elements is in expand.c. */
#include "circuit/subcircuit.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/spice_number.h"
#include "base/spice_screen.h"
#include "circuit/subcircuit_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INCLUDE_DEPTH_MAX 8
#define INCLUDES_MAX 256 /* in all: nested ones can ask for millions */

static void free_statement(struct statement *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->words[i]);
    free(s->words);
    free(s->file);
}

static void free_definition(struct definition *d)
{
    for (size_t i = 0; i < d->n_statements; i++)
        free_statement(&d->statements[i]);
    free(d->statements);
    free_statement(&d->header);
    free(d->name);
}

void subcircuit_free(struct subcircuit_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_definitions; i++)
        free_definition(&f->definitions[i]);
    free(f->definitions);
    for (size_t i = 0; i < f->n_statements; i++)
        free_statement(&f->statements[i]);
    free(f->statements);
    free(f->text);
    free(f->path);
    free(f);
}

/* Split at blanks, commas, parentheses and '=' (which is a word of its own); lower case. */
static void add_words(struct statement *s, const char *line)
{
    for (const char *p = line; *p;) {
        if (isspace((unsigned char)*p) || *p == ',' || *p == '(' || *p == ')') {
            p++;
            continue;
        }
        if (*p == ';' || (*p == '$' && (p == line || isspace((unsigned char)p[-1]))))
            break;
        size_t n = 1;
        if (*p == '{')
            n = strcspn(p, "}") + (strchr(p, '}') != NULL);
        else if (*p != '=')
            n = strcspn(p, " \t,()=;{\r\v\f");
        s->words = memory_grow(s->words, &s->capacity, s->n + 1, sizeof *s->words);
        char *word = memory_string_n(p, n ? n : 1);
        for (char *q = word; *q; q++)
            *q = (char)tolower((unsigned char)*q);
        s->words[s->n++] = word;
        p += n ? n : 1;
    }
}

struct reader {
    struct subcircuit_file *file;
    struct definition *open; /* .subckt being read, or NULL */
    struct error *error;
    size_t text_size, text_capacity, definitions_capacity, statements_capacity;
    int includes;
};

static void append_text(struct reader *r, const char *line)
{
    size_t n = strlen(line);
    r->file->text =
        memory_grow(r->file->text, &r->text_capacity, r->text_size + n + 2, sizeof(char));
    memcpy(r->file->text + r->text_size, line, n);
    r->text_size += n;
    r->file->text[r->text_size++] = '\n';
    r->file->text[r->text_size] = 0;
}

static enum status open_definition(struct reader *r, struct statement *s)
{
    if (r->open)
        return fail_at(r->error, s->file, s->line,
                       ".subckt inside .subckt %s, expected .ends first", r->open->name);
    if (s->n < 3)
        return fail_at(r->error, s->file, s->line,
                       ".subckt without name or terminals, expected .subckt NAME NODE...");
    struct subcircuit_file *f = r->file;
    if (definition_find(f, s->words[1]))
        return fail_at(r->error, s->file, s->line, ".subckt %s is defined twice", s->words[1]);
    f->definitions = memory_grow(f->definitions, &r->definitions_capacity, f->n_definitions + 1,
                                 sizeof *f->definitions);
    struct definition *d = &f->definitions[f->n_definitions++];
    *d = (struct definition){.name = memory_string(s->words[1]), .header = *s};
    size_t end = 2;
    while (end < s->n && strcmp(s->words[end], "params:") != 0 &&
           !(end + 1 < s->n && strcmp(s->words[end + 1], "=") == 0))
        end++;
    d->n_terminals = end - 2;
    *s = (struct statement){0};
    r->open = d;
    return STATUS_OK;
}

static enum status take_statement(struct reader *r, struct statement *s)
{
    const char *word = s->words[0];
    if (strcmp(word, ".subckt") == 0)
        return open_definition(r, s);
    if (strcmp(word, ".ends") == 0) {
        if (!r->open)
            return fail_at(r->error, s->file, s->line, ".ends without .subckt");
        r->open = NULL;
        return STATUS_OK;
    }
    if (r->open) {
        struct definition *d = r->open;
        d->statements =
            memory_grow(d->statements, &d->capacity, d->n_statements + 1, sizeof *d->statements);
        d->statements[d->n_statements++] = *s;
    } else if (word[0] == '.') {
        struct subcircuit_file *f = r->file;
        f->statements = memory_grow(f->statements, &r->statements_capacity, f->n_statements + 1,
                                    sizeof *f->statements);
        f->statements[f->n_statements++] = *s;
    } else {
        return fail_at(r->error, s->file, s->line,
                       "element %s outside .subckt, expected it between .subckt and .ends", word);
    }
    *s = (struct statement){0};
    return STATUS_OK;
}

static enum status read_lines(struct reader *r, const char *path, int depth);

static enum status include(struct reader *r, const char *path, const char *line, int number,
                           int depth)
{
    const char *name = line + strcspn(line, " \t");
    name += strspn(name, " \t\"'");
    size_t n = strcspn(name, "\"'\r\n");
    while (n > 0 && isspace((unsigned char)name[n - 1]))
        n--;
    char *file = memory_string_n(name, n);
    enum status status = STATUS_OK;
    if (n == 0 || file[0] == '/' || strstr(file, ".."))
        status = fail_at(r->error, path, number,
                         ".include \"%s\" is refused, expected a file in the same folder", file);
    else if (++r->includes > INCLUDES_MAX)
        status = fail_at(r->error, path, number, "more than %d includes", INCLUDES_MAX);
    else if (depth >= INCLUDE_DEPTH_MAX)
        status =
            fail_at(r->error, path, number, ".include nested more than %d deep", INCLUDE_DEPTH_MAX);
    const char *slash = strrchr(path, '/');
    char *full =
        slash ? memory_format("%.*s/%s", (int)(slash - path), path, file) : memory_string(file);
    if (status == STATUS_OK && !directory_keeps(path, full))
        status = fail_at(r->error, path, number,
                         ".include \"%s\" leaves the folder by a symbolic link, expected a file in "
                         "it",
                         file);
    if (status == STATUS_OK)
        status = read_lines(r, full, depth + 1);
    free(full);
    free(file);
    return status;
}

static enum status read_lines(struct reader *r, const char *path, int depth)
{
    struct text_file *text;
    enum status status = spice_file_read(SPICE_NETLIST, path, &text, r->error);
    struct statement pending = {0};
    for (size_t i = 0; status == STATUS_OK && i < text->n_lines; i++) {
        char *line = text->lines[i] + strspn(text->lines[i], " \t");
        const int number = (int)i + 1;
        const bool includes = strncasecmp(line, ".inc", 4) == 0;
        if (*line != '*')
            spice_cut_comment(line);
        if (!includes) {
            status = spice_line_screen(SPICE_NETLIST, path, number, line, r->error);
            if (status != STATUS_OK)
                break;
            append_text(r, text->lines[i]);
        }
        if (*line == 0 || *line == '*')
            continue;
        if (*line == '+') {
            if (pending.n == 0)
                status = fail_at(r->error, path, number, "'+' continues nothing");
            else
                add_words(&pending, line + 1);
            continue;
        }
        if (pending.n > 0)
            status = take_statement(r, &pending);
        free_statement(&pending);
        pending = (struct statement){.file = memory_string(path), .line = number};
        if (status != STATUS_OK)
            break;
        if (includes)
            status = include(r, path, line, number, depth);
        else
            add_words(&pending, line);
    }
    if (status == STATUS_OK && pending.n > 0)
        status = take_statement(r, &pending);
    free_statement(&pending);
    text_file_free(text);
    return status;
}

struct definition *definition_find(const struct subcircuit_file *f, const char *name)
{
    for (size_t i = 0; i < f->n_definitions; i++)
        if (strcasecmp(f->definitions[i].name, name) == 0)
            return &f->definitions[i];
    return NULL;
}

int subcircuit_terminals(const struct subcircuit_file *f, const char *name)
{
    const struct definition *d = definition_find(f, name);
    return d ? (int)d->n_terminals : -1;
}

const char *subcircuit_terminal(const struct subcircuit_file *f, const char *name, int k)
{
    return definition_find(f, name)->header.words[2 + k];
}

enum status subcircuit_read(const char *path, struct subcircuit_file **file, struct error *error)
{
    struct subcircuit_file *f = NEW(1, struct subcircuit_file);
    struct reader r = {.file = f, .error = error};
    f->path = memory_string(path);
    append_text(&r, "");
    enum status status = read_lines(&r, path, 0);
    if (status == STATUS_OK && r.open)
        status = fail_at(error, r.open->header.file, r.open->header.line, ".subckt %s has no .ends",
                         r.open->name);
    if (status == STATUS_OK && f->n_definitions == 0)
        status = fail_at(error, path, 1, "no .subckt found, expected at least one");
    if (status != STATUS_OK) {
        subcircuit_free(f);
        f = NULL;
    }
    *file = f;
    return status;
}
