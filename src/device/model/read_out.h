/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read-out nonlinearity of silver-chalcogenide (SDC) devices, an option of every model: in the
 * current of a conductance G(x) the voltage v is replaced by (1 - sdc) v + sdc s(v),
 *
 *     s(v) = [0.2622 (e^(13.7 v) - 1) + 0.06597 (1 - e^(-10.05 v)) + 8.679 v]/12.9341385
 *
 * for |v| <= 0.3 V, where it was measured, and its tangents beyond.  s'(0) = 1: G is the
 * small-signal conductance.  Source: arXiv:2505.15757, which rounds the divisor to 12.93. */
#ifndef SILVERBAR_DEVICE_MODEL_READ_OUT_H
#define SILVERBAR_DEVICE_MODEL_READ_OUT_H

#include <math.h>

/* The last parameter of every model. */
#define SDC_PARAMETER                                                                              \
    {                                                                                              \
        "sdc", "1", "share of the SDC read-out nonlinearity: 0 ohmic, 1 full", 0, 0, 1             \
    }
#define SDC_RANGE 0.3 /* [V] */
#define SDC_SUM (0.2622 * 13.7 + 0.06597 * 10.05 + 8.679)

/* The voltage that drives the conductance [V] and its slope by v. */
static inline double read_out(double sdc, double v, double *slope)
{
    *slope = 1;
    if (!(sdc > 0))
        return v;
    const double w = fmax(-SDC_RANGE, fmin(SDC_RANGE, v));
    const double forward = expm1(13.7 * w), reverse = expm1(-10.05 * w);
    const double ds =
        (0.2622 * 13.7 * (forward + 1) + 0.06597 * 10.05 * (reverse + 1) + 8.679) / SDC_SUM;
    const double s = (0.2622 * forward - 0.06597 * reverse + 8.679 * w) / SDC_SUM + ds * (v - w);
    *slope = 1 - sdc + sdc * ds;
    return (1 - sdc) * v + sdc * s;
}

#endif
