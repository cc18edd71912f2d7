/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a whole crossbar of ohmic devices: many input vectors through one m x n array.
 *
 *     source V(i) - driver_ohm - row_ohm - (i,0) - row_ohm - (i,1) ... (i,n-1)          row i
 *     (0,j) - column_ohm - (1,j) ... (m-1,j) - column_ohm - sense_ohm - 0 V             column j
 *
 * with a device of g(i,j) [S] from row node (i,j) to column node (i,j).  The first and the last
 * segment count, as in badcrossbar (D. Joksas, A. Mehonic, SoftwareX 12:100617, 2020).  Any of the
 * four resistances may be 0: the nodes at its ends are then one.
 *
 * All currents are non-negative sums of the voltages, I = W V, W >= 0.  Two methods:
 *   - lines_elimination.c: W, by block elimination without any subtraction, so that each entry of W
 *     is right to rounding whatever the resistances are; l s^3 operations, s the shorter side;
 *   - lines_lockstep.c: conjugate gradients on four vectors at a time, for sides and numbers of
 *     vectors where these are cheaper, then a sweep that bounds the error of each current. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_READ_H
#define SILVERBAR_ENGINE_LINES_LINES_READ_H

#include "engine/lines/lines.h"

#include <stdbool.h>
#include <stddef.h>

struct lines_array {
    size_t rows, columns;                              /* m, n: 1 or more */
    const double *g;                                   /* m x n [S], 0 or more */
    double row_ohm, column_ohm, driver_ohm, sense_ohm; /* [ohm], 0 or more */

    /* For lines_forms.h alone.  part[m n]: of a crossing's power what is its device's, the rest is the select
     * switch's in series with it; NULL: all.  Lines without a driver or a sense, m and n; NULL: none. */
    const double *part;
    const bool *row_open, *column_open;
};

/* Largest conductance [S], resistance [ohm] and voltage [V] that are taken. */
#define LINES_SIEMENS_MAX 1e9
#define LINES_OHM_MAX 1e15
#define LINES_VOLT_MAX 1e9

/* Are all numbers of the array within these?  STATUS_INPUT names the one that is not. */
enum status lines_array_check(const struct lines_array *array, struct error *error);

/* LINES_CHEAPER begins with the method that is estimated to be cheaper, and turns to elimination where
 * conjugate gradients cannot bound the errors tightly enough. */
enum lines_method { LINES_CHEAPER, LINES_ELIMINATION, LINES_GRADIENTS };

struct lines_reader;

/* Prepare to solve the array for about n_vectors vectors; their number decides which method is cheaper.
 * `voltages`: lines_solve_many() will be asked for node voltages too.  The array's numbers are copied.
 * STATUS_INPUT names the row and column of a conductance that is not allowed. */
enum status lines_reader_new(const struct lines_array *array, enum lines_method method,
                             size_t n_vectors, bool voltages, struct lines_reader **reader,
                             struct error *error);
void lines_reader_free(struct lines_reader *reader);

/* row_volt and column_volt may be NULL. */
struct lines_answer {
    double *current;                /* n x columns: into the sense node [A] */
    double *bound;                  /* n x columns: of its error [A] */
    double *row_volt, *column_volt; /* n x rows x columns: of the nodes [V] */
    size_t iterations;              /* of conjugate gradients, the most of any vector */
};

/* Currents of n vectors, volts (n x rows) at the drivers [V], each with an error of at most `tolerance`
 * times itself.  Where rounding prevents that, answer->bound says how large the error may be:
 * lines_rounding_part() of the current that the absolute values of the voltages would drive.
 * STATUS_NUMERICAL: conjugate gradients reached neither. */
enum status lines_solve_many(struct lines_reader *reader, size_t n, const double *volts,
                             double tolerance, struct lines_answer *answer, struct error *error);

/* Currents of one vector, volts[rows], through devices with a rising law i(v); array->g is not used.
 * Newton's method (lines.h) stops when every error is at most `tolerance` times the smallest current
 * other than 0, or at rounding.  No member of *answer may be NULL. */
struct lines_devices {
    lines_law *law;
    void *data;
};
enum status lines_solve_law(const struct lines_array *array, const struct lines_devices *devices,
                            const double *volts, double tolerance, struct lines_answer *answer,
                            struct error *error);

/* Bound of the relative rounding error of W's entries: 4 (rows + columns) times the machine's epsilon.
 * W is a product of sums of positive terms, none longer than a line; the tests see a tenth of it. */
double lines_rounding_part(size_t rows, size_t columns);

#endif
