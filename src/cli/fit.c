/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/fit_drift.h"
#include "cli/fit_output.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "device/library/library_make.h"
#include "report/json.h"
#include "report/plot.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS_SAMPLES 200 /* of a trace, for which the default of --steps is meant */
#define SERIES_LEFT 0.05  /* share of source_V - device_V that a resistor may leave unexplained */

enum option_key {
    KEY_MODEL = 256,
    KEY_SERIES,
    KEY_FREE,
    KEY_SHARED,
    KEY_START,
    KEY_STARTS,
    KEY_STEPS,
    KEY_SEED,
    KEY_PLOT,
    KEY_JSON,
    KEY_DRIFT,
    KEY_INTERVAL,
    KEY_VOFF,
    KEY_TEMPERATURE,
    KEY_NTH,
    KEY_GSTEP,
    KEY_GPAR,
    KEY_REVERSE,
    KEY_GMIN,
    KEY_GMAX,
};

struct arguments {
    const char *model, *start;
    char *free, *shared;
    const char *output, *plot;
    double series[FIT_TRACES_MAX];
    size_t n_series, n_files;
    char **files; /* n_files */
    bool json, drift_only, steps_given, reverse;
    struct fit_window window;
    char *start_name;
    struct fit_options fit;
    struct drift_request drift;
};

