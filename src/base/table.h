/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of named columns, the form in which every command prints its figures.  Column names carry
 * their unit ("energy_J").  Cells are numbers, texts or empty. */
#ifndef SILVERBAR_BASE_TABLE_H
#define SILVERBAR_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum cell_kind { CELL_EMPTY, CELL_NUMBER, CELL_TEXT };

struct cell {
    enum cell_kind kind;
    double number;
    char *text;
};

struct table {
    size_t n_columns, n_rows, capacity;
    char **names; /* n_columns */
    int *digits;  /* n_columns; significant digits in print, 0: as many as read back exactly */
    struct cell *cells; /* n_rows x n_columns, row after row */
};

/* A table with the `n` columns in `names`; digits may be NULL (all 0). */
struct table *table_new(size_t n, const char *const *names, const int *digits);
void table_free(struct table *table);

/* Append a row of empty cells; then set cells of the last row. */
void table_row(struct table *table);
void table_number(struct table *table, size_t column, double value);
void table_text(struct table *table, size_t column, const char *value);

/* Index of a column, or n_columns. */
size_t table_column(const struct table *table, const char *name);

/* Aligned text for people; CSV (RFC 4180) with a header line.  Numbers in CSV are exact. */
void table_print(const struct table *table, FILE *out);
void table_csv(const struct table *table, FILE *out);

/* One CSV field, quoted where it must be. */
void csv_field(const char *text, FILE *out);

#endif
