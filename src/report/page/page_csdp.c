/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_csdp.h"

#include "base/memory.h"
#include "report/csv_read.h"
#include "report/heat_map.h"
#include "report/page/html.h"
#include "report/page/page_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRID_MAX 1024 /* lines, neurons, time steps that are drawn */

bool page_csdp_has(const char *folder)
{
    return page_there(folder, "learning.csv") && page_there(folder, "patterns.csv") &&
           page_there(folder, "spikes.csv");
}

/* Goodness of the presentations with the right label, and of those with the wrong one. */
static void goodness(const struct table *t, FILE *out)
{
    double *x = NEW(2 * t->n_rows, double), *y = NEW(2 * t->n_rows, double);
    size_t n[2] = {0};
    for (size_t k = 0; k < t->n_rows; k++) {
        const size_t positive = csv_number(t, k, "positive") > 0,
                     at = positive * t->n_rows + n[positive]++;
        x[at] = csv_number(t, k, "presentation");
        y[at] = csv_number(t, k, "goodness");
    }
    const struct html_curve curves[] = {
        {.name = "wrong label", .n = n[0], .x = x, .y = y},
        {.name = "right label", .n = n[1], .x = x + t->n_rows, .y = y + t->n_rows}};
    const struct html_plot_options options = {"presentation", "goodness", "", "", true};
    fputs("<section><h2>Goodness</h2>\n<p class=\"soft\">Sum of the squared traces, mean over a "
          "presentation's time steps.</p>\n",
          out);
    html_plot(2, curves, &options, out);
    fputs("</section>\n", out);
    free(x);
    free(y);
}

static void patterns(const struct table *t, FILE *out)
{
    fputs(
        "<section><h2>Patterns</h2>\n<p class=\"soft\">Margin: goodness with the right label less "
        "that with the wrong one; above 0 the decision is right.</p>\n",
        out);
    page_whole_table(t, out);
    fputs("</section>\n", out);
}

/* Largest whole number of a column, 0 if it has others. */
static size_t largest(const struct table *t, const char *column)
{
    double most = 0;
    for (size_t k = 0; k < t->n_rows; k++) {
        const double value = csv_number(t, k, column);
        if (!(value >= 1 && value <= GRID_MAX && value == floor(value)))
            return 0;
        most = fmax(most, value);
    }
    return (size_t)most;
}

/* Conductances of the devices of one sign, a row a line. */
static void map(const struct table *t, const char *sign, const char *column, const char *title,
                FILE *out)
{
    const size_t rows = largest(t, "line"), columns = largest(t, "neuron");
    double *g = NEW(rows * columns + 1, double);
    for (size_t k = 0; k < t->n_rows; k++)
        if (strcmp(csv_text(t, k, "sign"), sign) == 0 && isfinite(csv_number(t, k, column)))
            g[((size_t)csv_number(t, k, "line") - 1) * columns +
              (size_t)csv_number(t, k, "neuron") - 1] = 1e6 * csv_number(t, k, column);
    heat_map_write(&(struct heat_map){rows, columns, g, title, "uS"}, out);
    free(g);
}

static void devices(const struct table *t, FILE *out)
{
    if (largest(t, "line") == 0 || largest(t, "neuron") == 0)
        return;
    fputs("<section><h2>Conductances</h2>\n<p class=\"soft\">A row a line, a column a neuron.</p>\n"
          "<div style=\"display:flex;flex-wrap:wrap\">\n",
          out);
    map(t, "+", "initial_S", "plus, at first", out);
    map(t, "-", "initial_S", "minus, at first", out);
    map(t, "+", "final_S", "plus, after the training", out);
    map(t, "-", "final_S", "minus, after the training", out);
    fputs("</div></section>\n", out);
}

/* Spikes of one presentation: lines below, neurons above. */
static void raster(const struct table *t, double presentation, size_t lines, size_t neurons,
                   size_t steps, FILE *out)
{
    const size_t rows = lines + neurons;
    fprintf(out,
            "<figure><svg viewBox=\"0 0 %zu %zu\" preserveAspectRatio=\"none\" style=\"width:100%%;"
            "height:%zupx;border:1px solid currentColor\" role=\"img\">\n",
            10 * steps, 10 * rows, 6 * rows);
    for (size_t k = 0; k < t->n_rows; k++) {
        if (csv_number(t, k, "presentation") != presentation)
            continue;
        const bool neuron = strcmp(csv_text(t, k, "of"), "neuron") == 0;
        const size_t row = (size_t)csv_number(t, k, "number") + (neuron ? lines : 0);
        fprintf(out, "<rect x=\"%.0f\" y=\"%zu\" width=\"6\" height=\"8\" fill=\"var(--c%d)\"/>\n",
                10 * (csv_number(t, k, "step") - 1) + 2, 10 * (rows - row) + 1, neuron ? 1 : 0);
    }
    fprintf(out,
            "</svg><figcaption>presentation %.0f: %zu lines below, %zu neurons above, %zu time "
            "steps</figcaption></figure>\n",
            presentation, lines, neurons, steps);
}

static void spikes(const struct table *t, FILE *out)
{
    size_t most[2] = {0};
    const size_t steps = largest(t, "step");
    if (steps == 0 || largest(t, "number") == 0)
        return;
    for (size_t k = 0; k < t->n_rows; k++) {
        size_t *m = &most[strcmp(csv_text(t, k, "of"), "neuron") == 0];
        *m = (size_t)fmax((double)*m, csv_number(t, k, "number"));
    }
    fputs("<section><h2>Spikes</h2>\n<p class=\"soft\">Of the first and the last draw: right and "
          "wrong "
          "label.</p>\n<div class=\"two\">\n",
          out);
    double last = 0;
    for (size_t k = 0; k < t->n_rows; k++) {
        const double presentation = csv_number(t, k, "presentation");
        if (presentation == last)
            continue;
        last = presentation;
        raster(t, presentation, most[0], most[1], steps, out);
    }
    fputs("</div></section>\n", out);
}

enum status page_csdp_parts(const char *folder, FILE *out, struct error *error)
{
    static const struct {
        const char *file;
        void (*draw)(const struct table *t, FILE *out);
    } parts[] = {{"patterns.csv", patterns},
                 {"learning.csv", goodness},
                 {"spikes.csv", spikes},
                 {"devices.csv", devices}};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < sizeof parts / sizeof parts[0] && status == STATUS_OK; k++) {
        struct table *t;
        status = page_read(folder, parts[k].file, &t, error);
        if (t && t->n_rows > 0)
            parts[k].draw(t, out);
        table_free(t);
    }
    return status;
}
