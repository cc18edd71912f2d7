/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/training.h"

#include "base/memory.h"
#include "base/random.h"
#include "learn/latency.h"
#include "learn/targets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define START_TIME 100e-6  /* the amplifiers settle before the first edge [s] */
#define CONNECT_TIME 20e-6 /* the neurons settle on their columns before the first image [s] */

const struct training_options training_defaults = {
    .train_noise = 0.10,
    .noise = 0.10,
    .seed = 1,
    .x0_max = 0.02,
    .erase_volt = 1.0,
    .read_time = 100e-6,
    .edge = 1e-6,
    .infer_time = 5e-6,
};

enum step { STEP_START, STEP_ERASE, STEP_READ, STEP_PULSE, STEP_CONNECT, STEP_INFER, STEP_AFTER };

struct run {
    struct training *t;
    enum step step;
    size_t device, image;
    struct programmer programmer;
    struct latency latency;
    double device_energy; /* of the addressed memristor in the phase that runs [J] */
    double training_begin, training_end;
};

/* All rows and columns at signal ground, one device selected, its row `volt` above ground. */
static void address(const struct training *t, struct phase *p, size_t device, double volt)
{
    const struct classifier *k = &t->classifier;
    const struct classifier_address a = classifier_address(k, device);
    for (size_t i = 0; i < k->circuit->n_ports; i++)
        p->drive[i] = (struct drive){k->circuit->ports[i].idle, false};
    const struct classifier_layer *layer = &k->layers[a.layer];
    p->drive[layer->row_ports[a.row]].volt = k->ground + volt;
    p->drive[layer->crossbar.selects[a.row * layer->crossbar.columns + a.column]].volt = k->supply;
    p->device = (int)device;
    p->edge = t->options.edge;
}

/* All devices selected, neurons connected, the image on the first layer's rows. */
static void show(const struct training *t, struct phase *p, unsigned image)
{
    const struct classifier *k = &t->classifier;
    for (size_t l = 0; l < k->n_layers; l++) {
        const struct classifier_layer *layer = &k->layers[l];
        for (size_t i = 0; i < layer->crossbar.rows; i++)
            p->drive[layer->row_ports[i]] =
                l == 0 ? (struct drive){k->ground + CLASSIFIER_INPUT_VOLT * image_pixel(image, i),
                                        false}
                       : (struct drive){k->ground, true};
        for (size_t j = 0; j < layer->crossbar.columns; j++)
            p->drive[layer->column_ports[j]] = (struct drive){k->ground, true};
        for (size_t n = 0; n < layer->crossbar.rows * layer->crossbar.columns; n++)
            p->drive[layer->crossbar.selects[n]].volt = k->supply;
    }
    p->drive[k->infer_port].volt = k->supply;
    p->edge = t->options.edge;
    p->section = SECTION_INFERENCE;
}

static double conductance(const struct run *r, const struct reading *reading)
{
    const struct classifier *k = &r->t->classifier;
    const struct classifier_address a = classifier_address(k, r->device);
    return reading->mean[k->layers[a.layer].column_probes[a.column]] / CLASSIFIER_INPUT_VOLT;
}

static void read_phase(const struct run *r, struct phase *p, enum phase_section section)
{
    address(r->t, p, r->device, CLASSIFIER_INPUT_VOLT);
    p->kind = PHASE_READ;
    p->section = section;
    p->duration = r->t->options.read_time;
}

static void pulse_phase(struct run *r, struct phase *p, enum phase_kind kind, double volt,
                        double width)
{
    struct training *t = r->t;
    address(t, p, r->device, volt);
    p->kind = kind;
    p->section = SECTION_TRAINING;
    p->duration = width;
    if (t->options.before_pulse && t->options.before_pulse(t->options.before_pulse_data, r->device))
        p->changed =
            1 + t->classifier.circuit->elements[classifier_device(&t->classifier, r->device)].state;
    t->pulses = memory_grow(t->pulses, &t->pulses_capacity, t->n_pulses + 1, sizeof *t->pulses);
    t->pulses[t->n_pulses++] = (struct training_pulse){.device = r->device,
                                                       .kind = kind,
                                                       .amplitude = volt,
                                                       .width = width,
                                                       .before = NAN,
                                                       .after = NAN};
}

static void begin_device(struct run *r, struct phase *p)
{
    const struct training *t = r->t;
    programmer_start(&r->programmer, &t->options.program, t->devices[r->device].target);
    if (t->options.erase > 0) {
        pulse_phase(r, p, PHASE_ERASE, -t->options.erase_volt, t->options.erase);
        r->t->n_erases++;
        r->step = STEP_ERASE;
    } else {
        read_phase(r, p, SECTION_TRAINING);
        r->step = STEP_READ;
    }
}

