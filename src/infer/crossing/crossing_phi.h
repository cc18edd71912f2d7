/* SPDX-License-Identifier: GPL-3.0-or-later */
/* phi_1 = (e^z - 1)/z, phi_k+1 = (phi_k - 1/k!)/z, for crossing.c. */
#ifndef SILVERBAR_INFER_CROSSING_CROSSING_PHI_H
#define SILVERBAR_INFER_CROSSING_CROSSING_PHI_H

#include <math.h>

struct crossing_phi {
    double one, two, three, four;
};

/* Below |z| = 1 upwards from the series of phi_4, whose 16th term is 1e-17 of the first; above, no step
 * of the recurrence loses more than a digit. */
static inline struct crossing_phi crossing_phi(double z)
{
    struct crossing_phi p;
    static const double per[] = {1. / 5,  1. / 6,  1. / 7,  1. / 8,  1. / 9,  1. / 10,
                                 1. / 11, 1. / 12, 1. / 13, 1. / 14, 1. / 15, 1. / 16,
                                 1. / 17, 1. / 18, 1. / 19, 1. / 20};
    if (fabs(z) < 1) {
        double sum = 0;
        for (int k = fabs(z) < 0.01 ? 6 : 15; k >= 0; k--)
            sum = z * per[k] * (1 + sum);
        p.four = (1 + sum) / 24;
        p.three = 1. / 6 + z * p.four;
        p.two = 0.5 + z * p.three;
        p.one = 1 + z * p.two;
    } else {
        p.one = expm1(z) / z;
        p.two = (p.one - 1) / z;
        p.three = (p.two - 0.5) / z;
        p.four = (p.three - 1. / 6) / z;
    }
    return p;
}

#endif
