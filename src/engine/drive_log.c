/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/drive_log.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void drive_log_new(struct drive_log *log, const struct circuit *circuit)
{
    *log = (struct drive_log){.n_ports = circuit->n_ports, .volt = NEW(circuit->n_ports, double)};
    for (size_t k = 0; k < circuit->n_ports; k++)
        log->volt[k] = circuit->ports[k].idle;
}

void drive_log_free(struct drive_log *log)
{
    for (size_t k = 0; k < log->n; k++)
        free(log->phases[k].drive);
    free(log->phases);
    free(log->volt);
}

struct phase *drive_log_append(struct drive_log *log, const struct circuit *c,
                               const struct phase *like)
{
    log->phases = memory_grow(log->phases, &log->capacity, log->n + 1, sizeof *log->phases);
    struct phase *p = &log->phases[log->n++];
    *p = (struct phase){.kind = like->kind,
                        .section = like->section,
                        .duration = like->duration,
                        .edge = like->edge,
                        .device = -1,
                        .drive = NEW(c->n_ports, struct drive)};
    for (size_t k = 0; k < c->n_ports; k++)
        p->drive[k].volt = c->ports[k].idle;
    return p;
}

static void take(void *data, const struct interval *i)
{
    struct drive_log *log = data;
    if (i->t1 <= i->t0)
        return;
    if (!log->in_phase)
        log->begin = i->t0;
    log->in_phase = !i->ends_phase;
    if (!i->ends_phase)
        return;
    log->phases = memory_grow(log->phases, &log->capacity, log->n + 1, sizeof *log->phases);
    struct phase *p = &log->phases[log->n++];
    *p = *i->phase;
    log->names = p->names;
    p->duration = i->t1 - log->begin;
    p->n_stops = 0;
    p->stops = NULL;
    p->drive = NEW(log->n_ports, struct drive);
    memcpy(p->drive, i->phase->drive, log->n_ports * sizeof *p->drive);
    /* a stop within the edge ends the ramp there */
    const double part = p->duration < p->edge ? p->duration / p->edge : 1;
    p->edge = fmin(p->edge, p->duration);
    for (size_t k = 0; k < log->n_ports; k++) {
        if (part < 1)
            p->drive[k].volt = log->volt[k] + (p->drive[k].volt - log->volt[k]) * part;
        log->volt[k] = p->drive[k].volt;
    }
}

struct recorder drive_log_recorder(struct drive_log *log)
{
    return (struct recorder){take, log};
}

static bool step(void *data, const struct reading *reading, struct phase *next)
{
    struct drive_log *log = data;
    struct drive *drive = next->drive;
    if (!reading)
        log->next = 0;
    if (log->next == log->n)
        return false;
    *next = log->phases[log->next++];
    memcpy(drive, next->drive, log->n_ports * sizeof *drive);
    next->drive = drive;
    return true;
}

struct controller drive_log_controller(struct drive_log *log)
{
    return (struct controller){.step = step, .data = log, .names = log->names};
}
