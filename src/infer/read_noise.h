/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise of the currents of a tile's columns, exactly to first order in it.
 *
 * Each device's conductance fluctuates by sigma from read to read.  With u the voltage across device k for
 * the row voltages v, and z_jk that for 1 V at the sense of column j, by reciprocity
 *
 *     dI_j = sum_k z_jk u_k dg_k     var I_j = v' Q_j v,   Q_j = sum_k (sigma g_k z_jk)^2 U_k U_k'
 *
 * Nyquist noise of all resistances at one temperature, integrated over a read:
 *
 *     var I_j = 4 k T Z_jj / (2 t_read),   Z_jj the admittance at the sense of column j */
#ifndef SILVERBAR_INFER_READ_NOISE_H
#define SILVERBAR_INFER_READ_NOISE_H

#include "engine/lines/lines_forms.h"

#include <gsl/gsl_rng.h>

/* Of `columns` columns behind `rows` rows. */
struct read_noise {
    size_t rows, columns;
    bool square;     /* without any resistance but the devices: Q_j is diagonal, and that is kept */
    double *form;    /* columns x (rows, or rows x rows) [A^2] of fractions of V, or NULL: none */
    double *thermal; /* columns [A^2] */
    size_t capacity;
    double *work;
};

struct read_noise *read_noise_new(size_t rows, size_t columns, bool square, bool devices);
void read_noise_free(struct read_noise *noise);

/* What a tile adds: its first `rows` rows are those of the noise, its first `columns` columns those from
 * `column` on. */
struct read_noise_tile {
    const struct lines_array *array;
    size_t column, columns;
    double volt;    /* V */
    double sigma;   /* 0: its devices are quiet */
    double thermal; /* 4 k T / (2 t_read) [A^2/S]; 0: none */
};
enum status read_noise_add(struct read_noise *noise, const struct read_noise_tile *tile,
                           struct error *error);

/* n reads with fractions v of V on the rows, row i of read r at v[i along + r between]; current[r step] of the
 * column gets its noise. */
struct read_noise_reads {
    size_t n, along, between, step;
    const double *v;
};
void read_noise_draw(struct read_noise *noise, size_t column, const struct read_noise_reads *reads,
                     gsl_rng *rng, double *current);

#endif
