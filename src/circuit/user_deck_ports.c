/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/user_deck_ports.h"

#include "base/memory.h"
#include "circuit/deck_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEPARATORS " \t\f\v,"
#define ENDS SEPARATORS "()[]%~"

/* Kinds of ports without a type, one letter a port: 'a' analogue, 'd' digital or real; the last letter is
 * for all ports that follow.  `core' and `lcouple' are left out, because their ports carry magnetic
 * quantities, whose v i is no power. */
static const struct {
    const char *type, *ports;
} models[] = {
    {"gain", "a"},      {"summer", "a"},      {"mult", "a"},
    {"divide", "a"},    {"limit", "a"},       {"climit", "a"},
    {"pwl", "a"},       {"pwlts", "a"},       {"multi_input_pwl", "a"},
    {"slew", "a"},      {"int", "a"},         {"d_dt", "a"},
    {"s_xfer", "a"},    {"xfer", "a"},        {"hyst", "a"},
    {"ilimit", "a"},    {"aswitch", "a"},     {"pswitch", "a"},
    {"zener", "a"},     {"oneshot", "a"},     {"cmeter", "a"},
    {"lmeter", "a"},    {"sine", "a"},        {"triangle", "a"},
    {"square", "a"},    {"capacitoric", "a"}, {"inductoric", "a"},
    {"memristor", "a"}, {"sidiode", "a"},     {"potentiometer", "a"},
    {"delay", "a"},     {"adc_bridge", "ad"}, {"dac_bridge", "da"},
    {"d_osc", "ad"},    {"d_pwm", "ad"},      {"real_to_v", "da"},
    {"d_to_real", "d"}, {"real_gain", "d"},   {"real_delay", "d"},
};

static const char *const analogue[] = {"v", "vd", "i", "id", "g", "gd", "h", "hd"};

static const char *ports_of(const char *type)
{
    for (size_t i = 0; type && i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].type, type) == 0)
            return models[i].ports;
    return type && strncmp(type, "d_", 2) == 0 ? "d" : NULL; /* gates, latches, ... */
}

/* Where the last word begins. */
static size_t model_at(const char *s)
{
    size_t n = strlen(s);
    while (n > 0 && strchr(SEPARATORS, s[n - 1]))
        n--;
    while (n > 0 && !strchr(ENDS, s[n - 1]))
        n--;
    return n;
}

char *user_deck_port_model(const char *s)
{
    const char *p = s + model_at(s);
    return deck_lower(p, strcspn(p, SEPARATORS));
}

/* Type of the port that follows `%': 'a', 'd', or 'n' for the name of a source. */
static char port_kind(const char *type, size_t n)
{
    for (size_t i = 0; i < sizeof analogue / sizeof analogue[0]; i++)
        if (strlen(analogue[i]) == n && strncasecmp(type, analogue[i], n) == 0)
            return 'a';
    return n == 4 && strncasecmp(type, "vnam", n) == 0 ? 'n' : 'd';
}

bool user_deck_ports(const char *s, const char *type, size_t *n, struct user_span **spans)
{
    const char *ports = ports_of(type);
    const size_t end = model_at(s);
    size_t capacity = 0, array = 0, group = 0; /* depths of [] and () */
    char kind = 0, array_kind = 0;             /* of `%type'; 0: none was given */
    *n = 0;
    *spans = NULL;
    if (!ports)
        return false;
    for (size_t i = strcspn(s, SEPARATORS); i < end;) {
        const size_t length = strcspn(s + i, ENDS);
        if (s[i] == '%') {
            i += 1 + strspn(s + i + 1, SEPARATORS);
            const size_t letters = strcspn(s + i, ENDS);
            kind = port_kind(s + i, letters);
            i += letters;
            continue;
        }
        if (s[i] == '[') {
            array++;
            array_kind = kind;
        } else if (s[i] == '(') {
            group++;
        }
        if (length > 0) {
            const char is = kind ? kind : array_kind ? array_kind : *ports;
            if (is == 'a' && !(length == 4 && strncasecmp(s + i, "null", 4) == 0)) {
                *spans = memory_grow(*spans, &capacity, *n + 1, sizeof **spans);
                (*spans)[(*n)++] = (struct user_span){i, length};
            }
        }
        const bool closes = s[i] == ')' || s[i] == ']';
        group -= s[i] == ')' && group > 0;
        array -= s[i] == ']' && array > 0;
        if (closes || (length > 0 && group == 0 && array == 0)) {
            if (array == 0) {
                ports += ports[1] != 0;
                array_kind = 0;
            }
            kind = 0;
        }
        i += length > 0 ? length : 1;
    }
    return true;
}
