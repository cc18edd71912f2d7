/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An m x n crossbar: memristor (i, j) in series with its select switch between row i and column j.
 * Indices in arrays are row-major, i * columns + j.
 *
 * Lines may have resistance: a row's segments run from its node to the right, one before each
 * device, a column's from its node up, the first below the last row, as in array.h. */
#ifndef SILVERBAR_CIRCUIT_CROSSBAR_H
#define SILVERBAR_CIRCUIT_CROSSBAR_H

#include "circuit/circuit.h"
#include "circuit/subcircuit.h"

struct crossbar_options {
    int number; /* goes into names: device "xm<number>_<row>_<column>", counted from 1 */
    size_t rows, columns;
    const int *row_nodes;    /* rows */
    const int *column_nodes; /* columns */
    const struct dopant *dopant;
    const struct dopant *const *dopants;    /* rows x columns: of each device; NULL: `dopant` */
    const double *stuck_ohm;                /* rows x columns: > 0: a resistor; NULL: none */
    const double *x0;                       /* rows x columns: initial states */
    double line_row_ohm, line_column_ohm;   /* a segment; 0: ideal lines */
    const struct subcircuit_file *switches; /* has .subckt tgate a b on vdd vss w= */
    double select_width;                    /* [m] */
    int vdd;                                /* node of the switches' supply */
};

struct crossbar {
    size_t rows, columns;
    int *
        devices; /* rows x columns: element numbers of the memristors, or of stuck ones' resistors */
    int *selects; /* rows x columns: logic ports of the select switches */
};

/* The arrays belong to the circuit. */
enum status crossbar_build(struct circuit *circuit, const struct crossbar_options *options,
                           struct crossbar *crossbar, struct error *error);

/* A transmission gate of width w [m] between a and b, on while node `on` is at vdd. */
enum status crossbar_switch(struct circuit *circuit, const struct subcircuit_file *switches,
                            const char *instance, int a, int b, int on, int vdd, double w,
                            enum energy_class class, struct error *error);

/* Segment of crossing (i, j) of line "row" or "col" of crossbar `number`, from node `from` to the
 * node that is returned; `from` itself where the line has no resistance. */
int crossbar_segment(struct circuit *circuit, const char *line, int number, size_t i, size_t j,
                     int from, double ohm);

/* Small-signal resistance [ohm] of that switch when it is on and both ends are at v_mid, from the
 * transistors in the file. */
enum status crossbar_switch_resistance(const struct subcircuit_file *switches, double w,
                                       double v_supply, double v_mid, double *ohm,
                                       struct error *error);

#endif
