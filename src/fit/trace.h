/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured data: a CSV file with a header line that names quantity and unit of each column.
 *
 *     t_s, source_V, device_V, current_A     also _ms _us _ns _min _h, _mV _uV, _mA _uA _nA _pA
 *     t_s, resistance_ohm                    also _kohm _Mohm
 *
 * Other columns are passed over.  Empty lines and lines that start with '#' are passed over. */
#ifndef SILVERBAR_FIT_TRACE_H
#define SILVERBAR_FIT_TRACE_H

#include "base/error.h"

#include <stddef.h>

#define TRACE_SAMPLES_MIN 20

enum trace_quantity {
    TRACE_T,
    TRACE_SOURCE,
    TRACE_DEVICE,
    TRACE_CURRENT,
    TRACE_RESISTANCE,
    TRACE_QUANTITIES
};

struct trace {
    char *path;
    size_t n;
    double *column[TRACE_QUANTITIES]; /* n each in SI units, or NULL */
    char *passed_over;                /* names of other columns, for a note; NULL: none */
};

/* Read the quantities in `allowed`, a set of bits 1 << quantity, of which those in `required` must
 * be there.  Times rise strictly.  Errors name line and reason; on failure *trace is empty. */
enum status trace_read(const char *path, unsigned allowed, unsigned required, struct trace *trace,
                       struct error *error);
void trace_free(struct trace *trace);

#endif
