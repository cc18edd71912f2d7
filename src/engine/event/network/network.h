/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Node voltages and currents of a circuit as functions of the sources' voltages, the memristors' states and
 * the voltages of memory capacitors, which stand for sources; other capacitors carry given currents, or
 * none.
 *
 * Voltage sources and memory capacitors tie nodes together as in dae.h. Nodes that ground reaches through them are
 * known, and so is a node that a controlled source drives from known nodes. A transistor is a
 * channel between two nodes; its gate and bulk must be known. While its gate keeps it off it is
 * removed, and its reverse-biased bulk diodes carry constant currents (network_leakage()). The
 * branches that conduct then fall into components that share no unknown node; a branch between
 * two known nodes is a component of its own. Within a component, nodes through which no current
 * can flow follow their neighbour, and the others solve:
 *
 * a node: sum of the currents that leave it = 0
 *
 * a controlled output: v(0,1) - f(v(2,3)) = 0
 *
 * Components are solved one after the other, and outputs that do not feed back to their inputs
 * are evaluated in between (network_order.c). Newton's iteration uses an elimination in order of
 * least degree, whose operations are listed once for a pattern of switches, as these networks
 * are nearly trees and hardly fill. Crossbars with line resistances do fill; they are solved as
 * in line_trees.h. Factors are kept from solution to solution as long as the conductances stay
 * near. A controlled output that acts only on currents between known nodes is evaluated
 * afterwards. */
#ifndef SILVERBAR_ENGINE_EVENT_NETWORK_NETWORK_H
#define SILVERBAR_ENGINE_EVENT_NETWORK_NETWORK_H

#include "circuit/circuit.h"
#include "engine/event/network/elimination.h"

#include <limits.h>

/* v(child) = v(parent) + sign * (voltage of the element); the element's current follows from
 * Kirchhoff's current law at the child. */
struct network_tie {
    int child, parent, element;
    double sign;
    bool controlled;
    int c, d;    /* by these known nodes */
    bool memory; /* the element is a capacitor of network.memory[] */
};

/* An element that conducts between two nodes. */
struct network_branch {
    enum element_kind kind;
    int node[2]; /* as the circuit has it */
    int a, b;    /* nodes whose voltage its ends have */
    int c, d;    /* control: likewise; a transistor's gate and bulk */
    int state;   /* place of a memristor's state among the values, or -1 */
    int number;  /* of the element */
    const struct element *element;
};

/* A branch in its component: all that an evaluation needs. */
struct network_cell {
    enum element_kind kind;
    int branch, number;
    int a, b, c, d;    /* nodes; c, d of a controlled source: those that they follow */
    int row[2];        /* equations of a and b, or the component's n_nodes: none */
    int at[4];         /* where its derivatives go: (a,a) (a,b) (b,a) (b,b) */
    int control_at[4]; /* (a,c) (a,d) (b,c) (b,d) of a controlled current source */
    bool linear;       /* i = g (v(a) - v(b)) */
    double g;          /* [S] of a linear one, transconductance; a current source's [A] */
    double x;          /* state for which g holds */
    struct mos1_device mos;
    int state;
    const struct element *element;
};

/* A controlled source whose output is solved for. */
struct network_control {
    int out, base, c, d; /* out - base = f(c - d) */
    int follows[2];      /* nodes that c and d follow */
    int at[3];           /* (out,out) (out,c) (out,d) */
    int row;
    int number;
    bool late;      /* acts on currents between known nodes only */
    bool forward;   /* evaluated between components, not solved for */
    int forward_at; /* then: its place among them */
    const struct element *element;
};

/* A controlled source that is evaluated as soon as the components of its inputs are solved. */
struct network_forward {
    int control;
    int by[2];     /* component, or -1 - place of another forward one, or NETWORK_NOTHING */
    size_t before; /* the component that is solved next */
    bool lives;    /* its inputs may move */
    bool bends;
};
#define NETWORK_NOTHING INT_MAX

/* What the iteration reads of linear cells. */
struct network_link {
    int a, b, row[2];
    double g; /* [S] */
};
/* And of transistors without body effect, as arrays: a component may have a hundred of them. */
struct network_channels {
    size_t n;
    int *a, *b, *gate, *row[2];
    double *beta, *vto, *lambda, *sign;
    double *ampere; /* from a to b */
};

