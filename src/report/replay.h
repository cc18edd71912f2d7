/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drive of a run as it was applied, and the deck that applies it again in stock ngspice. */
#ifndef SILVERBAR_REPORT_REPLAY_H
#define SILVERBAR_REPORT_REPLAY_H

#include "engine/drive_log.h"

struct corner {
    double t, volt; /* [s], [V] */
};

/* For every element that is an external source, its corners: only those at which it moves. */
struct replay {
    const struct circuit *circuit;
    struct {
        struct corner *corners; /* n */
        size_t n, capacity;
    } * sources; /* n_elements */
    bool in_phase;
    double phase_begin, t_end;
    double section_t0[PHASE_SECTIONS_MAX], section_t1[PHASE_SECTIONS_MAX]; /* [s]; t0 < 0: none */
};

struct replay *replay_new(const struct circuit *circuit);
void replay_free(struct replay *replay);
struct recorder replay_recorder(struct replay *replay);

/* As if a run with those phases had been recorded. */
void replay_phases(struct replay *replay, const struct drive_log *drive);

/* The deck: circuit, drive as PWL sources, the solver's options, and commands that print every
 * state at the end of training and of the run, and the energy of every class in training and
 * inference. */
void replay_write(const struct replay *replay, const struct engine_options *options, FILE *out);

#endif
