/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer target: any bytes as a raw file are read to the end, decimated and measured, or refused
 * with a message.  Build and run: tests/fuzz/run. */
#include "base/memory.h"
#include "wave/decimate.h"
#include "wave/measure.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void use(const struct raw_file *f, struct error *error)
{
    static const char *const texts[] = {"avg %s",  "integ %s from=1e-6", "when %s=0.5 cross=2",
                                        "rise %s", "settle %s",          "pp %s"};
    struct decimate_window window;
    const size_t last = f->n_signals - 1;
    struct decimated d;
    if (decimate_window(f, -INFINITY, INFINITY, &window, error) != STATUS_OK)
        return;
    const struct raw_block block = {window.first, window.n, 1, &last};
    if (decimate(f, &block, 7, &d, error) == STATUS_OK)
        decimated_free(&d);
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        struct measure_result r;
        char text[600];
        snprintf(text, sizeof text, texts[k], f->signals[last].name);
        measure(f, text, -INFINITY, INFINITY, &r, error);
        free(r.name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const int file = memfd_create("raw", MFD_CLOEXEC);
    assert(file >= 0 && write(file, bytes, n) == (ssize_t)n);
    char *path = memory_format("/proc/self/fd/%d", file);
    for (size_t plot = 1; plot <= 2; plot++) {
        struct error error = {0};
        struct raw_file *f;
        const enum status status = raw_read_open(path, plot, &f, &error);
        assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0] && !f));
        if (f)
            use(f, &error);
        raw_read_close(f);
    }
    free(path);
    close(file);
    return 0;
}