struct network_component {
    size_t first_node, n_nodes;       /* among order[] */
    size_t first_cell, n_cells;       /* among cells[] */
    size_t first_control, n_controls; /* among control_members[] */
    size_t first_input, n_inputs;     /* among inputs[] */
    bool moving;                      /* a source that moves in this phase acts on it */
    bool turns;        /* such a source moves the control of a switch or transistor */
    bool memory;       /* a memory capacitor's node acts on it */
    bool memory_turns; /* such a node is the control of a switch or transistor */
    bool linear;       /* all of its equations are */
    bool curved;       /* has currents that do not go straight where its voltages do */
    size_t n_links;    /* the first cells; the channels follow */
    struct network_link *links;
    struct network_channels channels;
    struct network_lines *trees;     /* or NULL: it is eliminated */
    struct elimination *elimination; /* NULL while its line trees serve */
    double *factors;                 /* n_entries + 1 */
    int *pair;    /* n_cells: of those after the links, the first of neighbours between two nodes */
    double *held; /* n_cells + n_controls: conductances [S], slopes of which the factors are, */
    double *now;  /* and at the present voltages, scratch; both in the factors' allocation */
    bool factored;
    double way, bent; /* [V] of the first iteration of the last solution; of the others together */
    bool bends;
    double left;    /* [V] error of the last solution, estimated */
    double shrinks; /* by what a change shrank with these factors, in the last solution */
};

/* What changes from step to step hangs on the live components. */
struct network_flow {
    int element;
    int p, n; /* power = (v(p) - v(n)) * current */
};

/* An element through which current leaves a node: its own, times sign. */
struct network_contact {
    int element;
    double sign;
};

/* The current of a source: the sum of the flows at its node, and a constant part. */
struct network_outflow {
    int branch; /* place of its current after the nodes' values */
    int node;   /* that it leaves, and as which part of what enters there, 1 or -1 */
    double sign;
    double resting;    /* [A] */
    size_t first, end; /* shares[] */
};
struct network_share {
    int flow;
    double sign;
};

struct network {
    const struct circuit *circuit;
    int *root;   /* n_nodes: the node that has its voltage */
    bool *known; /* n_nodes */
    size_t n_ties, n_known_ties;
    struct network_tie *ties; /* those of known nodes first; parents before children */
    size_t n_branches, n_controls;
    struct network_branch *branches;
    struct network_control *controls;
    int *control_of;  /* n_nodes: whose output it is, or -1 */
    double low, high; /* of all sources so far [V], for whether a transistor can turn on */

    bool remembers; /* it has memory capacitors: */
    bool *memory;   /* n_elements: a capacitor whose voltage is a state: network_connect() */
    double *volt;   /* n_elements: that voltage, v(0,1) [V] */
    bool *led;      /* n_nodes: known, and moved by a memory capacitor */

    double t0, edge;   /* the drive, as in dae.h */
    double *from, *to; /* n_elements [V] */
    bool *moves;       /* n_nodes: known, and moving in this phase */
    double *end;       /* n_nodes: known voltages that move, after the ramp */
    size_t n_moving;
    int *moving; /* ties */
    size_t n_switched;
    int *switched; /* transistors whose gates move; one may be there twice */

    /* the pattern of now */
    bool *conducts; /* n_branches */
    bool *idle;     /* n_branches: conducts, but no current can flow */
    int *owner;     /* n_branches: component, or -1 */
    size_t n_components;
    struct network_component *components;
    int *component; /* n_nodes: of a solved node, or -1 */
    int *order;     /* nodes, component after component, in order of elimination */
    struct network_cell *cells;
    int *control_members;
    size_t n_forward, n_inputs, inputs_capacity;
    struct network_forward *forward; /* in the order of evaluation */
    int *inputs; /* of each component: components k >= 0 and forward controls, as -1 - index, whose
                  * outputs it depends on */
    size_t n_follow;
    struct network_leader {
        int node, leader;
    } * follow; /* nodes that have another's voltage: aliases, and ends without current */

    bool *live; /* n_components */
    size_t n_flows, n_outflows, n_late;
    int *late;                        /* controls, evaluated after solving */
    struct network_flow *flows;       /* of components' cells, by late ones, of sources */
    int *flow_of;                     /* n_elements: its place among them, or -1 */
    struct network_outflow *outflows; /* of the last flows, in the order in which they follow */
    struct network_share *shares;
    bool *marked; /* n_nodes: scratch */

    /* what the circuit gives once */
    int *first_incident, *incident;   /* n_nodes + 1; branches at every node that is solved */
    int *first_dependent, *dependent; /* n_nodes + 1; branches, -1 - controls, that it acts on */
    int *first_contact;               /* n_nodes + 1 */
    struct network_contact *contacts; /* of every node as the circuit has it */

