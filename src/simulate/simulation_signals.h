/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of ngspice's vectors a user's deck asks for, and what raw files call them. */
#ifndef SILVERBAR_SIMULATE_SIMULATION_SIGNALS_H
#define SILVERBAR_SIMULATE_SIMULATION_SIGNALS_H

#include "circuit/user_deck.h"
#include "wave/raw_plots.h"

struct simulation_signals {
    size_t n;
    size_t *vectors;                     /* n: positions among the names */
    struct raw_plot_variable *variables; /* n */
};

/* Of a plot with vectors names[n]: the first one, and what `.save' names; without it all but the
 * currents that were made to be sensed. */
enum status simulation_signals_choose(const struct user_deck *deck, size_t n, char *const *names,
                                      struct simulation_signals *signals, struct error *error);
void simulation_signals_free(struct simulation_signals *signals);

/* Of a variable's type: "V", "A", "s" or "". */
const char *simulation_unit(const char *type);

#endif
