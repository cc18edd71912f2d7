/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables on a page; a column's name ends in its unit. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_TABLE_H
#define SILVERBAR_REPORT_PAGE_PAGE_TABLE_H

#include "base/error.h"
#include "base/table.h"

#include <stdbool.h>
#include <stdio.h>

/* "J" of "energy_J", or "". */
const char *page_unit(const char *name);

/* "energy [J]", and "energy low [J]" of "energy_J_low"; to be freed. */
char *page_label(const char *name);

/* A cell as text or as a quantity with an SI prefix. */
void page_cell(const struct table *table, size_t row, size_t column, FILE *out);

/* Rows in this order; columns[n_columns] of them. */
void page_table(const struct table *table, size_t n_rows, const size_t *rows, size_t n_columns,
                const size_t *columns, FILE *out);

/* Is there such a file in the folder?  Read it: *table stays NULL where there is none. */
bool page_there(const char *folder, const char *file);
enum status page_read(const char *folder, const char *file, struct table **table,
                      struct error *error);

/* All of a table. */
void page_whole_table(const struct table *table, FILE *out);

#endif
