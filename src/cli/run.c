/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/input/apart.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/samples.h"
#include "cli/input/testbench_input.h"
#include "report/json.h"
#include "report/output.h"
#include "report/page/page.h"
#include "study/claims/aggregate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_SAMPLE UINT64_MAX

struct arguments {
    const char *file, *output;
    struct testbench_input input;
    bool keys, json, resume;
    uint64_t sample, jobs;
};

enum option_key { KEY_JOBS = 'j', KEY_SET = 256, KEY_KEYS, KEY_JSON, KEY_SAMPLE, KEY_RESUME };

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "results folder to make (none: print the outputs only)", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "value of a key in place of the file's; may be repeated", 0},
    {"sample", KEY_SAMPLE, "N", 0, "run this sample alone, of those that the file asks for", 0},
    {"jobs", KEY_JOBS, "N", 0, "worker processes; 0: as many as processors", 0},
    {"resume", KEY_RESUME, NULL, 0, "go on with a run of many samples that was interrupted", 0},
    {"json", KEY_JSON, NULL, 0, "print the table as JSON", 0},
    {"keys", KEY_KEYS, NULL, 0, "print all keys of testbenches, and end", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a folder");
        a->output = text;
        break;
    case KEY_SET:
        testbench_input_setting(&a->input, text);
        break;
    case KEY_SAMPLE:
        a->sample = argument_count(state, "--sample", text, (uint64_t)TESTBENCH_SAMPLES_MAX);
        break;
    case KEY_JOBS:
        a->jobs = argument_count(state, "--jobs", text, SAMPLES_JOBS_MAX);
        break;
    case KEY_RESUME:
        a->resume = true;
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case KEY_KEYS:
        a->keys = true;
        break;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_error(state, "'%s', expected one testbench", text);
        a->file = text;
        break;
    case ARGP_KEY_END:
        if (!a->file && !a->keys)
            argp_error(state, "no testbench, expected FILE.yaml");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    return key == KEY_JOBS ? memory_format("%s (0)", text) : (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "FILE.yaml",
    "Run a testbench: an experiment with values for its keys, and what is swept.\v"
    "Exit status: 0 done, 1 could not be computed, 2 bad input or usage, 3 a sample is not "
    "trustworthy.",
    NULL,
    add_default,
    NULL};

/* The columns of a job, as in the table of a sweep. */
static struct table *samples_table(const struct sample_job *job)
{
    const char **names = NEW(job->n_columns + 3, const char *);
    names[0] = "sample";
    for (size_t i = 0; i < job->n_columns; i++)
        names[1 + i] = job->columns[i].name;
    names[job->n_columns + 1] = "status";
    names[job->n_columns + 2] = "failure";
    struct table *t = table_new(job->n_columns + 3, names, NULL);
    free(names);
    return t;
}

/* A table of one row upright, others as they are. */
static void print_columns(const struct table *t)
{
    if (t->n_rows != 1) {
        table_print(t, stdout);
        return;
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct cell *cell = &t->cells[c];
        if (cell->kind == CELL_NUMBER)
            printf("%-24s %.6g\n", t->names[c], cell->number);
        else if (cell->kind == CELL_TEXT)
            printf("%-24s %s\n", t->names[c], cell->text);
    }
}

/* A sample goes wrong without ending the others, unless the user interrupts. */
static enum status add_sample(const struct sample_job *job, size_t sample, struct table *samples,
                              struct experiment_detail *detail, struct error *error)
{
    struct error failure = {0};
    table_row(samples);
    struct cell *row = &samples->cells[(samples->n_rows - 1) * samples->n_columns];
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)sample};
    job->inputs(job->data, sample, row + 1);
    const enum status status =
        testbench_run_one(job, sample, row + 1 + job->n_inputs, detail, &failure);
    table_text(samples, job->n_columns + 1,
               status == STATUS_OK          ? "done"
               : status == STATUS_UNTRUSTED ? "untrusted"
                                            : "failed");
    if (status == STATUS_OK)
        return STATUS_OK;
    table_text(samples, job->n_columns + 2, failure.text);
    return fail(error, status, "sample %zu: %s", sample, failure.text);
}

static enum status write_text(const struct new_folder *folder, const char *name, const char *text,
                              struct error *error)
{
    FILE *out = new_folder_open(folder, name, error);
    if (!out)
        return STATUS_INPUT;
    fputs(text, out);
    return new_folder_close(out, name, STATUS_OK, error);
}

static enum status write_report(const struct new_folder *folder, struct error *error)
{
    FILE *out = new_folder_open(folder, "report.html", error);
    if (!out)
        return STATUS_INPUT;
    const enum status status = page_report(folder->temporary, folder->path, out, error);
    return new_folder_close(out, "report.html", status, error);
}

static enum status write_folder(struct new_folder *folder, const struct testbench_input *in,
                                const struct table *samples, const struct table *points,
                                const struct experiment_detail *detail, struct error *error)
{
    if (!folder->temporary)
        return STATUS_OK;
    enum status status = write_text(folder, "testbench.yaml", in->job.identity, error);
    if (status == STATUS_OK)
        status = output_table(folder, "samples.csv", samples, error);
    if (status == STATUS_OK && points)
        status = output_table(folder, "points.csv", points, error);
    for (size_t i = 0; i < detail->n && status == STATUS_OK; i++) {
        char *name = memory_format("%s.csv", detail->names[i]);
        status = output_table(folder, name, detail->tables[i], error);
        free(name);
    }
    return status == STATUS_OK ? write_report(folder, error) : status;
}

