/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An error of a programmed conductance: G' = G (1 + sigma N(0, 1)), and the state that has it. */
#ifndef SILVERBAR_LEARN_CONDUCTANCE_ERROR_H
#define SILVERBAR_LEARN_CONDUCTANCE_ERROR_H

#include "device/library/library.h"

#include <gsl/gsl_rng.h>
#include <stdbool.h>

/* The state whose conductance i(v, x)/v [S] at v is g, limited to [0, 1]; *beyond: it was. */
double state_of_conductance(const struct dopant *dopant, double v, double g, bool *beyond);

/* The state after an error of the conductance at v. */
double conductance_error(const struct dopant *dopant, double v, double x, double sigma,
                         gsl_rng *rng, bool *beyond);

#endif