    double *values; /* circuit_n_values() */
    double *leak_power,
        *leak;      /* n_elements: of bulk diodes [W]; n_nodes: leaving through them [A] */
    double *step;   /* right-hand side of the largest component */
    bool charges;   /* capacitors carry currents: */
    double *drawn;  /* n_nodes: that leave each node as the circuit has it [A], */
    double *enter;  /* n_nodes: and that leave the node in whose equation they are [A] */
    bool unbounded; /* solve linear components in one iteration, however far it goes */
    bool holds;     /* some carry currents by conductances: */
    double *hold;   /* n_nodes: these, in the equations of their nodes [S] */
    double *held;   /* n_nodes: scratch: hold[] before */
    int *joined;    /* n_nodes: scratch of network_held() */
    size_t failed;  /* the component that could not be solved; n_components: none */
};

/* NULL with *error where the circuit has something that it cannot describe. */
struct network *network_new(const struct circuit *circuit, struct error *error);
void network_free(struct network *network);

/* To be called when memory[] has changed: the voltages volt[] of these capacitors are known like those of
 * sources, and so is the node that is not known without.  A capacitor that does not make a node known - none
 * of its ends is, or both are - is taken out of memory[].  All components are made again by the next
 * network_phase(). */
enum status network_connect(struct network *network, struct error *error);

/* To be called when a phase begins and from[] and to[] are set. Finds the branches that conduct
 * at any time of the phase, rebuilds the components if these have changed (true is returned),
 * and marks those on which moving sources act. */
bool network_phase(struct network *network);

/* Known voltages at time t, of what moves in this phase. */
void network_sources(struct network *network, double t);

/* Add to live[] every component that depends on a live one or on a node of moved[] (n_nodes; NULL: on none
 * of them). */
void network_spread(struct network *network, bool *live, const bool *moved);

/* To be called when live[] is set: list the flows of the live components. `resting`: n_elements,
 * the present currents of all elements without such a flow [A]; NULL: the pattern is new, and
 * they carry none. */
void network_live(struct network *network, const double *resting);

/* To be called when the memristor whose state has this index among the values has new constants:
 * its conductance is evaluated again, even if its state is the same. */
void network_changed(struct network *network, int state);

/* Fix the powers of all bulk diodes, which are reverse biased, and the currents that they draw
 * from nodes, at the present voltages. */
void network_leakage(struct network *network);

/* Power that the bulk diodes of the transistor `branch` take at the present voltages [W]. */
double network_leak_power(const struct network *network, const struct network_branch *branch);

/* Solve all live components at the known voltages and the states in values[]; false: no
 * convergence. */
bool network_solve(struct network *network, double tolerance);

/* Capacitor k of n now carries ampere[k] from its first node to its second; n = 0: none carries any. */
void network_charge(struct network *network, size_t n, const int *elements, const double *ampere);

/* Capacitor k of n now carries siemens[k] (u - volt[k]) at a voltage u, by the present voltages of known
 * nodes; n = 0: none carries any.  False: one joins two nodes that are both solved for. */
bool network_hold(struct network *network, size_t n, const int *elements, const double *siemens,
                  const double *volt);

/* held[node], n_nodes: conductances of at least `least` [S], at the present voltages, lead from it to a
 * known node or the output of a controlled source. */
void network_held(struct network *network, double least, bool *held);

/* After it has failed: the node of that component at which currents are missed most, or -1. */
int network_worst(struct network *network);

/* After a solution that began at voltages `before`: the largest distance of a voltage from a
 * straight line between the two, relative to the change of the node that moved most. Components
 * with more than `limit` are marked as bending. */
double network_bend(struct network *network, const double *before, double limit);

/* Is a transistor of the component in another region (off, triode, saturation) than at the node voltages
 * `before`? */
bool network_turned(const struct network *network, const struct network_component *component,
                    const double *before);

/* Solve only the components that bend: half way between two solutions the others are solved by the mean. */
bool network_solve_bent(struct network *network, double tolerance);

/* Find the conductances of the components that bend again, at the present voltages and states. */
void network_conductances(struct network *network);

/* After solving: voltages of the nodes that follow others, and currents [A] of all flows: from node 0
 * through the element to node 1, of transistors into the drain. */
void network_currents(struct network *network, double *ampere);

/* The representative of all items that are joined with this one (R. E. Tarjan, J. ACM 22:215, 1975). */
static inline int network_representative(int *joined, int item)
{
    while (joined[item] != item)
        item = joined[item] = joined[joined[item]];
    return item;
}

/* Voltage across a branch [V]. */
static inline double network_voltage(const struct network *n, const struct network_branch *b)
{
    return n->values[b->a] - n->values[b->b];
}

#endif
