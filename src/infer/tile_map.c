/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tile_map.h"

#include <math.h>

double tile_conductance(const struct tile_mapping *m, double share, gsl_rng *rng)
{
    const double last = (double)m->levels - 1,
                 part = m->levels > 0 ? floor(share * last + 0.5) / last : share;
    const double g = m->g_min + (m->g_max - m->g_min) * part;
    return m->mode == MAP_ERROR ? g * (1 + m->tolerance * (2 * gsl_rng_uniform(rng) - 1)) : g;
}
