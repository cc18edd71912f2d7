/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables as files. */
#ifndef SILVERBAR_REPORT_OUTPUT_H
#define SILVERBAR_REPORT_OUTPUT_H

#include "base/table.h"
#include "report/new_file.h"

/* CSV or JSON if `name` ends in .csv or .json, else aligned text. */
void output_as(const char *name, const struct table *table, FILE *out);

/* The table as file `name` of the folder, in the form that the name's ending says. */
enum status output_table(const struct new_folder *folder, const char *name,
                         const struct table *table, struct error *error);

/* Named tables as JSON into `name` of the folder. */
enum status output_tables(const struct new_folder *folder, const char *name, size_t n,
                          const char *const *names, struct table *const *tables,
                          struct error *error);

#endif
