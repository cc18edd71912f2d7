/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `silverbar read` reads: an array of devices, and the voltages on its rows. */
#ifndef SILVERBAR_CLI_READ_INPUT_H
#define SILVERBAR_CLI_READ_INPUT_H

#include "base/number_grid.h"
#include "device/library/library.h"

#include <stdbool.h>

struct read_source {
    const char *path;   /* numbers, or a results folder */
    bool ohm;           /* they are resistances */
    bool states;        /* they are states of the dopant */
    size_t layer;       /* of a results folder, from 1 */
    const char *dopant; /* or NULL: ohmic devices */
    double read_volt;   /* at which the conductances hold, with a dopant [V] */
};

struct read_devices {
    size_t rows, columns;
    double *g;             /* rows x columns [S] */
    struct dopant *dopant; /* NULL: ohmic */
    double *x;             /* rows x columns: states; NULL: ohmic */
};

/* Errors name the file and what was expected; of a number, its row and column.  *devices is to be
 * freed in any case. */
enum status read_devices(const struct read_source *source, struct read_devices *devices,
                         struct error *error);
void read_devices_free(struct read_devices *devices);

/* Vectors x rows [V], from a file, or from a list: one number for all rows, or one a row. */
enum status read_vectors(const char *path, const char *list, size_t rows, struct number_grid **grid,
                         struct error *error);

#endif
