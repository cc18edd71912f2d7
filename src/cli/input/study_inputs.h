/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files behind `check` and `bench`: the default training run with a dopant of choice. */
#ifndef SILVERBAR_CLI_INPUT_STUDY_INPUTS_H
#define SILVERBAR_CLI_INPUT_STUDY_INPUTS_H

#include "compare/cases.h"

struct study_inputs {
    struct dopant *dopant;
    struct subcircuit_file *neuron, *switches;
    struct image_pair images;
};

/* Read them; dopant: NULL, or one in place of the key's default; *cases then refers to *inputs, which is to be freed in any case. */
enum status study_inputs_read(const char *dopant, struct study_inputs *inputs,
                              struct case_inputs *cases, struct error *error);
void study_inputs_free(struct study_inputs *inputs);

/* Value of --case, or the program ends and names them all. */
struct argp_state;
const struct case_kind *study_case_argument(struct argp_state *state, const char *text);

/* A line on a terminal that the next one replaces; NULL ends it. */
void study_progress(void *data, const char *text);

#endif
