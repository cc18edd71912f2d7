/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a raw file are read to the end, decimated and measured, or refused with a message. */
#include "base/memory.h"
#include "fuzz.h"
#include "wave/decimate.h"
#include "wave/measure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static void use(const struct raw_file *f, struct error *error)
{
    static const struct {
        const char *kind, *rest;
    } measures[] = {{"avg", ""},  {"integ", " from=1e-6"}, {"when", "=0.5 cross=2"},
                    {"rise", ""}, {"settle", ""},          {"pp", ""}};
    struct decimate_window window;
    const size_t last = f->n_signals - 1;
    struct decimated d;
    if (decimate_window(f, -INFINITY, INFINITY, &window, error) != STATUS_OK)
        return;
    const struct raw_block block = {window.first, window.n, 1, &last};
    if (decimate(f, &block, 7, &d, error) == STATUS_OK)
        decimated_free(&d);
    for (size_t k = 0; k < sizeof measures / sizeof measures[0]; k++) {
        struct measure_result r;
        char *text =
            memory_format("%s %s%s", measures[k].kind, f->signals[last].name, measures[k].rest);
        measure(f, text, -INFINITY, INFINITY, &r, error);
        free(r.name);
        free(text);
    }
}

void fuzz_raw(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("raw", bytes, n);
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
}
