/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of network.h only. */
#ifndef SILVERBAR_ENGINE_NETWORK_INTERNAL_H
#define SILVERBAR_ENGINE_NETWORK_INTERNAL_H

#include "engine/network.h"

/* Free the components of the present pattern. */
void network_pattern_free(struct network *network);

/* Put the component's nodes in order of elimination and prepare it; one without controlled
 * sources and transistors. */
void network_eliminate(struct network *network, struct network_component *component);

/* Give the component a forest (forest.h), if it is a network that has one. */
void network_forest_make(struct network *network, struct network_component *component);
void network_forest_free(struct network_forest *forest);

/* Solve it.  *holds: it may be tried again. */
bool network_forest_solve(struct network *network, const struct network_component *component,
                          double tolerance, bool *holds);

#endif
