/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a row of a tile is driven at which voltage, in parts of V from -1 to 1: what disturbs its devices.
 * A converter of 1, 2, 4 or 8 bits has no other voltages; those of others are rounded to them. */
#ifndef SILVERBAR_INFER_ROW_USE_H
#define SILVERBAR_INFER_ROW_USE_H

#include <stddef.h>

#define ROW_USE_PARTS 255 /* of V */

struct row_use {
    double reads[2 * ROW_USE_PARTS + 1]; /* at (k - ROW_USE_PARTS)/ROW_USE_PARTS */
};

/* n reads at fractions of V, `step` apart. */
void row_use_add(struct row_use *use, size_t n, size_t step, const double *fractions);

/* n reads at V or -V for that part of their time. */
void row_use_add_widths(struct row_use *use, size_t n, size_t step, const double *fractions);

/* The voltages other than 0, and the time at each: `time` seconds a read.  volt and seconds have room for all
 * parts; returns how many there are. */
size_t row_use_times(const struct row_use *use, double most, double time, double *volt,
                     double *seconds);

#endif
