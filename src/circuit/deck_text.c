/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/deck_text.h"

#include "base/memory.h"
#include "base/spice_screen.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 20          /* of files that include files */
#define BYTES_MAX (64u << 20) /* of all of them: a file may be included many times */
#define BLANKS " \t\f\v"

/* State of reading a deck and the files that it includes. */
struct reader {
    struct deck_text *text;
    char *folder; /* real path of the deck's */
    bool trusted, control;
    size_t bytes;
    struct error *error;
};

/* A file, or of a library the lines of one section. */
struct source {
    const char *path, *section;
    size_t file;
    int depth;
};

void deck_text_free(struct deck_text *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_lines; i++)
        free(t->lines[i].text);
    for (size_t i = 0; i < t->n_files; i++)
        free(t->files[i]);
    free(t->lines);
    free(t->files);
    free(t->title);
    free(t);
}

static bool starts(const char *line, const char *word)
{
    const size_t n = strlen(word);
    return strncasecmp(line, word, n) == 0 && (!line[n] || strchr(BLANKS, line[n]));
}

/* One word or quoted name; *p goes behind it.  NULL: there is none. */
static char *next_name(const char **p)
{
    const char *s = *p + strspn(*p, BLANKS);
    const bool quoted = *s == '"' || *s == '\'';
    const size_t n = quoted ? strcspn(s + 1, *s == '"' ? "\"" : "'") : strcspn(s, BLANKS);
    if (n == 0)
        return NULL;
    s += quoted;
    *p = s + n + (quoted && s[n]);
    return memory_string_n(s, n);
}

bool deck_line_include(const char *line, char **file, char **section)
{
    static const char *const words[] = {".include", ".inc", ".incl", ".lib"};
    *file = *section = NULL;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (starts(line, words[i])) {
            const char *p = line + strlen(words[i]);
            *file = next_name(&p);
            *section = i == 3 && *file ? next_name(&p) : NULL;
            return true;
        }
    return false;
}

static enum status add_line(struct reader *r, char *text, const struct source *s, int line)
{
    struct deck_text *t = r->text;
    t->lines = memory_grow(t->lines, &t->capacity, t->n_lines + 1, sizeof *t->lines);
    t->lines[t->n_lines++] = (struct deck_line){text, s->file, line, r->control};
    const char *other = text;
    while (*other && !(*other & 0x80))
        other++;
    if (*other && !r->control) { /* node by node a byte would be one "_", and nodes the same */
        while (other > text && !strchr(BLANKS ",()=", other[-1]))
            other--;
        return fail_at(
            r->error, s->path, line,
            "'%.*s', expected letters of ASCII: ngspice takes each byte of others for '_'",
            (int)strcspn(other, BLANKS ",()="), other);
    }
    /* what follows a `.control' is not seen without trust: it is refused itself */
    return r->trusted ? STATUS_OK : spice_line_screen(SPICE_DECK, s->path, line, text, r->error);
}

static enum status read_source(struct reader *r, const struct source *s);

/* Where an included file is: beside the one that names it. */
static enum status find_file(struct reader *r, const struct source *s, int line, const char *name,
                             char **path)
{
    char real[PATH_MAX];
    const char *slash = strrchr(s->path, '/');
    *path = *name == '/' || !slash
                ? memory_string(name)
                : memory_format("%.*s/%s", (int)(slash - s->path), s->path, name);
    if (!realpath(*path, real))
        return fail_at(r->error, s->path, line, "%s: cannot be read: %s", *path, strerror(errno));
    const size_t n = strlen(r->folder);
    if (!r->trusted && !(strncmp(real, r->folder, n) == 0 && (real[n] == '/' || n == 1)))
        return fail_at(r->error, s->path, line,
                       "%s is outside of the deck's folder, expected a file in it, or --trust",
                       name);
    return STATUS_OK;
}

static enum status include(struct reader *r, const struct source *s, int line, const char *name,
                           const char *section)
{
    char *path = NULL;
    struct deck_text *t = r->text;
    if (!name)
        return fail_at(r->error, s->path, line, "expected the name of a file");
    if (s->depth == DEPTH_MAX)
        return fail_at(r->error, s->path, line, "files include each other %d deep, expected less",
                       DEPTH_MAX);
    enum status status = find_file(r, s, line, name, &path);
    if (status == STATUS_OK) {
        size_t k = 0;
        while (k < t->n_files && strcmp(t->files[k], path) != 0)
            k++;
        if (k == t->n_files) {
            t->files = memory_grow(t->files, &t->files_capacity, k + 1, sizeof *t->files);
            t->files[t->n_files++] = memory_string(path);
        }
        const struct source inner = {path, section, k, s->depth + 1};
        status = read_source(r, &inner);
    }
    free(path);
    return status;
}

