/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of network.h only. */
#ifndef SILVERBAR_ENGINE_EVENT_NETWORK_NETWORK_INTERNAL_H
#define SILVERBAR_ENGINE_EVENT_NETWORK_NETWORK_INTERNAL_H

#include "engine/event/network/network.h"

#include <math.h>

/* [S] across a channel that may turn on, so that nothing floats */
#define NETWORK_CHANNEL_GMIN 1e-12

/* Make the components of what conducts now; free them. */
void network_pattern_make(struct network *network);
void network_pattern_free(struct network *network);

/* What an order is made of. */
struct network_view {
    const bool *solved;   /* n_nodes: it has a voltage of its own that is not known */
    const int *effective; /* n_nodes: the node that it follows, or itself */
};

/* Nodes part after part; the nodes of a part are solved together, unless it is the output of a
 * control that is `forward` and evaluated. */
struct network_sequence {
    size_t n_parts, *first; /* n_parts + 1 */
    int *nodes;
};

/* Find it, and which controls are forward; first[] and nodes[] are to be freed. */
struct network_sequence network_order(struct network *network, const struct network_view *view);

/* What each component and forward control hears of. */
void network_inputs(struct network *network);

/* Put the component's nodes in order of elimination and prepare it; one without controlled
 * sources and transistors. */
void network_eliminate(struct network *network, struct network_component *component);

/* Its elimination is made: room for factors, and for what they are of. */
void network_factors_new(const struct network *network, struct network_component *component);

/* Give the component line trees (line_trees.h), if it is a network that has one. */
void network_lines_make(struct network *network, struct network_component *component);
void network_lines_free(struct network_lines *trees);
void network_lines_unfactor(struct network_lines *trees); /* network.hold[] has changed */

/* Its conductances at the present states and voltages. */
void network_lines_conductances(const struct network *network, struct network_component *component);

/* Solve it.  *holds: it may be tried again. */
bool network_lines_solve(struct network *network, struct network_component *component,
                         double tolerance, bool *holds);

/* Current from a to b and its derivatives by both voltages. */
struct network_derivatives {
    double i, di_da, di_db;
};

static inline struct network_derivatives network_cell_current(const struct network *n,
                                                              const struct network_cell *c)
{
    const double *v = n->values, va = v[c->a], vb = v[c->b];
    if (c->linear)
        return (struct network_derivatives){c->g * (va - vb), c->g, -c->g};
    switch (c->kind) {
    case ELEMENT_MOSFET: {
        const double terminal[4] = {va, v[c->c], vb, v[c->d]};
        double g[4] = {0};
        mos1_channel_conductances(&c->mos, terminal, g);
        return (struct network_derivatives){
            mos1_channel_current(&c->mos, terminal) + NETWORK_CHANNEL_GMIN * (va - vb),
            g[0] + NETWORK_CHANNEL_GMIN, g[2] - NETWORK_CHANNEL_GMIN};
    }
    case ELEMENT_MEMRISTOR: {
        const struct dopant *d = c->element->dopant;
        const struct model_value i = d->model->current(d->constants, va - vb, v[c->state]);
        return (struct network_derivatives){i.f, i.df_dv, -i.df_dv};
    }
    case ELEMENT_VCCS:
        return (struct network_derivatives){c->g * (v[c->c] - v[c->d]), 0, 0};
    default:
        return (struct network_derivatives){c->g, 0, 0}; /* a current source */
    }
}

/* Voltage between a control's output and its base, and its slope by the voltage that it follows. */
static inline double network_control_value(const struct network *n, const struct network_control *s,
                                           double *slope)
{
    const double u = n->values[s->follows[0]] - n->values[s->follows[1]];
    return element_follows(s->element, u, slope);
}

/* Their currents, at the voltages v. */
void network_channel_currents(const struct network_channels *channels, const double *v,
                              double *ampere);

#endif
