/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wave/raw_header.h"

#include "base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum status raw_header_begin(const char *path, struct raw_header_reader *r, struct error *error)
{
    struct stat info;
    *r = (struct raw_header_reader){.path = path};
    /* not blocking: a pipe without a writer must not stop the program before it is refused */
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    r->file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!r->file)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
        return fail(error, STATUS_INPUT, "%s: not a regular file", path);
    r->bytes = info.st_size;
    const int first = getc(r->file), second = getc(r->file);
    r->wide = second == 0 || (first == 0xff && second == 0xfe);
    fseeko(r->file, first == 0xff && second == 0xfe ? 2 : 0, SEEK_SET);
    return STATUS_OK;
}

void raw_header_end(struct raw_header_reader *r)
{
    if (r->file)
        fclose(r->file);
    r->file = NULL;
}

/* The next character as one to three bytes of UTF-8 in `out`; 0 at the end of the file. */
static size_t next_character(struct raw_header_reader *r, char out[3])
{
    const int low = getc(r->file);
    if (low == EOF)
        return 0;
    out[0] = (char)low;
    if (!r->wide)
        return 1;
    const int high = getc(r->file);
    if (high == EOF)
        return 0;
    const unsigned u = (unsigned)low | (unsigned)high << 8;
    if (u < 0x80)
        return 1;
    if (u < 0x800) {
        out[0] = (char)(0xc0 | u >> 6);
        out[1] = (char)(0x80 | (u & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | u >> 12);
    out[1] = (char)(0x80 | (u >> 6 & 0x3f));
    out[2] = (char)(0x80 | (u & 0x3f));
    return 3;
}

static enum status next_line(struct raw_header_reader *r, struct error *error)
{
    size_t n = 0, got;
    char c[3];
    r->line++;
    while ((got = next_character(r, c)) > 0 && c[0] != '\n') {
        if (n + got >= sizeof r->text)
            return fail_at(error, r->path, r->line,
                           "a line of more than %d bytes, expected the header of a raw file",
                           RAW_LINE_MAX);
        if (c[0] == 0)
            return fail_at(error, r->path, r->line,
                           "a NUL byte, expected the header of a raw file");
        memcpy(r->text + n, c, got);
        n += got;
    }
    if (got == 0 && n == 0)
        return fail_at(error, r->path, r->line,
                       "the file ends, expected the header of a raw file up to its line 'Binary:' "
                       "or 'Values:'");
    while (n > 0 && isspace((unsigned char)r->text[n - 1]))
        n--;
    r->text[n] = 0;
    return STATUS_OK;
}

/* What stands behind "KEY:" if the line has that key, else NULL. */
static char *value_of(char *line, const char *key)
{
    const size_t n = strlen(key);
    if (strncasecmp(line, key, n) != 0 || line[n] != ':')
        return NULL;
    line += n + 1;
    return line + strspn(line, " \t");
}

static enum status count(const struct raw_header_reader *r, const char *what, const char *text,
                         const size_t range[2], size_t *value, struct error *error)
{
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || n > range[1] || n < range[0])
        return fail_at(error, r->path, r->line, "%s: '%.60s', expected a number from %zu to %zu",
                       what, text, range[0], range[1]);
    *value = (size_t)n;
    return STATUS_OK;
}

static bool has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (; *text; text += strcspn(text, " \t"), text += strspn(text, " \t"))
        if (strcspn(text, " \t") == n && strncasecmp(text, word, n) == 0)
            return true;
    return false;
}

static enum status flags(const struct raw_header_reader *r, const char *text, struct raw_header *h,
                         struct error *error)
{
    h->complex = has_word(text, "complex");
    h->is_double = has_word(text, "double");
    h->fast_access = has_word(text, "fastaccess");
    h->stepped = has_word(text, "stepped");
    if (has_word(text, "unpadded") || (!h->complex && !has_word(text, "real")))
        return fail_at(error, r->path, r->line, "flags '%.60s', expected real or complex, padded",
                       text);
    return STATUS_OK;
}

/* "NUMBER NAME TYPE [more]" */
static enum status variable(struct raw_header_reader *r, struct raw_header *h, size_t number,
                            struct error *error)
{
    enum status status = next_line(r, error);
    if (status != STATUS_OK)
        return status;
    char *rest = r->text, *index = strtok_r(rest, " \t", &rest),
         *name = strtok_r(NULL, " \t", &rest), *type = strtok_r(NULL, " \t", &rest), *end = NULL;
    if (!index || !name || !type || strtoull(index, &end, 10) != number || *end)
        return fail_at(error, r->path, r->line, "expected the variable '%zu NAME TYPE'", number);
    h->variables[number].name = memory_string(name);
    h->variables[number].type = memory_string(type);
    return STATUS_OK;
}

/* The shortest line of a variable, "\t0\tx\tx\n", has 7 bytes: a count that the file cannot hold is
 * refused before there is memory for it. */
