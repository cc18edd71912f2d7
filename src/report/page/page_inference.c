/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_inference.h"

#include "base/directory.h"
#include "base/memory.h"
#include "report/csv_read.h"
#include "report/heat_map.h"
#include "report/page/html.h"
#include "report/page/page_parts.h"
#include "report/page/page_table.h"
#include "report/page/page_wave.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAYERS_MAX 64 /* drawn */

bool page_inference_has(const char *folder)
{
    return page_there(folder, "layers.csv") && page_there(folder, "confusion.csv") &&
           page_there(folder, "tiles.csv");
}

bool page_inference_is(const char *folder)
{
    return page_inference_has(folder) && page_there(folder, "total.csv");
}

/* ------------------------------------------------------------------------------------ parts */

/* A bar of `part` of the width, whose colour is that number. */
static void bar(double part, size_t color, FILE *out)
{
    if (part > 0)
        fprintf(out, "<i style=\"width:%.3f%%;background:var(--c%zu)\"></i>", 100 * fmin(part, 1),
                color % 8);
}

static void effects(const struct table *t, FILE *out)
{
    fputs(
        "<section><h2 id=\"effects\">What each imperfection costs</h2>\n<p class=\"soft\">Each on "
        "top of those before it, the same images and draws; 95&nbsp;% intervals after Wilson, p of "
        "McNemar's exact test against the one before.</p>\n<div class=\"bars\">\n",
        out);
    for (size_t k = 0; k < t->n_rows; k++) {
        fputs("<span>", out);
        html_text(csv_text(t, k, "effect"), out);
        fputs("</span><span class=\"bar\">", out);
        bar(csv_number(t, k, "accuracy"), 0, out);
        fprintf(out,
                "</span><span class=\"n\">%.2f %% (%.2f to %.2f)</span><span class=\"n\">%+.2f, p "
                "%.2g</span>\n",
                100 * csv_number(t, k, "accuracy"), 100 * csv_number(t, k, "accuracy_low"),
                100 * csv_number(t, k, "accuracy_high"), 100 * csv_number(t, k, "difference"),
                csv_number(t, k, "mcnemar_p"));
    }
    fputs("</div></section>\n", out);
}

/* Columns "energy_CLASS_J" of a table; returns how many. */
static size_t energy_columns(const struct table *t, size_t *columns, size_t most)
{
    size_t n = 0;
    for (size_t c = 0; c < t->n_columns && n < most; c++)
        if (strncmp(t->names[c], "energy_", 7) == 0 && strcmp(t->names[c], "energy_J") != 0)
            columns[n++] = c;
    return n;
}

