/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measurements on a signal of a raw file, with the arithmetic of ngspice's .measure:
 *
 *   min|max|pp SIGNAL [from= to=]        of the points in the window; min and max tell where
 *   avg SIGNAL [from= to=]               trapezoids between the points in the window
 *   integ|rms SIGNAL [from= to=]         window with interpolated ends; trapezoids, Simpson's rules
 *                                        over runs of two or three equal steps
 *   when SIGNAL=LEVEL|SIGNAL [EDGE] [td= to=]     linear interpolation
 *   find SIGNAL at=X, find SIGNAL when ...        linear interpolation
 *   trig SIGNAL val= EDGE|at=X targ SIGNAL val= EDGE    distance of two crossings
 *   rise|fall SIGNAL [low=0.1 high=0.9] [nth=1] [from= to=]   time between these shares of the way
 *                                        from the least to the greatest value in the window
 *   settle SIGNAL [band=0.01] [from= to=]   from the window's begin until it stays within band times
 *                                        peak-to-peak of its last value
 *
 * EDGE is rise=N, fall=N or cross=N, N a number from 1 or last.  A name may go before: "t_on: when
 * ...".  As in ngspice 39 the integrals replace the first point behind `from` by the interpolated
 * one. */
#ifndef SILVERBAR_WAVE_MEASURE_H
#define SILVERBAR_WAVE_MEASURE_H

#include "wave/raw_read.h"

struct measure_result {
    char *name; /* given, or the whole text; to be freed */
    double value;
    double at;     /* on the scale: of min, max, find; of targ for distances; NaN: no such */
    char unit[32]; /* "" if unknown; of an integral as "V.s" */
};

/* Measure what `text` says, within [from, to] of the scale unless it says otherwise.
 * A bad text is STATUS_INPUT; what does not occur is STATUS_NUMERICAL. */
enum status measure(const struct raw_file *file, const char *text, double from, double to,
                    struct measure_result *result, struct error *error);

#endif
