/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/control.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define START_TIME 100e-6  /* the amplifiers settle before the first edge [s] */
#define CONNECT_TIME 20e-6 /* the neurons settle on their columns before the first image [s] */

/* All rows and columns at signal ground, one device selected, its row `volt` above ground. */
static void address(const struct run *r, struct phase *p, size_t device, double volt)
{
    const struct classifier *k = &r->t->classifier;
    const struct classifier_address a = classifier_address(k, device);
    for (size_t i = 0; i < k->circuit->n_ports; i++)
        p->drive[i] = (struct drive){k->circuit->ports[i].idle, false};
    const struct classifier_layer *layer = &k->layers[a.layer];
    p->drive[layer->row_ports[a.row]].volt = k->ground + volt;
    p->drive[layer->crossbar.selects[a.row * layer->crossbar.columns + a.column]].volt = k->supply;
    p->device = (int)device;
    p->edge = r->t->options.edge;
}

/* All devices selected, neurons connected, the image on the first layer's rows. */
static void show(const struct run *r, struct phase *p, const double pixels[IMAGE_PIXELS],
                 enum phase_section section)
{
    const struct classifier *k = &r->t->classifier;
    for (size_t l = 0; l < k->n_layers; l++) {
        const struct classifier_layer *layer = &k->layers[l];
        for (size_t i = 0; i < layer->crossbar.rows; i++)
            p->drive[layer->row_ports[i]] =
                l == 0 ? (struct drive){k->ground + CLASSIFIER_INPUT_VOLT * pixels[i], false}
                       : (struct drive){k->ground, true};
        for (size_t j = 0; j < layer->crossbar.columns; j++)
            p->drive[layer->column_ports[j]] = (struct drive){k->ground, true};
        for (size_t n = 0; n < layer->crossbar.rows * layer->crossbar.columns; n++)
            p->drive[layer->crossbar.selects[n]].volt = k->supply;
    }
    p->drive[k->infer_port].volt = k->supply;
    p->edge = r->t->options.edge;
    p->section = section;
}

void control_start(const struct run *r, struct phase *p)
{
    p->kind = PHASE_IDLE;
    p->section = SECTION_START;
    p->duration = START_TIME;
    p->edge = r->t->options.edge;
}

void control_connect(const struct run *r, struct phase *p, enum phase_section section)
{
    static const double dark[IMAGE_PIXELS];
    show(r, p, dark, section);
    p->kind = PHASE_IDLE;
    p->duration = CONNECT_TIME;
}

void control_show(const struct run *r, struct phase *p, const double pixels[IMAGE_PIXELS],
                  enum phase_section section)
{
    show(r, p, pixels, section);
    p->kind = PHASE_INFER;
    p->duration = r->t->options.infer_time;
}

void control_read(const struct run *r, struct phase *p, size_t device, enum phase_section section)
{
    address(r, p, device, CLASSIFIER_INPUT_VOLT);
    p->kind = PHASE_READ;
    p->section = section;
    p->duration = r->t->options.read_time;
}

static void pulse_phase(struct run *r, struct phase *p, size_t device, enum phase_kind kind,
                        double volt, double width)
{
    struct training *t = r->t;
    address(r, p, device, volt);
    p->kind = kind;
    p->section = SECTION_TRAINING;
    p->duration = width;
    if (t->options.before_pulse && t->options.before_pulse(t->options.before_pulse_data, device))
        p->changed =
            1 + t->classifier.circuit->elements[classifier_device(&t->classifier, device)].state;
    t->pulses = memory_grow(t->pulses, &t->pulses_capacity, t->n_pulses + 1, sizeof *t->pulses);
    t->pulses[t->n_pulses++] = (struct training_pulse){.device = device,
                                                       .kind = kind,
                                                       .amplitude = volt,
                                                       .width = width,
                                                       .before = NAN,
                                                       .after = NAN};
}

void control_pulse(struct run *r, struct phase *p, size_t device, enum program_direction direction,
                   double amplitude, double width)
{
    const struct training_options *o = &r->t->options;
    const double volt = instrument_amplitude(&o->instrument, amplitude, o->program.amplitude_limit);
    if (direction == PROGRAM_SET)
        pulse_phase(r, p, device, PHASE_SET, volt, width);
    else
        pulse_phase(r, p, device, PHASE_RESET, -volt, width);
}

void control_pulse_ended(struct run *r, const struct reading *reading)
{
    struct training_pulse *pulse = &r->t->pulses[r->t->n_pulses - 1];
    pulse->t = reading->t0;
    pulse->energy = r->last_energy;
}

