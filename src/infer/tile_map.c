/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tile_map.h"

#include <gsl/gsl_randist.h>
#include <math.h>

double tile_conductance(const struct tile_mapping *m, double share)
{
    const double last = (double)m->levels - 1,
                 part = m->levels > 0 ? floor(share * last + 0.5) / last : share;
    return m->g_min + (m->g_max - m->g_min) * part;
}

double tile_stuck(const struct tile_mapping *m, gsl_rng *rng)
{
    const double u = gsl_rng_uniform(rng);
    return u < m->stuck_on ? m->g_max : u < m->stuck_on + m->stuck_off ? m->g_min : NAN;
}

double tile_partner(const struct tile_mapping *m, double stuck, double difference)
{
    return fmin(fmax(stuck - difference, m->g_min), m->g_max);
}

double tile_programmed(const struct tile_mapping *m, double wanted, gsl_rng *rng)
{
    const double u = 2 * gsl_rng_uniform(rng) - 1, z = gsl_ran_ugaussian(rng);
    return m->mode == MAP_IDEAL ? wanted : wanted * (1 + m->tolerance * u) * exp(m->sigma * z);
}
