/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPICE raw files in: binary and ASCII, of ngspice and of LTspice (header in UTF-16, columns of
 * floats, "fastaccess" order), real and complex.  Values are read in blocks; a file is never held
 * in memory, and a header is believed only as far as the bytes behind it bear it out. */
#ifndef SILVERBAR_WAVE_RAW_READ_H
#define SILVERBAR_WAVE_RAW_READ_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a signal shows of its variable: in complex files each variable but the first has five
 * signals, re(NAME), im(NAME), mag(NAME), db(NAME) [dB] and ph(NAME) [degrees]. */
enum raw_part { RAW_REAL, RAW_IMAGINARY, RAW_MAGNITUDE, RAW_DECIBEL, RAW_PHASE, RAW_PARTS };

struct raw_signal {
    char *name;
    char *type; /* as the file says: "voltage", "current", "time", ... */
    size_t variable;
    enum raw_part part;
};

struct raw_file {
    char *path, *title, *plot_name;
    bool complex, fast_access, stepped;
    bool marked;    /* LTspice marks points by a minus before their time */
    size_t n_plots; /* in the file, one after the other */
    struct raw_plot_name {
        char *name;
        size_t n_points;
    } * plots;          /* n_plots */
    size_t n_points;    /* of the plot, or of the step that was chosen */
    size_t first_point; /* of this step */
    size_t n_rows;      /* of the plot */
    size_t n_variables;
    size_t n_signals; /* signals[0] is the scale; of an operating point the point's number */
    struct raw_signal *signals; /* n_signals */
    int descriptor;             /* of the data: the file's own, or of a copy of an ASCII file's */
    off_t data;                 /* where the data begin */
    size_t first_size, size;    /* bytes of a number of variable 0, and of the others (4 or 8) */
};

/* Open plot number `plot` (from 1) of a file.  On failure *file is NULL. */
enum status raw_read_open(const char *path, size_t plot, struct raw_file **file,
                          struct error *error);
void raw_read_close(struct raw_file *file);

/* Which plot has this name, or a number from 1 in its place; a part of a name will do if only one plot
 * has it. */
enum status raw_read_plot(const char *path, const char *text, size_t *plot, struct error *error);

/* Where the steps of a plot begin: at the points at which the scale goes back against the way that the
 * step began.  *first: n + 1 points, the last one n_points; to be freed. */
enum status raw_read_steps(const struct raw_file *file, size_t *n, size_t **first,
                           struct error *error);

/* From now on the file has the points [first, first + n) only. */
void raw_read_narrow(struct raw_file *file, size_t first, size_t n);

/* Points [first, first + n) of some signals of a file. */
struct raw_block {
    size_t first, n, n_signals;
    const size_t *signals; /* n_signals: indices into the file's */
};

/* The block's numbers -> values[n_signals][n]. */
enum status raw_read_block(const struct raw_file *file, const struct raw_block *block,
                           double *values, struct error *error);

/* Points in one block of moderate size, at least 1. */
size_t raw_read_block_size(const struct raw_file *file, size_t n_signals);

/* All points of one signal, to be freed; NULL on failure. */
double *raw_read_column(const struct raw_file *file, size_t signal, struct error *error);

/* Index of a signal by its name without regard to case, or n_signals.  In complex files v(x) is
 * re(v(x)), and vr, vi, vm, vdb and vp (likewise with i) name the parts as ngspice does. */
size_t raw_read_find(const struct raw_file *file, const char *name);

/* "s", "V", "A", "Hz", "dB", "°", ... or "" (UTF-8). */
const char *raw_read_unit(const struct raw_signal *signal);

#endif
