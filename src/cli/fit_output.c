/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/fit_output.h"

#include "base/memory.h"
#include "base/unfinished.h"
#include "device/library/library_make.h"
#include "fit/device_test.h"
#include "report/plot.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A library's window of conductances: from 0.4 of 1/ron down to a tenth of that or twice 1/roff, whatever
 * is more, as the windows of the measured dopants are (devices/W.lib); none below a ratio of 1.5. */
#define WINDOW_TOP 0.4
#define WINDOW_BOTTOM 2.0
#define WINDOW_RATIO 10.0
#define WINDOW_LEAST 1.5
#define WIRE 1e-3 /* between source and device without a resistor [ohm] */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *variable_name(const struct fit_options *o, const struct fit_variable *v)
{
    return v->parameter == FIT_STATE ? "x0" : o->model->parameters[v->parameter].name;
}

static void print_correlation(const struct fit_options *o, const struct fit_result *r, FILE *out)
{
    fputs("\ncorrelation\n          ", out);
    for (size_t k = 0; k < r->n; k++)
        fprintf(out, " %7.7s", variable_name(o, &r->variables[k]));
    for (size_t k = 0; k < r->n; k++) {
        fprintf(out, "\n%-10.10s", variable_name(o, &r->variables[k]));
        for (size_t j = 0; j <= k; j++)
            if (isfinite(r->correlation[k * r->n + j]))
                fprintf(out, " %7.3f", r->correlation[k * r->n + j]);
            else
                fputs("       -", out); /* a variable on its bound */
    }
    fputc('\n', out);
}

void fit_output_tables(const struct fit_options *o, const struct fit_result *r,
                       const struct fit_engine *engines, size_t n_engines, FILE *out)
{
    static const char *const names[] = {"parameter", "trace", "value", "low_95",
                                        "high_95",   "unit",  "note"};
    static const int digits[] = {0, 0, 5, 4, 4, 0, 0};
    struct table *t = table_new(7, names, digits);
    for (size_t k = 0; k < r->n; k++) {
        const struct fit_variable *v = &r->variables[k];
        table_row(t);
        table_text(t, 0, variable_name(o, v));
        table_text(t, 1, v->trace < 0 ? "all" : file_name(o->traces[v->trace].path));
        table_number(t, 2, v->value);
        table_number(t, 3, v->low);
        table_number(t, 4, v->high);
        table_text(t, 5, v->parameter == FIT_STATE ? "1" : o->model->parameters[v->parameter].unit);
        table_text(t, 6, v->on_bound ? "on its bound" : v->identified ? "" : "not identified");
    }
    for (size_t k = 0; k < o->model->n_parameters; k++)
        if (!o->free[k]) {
            table_row(t);
            table_text(t, 0, o->model->parameters[k].name);
            table_text(t, 1, "all");
            table_number(t, 2, o->start[k]);
            table_text(t, 5, o->model->parameters[k].unit);
            table_text(t, 6, "held");
        }
    table_print(t, out);
    table_free(t);
    fprintf(out, "\nstart and held parameters: %s\n", o->start_name ? o->start_name : "-");
    for (size_t k = 0; k < o->n_traces; k++)
        fprintf(out, "nrmse %.4f  %s, %zu samples, %g ohm\n", r->trace_nrmse[k],
                file_name(o->traces[k].path), o->traces[k].n, o->series[k]);
    size_t near = 0;
    double best = INFINITY;
    for (size_t k = 0; k < r->n_starts; k++)
        best = fmin(best, r->start_nrmse[k]);
    for (size_t k = 0; k < r->n_starts; k++)
        near += r->start_nrmse[k] <= FIT_REACHED * best;
    fprintf(out, "nrmse %.4f  overall, model %s; %zu of %zu starts within 5 %% of the best\n",
            r->nrmse, o->model->name, near, r->n_starts);
    print_correlation(o, r, out);
    for (size_t k = 0; k < n_engines; k++)
        fprintf(out, "%sengine %s: its current differs by %.2e of the rms\n", k ? "" : "\n",
                engines[k].name, engines[k].difference);
}

/* A name that ngspice takes for a subcircuit, from the file's. */
static char *device_name(const char *path)
{
    char *name = memory_format("%s%s", isalpha((unsigned char)*file_name(path)) ? "" : "d_",
                               file_name(path));
    const size_t n = strlen(name);
    if (n > 4 && strcasecmp(name + n - 4, ".lib") == 0)
        name[n - 4] = 0;
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return name;
}

