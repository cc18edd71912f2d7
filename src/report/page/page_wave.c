/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/page_wave.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "report/csv_read.h"
#include "report/page/html.h"
#include "report/page/page_assets.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PAGE_BYTES 14000000  /* of the data in a page */
#define PAGE_POINTS 12000000 /* so many values of all signals are tried before decimation */
#define PAGE_NUMBERS 4600000 /* of 16 bits, after it: 4/3 of their bytes are less than 13 MB */
#define PAGE_BINS 262144     /* of a signal */
#define STILL_BINS 600
#define STILLS 6
#define FIRST_SHOWN 4
#define LEVELS 65534 /* steps of a signal's range; 65535: not finite */

static const struct script {
    const unsigned char *bytes;
    const size_t *size;
} scripts[] = {{dygraph_js, &dygraph_js_size}, {page_js, &page_js_size}};
#define N_SCRIPTS (sizeof scripts / sizeof scripts[0])

/* What the page may load: nothing; what it may run: our scripts, known by their hashes. */
static void policy(FILE *out)
{
    fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'; img-src data:",
          out);
    for (size_t i = 0; i < N_SCRIPTS && dygraph_js_size > 0; i++) {
        unsigned char digest[SHA256_BYTES];
        sha256(scripts[i].bytes, *scripts[i].size, digest);
        fprintf(out, "%s 'sha256-", i == 0 ? "; script-src" : "");
        html_base64(digest, sizeof digest, out);
        fputc('\'', out);
    }
    fputs("\">\n", out);
}

void page_begin(const char *title, FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n", out);
    policy(out);
    fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"generator\" content=\"silverbar " PACKAGE_VERSION "\">\n<title>",
          out);
    html_text(title, out);
    fputs("</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n", out);
    fwrite(page_css, 1, page_css_size, out);
    if (dygraph_css_size > 0)
        fwrite(dygraph_css, 1, dygraph_css_size, out);
    fputs("</style></head>\n<body>\n", out);
}

void page_end(FILE *out)
{
    for (size_t i = 0; i < N_SCRIPTS && dygraph_js_size > 0; i++) {
        fputs("<script>", out);
        fwrite(scripts[i].bytes, 1, *scripts[i].size, out);
        fputs("</script>\n", out);
    }
    fputs("</body></html>\n", out);
}

/* Deflated (RFC 1950), in base 64, as a JSON string. */
static void packed(const unsigned char *bytes, size_t n, FILE *out)
{
    uLongf size = compressBound(n);
    unsigned char *small = memory_new(size, 1);
    if (compress2(small, &size, bytes, n, 6) != Z_OK)
        memory_new(SIZE_MAX, 1); /* it fails for want of memory only */
    fputc('"', out);
    html_base64(small, size, out);
    fputc('"', out);
    free(small);
}

/* All first extremes, then all second ones, as differences; their low bytes, then the high ones. */
static void write_values(const struct decimated *d, size_t k, double low, double high, FILE *out)
{
    const size_t planes = d->per_bin > 1 ? 2 : 1, n = planes * d->n_bins;
    unsigned char *bytes = memory_new(n, 2);
    for (size_t plane = 0, i = 0; plane < planes; plane++) {
        unsigned last = 0;
        for (size_t b = 0; b < d->n_bins; b++, i++) {
            const double v = d->value[2 * (k * d->n_bins + b) + plane];
            const unsigned q = !isfinite(v) ? LEVELS + 1
                               : high > low ? (unsigned)lround(LEVELS * ((v - low) / (high - low)))
                                            : 0;
            bytes[i] = (unsigned char)(q - last);
            bytes[n + i] = (unsigned char)((q - last) >> 8);
            last = q;
        }
    }
    packed(bytes, 2 * n, out);
    free(bytes);
}

/* The unit of a signal.  In a run of ours the state of a memristor, from 0 to 1, is the voltage of the
 * node x inside of it. */
static const char *unit_of(const struct page_wave *w, size_t k)
{
    const struct raw_signal *s = &w->file->signals[w->signals[k]];
    const size_t n = strlen(s->name);
    return w->phases && n > 3 && strcmp(s->name + n - 3, ".x)") == 0 ? "1" : raw_read_unit(s);
}

