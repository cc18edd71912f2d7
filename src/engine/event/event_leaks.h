/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of the transistors' bulk diodes beyond the powers that they have at rest.
 *
 * The network draws their currents as they are at rest (network_leakage()).  A diode is reverse biased by
 * u and takes the power u (GMIN u - IS); with u = r + d, where r is its voltage at rest, that is
 *
 *     power beyond rest = s d + GMIN d^2        s = 2 GMIN r - IS
 *
 * whose mean over a ramp or hold on which d goes straight from d0 to d1 is
 * s (d0 + d1)/2 + GMIN (d0^2 + d0 d1 + d1^2)/3. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_LEAKS_H
#define SILVERBAR_ENGINE_EVENT_EVENT_LEAKS_H

#include "engine/event/network/network.h"

struct event_leaks {
    size_t n; /* transistors */
    int *element, *bulk;
    double *sign;  /* 1 or -1: type of the channel */
    double *joule; /* taken and not yet handed out [J] */
    struct event_diodes {
        int *node;
        double *rest;  /* r [V] */
        double *slope; /* s [A] */
        double *last;  /* d where the last ramp or hold has ended [V] */
    } diodes[2];       /* n each: at the drain, at the source */
};

void event_leaks_new(struct event_leaks *leaks, const struct network *network);
void event_leaks_free(struct event_leaks *leaks);

/* The present voltages are those at rest; to be called once. */
void event_leaks_rest(struct event_leaks *leaks, const struct network *network);

/* A ramp or a hold has ended after h seconds: the voltages have gone straight, or, to the last bit, they
 * have stayed. */
void event_leaks_take(struct event_leaks *leaks, const double *values, double h);
void event_leaks_stay(struct event_leaks *leaks, double h);

/* energy[], by element, grows by what the diodes have taken beyond rest since this was called last [J]. */
void event_leaks_hand_out(struct event_leaks *leaks, double *energy);

#endif
