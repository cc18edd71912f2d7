/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What charging the capacitors without memory (event_memory_rule.h) adds to the energies.
 *
 * The states' steps leave them out: node voltages follow the drive at once.  While a node goes by
 * dv in h seconds, on a ramp or with the states behind it, its capacitor carries i = C dv/h.  With these
 * currents the network is solved once more, at the end of the ramp; voltages and currents of an element
 * are then by du and di off, and by one time constant T and z = h/T,
 *
 *     energy = h [u(phi) di + i(phi) du + kappa du di]
 *     phi    = 1/2 + 1/z - (1 - exp -z)/z^2      where on its way, u = u0 + phi (u1 - u0), charge flows
 *     kappa  = 1 - (1 - exp -z)/z
 *
 * which is exact for one capacitor in a network that does not change: a current (C dv/h)(1 - exp -t/T)
 * on the ramp, and its decay behind it; h = 0 is a jump.  T is the mean over all charges,
 * -h sum C dv du / sum C dv^2.  Ramps on which this moved no class of energy by a part of the tolerance
 * are not solved again each time.
 *
 * Where this leaves a class in doubt by more than its part of the tolerance - a port opens, or time constants
 * are far apart - the ramp's charging is integrated (event_charging.h).
 *
 * A node that nothing holds but what leaks keeps its charge, whatever voltage the leaks would give it.
 *
 * A device's voltage follows the drive, and other states, late by T.  While T stays the same that is a
 * delay, and dx/dt = f leaves the state off by T f; where T or the voltage has changed since a moment s, by
 * T f(s) exp(integral of df/dx from s on) at most.  And what has not charged by the end of a phase is missing
 * in its reading.  Where either can be felt the run ends. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_CHARGES_H
#define SILVERBAR_ENGINE_EVENT_EVENT_CHARGES_H

#include "engine/event/event_step.h"
#include "engine/event/event_trouble.h"

struct event_charges {
    const struct circuit *circuit;
    size_t n;
    bool *held;                 /* n_nodes: scratch */
    int *elements;              /* n: capacitors without memory, */
    int *p, *q;                 /* n: their nodes */
    double *farad;              /* n */
    double *volt;               /* n: where the ramp begins [V] */
    double *change;             /* n: by what the ramp changes that [V] */
    double *ampere;             /* n: while it lasts [A] */
    double *constants;          /* n: T of each, by the last ramp that was solved [s] */
    double *values;             /* circuit_n_values(): scratch */
    double *first;              /* circuit_n_values(): where the ramp begins */
    double *u, *i;              /* n_elements: of flows where the ramp begins [V, A] */
    double *extra, *doubt;      /* n_elements: of flows: what charging adds, and its error [J] */
    double *integrated, *error; /* n_elements: extra[] and doubt[] of event_charging(), scratch */
    int *charged;               /* n: scratch: capacitors that something holds, */
    double *charged_by;         /* n: and by what the ramp changes each [V] */
    double last[ENERGY_CLASSES + 1]; /* moved as part of their work, by the last ramps */
    size_t count;                    /* ramps and holds so far in which charge moves */
    double constant;                 /* T of the last one that was solved [s] */
    double ramp;                     /* the last ramp [s], */
    double *moved, *late;            /* n: change and T of each then [V, s] */
    double *rates;  /* n_states: of each since then, the largest f(s) exp(...) [1/s] */
    double fastest; /* of all: as a part of the state [1/s] */
};

enum event_stretch { EVENT_RAMP, EVENT_HOLD };

void event_charges_new(struct event_charges *c, const struct circuit *circuit);
void event_charges_free(struct event_charges *c);

/* Only these n capacitors are charged at once from now on. */
void event_charges_choose(struct event_charges *c, size_t n, const int *elements);

/* A ramp, or a hold, begins: the network's flows are those of it. */
void event_charges_begin(struct event_charges *c, const struct event_steps *s);

/* It has ended after h seconds, 0: the drive has jumped.  Books what charging adds.  False: the network
 * has no solution. */
bool event_charges_end(struct event_charges *c, struct event_steps *s, enum event_stretch stretch,
                       double h);

/* A step of the states by h seconds is accepted. */
void event_charges_step(struct event_charges *c, const struct event_steps *s, double h);

/* A phase ends h seconds after its ramp: is charging felt in a state or in its reading?  `text`: where and
 * how. */
bool event_charges_felt(const struct event_charges *c, const struct event_steps *s, double h,
                        char text[EVENT_TROUBLE_SIZE]);

#endif
