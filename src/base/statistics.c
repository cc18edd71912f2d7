/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/statistics.h"

#include "base/memory.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double statistics_median(const double *values, size_t n)
{
    double *sorted = NEW(n, double);
    memcpy(sorted, values, n * sizeof *sorted);
    gsl_sort(sorted, 1, n);
    const double median = gsl_stats_median_from_sorted_data(sorted, 1, n);
    free(sorted);
    return median;
}

double statistics_spread(const double *values, size_t n)
{
    double least, most;
    gsl_stats_minmax(&least, &most, values, 1, n);
    return (most - least) / statistics_median(values, n);
}

double statistics_exponent(const double *x, const double *y, size_t n)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += log(x[i]) / (double)n;
        mean_y += log(y[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (log(x[i]) - mean_x) * (log(x[i]) - mean_x);
        xy += (log(x[i]) - mean_x) * (log(y[i]) - mean_y);
    }
    return n > 1 && xx > 0 ? xy / xx : NAN;
}
