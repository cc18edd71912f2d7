/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Table of experiments: what a testbench can ask for.  Each has keys of its own over an options
 * struct of its own, outputs that every sample gives, and detail tables for a single run. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_EXPERIMENT_H
#define SILVERBAR_STUDY_EXPERIMENT_EXPERIMENT_H

#include "base/error.h"
#include "base/random.h"
#include "base/table.h"
#include "study/keys.h"
#include "sweep/sample.h"

#include <stdint.h>

/* Where an experiment finds files, and what it must not forget while it works. */
struct experiment_context {
    const char *devices;                            /* folder of .lib files */
    const char *neuron_file, *switch_file;          /* the default netlists */
    volatile const int *interrupted;                /* or NULL */
    void (*progress)(void *data, const char *text); /* or NULL */
    void *progress_data;
};

struct study_case;

/* Named tables of a single run, for a results folder: NAME.csv each. */
struct experiment_detail {
    size_t n;
    const char *names[12];
    struct table *tables[12]; /* owned */
};

struct experiment {
    const char *name, *title;
    size_t n_keys;
    const struct key *keys; /* n_keys, offsets into the options */
    size_t options_size;
    /* Fill in the options; texts may be string literals, they are copied. */
    void (*defaults)(void *options);
    size_t n_outputs;
    const struct sample_column *outputs; /* n_outputs */

    /* What all samples share (files read, neurons measured), before any process is made.  May be
     * called for several options in turn: *shared is NULL at first, then what was returned. */
    enum status (*open)(const void *options, const struct experiment_context *context,
                        void **shared, struct error *error);
    /* One sample: everything random comes from its streams.  outputs: n_outputs empty
     * cells; those filled before a failure stay.  detail: or NULL. */
    enum status (*run)(void *shared, const void *options, struct random_sample sample,
                       struct cell *outputs, struct experiment_detail *detail, struct error *error);
    void (*close)(void *shared); /* takes NULL */

    /* A sample as a case that all engines play (cases.h): its circuit, and the drive that its engine and
     * controller make of it in closed loop.  *k is to be freed before `shared` is closed; its name is the
     * caller's to set.  NULL: no such circuit. */
    enum status (*record)(void *shared, const void *options, struct random_sample sample,
                          struct study_case *k, struct error *error);
};

/* All experiments, ended by NULL; the one of that name, or NULL. */
extern const struct experiment *const experiment_table[];
const struct experiment *experiment_find(const char *name);

/* Options with the experiment's defaults, or a copy of others; and their end. */
void *experiment_options_new(const struct experiment *experiment);
void *experiment_options_copy(const struct experiment *experiment, const void *options);
void experiment_options_free(const struct experiment *experiment, void *options);

#endif
