/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status of an operation and the text that explains it.
 *
 * Three kinds of failure: out of memory ends the program in base/memory.c; bad input and numerical
 * failure return a status, with the text in a struct error that the caller owns; a broken invariant
 * is an assert().  The numeric value of a status is the program's exit status. */
#ifndef SILVERBAR_BASE_ERROR_H
#define SILVERBAR_BASE_ERROR_H

#include <stdarg.h>

/* clang-format off */
#define STATUS_LIST(S)                                                                             \
    S(STATUS_OK,          0, "done")                                                               \
    S(STATUS_NUMERICAL,   1, "could not be computed")                                              \
    S(STATUS_INPUT,       2, "bad input or usage")                                                 \
    S(STATUS_UNTRUSTED,   3, "result not trustworthy")                                             \
    S(STATUS_INTERRUPTED, 130, "interrupted")
/* clang-format on */

#define STATUS_ENUM(name, value, text) name = value,
enum status { STATUS_LIST(STATUS_ENUM) };
#undef STATUS_ENUM

/* What went wrong, in one line without a trailing newline; empty while all is well. */
struct error {
    char text[1024];
};

/* Text of STATUS_LIST for a status; never NULL. */
const char *status_text(enum status status);

/* Write a message to *error (may be NULL) and return `status`: `return fail(e, STATUS_INPUT, ...)`.
 * A message that is too long is cut. */
enum status fail(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, prefixed "file:line: ". */
enum status fail_at(struct error *error, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
