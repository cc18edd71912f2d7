/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON out and in; the only file that knows jansson. */
#ifndef SILVERBAR_REPORT_JSON_H
#define SILVERBAR_REPORT_JSON_H

#include "base/table.h"
#include "fit/fit.h"
#include "report/summary.h"

/* A summary as a JSON object, keys in the order of summary_fields.  False: write error. */
bool json_write_summary(const struct summary *summary, FILE *out);

/* Read a summary.json, to be freed by summary_free() in any case; a missing or mistyped key names
 * file and key. */
enum status json_read_summary(const char *path, struct summary *summary, struct error *error);

/* Any JSON file as a table of keys ("a.b") and values in text.  On failure *table is NULL. */
enum status json_read_flat(const char *path, struct table **table, struct error *error);

/* A table as an array of objects. */
bool json_write_table(const struct table *table, FILE *out);

/* Named tables as one object of arrays of objects. */
bool json_write_tables(size_t n, const char *const *names, struct table *const *tables, FILE *out);
/* A fit as one object; `engines`: n_engines pairs of name and difference, or none. */
struct fit_engine {
    const char *name;
    double difference; /* rms of its current less the fit's, over the rms of the current */
};
bool json_write_fit(const struct fit_options *options, const struct fit_result *result,
                    const struct fit_engine *engines, size_t n_engines, FILE *out);

struct manifest {
    int argc;
    char *const *argv;             /* the command; argv[0] is left out */
    const struct summary *summary; /* of a training run, or NULL */
    size_t n_inputs;
    const char *const *inputs; /* n_inputs: paths of files that went in; SHA-256 of their bytes */
    const struct operating_report *operating; /* of an engine that seeks one, or NULL */
};

/* Command, version, seed, tolerances, how the operating point was found, hashes of inputs. */
enum status json_write_manifest(const struct manifest *manifest, FILE *out, struct error *error);

#endif
