/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What repeated timings are reduced to. */
#ifndef SILVERBAR_BASE_STATISTICS_H
#define SILVERBAR_BASE_STATISTICS_H

#include <stddef.h>

/* Median of n >= 1 values, and (largest - smallest) / median. */
double statistics_median(const double *values, size_t n);
double statistics_spread(const double *values, size_t n);

/* Exponent p of y = c x^p by least squares of the logarithms; NAN below two different x.
 * x, y: n, positive. */
double statistics_exponent(const double *x, const double *y, size_t n);

#endif
