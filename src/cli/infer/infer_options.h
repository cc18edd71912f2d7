/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of `silverbar infer`: most are keys of the experiment `inference`. */
#ifndef SILVERBAR_CLI_INFER_INFER_OPTIONS_H
#define SILVERBAR_CLI_INFER_INFER_OPTIONS_H

#include "cli/input/testbench_input.h"

enum infer_form { INFER_TEXT, INFER_CSV, INFER_JSON };

struct infer_arguments {
    int argc;
    char **argv;
    const char *output;
    bool devices; /* devices.csv too */
    enum infer_form form;
    struct testbench_input input; /* what was given, as settings; to be freed */
};

/* Bad ones end the program with exit status 2. */
void infer_options_parse(int argc, char **argv, struct infer_arguments *arguments);

#endif
