/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converters at the edges of a tile.
 *
 * Of a column's current: signed, mid-tread, `bits` bits over the fixed range -R to R [A],
 *
 *     D = 2 R / 2^bits    code = floor(I / D + 1/2), at least -2^(bits-1), at most 2^(bits-1) - 1
 *
 * and the value is code D: as two's complement it has one code more below 0, and I = R clips to R - D.
 * Of a row's voltage: unsigned, x from 0 to its largest value X,
 *
 *     code = floor(x / X (2^bits - 1) + 1/2), 0 to 2^bits - 1    v = V code / (2^bits - 1) */
#ifndef SILVERBAR_INFER_CONVERTER_H
#define SILVERBAR_INFER_CONVERTER_H

#include <stddef.h>

#define CONVERTER_BITS_MAX 24

struct adc {
    unsigned bits; /* more than 0 */
    double range;  /* R, more than 0 */
};

/* Code of one value. */
long adc_code(const struct adc *adc, double value);

/* n values to the values of their codes, and sums[n] += factor times these; returns how many clipped. */
size_t adc_convert(const struct adc *adc, size_t n, double factor, double *values, double *sums);

/* Converters side by side, a value each; sums[n] += scale factor[n] times the values. */
struct adc_row {
    unsigned bits; /* more than 0 */
    double scale;
    const double *range, *factor; /* n */
};
size_t adc_convert_row(const struct adc_row *row, size_t n, double *values, double *sums);

/* v[n] = fractions of V for x[n]; bits 0: x / X as it is; v may be x.  Returns how many clipped: below 0 or above X. */
size_t dac_convert(unsigned bits, double most, size_t n, const double *x, double *v);

/* The same of both signs, one bit of which is the sign: v = sign(x) floor(|x| / X (2^(bits-1) - 1) + 1/2) /
 * (2^(bits-1) - 1), of one bit x >= 0 or not. */
size_t dac_convert_signed(unsigned bits, double most, size_t n, const double *x, double *v);

/* Energy of a conversion [J] by the median of published converters near that resolution: Walden's figure
 * of merit times 2^bits (B. Murmann, ADC Performance Survey 1997-2025, chips since 2010 of 1 MS/s to
 * 2 GS/s: 83, 34 and 43 fJ a step near 6, 8 and 10 bits). */
double adc_energy(unsigned bits);

#endif
