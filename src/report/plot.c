/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/plot.h"

#include "report/gnuplot.h"
#include "report/new_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct terminal {
    const char *ending, *name, *unit;
    double scale; /* of pixels */
} terminals[] = {
    {".png", "pngcairo fontscale 1.1", "", 1},
    {".svg", "svg dynamic background 'white'", "", 1},
    {".pdf", "pdfcairo", "in", 0.01},
};
#define N_TERMINALS (sizeof terminals / sizeof terminals[0])
/* pixels */
#define PANEL_WIDTH 820.0
#define PANEL_HEIGHT 620.0

static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#56B4E9", "#E69F00", "#000000", "#F0E442"};
#define N_COLOURS (sizeof colours / sizeof colours[0])

static const struct terminal *terminal(const char *path)
{
    const size_t n = strlen(path);
    for (size_t k = 0; k < N_TERMINALS; k++)
        if (n > 4 && strcmp(path + n - 4, terminals[k].ending) == 0)
            return &terminals[k];
    return NULL;
}

enum status plot_check(const char *path, struct error *error)
{
    if (!terminal(path))
        return fail(error, STATUS_INPUT, "%s: expected a name that ends in .png, .svg or .pdf",
                    path);
    const int status = system("command -v gnuplot >/dev/null 2>&1");
    if (status != 0)
        return fail(error, STATUS_INPUT, "%s: cannot be drawn: no program gnuplot in PATH", path);
    return STATUS_OK;
}

/* A text between single quotes as gnuplot reads it. */
static void quoted(const char *text, FILE *out)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
    fputc('\'', out);
}

static void write_panel(const struct plot_panel *p, size_t number, FILE *out)
{
    for (size_t k = 0; k < p->n_curves; k++) {
        fprintf(out, "$data%zu_%zu << EOD\n", number, k);
        for (size_t i = 0; i < p->curves[k].n; i++)
            fprintf(out, "%.9g %.9g\n", p->curves[k].x[i], p->curves[k].y[i]);
        fputs("EOD\n", out);
    }
    fputs("set xlabel ", out);
    quoted(p->x_label, out);
    fputs("\nset ylabel ", out);
    quoted(p->y_label, out);
    fprintf(out, "\n%s logscale x\n%s logscale y\nset format x '%s'\nset format y '%s'\nplot ",
            p->log_x ? "set" : "unset", p->log_y ? "set" : "unset", p->log_x ? "%.0e" : "% h",
            p->log_y ? "%.0e" : "% h");
    for (size_t k = 0; k < p->n_curves; k++) {
        fprintf(out, "%s$data%zu_%zu using 1:2 title ", k ? ", " : "", number, k);
        quoted(p->curves[k].name, out);
        if (p->curves[k].points)
            fprintf(out, " with points pt %zu ps 0.9 lc rgb '%s'", k + 6, colours[k % N_COLOURS]);
        else
            fprintf(out, " with lines lw 2 dt %zu lc rgb '%s'", k + 1, colours[k % N_COLOURS]);
    }
    fputc('\n', out);
}

static void write_script(const struct plot *plot, const char *path, FILE *out)
{
    const struct terminal *t = terminal(path);
    fprintf(out, "set encoding utf8\nset terminal %s noenhanced size %g%s,%g%s\n", t->name,
            PANEL_WIDTH * (double)plot->n_panels * t->scale, t->unit, PANEL_HEIGHT * t->scale,
            t->unit);
    fputs("set grid lc rgb '#cccccc'\nset key outside top center horizontal\n", out);
    if (plot->n_panels > 1) {
        fprintf(out, "set multiplot layout 1,%zu title ", plot->n_panels);
        quoted(plot->title, out);
    } else {
        fputs("set title ", out);
        quoted(plot->title, out);
    }
    fputc('\n', out);
    for (size_t k = 0; k < plot->n_panels; k++)
        write_panel(&plot->panels[k], k, out);
    if (plot->n_panels > 1)
        fputs("unset multiplot\n", out);
    fputs("set output\n", out);
}

enum status plot_draw(const struct plot *plot, const char *path, struct error *error)
{
    struct new_file file;
    struct error cause = {{0}};
    enum status status = plot_check(path, error);
    FILE *script = status == STATUS_OK ? gnuplot_script(error) : NULL;
    if (!script)
        return STATUS_INPUT;
    write_script(plot, path, script);
    status = new_file_begin(path, &file, error);
    if (status == STATUS_OK) {
        status = gnuplot_draw(script, NULL, file.file, &cause);
        if (status != STATUS_OK)
            fail(error, status, "%s: %s", path, cause.text);
        status = new_file_end(&file, status, error);
    }
    fclose(script);
    return status;
}