double control_conductance(const struct run *r, const struct reading *reading, size_t device)
{
    const struct classifier *k = &r->t->classifier;
    const struct classifier_address a = classifier_address(k, device);
    const double g =
        reading->mean[k->layers[a.layer].column_probes[a.column]] / CLASSIFIER_INPUT_VOLT;
    return instrument_read(&r->t->options.instrument, r->noise, g,
                           INSTRUMENT_CURRENT_SCALE * k->g_max);
}

double control_output(const struct run *r, const struct reading *reading, size_t layer,
                      size_t column)
{
    const struct classifier *k = &r->t->classifier;
    const double volt = reading->mean[k->layers[layer].output_probes[column]] - k->ground;
    return 0.5 + instrument_read_signed(&r->t->options.instrument, r->noise, volt,
                                        INSTRUMENT_OUTPUT_SCALE * NEURON_OUTPUT_SWING) /
                     NEURON_OUTPUT_SWING;
}

void control_progress(const struct run *r, double time)
{
    const struct training *t = r->t;
    if (!t->options.progress)
        return;
    const struct training_progress progress = {r->device < t->n_devices ? r->device : t->n_devices,
                                               t->n_devices,
                                               t->n_pulses - t->n_erases,
                                               r->image,
                                               time,
                                               training_energy(t)};
    t->options.progress(t->options.progress_data, &progress);
}

static void begin_device(struct run *r, struct phase *p)
{
    const struct training *t = r->t;
    programmer_start(&r->programmer, r->program, t->devices[r->device].target);
    if (t->options.erase > 0) {
        pulse_phase(r, p, r->device, PHASE_ERASE, -t->options.erase_volt, t->options.erase);
        r->t->n_erases++;
        r->device_step = DEVICE_ERASE;
    } else {
        control_read(r, p, r->device, SECTION_TRAINING);
        r->device_step = DEVICE_READ;
    }
}

void control_program_begin(struct run *r, const struct reading *reading, struct phase *p)
{
    (void)reading;
    r->device = 0;
    begin_device(r, p);
}

bool control_program_next(struct run *r, const struct reading *reading, struct phase *p)
{
    struct training *t = r->t;
    if (r->device_step != DEVICE_READ) {
        control_pulse_ended(r, reading);
        control_read(r, p, r->device, SECTION_TRAINING);
        r->device_step = DEVICE_READ;
        return true;
    }
    struct training_device *d = &t->devices[r->device];
    struct training_pulse *last = t->n_pulses ? &t->pulses[t->n_pulses - 1] : NULL;
    const double g = control_conductance(r, reading, r->device);
    if (r->programmer.pulses == 0)
        d->initial = g;
    if (last && last->device == r->device)
        last->after = g;
    struct program_pulse pulse;
    control_progress(r, reading->t1);
    if (programmer_next(&r->programmer, g, &pulse)) {
        control_pulse(r, p, r->device, pulse.direction, pulse.amplitude, pulse.width);
        t->pulses[t->n_pulses - 1].before = g;
        r->device_step = DEVICE_PULSE;
        return true;
    }
    d->final = g;
    d->pulses = r->programmer.pulses;
    d->within_tolerance = r->programmer.settled;
    d->programmer = r->programmer;
    t->n_settled += r->programmer.settled;
    if (++r->device == t->n_devices)
        return false;
    begin_device(r, p);
    return true;
}

static void show_image(const struct run *r, struct phase *p)
{
    double binary[IMAGE_PIXELS];
    for (size_t i = 0; i < IMAGE_PIXELS && r->image < IMAGE_COUNT; i++)
        binary[i] = image_pixel((unsigned)r->image, i);
    control_show(r, p,
                 r->image < IMAGE_COUNT ? binary : r->t->test_set.pixels[r->image - IMAGE_COUNT],
                 SECTION_INFERENCE);
}

static void after_image(struct run *r, const struct reading *reading)
{
    struct training *t = r->t;
    const struct classifier *k = &t->classifier;
    const double out = reading->mean[k->layers[k->n_layers - 1].output_probes[0]];
    const double y = 0.5 + (out - k->ground) / NEURON_OUTPUT_SWING;
    if (r->image < IMAGE_COUNT) {
        t->outputs[r->image] = y;
        t->decision[r->image] = y > 0.5;
    } else {
        t->test_decision[r->image - IMAGE_COUNT] = y > 0.5;
    }
    if (++r->image % 64 == 0)
        control_progress(r, reading->t1);
}

/* Continue with the first step at or behind `step` that the plan contains. */
static bool go_on(struct run *r, enum run_step step, const struct reading *reading, struct phase *p)
{
    if (step == RUN_TRAIN && r->plan.train) {
        r->step = RUN_TRAIN;
        r->t->options.rule->begin(r, reading, p);
        return true;
    }
    if (step <= RUN_CONNECT && r->plan.infer) {
        r->step = RUN_CONNECT;
        control_connect(r, p, SECTION_INFERENCE);
        return true;
    }
    if (step <= RUN_AFTER && r->plan.read_after) {
        r->step = RUN_AFTER;
        r->device = 0;
        control_read(r, p, 0, SECTION_AFTER);
        return true;
    }
    return false;
}

