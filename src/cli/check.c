/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/check.h"
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/key_options.h"
#include "cli/input/study_inputs.h"
#include "cli/input/testbench_input.h"
#include "report/json.h"
#include "report/output.h"
#include "study/random/random_check.h"
#include "sweep/workers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES_MAX 64

struct arguments {
    const char *file, *output;
    const char *dopant;           /* NULL: the default */
    struct testbench_input input; /* of the file */
    uint64_t sample;
    bool json, quick, one_sample, seed_given, reltol_given;
    double reltol, reference;
    uint64_t n_random, seed; /* n_random: 0 without --random */
    const char *kind;
    size_t jobs; /* 0: as many as processors */
    size_t n_cases;
    const struct case_kind *cases[CASES_MAX]; /* n_cases */
};

enum option_key {
    KEY_CASE = 256,
    KEY_QUICK,
    KEY_JSON,
    KEY_RELTOL,
    KEY_SET,
    KEY_SAMPLE,
    KEY_REFERENCE,
    KEY_RANDOM,
    KEY_SEED,
    KEY_KIND
};

/* clang-format off */
static const struct key_option key_options[] = {
    {.name = "dopant", .letter = 'd', .argument = "NAME|FILE.lib", .key = "device.dopant"},
    {.name = "reltol", .letter = KEY_RELTOL, .argument = "F", .key = "engine.reltol", .number = CHECK_RELTOL,
     .help = "relative tolerance of the engines; the others go with it"},
};
/* clang-format on */
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