static const struct argp_option options[] = {
    {"model", KEY_MODEL, "NAME", 0, "model to fit", 0},
    {"series", KEY_SERIES, "OHM,...", 0,
     "resistor between source and device, of all traces or "
     "one a trace, 0: none; not needed where both voltages are measured",
     0},
    {"reverse", KEY_REVERSE, NULL, 0, "turn the signs of all voltages and currents: probes swapped",
     0},
    {"free", KEY_FREE, "A,B,...", 0, "parameters to fit; the others stay as they start", 0},
    {"shared", KEY_SHARED, "A,B,...", 0, "free parameters that all traces share; none given: all",
     0},
    {"start", KEY_START, "NAME", 0, "dopant or .lib file of the model to start from", 0},
    {"starts", KEY_STARTS, "N", 0, "random starts; 0: from the starting set only", 0},
    {"steps", KEY_STEPS, "N", 0,
     "steps of integration between two samples, of traces of 200 samples; fewer for longer ones",
     0},
    {"seed", KEY_SEED, "N", 0, "of the random starts", 0},
    {"output", 'o', "FILE.lib", 0, "write the device, and prove it in every engine", 0},
    {"gmin", KEY_GMIN, "S", 0, "window of conductances in FILE.lib, for weights of a training", 0},
    {"gmax", KEY_GMAX, "S", 0, "its end; default: 0.4/ron, and a tenth of it or 2/roff", 0},
    {"plot", KEY_PLOT, "FILE", 0, "draw loops and residuals to a .png, .svg or .pdf", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON", 0},
    {NULL, 0, NULL, 0, "Drift of a resistance at rest:", 1},
    {"drift", KEY_DRIFT, NULL, 0, "fit loss of switches; columns t_s, resistance_ohm", 1},
    {"interval", KEY_INTERVAL, "SECONDS,...", 0, "between the samples of a pair: 1e3, 5e3, 1e4 s",
     1},
    {"voff", KEY_VOFF, "V,...", 0, "asymmetry for which the barrier is told", 1},
    {"temperature", KEY_TEMPERATURE, "K", 0, "of the device", 1},
    {"nth", KEY_NTH, "N", 0, "switches at the threshold of conduction", 1},
    {"gstep", KEY_GSTEP, "S", 0, "conductance of a switch", 1},
    {"gpar", KEY_GPAR, "S", 0, "parallel conductance", 1},
    {0},
};

static struct arguments defaults(void)
{
    return (struct arguments){
        .model = "mmsdz", .fit = fit_defaults, .drift = drift_request_defaults};
}

/* What a list of numbers may be. */
struct list_range {
    const char *option;
    double min, max;
    size_t room;
};

/* Numbers between commas into list[room]; returns how many. */
static size_t parse_list(struct argp_state *state, const struct list_range *r, char *text,
                         double *list)
{
    size_t n = 0;
    for (char *rest = text, *part; (part = strsep(&rest, ","));) {
        if (n == r->room)
            argp_error(state, "%s: expected at most %zu numbers", r->option, r->room);
        list[n++] = argument_number(state, r->option, part, r->min, r->max);
    }
    return n;
}

static const struct list_range series_range = {"--series", 0, 1e12, FIT_TRACES_MAX},
                               interval_range = {"--interval", 1e-9, 1e12, DRIFT_LIST_MAX},
                               voff_range = {"--voff", 1e-6, 10, DRIFT_LIST_MAX};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_MODEL:
        a->model = text;
        break;
    case KEY_SERIES:
        a->n_series = parse_list(state, &series_range, text, a->series);
        break;
    case KEY_FREE:
        a->free = text;
        break;
    case KEY_SHARED:
        a->shared = text;
        break;
    case KEY_START:
        a->start = text;
        break;
    case KEY_STARTS:
        a->fit.starts = argument_count(state, "--starts", text, FIT_STARTS_MAX);
        break;
    case KEY_STEPS:
        a->fit.steps = (int)argument_count(state, "--steps", text, 100000);
        if (a->fit.steps == 0)
            argp_error(state, "--steps 0, expected at least 1");
        a->steps_given = true;
        break;
    case KEY_SEED:
        a->fit.seed = argument_count(state, "--seed", text, UINT64_C(1) << 53);
        break;
    case 'o':
        a->output = text;
        break;
    case KEY_PLOT:
        a->plot = text;
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case KEY_DRIFT:
        a->drift_only = true;
        break;
    case KEY_INTERVAL:
        a->drift.n_intervals = parse_list(state, &interval_range, text, a->drift.interval);
        break;
    case KEY_VOFF:
        a->drift.n_voff = parse_list(state, &voff_range, text, a->drift.voff);
        break;
    case KEY_TEMPERATURE:
        a->drift.options.temperature = argument_number(state, "--temperature", text, 1, 2000);
        break;
    case KEY_NTH:
        a->drift.options.nth = argument_number(state, "--nth", text, 1, 1e15);
        break;
    case KEY_GSTEP:
        a->drift.options.gstep = argument_number(state, "--gstep", text, 1e-18, 1);
        break;
    case KEY_REVERSE:
        a->reverse = true;
        break;
    case KEY_GMIN:
        a->window.g_min = argument_number(state, "--gmin", text, 1e-15, 1e3);
        break;
    case KEY_GMAX:
        a->window.g_max = argument_number(state, "--gmax", text, 1e-15, 1e3);
        break;
    case KEY_GPAR:
        a->drift.options.gpar = argument_number(state, "--gpar", text, 0, 1);
        break;
    case ARGP_KEY_ARGS:
        a->files = state->argv + state->next;
        a->n_files = (size_t)(state->argc - state->next);
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected files of measured data");
        break;
    case ARGP_KEY_END:
        if (a->drift_only)
            break;
        if (a->n_files > FIT_TRACES_MAX)
            argp_error(state, "%zu files, expected at most %d", a->n_files, FIT_TRACES_MAX);
        if (a->n_series > 1 && a->n_series != a->n_files)
            argp_error(state, "%zu resistors for %zu files, expected one or as many", a->n_series,
                       a->n_files);
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
    switch (key) {
    case KEY_MODEL:
        return memory_format("%s (%s)", text, a.model);
    case KEY_VOFF:
        return memory_format("%s (%g)", text, a.drift.voff[0]);
    case KEY_TEMPERATURE:
        return memory_format("%s (%g)", text, a.drift.options.temperature);
    case KEY_NTH:
        return memory_format("%s (%g)", text, a.drift.options.nth);
    case KEY_GSTEP:
        return memory_format("%s (%g)", text, a.drift.options.gstep);
    case KEY_GPAR:
        return memory_format("%s (%g)", text, a.drift.options.gpar);
    case KEY_STARTS:
        return memory_format("%s (%zu)", text, a.fit.starts);
    case KEY_STEPS:
        return memory_format("%s (%d)", text, a.fit.steps);
    case KEY_SEED:
        return memory_format("%s (%d)", text, (int)a.fit.seed);
    default:
        return (char *)text;
    }
}