static bool control(void *data, const struct reading *reading, struct phase *p)
{
    struct run *r = data;
    struct training *t = r->t;
    const size_t n_images = IMAGE_COUNT + (t->test_decision ? t->test_set.n : 0);
    r->last_energy = r->device_energy;
    r->device_energy = 0;
    if (!reading) {
        control_start(r, p);
        r->step = RUN_START;
        return true;
    }
    switch (r->step) {
    case RUN_START:
        r->training_begin = r->training_end = reading->t1;
        return go_on(r, RUN_TRAIN, reading, p);
    case RUN_TRAIN:
        if (t->options.rule->next(r, reading, p))
            return true;
        r->training_end = reading->t1;
        return go_on(r, RUN_CONNECT, reading, p);
    case RUN_INFER:
        after_image(r, reading);
        if (r->image == n_images)
            return go_on(r, RUN_AFTER, reading, p);
        show_image(r, p);
        return true;
    case RUN_CONNECT:
        show_image(r, p);
        r->step = RUN_INFER;
        return true;
    case RUN_AFTER:
        t->devices[r->device].after_infer = control_conductance(r, reading, r->device);
        if (++r->device == t->n_devices)
            return false;
        control_read(r, p, r->device, SECTION_AFTER);
        return true;
    }
    return false;
}

/* Pulse energies and states are recorded for the results; the controller does not see them. */
static void take(void *data, const struct interval *i)
{
    struct run *r = data;
    struct training *t = r->t;
    const struct circuit *c = t->classifier.circuit;
    if (i->phase->device >= 0)
        r->device_energy +=
            interval_energy(i, classifier_device(&t->classifier, (size_t)i->phase->device));
    if (i->phase->kind == PHASE_INFER && i->phase->section == SECTION_INFERENCE)
        latency_take(&r->latency, i);
    if (!i->ends_phase)
        return;
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct element *e = &c->elements[classifier_device(&t->classifier, k)];
        if (e->state < 0) /* stuck */
            continue;
        t->end_states[k] = i->values[circuit_state_value(c, e->state)];
        if (i->phase->section == SECTION_TRAINING)
            t->devices[k].state = t->end_states[k];
    }
}

static void find_device_conductances(struct training *t)
{
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct element *e =
            &t->classifier.circuit->elements[classifier_device(&t->classifier, k)];
        t->devices[k].device_final =
            e->state < 0 ? 1 / e->value /* stuck */
                         : e->dopant->model
                                   ->current(e->dopant->constants, CLASSIFIER_INPUT_VOLT,
                                             t->devices[k].state)
                                   .f /
                               CLASSIFIER_INPUT_VOLT;
    }
}

enum status run_circuit(struct training *t, const struct run_plan *plan,
                        const struct recorder *recorders, size_t n_recorders, struct error *error)
{
    const struct classifier *k = &t->classifier;
    struct run r = {.t = t, .plan = *plan, .program = &t->options.program};
    r.noise = random_stream(t->options.seed, t->options.sample, RANDOM_READING);
    latency_start(&r.latency,
                  circuit_probe_value(k->circuit, k->layers[k->n_layers - 1].output_probes[0]),
                  k->ground);
    overload_new(&t->overload, k->circuit, k->supply);
    const struct recorder own[] = {
        ledger_recorder(t->ledger), {take, &r}, overload_recorder(&t->overload)};
    const size_t n_own = sizeof own / sizeof own[0];
    struct recorder *all = NEW(n_recorders + n_own, struct recorder);
    memcpy(all, own, sizeof own);
    if (n_recorders)
        memcpy(all + n_own, recorders, n_recorders * sizeof *all);
    struct engine_options solver = t->options.solver;
    solver.recorders = all;
    solver.n_recorders = n_recorders + n_own;
    solver.seed = t->options.seed;
    solver.sample = t->options.sample;
    const struct controller controller = {.step = control, .data = &r};
    enum status status =
        engine_run(t->options.engine, k->circuit, &controller, &solver, &t->report, error);
    free(all);
    overload_free(&t->overload);
    t->training_time = r.training_end - r.training_begin;
    /* without capacitors outputs follow at once, so an engine without them has no latency */
    const bool latent = engine_able(t->options.engine, ENGINE_TRANSISTORS);
    t->infer_latency = latent ? r.latency.decision : NAN;
    t->infer_settling = latent ? r.latency.settling : NAN;
    latency_free(&r.latency);
    in_place_free(r.in_place);
    gsl_rng_free(r.noise);
    if (status == STATUS_OK && plan->train)
        find_device_conductances(t);
    return status;
}
