/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that tiles of memristors are given beside the network: their form, their devices, how they are
 * programmed, how they age, how they are read. */
#ifndef SILVERBAR_INFER_TILE_OPTIONS_H
#define SILVERBAR_INFER_TILE_OPTIONS_H

#include "device/library/library.h"
#include "infer/tile_map.h"
#include "infer/tile_plan.h"

/* What drivers make of inputs below 0: REFUSE them; read in TWO_PHASES, y = W x+ - W x-; or drive rows
 * at both signs, BIPOLAR. */
enum tile_signed { SIGNED_REFUSE, SIGNED_TWO_PHASES, SIGNED_BIPOLAR };

/* What a driver makes of its converter's code: a voltage, code by code; V or 0 V in a read of each BIT, which
 * count 2^bit in the results; V for the part of the read's time, WIDTH. */
enum tile_encoding { ENCODING_AMPLITUDE, ENCODING_BITS, ENCODING_WIDTH };

/* What shares one largest weight, or one range of converters. */
enum tile_share { SHARE_LAYER, SHARE_COLUMN, SHARE_TILE };

/* Range of a converter: of the currents of training images the largest or a quantile; or a value. */
enum adc_range { RANGE_MAX, RANGE_QUANTILE, RANGE_VALUE };

struct adc_options {
    int bits; /* 0: none, currents pass */
    enum adc_range range;
    double quantile; /* of |I| of the column that has the largest */
    double value;    /* R [A] */
    enum tile_share per;
    size_t share;  /* columns of a tile behind one converter, converted one after another, */
    double time;   /* ... each in this, while the next vector is read [s] */
    size_t every;  /* ranges come from the first of so many reads; 1: all */
    double energy; /* of a conversion [J]; 0: by its bits (converter.h) */
    double gain;   /* sigma of each converter's gain, relative */
    double offset; /* sigma of each converter's offset, in steps */
    double noise;  /* sigma of each conversion, in steps */
};

/* POWER: G (t/t0)^-nu, nu of each device normal and not below 0.  LOSS: each device is lost, at g_min, with
 * probability 1 - exp(-t/t_loss).  DEVICE: its own law at 0 V. */
enum retention_law { RETENTION_DEVICE, RETENTION_POWER, RETENTION_LOSS };
struct retention {
    double time; /* [s]; 0: read at once */
    enum retention_law law;
    double start;      /* t0 [s] */
    double nu, spread; /* mean and sigma */
    double loss_time;  /* [s] */
};

/* A least squares line from what is read to what is wanted, by training images, once all is aged. */
enum tile_retune { RETUNE_NONE, RETUNE_LAYER, RETUNE_COLUMN };

/* The network on which ranges and inputs are found: as its devices were programmed, or as they were wanted,
 * without any fault. */
enum calibrated_on { ON_PROGRAMMED, ON_WANTED };

struct tile_options {
    struct tile_form form;
    struct tile_mapping mapping;
    enum tile_share scale;
    double row_ohm, column_ohm, driver_ohm, sense_ohm; /* [ohm] */
    double select_ohm; /* of a select switch in series with each device, while it is read [ohm] */
    double open_rows, open_columns; /* probabilities that a line has no driver, no sense */
    double volt;                    /* V */
    enum tile_signed sign;
    enum tile_encoding encoding;
    double input_most; /* X; 0: the largest input of training images */
    int dac_bits;      /* 0: none */
    struct adc_options adc;
    double read_time;  /* [s] */
    double read_noise; /* sigma of each device's conductance in each read, relative */
    bool thermal;      /* Nyquist noise of all resistances */
    double kelvin;
    bool disturb;         /* reads move the devices' states, */
    double images_before; /* ... those of so many images before the first one that counts, too; */
    double
        renew; /* ... and tiles are eliminated anew where a conductance has changed by this part */
    struct retention retention;
    enum tile_retune retune;
    enum calibrated_on calibrated_on;
    const struct dopant *dopant; /* whose law ages; may be NULL where nothing does */
};

/* Reads of one vector, of inputs of one sign. */
static inline size_t tile_options_planes(const struct tile_options *o)
{
    return o->encoding == ENCODING_BITS && o->dac_bits > 0 ? (size_t)o->dac_bits : 1;
}

/* From one read to the next [s]: reading, or conversion of its columns, whatever takes longer. */
static inline double tile_options_period(const struct tile_options *o)
{
    const size_t shared = o->adc.share < o->form.columns ? o->adc.share : o->form.columns;
    const double conversion = o->adc.bits > 0 ? (double)shared * o->adc.time : 0;
    return conversion > o->read_time ? conversion : o->read_time;
}

/* Are the devices not ohmic?  Then each read is solved by itself, and may fail. */
bool tile_options_bend(const struct tile_options *options);

#endif
