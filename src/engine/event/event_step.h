/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of the states of all memristors whose voltage or state moves, and of memory capacitors
 * (event_memory.h).
 *
 * With L = df/dx at the step's beginning and N = f(v, x) - L x, where v follows from the network,
 *
 *     x' = L x + N
 *
 * is taken by exponential Runge-Kutta formulas (S. M. Cox and P. C. Matthews, J. Comput. Phys.
 * 176:430, 2002), phi_k(z) the usual functions and D = h:
 *
 *     order 2:  a = x + h phi1 f(x)                                   [at t + h]
 *               x(t+h) = a + h phi2 (N(a) - N(x))                     error: second term
 *     order 3:  a = x + h/2 phi1(z/2) f(x)                            [at t + h/2]
 *               b = x + h phi1 (L x + 2 N(a) - N(x))                  [at t + h]
 *               x(t+h) = x + h [phi1 (L x + N(x)) + phi2 (4 N(a) - 3 N(x) - N(b))
 *                               + phi3 (4 N(x) - 8 N(a) + 4 N(b))]
 *               error: against x + h [phi1 (L x + N(x)) + 2 phi2 (N(a) - N(x))]
 *
 * Hidden states of devices go by the same formulas (event_hidden.c).
 * They are exact at constant v for a law that is linear in x.  Order 2 is for steps in which little
 * moves; where sources move and it does not do, see event_ramp.c.  Energies: event_energy.c. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_STEP_H
#define SILVERBAR_ENGINE_EVENT_EVENT_STEP_H

#include "base/random.h"
#include "engine/engine.h"
#include "engine/event/event_account.h"
#include "engine/event/event_memory.h"

#define EVENT_STEP_PART 1e-13 /* of the time: a step below it is a collapse */

struct event_device {
    const struct model *model;
    const double *constants;
    int branch; /* of the network */
    int element;
    int component; /* or -1: no current can flow */
    int state;     /* place among the values */
    double v, x;   /* where `rate` was evaluated */
    struct model_value rate;
    double solved; /* its state when powers were found last */
    double energy; /* absorbed so far [J] */
    gsl_rng *rng;  /* for its switches, or NULL */
    double origin; /* of the tolerance of its state (model.h) */
    int hidden;    /* place of the first hidden state among the values, or -1: it has none */
};

struct event_phi {
    double one, two, three;
};

/* A hidden state in a step: as f, l, n of struct event_active. */
struct event_hidden {
    double h, f, l, n, n_middle, n_end;
    struct event_phi whole, half;
};

/* What is known of each in a step.  At rest, f = l = n = 0. */
struct event_active {
    struct event_device *device;
    double v, x, f, l, n;         /* at the beginning of the step */
    double n_middle, n_end;       /* N of the stages */
    struct event_phi whole, half; /* phi(l h) and phi(l h/2) of the step that is tried */
    bool rests;                   /* at its beginning */
    bool stays;                   /* at the beginning of the piece, at its voltage */
    double v_middle, v_end;       /* of a step in which sources move */
    double x_middle, x_end;       /* states half way through a ramp and at its end (event_ramp.c) */
    double energy, square; /* of a ramp: taken [J]; of the current [A^2 s]; energy NAN: rests */
    double shift;          /* of a ramp: of voltages since the states were found [V] */
    double steepness;      /* of a ramp: relative change of the rate by voltage [1/V] */
    struct event_hidden *hidden; /* its hidden states, or NULL; then, at the step's beginning: */
    struct two_state switching;  /* rates of one switch */
    double own, own_square; /* what a fluctuation of x does to its rate: at once [1/s], and after
                                  * some time [1/s^2] */
    double miss;            /* of a step in which none moves: estimated error of the energy [J] */
};

struct event_steps {
    const struct circuit *circuit;
    const struct engine_options *options;
    struct network *network;
    size_t n_devices, n_active;
    struct event_device *devices; /* n_devices */
    struct event_active *all;     /* n_devices */
    size_t n_hidden;
    struct event_hidden *hidden;  /* n_hidden: of all */
    struct event_active **active; /* n_active: those whose states are stepped */
    bool fresh;                   /* v, x, f, l, n of all are those of now */
    size_t n_movers;
    struct event_active **movers; /* n_active: those that do not rest over a step along ramps */
    double dissipated[ENERGY_CLASSES + 1]; /* of live elements, so far [J] */
    double n_ramps;                        /* so far */
    double newton;                         /* tolerance of a voltage [V] */
    bool simple;                           /* try order 2 first */
    bool moving;                           /* sources move in this piece */
    bool along;                            /* sources move, and states hardly move the network */
    bool still;                            /* the last step moved no voltage */
    bool new_pattern;                      /* of the network, since the last piece */
    struct event_account account;
    struct event_memory memory;
    double *voltages; /* n_nodes: scratch */
    double *before;   /* n_nodes: voltages before the step that is tried */
    bool *live;       /* components: scratch */
    double *misses;   /* components: errors of devices' energies, or of currents' squares */
    double *parts;    /* n_elements: of flows: scratch */
    double *ways;     /* components: how far devices' powers go, times h [J] */
};

void event_steps_new(struct event_steps *s, const struct circuit *circuit, struct network *network,
                     const struct engine_options *options);
void event_steps_free(struct event_steps *s);

/* The memristor of this state has new constants, which move its rate, not its current. */
void event_steps_changed(struct event_steps *s, int state);

/* The network has new components. */
void event_steps_pattern(struct event_steps *s);

/* A smooth piece begins: choose what is live and active.  `moving`: sources move in it. */
void event_steps_begin(struct event_steps *s, bool moving);

/* If no source moves: will no state within h have moved by enough to be felt, by itself or in its power,
 * since powers were found? */
bool event_steps_rest(const struct event_steps *s, double h);

/* Solve all live components at time t and the present states; powers there. */
bool event_steps_settle(struct event_steps *s, double t);

/* Try a step from t to t + h.  False: the network has no solution.  *error: in units of the
 * tolerance; up to 1, states, values and energies are those of the step and event_steps_accept() or
 * event_steps_back() must follow; above, event_steps_back(). */
bool event_steps_try(struct event_steps *s, double t, double h, double *error);
bool event_steps_accept(struct event_steps *s, double t, double h);
void event_steps_back(struct event_steps *s); /* states and voltages, also where it was false */

#endif
