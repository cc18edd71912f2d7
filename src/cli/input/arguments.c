/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/arguments.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double argument_number(struct argp_state *state, const char *option, const char *text, double min,
                       double max)
{
    double value;
    if (!plain_number(text, &value) || value < min || value > max)
        argp_error(state, "%s '%s', expected a number from %g to %g", option, text, min, max);
    return value;
}

uint64_t argument_count(struct argp_state *state, const char *option, const char *text,
                        uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || value > max)
        argp_error(state, "%s '%s', expected a whole number from 0 to %llu", option, text,
                   (unsigned long long)max);
    return value;
}

int argument_choice(struct argp_state *state, const char *option, const char *text,
                    const char *const *names)
{
    char list[256] = "";
    for (int i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", names[i]);
    }
    argp_error(state, "%s '%s', expected one of %s", option, text, list);
    return 0;
}

const struct engine *argument_engine(struct argp_state *state, const char *text)
{
    return engine_table[argument_choice(state, "--engine", text, engine_names)];
}

enum engine_method argument_method(struct argp_state *state, const char *text)
{
    return (enum engine_method)argument_choice(state, "--method", text, engine_methods);
}

void argument_method_able(struct argp_state *state, const char *text, const struct engine *engine)
{
    if (text && !engine_able(engine, ENGINE_METHODS))
        argp_error(state, "--method with --engine %s, expected --engine %s", engine->name,
                   engines_able(ENGINE_METHODS));
}

enum status argument_able(const char *option, const struct engine *engine,
                          enum engine_ability ability, struct error *error)
{
    if (engine_able(engine, ability))
        return STATUS_OK;
    char *able = engines_able(ability);
    fail(error, STATUS_INPUT, "%s: expected with --engine %s", option, able);
    free(able);
    return STATUS_INPUT;
}

char *argument_engine_help(const char *text, const struct engine *by_default)
{
    char *list = memory_string("");
    for (size_t i = 0; engine_names[i]; i++) {
        const char *separator = i == 0 ? "" : engine_names[i + 1] ? ", " : " or ";
        char *longer = memory_format("%s%s%s", list, separator, engine_names[i]);
        free(list);
        list = longer;
    }
    char *help = memory_format("%s: %s (%s)", list, text, by_default->name);
    free(list);
    return help;
}
