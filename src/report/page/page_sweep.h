/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report on a sweep, from its table of samples. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_SWEEP_H
#define SILVERBAR_REPORT_PAGE_PAGE_SWEEP_H

#include "base/error.h"
#include "base/table.h"

#include <stdbool.h>
#include <stdio.h>

struct page_sweep {
    const char *file, *title, *version;
    bool folder;           /* `file' is a folder with testbench.yaml in it, not a file of results */
    const char *testbench; /* its text, or "": with it a sample can be run again */
    const struct table *samples; /* "sample", inputs, outputs, "status", "failure" */
    size_t n_samples;            /* of a complete sweep */
    size_t n_inputs;             /* the first is the replica */
};

void page_sweep(const struct page_sweep *sweep, FILE *out);

/* Of a file of results. */
enum status page_sweep_file(const char *path, FILE *out, struct error *error);

#endif
