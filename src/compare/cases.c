/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/cases.h"

#include "base/memory.h"
#include "base/random.h"
#include "circuit/crossbar.h"
#include "compare/case_tile.h"

#include <stdlib.h>
#include <string.h>

#define EDGE 1e-6        /* [s] */
#define START_TIME 20e-6 /* all at rest before the first edge [s] */
#define READ_VOLT 0.1    /* [V] moves no state */
#define READ_TIME 100e-6 /* [s] */

/* The device: a loop of +0.6 V and -0.4 V turns it fully ON and OFF behind 500 ohm; the pulses end
 * half way, so that an error in their rate is seen in the last state. */
#define SERIES_OHM 500
#define LOOPS 5
#define LOOP_UP 0.6    /* [V] */
#define LOOP_DOWN -0.4 /* [V] */
#define LOOP_TIME 5e-3 /* [s] of each of its ramps */
#define DEVICE_PULSES 20
#define DEVICE_SET 0.45
#define DEVICE_RESET -0.2
#define DEVICE_TIME 200e-6 /* [s] */

/* The arrays: 1 ohm a segment, as between crossings of a test array; select by halves: the row at
 * +V/2, the column at -V/2. */
#define SEGMENT_OHM 1
#define DRIVER_OHM 10
#define COLUMN_FARAD 1e-12
#define ARRAY_SET 0.6    /* [V] across the selected device */
#define ARRAY_RESET -0.3 /* [V] every third pulse */
#define ARRAY_TIME 200e-6
#define REST_TIME 50e-6
#define READ_EVERY 5 /* pulses */

/* A phase that begins from what the last one drove. */
static struct phase *add_phase(struct drive_log *log, const struct circuit *c, enum phase_kind kind,
                               double duration, double edge)
{
    const int section = kind == PHASE_READ   ? SECTION_INFERENCE
                        : kind == PHASE_IDLE ? SECTION_START
                                             : SECTION_TRAINING;
    return drive_log_append(
        log, c,
        &(struct phase){.kind = kind, .section = section, .duration = duration, .edge = edge});
}

static enum phase_kind pulse_kind(double volt)
{
    return volt > 0 ? PHASE_SET : PHASE_RESET;
}

static enum status build_device(const struct case_kind *kind, const struct case_inputs *in,
                                struct case_recording *recording, struct study_case *k,
                                struct error *error)
{
    (void)kind, (void)recording, (void)error;
    struct circuit *c = k->circuits[CASE_FULL] = circuit_new("one device");
    const int inner = circuit_node(c, "in"), node = circuit_node(c, "a");
    const int port = circuit_port(c, "in", inner, (struct port_driver){.class = CLASS_DRIVER});
    circuit_resistor(c, "rseries", inner, node, SERIES_OHM, CLASS_LINE);
    circuit_memristor(c, "xm1", node, 0, in->training.classifier.dopant, 0.02);
    int *probes = circuit_own(c, NEW(2, int));
    probes[0] = circuit_voltage_probe(c, "v_device", node);
    probes[1] = circuit_current_probe(c, "i_in", c->ports[port].source);
    k->probes = probes;
    k->n_probes = 2;
    k->n_devices = 1;
    drive_log_new(&k->drive, c);
    add_phase(&k->drive, c, PHASE_IDLE, START_TIME, EDGE);
    for (int i = 0; i < 2 * LOOPS; i++) {
        const double volt = i % 2 == 0 ? LOOP_UP : LOOP_DOWN;
        add_phase(&k->drive, c, pulse_kind(volt), LOOP_TIME, LOOP_TIME)->drive[port].volt = volt;
    }
    for (int i = 0; i < DEVICE_PULSES; i++) {
        const double volt = i % 3 == 2 ? DEVICE_RESET : DEVICE_SET;
        add_phase(&k->drive, c, pulse_kind(volt), DEVICE_TIME, EDGE)->drive[port].volt = volt;
        add_phase(&k->drive, c, PHASE_READ, READ_TIME, EDGE)->drive[port].volt = READ_VOLT;
    }
    k->n_pulses = 2 * LOOPS + DEVICE_PULSES;
    return STATUS_OK;
}

