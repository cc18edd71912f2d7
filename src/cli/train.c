/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/memory.h"
#include "base/spice_number.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/key_options.h"
#include "cli/input/testbench_input.h"
#include "report/folder.h"
#include "report/published.h"
#include "study/experiment/experiments.h"
#include "study/experiment/training_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESET_ALONE 0.2 /* [s] */

/* The engine of a command without a testbench: a single run may take the reference's time. */
#define ENGINE "ngspice"

struct arguments {
    const char *file, *output;
    struct testbench_input input;
    uint64_t sample;
    bool json, strict;
    double time_limit; /* of --time-limit; 0: not given */
};

enum option_key { KEY_JSON = 256, KEY_STRICT, KEY_TIME_LIMIT, KEY_SET, KEY_SAMPLE };
enum { GROUP_RUN, GROUP_PROGRAMMING, GROUP_IMAGES, GROUP_CIRCUIT };

static const struct argp_option own_options[] = {
    {"set", KEY_SET, "KEY=VALUE", 0, "value of any key of a training; may be repeated", 0},
    {"sample", KEY_SAMPLE, "N", 0, "of a testbench: this one of those that it asks for", 0},
    {"output", 'o', "DIR", 0, "results folder to make (none: print the table only)", 0},
    {"json", KEY_JSON, NULL, 0, "print summary.json on standard output in place of the table", 0},
    {"strict", KEY_STRICT, NULL, 0, "exit status 3 when a device is not within tolerance", 0},
    {NULL, 0, NULL, 0, "Programming:", GROUP_PROGRAMMING},
    {NULL, 0, NULL, 0, "Images:", GROUP_IMAGES},
    {NULL, 0, NULL, 0, "Circuit and solver:", GROUP_CIRCUIT},
    {"time-limit", KEY_TIME_LIMIT, "SECONDS", 0, "wall time for the transient", GROUP_CIRCUIT},
    {0},
};

/* clang-format off */
static const struct key_option key_options[] = {
    {.name = "dopant", .letter = 'd', .argument = "NAME|FILE.lib", .key = "device.dopant"},
    {.name = "engine", .argument = "NAME", .key = "engine.name", .text = ENGINE},
    {.name = "method", .argument = "NAME", .group = GROUP_CIRCUIT, .key = "engine.method"},
    {.name = "rule", .argument = "NAME", .group = GROUP_PROGRAMMING, .key = "rule.name"},
    {.name = "tolerance", .argument = "F", .group = GROUP_PROGRAMMING, .key = "programming.tolerance"},
    {.name = "policy", .argument = "P", .group = GROUP_PROGRAMMING, .key = "programming.policy"},
    {.name = "gap", .argument = "G", .group = GROUP_PROGRAMMING, .key = "programming.gap"},
    {.name = "reset", .argument = "SECONDS", .group = GROUP_PROGRAMMING, .key = "programming.erase_time",
     .alone = RESET_ALONE},
    {.name = "read-time", .argument = "SECONDS", .group = GROUP_PROGRAMMING, .key = "programming.read_time"},
    {.name = "pulse-width", .argument = "SECONDS", .group = GROUP_PROGRAMMING, .key = "programming.width"},
    {.name = "images", .argument = "PAIR|FILE", .group = GROUP_IMAGES, .key = "images.pair"},
    {.name = "train-noise", .argument = "P", .group = GROUP_IMAGES, .key = "noise.train"},
    {.name = "noise", .argument = "P", .group = GROUP_IMAGES, .key = "noise.test"},
    {.name = "seed", .argument = "N", .group = GROUP_IMAGES, .key = "seed"},
    {.name = "neuron", .argument = "KIND", .group = GROUP_CIRCUIT, .key = "circuit.neuron"},
    {.name = "switches", .argument = "N", .group = GROUP_CIRCUIT, .key = "engine.switches"},
    {.name = "reltol", .argument = "F", .group = GROUP_CIRCUIT, .key = "engine.reltol"},
    {.name = "abstol", .argument = "A", .group = GROUP_CIRCUIT, .key = "engine.abstol"},
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
    case KEY_TIME_LIMIT:
        a->time_limit = argument_number(state, "--time-limit", text, 1, 1e7);
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case KEY_STRICT:
        a->strict = true;
        break;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_error(state, "'%s', expected one testbench", text);
        a->file = text;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Help tells the default from the value that sets it. */
static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    return key == KEY_TIME_LIMIT ? memory_format("%s (%g)", text, engine_defaults.time_limit)
           : key == KEY_SAMPLE   ? memory_format("%s (0)", text)
                                 : (char *)text;
}

