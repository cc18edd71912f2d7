/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "engine/engine.h"
#include "engine/spice/confine.h"
#include "report/json.h"
#include "report/output.h"
#include "report/page/page.h"
#include "simulate/simulation_judge.h"

#include <stdlib.h>
#include <string.h>

#define SEED 1

struct arguments {
    const char *deck, *output;
    bool json;
    struct deck_run_options run;
    int argc;
    char **argv;
};

enum option_key { KEY_TRUST = 256, KEY_JSON, KEY_TIME_LIMIT, KEY_SEED };

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "folder to make, with waveforms.raw, tables and report.html", 0},
    {"trust", KEY_TRUST, NULL, 0,
     "the deck may run commands and programs and open files, with your rights", 0},
    {"time-limit", KEY_TIME_LIMIT, "SECONDS", 0, "wall time for all analyses", 0},
    {"seed", KEY_SEED, "N", 0, "of TRNOISE, TRRANDOM and random parameters, 1 to 4095", 0},
    {"json", KEY_JSON, NULL, 0, "print results as JSON", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = text;
        break;
    case KEY_TRUST:
        a->run.trusted = true;
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case KEY_TIME_LIMIT:
        a->run.time_limit = argument_number(state, "--time-limit", text, 1, 1e7);
        break;
    case KEY_SEED:
        a->run.seed = (int)argument_number(state, "--seed", text, 1, CONFINE_ID_MOST);
        break;
    case ARGP_KEY_ARG:
        if (a->deck)
            argp_error(state, "'%s', expected one deck", text);
        a->deck = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a deck");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    return key == KEY_TIME_LIMIT ? memory_format("%s (%g)", text, engine_defaults.time_limit)
           : key == KEY_SEED     ? memory_format("%s (%d)", text, SEED)
                                 : (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "DECK",
    "Run a SPICE deck in ngspice, in a worker process, and book the energy of every element "
    "outside "
    "of subcircuits at its terminals.\v"
    "Analyses: .op, .dc, .ac, .tran, each in a process of its own. Without .save all nodes and "
    "currents of sources are kept; i(ELEMENT) is there for every element of two terminals. "
    "Commands in the deck and files outside of its folder are refused unless it is trusted.",
    NULL,
    add_default,
    NULL};

static enum status write_deck(const struct user_deck *deck, const struct new_folder *o,
                              struct error *error)
{
    FILE *out = new_folder_open(o, "circuit.cir", error);
    if (!out)
        return STATUS_INPUT;
    user_deck_write(deck, out);
    return new_folder_close(out, "circuit.cir", STATUS_OK, error);
}

static enum status write_manifest(const struct arguments *a, const struct user_deck *deck,
                                  const struct new_folder *o, struct error *error)
{
    const struct manifest manifest = {.argc = a->argc,
                                      .argv = a->argv,
                                      .n_inputs = deck->text->n_files,
                                      .inputs = (const char *const *)deck->text->files};
    FILE *out = new_folder_open(o, "manifest.json", error);
    if (!out)
        return STATUS_INPUT;
    const enum status status = json_write_manifest(&manifest, out, error);
    return new_folder_close(out, "manifest.json", status, error);
}

static enum status write_report(const struct arguments *a, const struct new_folder *o,
                                struct error *error)
{
    FILE *out = new_folder_open(o, "report.html", error);
    if (!out)
        return STATUS_INPUT;
    const enum status status = page_report(o->temporary, a->output, out, error);
    return new_folder_close(out, "report.html", status, error);
}

static enum status write_folder(const struct arguments *a, const struct user_deck *deck,
                                const struct simulation *s, const struct new_folder *o,
                                struct error *error)
{
    struct table *tables[SIMULATION_TABLES];
    enum status status = STATUS_OK;
    simulation_tables(s, tables);
    for (size_t i = 0; i < SIMULATION_TABLES && status == STATUS_OK; i++) {
        char *name = memory_format("%s.csv", simulation_table_names[i]);
        status = output_table(o, name, tables[i], error);
        free(name);
    }
    if (status == STATUS_OK)
        status = output_table(o, "course.csv", s->course, error);
    if (status == STATUS_OK)
        status = output_tables(o, "simulation.json", SIMULATION_TABLES, simulation_table_names,
                               tables, error);
    if (status == STATUS_OK)
        status = write_deck(deck, o, error);
    if (status == STATUS_OK)
        status = write_manifest(a, deck, o, error);
    if (status == STATUS_OK)
        status = write_report(a, o, error);
    return status;
}

static enum status run(const struct arguments *a, struct error *error)
{
    struct user_deck *deck;
    struct simulation s;
    struct new_folder o = {0};
    enum status status = user_deck_read(a->deck, a->run.trusted, &deck, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < deck->n_ignored; i++)
        fprintf(stderr, "%s: nothing is done for '%s'\n", a->argv[0],
                deck->text->lines[deck->ignored[i]].text);
    if (deck->noise && deck->control)
        fprintf(
            stderr,
            "%s: noise sources are not seeded where a .control block runs: figures differ from run "
            "to run\n",
            a->argv[0]);
    if (a->output)
        status = new_folder_begin(a->output, &o, error);
    if (status == STATUS_OK) {
        char *raw = o.temporary ? memory_format("%s/waveforms.raw", o.temporary) : NULL;
        status = simulate(deck, &a->run, raw, &s, error);
        free(raw);
    }
    if (status == STATUS_OK) {
        struct table *tables[SIMULATION_TABLES];
        simulation_tables(&s, tables);
        if (a->output)
            status = write_folder(a, deck, &s, &o, error);
        if (status == STATUS_OK)
            status = new_folder_end(&o, error);
        if (status == STATUS_OK && a->json)
            json_write_tables(SIMULATION_TABLES, simulation_table_names, tables, stdout);
        else if (status == STATUS_OK)
            simulation_print(deck, &s, stdout);
        if (status == STATUS_OK)
            status = simulation_judge(deck, &s, error);
        simulation_free(&s);
    }
    new_folder_abandon(&o);
    user_deck_free(deck);
    return status;
}

int command_sim(int argc, char **argv)
{
    struct arguments a = {.run = {.seed = SEED,
                                  .time_limit = engine_defaults.time_limit,
                                  .interrupted = &interrupt_flag},
                          .argc = argc,
                          .argv = argv};
    struct error error = {0};
    arguments_parse(&argp, argc, argv, &a);
    interrupt_watch();
    const enum status status = run(&a, &error);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
