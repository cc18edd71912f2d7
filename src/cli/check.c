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

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES_MAX 64

struct arguments {
    const char *file, *output;
    const char *dopant;           /* NULL: the default */
    struct testbench_input input; /* of the file */
    uint64_t sample;
    bool json, quick, one_sample;
    double reltol, reference;
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
    KEY_REFERENCE
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
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the table", 0},
    {"output", 'o', "FILE", 0, "save the table too: .csv, .json or text", 0},
    {0},
};

static struct arguments defaults(void)
{
    return (struct arguments){.reltol = CHECK_RELTOL};
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
        break;
    case KEY_REFERENCE:
        a->reference = argument_number(state, "--reference", text, 1e-9, 1e-4);
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

static enum status run(struct arguments *a, struct error *error)
{
    struct study_inputs inputs = {0};
    struct study_case recorded = {0};
    struct check_options o = {
        .solver = outcome_tolerances(a->reltol), .reference = a->reference, .cases = a->cases};
    struct output output = {0};
    struct table *table = NULL;
    if (a->n_cases == 0 && !a->file)
        choose_cases(a);
    o.n_cases = a->n_cases;
    if (isatty(STDERR_FILENO))
        o.progress = study_progress;
    enum status status = STATUS_OK;
    if (a->output)
        status = output_file(a->output, &output, error);
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
        if (a->json)
            json_write_table(table, stdout);
        else
            table_print(table, stdout);
        struct error unsaved;
        enum status saved = output_table(&output, NULL, table, &unsaved);
        if (saved == STATUS_OK)
            saved = output_complete(&output, &unsaved);
        if (saved != STATUS_OK) {
            status = saved;
            *error = unsaved;
        }
    }
    output_abandon(&output);
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
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    key_options_free(options);
    interrupt_watch();
    const enum status status = run(&a, &error);
    testbench_input_free(&a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