static void report_progress(const struct run *r, double time)
{
    const struct training *t = r->t;
    if (!t->options.progress)
        return;
    const struct training_progress progress = {r->device, t->n_devices, t->n_pulses - t->n_erases,
                                               r->image,  time,         training_energy(t)};
    t->options.progress(t->options.progress_data, &progress);
}

static void after_read(struct run *r, const struct reading *reading, struct phase *p)
{
    struct training *t = r->t;
    struct training_device *d = &t->devices[r->device];
    struct training_pulse *last = t->n_pulses ? &t->pulses[t->n_pulses - 1] : NULL;
    const double g = conductance(r, reading);
    if (r->programmer.pulses == 0)
        d->initial = g;
    if (last && last->device == r->device)
        last->after = g;
    struct program_pulse pulse;
    report_progress(r, reading->t1);
    if (programmer_next(&r->programmer, g, &pulse)) {
        const bool set = pulse.direction == PROGRAM_SET;
        pulse_phase(r, p, set ? PHASE_SET : PHASE_RESET, set ? pulse.amplitude : -pulse.amplitude,
                    pulse.width);
        t->pulses[t->n_pulses - 1].before = g;
        r->step = STEP_PULSE;
        return;
    }
    d->final = g;
    d->pulses = r->programmer.pulses;
    d->within_tolerance = r->programmer.settled;
    d->programmer = r->programmer;
    t->n_settled += r->programmer.settled;
    r->training_end = reading->t1;
    if (++r->device < t->n_devices) {
        begin_device(r, p);
        return;
    }
    show(t, p, 0);
    p->kind = PHASE_IDLE;
    p->duration = CONNECT_TIME;
    r->step = STEP_CONNECT;
}

static void next_image(struct run *r, struct phase *p)
{
    show(r->t, p, (unsigned)r->image);
    p->kind = PHASE_INFER;
    p->duration = r->t->options.infer_time;
    r->step = STEP_INFER;
}

static void after_image(struct run *r, const struct reading *reading, struct phase *p)
{
    struct training *t = r->t;
    const struct classifier *k = &t->classifier;
    const double out = reading->mean[k->layers[k->n_layers - 1].output_probes[0]];
    t->outputs[r->image] = 0.5 + (out - k->ground) / NEURON_OUTPUT_SWING;
    t->decision[r->image] = t->outputs[r->image] > 0.5;
    if (++r->image < IMAGE_COUNT) {
        if (r->image % 64 == 0)
            report_progress(r, reading->t1);
        next_image(r, p);
        return;
    }
    r->device = 0;
    read_phase(r, p, SECTION_AFTER);
    r->step = STEP_AFTER;
}

static bool control(void *data, const struct reading *reading, struct phase *p)
{
    struct run *r = data;
    const double device_energy = r->device_energy;
    r->device_energy = 0;
    if (!reading) {
        p->kind = PHASE_IDLE;
        p->section = SECTION_START;
        p->duration = START_TIME;
        p->edge = r->t->options.edge;
        r->step = STEP_START;
        return true;
    }
    switch (r->step) {
    case STEP_START:
        r->training_begin = reading->t1;
        begin_device(r, p);
        return true;
    case STEP_ERASE:
    case STEP_PULSE:
        r->t->pulses[r->t->n_pulses - 1].t = reading->t0;
        r->t->pulses[r->t->n_pulses - 1].energy = device_energy;
        read_phase(r, p, SECTION_TRAINING);
        r->step = STEP_READ;
        return true;
    case STEP_READ:
        after_read(r, reading, p);
        return true;
    case STEP_CONNECT:
        next_image(r, p);
        return true;
    case STEP_INFER:
        after_image(r, reading, p);
        return true;
    case STEP_AFTER:
        r->t->devices[r->device].after_infer = conductance(r, reading);
        if (++r->device == r->t->n_devices)
            return false;
        read_phase(r, p, SECTION_AFTER);
        return true;
    }
    return false;
}

/* What is wanted for the records, not for the controller: pulse energies and final states. */
static void take(void *data, const struct interval *i)
{
    struct run *r = data;
    struct training *t = r->t;
    const struct circuit *c = t->classifier.circuit;
    if (i->phase->device >= 0)
        r->device_energy += i->energy[classifier_device(&t->classifier, (size_t)i->phase->device)];
    if (i->phase->kind == PHASE_INFER)
        latency_take(&r->latency, i);
    if (!i->ends_phase)
        return;
    if (r->step == STEP_READ && i->phase->section == SECTION_TRAINING)
        for (size_t k = 0; k < t->n_devices; k++) {
            const struct element *e = &c->elements[classifier_device(&t->classifier, k)];
            if (e->state < 0) { /* stuck */
                t->devices[k].device_final = 1 / e->value;
                continue;
            }
            const double x = i->values[circuit_state_value(c, e->state)];
            t->devices[k].device_final =
                e->dopant->model->current(e->dopant->constants, CLASSIFIER_INPUT_VOLT, x).f /
                CLASSIFIER_INPUT_VOLT;
        }
}

