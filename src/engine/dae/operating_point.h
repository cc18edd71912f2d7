/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_ENGINE_DAE_OPERATING_POINT_H
#define SILVERBAR_ENGINE_DAE_OPERATING_POINT_H

#include "engine/dae/dae.h"
#include "engine/dae/sparse_lu.h"
#include "engine/engine.h"

/* In the order in which they are tried. */
enum operating_method { OPERATING_DIRECT, OPERATING_GMIN, OPERATING_SOURCES, OPERATING_METHODS };

/* The operating point at time 0 with the states held: y, n, is the guess and then the solution, by
 * this method alone or, for OPERATING_METHODS, by the first that finds it.  On failure *error names the
 * methods, how far each came, and where Kirchhoff's law or that of a controlled source is missed most. */
enum status operating_point(enum operating_method method, struct dae *dae, struct sparse_lu *lu,
                            double *y, struct operating_report *report, struct error *error);

#endif
