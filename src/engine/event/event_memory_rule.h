/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which capacitors charge at once, and which have a memory (event_memory.h).
 *
 * The time constant T of a capacitor is by how much its voltage lags in the network as it is at the end of a
 * phase, when it and all others that have no memory are charged at the same rate: C/g for one alone behind a
 * conductance g, and W. C. Elmore's delay (J. Appl. Phys. 19:55, 1948) in a network of several.  One that has
 *
 *     T >= 1/10 of the shortest edge so far       (of a phase without edge: of its length)
 *
 * or would miss more than EVENT_LEFT_MOST of a change at the end of a phase, which holds its drive too shortly,
 * gets a memory, the slowest first, as T of the others is shorter behind it; and so does a faster one that
 * lends a memory capacitor more than reltol of its capacitance, C (dv/du)^2.  It keeps it to the end of the
 * run.  One end has to be at a known node, of a source or another memory capacitor; else the run ends.  Where
 * more than EVENT_GROUP_MOST would act on each other, as on a crossbar whose lines float, all of these are
 * charged at once: the run ends where that can be felt (event_charges.h).
 *
 * Ports that open and close make other networks.  Each is looked at once, and again when a phase is shorter
 * than any before; it is not solved where all capacitors are seen to be held well enough
 * without (event_held.h). */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_MEMORY_RULE_H
#define SILVERBAR_ENGINE_EVENT_EVENT_MEMORY_RULE_H

#include "engine/event/event_held.h"
#include "engine/event/event_step.h"

#define EVENT_GROUP_MOST 16
#define EVENT_NETWORKS 4096 /* that have been looked at, by their hashes; a power of two */

struct event_rule {
    size_t n;      /* capacitors without memory: */
    int *elements; /* n */
    struct event_held held;
    double *T;      /* n [s] */
    bool *never;    /* n_elements: one of too many */
    double *ampere; /* n: scratch */
    double *values; /* circuit_n_values(): scratch */
    bool *live;     /* components: scratch */
    double limit;   /* the shortest T so far that gets a memory [s] */
    bool directly;  /* event_held_directly(), as long as no switch moves */
    uint64_t *seen; /* EVENT_NETWORKS: 0: none */
};

void event_rule_new(struct event_rule *rule, const struct circuit *circuit);
void event_rule_free(struct event_rule *rule);

/* A phase begins, whose drive the network has: choose.  *chosen: some have got a memory, and the network
 * has new components. */
enum status event_rule_phase(struct event_rule *rule, struct event_steps *s,
                             const struct phase *phase, bool *chosen, struct error *error);

#endif