/* "devices" of "energy_devices_J", to free(). */
static char *class_of(const char *name)
{
    const size_t n = strlen(name);
    char *text = memory_string_n(name + 7, n > 9 ? n - 9 : 0);
    for (char *p = text; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    return text;
}

/* Energy of a layer by class: sums over its rows from `first` on; returns the row behind them. */
static size_t sum_layer(const struct table *t, size_t first, size_t n, const size_t *columns,
                        double *sums)
{
    size_t k = first;
    memset(sums, 0, n * sizeof *sums);
    for (; k < t->n_rows && strcmp(csv_text(t, k, "layer"), csv_text(t, first, "layer")) == 0; k++)
        for (size_t c = 0; c < n; c++)
            sums[c] += fmax(0, csv_number(t, k, t->names[columns[c]]));
    return k;
}

static double total(size_t n, const double *sums)
{
    double all = 0;
    for (size_t c = 0; c < n; c++)
        all += sums[c];
    return all;
}

static void energies(const struct table *t, FILE *out)
{
    size_t columns[8];
    const size_t n = energy_columns(t, columns, 8);
    double sums[8], most = 0;
    for (size_t k = 0; n > 0 && k < t->n_rows;) {
        k = sum_layer(t, k, n, columns, sums);
        most = fmax(most, total(n, sums));
    }
    if (!(most > 0))
        return;
    fputs("<section><h2 id=\"energy\">Energy of an image by layer and class</h2>\n<div "
          "class=\"bars\">\n",
          out);
    for (size_t k = 0, drawn = 0; k < t->n_rows && drawn < LAYERS_MAX; drawn++) {
        fputs("<span>", out);
        html_text(csv_text(t, k, "layer"), out);
        fputs("</span><span class=\"bar\">", out);
        k = sum_layer(t, k, n, columns, sums);
        for (size_t c = 0; c < n; c++)
            bar(sums[c] / most, c, out);
        fputs("</span><span class=\"n\">", out);
        html_quantity(total(n, sums), "J", 4, out);
        fputs("</span><span></span>\n", out);
    }
    fputs("</div>\n<p class=\"soft\">", out);
    for (size_t c = 0; c < n; c++) {
        char *class = class_of(t->names[columns[c]]);
        fprintf(out, "<span class=\"legend\"><span class=\"key c%zu\"></span>", c % 8);
        html_text(class, out);
        fputs("</span> ", out);
        free(class);
    }
    fputs("</p></section>\n", out);
}

/* A curve a layer: share of conversions against the part of the range. */
static void codes(const struct table *t, FILE *out)
{
    struct html_curve *curves = NEW(LAYERS_MAX, struct html_curve);
    double *x = NEW(t->n_rows, double), *y = NEW(t->n_rows, double);
    size_t n = 0;
    for (size_t k = 0; k < t->n_rows; k++) {
        x[k] = csv_number(t, k, "part_of_range");
        y[k] = csv_number(t, k, "share");
        if (k == 0 || strcmp(csv_text(t, k, "layer"), csv_text(t, k - 1, "layer")) != 0) {
            if (n == LAYERS_MAX)
                break;
            curves[n++] = (struct html_curve){
                .name = csv_text(t, k, "layer"), .x = x + k, .y = y + k, .steps = true};
        }
        curves[n - 1].n++;
    }
    const struct html_plot_options options = {"current, of the converter's range",
                                              "share of conversions", "", "", true};
    fputs("<section><h2 id=\"codes\">Codes of the converters</h2>\n", out);
    html_plot(n, curves, &options, out);
    fputs("</section>\n", out);
    free(curves);
    free(x);
    free(y);
}

static void worst(const struct table *t, FILE *out)
{
    size_t rows = 0, columns = 0;
    for (size_t k = 0; k < t->n_rows; k++) {
        rows = fmax((double)rows, csv_number(t, k, "row"));
        columns = fmax((double)columns, csv_number(t, k, "column"));
    }
    if (rows == 0 || columns == 0 || rows * columns != t->n_rows)
        return;
    double *error = NEW(rows * columns, double);
    for (size_t k = 0; k < t->n_rows; k++) {
        const double i = csv_number(t, k, "row"), j = csv_number(t, k, "column");
        if (i >= 1 && j >= 1)
            error[(size_t)(i - 1) * columns + (size_t)(j - 1)] =
                100 * (csv_number(t, k, "effective") - csv_number(t, k, "wanted"));
    }
    char *title =
        memory_format("error of weights, %.40s, tile at %.0f, %.0f", csv_text(t, 0, "layer"),
                      csv_number(t, 0, "first_row"), csv_number(t, 0, "first_column"));
    const struct heat_map map = {rows, columns, error, title, "% of w_max"};
    fputs("<section><h2 id=\"worst\">The worst pair of tiles</h2>\n", out);
    heat_map_write(&map, out);
    fputs("</section>\n", out);
    free(title);
    free(error);
}

static enum status part(const char *folder, const char *file,
                        void (*draw)(const struct table *t, FILE *out), FILE *out,
                        struct error *error)
{
    struct table *t;
    const enum status status = page_read(folder, file, &t, error);
    if (t && t->n_rows > 0)
        draw(t, out);
    table_free(t);
    return status;
}

enum status page_inference_parts(const char *folder, FILE *out, struct error *error)
{
    static const struct {
        const char *file;
        void (*draw)(const struct table *t, FILE *out);
    } parts[] = {{"effects.csv", effects},
                 {"tiles.csv", energies},
                 {"codes.csv", codes},
                 {"worst.csv", worst}};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < sizeof parts / sizeof parts[0] && status == STATUS_OK; k++)
        status = part(folder, parts[k].file, parts[k].draw, out, error);
    return status;
}

