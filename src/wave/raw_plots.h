/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A binary SPICE raw file written plot by plot and point by point, real or complex. */
#ifndef SILVERBAR_WAVE_RAW_PLOTS_H
#define SILVERBAR_WAVE_RAW_PLOTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct raw_plots;

struct raw_plot_variable {
    char *name;
    const char *type; /* "time", "voltage", "current", ... */
};

/* Create the file.  On failure *plots is NULL. */
enum status raw_plots_open(const char *path, struct raw_plots **plots, struct error *error);

/* Begin a plot; the first variable is the scale. */
void raw_plots_begin(struct raw_plots *plots, const char *title, const char *name, bool complex,
                     size_t n, const struct raw_plot_variable *variables);

/* values[n], or [n][2] if complex. */
void raw_plots_point(struct raw_plots *plots, const double *values);

/* Complete and close; also frees.  `plots` may be NULL. */
enum status raw_plots_close(struct raw_plots *plots, struct error *error);

#endif
