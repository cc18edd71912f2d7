/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_sweep.h"

#include "base/memory.h"
#include "report/page/html.h"
#include "report/page/page_parts.h"
#include "report/page/page_table.h"
#include "report/page/page_wave.h"
#include "study/claims/aggregate.h"
#include "sweep/store.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CURVES_MAX 8   /* of one plot */
#define PLOTS_MAX 24   /* outputs that are drawn */
#define ROWS_MAX 2000  /* samples that are listed */
#define POINTS_MAX 500 /* points that are listed */

/* What is drawn. */
struct drawing {
    const struct page_sweep *sweep;
    const struct table *samples, *points;
    size_t status; /* column of samples */
    size_t n_outputs;
    const char **outputs; /* n_outputs: numbers that are not all the same */
    size_t n_points;
    size_t *begin; /* n_points + 1: rows of samples of each point */
};

static const struct cell *at(const struct table *t, size_t row, size_t column)
{
    return &t->cells[row * t->n_columns + column];
}

static double number_at(const struct table *t, size_t row, size_t column)
{
    return column < t->n_columns && at(t, row, column)->kind == CELL_NUMBER
               ? at(t, row, column)->number
               : NAN;
}

static bool done(const struct drawing *d, size_t row)
{
    const struct cell *c = at(d->samples, row, d->status);
    return c->kind == CELL_TEXT && strcmp(c->text, "done") == 0;
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->kind == b->kind && (a->kind != CELL_NUMBER || a->number == b->number) &&
           (a->kind != CELL_TEXT || strcmp(a->text, b->text) == 0);
}

/* Rows of a point stand together: samples are in the order of points. */
static void find_points(struct drawing *d)
{
    const struct table *t = d->samples;
    d->begin = NEW(t->n_rows + 1, size_t);
    for (size_t i = 0; i < t->n_rows; i++) {
        bool new = i == 0;
        for (size_t c = 2; c <= d->sweep->n_inputs && !new; c++)
            new = !same(at(t, i, c), at(t, i - 1, c));
        if (new)
            d->begin[d->n_points++] = i;
    }
    d->begin[d->n_points] = t->n_rows;
}

/* Outputs with at least two values. */
static void find_outputs(struct drawing *d)
{
    const struct table *t = d->samples;
    d->outputs = NEW(t->n_columns, const char *);
    for (size_t c = d->sweep->n_inputs + 1; c < d->status; c++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < t->n_rows; i++) {
            const double v = number_at(t, i, c);
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        if (high > low)
            d->outputs[d->n_outputs++] = t->names[c];
    }
}

/* "dopant = W, noise = 0.1", without one column; to be freed. */
static char *point_name(const struct drawing *d, size_t point, size_t without)
{
    char *name = memory_string("");
    for (size_t c = 0; c + 1 < d->sweep->n_inputs; c++) {
        if (c == without)
            continue;
        char text[64] = "", *longer;
        const struct cell *cell = at(d->points, point, c);
        if (cell->kind == CELL_NUMBER)
            snprintf(text, sizeof text, "%.5g", cell->number);
        longer = memory_format("%s%s%s = %s", name, *name ? ", " : "", d->points->names[c],
                               cell->kind == CELL_TEXT ? cell->text : text);
        free(name);
        name = longer;
    }
    return name;
}

/* The swept number with the most values, or the number of columns. */
static size_t find_axis(const struct drawing *d)
{
    size_t best = d->points->n_columns, most = 1;
    for (size_t c = 0; c + 1 < d->sweep->n_inputs; c++) {
        size_t n = 0;
        for (size_t i = 0; i < d->n_points; i++) {
            bool seen = at(d->points, i, c)->kind != CELL_NUMBER;
            for (size_t j = 0; j < i && !seen; j++)
                seen = same(at(d->points, i, c), at(d->points, j, c));
            n += !seen;
        }
        if (n > most) {
            most = n;
            best = c;
        }
    }
    return best;
}

/* Do two points differ in `axis' alone? */
static bool same_curve(const struct drawing *d, size_t a, size_t b, size_t axis)
{
    for (size_t c = 0; c + 1 < d->sweep->n_inputs; c++)
        if (c != axis && !same(at(d->points, a, c), at(d->points, b, c)))
            return false;
    return true;
}

struct sorted {
    double x, y, low, high;
};

static int by_x(const void *a, const void *b)
{
    const struct sorted *p = a, *q = b;
    return p->x < q->x ? -1 : p->x > q->x;
}

