/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target that FUZZ_TARGET names, for clang's libFuzzer: tests/fuzz/run. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static fuzz_reader *reader;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("FUZZ_TARGET");
    (void)argc;
    (void)argv;
    for (size_t i = 0; name && i < FUZZ_TARGETS; i++)
        if (strcmp(fuzz_targets[i].name, name) == 0)
            reader = fuzz_targets[i].read;
    if (reader)
        return 0;
    fprintf(stderr, "FUZZ_TARGET=%s, expected the name of a target of fuzz.c\n", name ? name : "");
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    reader(bytes, n);
    return 0;
}
