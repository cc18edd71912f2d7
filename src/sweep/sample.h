/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples: what a sweep, in whatever process, computes one by one.  A sample's result depends on its
 * number alone. */
#ifndef SILVERBAR_SWEEP_SAMPLE_H
#define SILVERBAR_SWEEP_SAMPLE_H

#include "base/error.h"
#include "base/table.h"

#include <stdbool.h>
#include <stddef.h>

struct sample_column {
    const char *name; /* with its unit: "energy_J" */
    bool text;        /* else a number */
};

/* For lists LIST(C) of C(ID, name): columns of numbers. */
/* clang-format off */
#define NUMBER_COLUMN(id, name) {name, false}
/* clang-format on */

struct sample_job {
    size_t n;                            /* samples, numbered from 0 */
    size_t n_inputs, n_columns;          /* inputs come first, then outputs */
    const struct sample_column *columns; /* n_columns */
    const char *title;
    const char *identity; /* text of all that determines the results: a resumed sweep must have the
                             same */
    double time_limit;    /* of a sample [s]: its process is ended then; 0: none */
    void *data;
    /* Inputs of a sample: cells row[0 .. n_inputs), which are empty when called. */
    void (*inputs)(void *data, size_t sample, struct cell *row);
    /* Outputs of a sample, row[0 .. n_columns - n_inputs); runs in a child process.  A failure's
     * *error is kept with the sample, with what outputs there are. */
    enum status (*run)(void *data, size_t sample, struct cell *row, struct error *error);
};

#endif
