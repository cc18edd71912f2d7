/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An m x n crossbar: device (i, j) lies between row i and column j, behind a select switch of its own
 * or not; its lines begin at nodes of the caller's, or at drivers that are built with it.
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
#ifndef SILVERBAR_CIRCUIT_CROSSBAR_H
#define SILVERBAR_CIRCUIT_CROSSBAR_H

#include "circuit/circuit.h"
#include "circuit/subcircuit.h"

#define CROSSBAR_SIDE_MAX 4096

struct crossbar_options {
    /* goes into the names of devices, "xm<number>_<row>_<column>", and of lines' nodes and segments;
     * 0: the only one of its circuit, whose lines need no number; its devices have 1 */
    int number;
    size_t rows, columns;
    const int *row_nodes;    /* rows: where they begin; NULL: they, and columns, have drivers */
    const int *column_nodes; /* columns */
    const struct dopant *dopant;
    const struct dopant *const *dopants; /* rows x columns: of each device; NULL: `dopant` */
    const double *ohm;       /* rows x columns: fixed resistors instead of memristors; or NULL */
    const double *stuck_ohm; /* rows x columns: > 0: a resistor in place of the memristor; NULL */
    const double *x0;        /* rows x columns: initial states of memristors */
    double row_ohm, column_ohm; /* a segment; 0: ideal lines */
    double driver_ohm;          /* of each row and column driver; 0: none, unless openable */
    const double *sense_ohm;    /* of each column's driver instead; or NULL */
    double column_farad; /* of a column with a driver, spread evenly over its crossings; 0: none */
    bool openable;       /* every port has a switch of driver_ohm */
    const struct subcircuit_file *switches; /* has .subckt tgate a b on vdd vss w=; NULL: none */
    double select_width;                    /* [m] */
    int vdd;                                /* node of the switches' supply */
};

/* The arrays belong to the circuit. */
struct crossbar {
    size_t rows, columns;
    const int *row_ports;     /* rows: ports "r<i>"; NULL: no drivers */
    const int *column_ports;  /* columns: ports "c<j>" */
    const int *column_probes; /* columns: probes "i_c<j>", currents [A] into the column drivers */
    const int *devices; /* rows x columns: elements "xm1_<i>_<j>", or resistors "rm1_<i>_<j>" */
    const int *selects; /* rows x columns: logic ports of the select switches; NULL: none */
    const int *row_nodes, *column_nodes; /* rows x columns: the crossings' ends on the lines */
};

/* Segments are of CLASS_LINE: "rr<i>_<j>" ends at device (i, j) and "rc<i>_<j>" begins there, or with a
 * number "rrow<number>_<i>_<j>" and "rcol...".  STATUS_INPUT names what is wrong. */
enum status crossbar_build(struct circuit *circuit, const struct crossbar_options *options,
                           struct crossbar *crossbar, struct error *error);

/* A transmission gate between nodes a and b, on while node `on` is at vdd. */
struct crossbar_gate {
    const struct subcircuit_file *switches;
    int a, b, on, vdd;
    double width; /* [m] */
    enum energy_class class;
};
enum status crossbar_switch(struct circuit *circuit, const struct crossbar_gate *gate,
                            const char *instance, struct error *error);

/* Segment of crossing (i, j) of a line, from node `from` to the node that is returned; `from` itself
 * where the line has no resistance [ohm]. */
struct crossbar_place {
    const char *line; /* "row", "col" */
    int number;       /* of the crossbar */
    size_t i, j;
    bool falls; /* its resistor has `from` for its second node */
};
int crossbar_segment(struct circuit *circuit, const struct crossbar_place *place, int from,
                     double ohm);

/* Small-signal resistance [ohm] of that switch when it is on and both ends are at v_mid, from the
 * transistors in the file. */
enum status crossbar_switch_resistance(const struct subcircuit_file *switches, double w,
                                       double v_supply, double v_mid, double *ohm,
                                       struct error *error);

#endif
