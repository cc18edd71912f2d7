/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random testbenches in all engines, which must agree: states, readings, energies; and random decks in
 * `silverbar sim'.
 *
 * The drive is made once, by the testbench's own engine and controller, and played by all of them:
 * ngspice at a tight tolerance (of small circuits), `ida` by its own steps and by SUNDIALS' BDF,
 * `event`; and of a device alone its law is integrated by GSL.  A deck is compared with a run of ngspice
 * whose energies are integrated by other code (random_deck_trial.h), and where it can with `ida`.  What
 * differs is made simpler as long as it differs, and written as a testbench or deck.  Numbers are tried
 * in worker processes; what comes of one depends on seed, kind and number alone. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_CHECK_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_CHECK_H

#include "base/table.h"
#include "study/random/random_trial.h"

#define RANDOM_COUNT_MAX 1000000

/* So many of all may fail by themselves, with a message; and so many be too slow. */
#define RANDOM_FAILED_PART 0.02

/* Is there such a kind? */
bool random_kind_known(const char *name);

/* A row for each kind, with what it tried and found; *found: a row for each testbench that differs,
 * failed or was too slow.  STATUS_UNTRUSTED if one differs, or more than RANDOM_FAILED_PART failed, or
 * were too slow.  An interruption leaves the rows of what was done.  Both are to be freed in any case. */
enum status random_check_run(const struct random_options *options, struct table **table,
                             struct table **found, struct error *error);

#endif
