/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_ENGINE_OPERATING_POINT_H
#define SILVERBAR_ENGINE_OPERATING_POINT_H

#include "engine/dae.h"
#include "engine/sparse_lu.h"

/* The operating point at time 0 with the states held: y, n, is the guess and then the solution.
 * A singular matrix, or no convergence: *error names the unknown that moves most. */
enum status operating_point(struct dae *dae, struct sparse_lu *lu, double *y, struct error *error);

#endif
