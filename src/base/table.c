/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/table.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct table *table_new(size_t n, const char *const *names, const int *digits)
{
    struct table *t = NEW(1, struct table);
    t->n_columns = n;
    t->names = NEW(n, char *);
    t->digits = NEW(n, int);
    for (size_t i = 0; i < n; i++) {
        t->names[i] = memory_string(names[i]);
        t->digits[i] = digits ? digits[i] : 0;
    }
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_columns; i++)
        free(t->names[i]);
    for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
        free(t->cells[i].text);
    free(t->names);
    free(t->digits);
    free(t->cells);
    free(t);
}

void table_row(struct table *t)
{
    t->cells =
        memory_grow(t->cells, &t->capacity, (t->n_rows + 1) * t->n_columns, sizeof *t->cells);
    memset(t->cells + t->n_rows * t->n_columns, 0, t->n_columns * sizeof *t->cells);
    t->n_rows++;
}

static struct cell *last_row(struct table *t, size_t column)
{
    assert(t->n_rows > 0 && column < t->n_columns);
    return &t->cells[(t->n_rows - 1) * t->n_columns + column];
}

void table_number(struct table *t, size_t column, double value)
{
    *last_row(t, column) = (struct cell){.kind = CELL_NUMBER, .number = value};
}

void table_text(struct table *t, size_t column, const char *value)
{
    *last_row(t, column) = (struct cell){.kind = CELL_TEXT, .text = memory_string(value)};
}

size_t table_column(const struct table *t, const char *name)
{
    size_t i = 0;
    while (i < t->n_columns && strcmp(t->names[i], name) != 0)
        i++;
    return i;
}

static const char *cell_text(const struct cell *c, int digits, char *buffer, size_t size)
{
    if (c->kind == CELL_TEXT)
        return c->text;
    if (c->kind == CELL_EMPTY || isnan(c->number))
        return "";
    if (digits == 0)
        return number_text(c->number, buffer);
    snprintf(buffer, size, "%.*g", digits, c->number);
    return buffer;
}

/* Of a column, with its name. */
static size_t column_width(const struct table *t, size_t j)
{
    char buffer[64];
    size_t width = strlen(t->names[j]);
    for (size_t i = 0; i < t->n_rows; i++) {
        const size_t w =
            strlen(cell_text(&t->cells[i * t->n_columns + j], t->digits[j], buffer, sizeof buffer));
        width = w > width ? w : width;
    }
    return width;
}

void table_print(const struct table *t, FILE *out)
{
    char buffer[64];
    size_t *widths = NEW(t->n_columns, size_t);
    for (size_t j = 0; j < t->n_columns; j++)
        widths[j] = column_width(t, j);
    for (size_t row = 0; row <= t->n_rows; row++) {
        for (size_t j = 0; j < t->n_columns; j++) {
            const size_t width = widths[j];
            const bool left = t->n_rows > 0 && t->cells[j].kind == CELL_TEXT,
                       last = j + 1 == t->n_columns;
            const char *text = row == 0 ? t->names[j]
                                        : cell_text(&t->cells[(row - 1) * t->n_columns + j],
                                                    t->digits[j], buffer, sizeof buffer);
            fprintf(out, left ? (last ? "%-*.*s" : "%-*.*s  ") : (last ? "%*.*s" : "%*.*s  "),
                    last && left ? 0 : (int)width, (int)width, text);
        }
        fputc('\n', out);
    }
    free(widths);
}

void csv_field(const char *text, FILE *out)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void table_csv(const struct table *t, FILE *out)
{
    char buffer[64];
    for (size_t j = 0; j < t->n_columns; j++) {
        csv_field(t->names[j], out);
        fputc(j + 1 < t->n_columns ? ',' : '\n', out);
    }
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t j = 0; j < t->n_columns; j++) {
            csv_field(cell_text(&t->cells[i * t->n_columns + j], 0, buffer, sizeof buffer), out);
            fputc(j + 1 < t->n_columns ? ',' : '\n', out);
        }
}
