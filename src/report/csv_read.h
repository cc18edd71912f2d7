/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV files as table_csv() writes them, read back: quotes, one line of names, as many fields in every
 * row.  Fields that are numbers become numbers. */
#ifndef SILVERBAR_REPORT_CSV_READ_H
#define SILVERBAR_REPORT_CSV_READ_H

#include "base/error.h"
#include "base/table.h"

/* On failure *table is NULL. */
enum status csv_read(const char *path, struct table **table, struct error *error);

/* Cell of a named column: NaN or "" where it is missing or of the other kind. */
double csv_number(const struct table *table, size_t row, const char *column);
const char *csv_text(const struct table *table, size_t row, const char *column);

#endif
