/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of network.h only. */
#ifndef SILVERBAR_ENGINE_NETWORK_INTERNAL_H
#define SILVERBAR_ENGINE_NETWORK_INTERNAL_H

#include "engine/network.h"

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

/* Give the component a forest (forest.h), if it is a network that has one. */
void network_forest_make(struct network *network, struct network_component *component);
void network_forest_free(struct network_forest *forest);

/* Solve it.  *holds: it may be tried again. */
bool network_forest_solve(struct network *network, struct network_component *component,
                          double tolerance, bool *holds);

#endif
