/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tile by Kirchhoff's law at all its nodes and sparse LU factors: no structure of lines is used, so that it
 * judges those who use it. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_TILE_NODES_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_TILE_NODES_H

#include "engine/lines/lines_read.h"

/* volts[rows] at the drivers, sense[columns] behind the senses [V], NULL: 0.  Out: the nodes' voltages,
 * rows x columns each.  False: singular. */
struct random_tile_nodes {
    const double *volts, *sense;
    double *row_volt, *column_volt;
};
bool random_tile_solve(const struct lines_array *array, const struct random_tile_nodes *nodes);

#endif
