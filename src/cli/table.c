/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "report/json.h"
#include "sweep/store.h"

#include <argp.h>
#include <stdlib.h>

enum form { FORM_TEXT, FORM_CSV, FORM_JSON };

struct arguments {
    enum form form;
    bool wall;
    const char *path;
};

enum option_key { KEY_CSV = 256, KEY_JSON, KEY_WALL };

static const struct argp_option options[] = {
    {"csv", KEY_CSV, NULL, 0, "print CSV", 0},
    {"json", KEY_JSON, NULL, 0, "print a JSON array of objects", 0},
    {"wall", KEY_WALL, NULL, 0, "with the time that each sample took, which differs between runs",
     0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_CSV:
        a->form = FORM_CSV;
        break;
    case KEY_JSON:
        a->form = FORM_JSON;
        break;
    case KEY_WALL:
        a->wall = true;
        break;
    case ARGP_KEY_ARG:
        if (a->path)
            argp_error(state, "'%s', expected one file", text);
        a->path = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a file of results");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, "FILE.db", "Print the rows of a sweep by sample.",
                                 NULL,    NULL,  NULL};

int command_table(int argc, char **argv)
{
    struct arguments a = {0};
    struct error error = {0};
    struct table *t;
    size_t samples;
    arguments_parse(&argp, argc, argv, &a);
    const enum status status = store_table(a.path, a.wall, &t, &samples, &error);
    if (status != STATUS_OK)
        return command_failed(argv[0], status, &error);
    if (a.form == FORM_CSV)
        table_csv(t, stdout);
    else if (a.form == FORM_JSON)
        json_write_table(t, stdout);
    else
        table_print(t, stdout);
    if (t->n_rows < samples)
        fprintf(stderr, "%s: %s: %zu of %zu samples; `silverbar sweep --resume' completes them\n",
                argv[0], a.path, t->n_rows, samples);
    table_free(t);
    return 0;
}
