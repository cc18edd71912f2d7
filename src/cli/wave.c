/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/spice_number.h"
#include "base/table.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "report/json.h"
#include "report/new_file.h"
#include "report/page/html.h"
#include "report/page/page_wave.h"
#include "report/wave_plot.h"
#include "wave/decimate.h"
#include "wave/measure.h"

#include <fnmatch.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PLOT_BINS 2000  /* of a plot unless --points is given */
#define PLOT_SIGNALS 24 /* more are not legible in one */
#define SVG_WIDTH 960   /* pixels */
#define SVG_HEIGHT 540  /* pixels */
#define COUNT_MAX 1000000000

enum form { FORM_NONE, FORM_CSV, FORM_HTML, FORM_SVG, FORM_ASCII, FORM_SIXEL, FORM_JSON };

struct arguments {
    const char *path, *signals, *output;
    enum form form;
    double from, to;
    const char *plot_name; /* or number, or NULL */
    bool steps;            /* list them */
    size_t step;           /* from 1; 0: all */
    size_t plot, points, n_measures, capacity;
    const char **measures; /* n_measures */
};

enum option_key {
    KEY_FROM = 256,
    KEY_TO,
    KEY_CSV,
    KEY_HTML,
    KEY_SVG,
    KEY_ASCII,
    KEY_SIXEL,
    KEY_JSON,
    KEY_PLOT,
    KEY_STEP,
    KEY_STEPS,
    KEY_POINTS
};

static const struct argp_option options[] = {
    {"signals", 's', "PATTERNS", 0, "names with * and ?, by commas (all)", 0},
    {"from", KEY_FROM, "X", 0, "begin of the window on the scale, as 10u", 0},
    {"to", KEY_TO, "X", 0, "end of the window", 0},
    {"measure", 'm', "TEXT", 0, "such as 'avg v(out) from=1m to=2m'; may be repeated", 0},
    {"plot", KEY_PLOT, "N|NAME", 0, "which plot of the file, or a part of its name (1)", 0},
    {"step", KEY_STEP, "N", 0, "only step N of a file with several (all)", 0},
    {"steps", KEY_STEPS, NULL, 0, "list the steps", 0},
    {"points", KEY_POINTS, "N", 0, "at most N bins with minimum and maximum; 0: every point", 0},
    {"csv", KEY_CSV, NULL, 0, "print values or measures as CSV", 1},
    {"html", KEY_HTML, NULL, 0, "write a page to look at in a browser", 1},
    {"svg", KEY_SVG, NULL, 0, "draw with gnuplot", 1},
    {"ascii", KEY_ASCII, NULL, 0, "draw with gnuplot in characters, as wide as the terminal", 1},
    {"sixel", KEY_SIXEL, NULL, 0, "draw with gnuplot for a terminal that shows sixel pictures", 1},
    {"json", KEY_JSON, NULL, 0, "print the list of signals or the measures as JSON", 1},
    {"output", 'o', "FILE", 0, "write there in place of standard output", 1},
    {0},
};

static double argument_scale(struct argp_state *state, const char *option, const char *text)
{
    double value;
    if (!spice_number(text, &value))
        argp_error(state, "%s '%s', expected a number such as 1e-3 or 10u", option, text);
    return value;
}

