/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transistors of a system (dae.h): the laws of mos1.h for DAE_LANES channels side by side and
 * without a branch, so that the compiler makes vectors of them; and their bulk diodes, of which all
 * between the same two nodes are one. */
#ifndef SILVERBAR_ENGINE_DAE_DAE_MOSFETS_H
#define SILVERBAR_ENGINE_DAE_DAE_MOSFETS_H

#include "device/mos1.h"

#include <stddef.h>
#include <stdint.h>

#define DAE_LANES 8

/* Drain, gate, source and bulk, in this order; a lane without a transistor has no current.
 * Contributions are listed without those to known nodes: of lane j's current to its drain, j, and to
 * its source, DAE_LANES + j; of its derivative by terminal k in the drain's row, k DAE_LANES + j, and
 * in the source's, (4 + k) DAE_LANES + j. */
struct dae_channels {
    int n;                 /* of lanes in use */
    bool body;             /* gamma is not 0 */
    int number[DAE_LANES]; /* of the elements */
    int node[4][DAE_LANES];
    /* as in mos1_device; half: 1/(2 root) */
    double sign[DAE_LANES], vto[DAE_LANES], beta[DAE_LANES], lambda[DAE_LANES];
    double gamma[DAE_LANES], phi[DAE_LANES], root[DAE_LANES], half[DAE_LANES];
    double current[DAE_LANES]; /* from drain to source, as last evaluated [A] */
    int n_rows, n_places;
    unsigned char row_of[2 * DAE_LANES], place_of[8 * DAE_LANES];
    int32_t rows[2 * DAE_LANES], places[8 * DAE_LANES]; /* unknowns; entries of the Jacobian */
};

/* A diode from node[0], of bulk, to node[1]: i = sign is e + gmin u, e = exp(sign u/vt) - 1. */
struct dae_junction {
    int node[2];
    int row[2]; /* unknowns, -1: known */
    int stamp;  /* of the contributions to its four entries */
    double sign, vt, is, gmin;
};

/* All of them, in order of their bulks; arrays of n where nothing else is said. */
struct dae_junctions {
    size_t n, n_bulks, n_rows;
    int *node[2], *stamp;
    double *sign, *vt, *is, *gmin;
    double *reverse, *least; /* sign is [A]; sign u up to which e is -1 [V] */
    double *e, *i;           /* as last evaluated; i [A] */
    double *by_is, *by_gmin; /* n + 1: u e and u^2; the last one, of no junction, is 0 */
    int *bulk;               /* n_bulks: nodes */
    int *bulk_row;           /* n_bulks: their unknowns, -1: known */
    size_t *bulk_end;        /* n_bulks: where their junctions end */
    int *rows, *row_of;      /* n_rows: unknowns of node[1], and of which junctions */
};

/* A transistor's part in its two junctions; the one after all others where it has none. */
struct dae_diodes {
    int number, junction[2];
    double sign, is, gmin;
};

/* Put a transistor into lane n and count it. */
void dae_channels_add(struct dae_channels *block, const struct mos1_device *constants,
                      const int node[4], int number);

/* The currents at the nodes' voltages v, added to `leaving` by nodes, or to `sum` by unknowns where
 * `leaving` is NULL. */
void dae_channels_currents(struct dae_channels *block, const double *v, double *leaving,
                           double *sum);

/* Powers of the channels, of the last evaluation at the same v, into power[number]. */
void dae_channels_powers(const struct dae_channels *block, const double *v, double *power);

/* list: n, in order of node[0]. */
void dae_junctions_new(struct dae_junctions *junctions, const struct dae_junction *list, size_t n);
void dae_junctions_free(struct dae_junctions *junctions);

/* The same of junctions. */
void dae_junctions_currents(struct dae_junctions *junctions, const double *v, double *leaving,
                            double *sum);

/* Powers of the last evaluation at v, added to power[number]. */
void dae_diodes_powers(const struct dae_diodes *list, size_t n, struct dae_junctions *junctions,
                       const double *v, double *power);

/* Conductances beyond gmin, at v, added by their stamps. */
void dae_junctions_jacobian(const struct dae_junctions *junctions, const double *v,
                            const int32_t *stamps, double *entries);

/* Derivatives, added to the entries. */
void dae_channels_jacobian(const struct dae_channels *block, const double *v, double *entries);

#endif
