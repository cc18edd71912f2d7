/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/key_options.h"
#include "cli/input/testbench_input.h"
#include "report/json.h"
#include "report/output.h"
#include "report/page/page.h"
#include "study/experiment/experiments.h"

#include <stdlib.h>
#include <string.h>

struct arguments {
    int argc;
    char **argv;
    const char *output;
    bool json;
    struct testbench_input input;
};

enum option_key { KEY_SET = 256, KEY_JSON };
enum { GROUP_TASK = 1, GROUP_CIRCUIT, GROUP_OUTPUT };

static const struct argp_option own_options[] = {
    {NULL, 0, NULL, 0, "Task and rule:", GROUP_TASK},
    {NULL, 0, NULL, 0, "Circuit:", GROUP_CIRCUIT},
    {NULL, 0, NULL, 0, "Output:", GROUP_OUTPUT},
    {"set", KEY_SET, "KEY=VALUE", 0, "value of any key of the experiment; may be repeated",
     GROUP_OUTPUT},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the tables", GROUP_OUTPUT},
    {"output", 'o', "DIR", 0, "folder to make: tables, JSON, manifest, report", GROUP_OUTPUT},
    {0},
};

/* clang-format off */
#define CSDP_OPTION(g, n, a, k) .name = n, .argument = a, .group = g, .key = k, .of = &experiment_csdp
static const struct key_option key_options[] = {
    {CSDP_OPTION(GROUP_TASK, "function", "NAME|DIGITS", "csdp.function")},
    {CSDP_OPTION(GROUP_TASK, "hidden", "N", "csdp.hidden")},
    {CSDP_OPTION(GROUP_TASK, "epochs", "N", "csdp.epochs")},
    {CSDP_OPTION(GROUP_TASK, "policy", "NAME", "csdp.policy")},
    {CSDP_OPTION(GROUP_TASK, "bits", "N", "csdp.bits")},
    {CSDP_OPTION(GROUP_TASK, "seed", "N", "seed")},
    {CSDP_OPTION(GROUP_CIRCUIT, "dopant", "NAME|FILE.lib", "device.dopant"), .letter = 'd'},
    {CSDP_OPTION(GROUP_CIRCUIT, "neuron", "NAME|FILE.sub", "csdp.neuron")},
    {CSDP_OPTION(GROUP_CIRCUIT, "engine", "NAME", "engine.name")},
    {CSDP_OPTION(GROUP_CIRCUIT, "method", "NAME", "engine.method")},
    {CSDP_OPTION(GROUP_CIRCUIT, "reltol", "F", "engine.reltol")},
    {CSDP_OPTION(GROUP_CIRCUIT, "switches", "N", "engine.switches")},
};
/* clang-format on */
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    const struct key_option *option = key_option_find(N_KEY_OPTIONS, key_options, key);
    if (option) {
        char *value = key_option_value(option, state, text),
             *setting = memory_format("%s=%s", option->key, value);
        testbench_input_setting(&a->input, setting);
        free(value);
        free(setting);
        return 0;
    }
    switch (key) {
    case KEY_SET:
        testbench_input_setting(&a->input, text);
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a folder");
        a->output = text;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s', expected options alone", text);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const char doc[] =
    "A crossbar of differential memristor synapses with leaky integrate-and-fire neurons learns a "
    "logic function from spikes by contrast, without gradients: shown with the right label its "
    "neurons shall be busy, with the wrong one quiet.  Options are keys of the experiment `csdp'; "
    "`silverbar run --keys' prints all keys, of options for one key the last one counts.\v"
    "Exit status: 0 done, 1 could not be computed, 2 bad input or usage, 3 the account of energy "
    "does not close.";

static enum status read_testbench(struct testbench_input *in, struct error *error)
{
    in->experiment = &experiment_csdp;
    testbench_input_context(in);
    enum status status = testbench_input_read(in, "csdp", "experiment: csdp\n", error);
    if (status != STATUS_OK)
        return status;
    if (in->testbench->n_samples != 1)
        return fail(error, STATUS_INPUT,
                    "--set asks for %zu samples, expected one; see `silverbar run'",
                    in->testbench->n_samples);
    return testbench_job(in->testbench, &in->context, NULL, &in->job, error);
}

/* What came out, as a table of one row. */
static struct table *total_table(const struct sample_job *job, const struct cell *outputs)
{
    const size_t n = job->n_columns - job->n_inputs;
    const char **names = NEW(n, const char *);
    for (size_t k = 0; k < n; k++)
        names[k] = job->columns[job->n_inputs + k].name;
    struct table *t = table_new(n, names, NULL);
    table_row(t);
    for (size_t k = 0; k < n; k++)
        if (outputs[k].kind == CELL_NUMBER)
            table_number(t, k, outputs[k].number);
    free(names);
    return t;
}

static struct table *detail_table(const struct experiment_detail *detail, const char *name)
{
    for (size_t k = 0; k < detail->n; k++)
        if (strcmp(detail->names[k], name) == 0)
            return detail->tables[k];
    return NULL;
}

static double figure(const struct table *total, const char *name)
{
    const struct cell *cell = &total->cells[table_column(total, name)];
    return cell->kind == CELL_NUMBER ? cell->number : 0;
}

static void print_figures(const struct table *t)
{
    const double patterns = figure(t, "patterns");
    printf("patterns right     %.0f of %.0f, margin %.3g\n", figure(t, "patterns_right"), patterns,
           figure(t, "margin"));
    if (t->cells[table_column(t, "ideal_right")].kind == CELL_NUMBER)
        printf("  untrained        %.0f of %.0f\n"
               "  ideal weights    %.0f of %.0f, margin %.3g\n",
               figure(t, "untrained_right"), patterns, figure(t, "ideal_right"), patterns,
               figure(t, "ideal_margin"));
    printf("training           %.4g s in %.0f time steps, %.0f spikes\n",
           figure(t, "training_time_s"), figure(t, "steps"), figure(t, "spikes"));
    printf("pulses             %.0f of devices in %.0f phases\n", figure(t, "pulses"),
           figure(t, "pulse_phases"));
    printf("energy             %.4g uJ, of it memristors %.4g, drivers %.4g, neurons %.4g\n",
           1e6 * figure(t, "energy_J"), 1e6 * figure(t, "energy_memristor_J"),
           1e6 * figure(t, "energy_driver_J"), 1e6 * figure(t, "energy_neuron_J"));
    printf("energy a decision  %.4g nJ, of it memristors %.4g\n",
           1e9 * figure(t, "decision_energy_J"), 1e9 * figure(t, "decision_memristor_J"));
    if (figure(t, "read_drift") > 0)
        printf("drift by reading   up to %.3g of the window in the training\n",
               figure(t, "read_drift"));
    if (figure(t, "half_drift") > 1)
        printf("drift by halves    up to %.3g of the window in the training\n",
               figure(t, "half_drift"));
    printf("conductances       plus %.4g, minus %.4g uS on average\n",
           1e6 * figure(t, "conductance_plus_S"), 1e6 * figure(t, "conductance_minus_S"));
}

static void print(const struct arguments *a, const struct table *total,
                  const struct experiment_detail *detail)
{
    struct table *const tables[] = {(struct table *)total, detail_table(detail, "patterns"),
                                    detail_table(detail, "energy")};
    static const char *const names[] = {"total", "patterns", "energy"};
    if (a->json) {
        json_write_tables(3, names, tables, stdout);
        return;
    }
    print_figures(total);
    for (size_t k = 1; k < 3; k++) {
        putchar('\n');
        table_print(tables[k], stdout);
    }
}

static enum status write_testbench(const struct arguments *a, const struct new_folder *o,
                                   struct error *error)
{
    FILE *out = new_folder_open(o, "testbench.yaml", error);
    if (!out)
        return STATUS_INPUT;
    fputs(a->input.job.identity, out);
    return new_folder_close(out, "testbench.yaml", STATUS_OK, error);
}

static enum status write_manifest(const struct arguments *a, const struct new_folder *o,
                                  struct error *error)
{
    FILE *out = new_folder_open(o, "manifest.json", error);
    if (!out)
        return STATUS_INPUT;
    const struct manifest manifest = {.argc = a->argc, .argv = a->argv};
    return new_folder_close(out, "manifest.json", json_write_manifest(&manifest, out, error),
                            error);
}

static enum status write_report(const struct new_folder *o, struct error *error)
{
    FILE *out = new_folder_open(o, "report.html", error);
    if (!out)
        return STATUS_INPUT;
    return new_folder_close(out, "report.html", page_report(o->temporary, o->path, out, error),
                            error);
}

/* As a folder of `silverbar run`: samples.csv and the tables. */
static enum status save(const struct arguments *a, struct new_folder *o, const struct table *total,
                        const struct experiment_detail *detail, struct error *error)
{
    enum status status = write_testbench(a, o, error);
    if (status == STATUS_OK)
        status = output_table(o, "samples.csv", total, error);
    for (size_t k = 0; k < detail->n && status == STATUS_OK; k++) {
        char *name = memory_format("%s.csv", detail->names[k]);
        status = output_table(o, name, detail->tables[k], error);
        free(name);
    }
    if (status == STATUS_OK) {
        static const char *const names[] = {"total", "patterns", "energy"};
        struct table *const tables[] = {(struct table *)total, detail_table(detail, "patterns"),
                                        detail_table(detail, "energy")};
        status = output_tables(o, "summary.json", 3, names, tables, error);
    }
    if (status == STATUS_OK)
        status = write_manifest(a, o, error);
    if (status == STATUS_OK)
        status = write_report(o, error);
    return status == STATUS_OK ? new_folder_end(o, error) : status;
}

static enum status run(struct arguments *a, struct new_folder *folder, struct error *error)
{
    enum status status = read_testbench(&a->input, error);
    if (status == STATUS_OK && a->output)
        status = new_folder_begin(a->output, folder, error);
    if (status != STATUS_OK)
        return status;
    const struct sample_job *job = &a->input.job;
    struct cell *outputs = NEW(job->n_columns, struct cell);
    struct experiment_detail detail = {0};
    struct error trouble = {0};
    const enum status of_sample = testbench_run_one(job, 0, outputs, &detail, error);
    if (of_sample == STATUS_OK || of_sample == STATUS_UNTRUSTED) {
        struct table *total = total_table(job, outputs);
        if (a->output)
            status = save(a, folder, total, &detail, &trouble);
        if (status == STATUS_OK)
            print(a, total, &detail);
        else
            *error = trouble;
        table_free(total);
    }
    experiment_detail_free(&detail);
    free(outputs);
    return status == STATUS_OK ? of_sample : status;
}

int command_csdp(int argc, char **argv)
{
    struct arguments a = {.argc = argc, .argv = argv};
    struct new_folder folder = {0};
    struct error error = {{0}};
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, NULL, doc, NULL, NULL, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    interrupt_watch();
    const enum status status = run(&a, &folder, &error);
    new_folder_abandon(&folder);
    testbench_input_free(&a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
