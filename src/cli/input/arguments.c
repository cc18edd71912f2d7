/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/arguments.h"

#include "base/spice_number.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void short_of_memory(int number)
{
    static const char text[] = "silverbar: out of memory\n";
    (void)number;
    const ssize_t sent = write(STDERR_FILENO, text, sizeof text - 1);
    (void)sent;
    _exit(STATUS_NUMERICAL);
}

void arguments_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    struct sigaction before;
    sigaction(SIGABRT, &(struct sigaction){.sa_handler = short_of_memory}, &before);
    if (argp_parse(argp, argc, argv, 0, NULL, input) == ENOMEM)
        short_of_memory(SIGABRT);
    sigaction(SIGABRT, &before, NULL);
}

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
