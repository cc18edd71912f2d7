/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/row_use.h"

#include <math.h>

void row_use_add(struct row_use *u, size_t n, size_t step, const double *fractions)
{
    for (size_t k = 0; k < n; k++) {
        const double part = floor(fractions[k * step] * ROW_USE_PARTS + 0.5);
        u->reads[(size_t)(fmin(fmax(part, -ROW_USE_PARTS), ROW_USE_PARTS) + ROW_USE_PARTS)]++;
    }
}

void row_use_add_widths(struct row_use *u, size_t n, size_t step, const double *fractions)
{
    for (size_t k = 0; k < n; k++)
        u->reads[fractions[k * step] < 0 ? 0 : 2 * ROW_USE_PARTS] += fabs(fractions[k * step]);
}

size_t row_use_times(const struct row_use *u, double most, double time, double *volt,
                     double *seconds)
{
    size_t n = 0;
    for (size_t k = 0; k <= 2 * ROW_USE_PARTS; k++)
        if (k != ROW_USE_PARTS && u->reads[k] > 0) {
            volt[n] = most * ((double)k - ROW_USE_PARTS) / ROW_USE_PARTS;
            seconds[n++] = time * u->reads[k];
        }
    return n;
}
