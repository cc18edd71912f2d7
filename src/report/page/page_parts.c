/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_parts.h"

#include "base/memory.h"
#include "report/csv_read.h"
#include "report/page/html.h"
#include "report/published.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRID_MAX 64     /* rows and columns of a map */
#define DEVICES_MAX 256 /* drawn one by one */

static void card(const char *name, double value, const char *unit, int digits, const char *more,
                 FILE *out)
{
    fprintf(out, "<div class=\"card\"><span class=\"name\">%s</span><b>", name);
    html_quantity(value, unit, digits, out);
    fprintf(out, "%s</b><span>", *unit ? "" : "\xc2\xa0%");
    html_text(more, out);
    fputs("</span></div>\n", out);
}

void page_headline(const struct page_data *d, FILE *out)
{
    const struct summary *s = &d->summary;
    const struct published *p = published_find(s->dopant, d->epochs != NULL);
    char text[160];
    fputs("<div class=\"cards\">\n", out);
    snprintf(text, sizeof text, "%s%s", p ? "published: " : "simulated", p ? p->time : "");
    card("training time", s->training_time_s, "s", 4, text, out);
    snprintf(text, sizeof text, "%s%s", p ? "published: " : "of all sources", p ? p->energy : "");
    card("energy of training", s->energy_J, "J", 4, text, out);
    snprintf(text, sizeof text, "limit %.2f %%; %s%s%spixels flip with p = %g",
             100 * s->accuracy_limit, p ? "published: " : "", p ? p->accuracy : "", p ? "; " : "",
             s->noise_probability);
    card("accuracy with noise", 100 * s->accuracy_noisy, "", 4, text, out);
    card("accuracy on clean images", 100 * s->accuracy_clean, "", 4, "no pixel flipped", out);
    /* a summary of an older version has no devices_started */
    const double settled =
        d->epochs && !isnan(s->devices_started) ? s->devices_started : s->devices_within_tolerance;
    fprintf(out,
            "<div class=\"card\"><span class=\"name\">devices %s</span><b class=\"%s\">%.0f of "
            "%.0f</b><span>",
            d->epochs ? "started" : "settled", settled < s->devices_total ? "bad" : "good", settled,
            s->devices_total);
    if (d->epochs)
        fprintf(out, "at random weights; learned in place in %zu epochs, %.0f pulses",
                d->epochs->n_rows, s->pulses_total);
    else
        fprintf(out, "within %g\xc2\xa0%% of their targets, %.0f pulses", 100 * s->tolerance,
                s->pulses_total);
    fputs("</span></div>\n", out);
    card("energy of an inference", s->energy_infer_per_image_J, "J", 4, "mean of 512 images", out);
    card("latency of an inference", s->infer_latency_s, "s", 4, "longest of 512 images", out);
    card("power of the neurons", s->neuron_power_W, "W", 4, "mean in training", out);
    fputs("</div>\n", out);
    if (p)
        fprintf(out,
                "<p class=\"note\">The published figures (%s; %s) stand beside these without a "
                "verdict: images, pulses, tolerance and the neuron's circuit are not "
                "published.</p>\n",
                p->material, p->source);
}

/* A row of a bar chart: name, bar of up to two parts, value, note. */
static void bar(const char *name, double first, double second, double whole, FILE *out)
{
    fputs("<span>", out);
    html_text(name, out);
    fputs("</span><span class=\"bar\">", out);
    if (first > 0)
        fprintf(out, "<i style=\"width:%.3f%%\"></i>", 100 * fmin(1, first / whole));
    if (second > 0)
        fprintf(out, "<i class=\"s\" style=\"width:%.3f%%\"></i>", 100 * fmin(1, second / whole));
    fputs("</span>", out);
}

