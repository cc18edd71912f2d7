/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads of a square array by KLU, for comparisons of speed (bench_read.c). */
#ifndef SILVERBAR_COMPARE_BENCH_KLU_H
#define SILVERBAR_COMPARE_BENCH_KLU_H

#include "base/error.h"

#include <stddef.h>

struct bench_klu {
    size_t side, vectors;
    double ohm;        /* of a segment */
    double *g, *volts; /* side x side [S]; vectors x side [V], or more */
};

/* current[vectors x side] into the senses [A]; *seconds: CPU time of a vector [s], of the solution with factors
 * that are there, four at once. */
enum status bench_klu_read(const struct bench_klu *klu, double *current, double *seconds,
                           struct error *error);

#endif
