/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_run.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/text_file.h"
#include "report/csv_read.h"
#include "report/page/html.h"
#include "report/page/page_csdp.h"
#include "report/page/page_inference.h"
#include "report/page/page_parts.h"
#include "report/page/page_sweep.h"
#include "report/page/page_table.h"
#include "report/page/page_wave.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLOTS_MAX 12 /* of a table */
#define ROWS_MAX 1000

bool page_run_is(const char *folder)
{
    return page_there(folder, "testbench.yaml") && page_there(folder, "samples.csv");
}

/* What stands behind "title:" in a testbench, to be freed; else the folder's name. */
static char *find_title(const struct text_file *f, const char *name)
{
    for (size_t i = 0; i < f->n_lines; i++) {
        const char *line = f->lines[i];
        if (strncmp(line, "title:", 6) != 0)
            continue;
        line += 6 + strspn(line + 6, " ");
        const size_t n = strlen(line);
        const bool quoted = n >= 2 && (*line == '"' || *line == '\'') && line[n - 1] == *line;
        return quoted ? memory_string_n(line + 1, n - 2) : memory_string(line);
    }
    return memory_string(name);
}

static bool numeric(const struct table *t, size_t column)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->cells[i * t->n_columns + column].kind == CELL_TEXT)
            return false;
    return true;
}

/* Does it grow from row to row? */
static bool is_scale(const struct table *t, size_t column)
{
    for (size_t i = 1; i < t->n_rows; i++)
        if (!(t->cells[i * t->n_columns + column].number >
              t->cells[(i - 1) * t->n_columns + column].number))
            return false;
    return numeric(t, column) && t->n_rows > 2;
}

static void draw(const struct table *t, size_t x_column, size_t y_column, FILE *out)
{
    double *x = NEW(t->n_rows, double), *y = NEW(t->n_rows, double);
    for (size_t i = 0; i < t->n_rows; i++) {
        x[i] = csv_number(t, i, t->names[x_column]);
        y[i] = csv_number(t, i, t->names[y_column]);
    }
    char *x_label = page_label(t->names[x_column]), *y_label = page_label(t->names[y_column]);
    const struct html_curve curve = {.name = y_label, .n = t->n_rows, .x = x, .y = y};
    const struct html_plot_options options = {x_label, y_label, page_unit(t->names[x_column]),
                                              page_unit(t->names[y_column]), false};
    html_plot(1, &curve, &options, out);
    free(x);
    free(y);
    free(x_label);
    free(y_label);
}

/* Each column against the first, if that is a scale, and a current against its voltage. */
static void draw_table(const struct table *t, FILE *out)
{
    const size_t volt = table_column(t, "voltage_V"), ampere = table_column(t, "current_A");
    fputs("<div class=\"two\">\n", out);
    if (volt < t->n_columns && ampere < t->n_columns && t->n_rows > 2)
        draw(t, volt, ampere, out);
    for (size_t c = 1, n = 0; t->n_columns > 0 && is_scale(t, 0) && c < t->n_columns; c++)
        if (numeric(t, c) && n++ < PLOTS_MAX)
            draw(t, 0, c, out);
    fputs("</div>\n", out);
}

static void detail(const char *file, const struct table *t, FILE *out)
{
    fputs("<section><h2>", out);
    html_text(file, out);
    fputs("</h2>\n", out);
    draw_table(t, out);
    fprintf(out, "<details%s><summary>%zu rows</summary>\n", t->n_rows <= 40 ? " open" : "",
            t->n_rows);
    if (t->n_rows <= ROWS_MAX)
        page_whole_table(t, out);
    else
        fprintf(out, "<p class=\"note\">More than %d: see the file.</p>\n", ROWS_MAX);
    fputs("</details></section>\n", out);
}

static int is_csv(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name);
    return n > 4 && strcmp(entry->d_name + n - 4, ".csv") == 0 &&
           strcmp(entry->d_name, "samples.csv") != 0 && strcmp(entry->d_name, "points.csv") != 0;
}

