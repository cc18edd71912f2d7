/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SUNDIALS IDAS over the system of dae.h, with the factors of sparse_lu.h: multistep formulas
 * (BDF) of order 1 to 5 with IDAS's own choice of steps and orders, and its own quadratures of
 * the elements' powers. It shares the equations with rosenbrock.h, but nothing of their
 * integration.
 *
 * IDAS tests each of these errors by itself: of a voltage with a derivative, against reltol |v|
 * + vntol, or a quarter of kT/q where that is less; of a state, against a part of reltol x +
 * vntol; of the energy of each class in a piece, against a part of reltol times that energy, or
 * times a small share of the energy of all classes. */
#ifndef SILVERBAR_ENGINE_DAE_IDAS_H
#define SILVERBAR_ENGINE_DAE_IDAS_H

#include "engine/dae/dae.h"
#include "engine/engine.h"

struct idas;

/* `options` are kept.  NULL: it cannot be set up. */
struct idas *idas_new(struct dae *dae, const struct engine_options *options);
void idas_free(struct idas *idas);

/* Begin at order 1, with y and slope, n each, at t; no step goes beyond t_end.  y must solve the
 * equations; slope counts only where a derivative occurs.  power: n_elements, there [W]. */
bool idas_begin(struct idas *idas, double t, double t_end, const double *y, const double *slope,
                const double *power);

/* One step from *t.  energy: n_elements, over the step [J]; of capacitors 0.  False: IDAS can take
 * none, nothing has changed, and idas_trouble() says why. */
bool idas_step(struct idas *idas, double t_end, double *t, double *y, double *slope,
               double *energy);
const char *idas_trouble(const struct idas *idas);

/* Its solution within the last step. */
void idas_between(struct idas *idas, double t, double *y, double *slope);

/* Estimated errors of the last step: n. */
void idas_errors(struct idas *idas, double *errors);

/* Reciprocals of the tolerances at y; n each. */
void idas_weights(const struct idas *idas, const double *y, double *weight);

#endif
