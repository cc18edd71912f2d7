/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a testbench are refused with a message, or become one whose identity, read again, is the
 * same. */
#include "base/memory.h"
#include "fuzz.h"
#include "study/experiment/testbench.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void use(const struct testbench *t)
{
    struct error error = {0};
    struct testbench *again;
    char *identity = testbench_identity(t);
    const enum status status = testbench_read_text("again.yaml", identity, NULL, &again, &error);
    assert(status == STATUS_OK);
    char *second = testbench_identity(again);
    assert(strcmp(identity, second) == 0);
    assert(t->n_points >= 1 && again->n_points == t->n_points && again->n_samples == t->n_samples);
    table_free(testbench_settings(t, t->n_samples - 1));
    experiment_options_free(t->experiment, testbench_options(t, t->n_points - 1));
    free(identity);
    free(second);
    testbench_free(again);
}

void fuzz_testbench(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("a.yaml", bytes, n);
    struct error error = {0};
    struct testbench *testbench;
    const enum status status = testbench_read(path, NULL, &testbench, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0] && !testbench));
    if (testbench)
        use(testbench);
    testbench_free(testbench);
    free(path);
}
