/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/converter.h"

#include "base/wide.h"

#include <math.h>
#include <stdint.h>

/* Comparisons and roundings of numbers may be made although others are taken: nothing asks for the flags
 * that they set, and without this loops with both do not run in wide registers. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("no-trapping-math")
#endif

long adc_code(const struct adc *a, double value)
{
    const double half = ldexp(1, (int)a->bits - 1), step = a->range / half;
    const double code = floor(value / step + 0.5);
    return (long)fmin(fmax(code, -half), half - 1);
}

/* Loops run in wide registers: codes are held as doubles, and clipped ones counted in whole numbers as
 * wide, since a sum of doubles would have to keep its order. */
static inline double keep(double code, double first, double last, int64_t *clipped)
{
    const double raised = code < first ? first : code, kept = raised > last ? last : raised;
    *clipped += kept != code;
    return kept;
}

WIDE size_t adc_convert(const struct adc *a, size_t n, double factor, double *restrict values,
                        double *restrict sums)
{
    const double half = ldexp(1, (int)a->bits - 1), width = a->range / half;
    int64_t clipped = 0;
    for (size_t k = 0; k < n; k++) {
        values[k] = keep(floor(values[k] / width + 0.5), -half, half - 1, &clipped) * width;
        sums[k] += factor * values[k];
    }
    return (size_t)clipped;
}

WIDE size_t adc_convert_row(const struct adc_row *row, size_t n, double *restrict values,
                            double *restrict sums)
{
    const double half = ldexp(1, (int)row->bits - 1);
    const double *restrict range = row->range, *restrict factor = row->factor;
    int64_t clipped = 0;
    for (size_t k = 0; k < n; k++) {
        const double width = range[k] / half;
        values[k] = keep(floor(values[k] / width + 0.5), -half, half - 1, &clipped) * width;
        sums[k] += row->scale * factor[k] * values[k];
    }
    return (size_t)clipped;
}

/* v may be x: numbers do not depend on others, which compilers are told. */
WIDE size_t dac_convert(unsigned bits, double most, size_t n, const double *x, double *v)
{
    const double last = bits > 0 ? ldexp(1, (int)bits) - 1 : 1, scale = last / most;
    int64_t clipped = 0;
    for (size_t k = 0; k < n; k++)
        clipped += (x[k] < 0) | (x[k] > most);
    if (bits == 0) {
#pragma GCC ivdep
        for (size_t k = 0; k < n; k++)
            v[k] = x[k] / most;
        return (size_t)clipped;
    }
#pragma GCC ivdep
    for (size_t k = 0; k < n; k++) {
        const double code = floor(x[k] * scale + 0.5), raised = code < 0 ? 0 : code;
        v[k] = (raised > last ? last : raised) / last;
    }
    return (size_t)clipped;
}

size_t dac_convert_signed(unsigned bits, double most, size_t n, const double *x, double *v)
{
    const double last = bits > 1 ? ldexp(1, (int)bits - 1) - 1 : 1;
    size_t clipped = 0;
    for (size_t k = 0; k < n; k++) {
        const double size = fabs(x[k]) / most, kept = fmin(size, 1);
        const double code = bits > 1 ? floor(kept * last + 0.5) / last : bits == 1 ? 1 : size;
        clipped += size > 1;
        v[k] = copysign(code, x[k]);
    }
    return clipped;
}

double adc_energy(unsigned bits)
{
    const double step = bits <= 7 ? 83e-15 : bits <= 9 ? 34e-15 : 43e-15; /* [J] */
    return ldexp(step, (int)bits);
}
