/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Offline targets: weights found by gradient descent on the noisy images, with the neurons' own
 * measured transfer.
 *
 *     hidden  h_j = T_1(s_j),  s_j = sum_i w_ij x_i,            x_i in {0, 1}
 *     next    y_k = T_l(s_k),  s_k = sum_j w_jk (h_j - 1/2)     -1 <= w <= 1
 *     E = sum over the 512 images and both classes of P(class, image) (y - class)^2
 *
 * The expectation over flips is exact (images.h), so no noise is drawn; under Gaussian noise the sum
 * goes over drawn images.  Weights are clipped to [-1, 1] after every step. */
#ifndef SILVERBAR_LEARN_TARGETS_H
#define SILVERBAR_LEARN_TARGETS_H

#include "learn/image_set.h"
#include "learn/transfer.h"

#include <stdint.h>

struct targets_options {
    size_t n_layers;
    const size_t *sizes;             /* n_layers + 1 */
    const struct transfer *transfer; /* n_layers */
    const struct image_pair *images;
    double train_noise;            /* flip probability */
    const struct image_set *drawn; /* these images in place of all under flips; or NULL */
    size_t starts, steps; /* initial weights tried, the one with the lowest error is kept; of
                             descent; 0: TARGETS_STARTS, TARGETS_STEPS */
    uint64_t seed;
    uint32_t sample;
};
#define TARGETS_STARTS 4
#define TARGETS_STEPS 1500

/* weights: all devices, layer after layer, row-major.  *loss: E at the end. */
void targets_train(const struct targets_options *options, double *weights, double *loss);

#endif
