/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/testbench_input.h"
#include "report/json.h"
#include "report/output.h"
#include "report/page.h"
#include "study/aggregate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_SAMPLE UINT64_MAX

struct arguments {
    const char *file, *output;
    struct testbench_input input;
    bool keys, json;
    uint64_t sample;
};

enum option_key { KEY_SET = 256, KEY_KEYS, KEY_JSON, KEY_SAMPLE };

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "results folder to make (none: print the outputs only)", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "value of a key in place of the file's; may be repeated", 0},
    {"sample", KEY_SAMPLE, "N", 0, "run this sample alone, of those that the file asks for", 0},
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

static const struct argp argp = {
    options,
    parse,
    "FILE.yaml",
    "Run a testbench: an experiment with values for its keys, and what is swept.\v"
    "Exit status: 0 done, 1 could not be computed, 2 bad input or usage, 3 a sample is not "
    "trustworthy.",
    NULL,
    NULL,
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

static enum status write_text(const struct output *folder, const char *name, const char *text,
                              struct error *error)
{
    char *path = memory_format("%s/%s", folder->temporary, name);
    FILE *out = fopen(path, "w");
    free(path);
    if (!out || fputs(text, out) < 0 || fclose(out) != 0)
        return fail(error, STATUS_INPUT, "%s: cannot be written: %s", name, strerror(errno));
    return STATUS_OK;
}

static enum status write_report(const struct output *folder, struct error *error)
{
    char *path = memory_format("%s/report.html", folder->temporary);
    FILE *out = fopen(path, "w");
    enum status status =
        out ? page_report(folder->temporary, folder->path, out, error)
            : fail(error, STATUS_INPUT, "report.html: cannot be written: %s", strerror(errno));
    if (out && fclose(out) != 0 && status == STATUS_OK)
        status = fail(error, STATUS_INPUT, "report.html: cannot be written: %s", strerror(errno));
    free(path);
    return status;
}

static enum status write_folder(struct output *folder, const struct testbench_input *in,
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

static enum status run(struct arguments *a, struct error *error)
{
    struct testbench_input *in = &a->input;
    struct experiment_detail detail = {0};
    struct output folder = {.file = -1};
    enum status status = testbench_input_open(in, a->file, error), worst = STATUS_OK;
    if (status == STATUS_OK && a->sample != NO_SAMPLE && a->sample >= in->job.n)
        status = fail(error, STATUS_INPUT, "--sample %llu: %s has samples 0 to %zu",
                      (unsigned long long)a->sample, a->file, in->job.n - 1);
    if (status == STATUS_OK && a->output)
        status = output_folder(a->output, &folder, error);
    if (status != STATUS_OK)
        return status;
    const size_t begin = a->sample == NO_SAMPLE ? 0 : a->sample,
                 end = a->sample == NO_SAMPLE ? in->job.n : begin + 1;
    struct table *samples = samples_table(&in->job), *points = NULL;
    for (size_t i = begin; i < end && status != STATUS_INTERRUPTED; i++) {
        if (in->context.progress) {
            char *text = memory_format("sample %zu of %zu", i + 1, in->job.n);
            in->context.progress(in->context.progress_data, text);
            free(text);
        }
        status = add_sample(&in->job, i, samples, end - begin == 1 ? &detail : NULL, error);
        if (interrupt_flag)
            status = fail(error, STATUS_INTERRUPTED, "interrupted");
        if (status != STATUS_OK)
            worst = status;
    }
    if (in->context.progress)
        in->context.progress(in->context.progress_data, NULL);
    if (end - begin > 1 && worst != STATUS_INTERRUPTED)
        points = aggregate_points(samples, in->job.n_inputs, in->testbench->common.seed);
    struct error trouble = {0};
    status = STATUS_OK;
    if (worst == STATUS_OK || worst == STATUS_UNTRUSTED || (points && worst == STATUS_NUMERICAL)) {
        status = write_folder(&folder, in, samples, points, &detail, &trouble);
        if (status == STATUS_OK)
            status = output_complete(&folder, &trouble);
        if (status == STATUS_OK && a->json)
            json_write_table(points ? points : samples, stdout);
        else if (status == STATUS_OK)
            print_columns(points ? points : samples);
    }
    output_abandon(&folder);
    if (status != STATUS_OK) {
        worst = status;
        *error = trouble;
    }
    table_free(samples);
    table_free(points);
    experiment_detail_free(&detail);
    return worst;
}

int command_run(int argc, char **argv)
{
    struct arguments a = {.sample = NO_SAMPLE};
    struct error error = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    interrupt_watch();
    enum status status = STATUS_OK;
    if (a.keys)
        testbench_print_keys(stdout);
    else
        status = run(&a, &error);
    testbench_input_free(&a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
