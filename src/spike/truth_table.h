/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logic functions of two or three inputs by their truth tables. */
#ifndef SILVERBAR_SPIKE_TRUTH_TABLE_H
#define SILVERBAR_SPIKE_TRUTH_TABLE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TRUTH_INPUTS_MAX 3
#define TRUTH_PATTERNS_MAX (1 << TRUTH_INPUTS_MAX)

/* Pattern p has the values of the inputs as its binary digits, the first input being the high one. */
struct truth_table {
    size_t n_inputs, n_patterns; /* 2 and 4, or 3 and 8 */
    bool value[TRUTH_PATTERNS_MAX];
};

/* "and", "or", "nand", "nor", "xor", "xnor", or 4 or 8 digits f(00) f(01) f(10) f(11).  STATUS_INPUT:
 * something else, or a constant, which leaves nothing to tell apart. */
enum status truth_table_read(const char *text, struct truth_table *table, struct error *error);

static inline bool truth_input(const struct truth_table *t, size_t pattern, size_t input)
{
    return (pattern >> (t->n_inputs - 1 - input)) & 1;
}

#endif
