/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of event_step.h only. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_INTERNAL_H
#define SILVERBAR_ENGINE_EVENT_EVENT_INTERNAL_H

#include "engine/event/event_step.h"

#include <math.h>

#define EVENT_STATE_PART 0.03 /* of the tolerance that one step's error of a state may take */
/* Largest voltage missing in a reading, relative to the sources' range. */
#define EVENT_LEFT_MOST 1e-3
#define EVENT_PHI_SMALL 1e-2 /* |z| below which the series of phi are taken */

/* phi1 = (e^z - 1)/z, phi2 = (phi1 - 1)/z, phi3 = (phi2 - 1/2)/z */
static inline struct event_phi phi(double z)
{
    if (fabs(z) < EVENT_PHI_SMALL) {
        const double three =
            1. / 6 + z * (1. / 24 + z * (1. / 120 + z * (1. / 720 + z * (1. / 5040))));
        const double two = 0.5 + z * three;
        return (struct event_phi){1 + z * two, two, three};
    }
    const double one = expm1(z) / z, two = (one - 1) / z;
    return (struct event_phi){one, two, (two - 0.5) / z};
}

/* Charges shift the node voltages from which they are solved: by far more than the error of Newton's iteration,
 * far less than kT/q, within which laws are linear. */
#define EVENT_SHIFT 1e-3 /* [V] */
#define EVENT_SHIFT_LEAST 1e-4
#define EVENT_SHIFT_MOST 5e-3
#define EVENT_SHIFT_TRIES 8

/* A ramp has shifted them by as much, NAN: there was no solution; 0: nothing moves. */
static inline bool event_shift_suits(double shift)
{
    return !isnan(shift) &&
           (!(shift > 0) || (shift >= EVENT_SHIFT_LEAST && shift <= EVENT_SHIFT_MOST));
}

/* By how much longer the next one is to be: a node that little holds would go to kilovolts by currents for
 * another. */
static inline double event_shift_scale(double shift)
{
    return isnan(shift) ? 1e3 : fmax(1e-4, shift / EVENT_SHIFT);
}

static inline double in_tolerance(const struct event_steps *s, double error, double x)
{
    const struct engine_options *o = s->options;
    return fabs(error) / (EVENT_STATE_PART * (o->reltol * fabs(x) + o->vntol));
}

/* What the tolerance of a device's state is relative to. */
static inline double size_of(const struct event_active *a, double x)
{
    return x - a->device->origin;
}

/* The larger one; NaN stays. */
static inline void raise(double *error, double other)
{
    if (!(other <= *error))
        *error = other;
}

static inline double device_voltage(const struct event_steps *s, const struct event_device *d)
{
    return d->component < 0 ? 0 : network_voltage(s->network, &s->network->branches[d->branch]);
}

/* Solve all live components at time t and the present states. */
static inline bool event_steps_solve(struct event_steps *s, double t)
{
    network_sources(s->network, t);
    return network_solve(s->network, s->newton);
}

/* How the states of a step were found, their error, and by how much they have changed since the
 * network was solved; both in units of the tolerance. */
enum event_order { EVENT_SECOND, EVENT_THIRD, EVENT_ON_RAMP };
struct event_found {
    enum event_order order;
    double error, unsettled;
};

/* Find the energies of the step from t to t + h, whose states are found, and solve the network at t + h.
 * An error of the energies that is larger than found->error replaces it, since the step's length has to suit
 * both. False: the network has no solution. */
bool event_steps_energies(struct event_steps *s, double t, double h, struct event_found *found);

/* Hidden states of a device that has some (event_hidden.c): its rates and theirs at the beginning of a step,
 * where v and x are known; do they all rest there? */
void event_hidden_begin(const struct event_steps *s, struct event_active *a);
bool event_hidden_stays(const struct event_active *a);

/* A step of h that is tried: its functions phi; the first estimate after the part 1/2 or 1 of it. */
void event_hidden_prepare(const struct event_active *a, double h);
void event_hidden_first(const struct event_steps *s, const struct event_active *a, double h,
                        double part);

/* N of the hidden states at a stage, half way or at the end, and N of x, which is returned. */
double event_hidden_stage(const struct event_steps *s, struct event_active *a, double v, double x,
                          bool end);

/* Their results by order 2; the estimate b and the results by order 3. */
void event_hidden_second(const struct event_steps *s, const struct event_active *a, double h,
                         double *error);
void event_hidden_estimate(const struct event_steps *s, const struct event_active *a, double h);
void event_hidden_third(const struct event_steps *s, const struct event_active *a, double h,
                        double *error);
void event_hidden_back(const struct event_steps *s, const struct event_active *a);

/* Of a step of h after which switches are drawn, its error by what their fluctuation does meanwhile; and
 * the rates of one switch at v and x. */
double event_hidden_own_effect(const struct event_active *a, double h);
struct two_state event_hidden_switching(const struct event_steps *s, const struct event_active *a,
                                        double v, double x);

/* A step over a ramp (event_ramp.c), from the end that order 2 has found; results as of
 * event_steps_try(). */
bool event_steps_along(struct event_steps *s, double t, double h, double *error);

#endif
