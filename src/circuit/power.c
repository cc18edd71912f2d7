/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power absorbed by each element, from the node voltages, branch currents and states alone: the laws of
 * the elements are evaluated again, independently of the engine that found the voltages.  By Tellegen's
 * theorem these powers and the rates at which elements store energy add up to 0. */
#include "base/spice_number.h"
#include "circuit/circuit.h"

struct element_point circuit_point(const struct circuit *c, const double *values)
{
    return (struct element_point){.elements = c->elements,
                                  .v = values,
                                  .branch = values + c->n_nodes,
                                  .state = values + c->n_nodes + c->n_branches,
                                  .thermal = BOLTZMANN * c->temperature / ELECTRON_CHARGE};
}

void circuit_power(const struct circuit *c, const double *values, double *power)
{
    const struct element_point at = circuit_point(c, values);
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        const struct element_type *type = element_type(e);
        power[k] = type->power ? type->power(e, &at) : 0;
    }
}
