/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conductances that stand for weights.  A weight w of a matrix whose largest is w_max has two devices,
 *
 *     G+ = g_min + (g_max - g_min) max(w, 0) / w_max      G- with -w
 *
 * so that w = (G+ - G-) w_max / (g_max - g_min). */
#ifndef SILVERBAR_INFER_TILE_MAP_H
#define SILVERBAR_INFER_TILE_MAP_H

#include "infer/crossing/tile_programming.h"

/* IDEAL: as wanted.  ERROR: programmed up to a tolerance, G (1 + tolerance U), U uniform in -1 to 1.
 * VERIFY: what write and verify of each device leaves (infer/crossing/tile_programming.h). */
enum map_mode { MAP_IDEAL, MAP_ERROR, MAP_VERIFY };

struct tile_mapping {
    double g_min, g_max; /* [S] */
    unsigned levels;     /* states from g_min to g_max, evenly; 0: any */
    enum map_mode mode;
    double tolerance;
    const struct tile_writing *writing; /* of VERIFY */
};

/* The conductance [S] for a share of w_max, 0 to 1; of VERIFY what is wanted. */
double tile_conductance(const struct tile_mapping *mapping, double share, gsl_rng *rng);

#endif
