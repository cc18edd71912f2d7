/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A crossbar of ohmic devices (lines_read.h) as one linear element, for arrays that are read often.  With
 * V the voltages of the drivers,
 *
 *     I = W V       currents of the columns into their senses
 *     J = Y V       currents of the drivers, Y symmetric
 *     p = V' P V    power of a class of resistances, one P a class;  V' Y V is the sum of all
 *
 * so that a read is a product of matrices, and the mean power of many reads is sum P C over the entries,
 * C the mean of V V'.
 *
 * W comes from block elimination without subtraction (lines_elimination.h).  The same pass gives the nodes'
 * voltages for 1 V on each row, column after column; currents in lines are sums of the devices'
 * currents, as in lines_power.h: Kirchhoff's current law holds to rounding, and sum P = Y judges the
 * voltages.  About (4 + 1) m^3 operations a column for m rows. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_FORMS_H
#define SILVERBAR_ENGINE_LINES_LINES_FORMS_H

#include "engine/lines/lines_read.h"

enum lines_class {
    LINES_DEVICES,
    LINES_ROW_SEGMENTS,
    LINES_DRIVERS,
    LINES_COLUMN_SEGMENTS,
    LINES_SENSES,
    LINES_SELECTS, /* select switches in series with the devices */
    LINES_CLASSES
};

struct lines_forms {
    size_t rows, columns;
    double *w;                    /* columns x rows [S] */
    double *y;                    /* rows x rows [S]; NULL: without powers */
    double *power[LINES_CLASSES]; /* rows x rows [S]; NULL: without powers */
};

/* Eliminate the array; `powers`: Y and the forms too.  STATUS_INPUT: a number that is not allowed, or an array
 * whose forms would take more memory than FORMS_NUMBERS_MAX numbers. */
#define FORMS_NUMBERS_MAX ((size_t)1 << 28)
enum status lines_forms_new(const struct lines_array *array, bool powers,
                            struct lines_forms **forms, struct error *error);
void lines_forms_free(struct lines_forms *forms);

/* The same with powers, and u[columns x rows x rows]: of each column the voltages across its devices for 1 V on
 * each row in turn, u[(j rows + i) rows + k] across device (i, j) for row k. */
enum status lines_forms_voltages(const struct lines_array *array, double *u,
                                 struct lines_forms **forms, struct error *error);

/* V' P V of one read, v[n]. */
double lines_forms_at(size_t n, const double *form, const double *v);

/* sum over i, j of form(i, j) c(i, j), both n x n: V' P V of C = V V', the mean over reads of their mean C. */
double lines_forms_sum(size_t n, const double *form, const double *c);

#endif
