/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/lines/lines_power.h"

#include <math.h>

/* Add the squares of the segments' currents [A^2] of a line of n nodes, `step` apart, whose whole current
 * flows through one end: node 0 (`from_first`) or n - 1.  Returns the current at that end. */
static double line(const double *device, size_t n, size_t step, bool from_first, double *squares)
{
    double current = 0;
    for (size_t k = 0; k < n; k++) {
        current += device[(from_first ? n - 1 - k : k) * step];
        *squares += current * current; /* of the segment towards the end, the last one too */
    }
    return current;
}

void lines_power(const struct lines_array *a, const double *volts, const double *row_volt,
                 const double *column_volt, const double *device, struct lines_power *p)
{
    const size_t m = a->rows, n = a->columns;
    double rows = 0, columns = 0;
    *p = (struct lines_power){0};
    for (size_t i = 0; i < m; i++) {
        const double current = line(device + i * n, n, 1, true, &rows);
        p->delivered += volts[i] * current;
        p->drivers += a->driver_ohm * current * current;
        for (size_t j = 0; j < n; j++) {
            const size_t k = i * n + j;
            const double v = row_volt[k] - column_volt[k], drop = fabs(volts[i] - v);
            p->devices += device[k] * v;
            if (drop > p->drop || k == 0) {
                p->drop = drop;
                p->row = i;
                p->column = j;
            }
        }
    }
    for (size_t j = 0; j < n; j++) {
        const double current = line(device + j, m, n, false, &columns);
        p->senses += a->sense_ohm * current * current;
    }
    p->row_lines = a->row_ohm * rows;
    p->column_lines = a->column_ohm * columns;
    const double heat = p->devices + p->row_lines + p->column_lines + p->drivers + p->senses;
    p->residual = heat > 0 || p->delivered != 0
                      ? fabs(p->delivered - heat) / fmax(fabs(p->delivered), heat)
                      : 0;
}
