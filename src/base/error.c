/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <stdio.h>

const char *status_text(enum status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text)                                                             \
    case name:                                                                                     \
        return text;
        STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

enum status fail(struct error *error, enum status status, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return status;
}

enum status fail_at(struct error *error, const char *file, int line, const char *format, ...)
{
    if (error) {
        int n = snprintf(error->text, sizeof error->text, "%s:%d: ", file, line);
        if (n >= 0 && (size_t)n < sizeof error->text) {
            va_list args;
            va_start(args, format);
            vsnprintf(error->text + n, sizeof error->text - (size_t)n, format, args);
            va_end(args);
        }
    }
    return STATUS_INPUT;
}
