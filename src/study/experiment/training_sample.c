/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/training_sample.h"

#include "base/memory.h"
#include "study/experiment/experiments.h"

#include <stdlib.h>
#include <string.h>

/* What devices are drawn from, for one set of keys. */
struct source {
    char *signature;
    struct variation_source *variation;
};

struct training_shared {
    struct experiment_context context;
    size_t n, capacity;
    struct training_setup **setups; /* n */
    size_t n_sources, sources_capacity;
    struct source *sources; /* n_sources */
};

/* Keys on which files and neurons depend; and what devices are drawn from. */
static const char *const setup_sections[] = {"circuit.", "device.", "images.", "engine.", NULL};
static const char *const source_sections[] = {"variation.", "device.", "circuit.temperature",
                                              "engine.name", NULL};

static char *signature(const struct training_testbench *b, const char *const *sections)
{
    return keys_signature(experiment_training.keys, experiment_training.n_keys, b, sections);
}

const struct training_setup *training_shared_setup(const struct training_shared *s,
                                                   const struct training_testbench *b)
{
    const struct training_setup *found = NULL;
    char *wanted = signature(b, setup_sections);
    for (size_t i = 0; i < s->n && !found; i++)
        if (strcmp(s->setups[i]->signature, wanted) == 0)
            found = s->setups[i];
    free(wanted);
    return found;
}

static const struct variation_source *find_source(const struct training_shared *s,
                                                  const struct training_testbench *b)
{
    const struct variation_source *found = NULL;
    char *wanted = signature(b, source_sections);
    for (size_t i = 0; i < s->n_sources && !found; i++)
        if (strcmp(s->sources[i].signature, wanted) == 0)
            found = s->sources[i].variation;
    free(wanted);
    return found;
}

static enum status open_source(struct training_shared *s, const struct training_testbench *b,
                               struct error *error)
{
    struct variation_source *source;
    const struct training_setup *setup = training_shared_setup(s, b);
    const char *mismatch = b->variation.a_vt > 0     ? "variation.a_vt"
                           : b->variation.a_beta > 0 ? "variation.a_beta"
                                                     : NULL;
    if (mismatch && setup->options.classifier.neuron.opaque)
        return fail(error, STATUS_INPUT,
                    "%s: the transistors of %s are for ngspice only and get no mismatch, expected "
                    "%s: 0",
                    mismatch, b->neuron, mismatch);
    const struct variation_circuit circuit = {setup->dopant, s->context.devices,
                                              b->training.classifier.temperature,
                                              engine_table[b->engine]};
    const enum status status = variation_open(&b->variation, &circuit, &source, error);
    if (status != STATUS_OK)
        return status;
    s->sources =
        memory_grow(s->sources, &s->sources_capacity, s->n_sources + 1, sizeof *s->sources);
    s->sources[s->n_sources++] = (struct source){signature(b, source_sections), source};
    return STATUS_OK;
}

enum status training_shared_open(const struct training_testbench *b,
                                 const struct experiment_context *context,
                                 struct training_shared **shared, struct error *error)
{
    struct training_shared *s = *shared;
    if (!s)
        *shared = s = NEW(1, struct training_shared);
    s->context = *context;
    enum status status = STATUS_OK;
    if (!training_shared_setup(s, b)) {
        struct training_setup *setup;
        char *wanted = signature(b, setup_sections);
        status = training_setup_new(b, context, wanted, &setup, error);
        free(wanted);
        if (status == STATUS_OK) {
            s->setups = memory_grow(s->setups, &s->capacity, s->n + 1, sizeof *s->setups);
            s->setups[s->n++] = setup;
        }
    }
    if (status == STATUS_OK && !find_source(s, b))
        status = open_source(s, b, error);
    return status;
}

void training_shared_close(struct training_shared *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        training_setup_free(s->setups[i]);
    for (size_t i = 0; i < s->n_sources; i++) {
        variation_close(s->sources[i].variation);
        free(s->sources[i].signature);
    }
    free(s->setups);
    free(s->sources);
    free(s);
}

enum status training_sample_draw(const struct training_shared *shared,
                                 const struct training_testbench *b, struct random_sample random,
                                 struct training_sample *sample, struct error *error)
{
    struct training_options *o = &sample->options;
    *o = training_setup_options(training_shared_setup(shared, b), b, random);
    const struct classifier_options *c = &o->classifier;
    size_t n_devices = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        n_devices += c->sizes[l] * c->sizes[l + 1];
    const enum status status =
        variation_draw(find_source(shared, b), n_devices, classifier_amplifiers(c), random,
                       &sample->variation, error);
    if (status == STATUS_OK)
        variation_apply(&sample->variation, o);
    return status;
}

void training_sample_free(struct training_sample *sample)
{
    variation_free(&sample->variation);
}
