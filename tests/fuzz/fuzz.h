/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzz targets, one a reader of files from elsewhere.  tests/test_fuzz.c gives each its corpus and
 * mutants of it; tests/fuzz/run gives one to clang's libFuzzer. */
#ifndef SILVERBAR_TESTS_FUZZ_FUZZ_H
#define SILVERBAR_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Any bytes are read and used, or refused with a message; anything else aborts. */
typedef void fuzz_reader(const uint8_t *bytes, size_t n);

fuzz_reader fuzz_data, fuzz_deck, fuzz_folder, fuzz_images, fuzz_library, fuzz_onnx, fuzz_raw,
    fuzz_store, fuzz_subcircuit, fuzz_testbench, fuzz_trace;

struct fuzz_target {
    const char *name; /* and of the folder of its corpus */
    fuzz_reader *read;
};

#define FUZZ_TARGETS 11
extern const struct fuzz_target fuzz_targets[FUZZ_TARGETS];

/* The process's own folder, removed at its end. */
const char *fuzz_home(void);

/* Write a file of that name in fuzz_home(); returns its path, to free(). */
char *fuzz_file(const char *name, const uint8_t *bytes, size_t n);

#endif
