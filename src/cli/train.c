/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "report/folder.h"
#include "report/published.h"
#include "study/experiment/learning.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESET_DEFAULT 0.2 /* [s] */
#define SWITCHES_MAX 1e9
#define SEED_MAX (UINT64_C(1) << 53) /* every seed is exact in JSON */
#define NEURON_FILE "netlists/neuron.sub"
#define SWITCH_FILE "netlists/switches.sub"

enum { NEURON_CMOS, NEURON_BEHAVIOURAL, NEURON_FILE_GIVEN };

struct arguments {
    const char *dopant, *images, *output, *neuron_path, *method; /* method: NULL: not given */
    int neuron;
    bool json, strict;
    struct training_options training;
};

enum option_key {
    KEY_ENGINE = 256,
    KEY_METHOD,
    KEY_RESET,
    KEY_TOLERANCE,
    KEY_POLICY,
    KEY_GAP,
    KEY_TRAIN_NOISE,
    KEY_NOISE,
    KEY_IMAGES,
    KEY_SEED,
    KEY_RELTOL,
    KEY_ABSTOL,
    KEY_NEURON,
    KEY_JSON,
    KEY_STRICT,
    KEY_READ_TIME,
    KEY_PULSE_WIDTH,
    KEY_TIME_LIMIT,
    KEY_SWITCHES,
    KEY_RULE,
};

static const struct argp_option options[] = {
    {"dopant", 'd', "NAME|FILE.lib", 0, "device: W, Sn, Cr, C or a .lib file", 0},
    {"engine", KEY_ENGINE, "NAME", 0, "what solves the circuit", 0},
    {"output", 'o', "DIR", 0, "results folder to make (none: print the table only)", 0},
    {"json", KEY_JSON, NULL, 0, "print summary.json on standard output in place of the table", 0},
    {"strict", KEY_STRICT, NULL, 0, "exit status 3 when a device is not within tolerance", 0},
    {NULL, 0, NULL, 0, "Programming:", 1},
    {"rule", KEY_RULE, "NAME", 0, "target, or in place: manhattan, manhattan-image or delta", 1},
    {"tolerance", KEY_TOLERANCE, "F", 0, "of a programmed conductance, relative", 1},
    {"policy", KEY_POLICY, "P", 0, "amplitude or amplitude+width", 1},
    {"gap", KEY_GAP, "G", 0, "distance to the target: log or linear", 1},
    {"reset", KEY_RESET, "SECONDS", OPTION_ARG_OPTIONAL, "erase before each device", 1},
    {"read-time", KEY_READ_TIME, "SECONDS", 0, "of one reading", 1},
    {"pulse-width", KEY_PULSE_WIDTH, "SECONDS", 0, "of a programming pulse", 1},
    {NULL, 0, NULL, 0, "Images:", 2},
    {"images", KEY_IMAGES, "PAIR|FILE", 0, "two letters as in T/X, or a file", 2},
    {"train-noise", KEY_TRAIN_NOISE, "P", 0, "pixel flips in training", 2},
    {"noise", KEY_NOISE, "P", 0, "pixel flips in the accuracy reported", 2},
    {"seed", KEY_SEED, "N", 0, "of initial states and weights", 2},
    {NULL, 0, NULL, 0, "Circuit and solver:", 3},
    {"neuron", KEY_NEURON, "KIND", 0, "cmos, behavioural or a FILE.sub", 3},
    {"switches", KEY_SWITCHES, "N", 0,
     "engine event: each device is N switches that jump at random; 0: their mean", 3},
    {"method", KEY_METHOD, "NAME", 0, "engine ida: onestep, its own, or bdf, of SUNDIALS IDAS", 3},
    {"reltol", KEY_RELTOL, "F", 0, "relative tolerance of the engine", 3},
    {"abstol", KEY_ABSTOL, "A", 0, "absolute tolerance of currents", 3},
    {"time-limit", KEY_TIME_LIMIT, "SECONDS", 0, "wall time for the transient", 3},
    {0},
};

static const char *const neurons[] = {"cmos", "behavioural", NULL};