enum status training_run(struct training *t, const struct recorder *recorders, size_t n_recorders,
                         struct error *error)
{
    const struct classifier *k = &t->classifier;
    struct run r = {.t = t};
    latency_start(&r.latency,
                  circuit_probe_value(k->circuit, k->layers[k->n_layers - 1].output_probes[0]),
                  k->ground);
    struct recorder *all = NEW(n_recorders + 2, struct recorder);
    all[0] = ledger_recorder(t->ledger);
    all[1] = (struct recorder){take, &r};
    if (n_recorders)
        memcpy(all + 2, recorders, n_recorders * sizeof *all);
    struct engine_options solver = t->options.solver;
    solver.recorders = all;
    solver.n_recorders = n_recorders + 2;
    solver.seed = t->options.seed;
    solver.sample = t->options.sample;
    const struct controller controller = {control, &r};
    enum status status =
        t->options.engine->run(k->circuit, &controller, &solver, &t->report, error);
    free(all);
    t->training_time = r.training_end - r.training_begin;
    /* an engine without capacitors knows nothing of delays */
    t->infer_latency = t->options.engine->behavioural ? NAN : r.latency.decision;
    t->infer_settling = t->options.engine->behavioural ? NAN : r.latency.settling;
    latency_free(&r.latency);
    if (status != STATUS_OK)
        return status;
    t->accuracy_clean = images_accuracy(t->options.images, 0, t->decision);
    t->accuracy_noisy = images_accuracy(t->options.images, t->options.noise, t->decision);
    t->accuracy_limit = images_limit(t->options.images, t->options.noise);
    return STATUS_OK;
}

/* Can every target be reached?  The branch conducts between its device's OFF and ON states. */
static enum status check_window(const struct training *t, struct error *error)
{
    const struct classifier *k = &t->classifier;
    const struct dopant *d = t->options.classifier.dopant;
    const double v = CLASSIFIER_INPUT_VOLT;
    const double on = v / d->model->current(d->constants, v, 1).f + k->series_ohm;
    const double off = v / d->model->current(d->constants, v, 0).f + k->series_ohm;
    if (k->g_max >= 1 / on || k->g_min <= 1 / off)
        return fail(error, STATUS_INPUT,
                    "%s: targets from %g to %g S are outside of what a branch of dopant %s can "
                    "reach, %g to %g S with %.0f ohm in series",
                    d->path, k->g_min, k->g_max, d->name, 1 / off, 1 / on, k->series_ohm);
    return STATUS_OK;
}

/* The engine that measures transistors where the run's own cannot. */
static const struct engine *measuring_engine(const struct training_options *o)
{
    return !o->engine->behavioural       ? o->engine
           : o->classifier.neuron.opaque ? engine_find("ngspice")
                                         : engine_find("ida");
}

/* Each neuron by itself, where transistors differ and the circuit takes curves. */
static enum status measure_own(struct training *t, const struct engine *engine, struct error *error)
{
    struct training_options *o = &t->options;
    struct classifier_options *c = &o->classifier;
    t->n_neurons = classifier_amplifiers(c) - c->n_layers;
    t->own = NEW(t->n_neurons, struct transfer);
    t->own_curves = NEW(t->n_neurons, struct neuron_curve);
    size_t n = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        for (size_t j = 0; j < c->sizes[l + 1]; j++, n++) {
            const enum status status = transfer_measure_neuron(
                c, l, j, l == 0 ? TRANSFER_COMMON_ROWS : 0, engine, &o->solver, &t->own[n], error);
            if (status != STATUS_OK)
                return status;
            t->own_curves[n] = t->own[n].curve;
        }
    c->curves = t->own_curves;
    c->own_curves = true;
    return STATUS_OK;
}

static enum status measure_neurons(struct training *t, struct error *error)
{
    struct training_options *o = &t->options;
    const struct engine *engine = measuring_engine(o);
    enum status status = STATUS_OK;
    if (o->measured)
        memcpy(t->transfer, o->measured, o->classifier.n_layers * sizeof *t->transfer);
    for (size_t l = 0; l < o->classifier.n_layers && status == STATUS_OK; l++) {
        const double lit_rows = l == 0 ? TRANSFER_COMMON_ROWS : 0;
        if (!o->measured)
            status = transfer_measure(&o->classifier, l, lit_rows, engine, &o->solver,
                                      &t->transfer[l], error);
        if (!o->measured && status == STATUS_OK && o->behavioural)
            status = transfer_measure_supply(&o->classifier, l, lit_rows, engine, &o->solver,
                                             &t->transfer[l], error);
        t->curves[l] = t->transfer[l].curve;
    }
    if (o->behavioural && o->classifier.mismatch && status == STATUS_OK)
        return measure_own(t, engine, error);
    if (o->behavioural)
        o->classifier.curves = t->curves;
    return status;
}

