/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/transient.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECKS_A_CLOCK 64 /* a look at the clock costs as much as a step of a small circuit */

const char *transient_place(const struct transient *r, double t, char text[PHASE_PLACE_SIZE])
{
    return phase_place(r->circuit, r->in_phase ? &r->phase : NULL, t, text);
}

enum status transient_fail(const struct transient *r, double t, const char *what,
                           const char *option, struct error *error)
{
    char place[PHASE_PLACE_SIZE];
    return fail(error, STATUS_NUMERICAL, "%s: %s %s; another %s may help", r->engine->name, what,
                transient_place(r, t, place), option);
}

static enum status time_limit(const struct transient *r, double t, struct error *error)
{
    char what[64];
    snprintf(what, sizeof what, "time limit of %g s passed", r->options.time_limit);
    return transient_fail(r, t, what, "--time-limit", error);
}

enum status transient_check(struct transient *r, double t, struct error *error)
{
    if (r->options.interrupted && *r->options.interrupted)
        return fail(error, STATUS_INTERRUPTED, "interrupted");
    if (++r->checks % CHECKS_A_CLOCK == 0 && clock_now() > r->deadline)
        return time_limit(r, t, error);
    return STATUS_OK;
}

/* Voltages of the external sources after the edge of the current phase. */
static void set_drive(struct transient *r)
{
    for (size_t p = 0; p < r->circuit->n_ports; p++) {
        const struct port *port = &r->circuit->ports[p];
        r->to[port->source] = r->phase.drive[p].volt;
        if (port->enable >= 0)
            r->to[port->enable] = r->phase.drive[p].open ? 0 : 1;
    }
}

enum status transient_open(const struct engine *engine, const struct circuit *c,
                           const struct engine_options *options, const struct phase_names *names,
                           struct transient **transient, struct error *error)
{
    struct transient *r = *transient = NEW(1, struct transient);
    r->engine = engine;
    r->circuit = c;
    r->options = *options;
    r->deadline = clock_now() + options->time_limit;
    r->phase.names = names ? names : &phase_names_standard;
    r->phase.drive = NEW(c->n_ports, struct drive);
    r->from = NEW(c->n_elements, double);
    r->to = NEW(c->n_elements, double);
    r->stop = -1;
    probe_points_new(&r->probes, c);
    for (size_t p = 0; p < c->n_ports; p++)
        r->phase.drive[p].volt = c->ports[p].idle;
    for (size_t k = 0; k < c->n_elements; k++)
        r->to[k] = element_is_source(&c->elements[k]) ? c->elements[k].value : 0;
    set_drive(r);
    memcpy(r->from, r->to, c->n_elements * sizeof *r->from);
    return engine->open(r, error);
}

/* STATUS_INPUT for a phase that no engine can run. */
static enum status check_phase(const struct transient *r, const struct phase *p,
                               struct error *error)
{
    const struct circuit *c = r->circuit;
    char place[PHASE_PLACE_SIZE];
    assert(p->kind >= 0 && (size_t)p->kind < p->names->n_kinds && p->section >= 0 &&
           (size_t)p->section < p->names->n_sections);
    for (size_t k = 0; k < c->n_ports; k++)
        if (!isfinite(p->drive[k].volt))
            return fail(error, STATUS_NUMERICAL, "port %s shall be driven with %g V %s",
                        c->ports[k].name, p->drive[k].volt, phase_place(c, p, r->t, place));
    if (!(isfinite(p->duration) && isfinite(p->edge) && p->duration >= 0 && p->edge >= 0))
        return fail(error, STATUS_NUMERICAL, "a phase of %g s with edges of %g s %s", p->duration,
                    p->edge, phase_place(c, p, r->t, place));
    if (p->edge > p->duration)
        return fail(error, STATUS_INPUT,
                    "an edge of %g s is longer than its phase of %g s %s, expected at most that",
                    p->edge, p->duration, phase_place(c, p, r->t, place));
    for (size_t k = 0; k < p->n_stops; k++)
        if (p->stops[k].value == 0 || p->stops[k].value >= circuit_n_values(c) ||
            !isfinite(p->stops[k].level))
            return fail(error, STATUS_INPUT, "a phase stops at a quantity that is not solved for");
    if (p->changed && !engine_able(r->engine, ENGINE_CHANGES_DEVICES))
        return fail_unable(error, ENGINE_CHANGES_DEVICES,
                           "the constants of %s change from pulse to pulse, which a deck cannot "
                           "say",
                           c->elements[c->state_elements[p->changed - 1]].name);
    return STATUS_OK;
}

/* By how much the value is past the stop's level. */
static double past(const struct phase_stop *s, const double *values)
{
    const double over = values[s->value] - s->level;
    return s->rising ? over : -over;
}

