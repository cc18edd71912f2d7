/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ngspice through its shared library, in a worker process.
 *
 * The whole run is one continuous transient in the worker, which sends every accepted point to the
 * parent.  The parent integrates energies (quadrature.h), feeds the recorders and, while the worker
 * waits, asks the controller for the next phase.  The worker ends when the controller is done; if it
 * crashes, does not converge or cannot parse the deck, the run fails with a message. */
#ifndef SILVERBAR_ENGINE_SPICE_NGSPICE_H
#define SILVERBAR_ENGINE_SPICE_NGSPICE_H

#include "engine/engine.h"

extern const struct engine engine_ngspice;

/* Write the engine's options, initial states and .tran until `stop` [s] into a deck, which then gives the
 * engine's result in any ngspice. */
void ngspice_write_analysis(const struct engine_options *options, const struct circuit *circuit,
                            double stop, FILE *out);

#endif
