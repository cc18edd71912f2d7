/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power absorbed by each element from the node voltages, branch currents and states alone: the
 * element laws are evaluated here, independently of the engine that found the voltages.  By
 * Tellegen's theorem the sum over all elements is minus the rate at which capacitors store. */
#include "base/spice_number.h"
#include "circuit/circuit.h"

bool element_is_source(const struct element *e)
{
    return (e->kind == ELEMENT_VOLTAGE && !e->boundary) || e->kind == ELEMENT_CURRENT;
}

bool element_in_array(const struct element *e)
{
    return e->class != CLASS_NEURON && !e->boundary;
}

static double mosfet_power(const struct element *e, const double *v, double vt)
{
    const double terminal[4] = {v[e->node[0]], v[e->node[1]], v[e->node[2]], v[e->node[3]]};
    double i[4];
    mos1_currents(e->mos, &e->geometry, vt, CIRCUIT_GMIN, terminal, i);
    return terminal[0] * i[0] + terminal[1] * i[1] + terminal[2] * i[2] + terminal[3] * i[3];
}

static double opaque_power(const struct circuit *c, const struct element *e, const double *values)
{
    double power = 0;
    for (size_t k = 0; k < e->n_terminals; k++) {
        int branch = c->elements[e->ammeters[k]].branch;
        power += values[e->terminals[k]] * values[circuit_branch_value(c, branch)];
    }
    return power;
}

void circuit_power(const struct circuit *c, const double *values, double *power)
{
    const double vt = BOLTZMANN * c->temperature / ELECTRON_CHARGE;
    const double *branch = values + c->n_nodes, *state = branch + c->n_branches;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        const double v = values[e->node[0]] - values[e->node[1]];
        const double control = values[e->node[2]] - values[e->node[3]];
        switch (e->kind) {
        case ELEMENT_RESISTOR:
            power[k] = v * v / e->value;
            break;
        case ELEMENT_SWITCH:
            power[k] = v * v * switch_conductance(e->value, control);
            break;
        case ELEMENT_CURRENT:
            power[k] = v * e->value;
            break;
        case ELEMENT_VCCS:
            power[k] = v * e->value * control;
            break;
        case ELEMENT_VOLTAGE:
            /* a boundary absorbs nothing: what is wanted is what crosses it */
            power[k] = (e->boundary ? values[e->node[0]] : v) * branch[e->branch];
            break;
        case ELEMENT_VCVS:
        case ELEMENT_TRANSFER:
            power[k] = v * branch[e->branch];
            break;
        case ELEMENT_MOSFET:
            power[k] = mosfet_power(e, values, vt);
            break;
        case ELEMENT_MEMRISTOR:
            power[k] = v * e->dopant->model->current(e->dopant->constants, v, state[e->state]).f;
            break;
        case ELEMENT_OPAQUE:
            power[k] = opaque_power(c, e, values);
            break;
        case ELEMENT_CAPACITOR:
            power[k] = 0;
            break;
        }
    }
}