/* Not all samples are as they should be. */
static enum status judge(const struct table *samples, struct error *error)
{
    const size_t column = table_column(samples, "status");
    size_t failed = 0, untrusted = 0, first = samples->n_rows;
    for (size_t r = samples->n_rows; r-- > 0;) {
        const char *word = samples->cells[r * samples->n_columns + column].text;
        if (strcmp(word, "done") == 0)
            continue;
        first = r;
        ++*(strcmp(word, "untrusted") == 0 ? &untrusted : &failed);
    }
    if (failed + untrusted == 0)
        return STATUS_OK;
    const struct cell *row = &samples->cells[first * samples->n_columns];
    return fail(error, failed ? STATUS_NUMERICAL : STATUS_UNTRUSTED,
                "%zu of %zu samples failed, %zu are not trustworthy; sample %.0f: %s", failed,
                samples->n_rows, untrusted, row[0].number,
                row[column + 1].kind == CELL_TEXT ? row[column + 1].text : row[column].text);
}

static enum status publish(const struct arguments *a, struct new_folder *folder,
                           const struct table *samples, const struct table *points,
                           const struct experiment_detail *detail, struct error *error)
{
    const struct table *shown = points ? points : samples;
    enum status status = write_folder(folder, &a->input, samples, points, detail, error);
    if (status == STATUS_OK)
        status = new_folder_end(folder, error);
    if (status == STATUS_OK && a->json)
        json_write_table(shown, stdout);
    else if (status == STATUS_OK)
        print_columns(shown);
    return status;
}

/* One sample, with its detail tables. */
struct one {
    const struct arguments *arguments;
    size_t sample;
    struct new_folder folder;
};

static enum status compute_one(void *data, struct error *error)
{
    struct one *one = data;
    const struct sample_job *job = &one->arguments->input.job;
    struct experiment_detail detail = {0};
    struct error trouble = {0};
    enum status status = STATUS_OK;
    struct table *samples = samples_table(job);
    const enum status of_sample = add_sample(job, one->sample, samples, &detail, error);
    if (of_sample == STATUS_OK || of_sample == STATUS_UNTRUSTED)
        status = publish(one->arguments, &one->folder, samples, NULL, &detail, &trouble);
    if (status != STATUS_OK)
        *error = trouble;
    table_free(samples);
    experiment_detail_free(&detail);
    return status == STATUS_OK ? of_sample : status;
}

/* In a process of its own: nothing in a sample need look at the clock or at the user. */
static enum status run_one(const struct arguments *a, size_t sample, struct error *error)
{
    struct one one = {.arguments = a, .sample = sample, .folder = {0}};
    enum status status = STATUS_OK;
    if (a->output)
        status = new_folder_begin(a->output, &one.folder, error);
    if (status == STATUS_OK)
        status = apart_run(compute_one, &one, a->input.job.time_limit, error);
    if (status == STATUS_NUMERICAL && strncmp(error->text, "sample ", 7) != 0) {
        const struct error why = *error;
        fail(error, status, "sample %zu: %s", sample, why.text);
    }
    new_folder_abandon(&one.folder); /* of one that is complete nothing is left to remove */
    return status;
}

static enum status run_all(const struct arguments *a, struct error *error)
{
    const struct testbench_input *in = &a->input;
    char *store = a->output ? memory_format("%s.db", a->output) : NULL;
    const struct samples_options computing = {a->jobs, a->resume, store};
    const struct experiment_detail none = {0};
    struct new_folder folder = {0};
    struct table *samples = NULL, *points = NULL;
    enum status status = STATUS_OK;
    if (a->output && access(a->output, F_OK) == 0)
        status = fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                      a->output);
    if (status == STATUS_OK)
        status = samples_compute(&in->job, &computing, &samples, error);
    if (status == STATUS_OK && a->output)
        status = new_folder_begin(a->output, &folder, error);
    if (status == STATUS_OK) {
        points = aggregate_points(samples, in->job.n_inputs, in->testbench->common.seed);
        status = publish(a, &folder, samples, points, &none, error);
    }
    if (status == STATUS_OK) {
        samples_done(&computing);
        status = judge(samples, error);
    }
    new_folder_abandon(&folder);
    table_free(samples);
    table_free(points);
    free(store);
    return status;
}

static enum status run(struct arguments *a, struct error *error)
{
    struct testbench_input *in = &a->input;
    enum status status = testbench_input_open(in, a->file, error);
    if (status == STATUS_OK && a->sample != NO_SAMPLE && a->sample >= in->job.n)
        status = fail(error, STATUS_INPUT, "--sample %llu: %s has samples 0 to %zu",
                      (unsigned long long)a->sample, a->file, in->job.n - 1);
    if (status != STATUS_OK)
        return status;
    return in->job.n == 1           ? run_one(a, 0, error)
           : a->sample == NO_SAMPLE ? run_all(a, error)
                                    : run_one(a, (size_t)a->sample, error);
}

int command_run(int argc, char **argv)
{
    struct arguments a = {.sample = NO_SAMPLE};
    struct error error = {0};
    arguments_parse(&argp, argc, argv, &a);
    interrupt_watch();
    enum status status = STATUS_OK;
    if (a.keys)
        testbench_print_keys(stdout);
    else
        status = run(&a, &error);
    testbench_input_free(&a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
