/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block elimination for lines_read.h, of an array laid out in slices.  The shorter side's lines run
 * `along` through l slices of s nodes; a slice is one line `across`.
 *
 *     near end of line k: resistance near_ohm to port k, then slices 0 ... l-1, along_ohm between
 *     a line across: s nodes, across_ohm between, the last through end_ohm to its own end
 *
 * If rows are the shorter side, ports are drivers and ends are senses.  If columns are, ports are
 * senses and ends are drivers: W is then the transpose, by reciprocity. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_ELIMINATION_H
#define SILVERBAR_ENGINE_LINES_LINES_ELIMINATION_H

#include "engine/lines/lines_read.h"

#include <stdbool.h>
#include <stddef.h>

struct lines_slices {
    size_t l, s, stride; /* stride: s rounded up to a multiple of 4 */
    double near_ohm, along_ohm, across_ohm, end_ohm;
    const bool *port_open, *end_open; /* s, l: without a connection there; NULL: none */
    double *g;                        /* l x stride: devices [S] */
    double *transfer; /* l x stride: W [S], current at the end of slice t for 1 V at port k */
    double *step;     /* l x s x stride, or NULL: A of each slice, to find voltages with */
    double *pivot;    /* l x stride: inverse pivots of the lines across [ohm] */
    double *near; /* l x stride: current at port k for 1 V at the end of slice t, seen at slice t */
};

/* Slices that are columns, rows running along, whatever the shape; without devices, and to be freed.
 * `steps`: with A. */
void lines_slices_of_columns(const struct lines_array *array, bool steps,
                             struct lines_slices *slices);
void lines_slices_free(struct lines_slices *slices);

/* y = f (x + factor before) for n numbers; before NULL: 0.  y may be x or before. */
void lines_scaled_sum(size_t n, double f, const double *x, double factor, const double *before,
                      double *y);

/* Compute transfer, pivot, near, and step unless it is NULL.  False: a number overflowed. */
bool lines_eliminate(struct lines_slices *slices);

#define LOCKSTEP 8 /* vectors carried side by side */

/* x = (T + D)^-1 x of the line across slice t, n columns of numbers `stride` apart from row to row: voltages
 * [V] of its nodes for currents [A] into them, with the slice's other line and the end at 0 V. */
void lines_slices_across(const struct lines_slices *slices, size_t t, size_t n, size_t stride,
                         double *x);

/* Voltages of all nodes, along and across (l x s x LOCKSTEP each), of vectors port (s x LOCKSTEP)
 * at the ports and end (l x LOCKSTEP) at the ends [V]; work: (l + 3) x stride x LOCKSTEP. */
void lines_slices_voltages(const struct lines_slices *slices, const double *port, const double *end,
                           double *along, double *across, double *work);

#endif
