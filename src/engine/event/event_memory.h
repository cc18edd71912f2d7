/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory capacitors: those too slow to be charged at once (event_memory_rule.h says which).
 *
 * The voltage u of each is a state of the run, and makes its node a known one for the rest of the network
 * (network_connect()), whose currents i into the capacitors give
 *
 *     du/dt = f = i(u, t, states)/C = L u + N
 *
 * L = di/du / C is the derivative at the step's beginning, a matrix for capacitors that act on each other
 * through the network (a group), a number for all others.  Steps are those of event_step.h, with functions
 * phi of matrices (event_moments.h).  Where all conductances stay (a step is exact) the network is linear
 * with constant coefficients: N is constant, or on a ramp linear in time, for which order 2 has no error,
 * and energies are integrals of products of its solutions (event_memory_energy.c).  In other steps, where
 * a switch turns, a device moves or is not ohmic, order 3 and its error bound the step.
 *
 * A stop on a capacitor's voltage is searched like any other (event.c); in an exact step of a group of
 * one, on which nothing moves, it is crossed at t = ln((u - v)/(level - v))/-L, v = u - f/L. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_MEMORY_H
#define SILVERBAR_ENGINE_EVENT_EVENT_MEMORY_H

#include "engine/event/event_moments.h"
#include "engine/event/network/network.h"

struct event_steps;

struct event_capacitor {
    int element;
    double farad;
    double u, f;        /* at the step's beginning [V, V/s] */
    double most;        /* the largest size of u so far [V] */
    double to;          /* change of u in the step that is tried [V] */
    double middle, end; /* f of the stages less f + L (change of u) [V/s] */
};

struct event_group {
    size_t first, n; /* capacitors */
    double *l;       /* n x n, row by row [1/s] */
    double *by[4];   /* n each: scratch */
    struct event_phis whole, half;
    struct event_moments moments; /* of an exact step, of the changes of u in it */
};

struct event_memory {
    size_t n;
    struct event_capacitor *capacitors; /* n, group by group */
    size_t n_groups, largest;           /* capacitors of the largest group */
    struct event_group *groups;
    int *component_group, *node_group; /* components, nodes: what acts on them, or -1: none */
    int *flow_group;                   /* n_elements: of flows */
    bool solved;                       /* the network is, since its components are new */
    bool fresh;                        /* u, f and L are those of now */
    bool straight;                   /* L and N are constant, but for devices, N linear on a ramp */
    bool exact;                      /* the step that is tried */
    bool reads;                      /* mean values of steps are wanted */
    double *first, *middle;          /* then: circuit_n_values() at a step's beginning, half way */
    double *ampere;                  /* n_elements: of flows: scratch */
    double *kept;                    /* circuit_n_values(): scratch */
    bool *live;                      /* components: scratch */
    double *volt_part, *ampere_part; /* largest x n_elements: of flows (event_memory_energy.c) */
    size_t volt_capacity, ampere_capacity;
};

void event_memory_new(struct event_memory *memory, const struct circuit *circuit);
void event_memory_free(struct event_memory *memory);

/* The network has new components: find the groups. */
void event_memory_pattern(struct event_steps *s);

/* Other components are live: the flows are others. */
void event_memory_flows(struct event_steps *s);

/* A step from t on: find u, f and L.  False: the network has no solution. */
bool event_memory_begin(struct event_steps *s, double t);

/* Its length; and the stages of both orders, after each of which the network is to be solved.  The first ends
 * at t + h, or, `half', at t + h/2. */
void event_memory_prepare(struct event_memory *m, double h);
void event_memory_first(struct event_steps *s, double h, bool half);
void event_memory_second(struct event_steps *s, double h, double *error);
void event_memory_between(struct event_steps *s, double h);
void event_memory_third(struct event_steps *s, double h, double *error);

/* It is solved at t + h/2 or, `end', at t + h, with voltages changed from u by those of the last stage. */
void event_memory_stage(struct event_steps *s, bool end);

/* Voltages half way through a step that has been taken; those at its end again. */
void event_memory_middle(struct event_steps *s, double h);
void event_memory_end(struct event_steps *s);

/* The step is accepted: the account's flows are those of its end.  Or it is taken back. */
void event_memory_accept(struct event_steps *s);
void event_memory_back(struct event_steps *s);

/* Solve what memory capacitors act on, at time t. */
bool event_memory_solve(struct event_steps *s, double t);

/* The point half way through an accepted step with which the trapezoids through its ends are Simpson's sum. */
const double *event_memory_reading(struct event_steps *s);

/* Energies of an exact step whose end is solved; false: the network has no solution. */
bool event_memory_energies(struct event_steps *s, double t, double h, double *error);

/* The largest derivative of a group [1/s]. */
double event_memory_fastest(const struct event_memory *m, int group);

#endif
