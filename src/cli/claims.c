/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/claims/claims.h"
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/samples.h"
#include "cli/input/study_inputs.h"
#include "cli/input/testbench_input.h"
#include "report/json.h"
#include "report/output.h"

#include <stdlib.h>
#include <unistd.h>

#define SPOT_CHECKS 2 /* replicas of each point that asks for them */

struct arguments {
    const char *file, *output;
    uint64_t jobs, spot_checks;
    bool resume, json;
};

enum option_key { KEY_JOBS = 'j', KEY_RESUME = 256, KEY_SPOT_CHECKS, KEY_JSON };

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "results folder to make; samples are kept in DIR.db meanwhile", 0},
    {"jobs", KEY_JOBS, "N", 0, "worker processes; 0: as many as processors", 0},
    {"resume", KEY_RESUME, NULL, 0, "go on with the samples of a run that was interrupted", 0},
    {"spot-checks", KEY_SPOT_CHECKS, "N", 0, "replicas that are run again in the other engines", 0},
    {"json", KEY_JSON, NULL, 0, "print the table as JSON", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = text;
        break;
    case KEY_JOBS:
        a->jobs = argument_count(state, "--jobs", text, SAMPLES_JOBS_MAX);
        break;
    case KEY_RESUME:
        a->resume = true;
        break;
    case KEY_SPOT_CHECKS:
        a->spot_checks = argument_count(state, "--spot-checks", text, 1000);
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_error(state, "'%s', expected one file of claims", text);
        a->file = text;
        break;
    case ARGP_KEY_END:
        if (!a->file)
            argp_error(state, "no claims, expected FILE.yaml");
        if (!a->output || !*a->output)
            argp_error(state, "expected -o DIR");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    return key == KEY_JOBS          ? memory_format("%s (0)", text)
           : key == KEY_SPOT_CHECKS ? memory_format("%s (%d)", text, SPOT_CHECKS)
                                    : (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "FILE.yaml",
    "Test published claims: run the testbenches that a file of claims names, and give each figure "
    "its interval, a verdict and its sensitivity.\v"
    "Exit status: 0 done, whatever the verdicts; 1 could not be computed, 2 bad input or usage.",
    NULL,
    add_default,
    NULL};

/* In all engines but the testbench's own, the slowest last. */
static enum status spot_checks(const struct arguments *a, const struct claims *claims,
                               const struct experiment_context *context,
                               const struct table *samples, struct table *checks,
                               struct error *error)
{
    const struct claims_spot spot = {context, samples, a->spot_checks, checks};
    enum status status = STATUS_OK;
    size_t n = 0;
    while (engine_names[n])
        n++;
    while (n-- > 0 && status == STATUS_OK && a->spot_checks > 0)
        status = claims_spot_check(claims, &spot, engine_names[n], error);
    return status;
}

/* Upright: what is claimed is long. */
static void claims_print(const struct table *t)
{
    for (size_t r = 0; r < t->n_rows; r++, putchar('\n'))
        for (size_t c = 0; c < t->n_columns; c++) {
            const struct cell *cell = &t->cells[r * t->n_columns + c];
            if (cell->kind == CELL_NUMBER)
                printf("%-14s %.5g\n", t->names[c], cell->number);
            else if (cell->kind == CELL_TEXT && *cell->text)
                printf("%-14s %s\n", t->names[c], cell->text);
        }
}

static enum status run(const struct arguments *a, struct error *error)
{
    struct testbench_input in = {0};
    struct claims *claims = NULL;
    const struct sample_job *job;
    struct table *samples = NULL, *verdicts = NULL, *variations = NULL,
                 *checks = claims_spot_check_table();
    struct new_folder folder = {0};
    char *store = memory_format("%s.db", a->output);
    const struct samples_options computing = {a->jobs, a->resume, store};
    testbench_input_context(&in);
    enum status status = claims_read(a->file, &claims, error);
    if (status == STATUS_OK && access(a->output, F_OK) == 0)
        status = fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                      a->output);
    if (status == STATUS_OK)
        status = claims_job(claims, &in.context, &job, error);
    if (status == STATUS_OK)
        status = samples_compute(job, &computing, &samples, error);
    if (status == STATUS_OK)
        status = claims_evaluate(claims, samples, &verdicts, &variations, error);
    if (status == STATUS_OK)
        status = spot_checks(a, claims, &in.context, samples, checks, error);
    if (in.context.progress)
        study_progress(NULL, NULL);
    if (status == STATUS_OK)
        status = new_folder_begin(a->output, &folder, error);
    if (status == STATUS_OK)
        status = output_table(&folder, "claims.csv", verdicts, error);
    if (status == STATUS_OK)
        status = output_table(&folder, "variations.csv", variations, error);
    if (status == STATUS_OK && a->spot_checks > 0)
        status = output_table(&folder, "spot_checks.csv", checks, error);
    if (status == STATUS_OK)
        status = new_folder_end(&folder, error);
    if (status == STATUS_OK) {
        samples_done(&computing);
        if (a->json)
            json_write_table(verdicts, stdout);
        else
            claims_print(verdicts);
    }
    new_folder_abandon(&folder);
    table_free(samples);
    table_free(verdicts);
    table_free(variations);
    table_free(checks);
    claims_free(claims);
    testbench_input_free(&in);
    free(store);
    return status;
}

int command_claims(int argc, char **argv)
{
    struct arguments a = {.spot_checks = SPOT_CHECKS};
    struct error error = {0};
    arguments_parse(&argp, argc, argv, &a);
    interrupt_watch();
    const enum status status = run(&a, &error);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
