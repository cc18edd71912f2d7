/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for messages about a step without a solution: which unknown or device, at which voltage
 * and state. */
#ifndef SILVERBAR_ENGINE_DAE_DAE_TROUBLE_H
#define SILVERBAR_ENGINE_DAE_DAE_TROUBLE_H

#include "engine/dae/dae.h"

#define DAE_TROUBLE_SIZE 200

/* "node out at 1.2 V", "state of xm1, 0.3, at -0.2 V": unknown k of y.  Returns text. */
const char *dae_unknown(const struct dae *dae, const double *y, size_t k,
                        char text[DAE_TROUBLE_SIZE]);

/* Voltage or state with the largest product of x and its weight; x, weight: n. */
size_t dae_largest(const struct dae *dae, const double *x, const double *weight);

/* A memristor whose law is not finite at the voltages and states of the last evaluation: "the law of
 * xm1 gives nan at 0.8 V, state 0.3".  False: there is none. */
bool dae_broken_law(const struct dae *dae, char text[DAE_TROUBLE_SIZE]);

/* A state outside [0, 1] by more than `slack`, or an unknown that is not finite.  False: none. */
bool dae_no_solution(const struct dae *dae, const double *y, double slack,
                     char text[DAE_TROUBLE_SIZE]);

#endif
