/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands: each has a file of its own and a line in the table of main.c. */
#ifndef SILVERBAR_CLI_INPUT_COMMAND_H
#define SILVERBAR_CLI_INPUT_COMMAND_H

#include "base/error.h"

/* argv[0] is "silverbar NAME" for messages; returns the exit status. */
typedef int command_function(int argc, char **argv);

struct command {
    const char *name, *help;
    command_function *run;
};

command_function command_train, command_compare, command_netlist, command_check, command_bench,
    command_device, command_fit, command_claims, command_report, command_run, command_sim,
    command_wave, command_table, command_sweep, command_read, command_model, command_infer,
    command_csdp;

/* Print "NAME: text" for a failure and return its exit status. */
int command_failed(const char *name, enum status status, const struct error *error);

#endif