static void parse_neuron(struct arguments *a, struct argp_state *state, const char *text)
{
    const size_t n = strlen(text);
    if (n > 4 && strcmp(text + n - 4, ".sub") == 0) {
        a->neuron = NEURON_FILE_GIVEN;
        a->neuron_path = text;
    } else {
        a->neuron = argument_choice(state, "--neuron", text, neurons);
    }
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    struct training_options *t = &a->training;
    switch (key) {
    case 'd':
        a->dopant = text;
        break;
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a folder");
        a->output = text;
        break;
    case KEY_ENGINE:
        t->engine = argument_engine(state, text);
        break;
    case KEY_METHOD:
        t->solver.method = argument_method(state, text);
        a->method = text;
        break;
    case KEY_RESET:
        t->erase = text ? argument_number(state, "--reset", text, 1e-5, 100) : RESET_DEFAULT;
        break;
    case KEY_TOLERANCE:
        t->program.tolerance = argument_number(state, "--tolerance", text, 1e-4, 0.9);
        break;
    case KEY_POLICY:
        t->program.policy =
            (enum program_policy)argument_choice(state, "--policy", text, program_policies);
        break;
    case KEY_RULE:
        t->rule = rule_table[argument_choice(state, "--rule", text, learning_rules)];
        break;
    case KEY_GAP:
        t->program.gap = (enum program_gap)argument_choice(state, "--gap", text, program_gaps);
        break;
    case KEY_TRAIN_NOISE:
        t->train_noise = argument_number(state, "--train-noise", text, 0, 0.5);
        break;
    case KEY_NOISE:
        t->noise = argument_number(state, "--noise", text, 0, 0.5);
        break;
    case KEY_IMAGES:
        a->images = text;
        break;
    case KEY_SEED:
        t->seed = argument_count(state, "--seed", text, SEED_MAX);
        break;
    case KEY_SWITCHES:
        t->solver.switches = (double)argument_count(state, "--switches", text, SWITCHES_MAX);
        break;
    case KEY_RELTOL:
        t->solver.reltol = argument_number(state, "--reltol", text, 1e-9, 0.1);
        break;
    case KEY_ABSTOL:
        t->solver.abstol = argument_number(state, "--abstol", text, 1e-15, 1e-3);
        break;
    case KEY_NEURON:
        parse_neuron(a, state, text);
        break;
    case KEY_READ_TIME:
        t->read_time = argument_number(state, "--read-time", text, 1e-5, 1);
        break;
    case KEY_PULSE_WIDTH:
        t->program.width = argument_number(state, "--pulse-width", text, 2e-5, 1);
        break;
    case KEY_TIME_LIMIT:
        t->solver.time_limit = argument_number(state, "--time-limit", text, 1, 1e7);
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case KEY_STRICT:
        a->strict = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s', expected options only", text);
        break;
    case ARGP_KEY_END:
        argument_method_able(state, a->method, t->engine);
        if (t->solver.switches > 0 && !engine_able(t->engine, ENGINE_SWITCHES))
            argp_error(state, "--switches with --engine %s, expected --engine %s", t->engine->name,
                       engines_able(ENGINE_SWITCHES));
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static struct arguments defaults(void)
{
    struct arguments a = {.dopant = "Cr", .images = "T/X", .training = training_defaults};
    a.training.classifier = classifier_defaults;
    a.training.program = program_defaults;
    a.training.learning = learning_defaults;
    a.training.solver = engine_defaults;
    a.training.engine = engine_table[0];
    a.training.rule = rule_table[0];
    return a;
}

/* Help tells each default from the value that sets it. */
static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    const struct arguments a = defaults();
    const struct training_options *t = &a.training;
    const struct {
        int key;
        double value;
        const char *text;
    } known[] = {
        {'d', 0, a.dopant},
        {KEY_TOLERANCE, t->program.tolerance, NULL},
        {KEY_POLICY, 0, program_policies[t->program.policy]},
        {KEY_RULE, 0, t->rule->name},
        {KEY_GAP, 0, program_gaps[t->program.gap]},
        {KEY_RESET, RESET_DEFAULT, NULL},
        {KEY_READ_TIME, t->read_time, NULL},
        {KEY_PULSE_WIDTH, t->program.width, NULL},
        {KEY_IMAGES, 0, a.images},
        {KEY_TRAIN_NOISE, t->train_noise, NULL},
        {KEY_NOISE, t->noise, NULL},
        {KEY_SEED, (double)t->seed, NULL},
        {KEY_NEURON, 0, neurons[a.neuron]},
        {KEY_METHOD, 0, engine_methods[t->solver.method]},
        {KEY_SWITCHES, t->solver.switches, NULL},
        {KEY_RELTOL, t->solver.reltol, NULL},
        {KEY_ABSTOL, t->solver.abstol, NULL},
        {KEY_TIME_LIMIT, t->solver.time_limit, NULL},
    };
    if (key == KEY_ENGINE)
        return argument_engine_help(text, t->engine);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].key == key && known[i].text)
            return memory_format("%s (%s)", text, known[i].text);
        else if (known[i].key == key)
            return memory_format("%s (%g)", text, known[i].value);
    return (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    NULL,
    "Train the 9-3-1 classifier on chip: program its 30 memristors to targets found offline, "
    "device by device, or let it learn in place; put all 512 images through the circuit, and book "
    "every joule.\v"
    "Exit status: 0 done (devices that did not settle are named), 1 could not be computed, 2 bad "
    "input or usage, 3 the energy account does not close (or --strict and a device is unsettled).",
    NULL,
    add_default,
    NULL};

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

/* Everything that is read from files. */
struct inputs {
    struct dopant *dopant;
    struct subcircuit_file *neuron, *switches;
    struct image_pair images;
    char *neuron_path, *switch_path;
};

