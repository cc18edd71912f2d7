/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/study_inputs.h"

#include "cli/input/arguments.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "study/experiment/experiments.h"
#include "study/experiment/training_setup.h"

#include <stdlib.h>

enum status study_inputs_read(const char *dopant, struct study_inputs *in,
                              struct case_inputs *cases, struct error *error)
{
    char *devices = data_path("devices"), *neuron = data_path("netlists/neuron.sub"),
         *switches = data_path("netlists/switches.sub");
    struct training_options *t = &cases->training;
    struct training_testbench *testbench = experiment_options_new(&experiment_training);
    *in = (struct study_inputs){0};
    *cases = (struct case_inputs){training_defaults(), &interrupt_flag};
    enum status status =
        dopant_read(dopant ? dopant : testbench->dopant, devices, &in->dopant, error);
    if (status == STATUS_OK)
        status = images_read(testbench->images, &in->images, error);
    if (status == STATUS_OK)
        status = subcircuit_read(switches, &in->switches, error);
    if (status == STATUS_OK)
        status = neuron_read(neuron, &in->neuron, &t->classifier.neuron, error);
    t->classifier.dopant = in->dopant;
    t->classifier.switches = in->switches;
    t->images = &in->images;
    experiment_options_free(&experiment_training, testbench);
    free(devices);
    free(neuron);
    free(switches);
    return status;
}

void study_inputs_free(struct study_inputs *in)
{
    dopant_free(in->dopant);
    subcircuit_free(in->neuron);
    subcircuit_free(in->switches);
    images_free(&in->images);
}

const struct case_kind *study_case_argument(struct argp_state *state, const char *text)
{
    const char *names[16] = {NULL};
    for (size_t i = 0; case_table[i].name && i + 1 < sizeof names / sizeof names[0]; i++)
        names[i] = case_table[i].name;
    return &case_table[argument_choice(state, "--case", text, names)];
}

void study_progress(void *data, const char *text)
{
    (void)data;
    fputs("\r\033[K", stderr);
    if (text)
        fputs(text, stderr);
    fflush(stderr);
}
