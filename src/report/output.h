/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders that appear complete or not at all: written under NAME.unfinished-XXXXXX and
 * renamed. */
#ifndef SILVERBAR_REPORT_OUTPUT_H
#define SILVERBAR_REPORT_OUTPUT_H

#include "base/error.h"
#include "base/table.h"

struct output {
    char *path, *temporary; /* NULL: nothing has begun, and the rest does nothing */
    int file;               /* descriptor, or -1: a folder */
    int lock;               /* of a folder: descriptor that shows that this run lives, or -1 */
};

/* A file, which may replace a regular file, or a folder, which must not exist. */
enum status output_file(const char *path, struct output *output, struct error *error);
enum status output_folder(const char *path, struct output *output, struct error *error);

/* Write the table to the file, or to `name` in the folder: CSV or JSON if the name ends in .csv or
 * .json, else aligned text. */
enum status output_table(struct output *output, const char *name, const struct table *table,
                         struct error *error);

/* Named tables as JSON into `name` of a folder. */
enum status output_tables(struct output *folder, const char *name, size_t n,
                          const char *const *names, struct table *const *tables,
                          struct error *error);

/* Rename it; or remove what was written. */
enum status output_complete(struct output *output, struct error *error);
void output_abandon(struct output *output);

#endif
