/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/converter.h"

#include "base/wide.h"

#include <math.h>

long adc_code(const struct adc *a, double value)
{
    const double half = ldexp(1, (int)a->bits - 1), step = a->range / half;
    const double code = floor(value / step + 0.5);
    return (long)fmin(fmax(code, -half), half - 1);
}

/* Codes are held as doubles, and clipped ones counted as such, so that loops run in wide registers. */
WIDE size_t adc_convert(const struct adc *a, size_t n, size_t step, double *values)
{
    if (a->bits == 0)
        return 0;
    const double half = ldexp(1, (int)a->bits - 1), width = a->range / half, last = half - 1;
    double clipped = 0;
    for (size_t k = 0; k < n; k++) {
        const double code = floor(values[k * step] / width + 0.5);
        const double raised = code < -half ? -half : code, kept = raised > last ? last : raised;
        clipped += kept < code || kept > code ? 1 : 0;
        values[k * step] = kept * width;
    }
    return (size_t)clipped;
}

WIDE size_t dac_convert(unsigned bits, double most, size_t n, const double *x, double *v)
{
    const double last = bits > 0 ? ldexp(1, (int)bits) - 1 : 1, scale = last / most;
    double clipped = 0;
    for (size_t k = 0; k < n; k++)
        clipped += x[k] < 0 || x[k] > most ? 1 : 0;
    for (size_t k = 0; k < n && bits == 0; k++)
        v[k] = x[k] / most;
    for (size_t k = 0; k < n && bits > 0; k++) {
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
