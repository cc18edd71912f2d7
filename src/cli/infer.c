/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/infer/infer_options.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "report/json.h"
#include "report/output.h"
#include "report/page/page.h"
#include "study/experiment/experiments.h"
#include "study/inference/inference_programming.h"
#include "study/inference/inference_tables.h"

#include <stdlib.h>
#include <string.h>

enum table_kind { TOTAL, LAYERS, ENERGY, PROGRAMMING, WATERFALL, N_TABLES };
static const char *const table_names[N_TABLES] = {"total", "layers", "energy", "programming",
                                                  "effects"};

struct job {
    struct infer_arguments a;
    struct inference_testbench *testbench;
    struct inference_setup setup;
    struct inference_outcome outcome;
    struct table *tables[N_TABLES]; /* NULL: what was not asked for */
};

/* --------------------------------------------------------------------------------------- work */

static enum status read_testbench(struct job *j, struct error *error)
{
    struct testbench_input *in = &j->a.input;
    in->experiment = &experiment_inference;
    testbench_input_context(in);
    enum status status = testbench_input_read(in, "infer", "experiment: inference\n", error);
    if (status != STATUS_OK)
        return status;
    if (in->testbench->n_samples != 1)
        return fail(error, STATUS_INPUT,
                    "--set asks for %zu samples, expected one; see `silverbar run'",
                    in->testbench->n_samples);
    j->testbench = testbench_options(in->testbench, 0);
    const struct inference_places places = {in->context.devices, in->context.switch_file};
    return inference_setup_read(j->testbench, &places, &j->setup, error);
}

static void warn(const struct job *j)
{
    const char *name = j->a.argv[0];
    if (j->outcome.own_ranges)
        fprintf(stderr,
                "%s: ranges are set by the test images themselves; --calibrate names training "
                "images\n",
                name);
    if (j->outcome.rate != 0 && !j->testbench->tile.disturb)
        fprintf(stderr,
                "%s: at --volt %g a device's state moves by %.3g a second of reading, beyond "
                "its dead zone; here reads leave devices as they are (read.disturb)\n",
                name, j->testbench->tile.volt, j->outcome.rate);
}

static enum status compute(struct job *j, struct error *error)
{
    const struct testbench_input *in = &j->a.input;
    const struct inference_watch watch = {in->context.progress, in->context.progress_data,
                                          in->context.interrupted};
    enum status status = inference_setup_decide(&j->setup, j->testbench, &watch, error);
    if (status == STATUS_OK)
        status =
            inference_testbench_run(j->testbench, &j->setup, testbench_random(in->testbench, 0),
                                    &watch, &j->outcome, error);
    if (status != STATUS_OK)
        return status;
    j->tables[TOTAL] = inference_total(&j->outcome);
    j->tables[LAYERS] = inference_layers(&j->outcome);
    j->tables[ENERGY] = inference_energy(&j->outcome);
    j->tables[WATERFALL] = inference_effects(&j->outcome);
    j->tables[PROGRAMMING] = inference_programming(&j->outcome);
    return STATUS_OK;
}

/* ------------------------------------------------------------------------------------- output */

/* The tables that there are, and their names; returns how many. */
static size_t present(const struct job *j, const char *names[N_TABLES],
                      struct table *tables[N_TABLES])
{
    size_t n = 0;
    for (size_t k = 0; k < N_TABLES; k++)
        if (j->tables[k]) {
            names[n] = table_names[k];
            tables[n++] = j->tables[k];
        }
    return n;
}

static void print(const struct job *j)
{
    const char *names[N_TABLES];
    struct table *tables[N_TABLES];
    const size_t n = present(j, names, tables);
    if (j->a.form == INFER_JSON) {
        json_write_tables(n, names, tables, stdout);
        return;
    }
    struct table *upright = inference_upright(j->tables[TOTAL]),
                 *across = inference_programming_across(j->tables[PROGRAMMING]);
    for (size_t k = 0; k < n; k++) {
        if (k > 0)
            putchar('\n');
        if (j->a.form == INFER_CSV)
            table_csv(tables[k], stdout);
        else
            table_print(tables[k] == j->tables[TOTAL]         ? upright
                        : tables[k] == j->tables[PROGRAMMING] ? across
                                                              : tables[k],
                        stdout);
    }
    table_free(upright);
    table_free(across);
}

