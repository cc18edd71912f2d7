/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradient of the error by the weights, from what a controller can read of a circuit.
 *
 *     h_0 = pixels    s_lj = sum_i w_lij x_li    x_l = h_l - 1/2 above the first layer
 *     dE/dw_lij = d_lj x_li    d_lj = T_l'(s_lj) sum_k d_(l+1)k w_(l+1)jk    d_last = dE/dy T'(s)
 *
 * x and y are read; T' is the slope of the measured transfer where it gives the output that was
 * read; w are the weights as last read. */
#ifndef SILVERBAR_LEARN_GRADIENT_H
#define SILVERBAR_LEARN_GRADIENT_H

#include "learn/transfer.h"

#define GRADIENT_UNITS_MAX 64 /* of a layer */

struct gradient_network {
    size_t n_layers;
    const size_t *sizes;             /* n_layers + 1, the last 1 */
    const struct transfer *transfer; /* n_layers */
    /* T' counts as at least this: a neuron at the end of its curve, where T' = 0, would learn
     * nothing more. */
    double least_slope[CLASSIFIER_LAYERS_MAX];
};

/* What was read while one image was shown. */
struct gradient_readings {
    const double *pixels;                                     /* sizes[0] */
    double output[CLASSIFIER_LAYERS_MAX][GRADIENT_UNITS_MAX]; /* h of every neuron, 0..1 */
};

/* Add dE/dw for dE/dy = factor; weights and gradient: all devices, layer after layer, row-major. */
void gradient_add(const struct gradient_network *network, const double *weights,
                  const struct gradient_readings *readings, double factor, double *gradient);

#endif
