/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instrument between circuit and controller: noise and resolution of a reading, resolution of a
 * pulse's amplitude.  All 0: an ideal instrument.
 *
 *     noise   v (1 + read_noise N(0, 1)), before the converter
 *     ADC     2^bits levels from 0 (or, of signed readings, -full scale) to +full scale, both among
 *             them; beyond: the end
 *     DAC     multiples of full scale / 2^bits, at least one */
#ifndef SILVERBAR_LEARN_INSTRUMENT_H
#define SILVERBAR_LEARN_INSTRUMENT_H

#include <gsl/gsl_rng.h>

struct instrument {
    double read_noise; /* relative, of one reading; a reading of 0 has none */
    size_t adc_bits;   /* of a reading; 0: not quantised */
    size_t dac_bits;   /* of the amplitude of a pulse; 0: not quantised */
};
#define INSTRUMENT_BITS_MAX 32

/* Full scale of the current of a device: at twice the window's largest conductance; of a neuron's
 * output, signed about signal ground: 1.5 times half its swing. */
#define INSTRUMENT_CURRENT_SCALE 2.0
#define INSTRUMENT_OUTPUT_SCALE 0.75 /* of the swing */

double instrument_read(const struct instrument *instrument, gsl_rng *noise, double value,
                       double full_scale);
double instrument_read_signed(const struct instrument *instrument, gsl_rng *noise, double value,
                              double full_scale);
double instrument_amplitude(const struct instrument *instrument, double volt, double full_scale);

#endif
