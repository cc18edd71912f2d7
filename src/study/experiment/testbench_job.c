/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A testbench as a job of samples. */
#include "study/experiment/testbench.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "compare/cases.h"

#include <stdlib.h>

struct job {
    const struct testbench *testbench;
    const struct experiment_context *context;
    void *own, **shared; /* `own`, or the caller's */
    struct sample_column *columns;
    char *identity;
};

static void inputs(void *data, size_t sample, struct cell *row)
{
    const struct job *j = data;
    const struct testbench *t = j->testbench;
    const size_t point = sample / t->common.replicas;
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)(sample % t->common.replicas)};
    for (size_t i = 0; i < t->n_axes; i++) {
        const struct testbench_axis *a = &t->axes[i];
        const char *value = a->values[testbench_place(t, point, i)];
        struct cell *cell = &row[1 + i];
        if (key_is_number(a->key) && plain_number(value, &cell->number))
            cell->kind = CELL_NUMBER;
        else
            *cell = (struct cell){.kind = CELL_TEXT, .text = memory_string(value)};
    }
}

static enum status run(const struct job *j, size_t sample, struct cell *outputs,
                       struct experiment_detail *detail, struct error *error)
{
    const struct testbench *t = j->testbench;
    void *options = testbench_options(t, sample / t->common.replicas);
    enum status status = t->experiment->run(*j->shared, options, testbench_random(t, sample),
                                            outputs, detail, error);
    experiment_options_free(t->experiment, options);
    return status;
}

static enum status run_sample(void *data, size_t sample, struct cell *row, struct error *error)
{
    return run(data, sample, row, NULL, error);
}

enum status testbench_run_one(const struct sample_job *job, size_t sample, struct cell *outputs,
                              struct experiment_detail *detail, struct error *error)
{
    const struct job *j = job->data;
    const enum status status = run(j, sample, outputs, detail, error);
    if (status == STATUS_INPUT)
        testbench_locate(j->testbench, error);
    return status;
}

enum status testbench_record(const struct sample_job *job, size_t sample, struct study_case *k,
                             struct error *error)
{
    const struct job *j = job->data;
    const struct testbench *t = j->testbench;
    if (!t->experiment->record) {
        char *able = NULL;
        for (size_t i = 0; experiment_table[i]; i++) {
            if (!experiment_table[i]->record)
                continue;
            char *longer = able ? memory_format("%s or %s", able, experiment_table[i]->name)
                                : memory_string(experiment_table[i]->name);
            free(able);
            able = longer;
        }
        fail(error, STATUS_INPUT,
             "%s: experiment '%s' has no circuit that all engines run, expected %s", t->path,
             t->experiment->name, able);
        free(able);
        return STATUS_INPUT;
    }
    void *options = testbench_options(t, sample / t->common.replicas);
    const enum status status =
        t->experiment->record(*j->shared, options, testbench_random(t, sample), k, error);
    experiment_options_free(t->experiment, options);
    if (status == STATUS_INPUT)
        testbench_locate(t, error);
    if (status == STATUS_OK)
        k->name = t->path;
    return status;
}

void experiment_detail_free(struct experiment_detail *detail)
{
    for (size_t i = 0; i < detail->n; i++)
        table_free(detail->tables[i]);
    detail->n = 0;
}

enum status testbench_job(const struct testbench *t, const struct experiment_context *context,
                          void **shared, struct sample_job *job, struct error *error)
{
    const struct experiment *e = t->experiment;
    struct job *j = NEW(1, struct job);
    enum status status = STATUS_OK;
    *j = (struct job){.testbench = t, .context = context, .identity = testbench_identity(t)};
    j->shared = shared ? shared : &j->own;
    *job = (struct sample_job){
        .n = t->n_samples,
        .n_inputs = 1 + t->n_axes,
        .n_columns = 1 + t->n_axes + e->n_outputs,
        .title = t->common.title,
        .identity = j->identity,
        .time_limit = t->common.time_limit,
        .data = j,
        .inputs = inputs,
        .run = run_sample,
    };
    j->columns = NEW(job->n_columns, struct sample_column);
    job->columns = j->columns;
    j->columns[0] = (struct sample_column){"replica", false};
    for (size_t i = 0; i < t->n_axes; i++) {
        const struct key *key = t->axes[i].key;
        j->columns[1 + i] = (struct sample_column){key->name, !key_is_number(key)};
    }
    for (size_t i = 0; i < e->n_outputs; i++)
        j->columns[job->n_inputs + i] = e->outputs[i];
    for (size_t point = 0; point < t->n_points && status == STATUS_OK; point++) {
        void *options = testbench_options(t, point);
        status = e->open(options, context, j->shared, error);
        if (status == STATUS_INPUT)
            testbench_locate(t, error);
        experiment_options_free(t->experiment, options);
    }
    if (status != STATUS_OK)
        testbench_job_free(job);
    return status;
}

void testbench_job_free(struct sample_job *job)
{
    struct job *j = job->data;
    if (!j)
        return;
    j->testbench->experiment->close(j->own);
    free(j->columns);
    free(j->identity);
    free(j);
    *job = (struct sample_job){0};
}