static void energy_bar(const char *name, double value, double whole, double error, FILE *out)
{
    bar(name, value, 0, whole, out);
    fputs("<span class=\"n\">", out);
    html_quantity(value, "J", 5, out);
    fputs("</span><span class=\"n soft o\">", out);
    if (!isnan(error)) {
        fputs("± ", out);
        html_quantity(error, "J", 2, out);
    } else if (whole > 0) {
        fprintf(out, "%.2f\xc2\xa0%%", 100 * value / whole);
    }
    fputs("</span>\n", out);
}

static void energy_bars(const struct page_data *d, FILE *out)
{
    const struct summary *s = &d->summary;
    double array = 0, all = 0;
    for (int c = 0; c < ENERGY_CLASSES; c++) {
        all += s->by_class[c];
        array += c == CLASS_NEURON ? 0 : s->by_class[c];
    }
    fputs("<div class=\"two\"><div><h3>Where it went, all</h3><div class=\"bars\">\n", out);
    energy_bar("neurons", s->by_class[CLASS_NEURON], all, s->error[CLASS_NEURON], out);
    energy_bar("array and drivers", array, all, NAN, out);
    fputs("</div><h3>Array and drivers alone</h3><div class=\"bars\">\n", out);
    for (int c = 0; c < ENERGY_CLASSES; c++)
        if (c != CLASS_NEURON)
            energy_bar(energy_class_name((enum energy_class)c), s->by_class[c], array, s->error[c],
                       out);
    fputs("</div></div><div><h3>By phase</h3><div class=\"bars\">\n", out);
    for (int k = 0; k < PHASE_KINDS; k++)
        if (s->by_phase[k] > 0)
            energy_bar(phase_kind_name((enum phase_kind)k), s->by_phase[k], all, NAN, out);
    fputs("</div><h3>Does the account close?</h3><table>", out);
    fputs("<tr><td>delivered by the supply</td><td class=\"n\">", out);
    html_quantity(s->delivered_supply_J, "J", 6, out);
    fputs("</td></tr><tr><td>delivered by the drivers</td><td class=\"n\">", out);
    html_quantity(s->delivered_drivers_J, "J", 6, out);
    fprintf(out,
            "</td></tr><tr><td>residual of the array</td><td class=\"n\">%.2e of what it got</td>"
            "</tr><tr><td>residual of the supply</td><td class=\"n\">%.2e of what it gave</td></tr>"
            "</table></div></div>\n",
            s->residual_array, s->residual_supply);
}

