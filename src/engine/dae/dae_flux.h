/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fluxes of a circuit's branches (element_type.fluxes) for a system (dae.h). */
#ifndef SILVERBAR_ENGINE_DAE_DAE_FLUX_H
#define SILVERBAR_ENGINE_DAE_DAE_FLUX_H

#include "engine/dae/dae.h"

/* List them in d->fluxes, with element numbers in place of unknowns.  STATUS_INPUT: the inductances of
 * branches that are coupled are not positive definite, so that currents could give energy without end;
 * or more than DAE_COUPLED_MAX branches are coupled. */
#define DAE_COUPLED_MAX 1000
enum status dae_list_fluxes(struct dae *d, struct error *error);

#endif
