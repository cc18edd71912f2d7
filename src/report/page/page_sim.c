/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_sim.h"

#include "base/directory.h"
#include "base/memory.h"
#include "report/csv_read.h"
#include "report/page/html.h"
#include "report/page/page_parts.h"
#include "report/page/page_table.h"
#include "report/page/page_wave.h"
#include "simulate/simulation.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ELEMENTS_MAX 30 /* bars */
#define KINDS_MAX 32
#define SIGNALS_MAX 4000

struct sim_data {
    struct table *deck, *analyses, *values, *measures, *account, *energy, *course;
};

static const struct {
    const char *name;
    size_t offset; /* in struct sim_data */
} tables[] = {
    {"deck.csv", offsetof(struct sim_data, deck)},
    {"analyses.csv", offsetof(struct sim_data, analyses)},
    {"values.csv", offsetof(struct sim_data, values)},
    {"measures.csv", offsetof(struct sim_data, measures)},
    {"account.csv", offsetof(struct sim_data, account)},
    {"energy.csv", offsetof(struct sim_data, energy)},
    {"course.csv", offsetof(struct sim_data, course)},
};
#define N_TABLES (sizeof tables / sizeof tables[0])

static struct table **table_at(struct sim_data *d, size_t i)
{
    return (struct table **)(void *)((char *)d + tables[i].offset);
}

bool page_sim_is(const char *folder)
{
    char *path = memory_format("%s/simulation.json", folder);
    const bool is = access(path, F_OK) == 0;
    free(path);
    return is;
}

/* The three columns of an element's energy, whichever has it. */
static double energy_of(const struct table *t, size_t row, const char **role)
{
    static const char *const columns[] = {"delivered_J", "absorbed_J", "stored_J"},
                             *const roles[] = {"delivered", "absorbed", "stored"};
    for (size_t i = 0; i < 3; i++) {
        const double e = csv_number(t, row, columns[i]);
        if (isfinite(e)) {
            *role = roles[i];
            return e;
        }
    }
    *role = "";
    return 0;
}

struct entry {
    char *name;
    const char *role;
    double energy, error;
};

static int larger(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const double d = fabs(y->energy) - fabs(x->energy);
    return d > 0 ? 1 : d < 0 ? -1 : strcmp(x->name, y->name);
}

static void bars(struct entry *entries, size_t n, FILE *out)
{
    double most = 0;
    qsort(entries, n, sizeof *entries, larger);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(entries[i].energy));
    fputs("<div class=\"bars\">\n", out);
    for (size_t i = 0; i < n && i < ELEMENTS_MAX; i++) {
        const struct entry *e = &entries[i];
        fputs("<span>", out);
        html_text(e->name, out);
        fprintf(out, "</span><span class=\"bar\"><i%s style=\"width:%.3f%%\"></i></span>",
                (strcmp(e->role, "delivered") == 0) == (e->energy >= 0) ? " class=\"s\"" : "",
                most > 0 ? 100 * fabs(e->energy) / most : 0);
        fputs("<span class=\"n\">", out);
        html_quantity(e->energy, "J", 5, out);
        fprintf(out, "</span><span class=\"n soft o\">%s", e->role);
        if (isfinite(e->error) && e->error > 0) {
            fputs(" \xc2\xb1\xc2\xa0", out);
            html_quantity(e->error, "J", 2, out);
        }
        fputs("</span>\n", out);
    }
    fputs("</div>\n", out);
    if (n > ELEMENTS_MAX)
        fprintf(out, "<p class=\"note\">The %d largest of %zu; all are in energy.csv.</p>\n",
                ELEMENTS_MAX, n);
}

static void energy_bars(const struct table *t, const char *analysis, FILE *out)
{
    struct entry *elements = NEW(t->n_rows, struct entry), kinds[KINDS_MAX];
    size_t n = 0, n_kinds = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        const char *role, *kind = csv_text(t, i, "kind");
        const double e = energy_of(t, i, &role);
        if (strcmp(csv_text(t, i, "analysis"), analysis) != 0)
            continue;
        elements[n++] = (struct entry){memory_string(csv_text(t, i, "element")), role, e,
                                       csv_number(t, i, "error_J")};
        size_t k = 0;
        while (k < n_kinds && strcmp(kinds[k].name, kind) != 0)
            k++;
        if (k == n_kinds && n_kinds < KINDS_MAX)
            kinds[n_kinds++] = (struct entry){memory_string(kind), role, 0, NAN};
        if (k < n_kinds)
            kinds[k].energy += e;
    }
    fputs("<div class=\"two\"><div><h3>By kind of element</h3>\n", out);
    bars(kinds, n_kinds, out);
    fputs("</div><div><h3>By element</h3>\n", out);
    bars(elements, n, out);
    fputs("</div></div>\n", out);
    for (size_t i = 0; i < n; i++)
        free(elements[i].name);
    for (size_t i = 0; i < n_kinds; i++)
        free(kinds[i].name);
    free(elements);
}