static const char doc[] =
    "Train a classifier on chip, that of a testbench or the 9-3-1 one with 30 memristors: program "
    "them to targets found offline, device by device, or let it learn in place; put all 512 images "
    "through the circuit, and book every joule.  Options and --set come after the testbench; of "
    "those for one key the last one counts.  `silverbar run --keys' prints all keys.\v"
    "Exit status: 0 done (devices that did not settle are named), 1 could not be computed, 2 bad "
    "input or usage, 3 the energy account does not close (or --strict and a device is unsettled).";

static void show_progress(void *data, const struct training_progress *p)
{
    (void)data;
    if (p->images > 0)
        fprintf(stderr, "\r%zu of %d images, energy %.4g mJ      ", p->images, IMAGE_COUNT,
                1e3 * p->energy);
    else
        fprintf(stderr, "\rdevice %zu of %zu, %zu pulses, t = %.3f s, energy %.4g mJ      ",
                p->device + 1, p->n_devices, p->pulses, p->t, 1e3 * p->energy);
}

/* A figure of this run, and where there is one, the published one beside it. */
static void print_beside(const char *name, int width, double value, const char *unit,
                         const char *published)
{
    printf("%-28s %*.*f %s%s%s\n", name, width, *unit == '%' ? 2 : 3, value, unit,
           published ? "   " : "", published ? published : "");
}

static void print_table(const struct summary *s, const struct training *t, const char *output)
{
    printf("silverbar %s: classifier of %g memristors, dopant %s, engine %s%s, seed %.0f\n\n",
           s->version, s->devices_total, s->dopant, s->engine,
           t->options.behavioural ? ", behavioural neurons" : "", s->seed);
    const struct published *p = published_find(s->dopant, t->options.rule->in_place);
    if (p)
        printf("%-28s %12s   published (%s)\n", "", "this run", p->material);
    else
        printf("%-28s %12s\n", "", "this run");
    print_beside("training time", 10, s->training_time_s, "s", p ? p->time : NULL);
    print_beside("energy of training", 9, 1e3 * s->energy_J, "mJ", p ? p->energy : NULL);
    print_beside("accuracy with noise", 10, 100 * s->accuracy_noisy, "%", p ? p->accuracy : NULL);
    printf("%-28s %10.2f %%   (at p = %g the best possible)\n", "  limit for any classifier",
           100 * s->accuracy_limit, s->noise_probability);
    printf("%-28s %10.2f %%\n", "accuracy on clean images", 100 * s->accuracy_clean);
    if (!isnan(s->accuracy_after_error))
        print_beside("accuracy after the error", 10, 100 * s->accuracy_after_error, "%", NULL);
    if (!isnan(s->accuracy_retrained))
        print_beside("accuracy trained once more", 10, 100 * s->accuracy_retrained, "%", NULL);
    if (t->options.rule->in_place)
        printf("%-28s %12zu   rule %s\n", "epochs of learning", t->n_epochs, t->options.rule->name);
    printf("%-28s %6zu of %2zu\n",
           t->options.rule->in_place ? "devices started as wanted" : "devices within tolerance",
           t->n_settled, t->n_devices);
    printf("%-28s %12g   %.1f a device\n", "pulses", s->pulses_total,
           s->pulses_total / s->devices_total);
    printf("%-28s %9.3f mW\n", "power of the neurons", 1e3 * s->neuron_power_W);
    printf("%-28s %9.3f uJ   %.3g nJ an image\n", "energy of 512 inferences",
           1e6 * s->energy_infer_J, 1e9 * s->energy_infer_per_image_J);
    if (s->infer_latency_s >= 0)
        printf("%-28s %9.3f us   settled to 1 %% in %.3f us\n", "latency of an inference",
               1e6 * s->infer_latency_s, 1e6 * s->infer_settling_s);
    printf("\n%-12s %14s %14s %16s\n", "class", "training [J]", "error est. [J]", "inference [J]");
    for (int c = 0; c < ENERGY_CLASSES; c++)
        printf("%-12s %14.5e %14.1e %16.5e\n", energy_class_name((enum energy_class)c),
               s->by_class[c], s->error[c], s->infer_by_class[c]);
    printf("residual: array %.1e, supply %.1e of what each was delivered\n", s->residual_array,
           s->residual_supply);
    printf("wall time %.2f s, of the transient %.3g s (%.1f %% in callbacks)\n", s->wall_time_s,
           s->transient_wall_s, 100 * s->callback_wall_fraction);
    const struct operating_report *o = &t->report.operating;
    if (o->method)
        printf("operating point: %s, %zu steps, %zu iterations\n", o->method, o->steps,
               o->iterations);
    if (output)
        printf("results in %s\n", output);
}