static const struct argp argp = {
    options,
    parse,
    "DATA.csv...",
    "Fit the parameters of a model to measured loops, driven by the measured source voltage "
    "through the series resistor.  Columns of the data, by header: t_s, source_V, device_V, "
    "current_A, or with _m, _u, _n before the unit; one of the voltages may be missing.",
    NULL,
    add_default,
    NULL};

/* The resistor that source_V - device_V = R current_A tells, by least squares; what is left of the
 * difference, over its size. */
static double series_of(const struct trace *t, double *left)
{
    const double *s = t->column[TRACE_SOURCE], *d = t->column[TRACE_DEVICE],
                 *i = t->column[TRACE_CURRENT];
    double si = 0, ii = 0, ss = 0;
    for (size_t k = 0; k < t->n; k++) {
        si += (s[k] - d[k]) * i[k];
        ii += i[k] * i[k];
        ss += (s[k] - d[k]) * (s[k] - d[k]);
    }
    const double r = ii > 0 ? si / ii : NAN;
    *left = ss > 0 ? sqrt(fmax(0, 1 - r * si / ss)) : 0;
    return r;
}

/* Read a trace and make the source's voltage of it: as measured, or device + R i.  *series is found
 * from both voltages if it is NAN. */
static enum status read_trace(const char *path, bool reverse, double *series, struct trace *t,
                              struct error *error)
{
    const unsigned needed = 1U << TRACE_T | 1U << TRACE_CURRENT;
    enum status status =
        trace_read(path, needed | 1U << TRACE_SOURCE | 1U << TRACE_DEVICE, needed, t, error);
    if (status != STATUS_OK)
        return status;
    if (t->passed_over)
        fprintf(stderr, "silverbar fit: %s: columns passed over: %s\n", path, t->passed_over);
    for (int q = TRACE_SOURCE; reverse && q <= TRACE_CURRENT; q++)
        for (size_t k = 0; t->column[q] && k < t->n; k++)
            t->column[q][k] = -t->column[q][k];
    const bool source = t->column[TRACE_SOURCE], device = t->column[TRACE_DEVICE];
    double left = 0;
    if (source && device && isnan(*series)) {
        *series = series_of(t, &left);
        if (!(*series > 0 && left <= SERIES_LEFT))
            status = fail(error, STATUS_INPUT,
                          "%s: source_V - device_V is not a resistor times current_A (%.3g ohm, "
                          "%.2g of it left), expected --series, 0 without a resistor",
                          path, *series, left);
    } else if (source && device && *series > 0) {
        const double found = series_of(t, &left);
        if (found <= *series / 2 || found >= *series * 2)
            status =
                fail(error, STATUS_INPUT,
                     "%s: source_V - device_V tells %.4g ohm, --series %.4g ohm: a unit, a sign "
                     "or the resistor is wrong",
                     path, found, *series);
        else if (fabs(found / *series - 1) > SERIES_LEFT)
            fprintf(stderr,
                    "silverbar fit: %s: source_V - device_V tells %.4g ohm, --series %.4g ohm\n",
                    path, found, *series);
    } else if (!source && !device) {
        status =
            fail(error, STATUS_INPUT, "%s:1: found neither column source_V nor device_V", path);
    } else if (isnan(*series)) {
        status =
            fail(error, STATUS_INPUT,
                 "%s: expected --series, 0 without a resistor; only both source_V and device_V can "
                 "replace it",
                 path);
    }
    if (status != STATUS_OK) {
        trace_free(t);
        return status;
    }
    if (!source) {
        double *made = t->column[TRACE_SOURCE] = NEW(t->n, double);
        for (size_t k = 0; k < t->n; k++)
            made[k] = t->column[TRACE_DEVICE][k] + *series * t->column[TRACE_CURRENT][k];
    }
    return STATUS_OK;
}

