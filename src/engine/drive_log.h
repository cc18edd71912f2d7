/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records the phases of a run, and a controller that applies them again.  Engines are compared on such a
 * recorded drive: in closed loop a reading near a tolerance would give each engine another drive. */
#ifndef SILVERBAR_ENGINE_DRIVE_LOG_H
#define SILVERBAR_ENGINE_DRIVE_LOG_H

#include "engine/engine.h"

struct drive_log {
    size_t n_ports, n, capacity;
    struct phase *phases; /* n; durations and voltages as they came to be, no stops */
    double begin;         /* of the phase that runs [s] */
    double *volt;         /* n_ports: at its begin */
    bool in_phase;
    size_t next;                     /* for the controller */
    const struct phase_names *names; /* of the run that was recorded; NULL: the standard ones */
};

void drive_log_new(struct drive_log *log, const struct circuit *circuit);
void drive_log_free(struct drive_log *log);

/* Append a phase of that kind, section, duration and edge, at whose end every port is at idle; returns
 * it, for its drive to be set.  It is valid until the next one is appended. */
struct phase *drive_log_append(struct drive_log *log, const struct circuit *circuit,
                               const struct phase *like);

struct recorder drive_log_recorder(struct drive_log *log);

/* Applies the phases from the first one on; the log must outlive it. */
struct controller drive_log_controller(struct drive_log *log);

#endif
