/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/cost_plot.h"

#include "base/memory.h"
#include "report/gnuplot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "# Draws cost.png from series.csv: gnuplot cost.gp\n"
                           "set terminal pngcairo size 1100,460 font 'sans,11'\n"
                           "set output 'cost.png'\n"
                           "set datafile separator ','\n"
                           "set logscale xy\n"
                           "set format y '10^{%L}'\n"
                           "set key top left\n"
                           "set grid\n"
                           "set ylabel 'time of a run / s'\n"
                           "set multiplot layout 1,2\n";

/* One line an engine, of the rows of that series. */
static void panel(FILE *out, const struct table *t, const char *series, const char *x,
                  const char *title)
{
    const size_t column = table_column(t, "engine");
    fprintf(out, "set xlabel '%s'\nplot", title);
    bool any = false;
    for (size_t i = 0; i < t->n_rows; i++) {
        const char *engine = t->cells[i * t->n_columns + column].text;
        size_t before = 0; /* the first row of its engine? */
        while (before < i && strcmp(t->cells[before * t->n_columns + column].text, engine) != 0)
            before++;
        if (before < i)
            continue;
        fprintf(out,
                "%s \\\n    'series.csv' using (strcol('series') eq '%s' && strcol('engine') eq "
                "'%s' ? column('%s') : NaN):(column('wall_s')) with linespoints pt 7 title '%s'",
                any ? "," : "", series, engine, x, engine);
        any = true;
    }
    fputs(any ? "\n" : " NaN notitle\n", out);
}

enum status cost_plot_write(const struct new_folder *folder, const struct table *series,
                            struct error *error)
{
    FILE *out = new_folder_open(folder, "cost.gp", error);
    if (!out)
        return STATUS_INPUT;
    fputs(head, out);
    panel(out, series, "devices", "devices", "devices of a square crossbar, 10 pulses");
    panel(out, series, "pulses", "pulses", "pulses on an 8 x 8 crossbar");
    fputs("unset multiplot\n", out);
    return new_folder_close(out, "cost.gp", STATUS_OK, error);
}

/* The commands of cost.gp, into memory. */
static FILE *read_commands(const struct new_folder *folder, struct error *error)
{
    static const char output[] = "set output";
    char *path = memory_format("%s/cost.gp", folder->temporary), line[4096];
    FILE *in = fopen(path, "re"), *script = in ? gnuplot_script(error) : NULL;
    free(path);
    if (!in)
        fail(error, STATUS_INPUT, "cost.gp: %s", strerror(errno));
    while (script && fgets(line, sizeof line, in))
        if (strncmp(line, output, strlen(output)) != 0)
            fputs(line, script);
    if (in)
        fclose(in);
    return script;
}

enum status cost_plot_draw(const struct new_folder *folder, bool *drawn, struct error *error)
{
    struct new_file picture;
    struct error why_not;
    FILE *script = read_commands(folder, error);
    *drawn = false;
    if (!script)
        return STATUS_INPUT;
    char *path = memory_format("%s/cost.png", folder->temporary);
    enum status status = new_file_begin(path, &picture, error);
    if (status == STATUS_OK) {
        const enum status drawing = gnuplot_draw(script, folder->temporary, picture.file, &why_not);
        *drawn = drawing == STATUS_OK;
        if (*drawn)
            status = new_file_end(&picture, STATUS_OK, error);
        else
            new_file_end(&picture, drawing, &why_not);
    }
    fclose(script);
    free(path);
    return status;
}
