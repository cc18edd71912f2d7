/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/experiment.h"

#include "base/memory.h"
#include "study/experiment/experiments.h"

#include <stdlib.h>
#include <string.h>

const struct experiment *const experiment_table[] = {
    &experiment_training,
    &experiment_crossbar,
    &experiment_device,
    &experiment_hysteresis,
    &experiment_staircase,
    &experiment_pulse_frequency,
    &experiment_relaxation,
    &experiment_event_accuracy,
    &experiment_inference,
    &experiment_csdp,
    NULL,
};

const struct experiment *experiment_find(const char *name)
{
    for (size_t i = 0; experiment_table[i]; i++)
        if (strcmp(experiment_table[i]->name, name) == 0)
            return experiment_table[i];
    return NULL;
}

void *experiment_options_copy(const struct experiment *e, const void *options)
{
    void *copy = memory_new(1, e->options_size);
    keys_copy(e->keys, e->n_keys, options, copy, e->options_size);
    return copy;
}

void *experiment_options_new(const struct experiment *e)
{
    void *literals = memory_new(1, e->options_size);
    e->defaults(literals);
    void *options = experiment_options_copy(e, literals);
    free(literals);
    return options;
}

void experiment_options_free(const struct experiment *e, void *options)
{
    keys_free(e->keys, e->n_keys, options);
    free(options);
}
