/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/cases.h"

#include "base/memory.h"
#include "circuit/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PULSE 1e-3      /* [s] */
#define READING 100e-6  /* [s] */
#define EDGE 1e-6       /* [s] */
#define READ_VOLT 0.1   /* [V] */
#define SET_VOLT 0.55   /* [V] at the driver */
#define RESET_VOLT 0.35 /* [V] */
#define SERIES_OHM 500
#define ROW_OHM 2
#define COLUMN_OHM 1
#define DRIVER_OHM 50
#define CLASSIFIER_STEP 50e-6 /* [s] */

static struct phase *add_phase(struct engine_case *c, enum phase_kind kind, double duration)
{
    struct drive_log *l = &c->log;
    l->phases = memory_grow(l->phases, &l->capacity, l->n + 1, sizeof *l->phases);
    struct phase *p = &l->phases[l->n++];
    *p = (struct phase){.kind = kind,
                        .section = SECTION_TRAINING,
                        .duration = duration,
                        .edge = EDGE,
                        .device = -1,
                        .drive = NEW(l->n_ports, struct drive)};
    return p;
}

enum status case_device(const struct case_inputs *in, size_t pulses, struct engine_case *c,
                        struct error *error)
{
    (void)error;
    *c = (struct engine_case){.name = memory_string("device"), .output = -1, .n_devices = 1,
                              .n_pulses = pulses, .read_volt = READ_VOLT,
                              .fine_step = PULSE / 500};
    struct circuit *k = c->circuit = c->behavioural = circuit_new("one device");
    const int p = circuit_node(k, "p"), m = circuit_node(k, "m");
    const int port = circuit_port(k, "p", p, 0, false, 0, CLASS_DRIVER);
    circuit_resistor(k, "rs", p, m, SERIES_OHM, CLASS_LINE);
    circuit_memristor(k, "xm1", m, 0, in->dopant, 0.02);
    circuit_current_probe(k, "i", k->ports[port].source);
    circuit_voltage_probe(k, "v", m);
    drive_log_new(&c->log, k);
    for (size_t i = 0; i < pulses; i++) {
        const bool set = i / 3 % 2 == 0;
        add_phase(c, set ? PHASE_SET : PHASE_RESET, PULSE)->drive[0].volt =
            set ? SET_VOLT : -RESET_VOLT;
        add_phase(c, PHASE_READ, READING)->drive[0].volt = READ_VOLT;
    }
    return STATUS_OK;
}

enum status case_array(const struct case_inputs *in, size_t rows, size_t columns, size_t pulses,
                       bool read, struct engine_case *c, struct error *error)
{
    const size_t n = rows * columns;
    *c = (struct engine_case){.name = memory_format("crossbar %zux%zu", rows, columns),
                              .output = -1, .n_devices = n, .n_pulses = pulses,
                              .read_volt = READ_VOLT, .fine_step = PULSE / 500};
    struct circuit *k = c->circuit = c->behavioural = circuit_new("crossbar");
    double *x0 = NEW(n, double);
    for (size_t i = 0; i < n; i++)
        x0[i] = 0.02 + 0.2 * (double)(i * 7 % 11) / 10;
    const struct array_options o = {.rows = rows, .columns = columns, .dopant = in->dopant,
                                    .x0 = x0, .row_ohm = ROW_OHM, .column_ohm = COLUMN_OHM,
                                    .driver_ohm = DRIVER_OHM};
    struct array a;
    const enum status status = array_build(k, &o, &a, error);
    free(x0);
    drive_log_new(&c->log, k);
    for (size_t i = 0; i < pulses && status == STATUS_OK; i++) {
        /* devices are visited with a stride that is prime to their number */
        const size_t device = i * 17 % n, row = device / columns, column = device % columns;
        const bool set = i % 3 != 2;
        const double volt = set ? SET_VOLT : -RESET_VOLT;
        struct phase *p = add_phase(c, set ? PHASE_SET : PHASE_RESET, PULSE);
        for (size_t r = 0; r < rows; r++)
            p->drive[a.row_ports[r]].volt = r == row ? volt : 0.5 * volt;
        for (size_t j = 0; j < columns; j++)
            p->drive[a.column_ports[j]].volt = j == column ? 0 : 0.5 * volt;
        if (read)
            add_phase(c, PHASE_READ, READING)->drive[a.row_ports[row]].volt = READ_VOLT;
    }
    return status;
}

enum status case_classifier(const struct case_inputs *in, bool cmos, struct engine_case *c,
                            struct error *error)
{
    *c = (struct engine_case){
        .name = memory_string(cmos ? "classifier" : "classifier, behavioural neurons"),
        .read_volt = READ_VOLT,
        .fine_step = CLASSIFIER_STEP,
        .output = -1};
    struct training_options o = training_defaults;
    o.classifier = classifier_defaults;
    o.classifier.dopant = in->dopant;
    o.classifier.neuron = in->neuron;
    o.classifier.switches = in->switches;
    o.program = program_defaults;
    o.images = in->images;
    o.engine = engine_find("event");
    o.solver = engine_defaults;
    struct training *t = &c->trainings[0];
    enum status status = training_prepare(&o, t, error);
    if (status != STATUS_OK)
        return status;
    c->n_trainings = 1;
    c->circuit = c->behavioural = t->classifier.circuit;
    drive_log_new(&c->log, c->circuit);
    const struct recorder recorder = drive_log_recorder(&c->log);
    status = training_run(t, &recorder, 1, error);
    c->n_devices = t->n_devices;
    c->n_pulses = t->n_pulses;
    c->output = t->classifier.layers[t->classifier.n_layers - 1].output_probes[0];
    if (status != STATUS_OK || !cmos)
        return status;
    o.engine = engine_find("ida");
    o.measured = t->transfer;
    status = training_prepare(&o, &c->trainings[1], error);
    if (status != STATUS_OK)
        return status;
    c->n_trainings = 2;
    c->circuit = c->trainings[1].classifier.circuit;
    return STATUS_OK;
}

void case_free(struct engine_case *c)
{
    if (c->n_trainings == 0)
        circuit_free(c->circuit);
    while (c->n_trainings > 0)
        training_free(&c->trainings[--c->n_trainings]);
    drive_log_free(&c->log);
    free(c->name);
    *c = (struct engine_case){0};
}

const struct circuit *case_circuit(const struct engine_case *c, const struct engine *engine)
{
    return engine->behavioural ? c->behavioural : c->circuit;
}
