/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of a command that are keys of a testbench.  A line of a table joins the two; meaning, unit,
 * range and choices are those of the key's own entry, in help and in refusals. */
#ifndef SILVERBAR_CLI_INPUT_KEY_OPTIONS_H
#define SILVERBAR_CLI_INPUT_KEY_OPTIONS_H

#include "engine/engine.h"
#include "study/experiment/experiments.h"

#include <argp.h>
#include <stddef.h>

struct key_option {
    const char *name;
    int letter;           /* or a number beyond them that the command knows it by; 0: none */
    const char *argument; /* for help, as "SECONDS" */
    int group;            /* of argp */
    const char *key;      /* of all testbenches or of the experiment */
    const char *help;     /* NULL, or in place of the key's own */
    double number;        /* 0, or the command's default in place of the key's: of a number, */
    const char *text;     /* NULL, or of another value */
    double alone;         /* 0, or the number that the option means without an argument */
    const struct experiment *of; /* whose key it is; NULL: `training` */
};

/* The command's own options, then those of the table, n of them, which end in the default in
 * brackets; ended as argp wants it.  Free it by key_options_free(). */
struct argp_option *key_options_join(const struct argp_option *own, size_t n,
                                     const struct key_option *table);
void key_options_free(struct argp_option *joined);

/* The option of argp's key, or NULL. */
const struct key_option *key_option_find(size_t n, const struct key_option *table, int key);

/* Default of the command; to free(). */
char *key_option_default(const struct key_option *option);

/* What was given, or what the option means alone, if the key takes it; else the program ends with a
 * message and exit status 2.  To free(). */
char *key_option_value(const struct key_option *option, struct argp_state *state, const char *text);
double key_option_number(const struct key_option *option, struct argp_state *state,
                         const char *text);
enum engine_method key_option_method(const struct key_option *option, struct argp_state *state,
                                     const char *text);
/* At the end of the arguments: does the engine have that method? */
void key_option_check_method(struct argp_state *state, const struct engine *engine,
                             enum engine_method method);
const struct engine *key_option_engine(const struct key_option *option, struct argp_state *state,
                                       const char *text);

#endif