static const struct argp_option own_options[] = {
    {"case", KEY_CASE, "NAME", 0, "only this case; may be given again", 0},
    {"quick", KEY_QUICK, NULL, 0, "only the cases that take seconds", 0},
    {"set", KEY_SET, "KEY=VALUE", 0,
     "of a testbench: value of a key in place of the file's; may be repeated", 0},
    {"sample", KEY_SAMPLE, "N", 0, "of a testbench: this one of those that it asks for", 0},
    {"reference", KEY_REFERENCE, "F", 0, "relative tolerance of the reference", 0},
    {"random", KEY_RANDOM, "N", 0,
     "draw N testbenches or decks instead, and write those that differ here", 0},
    {"seed", KEY_SEED, "N", 0, "of the draws", 0},
    {"kind", KEY_KIND, "NAME", 0, "draw device, crossbar, training, deck or tile alone", 0},
    {"jobs", 'j', "N", 0, "of the draws: worker processes; without it as many as processors", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the table", 0},
    {"output", 'o', "FILE", 0, "save the table too: .csv, .json or text", 0},
    {0},
};

static struct arguments defaults(void)
{
    return (struct arguments){.reltol = CHECK_RELTOL, .seed = 1};
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    const struct key_option *option = key_option_find(N_KEY_OPTIONS, key_options, key);
    switch (key) {
    case KEY_CASE:
        if (a->n_cases == CASES_MAX)
            argp_error(state, "--case '%s', expected at most %d", text, CASES_MAX);
        a->cases[a->n_cases++] = study_case_argument(state, text);
        break;
    case KEY_QUICK:
        a->quick = true;
        break;
    case 'd':
        a->dopant = text;
        break;
    case KEY_RELTOL:
        a->reltol = key_option_number(option, state, text);
        a->reltol_given = true;
        break;
    case KEY_REFERENCE:
        a->reference = argument_number(state, "--reference", text, 1e-9, 1e-4);
        break;
    case KEY_RANDOM:
        a->n_random = argument_count(state, "--random", text, RANDOM_COUNT_MAX);
        if (a->n_random == 0)
            argp_error(state, "--random 0, expected 1 to %d", RANDOM_COUNT_MAX);
        break;
    case KEY_SEED:
        a->seed = argument_count(state, "--seed", text, UINT64_C(1) << 53);
        a->seed_given = true;
        break;
    case KEY_KIND:
        if (!random_kind_known(text))
            argp_error(state, "--kind '%s', expected device, crossbar, training, deck or tile",
                       text);
        a->kind = text;
        break;
    case 'j':
        a->jobs = argument_count(state, "--jobs", text, CREW_SEATS_MAX);
        if (a->jobs == 0)
            argp_error(state, "--jobs '%s', expected a whole number from 1 to %d", text,
                       CREW_SEATS_MAX);
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a file");
        a->output = text;
        break;
    case KEY_SET:
        testbench_input_setting(&a->input, text);
        break;
    case KEY_SAMPLE:
        a->sample = argument_count(state, "--sample", text, (uint64_t)TESTBENCH_SAMPLES_MAX);
        a->one_sample = true;
        break;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_error(state, "'%s', expected one testbench", text);
        a->file = text;
        break;
    case ARGP_KEY_END:
        if (a->file && (a->quick || a->n_cases > 0 || a->dopant))
            argp_error(state, "%s with %s, expected a testbench alone", a->file,
                       a->quick         ? "--quick"
                       : a->n_cases > 0 ? "--case"
                                        : "--dopant");
        if (!a->file && (a->input.n > 0 || a->one_sample))
            argp_error(state, "--set or --sample, expected with FILE.yaml");
        if (a->n_random == 0 && (a->seed_given || a->kind || a->jobs > 0))
            argp_error(state, "--seed, --kind or --jobs, expected with --random");
        if (a->n_random > 0 && (a->file || a->quick || a->n_cases > 0 || a->dopant))
            argp_error(state, "--random with %s, expected no other circuits",
                       a->file          ? a->file
                       : a->quick       ? "--quick"
                       : a->n_cases > 0 ? "--case"
                                        : "--dopant");
        if (a->quick && a->n_cases > 0)
            argp_error(state, "--quick and --case, expected one of them");
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
    if (key == KEY_REFERENCE)
        return memory_format("%s (%g, of a testbench %g)", text, CHECK_REFERENCE_RELTOL,
                             CHECK_REFERENCE_GIVEN);
    if (key == KEY_SEED)
        return memory_format("%s (%d)", text, (int)a.seed);
    if (key == KEY_SAMPLE)
        return memory_format("%s (%d)", text, (int)a.sample);
    return (char *)text;
}

static const char doc[] =
    "Run all engines on the same drive and compare them with ngspice at tight tolerances: states, "
    "waveforms, readings, energy of every class, decisions on images; on named cases, or on a "
    "sample "
    "of a testbench, whose drive its own engine and controller make first.\v"
    "Exit status: 0 all within tolerance, 1 could not be computed, 2 bad input or usage, 3 one is "
    "not within tolerance.";

/* Without --case: the circuits that users run, of at most 30 devices. */
static void choose_cases(struct arguments *a)
{
    for (const struct case_kind *k = case_table; k->name && a->n_cases < CASES_MAX; k++)
        if (k->quick || (!a->quick && k->check))
            a->cases[a->n_cases++] = k;
}

/* The sample of the testbench as a case, to be freed before the input. */
static enum status record(struct arguments *a, struct study_case *k, struct error *error)
{
    enum status status = testbench_input_open(&a->input, a->file, error);
    if (status == STATUS_OK && a->sample >= a->input.job.n)
        status = fail(error, STATUS_INPUT, "--sample %llu: %s has samples 0 to %zu",
                      (unsigned long long)a->sample, a->file, a->input.job.n - 1);
    if (status == STATUS_OK && a->input.context.progress)
        study_progress(NULL, "recording the drive");
    return status == STATUS_OK ? testbench_record(&a->input.job, (size_t)a->sample, k, error)
                               : status;
}

static void print(const struct arguments *a, const struct table *t)
{
    if (a->json)
        json_write_table(t, stdout);
    else
        table_print(t, stdout);
}

/* Give the file its table and its name; returns `status`, or why it could not be saved. */
static enum status save(struct new_file *output, const struct table *t, enum status status,
                        struct error *error)
{
    struct error unsaved;
    if (output->path)
        output_as(output->path, t, output->file);
    const enum status saved = new_file_end(output, STATUS_OK, &unsaved);
    if (saved == STATUS_OK)
        return status;
    *error = unsaved;
    return saved;
}

/* The table is printed with what was done, whatever the status. */
static enum status run_random(struct arguments *a, struct error *error)
{
    struct new_file output = {0};
    struct table *table = NULL, *found = NULL;
    enum status status = a->output ? new_file_begin(a->output, &output, error) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    testbench_input_context(&a->input);
    const struct random_options o = {.kind = a->kind,
                                     .n = a->n_random,
                                     .workers = a->jobs > 0 ? a->jobs : workers_processors(),
                                     .seed = a->seed,
                                     .solver = case_tolerances(a->reltol),
                                     .context = &a->input.context,
                                     .progress = a->input.context.progress};
    a->input.context.progress = NULL;
    status = random_check_run(&o, &table, &found, error);
    if (o.progress)
        o.progress(NULL, NULL);
    print(a, table);
    if (found->n_rows > 0 && !a->json)
        table_print(found, stdout);
    if (status == STATUS_OK || status == STATUS_UNTRUSTED || status == STATUS_INTERRUPTED) {
        status = save(&output, table, status, error);
    }
    status = new_file_end(&output, status, error); /* there is one only if nothing was saved */
    table_free(table);
    table_free(found);
    return status;
}

static enum status run(struct arguments *a, struct error *error)
{
    struct study_inputs inputs = {0};
    struct study_case recorded = {0};
    struct check_options o = {.solver = case_tolerances(a->reltol),
                              .reltol_given = a->reltol_given,
                              .reference = a->reference,
                              .cases = a->cases};
    struct new_file output = {0};
    struct table *table = NULL;
    if (a->n_cases == 0 && !a->file)
        choose_cases(a);
    o.n_cases = a->n_cases;
    if (isatty(STDERR_FILENO))
        o.progress = study_progress;
    enum status status = STATUS_OK;
    if (a->output)
        status = new_file_begin(a->output, &output, error);
    if (status == STATUS_OK && a->file) {
        status = record(a, &recorded, error);
        o.given = &recorded;
        o.inputs.interrupted = &interrupt_flag;
        if (status == STATUS_OK && a->input.job.time_limit > 0)
            o.solver.time_limit = a->input.job.time_limit;
    } else if (status == STATUS_OK) {
        status = study_inputs_read(a->dopant, &inputs, &o.inputs, error);
    }
    if (status == STATUS_OK)
        status = check_run(&o, &table, error);
    if (o.progress)
        o.progress(NULL, NULL);
    const bool shown = table && (status == STATUS_OK || status == STATUS_UNTRUSTED ||
                                 (status == STATUS_NUMERICAL && table->n_rows > 1));
    if (shown) {
        print(a, table);
        status = save(&output, table, status, error);
    }
    status = new_file_end(&output, status, error); /* there is one only if nothing was saved */
    table_free(table);
    case_free(&recorded);
    study_inputs_free(&inputs);
    return status;
}

int command_check(int argc, char **argv)
{
    struct arguments a = defaults();
    struct error error = {0};
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, "[FILE.yaml]", doc, NULL, add_default, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    interrupt_watch();
    const enum status status = a.n_random > 0 ? run_random(&a, &error) : run(&a, &error);
    testbench_input_free(&a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
