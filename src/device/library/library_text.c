/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/library/library_text.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/spice_screen.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 8           /* files included in one another */
#define SIZE_MAX_BYTES 262144 /* of all lines together; the shipped ones have some 2000 */

/* A file under way and the files that include it. */
struct open_file {
    const char *path;
    const struct open_file *parent;
};

void library_text_free(struct library_text *text)
{
    if (!text)
        return;
    for (size_t i = 0; i < text->n_lines; i++)
        free(text->lines[i].text);
    for (size_t i = 0; i < text->n_paths; i++)
        free(text->paths[i]);
    free(text->lines);
    free(text->paths);
    free(text);
}

char *library_text_join(const struct library_text *text)
{
    char *all = memory_new(text->size + 1, 1), *end = all;
    for (size_t i = 0; i < text->n_lines; i++) {
        end = stpcpy(end, text->lines[i].text);
        *end++ = '\n';
    }
    return all;
}

static bool is_card(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(line, name, n) == 0 && (!line[n] || isspace((unsigned char)line[n]));
}

/* The path behind .include, in the folder of `from`; NULL if it would leave that folder. */
static char *included_path(const char *line, const char *from)
{
    const char *start = line + strcspn(line, " \t");
    start += strspn(start, " \t\"'");
    size_t n = strcspn(start, " \t\"';");
    char *name = memory_string_n(start, n), *path = NULL;
    const char *slash = strrchr(from, '/');
    if (n > 0 && *name != '/' && !strstr(name, ".."))
        path = memory_format("%.*s%s", slash ? (int)(slash - from + 1) : 0, from, name);
    free(name);
    return path;
}

static enum status read_into(struct library_text *text, const char *path,
                             const struct open_file *parent, int depth, struct error *error);

static enum status include(struct library_text *text, const struct open_file *self, int number,
                           const char *line, int depth, struct error *error)
{
    if (depth + 1 > DEPTH_MAX)
        return fail_at(error, self->path, number, "found includes nested deeper than %d files",
                       DEPTH_MAX);
    char *path = included_path(line, self->path);
    if (!path)
        return fail_at(
            error, self->path, number,
            "found '%.80s', expected .include with the name of a file in the same folder", line);
    enum status status = STATUS_OK;
    for (const struct open_file *f = self; f && status == STATUS_OK; f = f->parent)
        if (strcmp(f->path, path) == 0)
            status = fail_at(error, self->path, number, "found a recursive include of '%s'", path);
    if (status == STATUS_OK && !directory_keeps(self->path, path))
        status =
            fail_at(error, self->path, number,
                    "the include of '%s' leaves the folder by a symbolic link, expected a file "
                    "in it",
                    path);
    struct error inner = {{0}};
    if (status == STATUS_OK) {
        status = read_into(text, path, self, depth + 1, &inner);
        if (status != STATUS_OK)
            fail_at(error, self->path, number, "in the included file: %s", inner.text);
    }
    free(path);
    return status;
}

static enum status add_line(struct library_text *text, const char *path, int number,
                            const char *line, int depth, struct error *error)
{
    text->size += strlen(line) + 1;
    if (text->size > SIZE_MAX_BYTES)
        return fail_at(error, path, number,
                       "found more than %d bytes with all includes, expected "
                       "a device library",
                       SIZE_MAX_BYTES);
    text->lines = memory_grow(text->lines, &text->capacity, text->n_lines + 1, sizeof *text->lines);
    text->lines[text->n_lines++] = (struct library_line){
        .text = memory_string(line), .path = path, .number = number, .depth = depth};
    return STATUS_OK;
}

static enum status read_into(struct library_text *text, const char *path,
                             const struct open_file *parent, int depth, struct error *error)
{
    struct text_file *file;
    enum status status = spice_file_read(SPICE_LIBRARY, path, &file, error);
    if (status != STATUS_OK)
        return status;
    text->paths =
        memory_grow(text->paths, &text->paths_capacity, text->n_paths + 1, sizeof *text->paths);
    char *own = text->paths[text->n_paths++] = memory_string(path);
    struct open_file self = {.path = own, .parent = parent};
    for (size_t i = 0; i < file->n_lines && status == STATUS_OK; i++) {
        char *line = file->lines[i], *card = line + strspn(line, " \t");
        int number = (int)i + 1;
        if (*card != '*')
            spice_cut_comment(card);
        const bool includes = is_card(card, ".include") || is_card(card, ".inc");
        if (includes)
            status = include(text, &self, number, card, depth, error);
        else
            status = spice_line_screen(SPICE_LIBRARY, own, number, card, error);
        if (status == STATUS_OK && !includes)
            status = add_line(text, own, number, line, depth, error);
    }
    text_file_free(file);
    return status;
}

/* Where the lines stand. */
struct nesting {
    int subcircuits;
    const struct library_line *condition; /* the .if that is open, or NULL */
};

/* .if chooses elements within the subcircuit of a model: around anything else it would hide from
 * ngspice what the native engines read. */
static enum status check_condition(struct nesting *n, const struct library_line *l,
                                   struct error *error)
{
    const char *card = l->text + strspn(l->text, " \t");
    const int length = (int)strcspn(card, " \t");
    const bool opens = is_card(card, ".if"), closes = is_card(card, ".endif"),
               goes_on = is_card(card, ".else") || is_card(card, ".elseif");
    n->subcircuits += is_card(card, ".subckt") ? 1 : is_card(card, ".ends") ? -1 : 0;
    if (!opens && !closes && !goes_on)
        return *card == '.' && n->condition
                   ? fail_at(error, l->path, l->number,
                             "found '%.*s' behind the .if of line %d, expected elements or .endif",
                             length, card, n->condition->number)
                   : STATUS_OK;
    if (n->subcircuits < 2)
        return fail_at(error, l->path, l->number,
                       "'%.*s' is refused in a device library, expected it in the subcircuit of "
                       "a model",
                       length, card);
    if (opens == (n->condition != NULL))
        return fail_at(error, l->path, l->number, "found '%.*s', expected %s", length, card,
                       opens ? ".endif before another .if" : ".if before it");
    n->condition = opens ? l : closes ? NULL : n->condition;
    return STATUS_OK;
}

/* A model's own file, a .sub, stands within the subcircuit of a device. */
static enum status check_conditions(const struct library_text *text, const char *path,
                                    struct error *error)
{
    const size_t length = strlen(path);
    struct nesting nesting = {.subcircuits = length > 4 && strcmp(path + length - 4, ".sub") == 0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < text->n_lines && status == STATUS_OK; i++)
        status = check_condition(&nesting, &text->lines[i], error);
    if (status == STATUS_OK && nesting.condition)
        status = fail_at(error, nesting.condition->path, nesting.condition->number,
                         "found .if, expected .endif behind it");
    return status;
}

enum status library_text_read(const char *path, struct library_text **text, struct error *error)
{
    struct library_text *t = NEW(1, struct library_text);
    enum status status = read_into(t, path, NULL, 0, error);
    if (status == STATUS_OK)
        status = check_conditions(t, path, error);
    if (status != STATUS_OK) {
        library_text_free(t);
        t = NULL;
    }
    *text = t;
    return status;
}
