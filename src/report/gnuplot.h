/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gnuplot as a filter: commands in, a picture out. */
#ifndef SILVERBAR_REPORT_GNUPLOT_H
#define SILVERBAR_REPORT_GNUPLOT_H

#include "base/error.h"

#include <stdio.h>

/* Run the commands of an open file, which have no `set output', in a folder (NULL: this one), and write
 * the picture to `out'.
 * gnuplot's exit status does not tell of a full disk, so it draws into memory; errors of `out' show where
 * that is closed.  STATUS_INPUT: gnuplot cannot be started; STATUS_NUMERICAL: it has failed. */
enum status gnuplot_draw(FILE *script, const char *folder, FILE *out, struct error *error);

/* An open file in memory, or NULL with a message. */
FILE *gnuplot_script(struct error *error);

#endif