/* Mark the parameters of a list of names. */
static enum status mark(const char *option, char *list, const struct model *m, bool *marks,
                        struct error *error)
{
    for (char *rest = list, *name; (name = strsep(&rest, ","));) {
        size_t k = 0;
        while (k < m->n_parameters && strcasecmp(m->parameters[k].name, name) != 0)
            k++;
        if (k == m->n_parameters)
            return fail(error, STATUS_INPUT, "%s: found unknown parameter '%s' of model %s", option,
                        name, m->name);
        marks[k] = true;
    }
    return STATUS_OK;
}

/* Free if nothing is said: what every device must give and the widths of logistics, but not the
 * junctions, which trade off with ron. */
static bool free_by_default(const struct model_parameter *q)
{
    static const char *const fixed[] = {"phi", "af", "bf", "ar", "br", NULL};
    for (const char *const *name = fixed; *name; name++)
        if (strcmp(q->name, *name) == 0)
            return false;
    return isnan(q->fallback) || strncmp(q->name, "vt", 2) == 0;
}

static int is_library(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name);
    return n > 4 && strcmp(entry->d_name + n - 4, ".lib") == 0;
}

/* The starting set: that of --start, or of the dopant of this model that is nearest to the data. */
static enum status find_start(struct arguments *a, const char *devices, struct fit_options *o,
                              struct error *error)
{
    struct dopant *d;
    if (a->start) {
        enum status status = dopant_read(a->start, devices, &d, error);
        if (status != STATUS_OK)
            return status;
        if (d->model != o->model)
            status = fail(error, STATUS_INPUT, "%s: found model %s, expected %s", d->path,
                          d->model->name, o->model->name);
        memcpy(o->start, d->parameters, sizeof o->start);
        a->start_name = memory_string(d->name);
        dopant_free(d);
        return status;
    }
    struct dirent **entries;
    const int n = scandir(devices, &entries, is_library, alphasort);
    if (n < 0)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", devices, strerror(errno));
    double best = INFINITY, start[MODEL_PARAMETERS_MAX];
    enum status status = STATUS_OK;
    for (int k = 0; k < n; k++) {
        char *path = memory_format("%s/%s", devices, entries[k]->d_name);
        double nrmse;
        d = NULL;
        if (status == STATUS_OK)
            status = dopant_read(path, devices, &d, error);
        if (d && d->model == o->model) {
            memcpy(o->start, d->parameters, sizeof o->start);
            status = fit_start_error(o, &nrmse, error);
            if (status == STATUS_OK && (nrmse < best || isinf(best))) {
                best = nrmse;
                memcpy(start, d->parameters, sizeof start);
                free(a->start_name);
                a->start_name = memory_string(d->name);
            }
        }
        dopant_free(d);
        free(path);
        free(entries[k]);
    }
    free(entries);
    if (status == STATUS_OK && isinf(best))
        status = fail(error, STATUS_INPUT, "%s: found no dopant of model %s to start from", devices,
                      o->model->name);
    memcpy(o->start, start, sizeof start);
    return status;
}

