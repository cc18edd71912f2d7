/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads of a crossbar whose devices bend, i = i(u) with a slope that changes with the voltage: all vectors of a
 * batch at once, by fixed-point iteration with a linear crossbar of conductances g_c.
 *
 *     u <- u_lin - Z (i(u) - g_c u)      u_lin: of the linear crossbar; Z: voltages across devices for
 *                                        currents through them, drivers and senses at 0 V
 *     g_c = (s_max + s_min)/2            of each device, s its slopes at the voltages that can occur
 *
 * K = B' D B + L is the linear crossbar's nodal matrix, D = diag(g_c), L >= 0 its lines: so no eigenvalue of
 * D^1/2 Z D^1/2, Z = B K^-1 B', is above 1.  With kappa the largest, e the largest (s_max - s_min)/(s_max + s_min),
 * each step brings u nearer to the solution by q = kappa e or better, in the norm sum g_c u^2, and the solution is
 * within q/(1 - q) times the last step (S. Banach, Fund. Math. 3:133, 1922).  Where q is above BENT_FACTOR_MOST,
 * Newton's method (lines_read.h) solves each vector by itself. */
#ifndef SILVERBAR_ENGINE_LINES_LINES_BENT_H
#define SILVERBAR_ENGINE_LINES_LINES_BENT_H

#include "engine/lines/lines_forms.h"

#include <stdint.h>

#define BENT_FACTOR_MOST 0.5

/* One device, row-major, at n voltages: those of vectors `first` on, which may differ in the device, or of no
 * vector, BENT_NO_VECTOR. */
#define BENT_NO_VECTOR SIZE_MAX
struct lines_bent_at {
    size_t device, first, n;
};

/* Currents [A] and slopes [S] at v[n] [V]. */
typedef void lines_bent_law(void *data, const struct lines_bent_at *at, const double *v,
                            double *current, double *slope);

struct lines_bent_devices {
    lines_bent_law *law;
    void *data;
    double low, high; /* voltages that the drivers can have [V]; the senses have 0 */
    double
        select_ohm; /* of a resistance that is part of each law, whose power is told apart [ohm] */
    double spread;  /* a vector's currents are those of no vector times 1 - spread to 1 + spread */
};

struct lines_bent;

/* The array's g is not used, and its numbers are copied; `devices` are called until the free.  STATUS_INPUT: a number
 * that is not allowed, or too large an array; STATUS_NUMERICAL names a device whose law does not rise. */
enum status lines_bent_new(const struct lines_array *array,
                           const struct lines_bent_devices *devices, struct lines_bent **bent,
                           struct error *error);
void lines_bent_free(struct lines_bent *bent);

/* q. */
double lines_bent_factor(const struct lines_bent *bent);

struct lines_bent_answer {
    double *current;             /* n x columns: into the senses [A] */
    double *delivered;           /* n: by the drivers [W] */
    double power[LINES_CLASSES]; /* of all n vectors together [W] */
    size_t steps;                /* of the iteration; 0: Newton's method */
};

/* n vectors, volts (n x rows); the voltages are right to `tolerance` in the norm above.  STATUS_NUMERICAL: no
 * solution was found. */
enum status lines_bent_read(struct lines_bent *bent, size_t n, const double *volts,
                            double tolerance, struct lines_bent_answer *answer,
                            struct error *error);

#endif
