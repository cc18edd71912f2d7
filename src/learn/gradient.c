/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/gradient.h"

#include <math.h>

void gradient_add(const struct gradient_network *n, const double *weights,
                  const struct gradient_readings *r, double factor, double *gradient)
{
    double delta[GRADIENT_UNITS_MAX] = {factor}, below[GRADIENT_UNITS_MAX];
    size_t first = 0;
    for (size_t l = 0; l < n->n_layers; l++)
        first += n->sizes[l] * n->sizes[l + 1];
    for (size_t l = n->n_layers; l-- > 0;) {
        const size_t rows = n->sizes[l], columns = n->sizes[l + 1];
        first -= rows * columns;
        for (size_t j = 0; j < columns; j++)
            delta[j] *=
                fmax(n->least_slope[l], transfer_slope_at(&n->transfer[l], r->output[l][j]));
        for (size_t i = 0; i < rows; i++) {
            const double x = l == 0 ? r->pixels[i] : r->output[l - 1][i] - 0.5;
            below[i] = 0;
            for (size_t j = 0; j < columns; j++) {
                gradient[first + i * columns + j] += delta[j] * x;
                below[i] += delta[j] * weights[first + i * columns + j];
            }
        }
        for (size_t i = 0; i < rows && l > 0; i++)
            delta[i] = below[i];
    }
}
