/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/converter.h"

#include <math.h>

long adc_code(const struct adc *a, double value)
{
    const double half = ldexp(1, (int)a->bits - 1), step = a->range / half;
    const double code = floor(value / step + 0.5);
    return (long)fmin(fmax(code, -half), half - 1);
}

size_t adc_convert(const struct adc *a, size_t n, size_t step, double *values)
{
    if (a->bits == 0)
        return 0;
    const double half = ldexp(1, (int)a->bits - 1), width = a->range / half;
    size_t clipped = 0;
    for (size_t k = 0; k < n; k++) {
        const double code = floor(values[k * step] / width + 0.5);
        const double raised = code < -half ? -half : code,
                     kept = raised > half - 1 ? half - 1 : raised;
        clipped += kept != code;
        values[k * step] = kept * width;
    }
    return clipped;
}

size_t dac_convert(unsigned bits, double most, size_t n, const double *x, double *v)
{
    const double last = bits > 0 ? ldexp(1, (int)bits) - 1 : 1, scale = last / most;
    size_t clipped = 0;
    for (size_t k = 0; k < n; k++) {
        clipped += x[k] < 0 || x[k] > most;
        if (bits == 0) {
            v[k] = x[k] / most;
            continue;
        }
        const double code = floor(x[k] * scale + 0.5);
        v[k] = (code < 0 ? 0 : code > last ? last : code) / last;
    }
    return clipped;
}

double adc_energy(unsigned bits)
{
    const double step = bits <= 7 ? 83e-15 : bits <= 9 ? 34e-15 : 43e-15; /* [J] */
    return ldexp(step, (int)bits);
}
