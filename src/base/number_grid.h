/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows and columns of plain numbers from a file: text with as many numbers in each line, or NumPy's
 * .npy. */
#ifndef SILVERBAR_BASE_NUMBER_GRID_H
#define SILVERBAR_BASE_NUMBER_GRID_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_GRID_MAX (1u << 26) /* numbers in a file */

#define NUMBER_GRID_DIMS 8

struct number_grid {
    size_t rows, columns;
    double *a;                             /* rows x columns */
    size_t n_dims, dims[NUMBER_GRID_DIMS]; /* as the file has them; of text, rows and columns */
    bool bytes;                            /* of a .npy: unsigned integers of one byte */
};

/* Read a regular file.  It is a .npy if it begins so: versions 1 to 3, float32 or float64, integers
 * and booleans of 1 to 8 bytes, of either byte order, in C or Fortran order; of one dimension (one
 * row) or two; infinity and NaN pass.  Else text: finite numbers separated by commas, blanks or both;
 * lines that are empty or begin with '#' are skipped.  Errors name file and line or what the header
 * says.  On failure *grid is NULL. */
enum status number_grid_read(const char *path, struct number_grid **grid, struct error *error);

/* The same, of up to `most` dimensions, up to NUMBER_GRID_DIMS: rows are the first, columns the product of
 * the others. */
enum status number_grid_read_dims(const char *path, size_t most, struct number_grid **grid,
                                  struct error *error);
void number_grid_free(struct number_grid *grid);

#endif
