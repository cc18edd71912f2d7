/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trainings through the public header: a testbench's own rule, or phases that the host decides on. */
#include "base/memory.h"
#include "engine/transient.h"
#include "learn/operation.h"
#include "library/handle.h"
#include "report/summary.h"
#include "study/experiment/experiments.h"
#include "study/experiment/testbench.h"
#include "study/experiment/training_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct silverbar_training {
    struct testbench *testbench;
    char *devices, *neuron_file, *switch_file;
    struct experiment_context context;
    struct training_testbench *options;
    struct training_shared *shared;
    struct training_sample drawn;
    bool is_drawn, prepared;
    struct training training;
    struct operation *operation; /* of a rule of the host's own; NULL: none yet */
    bool run, failed;            /* by the testbench's rule; a phase has failed */
    struct summary summary;      /* of that run */
    int (*progress)(void *data, size_t device, size_t pulses, double seconds, double joule);
    void *progress_data;
    volatile int interrupted;
};

/* Read the testbench and its sample, build the circuit, measure the neurons. */
static enum status prepare(struct silverbar_training *h, const char *file,
                           const struct testbench_given *given, size_t sample, struct error *error)
{
    enum status status = file ? testbench_read(file, given, &h->testbench, error)
                              : testbench_read_text("training", "experiment: training\n", given,
                                                    &h->testbench, error);
    if (status != STATUS_OK)
        return status;
    const struct testbench_common *c = &h->testbench->common;
    if (sample >= h->testbench->n_samples)
        return fail(error, STATUS_INPUT, "sample %zu, expected 0 to %zu", sample,
                    h->testbench->n_samples - 1);
    h->options = testbench_options(h->testbench, sample / c->replicas);
    status = training_shared_open(h->options, &h->context, &h->shared, error);
    if (status == STATUS_OK)
        status = training_sample_draw(
            h->shared, h->options,
            (struct random_sample){c->seed, (uint32_t)(sample % c->replicas)}, &h->drawn, error);
    h->is_drawn = status == STATUS_OK;
    if (status != STATUS_OK)
        return status;
    struct training_options *o = &h->drawn.options;
    if (c->time_limit > 0)
        o->solver.time_limit = c->time_limit;
    o->solver.interrupted = &h->interrupted;
    status = training_prepare(o, &h->training, error);
    h->prepared = status == STATUS_OK;
    return status;
}

int silverbar_training_open(const char *file, size_t n_settings, const char *const *settings,
                            size_t sample, struct silverbar_training **training,
                            struct silverbar_error *error)
{
    const locale_t before = library_enter();
    struct silverbar_training *h = NEW(1, struct silverbar_training);
    struct error e = {{0}};
    h->devices = library_data("devices");
    h->neuron_file = library_data("netlists/neuron.sub");
    h->switch_file = library_data("netlists/switches.sub");
    h->context = (struct experiment_context){.devices = h->devices,
                                             .neuron_file = h->neuron_file,
                                             .switch_file = h->switch_file,
                                             .interrupted = &h->interrupted};
    const struct testbench_given given = {&experiment_training, n_settings, settings, NULL};
    const enum status status = prepare(h, file, &given, sample, &e);
    *training = status == STATUS_OK ? h : NULL;
    if (status != STATUS_OK)
        silverbar_training_close(h);
    library_leave(before);
    return library_report(status, &e, error);
}

void silverbar_training_close(struct silverbar_training *h)
{
    if (!h)
        return;
    operation_end(h->operation);
    if (h->prepared)
        training_free(&h->training);
    if (h->is_drawn)
        training_sample_free(&h->drawn);
    training_shared_close(h->shared);
    if (h->options)
        experiment_options_free(&experiment_training, h->options);
    testbench_free(h->testbench);
    free(h->devices);
    free(h->neuron_file);
    free(h->switch_file);
    free(h);
}

static void show_progress(void *data, const struct training_progress *p)
{
    struct silverbar_training *h = data;
    if (h->progress && h->progress(h->progress_data, p->device, p->pulses, p->t, p->energy) != 0)
        h->interrupted = 1;
}

