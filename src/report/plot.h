/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Still plots by gnuplot, where it is installed.  Colours of Okabe and Ito, which the colour-blind
 * tell apart; each curve has a dash or a point type of its own too. */
#ifndef SILVERBAR_REPORT_PLOT_H
#define SILVERBAR_REPORT_PLOT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct plot_curve {
    const char *name;
    size_t n;
    const double *x, *y; /* n each */
    bool points;         /* marks in place of a line */
};

struct plot_panel {
    const char *x_label, *y_label; /* with units */
    bool log_x, log_y;
    size_t n_curves;
    const struct plot_curve *curves; /* n_curves, at most 8 */
};

struct plot {
    const char *title;
    size_t n_panels; /* side by side */
    const struct plot_panel *panels;
};

/* Is there a gnuplot, and does the path end in .png, .svg or .pdf?  Before long work. */
enum status plot_check(const char *path, struct error *error);

/* Draw to `path`, which appears when it is complete. */
enum status plot_draw(const struct plot *plot, const char *path, struct error *error);

#endif
