/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resistances by which nodes are held, from above: along the least resistive way through resistors, switches,
 * channels and memristors to a known node or the output of a controlled source.  Without solving anything.
 * What no current can reach keeps its charge, and does not count. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_HELD_H
#define SILVERBAR_ENGINE_EVENT_EVENT_HELD_H

#include "engine/event/network/network.h"

struct event_held {
    double *ohm;   /* n_nodes: INFINITY: there is no such way */
    int *tree;     /* n_nodes: first node of the way, from where it is held; of known nodes 0 */
    int *queue;    /* n_nodes: scratch */
    bool *waits;   /* n_nodes: scratch */
    double *farad; /* n_nodes: of capacitors, by tree */
};

void event_held_new(struct event_held *held, const struct circuit *circuit);
void event_held_free(struct event_held *held);

/* The network as it is at the end of its phase; ohm[] and tree[] of nodes that are their own root. */
void event_held_find(struct event_held *held, const struct network *network);

/* Is the time constant of each of these n capacitors shorter than that [s], by the resistors and switches alone
 * that lead from it to such nodes, and all capacitance? */
bool event_held_directly(const struct network *network, size_t n, const int *elements,
                         double constant);

/* Of these n capacitors, the longest time constant: ohm[] times all capacitance of the tree [s]. */
double event_held_slowest(struct event_held *held, const struct network *network, size_t n,
                          const int *elements);

#endif
