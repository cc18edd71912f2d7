/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the power of a reading goes (lines_read.h).  Currents in lines are sums of the devices'
 * currents, so Kirchhoff's current law holds to rounding; what sources deliver equals what is turned
 * into heat only if the voltages around every loop fit as well, so the difference judges them. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_POWER_H
#define SILVERBAR_ENGINE_LINES_LINES_POWER_H

#include "engine/lines/lines_read.h"

struct lines_power {
    double delivered; /* by the sources [W] */
    double devices, row_lines, column_lines, drivers, senses;
    double
        residual; /* |delivered - heat of devices and lines| / delivered; 0 if none is delivered */
    double drop;  /* largest |V(i) - v| of a device at v [V] */
    size_t row, column; /* of that device */
};

/* device: rows x columns, currents [A] from row to column. */
void lines_power(const struct lines_array *array, const double *volts, const double *row_volt,
                 const double *column_volt, const double *device, struct lines_power *power);

#endif