static char *printable(const char *text)
{
    char *copy = memory_string(text);
    for (char *c = copy; *c; c++)
        if (!isprint((unsigned char)*c))
            *c = '?';
    return copy;
}

static char *provenance(const struct fit_options *o, const struct fit_result *r, const char *path)
{
    char *name = printable(file_name(path));
    char *all =
        memory_format("* %s - fitted by silverbar %s (silverbar fit): %s\n*\n* Model: %s.\n", name,
                      PACKAGE_VERSION, o->model->title, o->model->source);
    free(name);
    for (size_t t = 0; t < o->n_traces; t++) {
        char *file = printable(file_name(o->traces[t].path));
        char *longer = memory_format("%s* Data: %s, %zu samples, through %g ohm; nrmse %.4f.\n",
                                     all, file, o->traces[t].n, o->series[t], r->trace_nrmse[t]);
        free(file);
        free(all);
        all = longer;
    }
    for (size_t k = 0; k < r->n; k++) {
        const struct fit_variable *v = &r->variables[k];
        char *longer = memory_format("%s* %s = %.5g, 95 %% interval %.4g to %.4g%s\n", all,
                                     variable_name(o, v), v->value, v->low, v->high,
                                     v->on_bound     ? ", on its bound"
                                     : v->identified ? ""
                                                     : ", not identified");
        free(all);
        all = longer;
    }
    return all;
}

/* Conductances between which weights are set: the given ones, else the upper part of what the model
 * reaches, away from both ends, where programming is slow.  False: no ron and roff, or too close. */
static bool find_window(const struct fit_options *o, const double *p, struct fit_window *w)
{
    double ron = NAN, roff = NAN;
    for (size_t k = 0; k < o->model->n_parameters; k++) {
        if (strcmp(o->model->parameters[k].name, "ron") == 0)
            ron = p[k];
        if (strcmp(o->model->parameters[k].name, "roff") == 0)
            roff = p[k];
    }
    if (!(w->g_max > 0))
        w->g_max = WINDOW_TOP / ron;
    if (!(w->g_min > 0))
        w->g_min = fmax(w->g_max / WINDOW_RATIO, WINDOW_BOTTOM / roff);
    return w->g_max >= WINDOW_LEAST * w->g_min;
}

static char *with_window(char *comment, const struct fit_window *w)
{
    char *all = memory_format("%s* Window: of the conductances that weights are set to [S].\n"
                              "*@ gmin %.4g\n*@ gmax %.4g\n",
                              comment, w->g_min, w->g_max);
    free(comment);
    return all;
}

static enum status write_text(const char *text, const char *path, struct error *error)
{
    FILE *out = fopen(path, "w");
    bool ok = out && fputs(text, out) != EOF;
    if (out)
        ok = fclose(out) == 0 && ok;
    return ok ? STATUS_OK
              : fail(error, STATUS_INPUT, "%s: cannot be written: %s", path, strerror(errno));
}

/* The first trace's source in every engine, with the library as it was read back. */
static enum status prove(const struct fit_options *o, const struct fit_result *r,
                         const struct dopant *d, struct fit_proof *proof, struct error *error)
{
    const struct trace *t = &o->traces[0];
    struct device_test bench = {
        .dopant = d, .series = fmax(o->series[0], WIRE), .solver = engine_defaults};
    double p[MODEL_PARAMETERS_MAX], size = 0, worst = 0;
    double *current = NEW(t->n, double);
    fit_parameters(o, r, 0, p, &bench.x0);
    bench.solver.reltol = 1e-5;
    bench.solver.interrupted = o->interrupted;
    for (size_t k = 0; k < t->n; k++)
        size += r->current[0][k] * r->current[0][k];
    enum status status = STATUS_OK;
    for (size_t e = 0; engine_table[e] && status == STATUS_OK; e++) {
        bench.engine = engine_table[e];
        status = device_test_waveform(&bench, t->n, t->column[TRACE_T], t->column[TRACE_SOURCE],
                                      current, error);
        double sum = 0;
        for (size_t k = 0; k < t->n; k++)
            sum += pow(current[k] - r->current[0][k], 2);
        proof->engines[proof->n] = (struct fit_engine){engine_table[e]->name, sqrt(sum / size)};
        worst = fmax(worst, proof->engines[proof->n++].difference);
    }
    free(current);
    if (status == STATUS_OK && !(worst <= FIT_AGREEMENT))
        status = fail(error, STATUS_UNTRUSTED,
                      "the current of an engine differs by %.3g of its rms from the fit's, "
                      "expected at most %g; more --steps may help",
                      worst, FIT_AGREEMENT);
    return status;
}

