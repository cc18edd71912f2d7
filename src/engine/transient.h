/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of a circuit in an engine, phase by phase: the part that is the same in all engines.
 *
 * Callers open a transient, run phases, and close it; engine_run() is that with a controller.  An
 * engine finds in it the phase that runs, the external sources' voltages before and after its ramp,
 * the probes' points and the stops, and reports what it computes through transient_record(). */
#ifndef SILVERBAR_ENGINE_TRANSIENT_H
#define SILVERBAR_ENGINE_TRANSIENT_H

#include "engine/engine.h"
#include "engine/reading.h"

struct transient {
    const struct engine *engine;
    void *state; /* the engine's */
    const struct circuit *circuit;
    struct engine_options options;
    struct phase phase;   /* that runs, or the last one */
    bool in_phase;        /* one has begun */
    double begin;         /* of the phase [s] */
    double t;             /* the end of the last interval [s] */
    const double *values; /* there: circuit_n_values(), the engine's */
    double *from, *to; /* n_elements: external sources at the phase's begin, after its edge [V] */
    struct probe_points probes;
    bool *armed; /* n_stops of the phase: the value has been on the near side of the level */
    size_t armed_capacity;
    int stop;        /* the one that has ended the phase, or -1 */
    double deadline; /* [s of clock_now()] */
    size_t checks;   /* calls of transient_check() */
    struct engine_report report;
};

/* For callers.  *transient is to be closed, after a failure too.  `names` as in struct controller. */
enum status transient_open(const struct engine *engine, const struct circuit *circuit,
                           const struct engine_options *options, const struct phase_names *names,
                           struct transient **transient, struct error *error);

/* Run one phase; its `drive` and `stops` are the caller's.  STATUS_INPUT: what no engine runs - an
 * edge longer than the phase, a drive, duration or stop that makes no sense. */
enum status transient_phase(struct transient *transient, const struct phase *phase,
                            struct reading *reading, struct error *error);

/* End the run and return its report.  `done`: it has not failed.  transient NULL is allowed. */
struct engine_report transient_close(struct transient *transient, bool done);

/* For engines: the interval from t0 to t has been computed, with values at t and, as in struct
 * interval, energies.  `ends`: the phase. */
struct transient_step {
    double t0, t;
    const double *values, *energy, *class_error;
    bool ends;
};
void transient_record(struct transient *transient, const struct transient_step *step);

/* The largest distance by which an armed stop's value is past its level, in the value's unit: >= 0: a stop
 * has been crossed; -INFINITY: no stop is armed. */
double transient_passed(const struct transient *transient, const double *values);

/* To be called when voltages have jumped at the beginning of a phase without edge: stops and readings
 * start from these values. */
void transient_jumped(struct transient *transient, const double *values);

/* To be called for every accepted point.  True: it is past a stop, and the phase ends there. */
bool transient_stopped(struct transient *transient, const double *values);

/* To be called between steps, at time t [s].  Fails if the user has interrupted the run or its time limit
 * has passed. */
enum status transient_check(struct transient *transient, double t, struct error *error);

/* STATUS_NUMERICAL: "ENGINE: what at t = ... s, set phase of device ...; another OPTION may help". */
enum status transient_fail(const struct transient *transient, double t, const char *what,
                           const char *option, struct error *error);

/* "at t = ..., set phase of device ...". */
const char *transient_place(const struct transient *transient, double t,
                            char text[PHASE_PLACE_SIZE]);

#endif