/* One output against the axis, a curve for each set of the other inputs. */
static void draw_output(const struct drawing *d, size_t axis, const char *output, FILE *out)
{
    const struct table *t = d->points;
    const size_t column = table_column(t, output), n = d->n_points;
    struct html_curve curves[CURVES_MAX];
    char *names[CURVES_MAX];
    double *numbers = NEW(4 * n, double);
    struct sorted *sorted = NEW(n, struct sorted);
    bool *taken = NEW(n, bool);
    size_t n_curves = 0, used = 0;
    for (size_t first = 0; first < n && n_curves < CURVES_MAX; first++) {
        size_t m = 0;
        for (size_t i = first; i < n && !taken[first]; i++)
            if (i == first || same_curve(d, i, first, axis)) {
                taken[i] = i != first;
                sorted[m++] =
                    (struct sorted){number_at(t, i, axis), number_at(t, i, column),
                                    number_at(t, i, column + 1), number_at(t, i, column + 2)};
            }
        if (m == 0)
            continue;
        qsort(sorted, m, sizeof *sorted, by_x);
        double *x = numbers + 4 * used, *y = x + m, *low = y + m, *high = low + m;
        for (size_t i = 0; i < m; i++) {
            x[i] = sorted[i].x;
            y[i] = sorted[i].y;
            low[i] = sorted[i].low;
            high[i] = sorted[i].high;
        }
        names[n_curves] = point_name(d, first, axis);
        curves[n_curves] = (struct html_curve){
            .name = names[n_curves], .n = m, .x = x, .y = y, .low = low, .high = high};
        n_curves++;
        used += m;
    }
    char *x_label = page_label(t->names[axis]), *y_label = page_label(output);
    const struct html_plot_options options = {x_label, y_label, page_unit(t->names[axis]),
                                              page_unit(output), false};
    html_plot(n_curves, curves, &options, out);
    free(x_label);
    free(y_label);
    for (size_t k = 0; k < n_curves; k++)
        free(names[k]);
    free(numbers);
    free(sorted);
    free(taken);
}

static void count_curves(const struct drawing *d, size_t axis, FILE *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_points; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = same_curve(d, i, j, axis);
        n += !seen;
    }
    if (n > CURVES_MAX)
        fprintf(out, "<p class=\"note\">The first %d of %zu curves.</p>\n", CURVES_MAX, n);
}