static enum status variables(struct raw_header_reader *r, struct raw_header *h, struct error *error)
{
    enum status status = STATUS_OK;
    if (h->n_variables == 0)
        return fail_at(error, r->path, r->line, "variables before 'No. Variables:'");
    if (h->n_variables > (uintmax_t)r->bytes / 5)
        return fail_at(error, r->path, r->line, "%zu variables in a file of %jd bytes",
                       h->n_variables, (intmax_t)r->bytes);
    if (h->variables)
        return fail_at(error, r->path, r->line, "variables twice");
    h->variables = memory_new(h->n_variables, sizeof *h->variables);
    for (size_t v = 0; v < h->n_variables && status == STATUS_OK; v++)
        status = variable(r, h, v, error);
    return status;
}

static void replace(char **text, const char *value)
{
    free(*text);
    *text = memory_string(value);
}

/* A line of the header; *last when the data follow. */
static enum status take_line(struct raw_header_reader *r, struct raw_header *h, bool *last,
                             struct error *error)
{
    const char *value;
    if ((value = value_of(r->text, "Title")))
        replace(&h->title, value);
    else if ((value = value_of(r->text, "Plotname")))
        replace(&h->plot_name, value);
    else if ((value = value_of(r->text, "Flags")))
        return flags(r, value, h, error);
    else if ((value = value_of(r->text, "No. Variables")))
        return h->variables ? fail_at(error, r->path, r->line, "No. Variables twice")
                            : count(r, "No. Variables", value,
                                    (const size_t[]){1, RAW_VARIABLES_MAX}, &h->n_variables, error);
    else if ((value = value_of(r->text, "No. Points"))) {
        h->counted = true;
        return count(r, "No. Points", value, (const size_t[]){0, SIZE_MAX >> 8}, &h->n_points,
                     error);
    } else if ((value = value_of(r->text, "Command")))
        h->ltspice |= strstr(value, "LTspice") != NULL;
    else if (value_of(r->text, "Variables"))
        return variables(r, h, error);
    else if (value_of(r->text, "Binary"))
        *last = h->binary = true;
    else if (value_of(r->text, "Values"))
        *last = true;
    else if (r->line == 1)
        return fail_at(error, r->path, r->line,
                       "'%.40s', expected the header of a raw file, such as 'Title: ...'", r->text);
    return STATUS_OK;
}

enum status raw_header_read(struct raw_header_reader *r, struct raw_header *h, struct error *error)
{
    bool last = false, first = r->line == 0;
    *h = (struct raw_header){.title = memory_string(""), .plot_name = memory_string("")};
    h->ltspice = r->wide;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !last) {
        status = next_line(r, error);
        if (status == STATUS_OK && !first && h->variables == NULL && !strchr(r->text, ':'))
            status = fail_at(error, r->path, r->line,
                             "'%.40s' behind the data, expected the header of another plot or the "
                             "end of the file",
                             r->text);
        if (status == STATUS_OK && r->text[0])
            status = take_line(r, h, &last, error);
    }
    if (status == STATUS_OK && (!h->variables || !h->counted || (h->n_points == 0 && !h->binary)))
        status = fail_at(error, r->path, r->line, "data before %s",
                         h->variables ? "'No. Points:'" : "'Variables:'");
    return status;
}

void raw_header_free(struct raw_header *h)
{
    for (size_t v = 0; h->variables && v < h->n_variables; v++) {
        free(h->variables[v].name);
        free(h->variables[v].type);
    }
    free(h->variables);
    free(h->title);
    free(h->plot_name);
}

bool raw_header_more(struct raw_header_reader *r)
{
    char c[3];
    off_t at = ftello(r->file);
    size_t n;
    while ((n = next_character(r, c)) > 0)
        if (n > 1 || !isspace((unsigned char)c[0])) {
            fseeko(r->file, at, SEEK_SET);
            return true;
        } else {
            r->line += c[0] == '\n';
            at = ftello(r->file);
        }
    return false;
}

bool raw_header_begins(struct raw_header_reader *r)
{
    const off_t at = ftello(r->file);
    char c[3] = {0};
    size_t n = 0;
    while (next_character(r, c) == 1 &&
           (isalpha((unsigned char)c[0]) || c[0] == '.' || c[0] == ' '))
        n++;
    fseeko(r->file, at, SEEK_SET);
    return n > 0 && c[0] == ':';
}

bool raw_header_comma(struct raw_header_reader *r)
{
    const off_t at = ftello(r->file);
    char c[3] = {0};
    while (next_character(r, c) == 1 && (c[0] == ' ' || c[0] == '\t'))
        ;
    if (c[0] == ',')
        return true;
    fseeko(r->file, at, SEEK_SET);
    return false;
}

bool raw_header_token(struct raw_header_reader *r, char token[RAW_TOKEN_MAX])
{
    size_t n = 0, got;
    char c[3];
    while ((got = next_character(r, c)) > 0) {
        if (got == 1 && isspace((unsigned char)c[0])) {
            r->line += c[0] == '\n';
            if (n > 0)
                break;
            continue;
        }
        if (n + got >= RAW_TOKEN_MAX)
            return false;
        memcpy(token + n, c, got);
        n += got;
    }
    token[n] = 0;
    return n > 0;
}
