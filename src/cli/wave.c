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
    KEY_POINTS
};

static const struct argp_option options[] = {
    {"signals", 's', "PATTERNS", 0, "names with * and ?, by commas (all)", 0},
    {"from", KEY_FROM, "X", 0, "begin of the window on the scale, as 10u", 0},
    {"to", KEY_TO, "X", 0, "end of the window", 0},
    {"measure", 'm', "TEXT", 0, "such as 'avg v(out) from=1m to=2m'; may be repeated", 0},
    {"plot", KEY_PLOT, "N", 0, "which plot of the file (1)", 0},
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
        a->plot = argument_count(state, "--plot", text, COUNT_MAX);
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

static enum status measure_all(const struct arguments *a, const struct raw_file *f, FILE *out,
                               struct error *error)
{
    static const char *const names[] = {"measure", "value", "unit", "at"};
    static const int digits[] = {0, 9, 0, 9};
    struct table *t = table_new(4, names, digits);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < a->n_measures && status == STATUS_OK; i++) {
        struct measure_result r;
        status = measure(f, a->measures[i], a->from, a->to, &r, error);
        table_row(t);
        table_text(t, 0, r.name);
        table_number(t, 1, r.value);
        table_text(t, 2, r.unit);
        if (!isnan(r.at))
            table_number(t, 3, r.at);
        free(r.name);
    }
    if (status == STATUS_OK)
        print(t, a->form, out);
    table_free(t);
    return status;
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

static enum status run(const char *name, const struct arguments *a, struct error *error)
{
    struct raw_file *f = NULL;
    struct new_file output = {0};
    struct shown s = {0};
    struct decimate_window window = {0};
    enum status status = raw_read_open(a->path, a->plot, &f, error);
    if (status == STATUS_OK) {
        s.file = f;
        s.chosen = NEW(f->n_signals, size_t);
        status = choose(a, f, s.chosen, &s.n, error);
    }
    if (status == STATUS_OK)
        status = decimate_window(f, a->from, a->to, &window, error);
    s.first = window.first;
    s.n_points = window.n;
    if (status == STATUS_OK && !window.monotone &&
        (isfinite(a->from) || isfinite(a->to) || a->form == FORM_HTML))
        status = fail(error, STATUS_INPUT,
                      "%s: the scale goes back, expected no --from, --to or --html", f->path);
    if (status == STATUS_OK)
        status = new_file_begin(a->output, &output, error);
    if (status == STATUS_OK) {
        if (a->n_measures > 0)
            status = measure_all(a, f, output.file, error);
        else if (a->form == FORM_HTML)
            status = write_page(a, &s, output.file, error);
        else if (a->form == FORM_NONE || a->form == FORM_JSON)
            status = list(a, &s, output.file, error);
        else
            status = convert(name, a, &s, output.file, error);
        status = new_file_end(&output, status, error);
    }
    free(s.chosen);
    raw_read_close(f);
    return status;
}

int command_wave(int argc, char **argv)
{
    struct arguments a = {.from = -INFINITY, .to = INFINITY, .plot = 1, .points = SIZE_MAX};
    struct error error = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    enum status status = run(argv[0], &a, &error);
    free(a.measures);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
