/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charging of capacitors on a ramp, integrated, where the closed form of event_charges.h does not hold: a
 * port opens, and its node is held by a driver, then by devices alone.
 *
 * States go straight from the ramp's beginning to its end, and rest behind it.  Capacitors' voltages u follow
 *
 *     C du/dt = i(u, t)
 *
 * by TR-BDF2 (R. E. Bank et al., IEEE Trans. CAD 4:436, 1985, gamma = 2 - sqrt 2; error: M. E. Hosea and
 * L. F. Shampine, Appl. Numer. Math. 20:21, 1996) from rest until they are charged.  Powers of every
 * element, less those of the network without capacitors at the same moments, are summed by the formula of
 * three points, and extrapolated from whole, halved and quartered steps. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_CHARGING_H
#define SILVERBAR_ENGINE_EVENT_EVENT_CHARGING_H

#include "engine/event/event_step.h"

/* A ramp that has been stepped through. */
struct event_charging_ramp {
    double h;                  /* [s], above 0 */
    const double *first, *end; /* values of the circuit where it begins and where it ends */
    size_t n;                  /* capacitors that are charged: */
    const int *elements;
    const double *change; /* n: by what the ramp changes their voltages [V] */
    const double *share;  /* ENERGY_CLASSES: error of each that is small enough [J] */
};

/* extra[k], n_flows: what charging adds to the energy of each flow [J]; doubt[k]: its error.  `part`: error of
 * u in one of the first steps, relative to the largest change.  Values of the network are not restored.  False:
 * a capacitor joins two nodes that are both solved for, or there is no solution. */
bool event_charging(struct event_steps *s, const struct event_charging_ramp *ramp, double part,
                    double *extra, double *doubt);

#endif
