/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_table.h"

#include "base/directory.h"
#include "base/memory.h"
#include "report/csv_read.h"
#include "report/page/html.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGITS 6

static const struct {
    const char *suffix, *unit;
} units[] = {{"J", "J"},   {"W", "W"},   {"s", "s"},  {"S", "S"}, {"V", "V"},
             {"A", "A"},   {"K", "K"},   {"F", "F"},  {"C", "C"}, {"H", "H"},
             {"Hz", "Hz"}, {"ohm", "Ω"}, {"Ohm", "Ω"}};

/* Where the unit begins and ends; false: the name has none. */
static bool find_unit(const char *name, size_t *begin, size_t *end, const char **unit)
{
    static const char *const ends[] = {"_low", "_high"}; /* of an interval */
    *end = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t m = strlen(ends[i]);
        if (*end > m && strcmp(name + *end - m, ends[i]) == 0)
            *end -= m;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const size_t m = strlen(units[i].suffix);
        *begin = *end - m;
        *unit = units[i].unit;
        if (*end > m + 1 && name[*begin - 1] == '_' &&
            strncmp(name + *begin, units[i].suffix, m) == 0)
            return true;
    }
    return false;
}

const char *page_unit(const char *name)
{
    size_t begin, end;
    const char *unit;
    return find_unit(name, &begin, &end, &unit) ? unit : "";
}

char *page_label(const char *name)
{
    size_t begin, end;
    const char *unit;
    char *label = find_unit(name, &begin, &end, &unit)
                      ? memory_format("%.*s%s [%s]", (int)begin - 1, name, name + end, unit)
                      : memory_string(name);
    for (char *p = label; *p; p++)
        if (*p == '_')
            *p = ' ';
    return label;
}

static void column_name(const char *name, FILE *out)
{
    char *label = page_label(name);
    html_text(label, out);
    free(label);
}

void page_cell(const struct table *t, size_t row, size_t column, FILE *out)
{
    const struct cell *c = &t->cells[row * t->n_columns + column];
    if (c->kind == CELL_TEXT)
        html_text(c->text, out);
    else if (c->kind == CELL_NUMBER && *page_unit(t->names[column]))
        html_quantity(c->number, page_unit(t->names[column]), DIGITS, out);
    else if (c->kind == CELL_NUMBER)
        fprintf(out, "%.*g", DIGITS, c->number);
}

void page_table(const struct table *t, size_t n_rows, const size_t *rows, size_t n_columns,
                const size_t *columns, FILE *out)
{
    fputs("<div class=\"scroll\"><table><tr>", out);
    for (size_t j = 0; j < n_columns; j++) {
        const bool number =
            n_rows > 0 && t->cells[rows[0] * t->n_columns + columns[j]].kind == CELL_NUMBER;
        fprintf(out, "<th%s>", number ? " class=\"n\"" : "");
        column_name(t->names[columns[j]], out);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (size_t i = 0; i < n_rows; i++) {
        fputs("<tr>", out);
        for (size_t j = 0; j < n_columns; j++) {
            const bool number = t->cells[rows[i] * t->n_columns + columns[j]].kind == CELL_NUMBER;
            fputs(number ? "<td class=\"n\">" : "<td>", out);
            page_cell(t, rows[i], columns[j], out);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

void page_whole_table(const struct table *t, FILE *out)
{
    size_t *rows = NEW(t->n_rows, size_t), *columns = NEW(t->n_columns, size_t);
    for (size_t i = 0; i < t->n_rows; i++)
        rows[i] = i;
    for (size_t j = 0; j < t->n_columns; j++)
        columns[j] = j;
    page_table(t, t->n_rows, rows, t->n_columns, columns, out);
    free(rows);
    free(columns);
}

bool page_there(const char *folder, const char *file)
{
    char *path = memory_format("%s/%s", folder, file);
    const bool is = access(path, F_OK) == 0;
    free(path);
    return is;
}

enum status page_read(const char *folder, const char *file, struct table **t, struct error *error)
{
    char *path;
    *t = NULL;
    enum status status = directory_file(folder, file, &path, error);
    if (status == STATUS_OK && access(path, F_OK) == 0)
        status = csv_read(path, t, error);
    free(path);
    return status;
}