/* The first line; KiCad writes `.title' before it. */
static char *title_of(const char *line)
{
    return memory_string(starts(line, ".title") ? line + 6 + strspn(line + 6, BLANKS) : line);
}

/* A complete logical line; takes over its text. */
static enum status take_line(struct reader *r, const struct source *s, char *text, int line)
{
    char *file, *section;
    enum status status;
    if (r->control && starts(text, ".endc")) {
        status = add_line(r, text, s, line);
        r->control = false;
        return status;
    }
    if (r->control)
        return add_line(r, text, s, line);
    if (starts(text, ".control")) {
        r->control = true;
        return add_line(r, text, s, line);
    }
    if (deck_line_include(text, &file, &section)) {
        if (starts(text, ".lib") && file && !section)
            status = fail_at(r->error, s->path, line, "expected .lib FILE SECTION");
        else
            status = include(r, s, line, file, section);
    } else if (starts(text, ".title")) {
        free(r->text->title);
        r->text->title = title_of(text);
        status = STATUS_OK;
    } else {
        return add_line(r, text, s, line);
    }
    free(file);
    free(section);
    free(text);
    return status;
}

/* Begin of a library's section: `.lib NAME' alone. */
static bool section_begins(const char *line, const char *section)
{
    char *name, *other;
    const bool is = starts(line, ".lib") && deck_line_include(line, &name, &other);
    if (!is)
        return false;
    const bool found = name && !other && strcasecmp(name, section) == 0;
    free(name);
    free(other);
    return found;
}

/* A comment to ngspice too: it runs "*#command". */
static bool is_comment(const char *line)
{
    if (line[0] == '*' && line[1] == '#')
        return !isalpha((unsigned char)line[2 + strspn(line + 2, BLANKS)]);
    return !*line || *line == '*' || *line == '#';
}

/* In a number: the letters for micro and ohm, of UTF-8 and of Latin-1, as ngspice reads them. */
static void fold_units(char *line)
{
    static const struct {
        const char *bytes, *read;
    } units[] = {{"\xc2\xb5", "u"},
                 {"\xce\xbc", "u"},
                 {"\xb5", "u"},
                 {"\xce\xa9", ""},
                 {"\xe2\x84\xa6", ""}};
    char *to = line;
    bool number = false, begins = true;
    for (const char *p = line; *p;) {
        const bool blank = strchr(BLANKS ",()={}'*/", *p) != NULL;
        if (begins)
            number = isdigit((unsigned char)p[*p == '+' || *p == '-' || *p == '.']);
        size_t n = 0;
        for (size_t k = 0; number && (*p & 0x80) && n == 0 && k < sizeof units / sizeof units[0];
             k++)
            if (strncmp(p, units[k].bytes, strlen(units[k].bytes)) == 0) {
                n = strlen(units[k].bytes);
                to = mempcpy(to, units[k].read, strlen(units[k].read));
            }
        begins = blank;
        if (n == 0)
            *to++ = *p;
        p += n > 0 ? n : 1;
    }
    *to = 0;
}

/* A logical line that may go on, and where in the file the reader is. */
struct place {
    char *pending;       /* or NULL */
    size_t length, room; /* of it [bytes]; a line may go on a hundred thousand times */
    int begun;           /* its first line */
    bool goes_on;        /* it ended in two backslashes */
    bool inside;         /* of the section that is wanted, or of a file as a whole */
    bool found;
};

static enum status flush(struct reader *r, const struct source *s, struct place *p)
{
    char *line = p->pending;
    p->pending = NULL;
    return line ? take_line(r, s, line, p->begun) : STATUS_OK;
}

/* A line that goes on from the one before. */
static enum status join(struct reader *r, const struct source *s, struct place *p, char *line,
                        int number)
{
    if (!p->pending) {
        free(line);
        return p->inside
                   ? fail_at(r->error, s->path, number, "goes on from a line that is not there")
                   : STATUS_OK;
    }
    const char *more = line + (!p->goes_on && *line == '+');
    const size_t n = strlen(more);
    if (p->length + n + 2 > p->room)
        p->pending = memory_grow(p->pending, &p->room, 2 * (p->length + n + 2), 1);
    p->pending[p->length] = ' ';
    memcpy(p->pending + p->length + 1, more, n + 1);
    p->length += n + 1;
    free(line);
    return STATUS_OK;
}

