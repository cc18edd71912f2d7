/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/cost_plot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

bool cost_plot_draw(const struct new_folder *folder)
{
    const pid_t pid = fork();
    if (pid == 0) {
        const int null = open("/dev/null", O_RDWR);
        if (chdir(folder->temporary) != 0 || null < 0)
            _exit(1);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("gnuplot", "gnuplot", "cost.gp", (char *)NULL);
        _exit(127);
    }
    int state = 1;
    while (pid > 0 && waitpid(pid, &state, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(state) && WEXITSTATUS(state) == 0;
}
