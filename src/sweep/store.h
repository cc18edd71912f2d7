/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of a sweep in one SQLite file; the only file that knows SQLite.
 *
 *   sweep     one row: title, identity (all that determines the results), version (of silverbar),
 *             samples (how many there are), inputs (how many columns of samples are inputs)
 *   samples   a row a sample: sample, the inputs, the outputs, status (a word of row.h), failure
 *             (text, or NULL), wall_s
 *
 * While a sweep writes, the file has a write-ahead log: others may read it meanwhile.  A row is there
 * once store_add() has returned, whatever happens to this process afterwards.  A complete sweep's
 * file needs no log. */
#ifndef SILVERBAR_SWEEP_STORE_H
#define SILVERBAR_SWEEP_STORE_H

#include "sweep/row.h"

#define STORE_LOCK_WAIT 10.0 /* [s] */

struct store;

struct store_options {
    bool resume;      /* the file may exist; it must be of the same sweep */
    double lock_wait; /* for another process that holds the file [s]; 0: STORE_LOCK_WAIT */
};

/* Make the file, or open it.  On failure *store is NULL, and a file that was made is removed. */
enum status store_open(const char *path, const struct sample_job *job,
                       const struct store_options *options, struct store **store,
                       struct error *error);

/* Tell all samples that there are. */
enum status store_samples(struct store *store,
                          void (*each)(void *data, size_t sample, bool failure), void *data,
                          struct error *error);

/* Add n rows, all or none. */
enum status store_add(struct store *store, size_t n, const struct sample_row *rows,
                      struct error *error);

/* In a forked child: leave the file to the parent. */
void store_forked(struct store *store);

/* Takes NULL.  STATUS_INPUT: the rows of a complete sweep are there, but some in the log beside it. */
enum status store_close(struct store *store, struct error *error);

/* The row of `sweep'. */
struct store_info {
    char *title, *identity, *version;
    size_t n_samples, n_inputs;
};

/* On failure *info is all 0. */
enum status store_info_read(const char *path, struct store_info *info, struct error *error);
void store_info_free(struct store_info *info);

/* All rows by sample, without wall_s unless asked for; *samples: how many a complete sweep has.
 * On failure *table is NULL. */
enum status store_table(const char *path, bool with_wall, struct table **table, size_t *samples,
                        struct error *error);

#endif
