/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a selected device of an array sees while all other select switches are off, and its solution.
 *
 *     V --driver--row segments-- a --switch-- b --device--column segments--sense-- 0
 *
 * One current i flows, v lies across the device and x is its state:
 *
 *     i = I(v, x)      i = J(a, b, on)      a = V - R_row i      b = v + R_column i
 *
 * with the device's law I and the switch's J.  J falls and I rises with v, so v is the one root between 0
 * and V: Newton's method, kept in that interval.
 *
 * Left out: bulk diodes of the switches as a load (1e-12 S at rest against microsiemens), capacitances of
 * lines, which are charged within nanoseconds, and all other devices, to which no channel leads.  Where one
 * device of a row is deselected and the next selected by the same edge, each is solved as if the other
 * were not there. */
#ifndef SILVERBAR_INFER_CROSSING_CROSSING_CIRCUIT_H
#define SILVERBAR_INFER_CROSSING_CROSSING_CIRCUIT_H

#include "device/model.h"
#include "infer/crossing/crossing_switch.h"

/* The device of a crossing: a law, or a resistor where `stuck_ohm` > 0. */
struct crossing_device {
    const struct model *model;
    const double *constants;
    double stuck_ohm;
};

struct crossing_circuit {
    struct crossing_device device;
    double driver_ohm, row_ohm, column_ohm, sense_ohm; /* lines: all segments up to the device */
    const struct crossing_switch *select; /* NULL: none, the device is always connected */
};

/* A solution.  Voltages against the lines' rest. */
struct crossing_point {
    double x, volt, on; /* state; V; of the switch's control line, against 0 [V] */
    double v, i;        /* [V], [A] */
    double v_x, v_volt, v_on, i_x, i_volt, i_on; /* derivatives of both */
};

/* Fills in what follows from x, volt and on; v is where to begin.  False: no solution. */
bool crossing_solve(const struct crossing_circuit *circuit, struct crossing_point *point);

/* A point near to `from` whose v is on the tangent of that. */
struct crossing_point crossing_point_near(const struct crossing_point *from, double x, double volt,
                                          double on);

/* Rate of the state [1/s] and its total derivatives: by x, and by the time while V and the control line
 * rise by volt_rate and on_rate [V/s]. */
struct crossing_rate {
    double f, by_x, by_t;
};
struct crossing_rate crossing_rate(const struct crossing_circuit *circuit,
                                   const struct crossing_point *point, double volt_rate,
                                   double on_rate);

#endif