static enum status details(const char *folder, FILE *out, struct error *error)
{
    struct dirent **entries = NULL;
    const int n = scandir(folder, &entries, is_csv, alphasort);
    enum status status = STATUS_OK;
    for (int i = 0; i < n; i++) {
        struct table *t = NULL;
        if (status == STATUS_OK)
            status = page_read(folder, entries[i]->d_name, &t, error);
        if (status == STATUS_OK)
            detail(entries[i]->d_name, t, out);
        table_free(t);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static void outputs(const struct table *t, FILE *out)
{
    fputs("<section><h2>Outputs</h2>\n<table class=\"keys\">\n", out);
    for (size_t c = 0; c < t->n_columns && t->n_rows > 0; c++) {
        if (t->cells[c].kind == CELL_EMPTY)
            continue;
        char *label = page_label(t->names[c]);
        fputs("<tr><td>", out);
        html_text(label, out);
        fputs("</td><td>", out);
        page_cell(t, 0, c, out);
        fputs("</td></tr>\n", out);
        free(label);
    }
    fputs("</table></section>\n", out);
}

/* A folder of study results and what was read from it. */
struct study_folder {
    const char *folder, *name; /* path, and what the page calls it */
    char *title;
    struct table *samples;
    struct text_file *testbench;
};

static enum status one_sample(const struct study_folder *f, FILE *out, struct error *error)
{
    page_begin(f->title, out);
    fputs("<header><h1>", out);
    html_text(f->title, out);
    fputs("</h1><div class=\"soft\">folder <code>", out);
    html_text(f->name, out);
    fputs("</code></div></header>\n", out);
    outputs(f->samples, out);
    enum status status = STATUS_OK;
    if (page_inference_has(f->folder))
        status = page_inference_parts(f->folder, out, error);
    if (page_csdp_has(f->folder) && status == STATUS_OK)
        status = page_csdp_parts(f->folder, out, error);
    if (status == STATUS_OK)
        status = details(f->folder, out, error);
    fputs("<section><h2>Testbench</h2>\n<pre>", out);
    html_text_lines(f->testbench->text, out);
    fputs("</pre></section>\n", out);
    page_footer(out);
    page_end(out);
    return status;
}

/* Inputs of samples: those of points, and the replica. */
static enum status count_inputs(const char *folder, const struct table *samples, size_t *n,
                                struct error *error)
{
    struct table *points;
    const enum status status = page_read(folder, "points.csv", &points, error);
    if (status != STATUS_OK)
        return status;
    *n = 1 + table_column(points, "samples");
    const bool fit = *n <= points->n_columns && *n + 1 < samples->n_columns &&
                     table_column(samples, "status") == samples->n_columns - 2 &&
                     *n < table_column(samples, "status");
    table_free(points);
    return fit ? STATUS_OK
               : fail(error, STATUS_INPUT, "%s/points.csv: does not fit samples.csv", folder);
}

enum status page_run(const char *folder, const char *name, FILE *out, struct error *error)
{
    struct study_folder f = {.folder = folder, .name = name};
    char *path;
    enum status status = directory_file(folder, "testbench.yaml", &path, error);
    if (status == STATUS_OK)
        status = page_read(folder, "samples.csv", &f.samples, error);
    if (status == STATUS_OK)
        status = text_file_read(path, &f.testbench, error);
    if (status == STATUS_OK)
        f.title = find_title(f.testbench, name);
    if (status == STATUS_OK && f.samples->n_rows == 1) {
        status = one_sample(&f, out, error);
    } else if (status == STATUS_OK) {
        struct page_sweep sweep = {.file = name,
                                   .folder = true,
                                   .title = f.title,
                                   .version = PACKAGE_VERSION,
                                   .testbench = f.testbench->text,
                                   .samples = f.samples,
                                   .n_samples = f.samples->n_rows};
        status = count_inputs(folder, f.samples, &sweep.n_inputs, error);
        if (status == STATUS_OK)
            page_sweep(&sweep, out);
    }
    table_free(f.samples);
    text_file_free(f.testbench);
    free(path);
    free(f.title);
    return status;
}

bool page_tables_is(const char *folder)
{
    struct dirent **entries = NULL;
    const int n =
        page_there(folder, "summary.json") ? 0 : scandir(folder, &entries, is_csv, alphasort);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return n > 0;
}

enum status page_tables(const char *folder, const char *name, FILE *out, struct error *error)
{
    page_begin(name, out);
    fputs("<header><h1>", out);
    html_text(name, out);
    fputs("</h1></header>\n", out);
    enum status status = details(folder, out, error);
    if (status == STATUS_OK && page_there(folder, "manifest.json"))
        status = page_json(folder, "manifest.json", out, error);
    page_footer(out);
    page_end(out);
    return status;
}
