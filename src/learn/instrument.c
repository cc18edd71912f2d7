/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/instrument.h"

#include <gsl/gsl_randist.h>
#include <math.h>

static double noisy(const struct instrument *in, gsl_rng *noise, double value)
{
    return in->read_noise > 0 ? value * (1 + gsl_ran_gaussian_ziggurat(noise, in->read_noise))
                              : value;
}

static double quantised(size_t bits, double value, double low, double high)
{
    if (bits == 0)
        return value;
    const double steps = ldexp(1, (int)bits) - 1, share = (value - low) / (high - low);
    return low + (high - low) * round(steps * fmin(1, fmax(0, share))) / steps;
}

double instrument_read(const struct instrument *in, gsl_rng *noise, double value, double full_scale)
{
    return quantised(in->adc_bits, noisy(in, noise, value), 0, full_scale);
}

double instrument_read_signed(const struct instrument *in, gsl_rng *noise, double value,
                              double full_scale)
{
    return quantised(in->adc_bits, noisy(in, noise, value), -full_scale, full_scale);
}

double instrument_amplitude(const struct instrument *in, double volt, double full_scale)
{
    if (in->dac_bits == 0)
        return volt;
    const double step = ldexp(full_scale, -(int)in->dac_bits);
    return fmin(full_scale, fmax(1, round(volt / step)) * step);
}
