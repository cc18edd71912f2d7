/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the test programs share: cmocka with its prerequisites, the source folder, temporary files,
 * and comparison of doubles with a message that shows both. */
#ifndef SILVERBAR_TESTS_TESTING_H
#define SILVERBAR_TESTS_TESTING_H

#include "base/error.h" /* before cmocka, which has a macro fail() */
#include "base/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* |a - b| <= tolerance, all in the same unit; false for NaN. */
#define ASSERT_NEAR(a, b, tolerance)                                                               \
    do {                                                                                           \
        const double near_a = (a), near_b = (b), near_tolerance = (tolerance);                     \
        if (!(fabs(near_a - near_b) <= near_tolerance))                                            \
            fail_msg("%s = %.17g, %s = %.17g: differ by %.3g, allowed %.3g", #a, near_a, #b,       \
                     near_b, fabs(near_a - near_b), near_tolerance);                               \
    } while (0)

/* STATUS_OK, or the error's text. */
#define ASSERT_DONE(status, error)                                                                 \
    do {                                                                                           \
        if ((status) != 0)                                                                         \
            fail_msg("%s", (error).text);                                                          \
    } while (0)

/* The text names this part. */
#define ASSERT_NAMES(text, part)                                                                   \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("message '%s' lacks '%s'", (text), (part));                                   \
    } while (0)

/* SB_SHORT=1, as in tests/setup.sh: each path once, for the suite under sanitizers. */
static inline bool is_short(void)
{
    const char *text = getenv("SB_SHORT");
    return text && strcmp(text, "1") == 0;
}

/* A path below the source folder, to free(). */
static inline char *source_path(const char *name)
{
    const char *root = getenv("SB_SRC");
    return memory_format("%s/%s", root && *root ? root : ".", name);
}

/* A fresh folder for files and empty folders, to be given to folder_remove(). */
static inline char *folder_make(void)
{
    char *path = memory_string("/tmp/silverbar-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void folder_remove(char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    if (dir)
        closedir(dir);
    rmdir(path);
    free(path);
}

/* Write folder/name and return its path, to free(). */
static inline char *file_write(const char *folder, const char *name, const char *bytes, size_t n)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
    return path;
}

#endif