/* --------------------------------------------------------------------------------- the page */

static void headline(const struct table *t, FILE *out)
{
    fprintf(out,
            "<section><div class=\"cards\">\n<div class=\"card\"><span class=\"name\">accuracy on "
            "tiles</span><b>%.2f %%</b><span>%.2f to %.2f; in double precision %.2f</span></div>\n",
            100 * csv_number(t, 0, "accuracy"), 100 * csv_number(t, 0, "accuracy_low"),
            100 * csv_number(t, 0, "accuracy_high"), 100 * csv_number(t, 0, "accuracy_float"));
    fprintf(out,
            "<div class=\"card\"><span class=\"name\">agreement</span><b>%.2f %%</b><span>of %.0f "
            "images as in double precision</span></div>\n",
            100 * csv_number(t, 0, "agreement"), csv_number(t, 0, "images"));
    fputs("<div class=\"card\"><span class=\"name\">energy of an image</span><b>", out);
    html_quantity(csv_number(t, 0, "energy_array_J"), "J", 4, out);
    fputs("</b><span>in the arrays; converters ", out);
    html_quantity(csv_number(t, 0, "energy_converters_J"), "J", 3, out);
    fputs("</span></div>\n<div class=\"card\"><span class=\"name\">time of an image</span><b>",
          out);
    html_quantity(csv_number(t, 0, "time_sequence_s"), "s", 3, out);
    fprintf(out, "</b><span>%.0f devices on %.0f tiles</span></div>\n</div></section>\n",
            csv_number(t, 0, "devices"), csv_number(t, 0, "tiles"));
}

static void whole(const char *title, const struct table *t, FILE *out)
{
    if (!t)
        return;
    fprintf(out, "<section><h2>%s</h2><div class=\"scroll\">\n", title);
    page_whole_table(t, out);
    fputs("</div></section>\n", out);
}

enum status page_inference(const char *folder, const char *name, FILE *out, struct error *error)
{
    static const char *const files[] = {"total.csv", "layers.csv", "programming.csv",
                                        "confusion.csv"};
    static const char *const titles[] = {"All figures", "Layers", "Programming",
                                         "Labels by decisions"};
    struct table *tables[4] = {NULL};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < 4 && status == STATUS_OK; k++)
        status = page_read(folder, files[k], &tables[k], error);
    if (status == STATUS_OK && tables[0]->n_rows != 1)
        status = fail(error, STATUS_INPUT, "%s/total.csv: %zu rows, expected 1", folder,
                      tables[0]->n_rows);
    if (status == STATUS_OK) {
        page_begin(name, out);
        fputs("<header><h1>A trained network on tiles of memristors</h1><div class=\"soft\">folder "
              "<code>",
              out);
        html_text(name, out);
        fputs("</code></div></header>\n", out);
        headline(tables[0], out);
        status = page_inference_parts(folder, out, error);
        for (size_t k = 1; k < 4; k++)
            whole(titles[k], tables[k], out);
        whole(titles[0], tables[0], out);
        if (status == STATUS_OK && page_there(folder, "manifest.json"))
            status = page_json(folder, "manifest.json", out, error);
        page_footer(out);
        page_end(out);
    }
    for (size_t k = 0; k < 4; k++)
        table_free(tables[k]);
    return status;
}
