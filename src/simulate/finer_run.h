/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The energies of a transient from a second run, at half its largest step.
 *
 * An energy is off by its quadrature between points and by ngspice's own solution; both fall with the
 * square of the step, and often cancel in part, so that no better rule between the same points makes
 * the sum better.  Where the estimated error of a transient is above SIMULATION_ERROR but would be
 * below it at half the step, it is run once more.  Errors of jumps between points fall with the step. */
#ifndef SILVERBAR_SIMULATE_FINER_RUN_H
#define SILVERBAR_SIMULATE_FINER_RUN_H

#include "simulate/deck_run.h"
#include "simulate/terminal_energy.h"

/* Is the error too large, and would it not be at half the step?  The energy has ended. */
bool finer_run_helps(const struct terminal_energy *energy);

/* Replace *energy by that of a second run; left as it is if that run fails, or ends elsewhere, or is
 * no better.  Only an interruption is an error. */
enum status finer_run(const struct user_deck *deck, size_t analysis,
                      const struct deck_run_options *options, struct terminal_energy **energy,
                      struct error *error);

#endif
