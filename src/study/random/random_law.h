/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device behind a resistor, integrated from its law alone: no circuit, none of the engines' code.
 *
 *     v + R i(v, x) = V(t)      dx/dt = f(v, x)      dE/dt = v i, R i^2
 *
 * V goes straight from phase to phase.  By GSL's backward differences of variable order, for stiff
 * equations, from kink to kink; v by Brent's method. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_LAW_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_LAW_H

#include "compare/case_result.h"

/* Is it such a circuit: one port without a driver, one memristor to ground, at most one resistor? */
bool random_law_takes(const struct study_case *k);

/* State and energies of a case, with local errors of `reltol`; *o is to be freed in any case. */
enum status random_law_run(const struct study_case *k, double reltol, struct case_result *o,
                           struct error *error);

#endif
