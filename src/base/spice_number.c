/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/spice_number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer names first: "meg" and "mil" before "m". */
static const struct {
    const char *name;
    double factor;
} scales[] = {
    {"meg", 1e6}, {"mil", 25.4e-6}, {"t", 1e12},  {"g", 1e9},   {"k", 1e3},   {"m", 1e-3},
    {"u", 1e-6},  {"n", 1e-9},      {"p", 1e-12}, {"f", 1e-15}, {"a", 1e-18},
};

/* strtod without hexadecimal, nan and inf. */
static bool leading_number(const char *text, double *value, char **end)
{
    const char *p = text;
    if (*p == '+' || *p == '-')
        p++;
    if (!isdigit((unsigned char)*p) && !(*p == '.' && isdigit((unsigned char)p[1])))
        return false;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        return false;
    *value = strtod(text, end);
    return isfinite(*value);
}

bool plain_number(const char *text, double *value)
{
    char *end;
    double number;
    if (!leading_number(text, &number, &end) || *end)
        return false;
    *value = number;
    return true;
}

bool spice_number(const char *text, double *value)
{
    char *end;
    double number;
    if (!leading_number(text, &number, &end))
        return false;
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        size_t n = strlen(scales[i].name);
        if (strncasecmp(end, scales[i].name, n) == 0) {
            number *= scales[i].factor;
            end += n;
            break;
        }
    }
    while (isalpha((unsigned char)*end))
        end++;
    if (*end || !isfinite(number))
        return false;
    *value = number;
    return true;
}

const char *number_text(double value, char *buffer)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}
