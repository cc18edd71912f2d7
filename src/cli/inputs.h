/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that check and bench run on: chromium, our neuron, T against X. */
#ifndef SILVERBAR_CLI_INPUTS_H
#define SILVERBAR_CLI_INPUTS_H

#include "study/cases.h"

struct inputs {
    struct case_inputs cases;
    struct dopant *dopant;
    struct subcircuit_file *switches, *neuron;
    struct image_pair images;
};

enum status inputs_read(struct inputs *inputs, struct error *error);
void inputs_free(struct inputs *inputs);

#endif