static void set_form(struct arguments *a, struct argp_state *state, enum form form)
{
    if (a->form != FORM_NONE && a->form != form)
        argp_error(state, "expected one of --csv, --html, --svg, --ascii, --sixel, --json");
    a->form = form;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 's':
        a->signals = text;
        break;
    case 'o':
        a->output = text;
        break;
    case 'm':
        a->measures =
            memory_grow(a->measures, &a->capacity, a->n_measures + 1, sizeof *a->measures);
        a->measures[a->n_measures++] = text;
        break;
    case KEY_FROM:
        a->from = argument_scale(state, "--from", text);
        break;
    case KEY_TO:
        a->to = argument_scale(state, "--to", text);
        break;
    case KEY_PLOT:
        a->plot_name = text;
        break;
    case KEY_STEP:
        a->step = (size_t)argument_number(state, "--step", text, 1, COUNT_MAX);
        break;
    case KEY_STEPS:
        a->steps = true;
        break;
    case KEY_POINTS:
        a->points = argument_count(state, "--points", text, COUNT_MAX);
        break;
    case KEY_CSV:
        set_form(a, state, FORM_CSV);
        break;
    case KEY_HTML:
        set_form(a, state, FORM_HTML);
        break;
    case KEY_SVG:
        set_form(a, state, FORM_SVG);
        break;
    case KEY_ASCII:
        set_form(a, state, FORM_ASCII);
        break;
    case KEY_SIXEL:
        set_form(a, state, FORM_SIXEL);
        break;
    case KEY_JSON:
        set_form(a, state, FORM_JSON);
        break;
    case ARGP_KEY_ARG:
        if (a->path)
            argp_error(state, "'%s', expected one file", text);
        a->path = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a raw file");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "FILE.raw",
    "List, measure, convert and draw the waveforms of a SPICE raw file of ngspice or LTspice, "
    "binary "
    "or ASCII, real or complex.\v"
    "Without a form or a measure, the signals are listed. Measures: min, max, pp, avg, rms, integ "
    "SIGNAL; when SIGNAL=LEVEL; find SIGNAL at=X; trig SIGNAL val=V rise=N targ SIGNAL val=V "
    "fall=N; rise, fall SIGNAL; settle SIGNAL. The manual has their options.",
    NULL,
    NULL,
    NULL};

/* Signals that --signals names, in the order of the file; the scale is not one of them. */
static enum status choose(const struct arguments *a, const struct raw_file *f, size_t *chosen,
                          size_t *n, struct error *error)
{
    bool *wanted = NEW(f->n_signals, bool);
    char *patterns = memory_string(a->signals ? a->signals : "*"), *rest = patterns, *pattern;
    enum status status = STATUS_OK;
    *n = 0;
    while (status == STATUS_OK && (pattern = strtok_r(NULL, ", ", &rest))) {
        bool any = false;
        const size_t exact = raw_read_find(f, pattern);
        for (size_t i = 0; i < f->n_signals; i++)
            if (exact < f->n_signals ? i == exact
                                     : fnmatch(pattern, f->signals[i].name, FNM_CASEFOLD) == 0)
                any = wanted[i] = true;
        if (!any)
            status = fail(error, STATUS_INPUT,
                          "%s: no signal '%s', expected one that `silverbar wave "
                          "%s' lists",
                          f->path, pattern, f->path);
    }
    for (size_t i = 1; i < f->n_signals; i++)
        if (wanted[i])
            chosen[(*n)++] = i;
    free(wanted);
    free(patterns);
    if (status == STATUS_OK && *n == 0)
        status = fail(error, STATUS_INPUT, "%s: no signal but the scale", f->path);
    return status;
}

static void print(const struct table *t, enum form form, FILE *out)
{
    if (form == FORM_CSV)
        table_csv(t, out);
    else if (form == FORM_JSON)
        json_write_table(t, out);
    else
        table_print(t, out);
}

/* What is shown of a file: n signals at n_points points from `first` on. */
struct shown {
    const struct raw_file *file;
    size_t n, *chosen; /* n */
    size_t first, n_points;
};

static enum status list(const struct arguments *a, const struct shown *s, FILE *out,
                        struct error *error)
{
    const struct raw_file *f = s->file;
    static const char *const names[] = {"signal", "type", "unit", "min", "max"};
    static const int digits[] = {0, 0, 0, 6, 6};
    struct decimated d;
    enum status status =
        decimate(f, &(struct raw_block){s->first, s->n_points, s->n, s->chosen}, 1, &d, error);
    if (status != STATUS_OK)
        return status;
    if (a->form == FORM_NONE)
        fprintf(out, "%s\nplot %zu of %zu: %s, %zu points%s, %s from %.9g to %.9g %s\n\n", f->title,
                a->plot, f->n_plots, f->plot_name, s->n_points,
                f->stepped ? " in several steps" : "", f->signals[0].name, d.begin[0], d.end,
                raw_read_unit(&f->signals[0]));
    for (size_t i = 0; a->form == FORM_NONE && f->n_plots > 1 && !a->plot_name && i < f->n_plots;
         i++)
        fprintf(out, "--plot %zu: %s, %zu points%s", i + 1, f->plots[i].name, f->plots[i].n_points,
                i + 1 < f->n_plots ? "\n" : "\n\n");
    struct table *t = table_new(5, names, digits);
    for (size_t k = 0; k < s->n; k++) {
        const struct raw_signal *signal = &f->signals[s->chosen[k]];
        const double *v = d.value + 2 * k;
        table_row(t);
        table_text(t, 0, signal->name);
        table_text(t, 1, signal->type);
        table_text(t, 2, raw_read_unit(signal));
        table_number(t, 3, fmin(v[0], v[1]));
        table_number(t, 4, fmax(v[0], v[1]));
    }
    print(t, a->form, out);
    table_free(t);
    decimated_free(&d);
    return STATUS_OK;
}

