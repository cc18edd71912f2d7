/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as measured data are refused with a message, or become finite columns over rising times. */
#include "fit/trace.h"
#include "fuzz.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const struct {
    unsigned allowed, required;
} wanted[] = {
    {1U << TRACE_T | 1U << TRACE_SOURCE | 1U << TRACE_DEVICE | 1U << TRACE_CURRENT,
     1U << TRACE_T | 1U << TRACE_CURRENT},
    {1U << TRACE_T | 1U << TRACE_RESISTANCE, 1U << TRACE_T | 1U << TRACE_RESISTANCE},
};

static void use(const struct trace *t, unsigned required)
{
    assert(t->n >= TRACE_SAMPLES_MIN);
    for (int q = 0; q < TRACE_QUANTITIES; q++) {
        assert(t->column[q] || !(required >> q & 1));
        for (size_t i = 0; t->column[q] && i < t->n; i++)
            assert(isfinite(t->column[q][i]));
    }
    for (size_t i = 1; i < t->n; i++)
        assert(t->column[TRACE_T][i] > t->column[TRACE_T][i - 1]);
}

void fuzz_trace(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("trace.csv", bytes, n);
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        struct error error = {0};
        struct trace trace;
        const enum status status =
            trace_read(path, wanted[k].allowed, wanted[k].required, &trace, &error);
        assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0] && !trace.n));
        if (status == STATUS_OK)
            use(&trace, wanted[k].required);
        trace_free(&trace);
    }
    free(path);
}