/* Energy by class and phase in training, as energy.csv has it. */
static void energy_matrix(const struct page_data *d, FILE *out)
{
    double sum[ENERGY_CLASSES][PHASE_KINDS] = {{0}}, kinds[PHASE_KINDS] = {0};
    for (size_t i = 0; i < d->energy->n_rows; i++)
        for (int c = 0; c < ENERGY_CLASSES; c++)
            for (int k = 0; k < PHASE_KINDS; k++)
                if (strcmp(csv_text(d->energy, i, "section"), "training") == 0 &&
                    strcmp(csv_text(d->energy, i, "class"),
                           energy_class_name((enum energy_class)c)) == 0 &&
                    strcmp(csv_text(d->energy, i, "phase"), phase_kind_name((enum phase_kind)k)) ==
                        0) {
                    sum[c][k] += csv_number(d->energy, i, "energy_J");
                    kinds[k] += fabs(csv_number(d->energy, i, "energy_J"));
                }
    fputs("<div class=\"scroll\"><table><tr><th>energy of training</th>", out);
    for (int k = 0; k < PHASE_KINDS; k++)
        if (kinds[k] > 0)
            fprintf(out, "<th class=\"n\">%s</th>", phase_kind_name((enum phase_kind)k));
    fputs("<th class=\"n\">all</th><th class=\"n\">512 inferences</th></tr>\n", out);
    for (int c = 0; c < ENERGY_CLASSES; c++) {
        fprintf(out, "<tr><td>%s</td>", energy_class_name((enum energy_class)c));
        for (int k = 0; k < PHASE_KINDS; k++)
            if (kinds[k] > 0) {
                fputs("<td class=\"n\">", out);
                html_quantity(sum[c][k], "J", 4, out);
                fputs("</td>", out);
            }
        fputs("<td class=\"n\">", out);
        html_quantity(d->summary.by_class[c], "J", 4, out);
        fputs("</td><td class=\"n\">", out);
        html_quantity(d->summary.infer_by_class[c], "J", 4, out);
        fputs("</td></tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

/* Energy against time: of everything and of all but the neurons, phase by phase; or from a folder
 * without phases.csv, of the addressed memristors, pulse by pulse. */
static void energy_curves(const struct page_data *d, FILE *out)
{
    const struct table *t = d->phases ? d->phases : d->pulses;
    if (!t)
        return;
    double *x = NEW(t->n_rows + 1, double), *all = NEW(t->n_rows + 1, double),
           *array = NEW(t->n_rows + 1, double);
    size_t n = 1;
    for (size_t i = 0; i < t->n_rows; i++) {
        double sum = 0, neuron = 0;
        if (d->phases && strcmp(csv_text(t, i, "section"), "training") != 0)
            continue;
        for (int c = 0; d->phases && c < ENERGY_CLASSES; c++) {
            char column[64];
            snprintf(column, sizeof column, "%s_J", energy_class_name((enum energy_class)c));
            *(c == CLASS_NEURON ? &neuron : &sum) += csv_number(t, i, column);
        }
        if (!d->phases)
            sum = csv_number(t, i, "energy_J");
        x[n] = d->phases ? csv_number(t, i, "t1_s")
                         : csv_number(t, i, "t_s") + csv_number(t, i, "width_s");
        all[n] = all[n - 1] + sum + neuron;
        array[n] = array[n - 1] + sum;
        n++;
    }
    const struct html_curve curves[] = {{.name = "all", .n = n, .x = x, .y = all},
                                        {.name = "array", .n = n, .x = x, .y = array}};
    const struct html_plot_options options[] = {
        {"time [s]", "energy so far, all [J]", "s", "J", true},
        {"time [s]",
         d->phases
             ? "energy so far, array and drivers [J]"
             : "energy so far, in the memristors addressed [J]; this folder has no phases.csv",
         "s", "J", true}};
    fputs("<div class=\"two\">\n", out);
    if (d->phases)
        html_plot(1, &curves[0], &options[0], out);
    html_plot(1, &curves[1], &options[1], out);
    fputs("</div>\n", out);
    free(x);
    free(all);
    free(array);
}

void page_energy(const struct page_data *d, FILE *out)
{
    energy_bars(d, out);
    if (d->energy)
        energy_matrix(d, out);
    energy_curves(d, out);
}

static void map(const struct table *t, size_t layer, const char *column, double low, double high,
                FILE *out)
{
    fputs("<div class=\"map\">", out);
    for (size_t i = 0; i < t->n_rows; i++) {
        const double row = csv_number(t, i, "row"), col = csv_number(t, i, "column"),
                     g = csv_number(t, i, column);
        if (csv_number(t, i, "layer") != (double)layer || !(row >= 1 && row <= GRID_MAX) ||
            !(col >= 1 && col <= GRID_MAX))
            continue;
        /* logarithmic: the window of conductances spans decades */
        const double share = g > 0 ? log(g / low) / log(high / low) : 0,
                     a = isfinite(share) ? 0.06 + 0.94 * fmax(0, fmin(1, share)) : 0;
        fprintf(out, "<span%s style=\"grid-area:%d/%d;--a:%.2f\" title=\"",
                a > 0.64 ? " class=\"hi\"" : "", (int)row, (int)col, a);
        html_text(csv_text(t, i, "name"), out);
        fprintf(out, "\">%.3g</span>", 1e6 * g);
    }
    fputs("</div>", out);
}

static void maps(const struct table *t, bool in_place, FILE *out)
{
    const struct {
        const char *title, *column;
    } kinds[] = {
        {"before", "initial_S"}, {in_place ? "start" : "target", "target_S"}, {"after", "final_S"}};
    double low = INFINITY, high = 0, layers = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        layers = fmax(layers, csv_number(t, i, "layer"));
        for (int k = 0; k < 3; k++) {
            const double g = csv_number(t, i, kinds[k].column);
            low = g > 0 ? fmin(low, g) : low;
            high = fmax(high, g);
        }
    }
    fputs("<h3>Branch conductance [µS], rows × columns of each layer, shaded by its "
          "logarithm</h3>\n<div class=\"maps\">\n",
          out);
    for (int k = 0; k < 3; k++)
        for (size_t layer = 1; layer <= fmin(layers, 8); layer++) {
            fprintf(out, "<div><span class=\"soft\">%s, layer %zu</span>", kinds[k].title, layer);
            map(t, layer, kinds[k].column, low, high, out);
            fputs("</div>\n", out);
        }
    fputs("</div>\n", out);
}

struct pulse_counts {
    double set, reset;
};

static struct pulse_counts count_pulses(const struct page_data *d, const char *device, double total)
{
    struct pulse_counts n = {0, 0};
    for (size_t i = 0; d->pulses && i < d->pulses->n_rows; i++)
        if (strcmp(csv_text(d->pulses, i, "device"), device) == 0) {
            n.set += strcmp(csv_text(d->pulses, i, "kind"), "set") == 0;
            n.reset += strcmp(csv_text(d->pulses, i, "kind"), "reset") == 0;
        }
    return d->pulses ? n : (struct pulse_counts){total, 0};
}

static void pulse_bars(const struct page_data *d, FILE *out)
{
    const struct table *t = d->devices;
    const size_t shown = t->n_rows < DEVICES_MAX ? t->n_rows : DEVICES_MAX;
    double most = 1;
    for (size_t i = 0; i < shown; i++)
        most = fmax(most, csv_number(t, i, "pulses"));
    fputs("<h3>Pulses of each device <span class=\"soft\"><span class=\"key c0\"></span>set <span "
          "class=\"key c1\"></span>reset</span></h3>\n<div class=\"two\">\n",
          out);
    for (size_t i = 0; i < shown; i++) {
        const char *name = csv_text(t, i, "name");
        const double total = csv_number(t, i, "pulses");
        const struct pulse_counts n = count_pulses(d, name, total);
        if (i % ((shown + 1) / 2) == 0)
            fputs(i ? "</div>\n<div class=\"bars\">" : "<div class=\"bars\">", out);
        bar(name, n.set, n.reset, most, out);
        fprintf(out, "<span class=\"n\">%.0f</span><span class=\"n soft o\">%.0f + %.0f</span>\n",
                total, n.set, n.reset);
    }
    fputs(t->n_rows ? "</div></div>\n" : "</div>\n", out);
}

/* The path of one device: readings before and after each pulse, logarithmic, with the band of the
 * tolerance around its target. */
static void path(const struct page_data *d, size_t device, double low, double high, FILE *out)
{
    const struct table *t = d->devices, *p = d->pulses;
    const char *name = csv_text(t, device, "name");
    const double target = csv_number(t, device, "target_S"),
                 final = csv_number(t, device, "final_S"), tolerance = d->summary.tolerance,
                 span = log(high / low),
                 top = 40 * (1 - log(target * (1 + tolerance) / low) / span),
                 bottom = 40 * (1 - log(target * (1 - tolerance) / low) / span);
    size_t n = 0, k = 0;
    for (size_t i = 0; p && i < p->n_rows; i++)
        n += strcmp(csv_text(p, i, "device"), name) == 0;
    fputs("<div class=\"path\"><div><b>", out);
    html_text(name, out);
    fprintf(out, "</b><span>%zu pulses</span></div>", n);
    fputs("<svg viewBox=\"0 0 100 40\" preserveAspectRatio=\"none\" role=\"img\">", out);
    if (isfinite(top) && isfinite(bottom))
        fprintf(out, "<rect x=\"0\" width=\"100\" y=\"%.2f\" height=\"%.2f\"/>", top, bottom - top);
    fputs("<path d=\"", out);
    for (size_t i = 0; p && i < p->n_rows; i++) {
        if (strcmp(csv_text(p, i, "device"), name) != 0)
            continue;
        const double g[] = {csv_number(p, i, "before_S"), csv_number(p, i, "after_S")};
        for (size_t j = k > 0; j < 2; j++)
            if (g[j] > 0)
                fprintf(out, "%c%.1f %.1f", k + j == 0 ? 'M' : 'L',
                        100 * (double)(k + j) / (double)n, 40 * (1 - log(g[j] / low) / span));
        k++;
    }
    fputs("\"/></svg><div><span>", out);
    html_quantity(final, "S", 4, out);
    fprintf(out, "</span><span class=\"%s\">%+.1f\xc2\xa0%%</span></div></div>\n",
            isnan(csv_number(t, device, "within_tolerance")) ? ""
            : csv_number(t, device, "within_tolerance") == 1 ? "good"
                                                             : "bad",
            100 * (final / target - 1));
}

static void paths(const struct page_data *d, FILE *out)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < d->pulses->n_rows; i++) {
        const double g[] = {csv_number(d->pulses, i, "before_S"),
                            csv_number(d->pulses, i, "after_S")};
        for (int j = 0; j < 2; j++) {
            low = g[j] > 0 ? fmin(low, g[j]) : low;
            high = fmax(high, g[j]);
        }
    }
    low *= 0.9;
    high *= 1.1;
    fprintf(out,
            "<h3>Path of each device%s</h3>\n<p class=\"note\">Branch conductance as read before "
            "and after each pulse, from ",
            d->epochs ? "" : " to its target");
    html_quantity(low, "S", 2, out);
    fputs(" to ", out);
    html_quantity(high, "S", 2, out);
    fprintf(out,
            " on a logarithmic scale, the same for all; band: %s ± %g\xc2\xa0%%; below: last "
            "reading and its distance from %s.</p>\n<div class=\"paths\">\n",
            d->epochs ? "random start" : "target", 100 * d->summary.tolerance,
            d->epochs ? "the start" : "the target");
    for (size_t i = 0; i < d->devices->n_rows && i < DEVICES_MAX; i++)
        path(d, i, low, high, out);
    fputs("</div>\n", out);
}

