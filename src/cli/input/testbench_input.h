/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A testbench from the command line, and where its experiment finds its files. */
#ifndef SILVERBAR_CLI_INPUT_TESTBENCH_INPUT_H
#define SILVERBAR_CLI_INPUT_TESTBENCH_INPUT_H

#include "study/experiment/testbench.h"

struct testbench_input {
    const struct experiment *experiment; /* NULL, or the only one that is taken */
    size_t n, capacity;
    char **settings; /* n: of --set, and of options that are keys, as they stood in the command */
    struct experiment_context context;
    char *devices, *neuron_file, *switch_file;
    struct testbench *testbench;
    struct sample_job job;
};

/* A --set KEY=VALUE, copied. */
void testbench_input_setting(struct testbench_input *input, const char *text);

/* Fill in the context alone. */
void testbench_input_context(struct testbench_input *input);

/* Read the file alone; or this text, which `path` names in messages. */
enum status testbench_input_read(struct testbench_input *input, const char *path, const char *text,
                                 struct error *error);

/* Read the file and what all of its samples share. */
enum status testbench_input_open(struct testbench_input *input, const char *path,
                                 struct error *error);
void testbench_input_free(struct testbench_input *input);

#endif