static enum status prepare(struct arguments *a, const char *devices, struct trace *traces,
                           struct error *error)
{
    struct fit_options *o = &a->fit;
    enum status status = STATUS_OK;
    o->model = model_find(a->model);
    if (!o->model)
        return fail(error, STATUS_INPUT, "--model '%s': no such model; see silverbar device list",
                    a->model);
    if (o->model->n_hidden > 0)
        return fail(
            error, STATUS_INPUT,
            "--model '%s': found a model with hidden states, expected one with a single state",
            a->model);
    o->traces = traces;
    for (size_t t = 0; t < a->n_files && status == STATUS_OK; t++) {
        o->series[t] = a->n_series == 0 ? NAN : a->series[a->n_series > 1 ? t : 0];
        status = read_trace(a->files[t], a->reverse, &o->series[t], &traces[t], error);
        o->n_traces += status == STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    size_t most = STEPS_SAMPLES; /* of a trace */
    for (size_t t = 0; t < o->n_traces; t++)
        most = traces[t].n > most ? traces[t].n : most;
    if (!a->steps_given) /* as many in all, but no fewer than 4 */
        o->steps = (int)fmax(4, round((double)o->steps * STEPS_SAMPLES / (double)most));
    for (size_t k = 0; k < o->model->n_parameters; k++) {
        o->free[k] = !a->free && free_by_default(&o->model->parameters[k]);
        o->shared[k] = !a->shared;
    }
    if (a->free)
        status = mark("--free", a->free, o->model, o->free, error);
    if (status == STATUS_OK && a->shared)
        status = mark("--shared", a->shared, o->model, o->shared, error);
    for (size_t k = 0; status == STATUS_OK && k < o->model->n_parameters; k++)
        if (a->output && o->n_traces > 1 && o->free[k] && !o->shared[k])
            status = fail(error, STATUS_INPUT,
                          "--output: one device needs all parameters shared, '%s' is not",
                          o->model->parameters[k].name);
    if (status == STATUS_OK)
        status = find_start(a, devices, o, error);
    o->start_name = a->start_name;
    return status;
}

static void show_progress(size_t start, size_t starts, double nrmse)
{
    fprintf(stderr, "\rstart %zu of %zu, nrmse %.4f ", start, starts, nrmse);
}

static enum status run(struct arguments *a, const char *devices, struct error *error)
{
    struct trace traces[FIT_TRACES_MAX] = {{0}};
    struct fit_result result = {0};
    struct fit_proof proof = {0};
    enum status status = a->plot ? plot_check(a->plot, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = prepare(a, devices, traces, error);
    if (status == STATUS_OK)
        status = fit_run(&a->fit, &result, error);
    if (a->fit.progress)
        fputs("\r\033[K", stderr);
    enum status trust = STATUS_OK;
    if (status == STATUS_OK && a->output) {
        const struct fit_library to = {a->output, devices, a->window};
        trust = fit_output_library(&a->fit, &result, &to, &proof, error);
        status = trust == STATUS_UNTRUSTED ? STATUS_OK : trust;
    }
    if (status == STATUS_OK && a->plot)
        status = fit_output_plot(&a->fit, &result, a->plot, error);
    if (status == STATUS_OK) {
        if (a->json)
            json_write_fit(&a->fit, &result, proof.engines, proof.n, stdout);
        else
            fit_output_tables(&a->fit, &result, proof.engines, proof.n, stdout);
        for (size_t k = 0; k < result.n_warnings; k++)
            fprintf(stderr, "silverbar fit: %s\n", result.warnings[k]);
        status = trust;
    }
    fit_free(&result);
    free(a->start_name);
    for (size_t t = 0; t < FIT_TRACES_MAX; t++)
        trace_free(&traces[t]);
    return status;
}

int command_fit(int argc, char **argv)
{
    struct arguments a = defaults();
    struct error error = {0};
    arguments_parse(&argp, argc, argv, &a);
    interrupt_watch();
    a.fit.interrupted = &interrupt_flag;
    if (isatty(STDERR_FILENO))
        a.fit.progress = show_progress;
    char *devices = data_path("devices");
    enum status status = a.drift_only ? fit_drift(&a.drift, a.n_files, a.files, a.json, &error)
                                      : run(&a, devices, &error);
    free(devices);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
