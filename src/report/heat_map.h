/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A grid of numbers as an SVG picture of its own: a coloured cell each, and a scale. */
#ifndef SILVERBAR_REPORT_HEAT_MAP_H
#define SILVERBAR_REPORT_HEAT_MAP_H

#include <stddef.h>
#include <stdio.h>

struct heat_map {
    size_t rows, columns;
    const double *a;          /* rows x columns, finite */
    const char *title, *unit; /* plain text */
};

/* Row 1 on top, column 1 on the left.  Grids of more than HEAT_MAP_CELLS a side are drawn in blocks,
 * each by its number of largest magnitude, so that no single cell is lost. */
#define HEAT_MAP_CELLS 128
void heat_map_write(const struct heat_map *map, FILE *out);

#endif
