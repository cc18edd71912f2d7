/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A still plot of decimated signals, drawn by the program gnuplot: SVG, or characters for a
 * terminal.  Names go to it as quoted text that it does not interpret. */
#ifndef SILVERBAR_REPORT_WAVE_PLOT_H
#define SILVERBAR_REPORT_WAVE_PLOT_H

#include "wave/decimate.h"

#include <stdio.h>

struct wave_plot_options {
    const char *title;
    bool characters;       /* else pixels: SVG, */
    bool sixel;            /* or what some terminals show as a picture */
    int columns, rows;     /* of characters, or pixels */
    const size_t *signals; /* those that were decimated */
};

/* Write the plot to `out`. */
enum status wave_plot_draw(const struct raw_file *file, const struct decimated *decimated,
                           const struct wave_plot_options *options, FILE *out, struct error *error);

#endif