void transient_jumped(struct transient *r, const double *values)
{
    for (size_t k = 0; k < r->phase.n_stops; k++)
        r->armed[k] = past(&r->phase.stops[k], values) < 0;
    probe_points_add(&r->probes, r->t, values);
}

double transient_passed(const struct transient *r, const double *values)
{
    double most = -INFINITY;
    for (size_t k = 0; k < r->phase.n_stops; k++)
        if (r->armed[k])
            most = fmax(most, past(&r->phase.stops[k], values));
    return most;
}

bool transient_stopped(struct transient *r, const double *values)
{
    for (size_t k = 0; k < r->phase.n_stops && r->stop < 0; k++) {
        const bool is_past = past(&r->phase.stops[k], values) >= 0;
        if (is_past && r->armed[k])
            r->stop = (int)k;
        r->armed[k] |= !is_past;
    }
    return r->stop >= 0;
}

void transient_record(struct transient *r, const struct transient_step *s)
{
    const struct interval i = {.t0 = s->t0,
                               .t1 = s->t,
                               .values = s->values,
                               .energy = s->energy,
                               .class_error = s->class_error,
                               .phase = &r->phase,
                               .ends_phase = s->ends};
    r->t = s->t;
    r->values = s->values;
    r->report.points++;
    for (size_t k = 0; k < r->options.n_recorders; k++)
        r->options.recorders[k].take(r->options.recorders[k].data, &i);
}

/* A stop within the edge ends the ramp there: the ports keep the voltages that they have reached. */
static void leave_drive(struct transient *r)
{
    const double edge = r->phase.edge, spent = r->t - r->begin;
    if (r->stop < 0 || spent >= edge)
        return;
    for (size_t k = 0; k < r->circuit->n_elements; k++)
        r->to[k] = r->from[k] + (r->to[k] - r->from[k]) * (spent / edge);
}

enum status transient_phase(struct transient *r, const struct phase *phase, struct reading *reading,
                            struct error *error)
{
    const struct circuit *c = r->circuit;
    struct drive *drive = r->phase.drive;
    const struct phase_names *names = r->phase.names;
    if (drive != phase->drive)
        memcpy(drive, phase->drive, c->n_ports * sizeof *drive);
    r->phase = *phase;
    r->phase.drive = drive;
    r->phase.names = names;
    r->begin = r->t;
    r->in_phase = true;
    enum status status = check_phase(r, &r->phase, error);
    if (status != STATUS_OK)
        return status;
    if (clock_now() > r->deadline)
        return time_limit(r, r->t, error);
    memcpy(r->from, r->to, c->n_elements * sizeof *r->from);
    set_drive(r);
    r->stop = -1;
    r->armed = memory_grow(r->armed, &r->armed_capacity, r->phase.n_stops, sizeof *r->armed);
    probe_points_clear(&r->probes);
    transient_jumped(r, r->values);
    status = r->engine->phase(r, error);
    if (status != STATUS_OK)
        return status;
    leave_drive(r);
    probe_points_average(&r->probes, r->begin, r->t);
    r->report.phases++;
    *reading = (struct reading){r->begin, r->t, r->probes.mean, r->values, r->stop};
    return STATUS_OK;
}

struct engine_report transient_close(struct transient *r, bool done)
{
    if (!r)
        return (struct engine_report){0};
    r->report.time = r->t;
    r->engine->close(r, done);
    const struct engine_report report = r->report;
    probe_points_free(&r->probes);
    free(r->armed);
    free(r->phase.drive);
    free(r->from);
    free(r->to);
    free(r);
    return report;
}

enum status engine_run(const struct engine *engine, const struct circuit *c,
                       const struct controller *controller, const struct engine_options *options,
                       struct engine_report *report, struct error *error)
{
    struct transient *r;
    struct error unused = {{0}};
    struct error *e = error ? error : &unused;
    struct reading reading;
    const double begin = clock_now();
    enum status status = transient_open(engine, c, options, controller->names, &r, e);
    double in_callbacks = 0;
    for (bool first = true; status == STATUS_OK; first = false) {
        const double asked = clock_now();
        struct phase next = r->phase;
        next.device = -1;
        next.changed = 0;
        next.n_stops = 0;
        const bool more = controller->step(controller->data, first ? NULL : &reading, &next);
        in_callbacks += clock_now() - asked;
        if (!more)
            break;
        status = transient_phase(r, &next, &reading, e);
    }
    r->report.callback_wall = in_callbacks;
    r->report.wall = clock_now() - begin;
    *report = transient_close(r, status == STATUS_OK);
    return status;
}
