/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fit is written to: tables, a library, a plot. */
#ifndef SILVERBAR_CLI_FIT_OUTPUT_H
#define SILVERBAR_CLI_FIT_OUTPUT_H

#include "report/json.h"

/* Difference between engine and fit above which the library is not trusted. */
#define FIT_AGREEMENT 0.02

void fit_output_tables(const struct fit_options *options, const struct fit_result *result,
                       const struct fit_engine *engines, size_t n_engines, FILE *out);

/* How the current of each engine differs from the fit's. */
struct fit_proof {
    size_t n;
    struct fit_engine engines[8]; /* n: of engine_table */
};

/* Conductances that weights are set to [S]; 0: found from ron and roff. */
struct fit_window {
    double g_min, g_max;
};

struct fit_library {
    const char *path, *devices; /* devices: where the model's subcircuit is */
    struct fit_window window;
};

/* Write the device with its provenance, read it back, and run the first trace's source with it in
 * every engine.  STATUS_UNTRUSTED: the
 * file is written, but an engine's current differs by more than FIT_AGREEMENT. */
enum status fit_output_library(const struct fit_options *options, const struct fit_result *result,
                               const struct fit_library *library, struct fit_proof *proof,
                               struct error *error);

/* Loops, measured and fitted, and residuals over time. */
enum status fit_output_plot(const struct fit_options *options, const struct fit_result *result,
                            const char *path, struct error *error);

#endif