/* Which devices did not settle, and what the programmer had come to. */
static void name_unsettled(const char *name, const struct training *t)
{
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct training_device *d = &t->devices[k];
        const struct programmer *p = &d->programmer;
        if (d->within_tolerance)
            continue;
        fprintf(
            stderr,
            "%s: device %s is not within tolerance: %.4g S for a target of %.4g S at the limit of "
            "%zu pulses",
            name, t->classifier.circuit->elements[classifier_device(&t->classifier, k)].name,
            d->final, d->target, d->pulses);
        for (int way = PROGRAM_SET; way <= PROGRAM_RESET; way++)
            fprintf(stderr, "; %s had come to %.3f V, %.3g ms, steps of %.3g mV%s",
                    way == PROGRAM_SET ? "SET" : "RESET", p->amplitude[way], 1e3 * p->width[way],
                    1e3 * p->step[way],
                    p->amplitude[way] >= p->options->amplitude_limit ? " (amplitude limit)" : "");
        fputc('\n', stderr);
    }
}

/* The name of a file without its folder, or the text as it is. */
static const char *base_name(const char *text)
{
    const char *slash = strrchr(text, '/');
    return slash && slash[1] ? slash + 1 : text;
}

/* A sample of the testbench, and what it borrows from. */
struct job {
    const struct testbench_input *input;
    const char *file; /* of the testbench, or NULL */
    size_t sample;
    struct training_testbench *options; /* the testbench at the sample's point */
    struct training_shared *shared;
    const struct training_setup *setup;
    struct training_sample drawn;
};

static void free_job(struct job *job)
{
    if (job->setup)
        training_sample_free(&job->drawn);
    training_shared_close(job->shared);
    if (job->options)
        experiment_options_free(&experiment_training, job->options);
}

/* The testbench of a command that names none. */
static enum status read_testbench(struct arguments *a, struct error *error)
{
    struct testbench_input *in = &a->input;
    in->experiment = &experiment_training;
    testbench_input_context(in);
    enum status status = testbench_input_read(
        in, a->file ? a->file : "train",
        a->file ? NULL : "experiment: training\nengine: {name: " ENGINE "}\n", error);
    if (status == STATUS_OK && a->sample >= in->testbench->n_samples)
        status =
            fail(error, STATUS_INPUT, "--sample %llu: %s has samples 0 to %zu",
                 (unsigned long long)a->sample, in->testbench->path, in->testbench->n_samples - 1);
    return status;
}

static enum status open_job(const struct arguments *a, struct job *job, struct error *error)
{
    const struct testbench_input *in = &a->input;
    const struct testbench *t = in->testbench;
    const struct testbench_common *c = &t->common;
    *job = (struct job){.input = in, .file = a->file, .sample = (size_t)a->sample};
    job->options = testbench_options(t, job->sample / c->replicas);
    enum status status = training_shared_open(job->options, &in->context, &job->shared, error);
    if (in->context.progress)
        in->context.progress(NULL, NULL);
    if (status == STATUS_OK)
        status = training_sample_draw(job->shared, job->options, testbench_random(t, job->sample),
                                      &job->drawn, error);
    if (status == STATUS_INPUT)
        testbench_locate(t, error);
    if (status != STATUS_OK)
        return status;
    job->setup = training_shared_setup(job->shared, job->options);
    struct training_options *o = &job->drawn.options;
    const double limit = a->time_limit > 0 ? a->time_limit : c->time_limit;
    if (limit > 0)
        o->solver.time_limit = limit;
    if (isatty(STDERR_FILENO))
        o->progress = show_progress;
    return STATUS_OK;
}

