/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The energy account of a user's deck over its transient, element by element at the terminals.
 *
 * Between two accepted points voltage and current of each terminal are taken as linear:
 *
 *     E = h (p0 + p1)/2 - h (v1 - v0)(i1 - i0)/6,   summed over an element's terminals.
 *
 * The currents are unknowns of the equations that ngspice solves, so that they obey Kirchhoff's law
 * to rounding and the sum of all E is 0 by Tellegen's theorem, whatever the steps: this closes no
 * account.  Therefore what a linear capacitor or inductor stores is not its E but the change of
 * C v^2 / 2 or L i^2 / 2, and the residual, delivered - (absorbed + stored), is what the steps of the
 * integration have lost or made.  Where no element has such a law, the account is closed by
 * construction, and only the estimated errors of the energies say something (interval_error.h).
 *
 * Each part of the circuit that ground alone joins to the others (islands.h) closes by itself.  A part
 * that only controlled sources drive carries signals: it counts in no sum but its own.
 *
 * With `uic' ngspice makes two steps by the Euler rule from the given values on, of which it shows the
 * ends.  The currents at the first end may be pulses that hold only during that step, where the given
 * values of two elements contradict each other, so that no line leads to them or from them: in these
 * two steps E = h p1.  What the law of a linear element says to have been at 0 s follows from the
 * rule: v0 = v1 - h i1 / C, or i0 = i1 - h v1 / L.  Where such a pulse charges a linear
 * element, or where the step is long beside a time constant, part of what the sources give is lost in
 * no element; then the account begins at the end of the first step.  Without `uic' but with .ic the
 * currents at 0 s are partly those that held the nodes before: there too E = h p1 in the first two
 * steps. */
#ifndef SILVERBAR_SIMULATE_TERMINAL_ENERGY_H
#define SILVERBAR_SIMULATE_TERMINAL_ENERGY_H

#include "circuit/user_deck.h"

/* What an element has had, or what sums up. */
struct terminal_total {
    double energy; /* absorbed: the integral of its power [J] */
    double error;  /* estimated, of `energy`, >= 0 [J] */
    double jumps;  /* the part of it that comes from jumps between two points [J] */
    double stored; /* change of what it stores, for those that store [J] */
    double peak;   /* of the absolute power [W] */
    bool exact;    /* `stored` comes from its law, not from `energy` */
    double scale;  /* largest energy that the law of an exact one has told [J] */
    bool active;   /* it is there, and its terminals are known */
    bool lost;     /* it is there, but vectors of its terminals are not */
};

struct terminal_account {
    double t0, t1;                      /* [s] */
    double step_max;                    /* largest distance of two points [s] */
    double delivered, absorbed, stored; /* [J] */
    double residual;                    /* delivered - absorbed - stored [J] */
    double turnover; /* half of the integral of the absolute powers: what changed hands [J] */
    /* shares of what changed hands, in a part that carries signals of what changed hands there if that
     * is more; the largest of all parts and elements */
    double residual_share, error_share;
    size_t worst;        /* the element with this error, or n_elements */
    double missed_share; /* of the area of a source's pulses: what the steps did not follow */
    size_t missed;       /* the source of which this is most, or n_elements */
    bool
        by_construction; /* no element has a law that could contradict: the residual is 0 whatever is wrong */
};

/* Sums up to a point of time. */
struct terminal_moment {
    double t, delivered, absorbed, stored;
};

struct terminal_energy;

/* For a plot whose vectors have these names, of an analysis or, if that is NULL, of a .control block.
 * Elements that are not there are left out. */
struct terminal_energy *terminal_energy_new(const struct user_deck *deck,
                                            const struct user_analysis *analysis, size_t n,
                                            char *const *names);
void terminal_energy_free(struct terminal_energy *energy);

/* values[n] at an accepted point; values[0] is the time. */
void terminal_energy_point(struct terminal_energy *energy, const double *values);

/* There are no more points.  Before that errors are not complete. */
void terminal_energy_end(struct terminal_energy *energy);

/* totals[n_elements] */
const struct terminal_total *terminal_energy_totals(const struct terminal_energy *energy);
struct terminal_account terminal_energy_account(const struct terminal_energy *energy);

/* Some hundred moments of the run. */
const struct terminal_moment *terminal_energy_moments(const struct terminal_energy *energy,
                                                      size_t *n);

#endif