static void free_inputs(struct inputs *in)
{
    dopant_free(in->dopant);
    subcircuit_free(in->neuron);
    subcircuit_free(in->switches);
    images_free(&in->images);
    free(in->neuron_path);
    free(in->switch_path);
}

static enum status read_inputs(struct arguments *a, struct inputs *in, struct error *error)
{
    struct classifier_options *c = &a->training.classifier;
    char *devices = data_path("devices");
    in->neuron_path =
        a->neuron == NEURON_FILE_GIVEN ? memory_string(a->neuron_path) : data_path(NEURON_FILE);
    in->switch_path = data_path(SWITCH_FILE);
    enum status status = dopant_read(a->dopant, devices, &in->dopant, error);
    if (status == STATUS_OK)
        status = images_read(a->images, &in->images, error);
    if (status == STATUS_OK)
        status = subcircuit_read(in->switch_path, &in->switches, error);
    if (status == STATUS_OK)
        status = neuron_read(in->neuron_path, &in->neuron, &c->neuron, error);
    c->dopant = in->dopant;
    c->switches = in->switches;
    a->training.images = &in->images;
    a->training.behavioural = a->neuron == NEURON_BEHAVIOURAL;
    free(devices);
    return status;
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
           strcmp(s->neuron, neurons[NEURON_BEHAVIOURAL]) == 0 ? ", behavioural neurons" : "",
           s->seed);
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
    if (t->options.rule->in_place)
        printf("%-28s %12zu   rule %s\n", "epochs of learning", t->n_epochs, t->options.rule->name);
    printf("%-28s %6g of %2g\n",
           t->options.rule->in_place ? "devices started as wanted" : "devices within tolerance",
           s->devices_within_tolerance, s->devices_total);
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

static void fill_summary(struct summary *s, const struct arguments *a, const struct training *t,
                         double wall)
{
    summary_fill(s, t);
    const char *slash = a->neuron_path ? strrchr(a->neuron_path, '/') : NULL;
    snprintf(s->neuron, sizeof s->neuron, "%s",
             t->options.behavioural           ? neurons[NEURON_BEHAVIOURAL]
             : a->neuron != NEURON_FILE_GIVEN ? neurons[a->neuron]
             : slash                          ? slash + 1
                                              : a->neuron_path);
    slash = strrchr(a->images, '/');
    snprintf(s->images, sizeof s->images, "%s",
             slash && slash != a->images + 1 ? slash + 1 : a->images);
    s->wall_time_s = wall;
}

static enum status run(struct arguments *a, int argc, char **argv, struct error *error)
{
    const double begin = clock_now();
    struct inputs in = {0};
    struct training t = {0};
    struct folder folder = {0};
    struct recorder recorders[FOLDER_RECORDERS];
    size_t n_recorders = 0;
    struct stat info;
    if (a->output && lstat(a->output, &info) == 0)
        return fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                    a->output);
    enum status status = read_inputs(a, &in, error);
    if (status == STATUS_OK)
        status = training_prepare(&a->training, &t, error);
    if (status == STATUS_OK && a->output) {
        status = folder_begin(a->output, &t, &folder, error);
        n_recorders = status == STATUS_OK ? folder_recorders(&folder, recorders) : 0;
    }
    if (status == STATUS_OK)
        status = training_run(&t, recorders, n_recorders, error);
    if (a->training.progress)
        fputs("\r\033[K", stderr);
    struct summary summary;
    if (status == STATUS_OK)
        fill_summary(&summary, a, &t, clock_now() - begin);
    const char *paths[4] = {in.dopant ? in.dopant->path : NULL, in.neuron_path, in.switch_path,
                            a->images};
    const struct manifest manifest = {
        .argc = argc,
        .argv = argv,
        .summary = &summary,
        .n_inputs = images_are_letters(a->images) ? 3 : 4,
        .inputs = paths,
        .operating = &t.report.operating,
    };
    if (status == STATUS_OK && a->output) {
        status = folder_complete(&folder, &t, &manifest, error);
    } else if (folder.temporary) {
        const struct error why = *error;
        folder_abandon(&folder);
        if (status == STATUS_INTERRUPTED)
            fail(error, status, "%s; the unfinished results were removed", why.text);
    }
    if (status == STATUS_OK) {
        if (a->json)
            json_write_summary(&summary, stdout);
        else
            print_table(&summary, &t, a->output);
        name_unsettled(argv[0], &t);
        if (!training_trustworthy(&t, error))
            status = STATUS_UNTRUSTED;
        else if (a->strict && t.n_settled < t.n_devices)
            status = fail(error, STATUS_UNTRUSTED, "%zu of %zu devices are not within tolerance",
                          t.n_devices - t.n_settled, t.n_devices);
    }
    training_free(&t);
    free_inputs(&in);
    return status;
}

int command_train(int argc, char **argv)
{
    struct arguments a = defaults();
    struct error error = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    interrupt_watch();
    a.training.solver.interrupted = &interrupt_flag;
    if (isatty(STDERR_FILENO))
        a.training.progress = show_progress;
    enum status status = run(&a, argc, argv, &error);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
