/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cost against size: a gnuplot script beside the bench's series.csv, and the picture it draws. */
#ifndef SILVERBAR_REPORT_COST_PLOT_H
#define SILVERBAR_REPORT_COST_PLOT_H

#include "report/output.h"

/* Write cost.gp into the folder. */
enum status cost_plot_write(const struct new_folder *folder, const struct table *series,
                            struct error *error);

/* Draw it as cost.png.  *drawn false with STATUS_OK: gnuplot is not there, or failed. */
enum status cost_plot_draw(const struct new_folder *folder, bool *drawn, struct error *error);

#endif