static void find_targets(struct training *t)
{
    const struct training_options *o = &t->options;
    struct classifier *k = &t->classifier;
    const struct targets_options targets = {
        .n_layers = k->n_layers,
        .sizes = o->classifier.sizes,
        .transfer = t->transfer,
        .images = o->images,
        .train_noise = o->train_noise,
        .seed = o->seed,
    };
    double *weights = NEW(t->n_devices, double);
    targets_train(&targets, weights, &t->loss);
    for (size_t n = 0; n < t->n_devices; n++) {
        t->devices[n].address = classifier_address(k, n);
        t->devices[n].weight = weights[n];
        t->devices[n].target = k->g_ref + weights[n] * k->g_span;
    }
    free(weights);
}

enum status training_prepare(const struct training_options *options, struct training *t,
                             struct error *error)
{
    *t = (struct training){.options = *options};
    struct classifier_options *c = &t->options.classifier;
    t->options.behavioural |= options->engine->behavioural;
    for (size_t l = 0; l < c->n_layers; l++)
        t->n_devices += c->sizes[l] * c->sizes[l + 1];
    t->devices = NEW(t->n_devices, struct training_device);
    t->x0 = NEW(t->n_devices, double);
    gsl_rng *rng = random_stream(options->seed, options->sample, RANDOM_INITIAL_STATE);
    for (size_t n = 0; n < t->n_devices; n++)
        t->x0[n] = options->x0_max * gsl_rng_uniform(rng);
    gsl_rng_free(rng);
    c->x0 = t->x0;
    /* without a window of conductances building the circuit fails, and says so */
    enum status status =
        c->dopant->g_max > c->dopant->g_min ? measure_neurons(t, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = classifier_build(c, &t->classifier, error);
    if (status == STATUS_OK)
        status = check_window(t, error);
    if (status == STATUS_OK) {
        find_targets(t);
        t->ledger = ledger_new(t->classifier.circuit);
    } else {
        training_free(t);
    }
    return status;
}

void training_free(struct training *t)
{
    for (size_t l = 0; l < CLASSIFIER_LAYERS_MAX && !t->options.measured; l++)
        transfer_free(&t->transfer[l]);
    for (size_t n = 0; n < t->n_neurons; n++)
        transfer_free(&t->own[n]);
    free(t->own);
    free(t->own_curves);
    ledger_free(t->ledger);
    classifier_free(&t->classifier);
    free(t->devices);
    free(t->pulses);
    free(t->x0);
    *t = (struct training){0};
}

double training_energy(const struct training *t)
{
    return t->ledger->sections[SECTION_TRAINING].delivered;
}

double training_infer_energy(const struct training *t)
{
    return t->ledger->sections[SECTION_INFERENCE].delivered;
}

double training_error(const struct training *t, enum energy_class class)
{
    const struct ledger_total *total = &t->ledger->sections[SECTION_TRAINING];
    return total->error_by_class[class] +
           2 * t->options.solver.reltol * fabs(ledger_class(total, class));
}

bool training_trustworthy(const struct training *t, struct error *error)
{
    const struct ledger_total *total = &t->ledger->sections[SECTION_TRAINING];
    const double supply = ledger_residual_supply(t->ledger),
                 array = ledger_residual_array(t->ledger);
    if (!(supply <= TRAINING_RESIDUAL_LIMIT && array <= TRAINING_RESIDUAL_LIMIT)) {
        fail(error, STATUS_UNTRUSTED,
             "the energy account does not close: residual %.2e (array), %.2e (supply), expected at "
             "most %g",
             array, supply, TRAINING_RESIDUAL_LIMIT);
        return false;
    }
    double sum = 0;
    for (int c = 0; c < ENERGY_CLASSES; c++)
        sum += training_error(t, (enum energy_class)c);
    const double device = training_error(t, CLASS_MEMRISTOR);
    if (!(sum <= TRAINING_ERROR_LIMIT * ledger_energy(total) &&
          device <= TRAINING_ERROR_LIMIT * ledger_class(total, CLASS_MEMRISTOR))) {
        fail(error, STATUS_UNTRUSTED,
             "the energies are not known well enough: estimated error %.2e J of all, %.2e J of the "
             "memristors, expected at most %g of each; a smaller --reltol helps",
             sum, device, TRAINING_ERROR_LIMIT);
        return false;
    }
    return true;
}
