/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To be preloaded: of all allocations the one of number FAIL_AT fails. */
#include <errno.h>
#include <stdlib.h>

/* of the GNU C library */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static int fails(void)
{
    static long n, at = -1;
    if (at < 0) {
        const char *text = getenv("FAIL_AT");
        at = text ? atol(text) : 0;
    }
    errno = ENOMEM;
    return ++n == at;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}
