/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page.h"

#include "base/directory.h"
#include "base/memory.h"
#include "report/csv_read.h"
#include "report/json.h"
#include "report/page/html.h"
#include "report/page/page_inference.h"
#include "report/page/page_parts.h"
#include "report/page/page_run.h"
#include "report/page/page_sim.h"
#include "report/page/page_wave.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAVEFORMS "waveforms.raw"
#define SIGNALS_MAX 4000 /* in a page */

static const struct {
    const char *name;
    size_t offset; /* in struct page_data */
} tables[] = {
    {"energy.csv", offsetof(struct page_data, energy)},
    {"phases.csv", offsetof(struct page_data, phases)},
    {"devices.csv", offsetof(struct page_data, devices)},
    {"pulses.csv", offsetof(struct page_data, pulses)},
    {"images.csv", offsetof(struct page_data, images)},
    {"transfer.csv", offsetof(struct page_data, transfer)},
    {"epochs.csv", offsetof(struct page_data, epochs)},
};
#define N_TABLES (sizeof tables / sizeof tables[0])

static struct table **table_at(struct page_data *d, size_t i)
{
    return (struct table **)(void *)((char *)d + tables[i].offset);
}

static enum status read_all(const char *folder, struct page_data *d, struct error *error)
{
    char *path;
    enum status status = directory_file(folder, "summary.json", &path, error);
    if (status == STATUS_OK)
        status = json_read_summary(path, &d->summary, error);
    free(path);
    for (size_t i = 0; i < N_TABLES && status == STATUS_OK; i++) {
        struct table **t = table_at(d, i);
        status = directory_file(folder, tables[i].name, &path, error);
        if (status == STATUS_OK && access(path, F_OK) == 0)
            status = csv_read(path, t, error);
        free(path);
    }
    return status;
}

static void header(const struct page_data *d, const char *name, FILE *out)
{
    const struct summary *s = &d->summary;
    fprintf(out, "<header><h1>Classifier of %.0f memristors, dopant ", s->devices_total);
    html_text(s->dopant, out);
    fputs("</h1><div class=\"soft\">images ", out);
    html_text(s->images, out);
    fputs(", engine ", out);
    html_text(s->engine, out);
    fputs(", neuron ", out);
    html_text(s->neuron, out);
    if (s->rule[0])
        fputs(", rule ", out);
    html_text(s->rule, out);
    fputs(", policy ", out);
    html_text(s->policy, out);
    fprintf(out, ", tolerance %g\xc2\xa0%%, seed %.0f; silverbar ", 100 * s->tolerance, s->seed);
    html_text(s->version, out);
    fputs("; folder <code>", out);
    html_text(name, out);
    fputs("</code></div>\n<nav><a href=\"#energy\">Energy</a><a href=\"#devices\">Devices</a><a "
          "href=\"#images\">Images</a><a href=\"#waveforms\">Waveforms</a><a href=\"#all\">All "
          "figures and manifest</a></nav></header>\n",
          out);
}

/* Signals shown at first: state, current and node of the first device, and the output. */
static size_t first_signals(const struct raw_file *f, const struct page_data *d, size_t first[4])
{
    const char *device = d->devices && d->devices->n_rows ? csv_text(d->devices, 0, "name") : "xm";
    char *names[] = {memory_format("i(%s)", device), memory_format("v(%s.x)", device),
                     memory_format("v(%s)", device + strcspn(device, "m")),
                     memory_string("v(h2_1)")};
    size_t n = 0;
    for (size_t k = 0; k < 4; k++) {
        const size_t found = raw_read_find(f, names[k]);
        if (found < f->n_signals)
            first[n++] = found;
        free(names[k]);
    }
    return n;
}

