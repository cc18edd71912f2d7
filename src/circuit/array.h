/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A passive m x n crossbar with line resistance: device (i, j) lies between row i and column j.
 *
 *     r1 --driver--seg--(1,1)--seg--(1,2)-- ...        row 1, driven at its left end
 *                         |           |
 *                        seg         seg                column segments go down from device to device
 *                         |           |
 *                         :           :
 *                        seg         seg                one below the last row
 *                       driver      driver
 *                         c1          c2                0 V when idle
 *
 * as in badcrossbar (D. Joksas, A. Mehonic, SoftwareX 12, 100617, 2020).  A line of 0 ohm is one
 * node.  Indices in arrays are row-major, i * columns + j; names count from 1. */
#ifndef SILVERBAR_CIRCUIT_ARRAY_H
#define SILVERBAR_CIRCUIT_ARRAY_H

#include "circuit/circuit.h"

#define ARRAY_SIDE_MAX 4096

struct array_options {
    size_t rows, columns;
    const struct dopant *dopant;
    const struct dopant *const *dopants; /* rows x columns: of each device; NULL: `dopant` */
    const double *ohm;       /* rows x columns: fixed resistors instead of memristors; or NULL */
    const double *stuck_ohm; /* rows x columns: > 0: a resistor in place of the memristor; NULL */
    const double *x0;        /* rows x columns: initial states of memristors */
    double row_ohm, column_ohm; /* a segment; 0: ideal lines */
    double driver_ohm;          /* of each row and column driver; 0: none, unless openable */
    double column_farad;        /* of a column, spread evenly over its crossings; 0: none */
    bool openable;              /* every port has a switch of driver_ohm */
};

/* The arrays belong to the circuit. */
struct array {
    size_t rows, columns;
    const int *row_ports;     /* rows: ports "r<i>" */
    const int *column_ports;  /* columns: ports "c<j>" */
    const int *column_probes; /* columns: probes "i_c<j>", currents [A] into the column drivers */
    const int *devices; /* rows x columns: elements "xm1_<i>_<j>", or resistors "rm1_<i>_<j>" */
    const int *row_nodes, *column_nodes; /* rows x columns: the devices' ends */
};

/* Segments are "rr<i>_<j>" (it ends at device (i, j)) and "rc<i>_<j>" (it begins there), of
 * CLASS_LINE.  One array a circuit: names are not numbered.  STATUS_INPUT names what is wrong. */
enum status array_build(struct circuit *circuit, const struct array_options *options,
                        struct array *array, struct error *error);

#endif
