/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ngspice through its shared library, in a worker process.
 *
 * The whole run is one continuous transient in the worker.  Every accepted point is streamed to the
 * parent, which integrates energies (trapezoidal rule), feeds the recorders and asks the controller
 * for the next phase while the worker waits.  When the controller is done the worker ends; a crash,
 * a non-convergence or an unparsable deck ends it too and becomes an error. */
#ifndef SILVERBAR_ENGINE_SPICE_NGSPICE_H
#define SILVERBAR_ENGINE_SPICE_NGSPICE_H

#include "engine/engine.h"

extern const struct engine engine_ngspice;

/* Options, initial states and .tran until `stop` [s] as the engine uses them, for decks that shall give
 * the same result. */
void ngspice_write_analysis(const struct engine_options *options, const struct circuit *circuit,
                            double stop, FILE *out);

#endif