static enum status waveforms(const char *folder, const char *name, const struct page_data *d,
                             FILE *out, struct error *error)
{
    char *path, *shown = memory_format("%s/" WAVEFORMS, name),
                *command = page_wave_command(shown, 1);
    struct raw_file *f = NULL;
    size_t *signals = NULL, first[4];
    enum status status = directory_file(folder, WAVEFORMS, &path, error);
    fputs("<h2 id=\"waveforms\">Waveforms</h2>\n", out);
    if (status == STATUS_OK && access(path, F_OK) != 0) {
        fputs("<p class=\"note\">This folder has no " WAVEFORMS ".</p>\n", out);
    } else if (status == STATUS_OK && (status = raw_read_open(path, 1, &f, error)) == STATUS_OK) {
        const size_t n = f->n_signals - 1 < SIGNALS_MAX ? f->n_signals - 1 : SIGNALS_MAX;
        if (n < f->n_signals - 1)
            fprintf(out, "<p class=\"note\">The first %zu of %zu signals.</p>\n", n,
                    f->n_signals - 1);
        signals = NEW(n, size_t);
        for (size_t k = 0; k < n; k++)
            signals[k] = k + 1;
        const struct page_wave wave = {.file = f,
                                       .n_signals = n,
                                       .signals = signals,
                                       .n_points = f->n_points,
                                       .phases = d->phases,
                                       .command = command,
                                       .n_first = first_signals(f, d, first),
                                       .first_signals = first};
        status = page_wave(&wave, out, error);
    }
    raw_read_close(f);
    free(signals);
    free(path);
    free(shown);
    free(command);
    return status;
}

static void two_columns(const struct table *t, FILE *out)
{
    fputs("<table class=\"keys\">\n", out);
    for (size_t i = 0; i < t->n_rows; i++) {
        if (strstr(csv_text(t, i, "key"), "wall")) /* differ from run to run */
            continue;
        fputs("<tr><td>", out);
        html_text(csv_text(t, i, "key"), out);
        fputs("</td><td><code>", out);
        html_text(csv_text(t, i, "value"), out);
        fputs("</code></td></tr>\n", out);
    }
    fputs("</table>\n", out);
}

enum status page_json(const char *folder, const char *name, FILE *out, struct error *error)
{
    char *path;
    struct table *t = NULL;
    enum status status = directory_file(folder, name, &path, error);
    fprintf(out, "<div><h3>%s</h3>\n", name);
    if (status == STATUS_OK && access(path, F_OK) != 0)
        fprintf(out, "<p class=\"note\">This folder has no %s.</p>\n", name);
    else if (status == STATUS_OK && (status = json_read_flat(path, &t, error)) == STATUS_OK)
        two_columns(t, out);
    fputs("</div>\n", out);
    table_free(t);
    free(path);
    return status;
}

void page_footer(FILE *out)
{
    fputs("<footer>Made by silverbar " PACKAGE_VERSION
          " from the files of the folder; SI units throughout.</footer>\n",
          out);
}

enum status page_report(const char *folder, const char *name, FILE *out, struct error *error)
{
    if (page_inference_is(folder))
        return page_inference(folder, name, out, error);
    if (page_sim_is(folder))
        return page_sim(folder, name, out, error);
    if (page_run_is(folder))
        return page_run(folder, name, out, error);
    if (page_tables_is(folder))
        return page_tables(folder, name, out, error);
    struct page_data d = {0};
    enum status status = read_all(folder, &d, error);
    if (status == STATUS_OK) {
        char *title = memory_format("%s: classifier, dopant %s", name, d.summary.dopant);
        page_begin(title, out);
        free(title);
        header(&d, name, out);
        fputs("<section>\n", out);
        page_headline(&d, out);
        fputs("</section>\n<section><h2 id=\"energy\">Energy of training</h2>\n", out);
        page_energy(&d, out);
        fputs("</section>\n<section><h2 id=\"devices\">Devices</h2>\n", out);
        page_devices(&d, out);
        fputs("</section>\n<section><h2 id=\"images\">Images and neurons</h2><div class=\"two\">\n",
              out);
        page_images(&d, out);
        fputs("<div><h3>Transfer of the neurons, as measured</h3>\n", out);
        page_transfer(&d, out);
        fputs("</div></div></section>\n<section>\n", out);
        status = waveforms(folder, name, &d, out, error);
        fputs("</section>\n<section><h2 id=\"all\">All figures and manifest</h2>\n<div "
              "class=\"two\">\n",
              out);
    }
    if (status == STATUS_OK)
        status = page_json(folder, "summary.json", out, error);
    if (status == STATUS_OK)
        status = page_json(folder, "manifest.json", out, error);
    if (status == STATUS_OK) {
        fputs("</div></section>\n", out);
        page_footer(out);
        page_end(out);
    }
    for (size_t i = 0; i < N_TABLES; i++)
        table_free(*table_at(&d, i));
    summary_free(&d.summary);
    return status;
}
