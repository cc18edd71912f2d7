/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/csv_read.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COLUMNS_MAX 1024

/* Split a line in place; returns the number of fields, or -1 for a quote that does not end. */
static int split(char *line, char *fields[COLUMNS_MAX + 1])
{
    int n = 0;
    for (char *p = line;;) {
        char *out = fields[n++] = p;
        if (*p == '"') {
            for (p++; *p != '"' || p[1] == '"'; p++) {
                if (!*p)
                    return -1;
                p += *p == '"';
                *out++ = *p;
            }
            p++;
        } else {
            while (*p && *p != ',')
                *out++ = *p++;
        }
        const char end = *p++;
        *out = 0;
        if (end == 0)
            return n;
        if (end != ',' || n == COLUMNS_MAX)
            return -1;
    }
}

/* A line: the names, or a row. */
static enum status take(const char *path, int number, char *line, struct table **table,
                        struct error *error)
{
    char *fields[COLUMNS_MAX + 1];
    const int n = split(line, fields);
    if (n < 0 || (*table && (size_t)n != (*table)->n_columns))
        return fail_at(error, path, number, "expected %zu fields of CSV in a line",
                       *table ? (*table)->n_columns : COLUMNS_MAX);
    if (!*table) {
        *table = table_new((size_t)n, (const char *const *)fields, NULL);
        return STATUS_OK;
    }
    table_row(*table);
    for (size_t k = 0; k < (size_t)n; k++) {
        double value;
        if (plain_number(fields[k], &value))
            table_number(*table, k, value);
        else if (fields[k][0])
            table_text(*table, k, fields[k]);
    }
    return STATUS_OK;
}

static enum status read_lines(const char *path, FILE *in, struct table **table, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;
    enum status status = STATUS_OK;
    for (int number = 1; status == STATUS_OK && (n = getline(&line, &capacity, in)) >= 0;
         number++) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = 0;
        status = memchr(line, 0, (size_t)n)
                     ? fail_at(error, path, number, "a NUL byte, expected CSV")
                     : take(path, number, line, table, error);
    }
    if (status == STATUS_OK && ferror(in))
        status = fail(error, STATUS_INPUT, "%s: read error: %s", path, strerror(errno));
    if (status == STATUS_OK && !*table)
        status = fail_at(error, path, 1, "empty, expected CSV");
    free(line);
    return status;
}

enum status csv_read(const char *path, struct table **table, struct error *error)
{
    struct stat info;
    *table = NULL;
    /* not blocking: a pipe without a writer must not stop the program before it is refused */
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *in = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!in)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    enum status status = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)
                             ? read_lines(path, in, table, error)
                             : fail(error, STATUS_INPUT, "%s: not a regular file", path);
    fclose(in);
    if (status != STATUS_OK) {
        table_free(*table);
        *table = NULL;
    }
    return status;
}

static const struct cell *find(const struct table *t, size_t row, const char *column)
{
    static const struct cell empty = {.kind = CELL_EMPTY};
    const size_t k = table_column(t, column);
    return k < t->n_columns ? &t->cells[row * t->n_columns + k] : &empty;
}

double csv_number(const struct table *t, size_t row, const char *column)
{
    const struct cell *c = find(t, row, column);
    return c->kind == CELL_NUMBER ? c->number : NAN;
}

const char *csv_text(const struct table *t, size_t row, const char *column)
{
    const struct cell *c = find(t, row, column);
    return c->kind == CELL_TEXT ? c->text : "";
}
