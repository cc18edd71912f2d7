/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a netlist are refused with a message; what is taken is expanded, or goes into a deck as it
 * is, for each subcircuit that the bytes name. */
#include "base/memory.h"
#include "circuit/deck.h"
#include "circuit/subcircuit.h"
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TERMINALS_MAX 64

/* Add subcircuit `name` to a circuit, and write that. */
static void add(const struct subcircuit_file *file, const char *name, bool opaque)
{
    int nodes[TERMINALS_MAX];
    struct circuit *c = circuit_new("fuzz");
    const int n = subcircuit_terminals(file, name);
    for (int i = 0; i < n && i < TERMINALS_MAX; i++)
        nodes[i] = circuit_nodef(c, "t%d", i + 1);
    struct error error = {0};
    const struct subcircuit_instance instance = {.file = file,
                                                 .subcircuit = name,
                                                 .name = "x1",
                                                 .n_nodes = (size_t)n,
                                                 .nodes = nodes,
                                                 .class = CLASS_NEURON,
                                                 .opaque = opaque};
    if (n <= TERMINALS_MAX) {
        const enum status status = subcircuit_add(c, &instance, &error);
        assert(status == STATUS_OK || error.text[0]);
        FILE *out = fopen("/dev/null", "w");
        if (status == STATUS_OK && out)
            deck_write(c, deck_external, NULL, out);
        if (out)
            fclose(out);
    }
    circuit_free(c);
}

static void use(const struct subcircuit_file *file, const char *name)
{
    bool unsupported = false;
    struct error error = {0};
    if (subcircuit_terminals(file, name) < 0)
        return;
    const enum status status = subcircuit_check(file, name, &unsupported, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0]));
    if (status == STATUS_OK || unsupported)
        add(file, name, unsupported);
}

void fuzz_subcircuit(const uint8_t *bytes, size_t n)
{
    char *path = fuzz_file("a.sub", bytes, n);
    struct error error = {0};
    struct subcircuit_file *file;
    const enum status status = subcircuit_read(path, &file, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0] && !file));
    if (file) {
        char *text = memory_string_n((const char *)bytes, n);
        for (char *at = text; (at = strcasestr(at, ".subckt "));) {
            at += strlen(".subckt ");
            at += strspn(at, " \t");
            char *name = memory_string_n(at, strcspn(at, " \t\r\n"));
            use(file, name);
            free(name);
        }
        free(text);
    }
    subcircuit_free(file);
    free(path);
}
