/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a simulation that has run can be trusted. */
#ifndef SILVERBAR_SIMULATE_SIMULATION_JUDGE_H
#define SILVERBAR_SIMULATE_SIMULATION_JUDGE_H

#include "simulate/simulation.h"

/* STATUS_NUMERICAL where measures or commands have failed; STATUS_UNTRUSTED where an element is in no
 * account, has thermal nodes or pulses that were not followed, or a residual or an estimated error is above
 * its limit. */
enum status simulation_judge(const struct user_deck *deck, const struct simulation *simulation,
                             struct error *error);

#endif