static void account_table(const struct table *t, size_t row, FILE *out)
{
    static const struct {
        const char *column, *text;
    } lines[] = {{"delivered_J", "delivered by the sources"},
                 {"absorbed_J", "absorbed"},
                 {"stored_J", "stored in capacitors and inductors"},
                 {"residual_J", "residual"},
                 {"turnover_J", "changed hands"}};
    fputs("<div><h3>Does the account close?</h3><table>", out);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        fprintf(out, "<tr><td>%s</td><td class=\"n\">", lines[i].text);
        html_quantity(csv_number(t, row, lines[i].column), "J", 6, out);
        fputs("</td></tr>\n", out);
    }
    const double share = csv_number(t, row, "residual");
    fprintf(out,
            "<tr><td>residual of what changed hands</td><td class=\"n %s\">%.2e</td></tr>"
            "</table><p class=\"note\">From ",
            share <= SIMULATION_RESIDUAL ? "good" : "bad", share);
    html_quantity(csv_number(t, row, "t0_s"), "s", 4, out);
    fputs(" to ", out);
    html_quantity(csv_number(t, row, "t1_s"), "s", 4, out);
    fprintf(out, "; it closes if the residual is at most %g of what changed hands.",
            SIMULATION_RESIDUAL);
    if (strncmp(csv_text(t, row, "closure"), "closed by", 9) == 0)
        fputs(
            " Here it is closed by construction, whatever is wrong: errors of the energies count.",
            out);
    fputs("</p></div>\n", out);
}

static void course(const struct table *t, const char *analysis, FILE *out)
{
    static const char *const columns[] = {"delivered_J", "absorbed_J", "stored_J"},
                             *const names[] = {"delivered", "absorbed", "stored"};
    double *x = NEW(t->n_rows, double), *y = NEW(3 * t->n_rows, double);
    struct html_curve curves[3];
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        if (strcmp(csv_text(t, i, "analysis"), analysis) != 0)
            continue;
        x[n] = csv_number(t, i, "t_s");
        for (size_t k = 0; k < 3; k++)
            y[k * t->n_rows + n] = csv_number(t, i, columns[k]);
        n++;
    }
    for (size_t k = 0; k < 3; k++)
        curves[k] = (struct html_curve){.name = names[k], .n = n, .x = x, .y = y + k * t->n_rows};
    const struct html_plot_options options = {"time [s]", "energy since the beginning [J]", "s",
                                              "J", true};
    fputs("<div><h3>Energy against time</h3>\n", out);
    if (n > 1)
        html_plot(3, curves, &options, out);
    fputs("</div>\n", out);
    free(x);
    free(y);
}

static void energy(const struct sim_data *d, FILE *out)
{
    if (!d->account || !d->energy || d->account->n_rows == 0) {
        fputs("<p class=\"note\">No transient, no energies.</p>\n", out);
        return;
    }
    fputs("<p class=\"note\"><span class=\"legend\"><span class=\"key c1\"></span>gave</span>"
          "<span class=\"legend\"><span class=\"key c0\"></span>took</span></p>\n",
          out);
    for (size_t i = 0; i < d->account->n_rows; i++) {
        const char *analysis = csv_text(d->account, i, "analysis");
        bool again = false; /* a second transient shares its name with the first */
        for (size_t j = 0; j < i; j++)
            again = again || strcmp(csv_text(d->account, j, "analysis"), analysis) == 0;
        fputs("<div class=\"two\">\n", out);
        account_table(d->account, i, out);
        if (d->course && !again)
            course(d->course, analysis, out);
        fputs("</div>\n", out);
        if (!again)
            energy_bars(d->energy, analysis, out);
    }
}

static void table_part(const char *title, const struct table *t, FILE *out)
{
    if (!t || t->n_rows == 0)
        return;
    fprintf(out, "<h3>%s</h3>\n", title);
    page_whole_table(t, out);
}

