/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/output.h"

#include "report/json.h"

#include <string.h>

static bool ends_in(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

void output_as(const char *name, const struct table *t, FILE *out)
{
    if (ends_in(name, ".csv"))
        table_csv(t, out);
    else if (ends_in(name, ".json"))
        json_write_table(t, out);
    else
        table_print(t, out);
}

enum status output_table(const struct new_folder *folder, const char *name, const struct table *t,
                         struct error *error)
{
    FILE *out = new_folder_open(folder, name, error);
    if (!out)
        return STATUS_INPUT;
    output_as(name, t, out);
    return new_folder_close(out, name, STATUS_OK, error);
}

enum status output_tables(const struct new_folder *folder, const char *name, size_t n,
                          const char *const *names, struct table *const *tables,
                          struct error *error)
{
    FILE *out = new_folder_open(folder, name, error);
    if (!out)
        return STATUS_INPUT;
    json_write_tables(n, names, tables, out);
    return new_folder_close(out, name, STATUS_OK, error);
}
