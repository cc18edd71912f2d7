/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/operation.h"

#include "base/memory.h"
#include "base/random.h"
#include "engine/transient.h"
#include "learn/control.h"

#include <math.h>
#include <stdlib.h>

struct operation {
    struct run run; /* what control.c's phases are made from */
    struct transient *transient;
    struct recorder recorders[2];
    bool connected; /* the neurons are on their columns */
};

/* States, and what the pulsed device has absorbed. */
static void take(void *data, const struct interval *i)
{
    struct run *r = data;
    struct training *t = r->t;
    const struct classifier *k = &t->classifier;
    if (i->phase->device >= 0)
        r->device_energy += interval_energy(i, classifier_device(k, (size_t)i->phase->device));
    for (size_t n = 0; i->ends_phase && n < t->n_devices; n++) {
        const struct element *e = &k->circuit->elements[classifier_device(k, n)];
        if (e->state >= 0)
            t->devices[n].state = t->end_states[n] =
                i->values[circuit_state_value(k->circuit, e->state)];
    }
}

/* A phase like the last one, to be filled in. */
static struct phase next_phase(struct operation *o)
{
    struct phase p = o->transient->phase;
    p.section = SECTION_TRAINING;
    p.device = -1;
    p.changed = 0;
    p.n_stops = 0;
    o->run.device_energy = 0;
    return p;
}

enum status operation_begin(struct training *t, struct operation **operation, struct error *error)
{
    struct operation *o = *operation = NEW(1, struct operation);
    o->run = (struct run){.t = t, .program = &t->options.program};
    o->run.noise = random_stream(t->options.seed, t->options.sample, RANDOM_READING);
    o->recorders[0] = ledger_recorder(t->ledger);
    o->recorders[1] = (struct recorder){take, &o->run};
    struct engine_options solver = t->options.solver;
    solver.n_recorders = 2;
    solver.recorders = o->recorders;
    solver.seed = t->options.seed;
    solver.sample = t->options.sample;
    enum status status = transient_open(t->options.engine, t->classifier.circuit, &solver, NULL,
                                        &o->transient, error);
    if (status != STATUS_OK)
        return status;
    struct phase p = next_phase(o);
    struct reading reading;
    control_start(&o->run, &p);
    return transient_phase(o->transient, &p, &reading, error);
}

void operation_end(struct operation *o)
{
    if (!o)
        return;
    o->run.t->report = transient_close(o->transient, true);
    gsl_rng_free(o->run.noise);
    free(o);
}

const struct transient *operation_transient(const struct operation *o)
{
    return o->transient;
}

enum status operation_show(struct operation *o, const double *pixels, double *outputs,
                           struct error *error)
{
    const struct training *t = o->run.t;
    const struct classifier *k = &t->classifier;
    const size_t n_inputs = k->layers[0].crossbar.rows,
                 n_outputs = k->layers[k->n_layers - 1].crossbar.columns;
    struct reading reading;
    for (size_t i = 0; i < n_inputs; i++)
        if (!(pixels[i] >= 0 && pixels[i] <= 1))
            return fail(error, STATUS_INPUT, "pixel %zu is %g, expected 0 to 1", i + 1, pixels[i]);
    enum status status = STATUS_OK;
    if (!o->connected) {
        struct phase p = next_phase(o);
        control_connect(&o->run, &p, SECTION_INFERENCE);
        status = transient_phase(o->transient, &p, &reading, error);
    }
    o->connected = status == STATUS_OK;
    if (status != STATUS_OK)
        return status;
    struct phase p = next_phase(o);
    control_show(&o->run, &p, pixels, SECTION_INFERENCE);
    status = transient_phase(o->transient, &p, &reading, error);
    for (size_t j = 0; j < n_outputs && status == STATUS_OK; j++)
        outputs[j] = control_output(&o->run, &reading, k->n_layers - 1, j);
    return status;
}

static enum status check_device(const struct operation *o, size_t device, struct error *error)
{
    const size_t n = o->run.t->n_devices;
    return device < n ? STATUS_OK
                      : fail(error, STATUS_INPUT, "device %zu, expected 0 to %zu", device, n - 1);
}

enum status operation_pulse(struct operation *o, size_t device, double volt, double width,
                            struct error *error)
{
    const struct training_options *t = &o->run.t->options;
    const double limit = t->program.amplitude_limit;
    if (check_device(o, device, error) != STATUS_OK)
        return STATUS_INPUT;
    if (!(fabs(volt) > 0 && fabs(volt) <= limit))
        return fail(error, STATUS_INPUT, "a pulse of %g V, expected up to %g V of either sign",
                    volt, limit);
    if (!(width >= 2 * t->edge && isfinite(width)))
        return fail(error, STATUS_INPUT, "a pulse of %g s, expected %g s or more", width,
                    2 * t->edge);
    struct phase p = next_phase(o);
    struct reading reading;
    o->connected = false;
    control_pulse(&o->run, &p, device, volt > 0 ? PROGRAM_SET : PROGRAM_RESET, fabs(volt), width);
    const enum status status = transient_phase(o->transient, &p, &reading, error);
    o->run.last_energy = o->run.device_energy;
    if (status == STATUS_OK)
        control_pulse_ended(&o->run, &reading);
    return status;
}

enum status operation_read(struct operation *o, size_t device, double *siemens, struct error *error)
{
    if (check_device(o, device, error) != STATUS_OK)
        return STATUS_INPUT;
    struct phase p = next_phase(o);
    struct reading reading;
    o->connected = false;
    control_read(&o->run, &p, device, SECTION_TRAINING);
    const enum status status = transient_phase(o->transient, &p, &reading, error);
    if (status == STATUS_OK)
        *siemens = control_conductance(&o->run, &reading, device);
    return status;
}
