/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_TESTS_RULE_FIND_H
#define SILVERBAR_TESTS_RULE_FIND_H

#include "learn/rule.h"

#include <string.h>

/* The rule of that name, or NULL. */
static inline const struct rule *rule_find(const char *name)
{
    for (const struct rule *const *r = rule_table; *r; r++)
        if (strcmp((*r)->name, name) == 0)
            return *r;
    return NULL;
}

#endif
