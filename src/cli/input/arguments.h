/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked values of command-line options; a bad one ends the program with exit status 2. */
#ifndef SILVERBAR_CLI_INPUT_ARGUMENTS_H
#define SILVERBAR_CLI_INPUT_ARGUMENTS_H

#include "engine/engine.h"

#include <argp.h>
#include <stdint.h>

/* argp_parse(), which asserts where memory is short: here a message, and exit status 1. */
void arguments_parse(const struct argp *argp, int argc, char **argv, void *input);

/* A finite decimal number in [min, max]. */
double argument_number(struct argp_state *state, const char *option, const char *text, double min,
                       double max);

/* A whole number in [0, max]. */
uint64_t argument_count(struct argp_state *state, const char *option, const char *text,
                        uint64_t max);

/* For an option that engines of that ability take: that this one does. */
enum status argument_able(const char *option, const struct engine *engine,
                          enum engine_ability ability, struct error *error);

/* Index of `text` in names[] (ended by NULL). */
int argument_choice(struct argp_state *state, const char *option, const char *text,
                    const char *const *names);

#endif
