/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A testbench from the command line, and where its experiment finds its files. */
#ifndef SILVERBAR_CLI_INPUT_TESTBENCH_INPUT_H
#define SILVERBAR_CLI_INPUT_TESTBENCH_INPUT_H

#include "study/experiment/testbench.h"

struct testbench_input {
    size_t n, capacity;
    const char **settings; /* n: values of --set */
    struct experiment_context context;
    char *devices, *neuron_file, *switch_file;
    struct testbench *testbench;
    struct sample_job job;
};

/* A --set KEY=VALUE. */
void testbench_input_setting(struct testbench_input *input, const char *text);

/* Fill in the context alone. */
void testbench_input_context(struct testbench_input *input);

/* Read the file and what all of its samples share. */
enum status testbench_input_open(struct testbench_input *input, const char *path,
                                 struct error *error);
void testbench_input_free(struct testbench_input *input);

#endif
