/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/bench.h"
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/key_options.h"
#include "cli/input/study_inputs.h"
#include "report/cost_plot.h"
#include "report/json.h"
#include "report/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTS_MAX 64
#define RUNS_MAX 100000000
#define N_TABLES 6
#define ENGINE "event"

enum form { FORM_TEXT, FORM_CSV, FORM_JSON };

struct arguments {
    const char *dopant, *output;
    enum form form;
    bool quick;
    const struct engine *engine;
    enum engine_method method;
    size_t runs, n_parts;
    const char *parts[PARTS_MAX]; /* n_parts */
};

enum option_key { KEY_CASE = 256, KEY_QUICK, KEY_JSON, KEY_CSV, KEY_RUNS, KEY_ENGINE, KEY_METHOD };

/* clang-format off */
static const struct key_option key_options[] = {
    {.name = "dopant", .letter = 'd', .argument = "NAME|FILE.lib", .key = "device.dopant"},
    {.name = "engine", .letter = KEY_ENGINE, .argument = "NAME", .key = "engine.name", .text = ENGINE,
     .help = "engine of that loop"},
    {.name = "method", .letter = KEY_METHOD, .argument = "NAME", .key = "engine.method",
     .help = "engine ida in that loop: steps of its own, or those of SUNDIALS' BDF"},
};
/* clang-format on */
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

static const struct argp_option own_options[] = {
    {"case", KEY_CASE, "NAME", 0, "only this part; may be given again", 0},
    {"quick", KEY_QUICK, NULL, 0, "leave out what takes more than a minute in all", 0},
    {"runs", KEY_RUNS, "N", 0, "training runs in the loop", 0},
    {"csv", KEY_CSV, NULL, 0, "print CSV in place of the tables", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the tables", 0},
    {"output", 'o', "DIR", 0, "folder to make: tables, script and plot of cost against size", 0},
    {0},
};

static struct arguments defaults(void)
{
    return (struct arguments){.engine = engine_find(ENGINE), .runs = 10000};
}

static const char *part_argument(struct argp_state *state, const char *text)
{
    const char *names[PARTS_MAX] = {BENCH_READ, BENCH_SERIES, BENCH_REPEAT, BENCH_SWEEP,
                                    BENCH_TILES};
    for (size_t i = 0; case_table[i].name && i + 6 < PARTS_MAX; i++)
        names[5 + i] = case_table[i].name;
    return names[argument_choice(state, "--case", text, names)];
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    const struct key_option *option = key_option_find(N_KEY_OPTIONS, key_options, key);
    switch (key) {
    case KEY_CASE:
        if (a->n_parts == PARTS_MAX)
            argp_error(state, "--case '%s', expected at most %d", text, PARTS_MAX);
        a->parts[a->n_parts++] = part_argument(state, text);
        break;
    case KEY_QUICK:
        a->quick = true;
        break;
    case KEY_RUNS:
        a->runs = argument_count(state, "--runs", text, RUNS_MAX);
        break;
    case KEY_ENGINE:
        a->engine = key_option_engine(option, state, text);
        break;
    case ARGP_KEY_END:
        key_option_check_method(state, a->engine, a->method);
        break;
    case KEY_METHOD:
        a->method = key_option_method(option, state, text);
        break;
    case 'd':
        a->dopant = text;
        break;
    case KEY_CSV:
        a->form = FORM_CSV;
        break;
    case KEY_JSON:
        a->form = FORM_JSON;
        break;
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a folder");
        a->output = text;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s', expected options only", text);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    const struct arguments a = defaults();
    if (key == KEY_RUNS)
        return memory_format("%s (%zu)", text, a.runs);
    return (char *)text;
}

static const char doc[] =
    "Time the engines at equal error: each is found until its states and energies differ from a "
    "reference at tight tolerances by 1e-3, then all are timed in turn, whole runs with their "
    "set-up; and show how the cost grows with devices and pulses.";

static const char *const names[N_TABLES] = {"rows",     "series", "growth",
                                            "training", "sweep",  "schedule"};

static void print(const struct arguments *a, struct table *const tables[N_TABLES])
{
    if (a->form == FORM_JSON) {
        json_write_tables(N_TABLES, names, tables, stdout);
        return;
    }
    bool any = false;
    for (size_t i = 0; i < N_TABLES; i++) {
        if (tables[i]->n_rows == 0)
            continue;
        if (any)
            putchar('\n');
        any = true;
        if (a->form == FORM_CSV)
            table_csv(tables[i], stdout);
        else
            table_print(tables[i], stdout);
    }
}

static enum status save(const char *program, struct new_folder *folder,
                        struct table *const tables[N_TABLES], struct error *error)
{
    static const char *const files[N_TABLES] = {"bench.csv",    "series.csv", "growth.csv",
                                                "training.csv", "sweep.csv",  "schedule.csv"};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < N_TABLES && status == STATUS_OK; i++)
        if (tables[i]->n_rows > 0)
            status = output_table(folder, files[i], tables[i], error);
    if (status == STATUS_OK)
        status = output_tables(folder, "bench.json", N_TABLES, names, tables, error);
    if (status == STATUS_OK && tables[1]->n_rows > 0) {
        bool drawn = false;
        status = cost_plot_write(folder, tables[1], error);
        if (status == STATUS_OK)
            status = cost_plot_draw(folder, &drawn, error);
        if (status == STATUS_OK && !drawn)
            fprintf(stderr, "%s: no gnuplot, so no cost.png; `gnuplot cost.gp' draws it\n",
                    program);
    }
    if (status == STATUS_OK)
        status = new_folder_end(folder, error);
    return status;
}

static enum status run(const struct arguments *a, const char *program, struct error *error)
{
    struct study_inputs inputs;
    struct bench_options o = {.quick = a->quick,
                              .n_parts = a->n_parts,
                              .parts = a->parts,
                              .repeat_engine = a->engine,
                              .repeat_method = a->method,
                              .repeats = a->runs};
    struct bench_tables tables = {0};
    struct new_folder folder = {0};
    if (isatty(STDERR_FILENO))
        o.progress = study_progress;
    enum status status = study_inputs_read(a->dopant, &inputs, &o.inputs, error);
    if (status == STATUS_OK && a->output)
        status = new_folder_begin(a->output, &folder, error);
    if (status == STATUS_OK)
        status = bench_run(&o, &tables, error);
    if (o.progress)
        o.progress(NULL, NULL);
    struct table *const all[N_TABLES] = {tables.rows,   tables.series, tables.growth,
                                         tables.repeat, tables.sweep,  tables.schedule};
    bool measured = status == STATUS_OK;
    for (size_t i = 0; i < N_TABLES && status == STATUS_INTERRUPTED; i++)
        measured |= all[i] && all[i]->n_rows > 0;
    if (measured) { /* in part, when it was interrupted */
        struct error trouble = {0};
        print(a, all);
        const enum status saved = a->output ? save(program, &folder, all, &trouble) : STATUS_OK;
        if (saved != STATUS_OK) {
            status = saved;
            *error = trouble;
        }
    }
    new_folder_abandon(&folder);
    bench_free(&tables);
    study_inputs_free(&inputs);
    return status;
}

int command_bench(int argc, char **argv)
{
    struct arguments a = defaults();
    struct error error = {0};
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, NULL, doc, NULL, add_default, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    interrupt_watch();
    const enum status status = run(&a, argv[0], &error);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
