/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of models, dopants and their parameters; tables as files. */
#ifndef SILVERBAR_CLI_DEVICE_TABLES_H
#define SILVERBAR_CLI_DEVICE_TABLES_H

#include "base/table.h"
#include "device/library/library_make.h"

/* All models and the dopants of `directory`. */
enum status device_table_list(const char *directory, struct table **table, struct error *error);

/* A model by its name, or a dopant of `directory` with n settings. */
struct device_shown {
    const char *name, *directory;
    size_t n;
    const struct dopant_setting *settings; /* n */
};

/* Its parameters; `head`: print what it is and its source. */
enum status device_table_show(const struct device_shown *shown, bool head, struct table **table,
                              struct error *error);

/* A table as a CSV file, which appears when it is complete. */
enum status device_table_write(const struct table *table, const char *path, struct error *error);

/* On standard output, as JSON, CSV or text. */
void device_table_print(const struct table *table, bool json, bool csv);

#endif