void page_devices(const struct page_data *d, FILE *out)
{
    if (!d->devices) {
        fputs("<p class=\"note\">This folder has no devices.csv.</p>\n", out);
        return;
    }
    maps(d->devices, d->epochs != NULL, out);
    if (d->devices->n_rows > DEVICES_MAX)
        fprintf(out, "<p class=\"note\">Below: the first %d of %zu devices.</p>\n", DEVICES_MAX,
                d->devices->n_rows);
    pulse_bars(d, out);
    if (d->pulses)
        paths(d, out);
}

void page_transfer(const struct page_data *d, FILE *out)
{
    struct html_curve curves[8];
    char names[8][32];
    size_t n = 0;
    const struct table *t = d->transfer;
    if (!t) {
        fputs("<p class=\"note\">This folder has no transfer.csv.</p>\n", out);
        return;
    }
    double *x = NEW(t->n_rows, double), *y = NEW(t->n_rows, double);
    for (size_t i = 0; i < t->n_rows; i++) {
        x[i] = csv_number(t, i, "s");
        y[i] = csv_number(t, i, "h");
        const double layer = csv_number(t, i, "layer");
        if (i == 0 || layer != csv_number(t, i - 1, "layer")) {
            if (n == 8)
                break;
            snprintf(names[n], sizeof names[n], "layer %g", layer);
            curves[n] = (struct html_curve){.name = names[n], .x = x + i, .y = y + i};
            n++;
        }
        curves[n - 1].n++;
    }
    const struct html_plot_options options = {"input s [spans of one weight]",
                                              "output h [1 = range of the neuron]", "", "", true};
    html_plot(n, curves, &options, out);
    free(x);
    free(y);
}