/* The first plot of more than one point on a scale that grows. */
static enum status open_plot(const char *path, struct raw_file **f, size_t *plot,
                             struct error *error)
{
    for (*plot = 1;; ++*plot) {
        struct decimate_window window;
        enum status status = raw_read_open(path, *plot, f, error);
        if (status != STATUS_OK)
            return status;
        if ((*f)->n_points > 1 && (*f)->n_signals > 1) {
            status = decimate_window(*f, -INFINITY, INFINITY, &window, error);
            if (status != STATUS_OK || window.monotone)
                return status;
        }
        const bool last = *plot >= (*f)->n_plots;
        raw_read_close(*f);
        *f = NULL;
        if (last)
            return STATUS_OK;
    }
}

static enum status waveforms(const char *folder, const char *name, FILE *out, struct error *error)
{
    char *path, *shown = memory_format("%s/waveforms.raw", name);
    struct raw_file *f = NULL;
    size_t plot = 1;
    enum status status = directory_file(folder, "waveforms.raw", &path, error);
    fputs("<h2 id=\"waveforms\">Waveforms</h2>\n", out);
    if (status == STATUS_OK && access(path, F_OK) != 0)
        fputs("<p class=\"note\">This folder has no waveforms.raw.</p>\n", out);
    else if (status == STATUS_OK && (status = open_plot(path, &f, &plot, error)) == STATUS_OK && !f)
        fputs("<p class=\"note\">No plot of more than one point whose scale grows.</p>\n", out);
    if (f && status == STATUS_OK) {
        const size_t n = f->n_signals - 1 < SIGNALS_MAX ? f->n_signals - 1 : SIGNALS_MAX;
        size_t *signals = NEW(n, size_t);
        char *command = page_wave_command(shown, plot);
        for (size_t k = 0; k < n; k++)
            signals[k] = k + 1;
        fprintf(out, "<p class=\"note\">Plot %zu of %zu: ", plot, f->n_plots);
        html_text(f->plot_name, out);
        fprintf(out, "; %zu of %zu signals.</p>\n", n, f->n_signals - 1);
        const struct page_wave wave = {.file = f,
                                       .n_signals = n,
                                       .signals = signals,
                                       .n_points = f->n_points,
                                       .command = command};
        status = page_wave(&wave, out, error);
        free(signals);
        free(command);
    }
    raw_read_close(f);
    free(path);
    free(shown);
    return status;
}

static void header(const struct sim_data *d, const char *name, FILE *out)
{
    const bool there = d->deck && d->deck->n_rows > 0;
    fputs("<header><h1>", out);
    html_text(there ? csv_text(d->deck, 0, "title") : "A deck", out);
    fputs("</h1><div class=\"soft\">deck <code>", out);
    html_text(there ? csv_text(d->deck, 0, "file") : "", out);
    fputs("</code>, silverbar ", out);
    html_text(there ? csv_text(d->deck, 0, "version") : "", out);
    fputs("; folder <code>", out);
    html_text(name, out);
    fputs("</code></div>\n<nav><a href=\"#results\">Results</a><a href=\"#energy\">Energy</a>"
          "<a href=\"#waveforms\">Waveforms</a><a href=\"#all\">Elements and manifest</a></nav>"
          "</header>\n",
          out);
}

static enum status read_all(const char *folder, struct sim_data *d, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < N_TABLES && status == STATUS_OK; i++) {
        char *path;
        status = directory_file(folder, tables[i].name, &path, error);
        if (status == STATUS_OK && access(path, F_OK) == 0)
            status = csv_read(path, table_at(d, i), error);
        free(path);
    }
    return status;
}

enum status page_sim(const char *folder, const char *name, FILE *out, struct error *error)
{
    struct sim_data d = {0};
    enum status status = read_all(folder, &d, error);
    if (status == STATUS_OK) {
        char *title = memory_format(
            "%s: %s", name, d.deck && d.deck->n_rows ? csv_text(d.deck, 0, "title") : "deck");
        page_begin(title, out);
        free(title);
        header(&d, name, out);
        fputs("<section><h2 id=\"results\">Results</h2>\n", out);
        table_part("Analyses", d.analyses, out);
        table_part("Measures", d.measures, out);
        table_part("Values of plots with one point", d.values, out);
        fputs("</section>\n<section><h2 id=\"energy\">Energy at the terminals</h2>\n", out);
        energy(&d, out);
        fputs("</section>\n<section>\n", out);
        status = waveforms(folder, name, out, error);
        fputs("</section>\n<section><h2 id=\"all\">Elements and manifest</h2>\n", out);
        table_part("Energy of all elements", d.energy, out);
    }
    if (status == STATUS_OK)
        status = page_json(folder, "manifest.json", out, error);
    if (status == STATUS_OK) {
        fputs("</section>\n", out);
        page_footer(out);
        page_end(out);
    }
    for (size_t i = 0; i < N_TABLES; i++)
        table_free(*table_at(&d, i));
    return status;
}
