/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exponential windows of the TEAM and VTEAM models
 *
 *     f(w) = exp(-exp((w - woff)/wc))      while w rises (to OFF)
 *     f(w) = exp(-exp(-(w - won)/wc))      while w falls (to ON)
 *
 * w: the published state, 0 ON, 1 OFF.  Source: S. Kvatinsky et al., "TEAM: ThrEshold Adaptive
 * Memristor Model", IEEE Trans. Circuits Syst. I 60(1):211, 2013. */
#ifndef SILVERBAR_DEVICE_MODEL_WINDOW_H
#define SILVERBAR_DEVICE_MODEL_WINDOW_H

#include <math.h>

/* exp(-exp(z)) and its slope by z; 0 below 1e-300. */
static inline double double_exponential(double z, double *slope)
{
    *slope = 0;
    if (z > 6.5)
        return 0;
    const double e = exp(z), f = exp(-e);
    *slope = -e * f;
    return f;
}

#endif
