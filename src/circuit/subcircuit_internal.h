/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Definitions that the reader (subcircuit.c) passes to the expansion (expand.c). */
#ifndef SILVERBAR_CIRCUIT_SUBCIRCUIT_INTERNAL_H
#define SILVERBAR_CIRCUIT_SUBCIRCUIT_INTERNAL_H

#include <stddef.h>

/* One logical line: words in lower case, '=' a word of its own. */
struct statement {
    size_t n, capacity;
    char **words; /* n */
    char *file;
    int line;
};

struct definition {
    char *name;
    struct statement header; /* .subckt name terminals... [params:] name = value ... */
    size_t n_terminals;      /* header.words[2 ...] */
    size_t n_statements, capacity;
    struct statement *statements;
};

struct subcircuit_file {
    char *path, *text;
    size_t n_definitions, n_statements;
    struct definition *definitions;
    struct statement *statements; /* outside of definitions: .model, .param */
};

struct definition *definition_find(const struct subcircuit_file *file, const char *name);

#endif