/* Pulses on devices all over the array, each followed by a rest, some by a reading of the row. */
static void drive_array(struct study_case *k, const struct crossbar *a, size_t pulses)
{
    const struct circuit *c = k->circuits[CASE_FULL];
    const size_t n = a->rows * a->columns;
    drive_log_new(&k->drive, c);
    add_phase(&k->drive, c, PHASE_IDLE, START_TIME, EDGE);
    for (size_t p = 0; p < pulses; p++) {
        const size_t device = p / 3 * 7 % n; /* three pulses each */
        const double volt = p % 3 == 2 ? ARRAY_RESET : ARRAY_SET;
        const int row = a->row_ports[device / a->columns],
                  column = a->column_ports[device % a->columns];
        struct phase *phase = add_phase(&k->drive, c, pulse_kind(volt), ARRAY_TIME, EDGE);
        phase->drive[row].volt = 0.5 * volt;
        phase->drive[column].volt = -0.5 * volt;
        add_phase(&k->drive, c, pulse_kind(volt), REST_TIME, EDGE);
        if (p % READ_EVERY == READ_EVERY - 1)
            add_phase(&k->drive, c, PHASE_READ, READ_TIME, EDGE)->drive[row].volt = READ_VOLT;
    }
}

static enum status build_array(const struct case_kind *kind, const struct case_inputs *in,
                               struct case_recording *recording, struct study_case *k,
                               struct error *error)
{
    (void)recording;
    const size_t n = kind->rows * kind->columns;
    struct circuit *c = k->circuits[CASE_FULL] = circuit_new("crossbar with line resistance");
    double *x0 = NEW(n, double);
    gsl_rng *rng = random_stream(in->training.seed, 0, RANDOM_INITIAL_STATE);
    for (size_t i = 0; i < n; i++)
        x0[i] = 0.02 + 0.08 * gsl_rng_uniform(rng);
    gsl_rng_free(rng);
    const struct crossbar_options o = {.rows = kind->rows,
                                       .columns = kind->columns,
                                       .dopant = in->training.classifier.dopant,
                                       .x0 = x0,
                                       .row_ohm = SEGMENT_OHM,
                                       .column_ohm = SEGMENT_OHM,
                                       .driver_ohm = DRIVER_OHM,
                                       .column_farad = COLUMN_FARAD};
    struct crossbar a;
    enum status status = crossbar_build(c, &o, &a, error);
    free(x0);
    if (status != STATUS_OK)
        return status;
    k->probes = a.column_probes;
    k->n_probes = a.columns;
    k->n_devices = n;
    k->n_pulses = kind->pulses;
    drive_array(k, &a, kind->pulses);
    return STATUS_OK;
}

enum status case_record_training(const struct training_options *options, struct case_recording *r,
                                 struct error *error)
{
    struct training_options o = *options;
    const bool transistors = !o.behavioural, by_full = engine_able(o.engine, ENGINE_TRANSISTORS);
    enum status status = STATUS_OK;
    *r = (struct case_recording){0};
    if (transistors) {
        if (!by_full)
            o.engine = engine_find("ida");
        status = training_prepare(&o, &r->full, error);
        o.engine = options->engine;
        o.behavioural = true;
        o.measured =
            NULL; /* what was measured for transistors lacks the amplifiers and the supply */
    }
    if (status == STATUS_OK)
        status = training_prepare(&o, &r->behavioural, error);
    struct training *t = transistors && by_full ? &r->full : &r->behavioural;
    if (status == STATUS_OK) {
        drive_log_new(&r->drive, t->classifier.circuit);
        const struct recorder recorder = drive_log_recorder(&r->drive);
        status = training_run(t, &recorder, 1, error);
    }
    r->n_devices = t->n_devices;
    r->n_pulses = t->n_pulses;
    r->made = status == STATUS_OK;
    if (!r->made)
        case_recording_free(r);
    return status;
}

struct study_case case_of_recording(const char *name, const struct training_options *o,
                                    const struct case_recording *r, bool behavioural)
{
    const struct classifier *other = &r->behavioural.classifier,
                            *c = behavioural ? other : &r->full.classifier;
    const size_t n_probes = c->circuit->n_probes;
    int *probes = circuit_own(c->circuit, NEW(n_probes, int));
    for (size_t i = 0; i < n_probes; i++)
        probes[i] = (int)i;
    return (struct study_case){
        .name = name,
        .circuits = {c->circuit, behavioural ? NULL : other->circuit},
        .drive = r->drive,
        .n_probes = n_probes,
        .probes = probes,
        .output_probe = c->layers[c->n_layers - 1].output_probes[0],
        .ground = c->ground,
        .images = o->images,
        .noise = o->noise,
        .n_devices = r->n_devices,
        .n_pulses = r->n_pulses,
        .behavioural = behavioural,
        .borrowed = true,
    };
}

