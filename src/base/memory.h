/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one allocator: memory is zeroed, and running out of it is no status: the host's handler says so
 * and ends the program. */
#ifndef SILVERBAR_BASE_MEMORY_H
#define SILVERBAR_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* The handler gets the bytes that were wanted and does not return; without one: abort(). */
void memory_on_failure(void (*handler)(size_t bytes));

/* `n` zeroed objects of `size` bytes; never NULL (n = 0 gives one byte that can be freed). */
void *memory_new(size_t n, size_t size);

/* Grow `*array` (room for *capacity objects of `size` bytes) so that `wanted` fit; the new part is
 * not initialised.  Returns the array. */
void *memory_grow(void *array, size_t *capacity, size_t wanted, size_t size);

/* Copy of a string, or of its first n bytes. */
char *memory_string(const char *text);
char *memory_string_n(const char *text, size_t n);

/* printf into a fresh string. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *memory_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#define NEW(n, type) ((type *)memory_new((n), sizeof(type)))

#endif
