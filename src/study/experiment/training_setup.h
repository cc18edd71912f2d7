/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What training runs of a testbench share: the files that a point names, read once, and the neurons'
 * transfer, measured once for every set of circuit, device and engine. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_TRAINING_SETUP_H
#define SILVERBAR_STUDY_EXPERIMENT_TRAINING_SETUP_H

#include "learn/training.h"
#include "study/experiment/experiment.h"
#include "study/keys.h"
#include "study/variation.h"

/* Options of the experiment `training`: what its keys describe. */
struct training_testbench {
    struct training_options training; /* without what is read from files */
    struct variation_options variation;
    char *dopant, *images, *neuron;
    int engine; /* index into engine_table */
    int rule;   /* index into rule_table */
    struct key_sizes sizes;
};

/* What circuit.neuron may name besides a file. */
enum { NEURON_CMOS, NEURON_BEHAVIOURAL };
extern const char *const training_neurons[];

struct training_setup {
    char *signature; /* of all that the transfer depends on */
    struct dopant *dopant;
    struct subcircuit_file *neuron, *switches;
    char *neuron_path;
    struct image_pair images;
    struct training_options options; /* complete */
    struct training measured;        /* never run: its transfer serves all */
};

/* Read and measure.  signature: copied.  On failure *setup is NULL. */
enum status training_setup_new(const struct training_testbench *testbench,
                               const struct experiment_context *context, const char *signature,
                               struct training_setup **setup, struct error *error);
void training_setup_free(struct training_setup *setup);

/* Options of a run: those of `testbench` with the setup's files and transfer. */
struct training_options training_setup_options(const struct training_setup *setup,
                                               const struct training_testbench *testbench,
                                               struct random_sample random);

#endif