struct study_case case_of_run(struct circuit *circuit, const struct drive_log *drive, void *owner,
                              void (*release)(void *owner))
{
    return (struct study_case){.circuits = {circuit},
                               .drive = *drive,
                               .output_probe = -1,
                               .borrowed = true,
                               .owner = owner,
                               .release = release};
}

static enum status build_classifier(const struct case_kind *kind, const struct case_inputs *in,
                                    struct case_recording *r, struct study_case *k,
                                    struct error *error)
{
    struct training_options o = in->training;
    o.engine = engine_find("ngspice");
    o.solver.interrupted = in->interrupted;
    const enum status status = r->made ? STATUS_OK : case_record_training(&o, r, error);
    if (status == STATUS_OK)
        *k = case_of_recording(kind->name, &o, r, strcmp(kind->name, CASE_NAME_BEHAVIOURAL) == 0);
    return status;
}

const struct case_kind case_table[] = {
    {"device", "one device behind 500 ohm, loops and pulses", true, true, 0, 0, 0, false,
     build_device},
    {"crossbar-3x9", "3 x 9 crossbar with line resistance, 30 pulses", true, true, 3, 9, 30, false,
     build_array},
    {"classifier", "training run of the classifier, CMOS neurons", false, true, 0, 0, 0, false,
     build_classifier},
    {CASE_NAME_BEHAVIOURAL, "the same drive, behavioural neurons", false, true, 0, 0, 0, false,
     build_classifier},
    {"crossbar-30x4", "30 x 4 crossbar with line resistance, 100 pulses", false, false, 30, 4, 100,
     false, build_array},
    {"crossbar-32x32", "32 x 32 crossbar with line resistance, 10 pulses", false, false, 32, 32, 10,
     false, build_array},
    {"tile-16x16", "one read of a tile of 16 x 16 devices", false, false, 16, 16, 0, true,
     case_tile_build},
    {"tile-64x64", "one read of a tile of 64 x 64 devices", false, false, 64, 64, 0, true,
     case_tile_build},
    {0},
};

const struct case_kind *case_find(const char *name)
{
    for (const struct case_kind *k = case_table; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

struct case_kind case_array(size_t rows, size_t columns, size_t pulses)
{
    return (struct case_kind){"crossbar", "crossbar", false, false,      rows,
                              columns,    pulses,     false, build_array};
}

enum status case_build(const struct case_kind *kind, const struct case_inputs *in,
                       struct case_recording *recording, struct study_case *k, struct error *error)
{
    *k = (struct study_case){.name = kind->name, .output_probe = -1};
    enum status status = kind->build(kind, in, recording, k, error);
    if (status != STATUS_OK)
        case_free(k);
    return status;
}

void case_free(struct study_case *k)
{
    if (!k->borrowed) {
        for (int form = 0; form < CASE_FORMS; form++)
            circuit_free(k->circuits[form]);
        drive_log_free(&k->drive);
    }
    if (k->owner)
        k->release(k->owner);
    *k = (struct study_case){0};
}

void case_recording_free(struct case_recording *r)
{
    training_free(&r->full);
    training_free(&r->behavioural);
    drive_log_free(&r->drive);
    *r = (struct case_recording){0};
}

enum case_form case_form_for(const struct study_case *k, const struct engine *engine)
{
    return !engine_able(engine, ENGINE_TRANSISTORS) && k->circuits[CASE_BEHAVIOURAL]
               ? CASE_BEHAVIOURAL
               : CASE_FULL;
}

bool case_settles(const struct study_case *k)
{
    const struct circuit *c = k->circuits[CASE_FULL];
    for (size_t i = 0; i < c->n_elements; i++)
        if (element_stores(&c->elements[i]))
            return true;
    return false;
}

struct study_case case_behavioural(const struct study_case *k)
{
    struct study_case other = *k;
    other.circuits[CASE_FULL] = k->circuits[CASE_BEHAVIOURAL];
    other.circuits[CASE_BEHAVIOURAL] = NULL;
    other.behavioural = other.borrowed = true;
    other.owner = NULL;
    return other;
}