static enum status write_manifest(const struct job *j, const struct new_folder *o,
                                  struct error *error)
{
    const struct inference_testbench *b = j->testbench;
    const char *const paths[] = {b->model, b->images, b->labels, b->training,
                                 j->setup.dopant->path};
    const char *inputs[sizeof paths / sizeof paths[0]];
    size_t n = 0;
    for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++)
        if (*paths[k])
            inputs[n++] = paths[k];
    const struct manifest manifest = {
        .argc = j->a.argc, .argv = j->a.argv, .n_inputs = n, .inputs = inputs};
    FILE *out = new_folder_open(o, "manifest.json", error);
    if (!out)
        return STATUS_INPUT;
    return new_folder_close(out, "manifest.json", json_write_manifest(&manifest, out, error),
                            error);
}

static enum status write_testbench(const struct job *j, const struct new_folder *o,
                                   struct error *error)
{
    FILE *out = new_folder_open(o, "testbench.yaml", error);
    if (!out)
        return STATUS_INPUT;
    char *text = testbench_identity(j->a.input.testbench);
    fputs(text, out);
    free(text);
    return new_folder_close(out, "testbench.yaml", STATUS_OK, error);
}

static enum status write_report(const struct new_folder *o, struct error *error)
{
    FILE *out = new_folder_open(o, "report.html", error);
    if (!out)
        return STATUS_INPUT;
    return new_folder_close(out, "report.html", page_report(o->temporary, o->path, out, error),
                            error);
}

static enum status save(const struct job *j, struct new_folder *o, struct error *error)
{
    const struct inference_outcome *r = &j->outcome;
    struct table *const tables[] = {inference_total(r),
                                    inference_layers(r),
                                    inference_energy(r),
                                    inference_tiles(r),
                                    inference_confusion(r),
                                    inference_images_table(r),
                                    inference_effects(r),
                                    inference_codes(r),
                                    inference_worst(r),
                                    inference_programming(r),
                                    inference_programming_tiles(r),
                                    j->a.devices ? inference_devices(r) : NULL};
    static const char *const files[] = {"total.csv",
                                        "layers.csv",
                                        "energy.csv",
                                        "tiles.csv",
                                        "confusion.csv",
                                        "images.csv",
                                        "effects.csv",
                                        "codes.csv",
                                        "worst.csv",
                                        "programming.csv",
                                        "programming_tiles.csv",
                                        "devices.csv"};
    const char *names[N_TABLES];
    struct table *shown[N_TABLES];
    const size_t n = present(j, names, shown);
    enum status status = write_testbench(j, o, error);
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++) {
        if (status == STATUS_OK && tables[k])
            status = output_table(o, files[k], tables[k], error);
        table_free(tables[k]);
    }
    if (status == STATUS_OK)
        status = output_tables(o, "summary.json", n, names, shown, error);
    if (status == STATUS_OK)
        status = write_manifest(j, o, error);
    if (status == STATUS_OK)
        status = write_report(o, error);
    return status == STATUS_OK ? new_folder_end(o, error) : status;
}

static enum status run(struct job *j, struct new_folder *folder, struct error *error)
{
    enum status status = read_testbench(j, error);
    if (status == STATUS_OK && j->a.output)
        status = new_folder_begin(j->a.output, folder, error);
    if (status == STATUS_OK)
        status = compute(j, error);
    if (status == STATUS_INPUT && j->a.input.testbench)
        testbench_locate(j->a.input.testbench, error);
    if (status == STATUS_OK)
        warn(j);
    if (status == STATUS_OK && j->a.output)
        status = save(j, folder, error);
    if (status != STATUS_OK)
        return status;
    print(j);
    return inference_account_closes(&j->outcome, error);
}

int command_infer(int argc, char **argv)
{
    struct job j = {0};
    struct new_folder folder = {0};
    struct error error = {{0}};
    infer_options_parse(argc, argv, &j.a);
    interrupt_watch();
    const enum status status = run(&j, &folder, &error);
    new_folder_abandon(&folder);
    for (size_t k = 0; k < N_TABLES; k++)
        table_free(j.tables[k]);
    inference_outcome_free(&j.outcome);
    inference_setup_free(&j.setup);
    if (j.testbench)
        experiment_options_free(&experiment_inference, j.testbench);
    testbench_input_free(&j.a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
