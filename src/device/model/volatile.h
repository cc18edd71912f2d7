/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A volatile, stochastic memristor: n of N two-state switches conduct, each jumps on at rate a and
 * off at rate b, and structural disruption rho and heat make both faster for a while
 *
 *     b = exp(-q [Va - (Voff + u)/2]/(k T Phi))         [1/s]        Arrhenius
 *     a = exp(-q [Va + (Voff + u)/2]/(k T Phi))         u = v or -v, by polarity
 *         (Fermi: 1/(1 + e^E) in place of e^-E;  metastable: logistics of Molter and Nugent)
 *     Phi = (1 + rho_v)(1 + rho_i) Ti/T                 Ti = T + Rth v^2 G
 *     d rho_v/dt = (kappa_v |v| - rho_v)/tau_v          d rho_i/dt = (kappa_i |i| - rho_i)/tau_i
 *     G = gstep max(n - nth, 0) + gpar                  i = v/(1/G + Rseries)
 *
 * The heat is quasi-static: its time constant Rth Cth is 1.5 ns for the published device.
 *
 * Ways to go from edge to edge of the input (v constant in between):
 *   jump    exact binomial draws.  Where Phi does not depend on n, switches are independent and one
 *           pair of draws covers an interval of any length: their transition probabilities are
 *           integrated over the moving Phi.  Where it does (heat, rho_i), a pair is drawn whenever a
 *           fluctuation of n could be heard.
 *   single  every single event, by thinning of exponential waiting times: exact, for comparison.
 *   mean    the expectation of `jump`, without random numbers.
 *   fixed   the original scheme with its step h: flips Binomial(n, h b), or a rounded Normal.
 *
 * Sub-steps are bounded by the change of the exponents with 1/(T Phi).
 *
 * Sources: El-Geresy, Papavassiliou and Gunduz, arXiv:2407.04718; Molter and Nugent,
 * arXiv:1608.04659 (fixed step).  Thinning: Lewis and Shedler, Nav. Res. Logist. 26:403 (1979). */
#ifndef SILVERBAR_DEVICE_MODEL_VOLATILE_H
#define SILVERBAR_DEVICE_MODEL_VOLATILE_H

#include "device/model.h"

#include <gsl/gsl_rng.h>
#include <stdint.h>

enum volatile_rates { VOLATILE_ARRHENIUS, VOLATILE_FERMI, VOLATILE_METASTABLE };
extern const char *const volatile_rates_names[]; /* ended by NULL */

enum volatile_polarity { VOLATILE_RESETS, VOLATILE_SETS }; /* what v > 0 does */
extern const char *const volatile_polarity_names[];

enum volatile_method { VOLATILE_JUMP, VOLATILE_SINGLE, VOLATILE_MEAN };
extern const char *const volatile_method_names[];

/* Counts are whole numbers kept as doubles, at most VOLATILE_SWITCHES_MAX. */
#define VOLATILE_SWITCHES_MAX 1e9
struct volatile_law {
    int rates, polarity;
    double va, voff; /* [V] barrier and asymmetry; metastable: voff is its off threshold */
    double von, tau; /* [V], [s] of the metastable rates alone */
    double temp;     /* [K] */
    double n, nth, gstep, gpar; /* 1, 1, [S], [S] */
    double kappa_v, tau_v;      /* [1/V], [s] */
    double kappa_i, tau_i;      /* [1/A], [s] */
    double rth, series;         /* [K/W], [ohm] */
};

/* The published main set, at rest: no disruption, no heat. */
extern const struct volatile_law volatile_titania;

struct volatile_device {
    const struct volatile_law *law;
    enum volatile_method method;
    gsl_rng *rng; /* the caller's; NULL for the mean */
    double t, v;  /* [s], [V]: up to date until t, at v since */
    double n;     /* switches that conduct */
    double rho_v, rho_i;
    uint64_t draws; /* pairs of draws, candidates of thinning, fixed steps so far */
};

/* Switches that conduct at a resistance, rounded and within 0 ... N; and conductance of n [S]. */
double volatile_count(const struct volatile_law *law, double resistance);
double volatile_conductance(const struct volatile_law *law, double n);

/* Rates of one switch: a on, b off [1/s]; the derivatives are not filled in. */
struct two_state volatile_rates(const struct volatile_law *law, double v, double phi);

/* Phi of the device as it is. */
double volatile_phi(const struct volatile_device *device);

/* A device is brought up to date only when something touches it: a reading at t, or an edge of its
 * input.  Times must not go back. */
void volatile_touch(struct volatile_device *device, double t);
void volatile_drive(struct volatile_device *device, double t, double v);

/* One step h of the original scheme, with the rates and the disruption of its beginning. */
void volatile_fixed_step(struct volatile_device *device, double h, bool normal);

/* One step h by the exact passage of a switch between its two states: the mean of the rates at two points of
 * the disruption's way, and the current of the beginning. */
void volatile_passage_step(struct volatile_device *device, double h);

#endif
