/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of all elements over the steps of event_step.h.
 *
 * Powers change only in flows of live components. Their powers at the beginning, half way and at
 * the end of the step that is tried are kept in the order of the network's flows. Every other
 * element keeps the power idle[] until its component is live again. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_ACCOUNT_H
#define SILVERBAR_ENGINE_EVENT_EVENT_ACCOUNT_H

#include "engine/engine.h"
#include "engine/event/event_leaks.h"
#include "engine/stored.h"

/* All flows at one moment: n_flows each. */
struct event_powers {
    double *volt, *ampere, *power; /* [V, A, W] */
};

struct event_account {
    struct network *network;
    size_t n_elements;
    struct event_powers begin, middle, end;
    struct event_flows { /* of the network's flows, as arrays: n_flows each */
        int *class;      /* of energies */
        int *p, *q;      /* nodes: power = (v(p) - v(q)) * current */
        double *leak;    /* and this, of bulk diodes [W] */
    } flows;
    double *step, *estimate;    /* n_flows: energy of the step that is tried, its error [J] */
    double *taken, *error;      /* n_flows: of accepted steps, not yet in energy[] [J] */
    double *idle;               /* n_elements: power of what is not live, else 0 [W] */
    double *resting;            /* n_elements: current of what is not live [A] */
    double idle_for, still_for; /* for which idle[] and begin.power[] are not in energy[] [s] */
    double *energy;             /* n_elements: absorbed and not yet handed out [J] */
    double class_error[ENERGY_CLASSES + 1]; /* of it, estimated [J] */
    unsigned char *classes;                 /* n_elements: energy_classes() */
    struct stored stored;                   /* what capacitors store */
    struct event_leaks leaks;               /* of bulk diodes, beyond their powers at rest */
};

void event_account_new(struct event_account *a, const struct circuit *c, struct network *n);
void event_account_free(struct event_account *a);

/* To be called at rest: energy stored in capacitors before the run is not booked. */
void event_account_start(struct event_account *a);

/* To be called before and after network_live(), when other components become live: powers move
 * between the lists by flow and by element. */
void event_account_leave(struct event_account *a);
void event_account_enter(struct event_account *a, bool new_pattern);

/* Take the flows of this moment from the network, which is solved. */
void event_account_find(const struct event_account *a, struct event_powers *at);

/* Powers at the beginning have changed without a step. */
void event_account_begin(struct event_account *a);

/* Energies of the step of h seconds that is tried. Straight: voltages and currents go straight
 * from begin to end but for the part `bend` of their change at the end; a state that moves at
 * the end of the step alone makes the mean wrong by half of that. */
void event_account_straight(struct event_account *a, double h, double bend);

/* Even: the mean of every voltage and current over the step lies at the part `mean`, about 1/2,
 * of its change from begin to end; `spread` bounds the error of `mean`. Estimates: the error of
 * the power by the spread, and the whole product of the changes of voltage and current, whose
 * curves are unknown. */
void event_account_even(struct event_account *a, double h, double mean, double spread);

/* Simpson's sum. The true powers half way are those of `middle` plus the part `late` of the
 * change from begin to end. The estimates are differences from the trapezoid; event_energy.c
 * scales them by how fast powers relax. */
void event_account_simpson(struct event_account *a, double h, double late);

/* The same on a ramp. Voltages and currents are parabolas through their three moments; the
 * estimate is the error of Simpson's sum for the product of two parabolas, h b c/120, where v
 * bends by b and i by c (v(1/2) = mean of the ends - b/4). event_energy.c adds errors against
 * the devices' own laws. */
void event_account_ramp(struct event_account *a, double h);

/* The energy of a flow may be wrong by as much [J]. */
void event_account_doubt(struct event_account *a, size_t flow, double error);

/* Those of flows first to end - 1 by this part of theirs. */
void event_account_doubt_part(struct event_account *a, size_t first, size_t end, double part);

/* It is accepted; or nothing has moved in h seconds. */
void event_account_accept(struct event_account *a, double h);
void event_account_still(struct event_account *a, double h);

/* Book: put all that was absorbed until now into energy[] and class_error[]. Hand out: the same,
 * and the change of what capacitors store, once before the energies are passed on; booked: they
 * have been, and begin at 0 again. */
void event_account_book(struct event_account *a);
void event_account_hand_out(struct event_account *a);
void event_account_booked(struct event_account *a);

#endif
