/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/wave_plot.h"

#include "base/memory.h"
#include "report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* In gnuplot's single quotes only the quote itself has a meaning, and a line ends the text. */
/* Frequencies over more than this ratio get a logarithmic axis. */
#define LOGARITHMIC 10

static void quoted(const char *text, FILE *out)
{
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("''", out);
        else
            fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
    fputc('\'', out);
}

static bool is_current(const struct raw_signal *s)
{
    return strcasecmp(s->type, "current") == 0 || strcasecmp(s->type, "device_current") == 0;
}

static void write_values(const struct decimated *d, size_t k, FILE *out)
{
    fprintf(out, "$d%zu << EOD\n", k);
    for (size_t b = 0; b < d->n_bins; b++) {
        const double *v = d->value + 2 * (k * d->n_bins + b),
                     end = b + 1 < d->n_bins ? d->begin[b + 1] : d->end;
        for (int i = 0; i < (d->per_bin > 1 ? 2 : 1); i++)
            if (isfinite(v[i]))
                fprintf(out, "%.9g %.9g\n", d->begin[b] + 0.5 * i * (end - d->begin[b]), v[i]);
    }
    fputs("EOD\n", out);
}

static void axis_label(const struct raw_file *f, const struct wave_plot_options *o, size_t n,
                       bool current, FILE *out)
{
    for (size_t k = 0; k < n; k++)
        if (is_current(&f->signals[o->signals[k]]) == current) {
            const char *unit = raw_read_unit(&f->signals[o->signals[k]]);
            char label[64];
            snprintf(label, sizeof label, "%s%s%s%s", f->signals[o->signals[k]].type,
                     *unit ? " [" : "", unit, *unit ? "]" : "");
            fprintf(out, "set %slabel ", current ? "y2" : "y");
            quoted(label, out);
            fputc('\n', out);
            return;
        }
}

static void write_script(const struct raw_file *f, const struct decimated *d,
                         const struct wave_plot_options *o, FILE *out)
{
    bool any[2] = {false, false};
    for (size_t k = 0; k < d->n_signals; k++) {
        write_values(d, k, out);
        any[is_current(&f->signals[o->signals[k]])] = true;
    }
    if (o->characters)
        fprintf(out, "set terminal dumb noenhanced size %d,%d aspect 1\n", o->columns, o->rows);
    else if (o->sixel)
        fprintf(out, "set terminal sixelgd noenhanced size %d,%d font 'sans,12'\nset grid\n",
                o->columns, o->rows);
    else
        fprintf(out, "set terminal svg noenhanced size %d,%d dynamic font 'sans,12'\nset grid\n",
                o->columns, o->rows);
    fputs("set encoding utf8\nset key outside bottom center horizontal noenhanced\n"
          "set border 3\nset xtics nomirror\nset ytics nomirror\n"
          "set format '%.3s%c'\nset format y2 '%.3s%c'\nset title ",
          out);
    quoted(o->title, out);
    fputs(" noenhanced\nset xlabel ", out);
    char label[64];
    snprintf(label, sizeof label, "%.40s [%s]", f->signals[0].name, raw_read_unit(&f->signals[0]));
    quoted(label, out);
    fputs(" noenhanced\n", out);
    if (strcasecmp(f->signals[0].type, "frequency") == 0 && d->begin[0] > 0 &&
        d->end >= LOGARITHMIC * d->begin[0])
        fputs("set logscale x\n", out);
    axis_label(f, o, d->n_signals, false, out);
    if (any[1]) {
        fprintf(out, "set y2tics\nset border 11\n%s", any[0] ? "" : "unset ytics\n");
        axis_label(f, o, d->n_signals, true, out);
    }
    for (size_t k = 0; k < d->n_signals; k++) {
        const struct raw_signal *s = &f->signals[o->signals[k]];
        fprintf(out, "%s$d%zu using 1:2 axes x1%s with lines title ", k ? ", " : "plot ", k,
                is_current(s) ? "y2" : "y1");
        quoted(s->name, out);
    }
    fputc('\n', out);
}

enum status wave_plot_draw(const struct raw_file *f, const struct decimated *d,
                           const struct wave_plot_options *o, FILE *out, struct error *error)
{
    FILE *script = gnuplot_script(error);
    if (!script)
        return STATUS_INPUT;
    write_script(f, d, o, script);
    const enum status status = gnuplot_draw(script, NULL, out, error);
    fclose(script);
    return status;
}