/* Steps of what is shown: first[n + 1]. */
struct steps {
    size_t n, *first;
};

static enum status list_steps(const struct arguments *a, const struct raw_file *f,
                              const struct steps *s, FILE *out, struct error *error)
{
    static const char *const names[] = {"step", "points", "from", "to", "unit"};
    static const int digits[] = {0, 0, 9, 9, 0};
    double *x = raw_read_column(f, 0, error);
    if (!x)
        return STATUS_INPUT;
    struct table *t = table_new(5, names, digits);
    for (size_t k = 0; k < s->n; k++) {
        table_row(t);
        table_number(t, 0, (double)(k + 1));
        table_number(t, 1, (double)(s->first[k + 1] - s->first[k]));
        table_number(t, 2, x[s->first[k]]);
        table_number(t, 3, x[s->first[k + 1] - 1]);
        table_text(t, 4, raw_read_unit(&f->signals[0]));
    }
    print(t, a->form, out);
    table_free(t);
    free(x);
    return STATUS_OK;
}

/* One measure of the points that the file has now.  What does not occur in one of several steps has no
 * value there. */
static enum status measure_one(const struct arguments *a, const struct raw_file *f, size_t i,
                               size_t step, struct table *t, struct error *error)
{
    struct measure_result r;
    const size_t column = step > 0;
    enum status status = measure(f, a->measures[i], a->from, a->to, &r, error);
    table_row(t);
    if (step > 0)
        table_number(t, 0, (double)step);
    table_text(t, column, r.name);
    if (status == STATUS_OK) {
        table_number(t, column + 1, r.value);
        table_text(t, column + 2, r.unit);
        if (!isnan(r.at))
            table_number(t, column + 3, r.at);
    }
    free(r.name);
    return status;
}

/* A row for each measure, and of several steps for each step. */
static enum status measure_all(const struct arguments *a, const struct raw_file *f,
                               const struct steps *s, FILE *out, struct error *error)
{
    static const char *const names[] = {"step", "measure", "value", "unit", "at"};
    static const int digits[] = {0, 0, 9, 0, 9};
    const size_t skip = s->n > 1 ? 0 : 1;
    struct table *t = table_new(5 - skip, names + skip, digits + skip);
    enum status status = STATUS_OK, worst = STATUS_OK;
    for (size_t i = 0; i < a->n_measures && status == STATUS_OK; i++)
        for (size_t k = 0; k < s->n && status == STATUS_OK; k++) {
            struct raw_file part = *f;
            raw_read_narrow(&part, s->first[k], s->first[k + 1] - s->first[k]);
            status = measure_one(a, &part, i, s->n > 1 ? k + 1 : 0, t, error);
            if (s->n > 1 && status == STATUS_NUMERICAL) {
                worst = status;
                status = STATUS_OK;
            }
        }
    if (status == STATUS_OK)
        print(t, a->form, out);
    table_free(t);
    return status == STATUS_OK ? worst : status;
}

/* What decimation has left out, on standard error. */
static void tell_bound(const char *name, const struct raw_file *f, const struct decimated *d,
                       const size_t *chosen)
{
    if (d->per_bin == 1)
        return;
    fprintf(stderr,
            "%s: %zu points in %zu bins of %zu; every point lies between the two values of its "
            "bin, bins last at most %.3g %s; the middle of a bin is off by at most\n",
            name, d->n_points, d->n_bins, d->per_bin, d->widest, raw_read_unit(&f->signals[0]));
    for (size_t k = 0; k < d->n_signals; k++)
        fprintf(stderr, "  %.3g %s in %s\n", decimated_bound(d, k),
                raw_read_unit(&f->signals[chosen[k]]), f->signals[chosen[k]].name);
}