static void curves(const struct drawing *d, FILE *out)
{
    const size_t axis = find_axis(d);
    fputs("<section><h2 id=\"curves\">Curves</h2>\n", out);
    if (axis == d->points->n_columns) {
        fputs("<p class=\"note\">No number was swept: the points are in the table below.</p>\n",
              out);
    } else {
        fputs("<p class=\"note\">Mean over the replicas that are done, with its 95\xc2\xa0% "
              "interval (bootstrap).</p>\n",
              out);
        count_curves(d, axis, out);
        fputs("<div class=\"two\">\n", out);
        for (size_t k = 0; k < d->n_outputs && k < PLOTS_MAX; k++)
            draw_output(d, axis, d->outputs[k], out);
        fputs("</div>\n", out);
    }
    fputs("</section>\n", out);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Share of samples at or below a value, a curve for each point. */
static void draw_distribution(const struct drawing *d, const char *output, FILE *out)
{
    const struct table *t = d->samples;
    const size_t column = table_column(t, output);
    struct html_curve list[CURVES_MAX];
    char *names[CURVES_MAX];
    double *numbers = NEW(4 * (t->n_rows + d->n_points), double), *next = numbers;
    size_t n = 0;
    for (size_t p = 0; p < d->n_points && n < CURVES_MAX; p++) {
        double *x = next;
        size_t m = 0;
        for (size_t i = d->begin[p]; i < d->begin[p + 1]; i++)
            if (done(d, i) && isfinite(number_at(t, i, column)))
                x[1 + m++] = number_at(t, i, column);
        if (m == 0)
            continue;
        qsort(x + 1, m, sizeof *x, by_value);
        double *y = x + m + 1;
        x[0] = x[1];
        y[0] = 0;
        for (size_t i = 1; i <= m; i++)
            y[i] = (double)i / (double)m;
        next = y + m + 1;
        names[n] = point_name(d, p, SIZE_MAX);
        list[n] = (struct html_curve){
            .name = *names[n] ? names[n] : "all", .n = m + 1, .x = x, .y = y, .steps = true};
        n++;
    }
    char *label = page_label(output);
    const struct html_plot_options options = {label, "share of samples at or below [1]",
                                              page_unit(output), "", true};
    if (n > 0)
        html_plot(n, list, &options, out);
    free(label);
    for (size_t k = 0; k < n; k++)
        free(names[k]);
    free(numbers);
}

static void distributions(const struct drawing *d, FILE *out)
{
    fputs("<section><h2 id=\"distributions\">Distributions</h2>\n", out);
    if (d->n_points > CURVES_MAX)
        fprintf(out, "<p class=\"note\">Of the first %d of %zu points.</p>\n", CURVES_MAX,
                d->n_points);
    if (d->n_outputs > PLOTS_MAX)
        fprintf(out, "<p class=\"note\">The first %d of %zu outputs that differ.</p>\n", PLOTS_MAX,
                d->n_outputs);
    fputs("<div class=\"two\">\n", out);
    for (size_t k = 0; k < d->n_outputs && k < PLOTS_MAX; k++)
        draw_distribution(d, d->outputs[k], out);
    fputs("</div></section>\n", out);
}

/* Points with what differs: inputs, counts, means and their intervals. */
static void points(const struct drawing *d, FILE *out)
{
    const struct table *t = d->points;
    size_t *columns = NEW(t->n_columns, size_t), *rows = NEW(t->n_rows, size_t), n = 0;
    const size_t n_rows = t->n_rows < POINTS_MAX ? t->n_rows : POINTS_MAX;
    for (size_t c = 0; c < t->n_columns; c++) {
        bool wanted = c <= d->sweep->n_inputs;
        for (size_t k = 0; k < d->n_outputs && !wanted; k++) {
            const size_t first = table_column(t, d->outputs[k]);
            wanted = c >= first && c < first + 3;
        }
        if (wanted)
            columns[n++] = c;
    }
    for (size_t i = 0; i < n_rows; i++)
        rows[i] = i;
    fprintf(
        out,
        "<section><h2 id=\"points\">Points</h2>\n<p class=\"note\">Means and the ends of their "
        "95\xc2\xa0%% intervals; outputs that are the same in all samples are left out.%s</p>\n",
        n_rows < t->n_rows ? " The first points; `silverbar table' has all samples." : "");
    page_table(t, n_rows, rows, n, columns, out);
    fputs("</section>\n", out);
    free(columns);
    free(rows);
}

/* A word for a shell. */
static void shell_word(const char *before, const char *file, const char *after, FILE *out)
{
    fputs(before, out);
    html_text("'", out);
    for (const char *p = file; *p;) {
        const size_t n = strcspn(p, "'");
        char *part = memory_string_n(p, n);
        html_text(part, out);
        free(part);
        p += n;
        if (*p) {
            html_text("'\\''", out);
            p++;
        }
    }
    html_text("'", out);
    html_text(after, out);
}

static void run_again(const struct page_sweep *s, FILE *out)
{
    char *path =
        s->folder ? memory_format("%s/testbench.yaml", s->file) : memory_string("testbench.yaml");
    shell_word("<code>silverbar run ", path, " --sample 0 -o sample0", out);
    fputs("</code>", out);
    free(path);
}

static void samples(const struct drawing *d, FILE *out)
{
    const struct table *t = d->samples;
    size_t *rows = NEW(t->n_rows, size_t), *columns = NEW(t->n_columns, size_t), n = 0,
           failures = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < t->n_rows; i++)
            if (done(d, i) == (pass == 1))
                rows[n++] = i;
    for (size_t i = 0; i < t->n_rows; i++)
        failures += !done(d, i);
    const size_t shown = n < ROWS_MAX ? n : ROWS_MAX;
    size_t m = 0;
    columns[m++] = 0;
    columns[m++] = d->status;
    if (failures > 0)
        columns[m++] = d->status + 1;
    for (size_t c = 1; c < d->status; c++)
        columns[m++] = c;
    fputs("<section><h2 id=\"samples\">Samples</h2>\n<p class=\"note\">", out);
    if (shown < n)
        fprintf(out, "%zu of %zu, ", shown, n);
    fputs("those that failed first. One of them again, with its number in place of 0: ", out);
    run_again(d->sweep, out);
    fputs(d->sweep->folder ? "</p>\n" : ", with the <a href=\"#testbench\">testbench</a>.</p>\n",
          out);
    page_table(t, shown, rows, m, columns, out);
    fputs("</section>\n", out);
    free(rows);
    free(columns);
}

