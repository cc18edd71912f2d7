/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/directory.h"
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "report/json.h"

#include <stdlib.h>
#include <string.h>

enum form { FORM_TEXT, FORM_CSV, FORM_JSON };

struct arguments {
    enum form form;
    size_t n;
    char **folders; /* n */
};

static const struct argp_option options[] = {
    {"csv", 'c', NULL, 0, "print CSV", 0},
    {"json", 'j', NULL, 0, "print JSON", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->form = FORM_CSV;
        break;
    case 'j':
        a->form = FORM_JSON;
        break;
    case ARGP_KEY_ARGS:
        a->folders = state->argv + state->next;
        a->n = (size_t)(state->argc - state->next);
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected results folders");
        break;
    default:
        (void)text;
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options,
                                 parse,
                                 "DIR...",
                                 "Put the results of training runs side by side, with a column for "
                                 "every key of a testbench that "
                                 "one of them had other than by default.",
                                 NULL,
                                 NULL,
                                 NULL};

/* The fields of a summary that tell runs apart or are compared, and the key that says the same. */
static const struct {
    const char *name;
    int digits;
    const char *key;
} columns[] = {
    {"version", 0, NULL},
    {"dopant", 0, "device.dopant"},
    {"engine", 0, "engine.name"},
    {"seed", 0, "seed"},
    {"rule", 0, "rule.name"},
    {"tolerance", 0, "programming.tolerance"},
    {"policy", 0, "programming.policy"},
    {"gap", 0, "programming.gap"},
    {"reset_s", 0, "programming.erase_time"},
    {"training_time_s", 5, NULL},
    {"energy_J", 5, NULL},
    {"energy_by_class_J", 5, NULL},
    {"energy_infer_J", 5, NULL},
    {"pulses_total", 0, NULL},
    {"devices_within_tolerance", 0, NULL},
    {"devices_total", 0, NULL},
    {"accuracy_clean", 5, NULL},
    {"accuracy_noisy", 5, NULL},
    {"noise_probability", 0, "noise.test"},
    {"accuracy_limit", 5, NULL},
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static const struct summary_field *find_field(const char *name)
{
    for (size_t i = 0; i < summary_n_fields; i++)
        if (strcmp(summary_fields[i].name, name) == 0)
            return &summary_fields[i];
    return NULL;
}

/* The cell of a run's setting, or NULL: by default, or not known. */
static const struct cell *find_setting(const struct summary *s, const char *key)
{
    const struct table *t = s->settings;
    for (size_t i = 0; t && i < t->n_rows; i++)
        if (strcmp(t->cells[i * t->n_columns].text, key) == 0)
            return &t->cells[i * t->n_columns + 1];
    return NULL;
}

/* Does a column of the summary say what the key would?  A file has more to its name than the dopant's. */
static bool said(const struct summary *s, const char *key, const struct cell *value)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (columns[i].key && strcmp(columns[i].key, key) == 0)
            return value->kind != CELL_TEXT ||
                   strcmp(value->text, summary_text(s, find_field(columns[i].name))) == 0;
    return false;
}

/* Names of columns, some of them made. */
struct names {
    size_t n, capacity;
    char **names; /* n */
};

static void add_name(struct names *n, char *name)
{
    n->names = memory_grow(n->names, &n->capacity, n->n + 1, sizeof *n->names);
    n->names[n->n++] = name;
}

/* Keys that differ from their defaults in a run, and stand in no other column. */
static void add_keys(struct names *keys, const struct summary *s)
{
    const struct table *t = s->settings;
    for (size_t i = 0; t && i < t->n_rows; i++) {
        const struct cell *row = &t->cells[i * t->n_columns];
        bool known = said(s, row[0].text, &row[1]);
        for (size_t k = 0; k < keys->n; k++)
            known |= strcmp(keys->names[k], row[0].text) == 0;
        if (!known)
            add_name(keys, memory_string(row[0].text));
    }
}

static void add_row(struct table *t, const char *folder, const struct summary *s,
                    const struct names *keys)
{
    size_t column = 0;
    table_row(t);
    table_text(t, column++, folder);
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const struct summary_field *f = find_field(columns[i].name);
        if (f->kind == SUMMARY_TEXT)
            table_text(t, column++, summary_text(s, f));
        else
            for (size_t k = 0; k < summary_entries(f); k++)
                table_number(t, column++, summary_number(s, f, k));
    }
    for (size_t k = 0; k < keys->n; k++, column++) {
        const struct cell *value = find_setting(s, keys->names[k]);
        if (value && value->kind == CELL_NUMBER)
            table_number(t, column, value->number);
        else if (value || s->settings)
            table_text(t, column, value ? value->text : "default");
    }
}

static struct table *make_table(char *const *folders, size_t n, const struct summary *summaries)
{
    struct names keys = {0}, names = {0};
    for (size_t i = 0; i < n; i++)
        add_keys(&keys, &summaries[i]);
    int digits[N_COLUMNS * (ENERGY_CLASSES + PHASE_KINDS)] = {0};
    add_name(&names, memory_string("run"));
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const struct summary_field *f = find_field(columns[i].name);
        for (size_t k = 0; k < summary_entries(f); k++) {
            const char *entry = summary_entry(f, k);
            digits[names.n] = columns[i].digits;
            add_name(&names, entry ? memory_format("%s_J", entry) : memory_string(f->name));
        }
    }
    for (size_t k = 0; k < keys.n; k++)
        add_name(&names, memory_string(keys.names[k]));
    struct table *t = table_new(names.n, (const char *const *)names.names, NULL);
    memcpy(t->digits, digits, (names.n - keys.n) * sizeof *digits);
    for (size_t i = 0; i < n; i++)
        add_row(t, folders[i], &summaries[i], &keys);
    for (size_t k = 0; k < names.n; k++)
        free(names.names[k]);
    for (size_t k = 0; k < keys.n; k++)
        free(keys.names[k]);
    free(names.names);
    free(keys.names);
    return t;
}

int command_compare(int argc, char **argv)
{
    struct arguments a = {0};
    struct error error = {0};
    arguments_parse(&argp, argc, argv, &a);
    struct summary *summaries = NEW(a.n, struct summary);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < a.n && status == STATUS_OK; i++) {
        char *path;
        status = directory_file(a.folders[i], "summary.json", &path, &error);
        if (status == STATUS_OK)
            status = json_read_summary(path, &summaries[i], &error);
        free(path);
    }
    if (status == STATUS_OK) {
        struct table *t = make_table(a.folders, a.n, summaries);
        if (a.form == FORM_CSV)
            table_csv(t, stdout);
        else if (a.form == FORM_JSON)
            json_write_table(t, stdout);
        else
            table_print(t, stdout);
        table_free(t);
    }
    for (size_t i = 0; i < a.n; i++)
        summary_free(&summaries[i]);
    free(summaries);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
