/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pair of Schottky junctions across the device: af (e^(bf v) - 1) - ar (e^(-br v) - 1) [A].
 * Source: Molter and Nugent, arXiv:1608.04659; each exponential less one, so that i(0) = 0.
 * Limit: the exponentials overflow beyond |v| = 700/bf, 700/br. */
#ifndef SILVERBAR_DEVICE_MODEL_JUNCTIONS_H
#define SILVERBAR_DEVICE_MODEL_JUNCTIONS_H

#include "device/model.h"

#include <math.h>

static inline struct model_value junctions_add(struct model_value i, double v, double af, double bf,
                                               double ar, double br)
{
    const double forward = expm1(bf * v), reverse = expm1(-br * v);
    i.f += af * forward - ar * reverse;
    i.df_dv += af * bf * (forward + 1) + ar * br * (reverse + 1);
    return i;
}

#endif
