/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Min-max decimation: runs of `per_bin` points become the smallest and the largest value of each
 * signal in them.  Exact where per_bin = 1.  Else every point lies between the two values of its
 * bin; their times are known to the bin, at most `widest` long. */
#ifndef SILVERBAR_WAVE_DECIMATE_H
#define SILVERBAR_WAVE_DECIMATE_H

#include "wave/raw_read.h"

struct decimated {
    size_t n_signals, n_points, per_bin, n_bins;
    double *begin; /* n_bins: scale at the first point of each bin */
    double end;    /* scale at the last point */
    double widest; /* longest bin, in the unit of the scale */
    double *value; /* n_signals x n_bins x 2: both extremes in the order in which they come */
};

/* Points [first, first + n) of a file. */
struct decimate_window {
    size_t first, n;
    bool monotone; /* the scale grows throughout */
};

/* The points with a scale from `from` to `to`; all points where the scale is not monotone. */
enum status decimate_window(const struct raw_file *file, double from, double to,
                            struct decimate_window *window, struct error *error);

/* At most `bins` bins (0: a bin for every point) of the block's points.  On failure *decimated holds
 * nothing. */
enum status decimate(const struct raw_file *file, const struct raw_block *block, size_t bins,
                     struct decimated *decimated, struct error *error);
void decimated_free(struct decimated *decimated);

/* Largest half difference of the two values of a bin of one signal: the most by which the middle
 * between them is off. */
double decimated_bound(const struct decimated *decimated, size_t signal);

#endif
