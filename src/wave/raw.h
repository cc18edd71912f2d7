/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waveforms as a binary SPICE raw file (opens in ngspice, gaw, LTspice, KiCad), written point by
 * point while the run goes on.  Signals: time, every node outside of subcircuits, the current of
 * every source that can carry one, every memristor's state and current. */
#ifndef SILVERBAR_WAVE_RAW_H
#define SILVERBAR_WAVE_RAW_H

#include "engine/engine.h"

struct raw_writer;

/* Create the file.  On failure *writer is NULL. */
enum status raw_open(const char *path, const struct circuit *circuit, const char *title,
                     struct raw_writer **writer, struct error *error);

struct recorder raw_recorder(struct raw_writer *writer);

/* Complete the header and close; also frees.  `writer` may be NULL. */
enum status raw_close(struct raw_writer *writer, struct error *error);

#endif
