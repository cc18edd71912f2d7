/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conductances that stand for weights.  A weight w of a matrix whose largest is w_max has two devices,
 *
 *     G+ = g_min + (g_max - g_min) max(w, 0) / w_max      G- with -w
 *
 * so that w = (G+ - G-) w_max / (g_max - g_min). */
#ifndef SILVERBAR_INFER_TILE_MAP_H
#define SILVERBAR_INFER_TILE_MAP_H

#include "infer/crossing/tile_programming.h"

/* IDEAL: as wanted.  ERROR: programmed up to a tolerance, and a spread beside it,
 * G (1 + tolerance U) exp(sigma Z), U uniform in -1 to 1, Z normal.
 * VERIFY: what write and verify of each device leaves (infer/crossing/tile_programming.h). */
enum map_mode { MAP_IDEAL, MAP_ERROR, MAP_VERIFY };

struct tile_mapping {
    double g_min, g_max; /* [S] */
    size_t levels;       /* states from g_min to g_max, evenly; 0: any */
    enum map_mode mode;
    double tolerance, sigma;
    double stuck_on, stuck_off; /* probabilities that a device stays at g_max, at g_min */
    bool
        compensate; /* a pair's other device makes up for a stuck one, as far as the window reaches */
    const struct tile_writing *writing; /* of VERIFY */
};

/* What is wanted of a device [S], for a share of w_max from 0 to 1. */
double tile_conductance(const struct tile_mapping *mapping, double share);

/* Where a device is stuck [S], or NAN; the other device's conductance that makes the pair's difference what
 * was wanted of it; what programming leaves of `wanted`.  As many numbers are drawn whatever the figures
 * are. */
double tile_stuck(const struct tile_mapping *mapping, gsl_rng *rng);
double tile_partner(const struct tile_mapping *mapping, double stuck, double difference);
double tile_programmed(const struct tile_mapping *mapping, double wanted, gsl_rng *rng);

#endif