static void csv_number(double value, FILE *out)
{
    char text[32];
    fputc(',', out);
    if (!isnan(value))
        fputs(number_text(value, text), out);
}

static void write_csv_head(const struct raw_file *f, const size_t *chosen, size_t n, bool binned,
                           FILE *out)
{
    csv_field(f->signals[0].name, out);
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i <= binned; i++) {
            char *name = memory_format("%s%s", f->signals[chosen[k]].name,
                                       !binned  ? ""
                                       : i == 0 ? ".min"
                                                : ".max");
            fputc(',', out);
            csv_field(name, out);
            free(name);
        }
    fputc('\n', out);
}

/* Every point, without holding them. */
static enum status write_all(const struct shown *s, FILE *out, struct error *error)
{
    const struct raw_file *f = s->file;
    const size_t n = s->n, n_points = s->n_points;
    const size_t block = raw_read_block_size(f, n + 1);
    double *values = NEW(block * (n + 1), double);
    size_t *all = NEW(n + 1, size_t);
    enum status status = STATUS_OK;
    char text[32];
    memcpy(all + 1, s->chosen, n * sizeof *all);
    write_csv_head(f, s->chosen, n, false, out);
    for (size_t p = 0; p < n_points && status == STATUS_OK; p += block) {
        const size_t m = n_points - p < block ? n_points - p : block;
        status = raw_read_block(f, &(struct raw_block){s->first + p, m, n + 1, all}, values, error);
        for (size_t i = 0; i < m && status == STATUS_OK; i++) {
            fputs(number_text(values[i], text), out);
            for (size_t k = 1; k <= n; k++)
                csv_number(values[k * m + i], out);
            fputc('\n', out);
        }
    }
    free(values);
    free(all);
    return status;
}

static void write_binned(const struct raw_file *f, const struct decimated *d, const size_t *chosen,
                         FILE *out)
{
    char text[32];
    write_csv_head(f, chosen, d->n_signals, d->per_bin > 1, out);
    for (size_t b = 0; b < d->n_bins; b++) {
        fputs(number_text(d->begin[b], text), out);
        for (size_t k = 0; k < d->n_signals; k++) {
            const double *v = d->value + 2 * (k * d->n_bins + b);
            csv_number(fmin(v[0], v[1]), out);
            if (d->per_bin > 1)
                csv_number(fmax(v[0], v[1]), out);
        }
        fputc('\n', out);
    }
}

static struct wave_plot_options plot_shape(const struct arguments *a, const struct raw_file *f,
                                           const size_t *chosen)
{
    struct winsize window;
    struct wave_plot_options o = {.title = f->title,
                                  .characters = a->form == FORM_ASCII,
                                  .sixel = a->form == FORM_SIXEL,
                                  .columns = SVG_WIDTH,
                                  .rows = SVG_HEIGHT,
                                  .signals = chosen};
    if (o.characters) {
        const bool terminal = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col >= 40;
        o.columns = terminal ? window.ws_col : 80;
        o.rows = terminal && window.ws_row >= 12 ? window.ws_row - 2 : 24;
    }
    return o;
}

static enum status write_page(const struct arguments *a, const struct shown *s, FILE *out,
                              struct error *error)
{
    const struct raw_file *f = s->file;
    char *command = page_wave_command(a->path, a->plot);
    const struct page_wave wave = {.file = f,
                                   .n_signals = s->n,
                                   .signals = s->chosen,
                                   .first = s->first,
                                   .n_points = s->n_points,
                                   .command = command};
    page_begin(f->title, out);
    fputs("<header><h1>", out);
    html_text(f->title, out);
    fputs("</h1><p class=\"soft\">", out);
    html_text(f->plot_name, out);
    fputs(", <code>", out);
    html_text(a->path, out);
    fputs("</code></p></header>\n", out);
    const enum status status = page_wave(&wave, out, error);
    page_end(out);
    free(command);
    return status;
}

