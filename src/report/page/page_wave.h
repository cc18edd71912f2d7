/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of a page and its waveforms: data decimated to fit, and the viewer that draws them with
 * dygraphs.  In a build without dygraphs a few still plots stand in its place, and the page says so.
 */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_WAVE_H
#define SILVERBAR_REPORT_PAGE_PAGE_WAVE_H

#include "base/table.h"
#include "wave/decimate.h"

#include <stdio.h>

/* Up to <body>, with all styles and no access to anything outside of the file. */
void page_begin(const char *title, FILE *out);
/* From the scripts on. */
void page_end(FILE *out);

struct page_wave {
    const struct raw_file *file;
    size_t n_signals;
    const size_t *signals; /* n_signals */
    size_t first, n_points;
    const struct table *phases; /* phases.csv, or NULL */
    const char *command;        /* that shows all points: "silverbar wave FILE" */
    size_t n_first;
    const size_t *first_signals; /* n_first: shown at first; none: the first few */
};

/* "silverbar wave FILE" for a shell, with --plot if it is not the first; to be freed. */
char *page_wave_command(const char *path, size_t plot);

enum status page_wave(const struct page_wave *wave, FILE *out, struct error *error);

#endif
