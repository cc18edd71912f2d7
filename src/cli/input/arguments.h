/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked values of command-line options; a bad one ends the program with exit status 2. */
#ifndef SILVERBAR_CLI_INPUT_ARGUMENTS_H
#define SILVERBAR_CLI_INPUT_ARGUMENTS_H

#include "engine/engine.h"

#include <argp.h>
#include <stdint.h>

/* A finite decimal number in [min, max]. */
double argument_number(struct argp_state *state, const char *option, const char *text, double min,
                       double max);

/* A whole number in [0, max]. */
uint64_t argument_count(struct argp_state *state, const char *option, const char *text,
                        uint64_t max);

/* The engine of that name. */
const struct engine *argument_engine(struct argp_state *state, const char *text);

/* How the engine goes from point to point; that this engine takes the option, once all are known.
 * `text`: as given, or NULL. */
enum engine_method argument_method(struct argp_state *state, const char *text);
void argument_method_able(struct argp_state *state, const char *text, const struct engine *engine);

/* For an option that engines of that ability take: that this one does. */
enum status argument_able(const char *option, const struct engine *engine,
                          enum engine_ability ability, struct error *error);

/* "a, b or c: TEXT (default)", of all engines; to free(). */
char *argument_engine_help(const char *text, const struct engine *by_default);

/* Index of `text` in names[] (ended by NULL). */
int argument_choice(struct argp_state *state, const char *option, const char *text,
                    const char *const *names);

#endif
