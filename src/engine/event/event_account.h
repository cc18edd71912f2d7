/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of all elements over the steps of event_step.h.
 *
 * Power changes only in what hangs on live components: this is kept in the order of the network's
 * flows, by the powers at the beginning, half way and at the end of the step that is tried.  All else
 * keeps its power until it becomes live. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_ACCOUNT_H
#define SILVERBAR_ENGINE_EVENT_EVENT_ACCOUNT_H

#include "engine/engine.h"
#include "engine/event/network/network.h"
#include "engine/stored.h"

/* All flows at one moment: n_flows each. */
struct event_powers {
    double *volt, *ampere, *power; /* [V, A, W] */
};

struct event_account {
    struct network *network;
    size_t n_elements;
    struct event_powers begin, middle, end;
    double *step, *estimate;    /* n_flows: energy of the step that is tried, its error [J] */
    double *taken, *error;      /* n_flows: of accepted steps, not yet in energy[] [J] */
    double *idle;               /* n_elements: power of what is not live, else 0 [W] */
    double *resting;            /* n_elements: current of what is not live [A] */
    double idle_for, still_for; /* for which idle[] and begin.power[] are not in energy[] [s] */
    double *energy;             /* n_elements: absorbed and not yet handed out [J] */
    double class_error[ENERGY_CLASSES + 1]; /* of it, estimated [J] */
    unsigned char *classes;                 /* n_elements: energy_classes() */
    struct stored stored;                   /* what capacitors store */
    size_t n_leaks;
    struct event_leak {
        int branch; /* of the network: a transistor */
        double
            power; /* of its bulk diodes beyond what they had at rest, where a stretch begins [W] */
    } * leaks;
};

void event_account_new(struct event_account *a, const struct circuit *c, struct network *n);
void event_account_free(struct event_account *a);

/* The circuit is at rest: what its capacitors store then was not absorbed in the run. */
void event_account_start(struct event_account *a);

/* Other components are live than before: powers change their places.  To be called around
 * network_live(). */
void event_account_leave(struct event_account *a);
void event_account_enter(struct event_account *a, bool new_pattern);

/* Take the flows of this moment from the network, which is solved. */
void event_account_find(const struct event_account *a, struct event_powers *at);

/* Powers at the beginning have changed without a step. */
void event_account_begin(struct event_account *a);

/* Energies of the step of h seconds that is tried.  Straight: voltages and currents go straight from
 * end to end; what bends them is `bend` of their way at the end.  A state that moves at the end of the
 * step alone leaves the mean wrong by half of that. */
void event_account_straight(struct event_account *a, double h, double bend);

/* Even: voltages and currents have their mean over the step at `mean`, about 1/2, of the way from
 * begin to end, which is known to within `spread` of the way.  Estimates: what the spread moves the
 * power, and the whole product of the changes of voltage and current, which curve with the state. */
void event_account_even(struct event_account *a, double h, double mean, double spread);

/* Simpson's sum, where the true half way lies by `late` of the way from begin to end behind `middle`.
 * Estimates are its differences from the trapezoid; event_energy.c knows how fast powers relax, and
 * how much of that may be wrong. */
void event_account_simpson(struct event_account *a, double h, double late);

/* The same on a ramp: voltages and currents are parabolas through their three moments, and the
 * estimate is by how much Simpson's sum misses the integral of their product, h b c/120 where v bends
 * by b and i by c (v(1/2) = mean of the ends - b/4).  What their parabolas miss the devices' own laws
 * tell (event_energy.c). */
void event_account_ramp(struct event_account *a, double h);

/* The energy of a flow may be wrong by as much [J]. */
void event_account_doubt(struct event_account *a, size_t flow, double error);

/* It is accepted; or nothing has moved in h seconds. */
void event_account_accept(struct event_account *a, double h);
void event_account_still(struct event_account *a, double h);

/* A ramp or a hold begins, and has ended after h seconds: bulk diodes take other powers than at rest. */
void event_account_leaks_begin(struct event_account *a);
void event_account_leaks_end(struct event_account *a, double h);

/* All that was absorbed until now is in energy[] and class_error[]; what capacitors store, too, as it
 * will be handed out; and it has been. */
void event_account_book(struct event_account *a);
void event_account_hand_out(struct event_account *a);
void event_account_booked(struct event_account *a);

#endif