static void head(const struct drawing *d, FILE *out)
{
    const struct page_sweep *s = d->sweep;
    size_t n_done = 0;
    for (size_t i = 0; i < d->samples->n_rows; i++)
        n_done += done(d, i);
    fputs("<header><h1>", out);
    html_text(s->title, out);
    fprintf(out, "</h1><div class=\"soft\">%s <code>", s->folder ? "folder" : "file");
    html_text(s->file, out);
    fputs("</code>, silverbar ", out);
    html_text(s->version, out);
    fputs("</div>\n<nav><a href=\"#curves\">Curves</a><a href=\"#distributions\">Distributions</a>"
          "<a href=\"#points\">Points</a><a href=\"#samples\">Samples</a><a "
          "href=\"#testbench\">Testbench</a></nav></header>\n<section><div class=\"cards\">\n",
          out);
    fprintf(out,
            "<div class=\"card\"><span class=\"name\">samples</span><b>%zu of %zu</b><span>%s"
            "</span></div>\n"
            "<div class=\"card\"><span class=\"name\">done</span><b>%zu</b><span>all is well</span>"
            "</div>\n"
            "<div class=\"card\"><span class=\"name\">failed, or not to be trusted</span><b "
            "class=\"%s\">%zu</b><span>kept, and named below</span></div>\n"
            "<div class=\"card\"><span class=\"name\">points</span><b>%zu</b><span>sets of "
            "inputs</span></div>\n</div></section>\n",
            d->samples->n_rows, s->n_samples,
            d->samples->n_rows < s->n_samples ? "`silverbar sweep --resume' completes them"
                                              : "complete",
            n_done, n_done < d->samples->n_rows ? "bad" : "good", d->samples->n_rows - n_done,
            d->n_points);
}

/* Of "seed: 7" in a testbench; 1 if it has none. */
static uint64_t seed_of(const char *testbench)
{
    const char *p = strncmp(testbench, "seed:", 5) == 0 ? testbench : strstr(testbench, "\nseed:");
    return p ? strtoull(p + strcspn(p, ":") + 1, NULL, 10) : 1;
}

void page_sweep(const struct page_sweep *s, FILE *out)
{
    struct drawing d = {
        .sweep = s, .samples = s->samples, .status = table_column(s->samples, "status")};
    struct table *aggregated = aggregate_points(s->samples, s->n_inputs, seed_of(s->testbench));
    d.points = aggregated;
    find_points(&d);
    find_outputs(&d);
    page_begin(s->title, out);
    head(&d, out);
    if (d.n_points > 0) {
        curves(&d, out);
        distributions(&d, out);
        points(&d, out);
    }
    samples(&d, out);
    fputs("<section><h2 id=\"testbench\">Testbench</h2>\n<p class=\"note\">All that determines the "
          "results",
          out);
    if (!s->folder) {
        fputs(", as the file keeps it; to run a sample again: ", out);
        shell_word("<code>sqlite3 ", s->file, " 'SELECT identity FROM sweep' >testbench.yaml", out);
        fputs("</code>", out);
    }
    fputs("</p>\n<pre>", out);
    html_text_lines(s->testbench, out);
    fputs("</pre></section>\n", out);
    page_footer(out);
    page_end(out);
    table_free(aggregated);
    free(d.outputs);
    free(d.begin);
}

enum status page_sweep_file(const char *path, FILE *out, struct error *error)
{
    struct table *t = NULL;
    struct store_info info;
    enum status status = store_info_read(path, &info, error);
    if (status != STATUS_OK)
        return status;
    size_t n_samples;
    status = store_table(path, false, &t, &n_samples, error);
    if (status == STATUS_OK && (table_column(t, "status") >= t->n_columns - 1 ||
                                info.n_inputs + 1 > table_column(t, "status") || info.n_inputs < 1))
        status = fail(
            error, STATUS_INPUT,
            "%s: expected columns sample, replica, other inputs, outputs, status, failure", path);
    if (status == STATUS_OK) {
        const struct page_sweep sweep = {.file = path,
                                         .title = info.title,
                                         .version = info.version,
                                         .testbench = info.identity,
                                         .samples = t,
                                         .n_samples = n_samples,
                                         .n_inputs = info.n_inputs};
        page_sweep(&sweep, out);
    }
    table_free(t);
    store_info_free(&info);
    return status;
}
