/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/training_setup.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

const char *const training_neurons[] = {"cmos", "behavioural", NULL};

static enum status read_files(const struct training_testbench *b,
                              const struct experiment_context *c, struct training_setup *s,
                              struct error *error)
{
    struct classifier_options *k = &s->options.classifier;
    const bool given = strcmp(b->neuron, training_neurons[NEURON_CMOS]) != 0 &&
                       strcmp(b->neuron, training_neurons[NEURON_BEHAVIOURAL]) != 0;
    s->neuron_path = memory_string(given ? b->neuron : c->neuron_file);
    enum status status = dopant_read(b->dopant, c->devices, &s->dopant, error);
    if (status == STATUS_OK)
        status = images_read(b->images, &s->images, error);
    if (status == STATUS_OK)
        status = subcircuit_read(c->switch_file, &s->switches, error);
    if (status == STATUS_OK)
        status = neuron_read(s->neuron_path, &s->neuron, &k->neuron, error);
    k->dopant = s->dopant;
    k->switches = s->switches;
    s->options.images = &s->images;
    return status;
}

static enum status check_sizes(const struct key_sizes *sizes, struct error *error)
{
    if (sizes->n < 2 || sizes->n > CLASSIFIER_LAYERS_MAX + 1 || sizes->values[0] != IMAGE_PIXELS ||
        sizes->values[sizes->n - 1] != 1)
        return fail(error, STATUS_INPUT,
                    "circuit.sizes: expected %d inputs first, 1 output last, and at most %d layers "
                    "between them",
                    IMAGE_PIXELS, CLASSIFIER_LAYERS_MAX - 1);
    return STATUS_OK;
}

/* Everything of the testbench that is not a file. */
static void take_over(const struct training_testbench *b, const struct training_setup *s,
                      struct training_options *o)
{
    const struct classifier_options *k = &s->options.classifier;
    *o = b->training;
    o->classifier.neuron = k->neuron;
    o->classifier.dopant = s->dopant;
    o->classifier.switches = s->switches;
    o->classifier.n_layers = b->sizes.n - 1;
    for (size_t i = 0; i < b->sizes.n; i++)
        o->classifier.sizes[i] = b->sizes.values[i];
    o->images = &s->images;
    o->engine = engine_table[b->engine];
    o->rule = rule_table[b->rule];
    o->behavioural = strcmp(b->neuron, training_neurons[NEURON_BEHAVIOURAL]) == 0;
}

enum status training_setup_new(const struct training_testbench *b,
                               const struct experiment_context *context, const char *signature,
                               struct training_setup **setup, struct error *error)
{
    struct training_setup *s = NEW(1, struct training_setup);
    *setup = NULL;
    s->signature = memory_string(signature);
    enum status status = check_sizes(&b->sizes, error);
    if (status == STATUS_OK)
        status = read_files(b, context, s, error);
    if (status == STATUS_OK)
        status = engine_takes_switches(engine_table[b->engine], b->training.solver.switches, error);
    if (status == STATUS_OK)
        status = engine_takes_method(engine_table[b->engine], b->training.solver.method, error);
    if (status == STATUS_OK) {
        struct training_options o;
        take_over(b, s, &o);
        o.solver.interrupted = context->interrupted;
        s->options = o;
        if (context->progress)
            context->progress(context->progress_data, "measuring the neurons");
        status = training_measure(&o, &s->measured, error);
    }
    if (status == STATUS_OK)
        *setup = s;
    else
        training_setup_free(s);
    return status;
}

void training_setup_free(struct training_setup *s)
{
    if (!s)
        return;
    training_free(&s->measured);
    dopant_free(s->dopant);
    subcircuit_free(s->neuron);
    subcircuit_free(s->switches);
    images_free(&s->images);
    free(s->neuron_path);
    free(s->signature);
    free(s);
}

struct training_options training_setup_options(const struct training_setup *s,
                                               const struct training_testbench *b,
                                               struct random_sample random)
{
    struct training_options o;
    take_over(b, s, &o);
    o.solver.interrupted = s->options.solver.interrupted;
    o.measured = s->measured.transfer;
    o.seed = random.seed;
    o.sample = random.replica;
    return o;
}
