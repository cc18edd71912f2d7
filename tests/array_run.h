/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pulse trains on all ports of a circuit, through any engine, with what came of them. */
#ifndef SILVERBAR_TESTS_ARRAY_RUN_H
#define SILVERBAR_TESTS_ARRAY_RUN_H

#include "circuit/crossbar.h"
#include "engine/ledger.h"
#include "testing.h"

struct array_run {
    const struct circuit *circuit;
    size_t n;                           /* pulses */
    const double *volts;                /* n x n_ports; NAN: open */
    double width, edge;                 /* [s] of every pulse, edge included */
    double *mean;                       /* n x n_probes: readings */
    double *values;                     /* circuit_n_values() at the end */
    double *energy;                     /* n_elements [J] */
    double class_error[ENERGY_CLASSES]; /* estimated [J] */
    size_t next, n_points;
};

static inline bool array_run_step(void *data, const struct reading *reading, struct phase *next)
{
    struct array_run *r = data;
    const struct circuit *c = r->circuit;
    if (reading)
        memcpy(r->mean + (r->next - 1) * c->n_probes, reading->mean, c->n_probes * sizeof *r->mean);
    if (r->next == r->n)
        return false;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = r->width;
    next->edge = r->edge;
    for (size_t p = 0; p < c->n_ports; p++) {
        const double v = r->volts[r->next * c->n_ports + p];
        next->drive[p].open = isnan(v);
        if (!isnan(v))
            next->drive[p].volt = v;
    }
    r->next++;
    return true;
}

static inline void array_run_watch(void *data, const struct interval *i)
{
    struct array_run *r = data;
    memcpy(r->values, i->values, circuit_n_values(r->circuit) * sizeof *r->values);
    for (size_t k = 0; k < r->circuit->n_elements; k++)
        r->energy[k] += interval_energy(i, k);
    for (int class = 0; i->class_error && class < ENERGY_CLASSES; class ++)
        r->class_error[class] += i->class_error[class];
    r->n_points++;
}

/* Run the n pulses; array_run_free() the result. */
static inline struct array_run array_run(const char *engine, const struct engine_options *options,
                                         const struct circuit *c, size_t n, const double *volts,
                                         double width, double edge)
{
    struct array_run r = {.circuit = c, .n = n, .volts = volts, .width = width, .edge = edge};
    r.mean = NEW(n * c->n_probes, double);
    r.values = NEW(circuit_n_values(c), double);
    r.energy = NEW(c->n_elements, double);
    const struct recorder recorder = {array_run_watch, &r};
    const struct controller controller = {.step = array_run_step, .data = &r};
    struct engine_options o = *options;
    o.recorders = &recorder;
    o.n_recorders = 1;
    struct engine_report report;
    struct error error = {{0}};
    const struct engine *e = engine_find(engine);
    assert_non_null(e);
    if (engine_run(e, c, &controller, &o, &report, &error) != STATUS_OK)
        fail_msg("%s: %s", engine, error.text);
    return r;
}

static inline void array_run_free(struct array_run *r)
{
    free(r->mean);
    free(r->values);
    free(r->energy);
}

#endif
