/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random testbenches in all engines, which must agree: states, readings, energies.
 *
 * The drive is made once, by the testbench's own engine and controller, and played by all of them:
 * ngspice at a tight tolerance (of small circuits), `ida` by its own steps and by SUNDIALS' BDF,
 * `event`; and of a device alone its law is integrated by GSL.  What differs is made simpler as long
 * as it differs, and written as a testbench. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_CHECK_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_CHECK_H

#include "base/table.h"
#include "compare/check.h"
#include "study/random/random_testbench.h"

#define RANDOM_COUNT_MAX 1000000
#define RANDOM_TIME 60 /* of a run of an engine [s]; one that takes longer counts as failed */

/* A class of energy counts if it has this part of the section's total; its difference may be
 * CHECK_ENERGY or what the two runs estimate of their errors, whichever is smaller, but need not be
 * less than the second part of the total. */
#define RANDOM_CLASS_PART 1e-6
#define RANDOM_ENERGY_FLOOR 1e-9

/* So many of all may fail by themselves, with a message. */
#define RANDOM_FAILED_PART 0.02

struct random_options {
    const char *kind; /* name of one kind, or NULL: all in turn */
    size_t n;
    uint64_t seed;
    struct engine_options solver; /* of the engines but ngspice */
    const struct experiment_context *context;
    const char *folder;                             /* where failing testbenches are written */
    void (*progress)(void *data, const char *text); /* or NULL */
    void *progress_data;
};

/* Is there such a kind? */
bool random_kind_known(const char *name);

/* A row for each kind, with what it tried and found; *found: a row for each testbench that differs or
 * failed.  STATUS_UNTRUSTED if one differs, or more than RANDOM_FAILED_PART failed.  An interruption
 * leaves the rows of what was done.  Both are to be freed in any case. */
enum status random_check_run(const struct random_options *options, struct table **table,
                             struct table **found, struct error *error);

#endif
