/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `silverbar fit --drift`. */
#ifndef SILVERBAR_CLI_FIT_DRIFT_H
#define SILVERBAR_CLI_FIT_DRIFT_H

#include "fit/drift.h"

#include <stdbool.h>
#include <stddef.h>

#define DRIFT_LIST_MAX 16

struct drift_request {
    struct drift_options options;
    size_t n_intervals, n_voff;
    double interval[DRIFT_LIST_MAX], voff[DRIFT_LIST_MAX]; /* [s], [V] */
};

extern const struct drift_request drift_request_defaults;

/* Read the files, fit, and print a table. */
enum status fit_drift(const struct drift_request *request, size_t n, char *const *files, bool json,
                      struct error *error);

#endif