int silverbar_training_run(struct silverbar_training *h,
                           int (*progress)(void *data, size_t device, size_t pulses, double seconds,
                                           double joule),
                           void *data, struct silverbar_error *error)
{
    struct error e = {{0}};
    struct training *t = &h->training;
    if (h->run || h->operation)
        return library_report(fail(&e, STATUS_INPUT, "the training has begun, expected a new one"),
                              &e, error);
    const locale_t before = library_enter();
    h->run = true;
    h->progress = progress;
    h->progress_data = data;
    t->options.progress = show_progress;
    t->options.progress_data = h;
    enum status status = training_run(t, NULL, 0, &e);
    h->failed = status != STATUS_OK;
    if (status == STATUS_OK) {
        summary_fill(&h->summary, t, NULL);
        if (!training_trustworthy(t, &e))
            status = STATUS_UNTRUSTED;
    }
    library_leave(before);
    return library_report(status, &e, error);
}

double silverbar_training_figure(const struct silverbar_training *h, const char *name)
{
    for (size_t k = 0; h->run && !h->failed && k < summary_n_fields; k++) {
        const struct summary_field *f = &summary_fields[k];
        if (strcmp(f->name, name) == 0 && (f->kind == SUMMARY_NUMBER || f->kind == SUMMARY_COUNT))
            return summary_number(&h->summary, f, 0);
    }
    return NAN;
}

size_t silverbar_training_devices(const struct silverbar_training *h)
{
    return h->training.n_devices;
}

size_t silverbar_training_inputs(const struct silverbar_training *h)
{
    return h->training.options.classifier.sizes[0];
}

size_t silverbar_training_outputs(const struct silverbar_training *h)
{
    return h->training.options.classifier.sizes[h->training.options.classifier.n_layers];
}

int silverbar_training_place(const struct silverbar_training *h, size_t device, size_t *layer,
                             size_t *row, size_t *column)
{
    if (device >= h->training.n_devices)
        return SILVERBAR_INPUT;
    const struct classifier_address a = h->training.devices[device].address;
    *layer = a.layer;
    *row = a.row;
    *column = a.column;
    return SILVERBAR_OK;
}

int silverbar_training_image(const struct silverbar_training *h, size_t class_, size_t number,
                             double *pixels)
{
    const struct image_class *classes = h->training.options.images->classes;
    if (class_ >= IMAGE_CLASSES || number >= classes[class_].n)
        return SILVERBAR_INPUT;
    for (size_t i = 0; i < IMAGE_PIXELS; i++)
        pixels[i] = image_pixel(classes[class_].prototypes[number], i);
    return SILVERBAR_OK;
}

/* The transient of the host's own rule, begun at its first phase. */
static enum status begin(struct silverbar_training *h, struct error *error)
{
    if (h->run)
        return fail(error, STATUS_INPUT, "the training has run, expected a new one");
    if (h->failed)
        return fail(error, STATUS_INPUT, "a phase has failed: there is no next one");
    return h->operation ? STATUS_OK : operation_begin(&h->training, &h->operation, error);
}

/* What every phase ends with. */
static int finish(struct silverbar_training *h, enum status status, const struct error *e,
                  locale_t before, struct silverbar_error *error)
{
    h->failed |= status != STATUS_OK && status != STATUS_INPUT;
    library_leave(before);
    return library_report(status, e, error);
}

int silverbar_training_show(struct silverbar_training *h, const double *pixels, double *outputs,
                            struct silverbar_error *error)
{
    const locale_t before = library_enter();
    struct error e = {{0}};
    enum status status = begin(h, &e);
    if (status == STATUS_OK)
        status = operation_show(h->operation, pixels, outputs, &e);
    return finish(h, status, &e, before, error);
}

int silverbar_training_pulse(struct silverbar_training *h, size_t device, double volt, double width,
                             struct silverbar_error *error)
{
    const locale_t before = library_enter();
    struct error e = {{0}};
    enum status status = begin(h, &e);
    if (status == STATUS_OK)
        status = operation_pulse(h->operation, device, volt, width, &e);
    return finish(h, status, &e, before, error);
}

int silverbar_training_read(struct silverbar_training *h, size_t device, double *siemens,
                            struct silverbar_error *error)
{
    const locale_t before = library_enter();
    struct error e = {{0}};
    enum status status = begin(h, &e);
    if (status == STATUS_OK)
        status = operation_read(h->operation, device, siemens, &e);
    return finish(h, status, &e, before, error);
}

double silverbar_training_energy(const struct silverbar_training *h, const char *section,
                                 const char *kind, const char *energy_class)
{
    return library_energy(h->training.ledger, section, kind, energy_class);
}

double silverbar_training_delivered(const struct silverbar_training *h, const char *section)
{
    return library_delivered(h->training.ledger, section);
}

double silverbar_training_time(const struct silverbar_training *h)
{
    return h->operation ? operation_transient(h->operation)->t : h->training.report.time;
}
