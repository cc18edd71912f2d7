/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "base/directory.h"
#include "base/memory.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

const struct fuzz_target fuzz_targets[FUZZ_TARGETS] = {
    {"data", fuzz_data},
    {"deck", fuzz_deck},
    {"folder", fuzz_folder},
    {"images", fuzz_images},
    {"library", fuzz_library},
    {"onnx", fuzz_onnx},
    {"raw", fuzz_raw},
    {"store", fuzz_store},
    {"subcircuit", fuzz_subcircuit},
    {"testbench", fuzz_testbench},
    {"trace", fuzz_trace},
};

static char home[] = "/dev/shm/silverbar-fuzz-XXXXXX";

static void remove_home(void)
{
    directory_remove(home);
}

const char *fuzz_home(void)
{
    static bool made;
    if (!made) {
        made = mkdtemp(home) != NULL;
        assert(made);
        atexit(remove_home);
    }
    return home;
}

char *fuzz_file(const char *name, const uint8_t *bytes, size_t n)
{
    char *path = memory_format("%s/%s", fuzz_home(), name);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert(file >= 0 && write(file, bytes, n) == (ssize_t)n);
    close(file);
    return path;
}