static void write_signal(const struct page_wave *w, const struct decimated *d, size_t k, FILE *out)
{
    double low = INFINITY, high = -INFINITY;
    const struct raw_signal *s = &w->file->signals[w->signals[k]];
    for (size_t i = 2 * k * d->n_bins; i < 2 * (k + 1) * d->n_bins; i++)
        if (isfinite(d->value[i])) {
            low = fmin(low, d->value[i]);
            high = fmax(high, d->value[i]);
        }
    fputs(k ? ",\n{\"n\":" : "{\"n\":", out);
    html_json(s->name, out);
    fputs(",\"u\":", out);
    html_json(unit_of(w, k), out);
    if (!(low <= high && isfinite(high - low)))
        low = high = 0;
    fprintf(out, ",\"lo\":%.17g,\"hi\":%.17g,\"d\":", low, high);
    write_values(d, k, low, high, out);
    fputc('}', out);
}

static void numbers(const struct table *t, const char *name, const char *column, FILE *out)
{
    fprintf(out, "\"%s\":[", name);
    for (size_t i = 0; i < t->n_rows; i++) {
        if (i)
            fputc(',', out);
        html_json_number(csv_number(t, i, column), out);
    }
    fputc(']', out);
}

static void texts(const struct table *t, const char *name, const char *column, FILE *out)
{
    fprintf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < t->n_rows; i++) {
        if (i)
            fputc(',', out);
        html_json(csv_text(t, i, column), out);
    }
    fputc(']', out);
}

static void write_phases(const struct table *t, FILE *out)
{
    fputs(",\n\"phases\":{", out);
    numbers(t, "t0", "t0_s", out);
    fputc(',', out);
    numbers(t, "t1", "t1_s", out);
    texts(t, "k", "phase", out);
    texts(t, "s", "section", out);
    texts(t, "d", "device", out);
    fputc('}', out);
}

/* Is signal k one of those that are shown at first? */
static bool at_first(const struct page_wave *w, size_t k)
{
    for (size_t i = 0; i < w->n_first; i++)
        if (w->first_signals[i] == w->signals[k])
            return true;
    return w->n_first == 0 && k < FIRST_SHOWN;
}

static void write_data(const struct page_wave *w, const struct decimated *d, FILE *out)
{
    const struct raw_file *f = w->file;
    const char *separator = "";
    fputs("<script type=\"application/json\" id=\"wave-data\">{\"scale\":", out);
    html_json(f->signals[0].name, out);
    fputs(",\"unit\":", out);
    html_json(raw_read_unit(&f->signals[0]), out);
    fprintf(out, ",\"log\":%s,\"points\":%zu,\"bins\":%zu,\"perBin\":%zu,\"end\":%.17g,\"widest\":",
            f->complex && d->begin[0] > 0 ? "true" : "false", d->n_points, d->n_bins, d->per_bin,
            d->end);
    html_json_number(d->widest, out);
    fputs(",\"command\":", out);
    html_json(w->command, out);
    fputs(",\"first\":[", out);
    for (size_t k = 0; k < w->n_signals; k++)
        if (at_first(w, k)) {
            fprintf(out, "%s%zu", separator, k);
            separator = ",";
        }
    fputs("],\n\"begin\":", out);
    packed((const unsigned char *)d->begin, d->n_bins * sizeof *d->begin, out);
    if (w->phases)
        write_phases(w->phases, out);
    fputs(",\n\"signals\":[", out);
    for (size_t k = 0; k < w->n_signals; k++)
        write_signal(w, d, k, out);
    fputs("]}</script>\n", out);
}

