/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spike/truth_table.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name, *digits;
} named[] = {{"and", "0001"}, {"or", "0111"},  {"nand", "1110"},
             {"nor", "1000"}, {"xor", "0110"}, {"xnor", "1001"}};

enum status truth_table_read(const char *text, struct truth_table *table, struct error *error)
{
    const char *digits = text;
    for (size_t k = 0; k < sizeof named / sizeof named[0]; k++)
        if (strcasecmp(text, named[k].name) == 0)
            digits = named[k].digits;
    const size_t n = strlen(digits);
    if (strspn(digits, "01") != n || (n != 4 && n != 8))
        return fail(
            error, STATUS_INPUT,
            "csdp.function '%s', expected and, or, nand, nor, xor, xnor or the 4 or 8 digits "
            "of a truth table: f(00) f(01) f(10) f(11)",
            text);
    if (!strchr(digits, '0') || !strchr(digits, '1'))
        return fail(error, STATUS_INPUT,
                    "csdp.function '%s' is the same for all inputs, expected a truth table with "
                    "both digits: a constant leaves nothing to tell apart",
                    text);
    *table = (struct truth_table){.n_inputs = n == 4 ? 2 : 3, .n_patterns = n};
    for (size_t p = 0; p < n; p++)
        table->value[p] = digits[p] == '1';
    return STATUS_OK;
}