enum status fit_output_library(const struct fit_options *o, const struct fit_result *r,
                               const struct fit_library *to, struct fit_proof *proof,
                               struct error *error)
{
    const char *path = to->path, *devices = to->devices;
    struct fit_window window = to->window;
    double p[MODEL_PARAMETERS_MAX], x0;
    struct dopant *made = NULL, *read = NULL;
    char *name = device_name(path), *comment = provenance(o, r, path),
         *prefix = memory_format("%s.unfinished-", path),
         *temporary = memory_format("%s%06ld.lib", prefix, (long)getpid() % 1000000);
    int lock = -1;
    proof->n = 0;
    fit_parameters(o, r, 0, p, &x0);
    if (find_window(o, p, &window) || to->window.g_min > 0 || to->window.g_max > 0)
        comment = with_window(comment, &window);
    const struct dopant_plan plan = {
        .name = name, .comment = comment, .model = o->model, .parameters = p};
    enum status trust = STATUS_OK, status = dopant_new(&plan, devices, &made, error);
    unfinished_remove(prefix, ".lib");
    if (status == STATUS_OK)
        status = write_text(made->text, temporary, error);
    if (status == STATUS_OK) {
        lock = unfinished_lock(temporary);
        status = dopant_read(temporary, devices, &read, error);
    }
    if (status == STATUS_OK) {
        trust = prove(o, r, read, proof, error);
        status = trust == STATUS_UNTRUSTED ? STATUS_OK : trust;
    }
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = fail(error, STATUS_INPUT, "%s: cannot be written: %s", path, strerror(errno));
    if (status != STATUS_OK)
        unlink(temporary);
    if (lock >= 0)
        close(lock);
    dopant_free(made);
    dopant_free(read);
    free(name);
    free(comment);
    free(prefix);
    free(temporary);
    return status == STATUS_OK ? trust : status;
}

enum status fit_output_plot(const struct fit_options *o, const struct fit_result *r,
                            const char *path, struct error *error)
{
    const size_t shown = o->n_traces < 4 ? o->n_traces : 4;
    struct plot_curve loops[8], residuals[4];
    double *columns[4][5];
    char *names[4][2];
    for (size_t t = 0; t < shown; t++) {
        const struct trace *trace = &o->traces[t];
        const double *i = trace->column[TRACE_CURRENT], *s = trace->column[TRACE_SOURCE];
        for (int k = 0; k < 5; k++)
            columns[t][k] = NEW(trace->n, double);
        for (size_t k = 0; k < trace->n; k++) {
            columns[t][0][k] = s[k] - o->series[t] * i[k];
            columns[t][1][k] = 1e6 * i[k];
            columns[t][2][k] = s[k] - o->series[t] * r->current[t][k];
            columns[t][3][k] = 1e6 * r->current[t][k];
            columns[t][4][k] = 1e6 * (r->current[t][k] - i[k]);
        }
        names[t][0] = memory_format("measured, %g ohm", o->series[t]);
        names[t][1] = memory_format("%s, %g ohm", o->model->name, o->series[t]);
        loops[2 * t] =
            (struct plot_curve){names[t][0], trace->n, columns[t][0], columns[t][1], true};
        loops[2 * t + 1] =
            (struct plot_curve){names[t][1], trace->n, columns[t][2], columns[t][3], false};
        residuals[t] = (struct plot_curve){names[t][1], trace->n, trace->column[TRACE_T],
                                           columns[t][4], false};
    }
    const struct plot_panel panels[2] = {
        {.x_label = "device voltage [V]",
         .y_label = "current [µA]",
         .n_curves = 2 * shown,
         .curves = loops},
        {.x_label = "time [s]",
         .y_label = "current of the model less measured [µA]",
         .n_curves = shown,
         .curves = residuals},
    };
    char *title =
        memory_format("%s fitted to %s%s, nrmse %.4f", o->model->name, file_name(o->traces[0].path),
                      o->n_traces > 1 ? " and more" : "", r->nrmse);
    const struct plot plot = {title, 2, panels};
    enum status status = plot_draw(&plot, path, error);
    for (size_t t = 0; t < shown; t++) {
        for (int k = 0; k < 5; k++)
            free(columns[t][k]);
        free(names[t][0]);
        free(names[t][1]);
    }
    free(title);
    return status;
}