/* A still plot of one signal: its points, or both extremes of each bin. */
static void still(const struct page_wave *w, const struct decimated *d, size_t k, FILE *out)
{
    const struct raw_signal *s = &w->file->signals[w->signals[k]];
    const size_t n = d->per_bin > 1 ? 2 * d->n_bins : d->n_bins;
    double *x = NEW(n, double), *y = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        const size_t b = d->per_bin > 1 ? i / 2 : i;
        const double end = b + 1 < d->n_bins ? d->begin[b + 1] : d->end;
        const bool second = d->per_bin > 1 && i % 2;
        x[i] = d->begin[b] + (second ? 0.5 * (end - d->begin[b]) : 0);
        y[i] = d->value[2 * (k * d->n_bins + b) + second];
    }
    char *x_label = memory_format("%s [%s]", w->file->signals[0].name,
                                  raw_read_unit(&w->file->signals[0])),
         *y_label = memory_format("%s [%s]", s->name, unit_of(w, k));
    const struct html_curve curve = {.name = s->name, .n = n, .x = x, .y = y};
    const struct html_plot_options options = {x_label, y_label, raw_read_unit(&w->file->signals[0]),
                                              raw_read_unit(s), false};
    html_plot(1, &curve, &options, out);
    free(x);
    free(y);
    free(x_label);
    free(y_label);
}

static void write_stills(const struct page_wave *w, const struct decimated *d, FILE *out)
{
    size_t drawn = 0;
    fputs("<p class=\"note\">This silverbar was built without dygraphs (Debian's libjs-dygraphs): "
          "still plots of a few signals. All of them: <code>",
          out);
    html_text(w->command, out);
    fputs("</code></p>\n<div class=\"two\">", out);
    for (size_t k = 0; k < w->n_signals && drawn < STILLS; k++)
        if (at_first(w, k)) {
            still(w, d, k, out);
            drawn++;
        }
    fputs("</div>\n", out);
}

char *page_wave_command(const char *path, size_t plot)
{
    char *word = NEW(4 * strlen(path) + 1, char), *p = word;
    for (const char *from = path; *from; from++)
        if (*from == '\'')
            p = stpcpy(p, "'\\''");
        else
            *p++ = *from;
    char *command = plot == 1 ? memory_format("silverbar wave '%s'", word)
                              : memory_format("silverbar wave '%s' --plot %zu", word, plot);
    free(word);
    return command;
}

/* The data with as many bins as PAGE_BYTES hold: all points if they fit. */
static enum status write_fitting(const struct page_wave *w, FILE *out, struct error *error)
{
    size_t bins = PAGE_NUMBERS / 2 / (w->n_signals + 4);
    bins = bins < 2 ? 2 : bins > PAGE_BINS ? PAGE_BINS : bins;
    if (w->n_points <= PAGE_POINTS / (w->n_signals + 1))
        bins = w->n_points;
    const struct raw_block block = {w->first, w->n_points, w->n_signals, w->signals};
    for (;;) {
        struct decimated d;
        char *text = NULL;
        size_t size = 0;
        enum status status = decimate(w->file, &block, bins, &d, error);
        if (status != STATUS_OK)
            return status;
        FILE *memory = open_memstream(&text, &size);
        if (!memory)
            memory_new(SIZE_MAX, 1);
        write_data(w, &d, memory);
        fclose(memory);
        const size_t n_bins = d.n_bins;
        decimated_free(&d);
        if (size <= PAGE_BYTES || n_bins <= 2)
            fwrite(text, 1, size, out);
        free(text);
        if (size <= PAGE_BYTES || n_bins <= 2)
            return STATUS_OK;
        /* a bin of more than one point has two numbers; never more than half as many bins */
        bins = (size_t)(0.45 * (double)n_bins * fmin(1, (double)PAGE_BYTES / (double)size)) + 1;
    }
}

enum status page_wave(const struct page_wave *w, FILE *out, struct error *error)
{
    struct decimated d;
    if (dygraph_js_size > 0) {
        fputs("<div id=\"wave\" class=\"wave\"><noscript>The waveforms need "
              "JavaScript.</noscript></div>\n",
              out);
        return write_fitting(w, out, error);
    }
    const struct raw_block block = {w->first, w->n_points, w->n_signals, w->signals};
    enum status status = decimate(w->file, &block, STILL_BINS, &d, error);
    if (status == STATUS_OK) {
        write_stills(w, &d, out);
        decimated_free(&d);
    }
    return status;
}
