/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A classifier whose user decides on every phase: show an image, pulse a device, read a device.  All phases
 * are one transient in the engine of the training's options, booked in its ledger: images under inference,
 * all else under training, so that the energies of a user's own rule compare with those of the table. */
#ifndef SILVERBAR_LEARN_OPERATION_H
#define SILVERBAR_LEARN_OPERATION_H

#include "learn/training.h"

struct operation;

/* `training` is prepared, not run, and outlives the operation.  The amplifiers settle; *operation is
 * to be ended, after a failure too. */
enum status operation_begin(struct training *training, struct operation **operation,
                            struct error *error);
void operation_end(struct operation *operation);

/* The image on the first layer's rows: pixels[n_inputs], 0 to 1; outputs[n_outputs]: 0 to 1. */
enum status operation_show(struct operation *operation, const double *pixels, double *outputs,
                           struct error *error);

/* A pulse of `volt` (positive: SET; an amplitude beyond the instrument's is refused) and `width` [s],
 * edges included, on device k in the order of programming. */
enum status operation_pulse(struct operation *operation, size_t device, double volt, double width,
                            struct error *error);

/* Its branch conductance as the instrument reads it [S]. */
enum status operation_read(struct operation *operation, size_t device, double *siemens,
                           struct error *error);

/* The transient, for its time and values. */
struct transient;
const struct transient *operation_transient(const struct operation *operation);

#endif
