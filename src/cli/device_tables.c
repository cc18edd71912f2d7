/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/device_tables.h"

#include "base/memory.h"
#include "base/text_file.h"
#include "device/library/library_instance.h"
#include "report/json.h"
#include "report/new_file.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_library(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name);
    return n > 4 && strcmp(entry->d_name + n - 4, ".lib") == 0;
}

enum status device_table_list(const char *directory, struct table **table, struct error *error)
{
    static const char *const names[] = {"kind", "name", "model", "title"};
    struct dirent **entries;
    *table = NULL;
    const int n = scandir(directory, &entries, is_library, alphasort);
    if (n < 0)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", directory, strerror(errno));
    struct table *t = *table = table_new(4, names, NULL);
    for (const struct model *const *m = model_table; *m; m++) {
        table_row(t);
        table_text(t, 0, "model");
        table_text(t, 1, (*m)->name);
        table_text(t, 2, (*m)->name);
        table_text(t, 3, (*m)->title);
    }
    enum status status = STATUS_OK;
    for (int k = 0; k < n; k++) {
        char *name = memory_string_n(entries[k]->d_name, strlen(entries[k]->d_name) - 4);
        struct dopant *d = NULL;
        if (status == STATUS_OK)
            status = dopant_read(name, directory, &d, error);
        if (d) {
            table_row(t);
            table_text(t, 0, "dopant");
            table_text(t, 1, name);
            table_text(t, 2, d->model->name);
            table_text(t, 3, d->model->title);
        }
        dopant_free(d);
        free(name);
        free(entries[k]);
    }
    free(entries);
    return status;
}

/* The comments at the head of a library, which tell where its parameters come from. */
static enum status print_comments(const char *path, struct error *error)
{
    struct text_file *file;
    const enum status status = text_file_read(path, &file, error);
    for (size_t i = 0; status == STATUS_OK && i < file->n_lines && *file->lines[i] == '*'; i++) {
        const char *line = file->lines[i];
        if (!strstr(line, "SPDX") && strncmp(line, "*@", 2) != 0 && line[1])
            printf("  %s\n", line + strspn(line, "* "));
    }
    text_file_free(file);
    return status;
}

static void show_row(struct table *t, const struct model_parameter *q, double value)
{
    table_row(t);
    table_text(t, 0, q->name);
    if (!isnan(value))
        table_number(t, 1, value);
    table_text(t, 2, q->unit);
    if (!isnan(q->fallback))
        table_number(t, 3, q->fallback);
    table_number(t, 4, q->min);
    table_number(t, 5, q->max);
    table_text(t, 6, q->meaning);
}

enum status device_table_show(const struct device_shown *shown, bool head, struct table **table,
                              struct error *error)
{
    static const char *const names[] = {"parameter", "value", "unit",   "default",
                                        "min",       "max",   "meaning"};
    const struct model *m = model_find(shown->name);
    struct dopant *d = NULL;
    *table = NULL;
    if (!m || shown->n > 0) {
        enum status status =
            dopant_make(shown->name, shown->directory, shown->n, shown->settings, &d, error);
        if (status != STATUS_OK)
            return status;
        m = d->model;
    }
    if (head) {
        if (d)
            printf("%s\n", d->path);
        if (d && shown->n == 0 && print_comments(d->path, error) != STATUS_OK) {
            dopant_free(d);
            return STATUS_INPUT;
        }
        const bool turned = library_parameter(m, "polarity") < m->n_parameters;
        printf("model %s: %s\nsource: %s\npolarity: %s\n"
               "closed form at constant voltage: %s; rates of single switches: %s\n\n",
               m->name, m->title, m->source,
               turned ? "of the parameter polarity" : "v > 0 sets (x rises, the resistance falls)",
               m->jump ? "yes" : "no", m->switching || m->switches ? "yes" : "no");
    }
    struct table *t = *table = table_new(7, names, NULL);
    for (size_t k = 0; k < m->n_parameters; k++)
        show_row(t, &m->parameters[k], d ? d->parameters[k] : NAN);
    dopant_free(d);
    return STATUS_OK;
}

enum status device_table_write(const struct table *t, const char *path, struct error *error)
{
    struct new_file out;
    const enum status status = new_file_begin(path, &out, error);
    if (status != STATUS_OK)
        return status;
    table_csv(t, out.file);
    return new_file_end(&out, STATUS_OK, error);
}

void device_table_print(const struct table *t, bool json, bool csv)
{
    if (json)
        json_write_table(t, stdout);
    else if (csv)
        table_csv(t, stdout);
    else
        table_print(t, stdout);
}
