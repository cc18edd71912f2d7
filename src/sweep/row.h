/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The row of a sample, and its form on the way from the process that computed it. */
#ifndef SILVERBAR_SWEEP_ROW_H
#define SILVERBAR_SWEEP_ROW_H

#include "sweep/sample.h"

/* What became of a sample, with the word in the column `status`. */
/* clang-format off */
#define ROW_STATES(S)                                                                              \
    S(ROW_DONE,      "done")                                                                       \
    S(ROW_FAILED,    "failed")     /* could not be computed, or its input is bad */                \
    S(ROW_UNTRUSTED, "untrusted")                                                                  \
    S(ROW_CRASHED,   "crashed")    /* its process ended, and others after it */                                  \
    S(ROW_LATE,      "late")       /* its process was ended at the time limit */
/* clang-format on */

#define ROW_ENUM(name, word) name,
enum row_state { ROW_STATES(ROW_ENUM) ROW_N_STATES };
#undef ROW_ENUM
const char *row_state_word(enum row_state state);

struct sample_row {
    size_t sample;
    enum row_state state;
    double wall; /* [s] */
    size_t n;
    struct cell *outputs; /* n */
    char *failure;        /* or NULL */
};

void sample_row_free(struct sample_row *row);

/* A row without outputs. */
struct sample_row sample_row_failed(size_t sample, enum row_state state, double wall,
                                    const char *failure);

/* Compute a sample in this process. */
struct sample_row sample_row_compute(const struct sample_job *job, size_t sample);

struct row_bytes {
    size_t n, capacity;
    unsigned char *bytes; /* n */
};

/* Append a row.  The form is that of this machine: ranks of a job have the same. */
void row_encode(const struct sample_row *row, struct row_bytes *to);

/* Take the row at the head of n bytes.  Returns how many bytes it had, 0 if it is not complete, or
 * ROW_BAD if that is no row with n_outputs outputs of a sample below n_samples. */
#define ROW_BAD ((size_t)-1)
size_t row_decode(const unsigned char *bytes, size_t n, size_t n_samples, size_t n_outputs,
                  struct sample_row *row);

#endif