/* Does this line open or close the section, end the file, or lie outside? */
static bool passes(const struct source *s, struct place *p, const char *line)
{
    if (s->section && !p->inside && section_begins(line, s->section)) {
        p->inside = p->found = true;
        return false;
    }
    if (s->section && p->inside && starts(line, ".endl"))
        p->inside = false;
    return p->inside && !starts(line, ".end");
}

/* One line of the file, which is not empty; taken over. */
static enum status read_line(struct reader *r, const struct source *s, struct place *p, char *line,
                             int number)
{
    if (*line != '*') {
        spice_cut_comment(line);
        fold_units(line);
    }
    const size_t n = strlen(line);
    const bool goes_on = n >= 2 && strcmp(line + n - 2, "\\\\") == 0;
    if (goes_on)
        line[n - 2] = 0;
    if (p->goes_on || *line == '+') {
        const enum status status = join(r, s, p, line, number);
        p->goes_on = goes_on;
        return status;
    }
    const enum status status = flush(r, s, p);
    p->goes_on = goes_on;
    p->begun = number;
    if (status != STATUS_OK || !*line || !passes(s, p, line)) {
        free(line);
        return status;
    }
    p->pending = line;
    p->length = n - (goes_on ? 2 : 0);
    p->room = p->length + 1;
    return starts(line, ".control") ? flush(r, s, p) : STATUS_OK;
}

/* The lines of a file, or of one section of it. */
static enum status read_lines(struct reader *r, const struct source *s, const struct text_file *f)
{
    struct place p = {.inside = !s->section, .found = !s->section};
    enum status status = STATUS_OK;
    for (size_t i = s->depth == 0 ? 1 : 0; i < f->n_lines && status == STATUS_OK; i++) {
        const char *raw = f->lines[i] + strspn(f->lines[i], BLANKS);
        if (r->control) {
            status = take_line(r, s, memory_string(raw), (int)i + 1);
        } else if (!is_comment(raw)) {
            if (s->depth == 0 && !p.goes_on && starts(raw, ".end"))
                break;
            status = read_line(r, s, &p, memory_string(raw), (int)i + 1);
        }
    }
    if (status == STATUS_OK)
        status = flush(r, s, &p);
    free(p.pending);
    if (status == STATUS_OK && !p.found)
        status = fail(r->error, STATUS_INPUT, "%s: no section %s, expected `.lib %s'", s->path,
                      s->section, s->section);
    return status;
}

static enum status read_source(struct reader *r, const struct source *s)
{
    struct text_file *f;
    enum status status = r->trusted ? text_file_read(s->path, &f, r->error)
                                    : spice_file_read(SPICE_DECK, s->path, &f, r->error);
    if (status != STATUS_OK)
        return status;
    r->bytes += f->size;
    if (r->bytes > BYTES_MAX)
        status = fail(r->error, STATUS_INPUT,
                      "%s: more than %u bytes in all, with what is included", s->path, BYTES_MAX);
    else if (s->depth == 0 && f->n_lines == 0)
        status = fail(r->error, STATUS_INPUT, "%s: empty, expected a deck", s->path);
    if (status == STATUS_OK && s->depth == 0)
        r->text->title = title_of(f->lines[0]);
    if (status == STATUS_OK)
        status = read_lines(r, s, f);
    text_file_free(f);
    return status;
}

enum status deck_text_read(const char *path, bool trusted, struct deck_text **text,
                           struct error *error)
{
    char real[PATH_MAX];
    *text = NULL;
    if (!realpath(path, real))
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    struct deck_text *t = NEW(1, struct deck_text);
    t->files = memory_grow(NULL, &t->files_capacity, 1, sizeof *t->files);
    t->files[t->n_files++] = memory_string(path);
    char *slash = strrchr(real, '/');
    struct reader r = {.text = t, .trusted = trusted, .error = error};
    r.folder = memory_string_n(real, slash == real ? 1 : (size_t)(slash - real));
    const struct source deck = {path, NULL, 0, 0};
    const enum status status = read_source(&r, &deck);
    free(r.folder);
    if (status == STATUS_OK)
        *text = t;
    else
        deck_text_free(t);
    return status;
}
