/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*failed)(size_t bytes);

void memory_on_failure(void (*handler)(size_t bytes))
{
    failed = handler;
}

static void *checked(void *p, size_t bytes)
{
    if (p)
        return p;
    if (failed)
        failed(bytes);
    abort();
}

void *memory_new(size_t n, size_t size)
{
    if (n == 0 || size == 0)
        n = size = 1;
    return checked(calloc(n, size), n > SIZE_MAX / size ? SIZE_MAX : n * size);
}

void *memory_grow(void *array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return array;
    size_t n = *capacity ? *capacity : 8;
    while (n < wanted)
        n = n > SIZE_MAX / 2 ? wanted : 2 * n;
    if (n > SIZE_MAX / size)
        checked(NULL, SIZE_MAX);
    array = checked(realloc(array, n * size), n * size);
    *capacity = n;
    return array;
}

char *memory_string_n(const char *text, size_t n)
{
    char *copy = memory_new(n + 1, 1);
    memcpy(copy, text, n);
    return copy;
}

char *memory_string(const char *text)
{
    return memory_string_n(text, strlen(text));
}

char *memory_vformat(const char *format, va_list args)
{
    char *text = NULL;
    const int n = vasprintf(&text, format, args);
    return checked(n < 0 ? NULL : text, strlen(format));
}

char *memory_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = memory_vformat(format, args);
    va_end(args);
    return text;
}