static void fill_summary(struct summary *s, const struct job *job, const struct training *t)
{
    summary_fill(s, t, testbench_settings(job->input->testbench, job->sample));
    snprintf(s->neuron, sizeof s->neuron, "%s",
             t->options.behavioural ? training_neurons[NEURON_BEHAVIOURAL]
                                    : base_name(job->options->neuron));
    snprintf(s->images, sizeof s->images, "%s",
             images_are_letters(job->options->images) ? job->options->images
                                                      : base_name(job->options->images));
}

static enum status complete(struct folder *folder, const struct job *job, const struct training *t,
                            const struct manifest *common, struct error *error)
{
    const char *paths[5];
    struct manifest manifest = *common;
    struct stat info;
    size_t n = 0;
    paths[n++] = job->setup->dopant->path;
    paths[n++] = job->setup->neuron_path;
    paths[n++] = job->input->context.switch_file;
    if (!images_are_letters(job->options->images))
        paths[n++] = job->options->images;
    if (job->file && stat(job->file, &info) == 0 && S_ISREG(info.st_mode))
        paths[n++] = job->file;
    manifest.inputs = paths;
    manifest.n_inputs = n;
    manifest.operating = &t->report.operating;
    return folder_complete(folder, t, &manifest, error);
}

/* The training has been run: print it and judge it. */
static enum status tell(const struct arguments *a, const char *name, const struct training *t,
                        const struct summary *summary, struct error *error)
{
    if (a->json)
        json_write_summary(summary, stdout);
    else
        print_table(summary, t, a->output);
    name_unsettled(name, t);
    if (!training_trustworthy(t, error))
        return STATUS_UNTRUSTED;
    if (a->strict && t->n_settled < t->n_devices)
        return fail(error, STATUS_UNTRUSTED, "%zu of %zu devices %s", t->n_devices - t->n_settled,
                    t->n_devices,
                    t->options.rule->in_place ? "did not start at their weights"
                                              : "are not within tolerance");
    return STATUS_OK;
}

static enum status run(struct arguments *a, int argc, char **argv, struct error *error)
{
    const double begin = clock_now();
    struct job job = {0};
    struct training t = {0};
    struct folder folder = {0};
    struct summary summary = {0};
    struct recorder recorders[FOLDER_RECORDERS];
    size_t n_recorders = 0;
    struct stat info;
    if (a->output && lstat(a->output, &info) == 0)
        return fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                    a->output);
    enum status status = read_testbench(a, error);
    if (status == STATUS_OK)
        status = open_job(a, &job, error);
    if (status == STATUS_OK)
        status = training_prepare(&job.drawn.options, &t, error);
    if (status == STATUS_OK && a->output) {
        status = folder_begin(a->output, &t, &folder, error);
        n_recorders = status == STATUS_OK ? folder_recorders(&folder, recorders) : 0;
    }
    if (status == STATUS_OK)
        status = training_run(&t, recorders, n_recorders, error);
    if (job.drawn.options.progress)
        fputs("\r\033[K", stderr);
    if (status == STATUS_OK) {
        fill_summary(&summary, &job, &t);
        summary.wall_time_s = clock_now() - begin;
    }
    if (status == STATUS_OK && a->output) {
        const struct manifest manifest = {.argc = argc, .argv = argv, .summary = &summary};
        status = complete(&folder, &job, &t, &manifest, error);
    } else if (folder.folder.temporary) {
        const struct error why = *error;
        folder_abandon(&folder);
        if (status == STATUS_INTERRUPTED)
            fail(error, status, "%s; the unfinished results were removed", why.text);
    }
    if (status == STATUS_OK)
        status = tell(a, argv[0], &t, &summary, error);
    summary_free(&summary);
    training_free(&t);
    free_job(&job);
    return status;
}

int command_train(int argc, char **argv)
{
    struct arguments a = {0};
    struct error error = {0};
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, "[FILE.yaml]", doc, NULL, add_default, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    interrupt_watch();
    enum status status = run(&a, argc, argv, &error);
    testbench_input_free(&a.input);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
