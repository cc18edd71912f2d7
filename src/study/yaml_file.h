/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A YAML file as a flat list of dotted names and their values, in the order of the file.
 *
 *     noise: {train: 0.1}            noise.train = 0.1
 *     sweep:                         sweep.0.key = noise.test
 *       - key: noise.test            sweep.0.values = [0, 0.1]
 *         values: [0, 0.1] */
#ifndef SILVERBAR_STUDY_YAML_FILE_H
#define SILVERBAR_STUDY_YAML_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct yaml_entry {
    char *name;
    int line;
    bool list;
    size_t n;     /* items; 1 for a scalar */
    char **items; /* n */
};

struct yaml_file {
    char *path;
    size_t n, capacity;
    struct yaml_entry *entries; /* n */
};

/* One document whose root is a mapping.  Names that occur twice, values without a name and what is
 * nested too deep are refused with file and line.  On failure *file is NULL. */
enum status yaml_file_read(const char *path, struct yaml_file **file, struct error *error);
/* The same from memory; `path` is for messages. */
enum status yaml_file_read_text(const char *path, const char *text, size_t size,
                                struct yaml_file **file, struct error *error);
void yaml_file_free(struct yaml_file *file);

#endif
