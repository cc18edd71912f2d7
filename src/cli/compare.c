/* SPDX-License-Identifier: GPL-3.0-or-later */
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

static const struct argp argp = {
    options, parse, "DIR...", "Put the results of training runs side by side.", NULL, NULL, NULL};

/* The fields of a summary that tell runs apart or are compared. */
static const struct {
    const char *name;
    int digits;
} columns[] = {
    {"version", 0},
    {"dopant", 0},
    {"engine", 0},
    {"seed", 0},
    {"tolerance", 0},
    {"policy", 0},
    {"gap", 0},
    {"reset_s", 0},
    {"training_time_s", 5},
    {"energy_J", 5},
    {"energy_by_class_J", 5},
    {"energy_infer_J", 5},
    {"pulses_total", 0},
    {"devices_within_tolerance", 0},
    {"devices_total", 0},
    {"accuracy_clean", 5},
    {"accuracy_noisy", 5},
    {"noise_probability", 0},
    {"accuracy_limit", 5},
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static const struct summary_field *find_field(const char *name)
{
    for (size_t i = 0; i < summary_n_fields; i++)
        if (strcmp(summary_fields[i].name, name) == 0)
            return &summary_fields[i];
    return NULL;
}

static struct table *make_table(void)
{
    const char *names[64];
    char *made[64];
    int digits[64];
    size_t n = 0, n_made = 0;
    names[n] = "run";
    digits[n++] = 0;
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const struct summary_field *f = find_field(columns[i].name);
        for (size_t k = 0; k < summary_entries(f); k++) {
            if (summary_entry(f, k))
                names[n] = made[n_made++] = memory_format("%s_J", summary_entry(f, k));
            else
                names[n] = f->name;
            digits[n++] = columns[i].digits;
        }
    }
    struct table *t = table_new(n, names, digits);
    for (size_t i = 0; i < n_made; i++)
        free(made[i]);
    return t;
}

static void add_row(struct table *t, const char *folder, const struct summary *s)
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
}

int command_compare(int argc, char **argv)
{
    struct arguments a = {0};
    struct error error = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    struct table *t = make_table();
    enum status status = STATUS_OK;
    for (size_t i = 0; i < a.n && status == STATUS_OK; i++) {
        struct summary s;
        char *path = memory_format("%s/summary.json", a.folders[i]);
        status = json_read_summary(path, &s, &error);
        if (status == STATUS_OK)
            add_row(t, a.folders[i], &s);
        free(path);
    }
    if (status == STATUS_OK) {
        if (a.form == FORM_CSV)
            table_csv(t, stdout);
        else if (a.form == FORM_JSON)
            json_write_table(t, stdout);
        else
            table_print(t, stdout);
    }
    table_free(t);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
