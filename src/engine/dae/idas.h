/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SUNDIALS IDAS, a multistep method, over the system of dae.h with the factors of sparse_lu.h. */
#ifndef SILVERBAR_ENGINE_DAE_IDAS_H
#define SILVERBAR_ENGINE_DAE_IDAS_H

#include "engine/dae/dae.h"

struct idas;

/* weights: fills weight[n] with the reciprocals of the tolerances at y[n]; step_max [s].  NULL: it
 * cannot be set up. */
struct idas *idas_new(struct dae *dae,
                      void (*weights)(const void *data, const double *y, double *weight),
                      const void *data, double step_max);
void idas_free(struct idas *idas);

/* Begin at y with slope, n each, at t, with a step of h; none goes beyond t_end. */
bool idas_begin(struct idas *idas, double t, double h, double t_end, const double *y,
                const double *slope);

/* One step from *t.  False: IDAS can take none; nothing has changed. */
bool idas_step(struct idas *idas, double t_end, double *t, double *y, double *slope);

/* Its solution within the last step. */
void idas_between(struct idas *idas, double t, double *y, double *slope);

/* Estimated errors of the last step: n. */
void idas_errors(struct idas *idas, double *errors);

#endif