static enum status convert(const char *name, const struct arguments *a, const struct shown *s,
                           FILE *out, struct error *error)
{
    const struct raw_file *f = s->file;
    const size_t *chosen = s->chosen, n = s->n;
    struct decimated d;
    const bool drawn = a->form == FORM_SVG || a->form == FORM_ASCII || a->form == FORM_SIXEL;
    if (a->form == FORM_CSV && (a->points == SIZE_MAX || a->points == 0))
        return write_all(s, out, error);
    if (drawn && n > PLOT_SIGNALS)
        return fail(error, STATUS_INPUT, "%zu signals, expected --signals with at most %d", n,
                    PLOT_SIGNALS);
    enum status status = decimate(f, &(struct raw_block){s->first, s->n_points, n, chosen},
                                  a->points == SIZE_MAX ? PLOT_BINS : a->points, &d, error);
    if (status != STATUS_OK)
        return status;
    if (drawn) {
        const struct wave_plot_options shape = plot_shape(a, f, chosen);
        status = wave_plot_draw(f, &d, &shape, out, error);
    } else {
        write_binned(f, &d, chosen, out);
    }
    if (status == STATUS_OK)
        tell_bound(name, f, &d, chosen);
    decimated_free(&d);
    return status;
}

/* Open the plot, find its steps, keep the one that is asked for. */
static enum status open_plot(struct arguments *a, struct raw_file **f, struct steps *steps,
                             struct error *error)
{
    enum status status =
        a->plot_name ? raw_read_plot(a->path, a->plot_name, &a->plot, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = raw_read_open(a->path, a->plot, f, error);
    if (status == STATUS_OK)
        status = raw_read_steps(*f, &steps->n, &steps->first, error);
    if (status != STATUS_OK || a->step == 0)
        return status;
    if (a->step > steps->n)
        return fail(error, STATUS_INPUT, "%s: %zu steps, expected --step from 1 to %zu", a->path,
                    steps->n, steps->n);
    const size_t first = steps->first[a->step - 1], n = steps->first[a->step] - first;
    raw_read_narrow(*f, first, n);
    steps->n = 1;
    steps->first[0] = 0;
    steps->first[1] = n;
    return STATUS_OK;
}

static enum status write_form(const char *name, const struct arguments *a, const struct shown *s,
                              const struct steps *steps, FILE *out, struct error *error)
{
    if (a->steps)
        return list_steps(a, s->file, steps, out, error);
    if (a->n_measures > 0)
        return measure_all(a, s->file, steps, out, error);
    if (a->form == FORM_HTML)
        return write_page(a, s, out, error);
    if (a->form == FORM_NONE || a->form == FORM_JSON)
        return list(a, s, out, error);
    return convert(name, a, s, out, error);
}

static enum status run(const char *name, struct arguments *a, struct error *error)
{
    struct raw_file *f = NULL;
    struct new_file output = {0};
    struct shown s = {0};
    struct steps steps = {0};
    struct decimate_window window = {0};
    enum status status = open_plot(a, &f, &steps, error);
    if (status == STATUS_OK) {
        s.file = f;
        s.chosen = NEW(f->n_signals, size_t);
        status = choose(a, f, s.chosen, &s.n, error);
    }
    if (status == STATUS_OK)
        status = decimate_window(f, a->from, a->to, &window, error);
    s.first = window.first;
    s.n_points = window.n;
    const bool windowed = isfinite(a->from) || isfinite(a->to);
    if (status == STATUS_OK && !window.monotone && a->n_measures == 0 &&
        (windowed || a->form == FORM_HTML))
        status = fail(error, STATUS_INPUT,
                      "%s: the scale goes back, expected --step N, or no --from, --to or --html",
                      f->path);
    if (status == STATUS_OK)
        status = new_file_begin(a->output, &output, error);
    if (status == STATUS_OK) {
        status = write_form(name, a, &s, &steps, output.file, error);
        status = new_file_end(&output, status, error);
    }
    free(steps.first);
    free(s.chosen);
    raw_read_close(f);
    return status;
}

int command_wave(int argc, char **argv)
{
    struct arguments a = {.from = -INFINITY, .to = INFINITY, .plot = 1, .points = SIZE_MAX};
    struct error error = {0};
    arguments_parse(&argp, argc, argv, &a);
    if (!a.output) /* `| head' ends it, as it does cat(1) */
        signal(SIGPIPE, SIG_DFL);
    enum status status = run(argv[0], &a, &error);
    free(a.measures);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
